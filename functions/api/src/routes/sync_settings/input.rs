//! Sync settings as they are entered.

use assay::ids::{ConnectionId, IssueId, IssueTypeId};
use assay::operations::settings::Choice;
use assay::seen::Seen;
use assay::sync_setting::{
    ClosureRule, GonePolicy, Mode, ReopenRule, Retirement, Scope, SyncSetting, check_labels,
};
use serde::Deserialize;

use crate::input::given;
use crate::problem::Problem;

/// A new sync setting.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingInput {
    /// `all`, or the id of one check.
    pub(super) scope: String,
    /// Through which connection tickets are written.
    pub(super) connection: ConnectionId,
    /// The project's key or id.
    project: String,
    /// The issue type's id.
    issue_type: IssueTypeId,
    /// The id of an epic to put tickets under.
    #[serde(default)]
    epic: Option<IssueId>,
    /// Labels beside `assay`.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// One ticket for each task, or one for each assignee.
    pub(super) mode: Mode,
    /// When a ticket is closed because of its tasks.
    #[serde(default)]
    pub(super) closure_rule: ClosureRule,
    /// The id of the status that issues are closed with; any done status if not given.
    #[serde(default)]
    pub(super) done_status: Option<String>,
    /// What happens when one side is opened again.
    #[serde(default)]
    pub(super) reopen_rule: ReopenRule,
    /// What happens when an issue is deleted or archived in Jira.
    #[serde(default)]
    pub(super) gone_policy: GonePolicy,
}

impl SettingInput {
    /// The choice of where tickets go.
    pub(super) fn choice(&self) -> Result<Choice, Problem> {
        check_labels(&self.labels)?;
        let project = self.project.trim();
        check_project(project)?;
        check_status("done_status", self.done_status.as_deref())?;
        Ok(Choice {
            project: project.to_owned(),
            issue_type: self.issue_type.clone(),
            epic: self.epic.clone(),
            labels: self.labels.clone(),
            done_status: self.done_status.clone(),
            opened_status: None,
            mapping: None,
        })
    }
}

/// What is to change; what is not given stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null and not being there are two things here")]
pub struct SettingChange {
    /// The project's key or id. Tickets that exist stay where they are.
    #[serde(default)]
    project: Option<String>,
    /// The issue type's id, for new tickets.
    #[serde(default)]
    issue_type: Option<IssueTypeId>,
    /// The id of an epic to put tickets under; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    epic: Option<Option<IssueId>>,
    /// Labels beside `assay`.
    #[serde(default)]
    labels: Option<Vec<String>>,
    /// One ticket for each task, or one for each assignee. Tasks keep the tickets that they have.
    #[serde(default)]
    mode: Option<Mode>,
    /// When a ticket is closed because of its tasks.
    #[serde(default)]
    closure_rule: Option<ClosureRule>,
    /// The id of the status that issues are closed with; null for any done status.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    done_status: Option<Option<String>>,
    /// What happens when one side is opened again.
    #[serde(default)]
    reopen_rule: Option<ReopenRule>,
    /// What happens when an issue is deleted or archived in Jira.
    #[serde(default)]
    gone_policy: Option<GonePolicy>,
    /// What the caller saw of some of these, as `GET` shows them: where the change would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) seen: Seen,
}

impl SettingChange {
    /// The choice of where tickets go, as it would be then.
    pub(super) fn choice(&self, setting: &SyncSetting) -> Result<Choice, Problem> {
        let before = Choice::of(setting);
        let after = SettingInput {
            scope: String::new(),
            connection: setting.connection.clone(),
            project: self.project.clone().unwrap_or(before.project),
            issue_type: self.issue_type.clone().unwrap_or(before.issue_type),
            epic: self.epic.clone().unwrap_or(before.epic),
            labels: self.labels.clone().unwrap_or(before.labels),
            mode: setting.mode,
            closure_rule: setting.closure_rule,
            done_status: self.done_status.clone().unwrap_or(before.done_status),
            reopen_rule: setting.reopen_rule,
            gone_policy: setting.gone_policy,
        };
        after.choice()
    }

    /// Takes over what needs no question to Jira.
    pub(super) fn apply(&self, setting: &mut SyncSetting) {
        setting.mode = self.mode.unwrap_or(setting.mode);
        setting.closure_rule = self.closure_rule.unwrap_or(setting.closure_rule);
        setting.reopen_rule = self.reopen_rule.unwrap_or(setting.reopen_rule);
        setting.gone_policy = self.gone_policy.unwrap_or(setting.gone_policy);
    }
}

/// How a setting is to be disabled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisableInput {
    /// What becomes of its tickets.
    pub(super) tickets: Retirement,
    /// How many tickets the setting has, as `GET …/disable` told: asked for so that nobody deletes by mistake. Needed
    /// unless the tickets are kept.
    #[serde(default)]
    pub(super) confirm_tickets: Option<u64>,
}

/// Whether a text may be the key or the id of a project.
pub(in crate::routes) fn check_project(project: &str) -> Result<(), Problem> {
    if !(1..=100).contains(&project.chars().count()) || project.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "project",
            "project must be the key or the id of a project, as in `SEC`",
        ));
    }
    Ok(())
}

/// Whether a text may be the id of a status.
pub(in crate::routes) fn check_status(field: &str, status: Option<&str>) -> Result<(), Problem> {
    let is_id =
        |text: &str| (1..=30).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match status {
        Some(text) if !is_id(text) => {
            Err(Problem::invalid(field, format!("{field} must be the id of a status, as in `10002`")))
        }
        _ => Ok(()),
    }
}

/// The scope that a text names.
pub(super) fn scope(text: &str) -> Result<Scope, Problem> {
    if text == "all" {
        return Ok(Scope::All);
    }
    let check: Result<assay::check::CheckId, _> = text.parse();
    check.map(Scope::Check).map_err(|_| {
        Problem::invalid("scope", format!("scope must be `all` or the id of a check, not {text:?}"))
    })
}

/// The text that names a scope.
pub(super) fn scope_text(scope: Scope) -> String {
    match scope {
        Scope::All => "all".to_owned(),
        Scope::Check(check) => check.to_string(),
        Scope::Findings => "findings".to_owned(),
    }
}
