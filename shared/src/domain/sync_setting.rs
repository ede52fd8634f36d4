//! Sync settings: which tasks become tickets, where, and how they are closed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::CheckId;
use crate::ids::{ConnectionId, IssueId, IssueTypeId, ProjectId, SettingId, TenantId};
use crate::{Error, Result};

/// Which tasks a setting is for. The nearer one wins: a setting for one check goes before the one for all.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All tasks that no other setting is for.
    All,
    /// The tasks of one check.
    Check(CheckId),
}

/// How tasks are put into tickets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One ticket for each task.
    Individual,
}

/// When a ticket is closed because of its tasks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosureRule {
    /// When all of its tasks are done.
    #[default]
    All,
    /// When any of its tasks is done.
    Any,
    /// Never: people close it.
    Never,
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
    /// When tickets are closed.
    pub closure_rule: ClosureRule,
    /// Whether it is in force. A setting that is not keeps its tickets and makes no new ones.
    pub enabled: bool,
    /// When it was first saved.
    pub created_at: Timestamp,
    /// When it was last saved.
    pub updated_at: Timestamp,
    /// Grows by one with every write.
    pub version: u64,
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

/// The enabled setting that is nearest to the tasks of `check`.
pub fn nearest(settings: &[SyncSetting], check: CheckId) -> Option<&SyncSetting> {
    let enabled = || settings.iter().filter(|setting| setting.enabled);
    enabled()
        .find(|setting| setting.scope == Scope::Check(check))
        .or_else(|| enabled().find(|setting| setting.scope == Scope::All))
}
