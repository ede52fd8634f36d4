//! Trying a sync setting out before it is saved.

use std::collections::{BTreeMap, BTreeSet};

use assay::check::CheckId;
use assay::ids::SettingId;
use assay::operations::planning::Planner;
use assay::operations::settings::Choice;
use assay::operations::{quarantine, settings};
use assay::plan::{TASKS_IN_BATCH, plan};
use assay::quota::Priority;
use assay::sqs::ChecksRequest;
use assay::sync_setting::{Mode, Scope, SyncSetting};
use assay::task::Task;
use assay::ticket::content::batch_body;
use assay::ticket::{Content, Ticket, Wanted};
use axum::Json;
use axum::extract::State;

use super::input::{SettingInput, scope};
use super::view::{ConcernedView, DryRunView, PlannedView, PreflightView, SettingView};
use super::{draft, require};
use crate::Api;
use crate::caller::{Admin, Caller, Operator};
use crate::input::{Body, Path};
use crate::problem::Problem;

/// How many planned tickets are shown.
const SHOWN: usize = 200;

/// Asks Jira whether tickets can be made as a setting says: permissions, required fields, the way to a done status; and
/// shows the very request that would create the first one. Nothing is saved.
#[utoipa::path(post, path = "/v1/sync-settings/preflight", tag = "sync settings", security(("token" = ["admin"])), request_body = SettingInput, responses((status = 200, body = PreflightView), (status = 422, body = Problem)))]
pub async fn preflight(
    Admin(caller): Admin,
    State(api): State<Api>,
    Body(input): Body<SettingInput>,
) -> Result<Json<PreflightView>, Problem> {
    let scope = scope(&input.scope)?;
    let choice = input.choice()?;
    let sample = sample(&tasks_in(&api, &caller, scope).await?, input.mode, &choice);
    let (jira, connection) = (&api.connector.jira, &input.connection);
    let found = settings::try_out(jira, &caller.tenant, connection, &choice, sample.as_ref()).await?;
    Ok(Json(PreflightView::of(found)))
}

/// The content of the first ticket, if there is a task for it; tasks without a ticket come first.
fn sample(tasks: &[Task], mode: Mode, choice: &Choice) -> Option<Content> {
    let mut open: Vec<&Task> = tasks.iter().filter(|task| task.is_open()).collect();
    open.sort_by_key(|task| (task.ticket.is_some(), task.opened_at, &task.id));
    let first = *open.first()?;
    let (labels, epic) = (&choice.labels, choice.epic.as_ref());
    match mode {
        Mode::Individual => Some(Content::of_checked(first, labels, epic)),
        Mode::Batch => {
            let is_beside = |task: &&&Task| {
                task.assignee == first.assignee && task.ticket.is_some() == first.ticket.is_some()
            };
            let members: Vec<&Task> = open.iter().filter(is_beside).take(TASKS_IN_BATCH).copied().collect();
            let content = Content::of_checked_batch(&members, first.assignee.as_ref(), labels, epic);
            Some(Content { body: batch_body(&members, &[]).description, ..content })
        }
    }
}

/// Lists what would be created, closed and changed in Jira if the setting were saved now. Nothing is saved.
#[utoipa::path(post, path = "/v1/sync-settings/dry-run", tag = "sync settings", security(("token" = ["admin"])), request_body = SettingInput, responses((status = 200, body = DryRunView), (status = 422, body = Problem)))]
pub async fn dry_run(
    Admin(caller): Admin,
    State(api): State<Api>,
    Body(input): Body<SettingInput>,
) -> Result<Json<DryRunView>, Problem> {
    let setting = draft(&api, &caller, &input).await?;
    let mut settings = api.core.store.settings(&caller.tenant).await?;
    settings.retain(|known| known.id != setting.id);
    let tasks = tasks_in(&api, &caller, setting.scope).await?;
    settings.push(setting);
    Ok(Json(dry(&api, &caller, &settings, &tasks).await?))
}

/// What a plan by `settings` would create, close and change for `tasks`.
pub(in crate::routes) async fn dry(
    api: &Api,
    caller: &Caller,
    settings: &[SyncSetting],
    tasks: &[Task],
) -> Result<DryRunView, Problem> {
    let planner = Planner { core: api.core.clone(), sync: api.sync.clone() };
    let tickets = planner.tickets_for(&caller.tenant, tasks, settings).await?;
    let made = plan(&caller.tenant, tasks, settings, &tickets, None, api.core.clock.now())?;
    let placed: BTreeSet<_> = made.new.iter().flat_map(|ticket| &ticket.tasks).collect();
    let open = tasks.iter().filter(|task| task.is_open());
    let items = made.new.iter().take(SHOWN).map(|ticket| PlannedView {
        title: ticket.content.title.clone(),
        tasks: ticket.tasks.len(),
        assignee: ticket.content.assignee.as_ref().map(ToString::to_string),
        due_on: ticket.content.due_on.map(|day| day.to_string()),
    });
    let before: BTreeMap<_, _> = tickets.iter().map(|ticket| (&ticket.id, ticket)).collect();
    let differing = |differs: fn(&Ticket, &Ticket) -> bool| -> Vec<&Ticket> {
        let is = |ticket: &&Ticket| before.get(&ticket.id).is_some_and(|before| differs(before, ticket));
        made.changed.iter().filter(|ticket| ticket.state.issue().is_some()).filter(is).collect()
    };
    let closing = differing(|before, after| {
        after.wanted == Wanted::Closed && before.wanted != Wanted::Closed && after.is_live()
    });
    let changing =
        differing(|before, after| matches!(after.wanted, Wanted::Open) && before.content != after.content);
    let shown = |tickets: &[&Ticket]| tickets.iter().take(SHOWN).map(|it| ConcernedView::of(it)).collect();
    Ok(DryRunView {
        to_close: closing.len(),
        to_change: changing.len(),
        closing: shown(&closing),
        changing: shown(&changing),
        to_create: made.new.len(),
        tasks_with_ticket: open.filter(|task| task.ticket.is_some() && !placed.contains(&task.id)).count(),
        items: items.collect(),
        looked_at_all: true,
    })
}

/// Asks Jira again about a quarantined setting; if nothing stands against it any more, its tickets go on soon.
#[utoipa::path(post, path = "/v1/sync-settings/{id}/recheck", tag = "sync settings", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 200, body = SettingView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn recheck(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<SettingView>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    look_again(&api, &caller, &setting).await?;
    Ok(Json(SettingView::of(require(&api, &caller, &id).await?)))
}

/// Asks Jira again about a setting, if it is quarantined.
pub(in crate::routes) async fn look_again(
    api: &Api,
    caller: &Caller,
    setting: &SyncSetting,
) -> Result<(), Problem> {
    if setting.quarantine.is_some() {
        let deadline = assay::clock::after(api.core.clock.now(), 20);
        let jira = &api.connector.jira;
        if quarantine::look_again(jira, setting, Priority::UserAction, deadline).await? {
            api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant.clone() }, None).await?;
        }
    }
    Ok(())
}

async fn tasks_in(api: &Api, caller: &Caller, scope: Scope) -> Result<Vec<Task>, Problem> {
    let checks = match scope {
        Scope::All => CheckId::ALL.to_vec(),
        Scope::Check(check) => vec![check],
        Scope::Findings => vec![CheckId::B9],
    };
    let mut tasks = Vec::new();
    for check in checks {
        tasks.extend(api.core.store.tasks_of(&caller.tenant, check).await?);
    }
    Ok(tasks)
}
