//! Project configurations as they are entered.

use assay::configuration::{Configuration, Grouping, PullRules, Route};
use assay::ids::{ConnectionId, IssueId, IssueTypeId, ProjectId, SettingId, TaskId};
use assay::mapping::settle::Entered;
use assay::mapping::{Mapping, Source};
use assay::operations::configuring::Rules;
use assay::operations::settings::Choice;
use assay::seen::Seen;
use assay::sync_setting::{ClosureRule, GonePolicy, ReopenRule, SyncSetting, check_labels};
use serde::Deserialize;

use crate::input::{given, object};
use crate::problem::Problem;
use crate::routes::sync_settings::input::{check_project, check_status};

/// What is written into one field.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleInput {
    /// Jira's id of the field, for example `priority` or `customfield_10042`.
    field: String,
    /// Where the value comes from: `jira` with a `value`, `assay` with a `field` and, for lists, `values` for its words, or
    /// `typed` with a `text`.
    #[serde(deserialize_with = "object")]
    source: Source,
}

/// A new project configuration.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationInput {
    /// Its name, for people, 1 to 100 characters.
    name: String,
    /// Configurations are asked in the order of their positions, 0 to 10,000; the first whose route a finding takes gets it.
    /// Behind all others if not given.
    #[serde(default)]
    position: Option<u32>,
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
    labels: Vec<String>,
    /// Which findings it is for: those that take any of these, at most 50; all, if there is none.
    #[serde(default)]
    routes: Vec<Route>,
    /// How findings are put into tickets.
    #[serde(default)]
    grouping: Grouping,
    /// What is written into the fields, at most 200. `summary`, `description`, `labels` and `duedate` are filled without a rule,
    /// too.
    #[serde(default)]
    rules: Vec<RuleInput>,
    /// When a ticket is closed because of its findings.
    #[serde(default)]
    closure_rule: ClosureRule,
    /// The id of the status that issues are closed with; any done status if not given.
    #[serde(default)]
    done_status: Option<String>,
    /// What happens when one side is opened again.
    #[serde(default)]
    reopen_rule: ReopenRule,
    /// What happens when an issue is deleted or archived in Jira.
    #[serde(default)]
    gone_policy: GonePolicy,
    /// What follows from pull requests.
    #[serde(default, deserialize_with = "object")]
    pulls: PullRules,
}

/// What is to change; what is not given stays. Lists are replaced as a whole.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null and not being there are two things here")]
pub struct ConfigurationChange {
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// Its position.
    #[serde(default)]
    position: Option<u32>,
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
    /// Which findings it is for. Findings keep the tickets that they have.
    #[serde(default)]
    routes: Option<Vec<Route>>,
    /// How findings are put into tickets. Findings keep the tickets that they have.
    #[serde(default)]
    grouping: Option<Grouping>,
    /// What is written into the fields.
    #[serde(default)]
    rules: Option<Vec<RuleInput>>,
    /// When a ticket is closed because of its findings.
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
    /// What follows from pull requests.
    #[serde(default)]
    pulls: Option<PullRules>,
    /// What the caller saw of some of these, as `GET` shows them: where the change would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) seen: Seen,
}

/// Which type's fields are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FieldsQuery {
    /// Through which connection tickets are written.
    #[param(value_type = String)]
    pub(super) connection: ConnectionId,
    /// The project's key or id.
    #[param(value_type = String)]
    pub(super) project: ProjectId,
    /// The issue type's id.
    #[param(value_type = String)]
    pub(super) issue_type: IssueTypeId,
}

/// With which finding a configuration is tried out.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreflightQuery {
    /// The id of a finding; a made-up one if not given.
    #[param(value_type = Option<String>)]
    pub(super) finding: Option<TaskId>,
}

/// What a dry run is for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DryRunQuery {
    /// The id of the configuration that would be changed so; a further one would be saved if not given.
    #[param(value_type = Option<String>)]
    pub(super) configuration: Option<SettingId>,
}

/// A configuration that is to be saved, before Jira was asked about it.
pub(super) struct Draft {
    /// Where tickets go.
    pub(super) choice: Choice,
    /// What its fields are filled with.
    pub(super) rules: Rules,
    /// All else of it, with an empty mapping.
    pub(super) configuration: Configuration,
    /// When tickets are closed.
    pub(super) closure_rule: ClosureRule,
    /// What happens when one side is opened again.
    pub(super) reopen_rule: ReopenRule,
    /// What happens when an issue is gone.
    pub(super) gone_policy: GonePolicy,
}

impl Draft {
    fn checked(self) -> Result<Self, Problem> {
        self.configuration.check()?;
        check_labels(&self.choice.labels)?;
        check_project(&self.choice.project)?;
        check_status("done_status", self.choice.done_status.as_deref())?;
        check_status("pulls.status_when_opened", self.choice.opened_status.as_deref())?;
        if let Rules::Entered(rules) = &self.rules
            && rules.len() > assay::mapping::settle::MOST_RULES
        {
            let message = format!("there are more than {} rules", assay::mapping::settle::MOST_RULES);
            return Err(Problem::invalid("rules", message));
        }
        Ok(self)
    }
}

fn entered(rules: Vec<RuleInput>) -> Rules {
    let entered = |rule: RuleInput| Entered { field: rule.field, source: rule.source };
    Rules::Entered(rules.into_iter().map(entered).collect())
}

impl ConfigurationInput {
    /// The draft that it stands for; `last` is the position behind all others.
    pub(super) fn draft(self, last: u32) -> Result<Draft, Problem> {
        let draft = Draft {
            choice: Choice {
                project: self.project.trim().to_owned(),
                issue_type: self.issue_type,
                epic: self.epic,
                labels: self.labels,
                done_status: self.done_status,
                opened_status: self.pulls.status_when_opened.clone(),
                mapping: None,
            },
            rules: entered(self.rules),
            configuration: Configuration {
                name: self.name.trim().to_owned(),
                position: self.position.unwrap_or(last),
                routes: self.routes,
                grouping: self.grouping,
                mapping: Mapping::default(),
                pulls: self.pulls,
                watched_at: None,
            },
            closure_rule: self.closure_rule,
            reopen_rule: self.reopen_rule,
            gone_policy: self.gone_policy,
        };
        draft.checked()
    }
}

impl ConfigurationChange {
    /// The draft that the changed configuration stands for.
    pub(super) fn draft(self, setting: &SyncSetting, before: &Configuration) -> Result<Draft, Problem> {
        let pulls = self.pulls.unwrap_or_else(|| before.pulls.clone());
        let draft = Draft {
            choice: Choice {
                project: self.project.map_or_else(|| setting.project.to_string(), |it| it.trim().to_owned()),
                issue_type: self.issue_type.unwrap_or_else(|| setting.issue_type.clone()),
                epic: self.epic.unwrap_or_else(|| setting.epic.clone()),
                labels: self.labels.unwrap_or_else(|| setting.labels.clone()),
                done_status: self.done_status.unwrap_or_else(|| setting.done_status.clone()),
                opened_status: pulls.status_when_opened.clone(),
                mapping: None,
            },
            rules: self.rules.map_or_else(|| Rules::Saved(before.mapping.clone()), entered),
            configuration: Configuration {
                name: self.name.map_or_else(|| before.name.clone(), |it| it.trim().to_owned()),
                position: self.position.unwrap_or(before.position),
                routes: self.routes.unwrap_or_else(|| before.routes.clone()),
                grouping: self.grouping.unwrap_or(before.grouping),
                mapping: Mapping::default(),
                pulls,
                watched_at: None,
            },
            closure_rule: self.closure_rule.unwrap_or(setting.closure_rule),
            reopen_rule: self.reopen_rule.unwrap_or(setting.reopen_rule),
            gone_policy: self.gone_policy.unwrap_or(setting.gone_policy),
        };
        draft.checked()
    }
}
