//! Sync settings as they are shown.

use assay::jira::workflow::Way;
use assay::operations::retiring::Progress;
use assay::operations::settings::Preflight;
use assay::sync_setting::{
    ClosureRule, Disabled, GonePolicy, Mode, Quarantine, ReopenRule, SyncSetting, Unfinished,
};
use assay::ticket::Ticket;
use jiff::Timestamp;
use serde::Serialize;

use super::input::scope_text;

/// One sync setting.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SettingView {
    /// Its identifier.
    id: String,
    /// `all`, or the id of one check.
    scope: String,
    /// `enabled`, `quarantined` (Jira takes no new ticket, see `quarantine`) or `disabled`.
    state: &'static str,
    /// Through which connection tickets are written.
    connection: String,
    /// The project's id.
    project: String,
    /// The project's key when the setting was saved.
    project_key: String,
    /// The issue type's id.
    issue_type: String,
    /// The issue type's name when the setting was saved.
    issue_type_name: String,
    /// The epic's id.
    epic: Option<String>,
    /// Labels beside `assay`.
    labels: Vec<String>,
    /// How tasks are put into tickets.
    mode: Mode,
    /// When a ticket is closed because of its tasks.
    closure_rule: ClosureRule,
    /// The id of the status that issues are closed with; null for any done status.
    done_status: Option<String>,
    /// What happens when one side is opened again.
    reopen_rule: ReopenRule,
    /// What happens when an issue is deleted or archived in Jira.
    gone_policy: GonePolicy,
    /// Whether it is in force.
    enabled: bool,
    /// How it was disabled.
    disabled: Option<Disabled>,
    /// Why Jira takes no new ticket.
    quarantine: Option<Quarantine>,
    /// Since when the setting's tickets are gone through because of its last change, and what stands in the way; null
    /// when that is done.
    unfinished: Option<UnfinishedView>,
    /// When it was first saved.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it was last saved.
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

impl SettingView {
    pub(super) fn of(setting: SyncSetting) -> Self {
        Self {
            id: setting.id.to_string(),
            scope: scope_text(setting.scope),
            state: state(&setting),
            connection: setting.connection.to_string(),
            project: setting.project.to_string(),
            project_key: setting.project_key,
            issue_type: setting.issue_type.to_string(),
            issue_type_name: setting.issue_type_name,
            epic: setting.epic.map(|epic| epic.to_string()),
            labels: setting.labels,
            mode: setting.mode,
            closure_rule: setting.closure_rule,
            done_status: setting.done_status,
            reopen_rule: setting.reopen_rule,
            gone_policy: setting.gone_policy,
            enabled: setting.enabled,
            disabled: setting.disabled,
            quarantine: setting.quarantine,
            unfinished: setting.unfinished.map(UnfinishedView::of),
            created_at: setting.created_at,
            updated_at: setting.updated_at,
        }
    }
}

/// The word for whether a setting is in force.
pub(in crate::routes) fn state(setting: &SyncSetting) -> &'static str {
    match (setting.enabled, &setting.quarantine) {
        (false, _) => "disabled",
        (true, Some(_)) => "quarantined",
        (true, None) => "enabled",
    }
}

/// What the last change of a setting asks of its tickets and is not done yet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnfinishedView {
    /// When the setting was changed.
    #[schema(value_type = String)]
    since: Timestamp,
    /// What stood in the way the last time; it is tried again every five minutes.
    problem: Option<String>,
}

impl UnfinishedView {
    pub(in crate::routes) fn of(unfinished: Unfinished) -> Self {
        Self { since: unfinished.since, problem: unfinished.problem }
    }
}

/// Something that stands against a setting.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ObstacleView {
    /// The field of the setting that it is about.
    field: String,
    /// What is wrong and what to do.
    what: String,
}

/// One move of a workflow.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MoveView {
    /// The status before.
    from: String,
    /// The transition's name.
    transition: String,
    /// The status after.
    to: String,
    /// Fields that its screen demands.
    needs: Vec<String>,
}

/// How an issue gets to a done status.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WayView {
    /// Whether it is known.
    known: bool,
    /// How it was found, or why it is not known.
    how: String,
    /// The moves, in order.
    moves: Vec<MoveView>,
}

/// What the preflight of a setting found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PreflightView {
    /// Whether tickets can be made as the setting says.
    passes: bool,
    /// What stands against it.
    obstacles: Vec<ObstacleView>,
    /// What will be different from what one might expect.
    notes: Vec<String>,
    /// The project's key.
    project_key: Option<String>,
    /// The issue type's name.
    issue_type_name: Option<String>,
    /// How issues get to a done status.
    way_to_done: Option<WayView>,
    /// The very request that would create the first ticket.
    #[schema(value_type = Option<Object>)]
    first_ticket: Option<serde_json::Value>,
}

impl PreflightView {
    pub(in crate::routes) fn of(found: Preflight) -> Self {
        let obstacle =
            |it: assay::operations::settings::Obstacle| ObstacleView { field: it.about, what: it.what };
        Self {
            passes: found.obstacles.is_empty(),
            obstacles: found.obstacles.into_iter().map(obstacle).collect(),
            notes: found.notes,
            project_key: found.project.map(|project| project.key),
            issue_type_name: found.issue_type_name,
            way_to_done: found.way.map(WayView::of),
            first_ticket: found.payload,
        }
    }
}

impl WayView {
    fn of(way: Way) -> Self {
        match way {
            Way::Known { steps, source, .. } => Self {
                known: true,
                how: source.to_owned(),
                moves: steps
                    .into_iter()
                    .map(|step| MoveView {
                        from: step.from,
                        transition: step.transition,
                        to: step.to,
                        needs: step.needs,
                    })
                    .collect(),
            },
            Way::Unknown { why, .. } => Self { known: false, how: why, moves: Vec::new() },
        }
    }
}

/// A ticket that a dry run would create.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlannedView {
    /// Its title.
    pub(super) title: String,
    /// How many tasks it stands for.
    pub(super) tasks: usize,
    /// Whom it would be assigned to.
    pub(super) assignee: Option<String>,
    /// When it would be due.
    pub(super) due_on: Option<String>,
}

/// A ticket that is there and that saving a setting would concern.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConcernedView {
    /// The ticket.
    ticket: String,
    /// Its issue's key.
    issue_key: Option<String>,
    /// Its title, as it would be then.
    title: String,
}

impl ConcernedView {
    pub(super) fn of(ticket: &Ticket) -> Self {
        Self {
            ticket: ticket.id.to_string(),
            issue_key: ticket.state.issue().map(|issue| issue.key.clone()),
            title: ticket.content.title.clone(),
        }
    }
}

/// What saving a setting would do now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DryRunView {
    /// How many tickets would be created.
    pub(in crate::routes) to_create: usize,
    /// How many open tasks have a ticket already and keep it.
    pub(in crate::routes) tasks_with_ticket: usize,
    /// How many tickets would be closed in Jira.
    pub(in crate::routes) to_close: usize,
    /// How many tickets that are there would say something else in Jira; people's own words are not overwritten.
    pub(in crate::routes) to_change: usize,
    /// The first two hundred of the tickets to create.
    pub(in crate::routes) items: Vec<PlannedView>,
    /// The first two hundred of those to close.
    pub(in crate::routes) closing: Vec<ConcernedView>,
    /// The first two hundred of those to change.
    pub(in crate::routes) changing: Vec<ConcernedView>,
    /// Whether all that the setting is for was looked at; false where there are more than five thousand findings, of which
    /// the others are not counted here.
    pub(in crate::routes) looked_at_all: bool,
}

/// A ticket whose issue could not be deleted.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusalView {
    /// The ticket.
    ticket: String,
    /// Its issue's key.
    issue_key: Option<String>,
    /// Why, and what to do.
    why: String,
}

/// How far disabling has come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DisablingView {
    /// Tickets of the setting.
    tickets: u64,
    /// Tickets that stay as they are.
    kept: u64,
    /// Issues deleted.
    deleted: u64,
    /// Issues that are still to be deleted.
    to_delete: u64,
    /// Whether nothing is left to do.
    done: bool,
    /// What stands in the way of going through the tickets, if anything does.
    problem: Option<String>,
    /// Those that could not be deleted yet; at most a hundred.
    refused: Vec<RefusalView>,
}

impl DisablingView {
    pub(super) fn of(progress: Progress, unfinished: Option<Unfinished>) -> Self {
        let refusal = |(ticket, why): (Ticket, String)| RefusalView {
            ticket: ticket.id.to_string(),
            issue_key: ticket.state.issue().map(|issue| issue.key.clone()),
            why,
        };
        Self {
            tickets: progress.tickets,
            kept: progress.kept,
            deleted: progress.deleted,
            to_delete: progress.to_delete,
            done: progress.to_delete == 0 && unfinished.is_none(),
            problem: unfinished.and_then(|unfinished| unfinished.problem),
            refused: progress.refused.into_iter().map(refusal).collect(),
        }
    }
}

/// A ticket whose issue people commented on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CommentedView {
    /// The ticket.
    pub(super) ticket: String,
    /// Its issue's key.
    pub(super) issue_key: Option<String>,
    /// Its title.
    pub(super) title: String,
    /// How many comments people wrote, at least.
    pub(super) comments: u64,
}
