//! Sync settings: which tasks become tickets, where, and what follows when either side changes.
//!
//! | state | meaning | leaves it by |
//! |---|---|---|
//! | enabled | its tasks get tickets, both sides are kept in step | disabling; a quarantine |
//! | quarantined | Jira takes no new ticket as the setting stands (`quarantine` says why); tickets that exist go on | the cause being mended, which `maintain` finds out |
//! | disabled, tickets kept | no ticket is written any more; the issues stay as they are | enabling, which adopts the kept tickets |
//! | disabled, tickets deleted | every issue that it made is being deleted, or was | enabling: open tasks get new tickets |

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::CheckId;
use crate::configuration::Configuration;
use crate::ids::{ConnectionId, IssueId, IssueTypeId, ProjectId, SettingId, TenantId};
use crate::task::Task;
use crate::{Error, Result};

/// Which tasks a setting is for. The nearer one wins: a setting for one check goes before the one for all.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All tasks that no other setting is for.
    All,
    /// The tasks of one check.
    Check(CheckId),
    /// What scanners found, as far as its project configuration is for it.
    Findings,
}

/// How tasks are put into tickets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One ticket for each task.
    Individual,
    /// One ticket for each assignee, listing the assignee's tasks, and one for the tasks of nobody.
    Batch,
}

/// When a ticket is closed because of its tasks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosureRule {
    /// When all of its tasks are done.
    #[default]
    All,
    /// When any of its tasks is done. The others stay to be done without an open issue; what is opened after that gets the
    /// next one.
    Any,
    /// Never: people close it.
    Never,
}

/// What happens when one side is opened again after both were done.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReopenRule {
    /// An issue that a person reopens reopens its tasks, and a task that is opened again reopens its issue.
    #[default]
    Both,
    /// Only the tasks follow: a task that is opened again gets a new ticket, its closed issue stays closed.
    Tasks,
    /// Only the issue follows: an issue that a person reopens leaves its tasks as they are.
    Issues,
    /// Neither follows the other.
    Neither,
}

impl ReopenRule {
    /// Whether an issue that a person reopened reopens its tasks.
    pub fn reopens_tasks(self) -> bool {
        match self {
            Self::Both | Self::Tasks => true,
            Self::Issues | Self::Neither => false,
        }
    }

    /// Whether a task that is opened again reopens its issue; if not, it gets a new ticket.
    pub fn reopens_issues(self) -> bool {
        match self {
            Self::Both | Self::Issues => true,
            Self::Tasks | Self::Neither => false,
        }
    }
}

/// What happens when an issue is deleted or archived in Jira while its tasks are to be done.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GonePolicy {
    /// The tasks get a new ticket.
    Recreate,
    /// The tasks are completed.
    CloseTask,
    /// The ticket says so, and a person decides.
    #[default]
    Ask,
}

/// Why no ticket can be created as a setting stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Quarantine {
    /// What stands against it, a sentence for each obstacle, each with what to do.
    pub obstacles: Vec<String>,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Timestamp,
}

/// What becomes of a disabled setting's tickets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retirement {
    /// The issues stay as they are and are not written any more.
    Keep,
    /// The issues are deleted.
    Delete,
    /// The issues are deleted, except those on which people commented: they stay as they are.
    DeleteUncommented,
}

/// That a setting was disabled, and how.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Disabled {
    /// What becomes of its tickets.
    pub tickets: Retirement,
    /// Who asked for it: a token's id.
    pub by: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What the last change of a setting asks of its tickets, as long as that is not carried out: it is done in the background,
/// and gone on with by `maintain` where it was interrupted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Unfinished {
    /// When the setting was changed.
    pub since: Timestamp,
    /// Where to go on among its tickets.
    #[serde(default)]
    pub cursor: Option<String>,
    /// What stood in the way the last time, if anything did.
    #[serde(default)]
    pub problem: Option<String>,
}

/// One sync setting.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SyncSetting {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its identifier, fixed by its scope, so that two settings for the same scope cannot exist.
    pub id: SettingId,
    /// Which tasks it is for.
    pub scope: Scope,
    /// Through which connection tickets are written.
    pub connection: ConnectionId,
    /// The project that tickets are created in.
    pub project: ProjectId,
    /// That project's key when the setting was saved, for people.
    pub project_key: String,
    /// The issue type of the tickets.
    pub issue_type: IssueTypeId,
    /// That type's name when the setting was saved, for people.
    pub issue_type_name: String,
    /// The epic that tickets are put under, if any.
    pub epic: Option<IssueId>,
    /// Labels beside `assay`.
    pub labels: Vec<String>,
    /// How tasks are put into tickets.
    pub mode: Mode,
    /// Which findings it is for and what their fields say; only for findings.
    #[serde(default)]
    pub configuration: Option<Box<Configuration>>,
    /// When tickets are closed.
    pub closure_rule: ClosureRule,
    /// The id of the status that an issue is closed with; any status of the category done if none.
    #[serde(default)]
    pub done_status: Option<String>,
    /// What happens when one side is opened again.
    #[serde(default)]
    pub reopen_rule: ReopenRule,
    /// What happens when an issue is gone.
    #[serde(default)]
    pub gone_policy: GonePolicy,
    /// Whether it is in force.
    pub enabled: bool,
    /// How it was disabled, if it was.
    #[serde(default)]
    pub disabled: Option<Disabled>,
    /// Why Jira takes no new ticket as the setting stands, if it does not.
    #[serde(default)]
    pub quarantine: Option<Quarantine>,
    /// What its last change asks of its tickets and is not done yet.
    #[serde(default)]
    pub unfinished: Option<Unfinished>,
    /// When it was first saved.
    pub created_at: Timestamp,
    /// When it was last saved.
    pub updated_at: Timestamp,
    /// Grows by one with every write.
    pub version: u64,
}

impl SyncSetting {
    /// A person disables it.
    pub fn disable(&mut self, disabled: Disabled) {
        self.begin(disabled.at);
        self.enabled = false;
        self.disabled = Some(disabled);
    }

    /// A person enables it again, after nothing was found to stand against it.
    pub fn enable(&mut self, now: Timestamp) {
        self.begin(now);
        self.enabled = true;
        self.disabled = None;
        self.quarantine = None;
    }

    /// Jira takes no new tickets as it stands.
    pub fn set_aside(&mut self, obstacles: Vec<String>, now: Timestamp) {
        let since = self.quarantine.as_ref().map_or(now, |quarantine| quarantine.since);
        self.quarantine = Some(Quarantine { obstacles, since });
        self.updated_at = now;
    }

    /// Nothing stands against it any more.
    pub fn mended(&mut self, now: Timestamp) {
        if self.quarantine.take().is_some() {
            self.begin(now);
        }
    }

    /// Its tickets are to be gone through, from the first.
    pub fn begin(&mut self, now: Timestamp) {
        self.unfinished = Some(Unfinished { since: now, cursor: None, problem: None });
        self.updated_at = now;
    }

    /// Whether `other`, read later, still asks the same of its tickets.
    pub fn asks_as(&self, other: &Self) -> bool {
        let since = |it: &Self| it.unfinished.as_ref().map(|unfinished| unfinished.since);
        self.enabled == other.enabled && self.disabled == other.disabled && since(self) == since(other)
    }
}

/// Checks labels by Jira's rules: no spaces, at most 255 characters; and ours: at most 20, and `assay` stays ours.
///
/// Source: community error text "Labels can't have spaces or be more than 255 characters".
pub fn check_labels(labels: &[String]) -> Result<()> {
    if labels.len() > 20 {
        return Err(Error::invalid("labels", "labels must be at most 20"));
    }
    for (index, label) in labels.iter().enumerate() {
        let fits = !label.is_empty()
            && label.chars().count() <= 255
            && !label.chars().any(|c| c.is_whitespace() || c.is_control());
        if !fits {
            return Err(Error::invalid(
                format!("labels[{index}]"),
                "a label must be 1 to 255 characters without spaces",
            ));
        }
    }
    Ok(())
}

/// The enabled setting that is nearest to a task: for what a scanner found, the first configuration that is for it.
pub fn nearest<'a>(settings: &'a [SyncSetting], task: &Task) -> Option<&'a SyncSetting> {
    let enabled = || settings.iter().filter(|setting| setting.enabled);
    if let Some(finding) = &task.finding {
        let configured = enabled().filter_map(|it| Some((it.configuration.as_ref()?, it)));
        let for_it = configured.filter(|(configuration, _)| configuration.takes(finding));
        return for_it
            .min_by_key(|(configuration, it)| (configuration.position, it.id.clone()))
            .map(|(_, it)| it);
    }
    enabled()
        .find(|setting| setting.scope == Scope::Check(task.check))
        .or_else(|| enabled().find(|setting| setting.scope == Scope::All))
}
