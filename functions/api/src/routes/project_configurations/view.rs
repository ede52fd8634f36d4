//! Project configurations as they are shown.

use std::collections::BTreeMap;

use assay::configuration::{Grouping, PullRules, Route};
use assay::mapping::facts::Facts;
use assay::mapping::fill::try_value;
use assay::mapping::screen::{Choice, ScreenField};
use assay::mapping::settle::RESERVED;
use assay::mapping::{AssayField, FieldKind, FieldRule, FieldValue, Source, suggest};
use assay::operations::configuring::Screen;
use assay::sync_setting::{ClosureRule, Disabled, GonePolicy, Quarantine, ReopenRule, SyncSetting};
use jiff::Timestamp;
use serde::Serialize;

use crate::routes::sync_settings::view::{PreflightView, UnfinishedView, state};

/// How many values of a field are listed.
const LISTED: usize = 1_000;

/// One project configuration.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConfigurationView {
    /// Its identifier.
    id: String,
    /// Its name.
    name: String,
    /// Its place in the order in which configurations are asked.
    position: u32,
    /// `enabled`, `quarantined` (Jira takes no new ticket, see `quarantine`) or `disabled`.
    state: &'static str,
    /// Through which connection tickets are written.
    connection: String,
    /// The project's id.
    project: String,
    /// The project's key when Jira was last asked.
    project_key: String,
    /// The issue type's id.
    issue_type: String,
    /// The issue type's name when Jira was last asked.
    issue_type_name: String,
    /// The epic's id.
    epic: Option<String>,
    /// Labels beside `assay`.
    labels: Vec<String>,
    /// Which findings it is for; all, if there is none.
    routes: Vec<Route>,
    /// How findings are put into tickets.
    grouping: Grouping,
    /// What is written into the fields.
    rules: Vec<RuleView>,
    /// When a ticket is closed because of its findings.
    closure_rule: ClosureRule,
    /// The id of the status that issues are closed with; null for any done status.
    done_status: Option<String>,
    /// What happens when one side is opened again.
    reopen_rule: ReopenRule,
    /// What happens when an issue is deleted or archived in Jira.
    gone_policy: GonePolicy,
    /// What follows from pull requests.
    pulls: PullRules,
    /// Whether it is in force.
    enabled: bool,
    /// How it was disabled.
    disabled: Option<Disabled>,
    /// Why Jira takes no new ticket.
    quarantine: Option<Quarantine>,
    /// Since when the configuration's tickets are gone through because of its last change, and what stands in the way;
    /// null when that is done.
    unfinished: Option<UnfinishedView>,
    /// When the project was last found to fit.
    #[schema(value_type = Option<String>)]
    watched_at: Option<Timestamp>,
    /// When it was first saved.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it was last saved.
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

/// What is written into one field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuleView {
    /// Jira's id of the field.
    field: String,
    /// The field's name when Jira was last asked.
    name: String,
    /// What it takes.
    kind: FieldKind,
    /// Whether Jira takes no issue without it.
    required: bool,
    /// Where the value comes from.
    source: Source,
    /// What Jira's values that the rule names were called when Jira was last asked, by their ids; of one below another by
    /// `1>2`.
    names: BTreeMap<String, String>,
}

impl ConfigurationView {
    /// The view; none of a sync setting that is no configuration.
    pub(super) fn of(setting: SyncSetting) -> Option<Self> {
        let state = state(&setting);
        let configuration = *setting.configuration?;
        let rule = |rule: FieldRule| RuleView {
            field: rule.field,
            name: rule.name,
            kind: rule.kind,
            required: rule.required,
            source: rule.source,
            names: rule
                .known
                .into_iter()
                .filter_map(|(id, names)| Some((id, names.into_iter().next()?)))
                .collect(),
        };
        Some(Self {
            id: setting.id.to_string(),
            name: configuration.name,
            position: configuration.position,
            state,
            connection: setting.connection.to_string(),
            project: setting.project.to_string(),
            project_key: setting.project_key,
            issue_type: setting.issue_type.to_string(),
            issue_type_name: setting.issue_type_name,
            epic: setting.epic.map(|epic| epic.to_string()),
            labels: setting.labels,
            routes: configuration.routes,
            grouping: configuration.grouping,
            rules: configuration.mapping.rules.into_iter().map(rule).collect(),
            closure_rule: setting.closure_rule,
            done_status: setting.done_status,
            reopen_rule: setting.reopen_rule,
            gone_policy: setting.gone_policy,
            pulls: configuration.pulls,
            enabled: setting.enabled,
            disabled: setting.disabled,
            quarantine: setting.quarantine,
            unfinished: setting.unfinished.map(UnfinishedView::of),
            watched_at: configuration.watched_at,
            created_at: setting.created_at,
            updated_at: setting.updated_at,
        })
    }
}

/// What a project asks for in a new issue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldsView {
    /// The project's id.
    project: String,
    /// The project's key.
    project_key: String,
    /// The issue type's id.
    issue_type: String,
    /// The issue type's name.
    issue_type_name: String,
    /// The fields, in Jira's order.
    fields: Vec<FieldView>,
}

/// A field of a new issue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own to whoever reads it")]
pub struct FieldView {
    /// Jira's id of it.
    id: String,
    /// Its name.
    name: String,
    /// What values it takes.
    kind: FieldKind,
    /// The same for people, as in `one of a list`.
    takes: String,
    /// Whether Jira takes no issue without it.
    required: bool,
    /// Whether Jira fills it in by itself.
    has_default: bool,
    /// Whether the ticket fills it without a rule.
    filled: bool,
    /// Whether it must be filled from the finding's severity.
    tells_severity: bool,
    /// The values that it takes, at most 1,000 of them; null where Jira lists none.
    choices: Option<Vec<Choice>>,
    /// Whether it takes more values than are listed.
    more_choices: bool,
    /// What Assay knows that can be written into it, by itself or by a value for each of its words.
    assay_fields: Vec<AssayField>,
    /// A rule's source to begin with; null where a person must choose, or no rule is needed.
    suggestion: Option<Source>,
    /// Why it cannot be filled, and what to do.
    problem: Option<String>,
}

impl FieldsView {
    pub(super) fn of(screen: Screen) -> Self {
        Self {
            project: screen.project.id.to_string(),
            project_key: screen.project.key,
            issue_type: screen.issue_type.id.to_string(),
            issue_type_name: screen.issue_type.name,
            fields: screen.fields.into_iter().map(FieldView::of).collect(),
        }
    }
}

impl FieldView {
    fn of(field: ScreenField) -> Self {
        let is_ours = RESERVED.contains(&field.id.as_str());
        let is_filled =
            is_ours || matches!(field.id.as_str(), "summary" | "description" | "labels" | "duedate");
        let is_unknown = matches!(field.kind, FieldKind::Unknown { .. });
        let problem = (is_unknown && !is_ours).then(|| {
            let what = if field.required && !field.has_default {
                "Jira requires it: make it optional for this issue type, give it a default, or choose another type"
            } else {
                "leave it to people"
            };
            format!("it takes {}; {what}", field.kind.words())
        });
        let suggestion = suggest::source(&field);
        let mut choices = field.choices;
        let more_choices = choices.as_ref().is_some_and(|choices| choices.len() > LISTED);
        if let Some(choices) = &mut choices {
            choices.truncate(LISTED);
        }
        Self {
            takes: field.kind.words(),
            assay_fields: if is_ours { Vec::new() } else { suggest::fitting(&field.kind) },
            tells_severity: (field.id == "priority" || field.name.trim().eq_ignore_ascii_case("severity"))
                && !is_unknown,
            id: field.id,
            name: field.name,
            kind: field.kind,
            required: field.required,
            has_default: field.has_default,
            filled: is_filled,
            choices,
            more_choices,
            suggestion,
            problem,
        }
    }
}

/// What would be written into one field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WrittenView {
    /// Jira's id of the field.
    field: String,
    /// Its name.
    name: String,
    /// Whether Jira takes no issue without it.
    required: bool,
    /// The value; null where the finding says nothing for it.
    value: Option<FieldValue>,
    /// Why there is no value.
    why: Option<String>,
}

impl WrittenView {
    pub(super) fn of(rule: &FieldRule, facts: &Facts) -> Self {
        let (value, why) = match try_value(rule, facts).map(|value| value.and_then(FieldValue::normal)) {
            Ok(Some(value)) => (Some(value), None),
            Ok(None) => (None, Some("the finding says nothing for it; it is left out".to_owned())),
            Err(what) => (None, Some(format!("the text {what}"))),
        };
        Self { field: rule.field.clone(), name: rule.name.clone(), required: rule.required, value, why }
    }
}

/// What the preflight of a configuration found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MappingPreflightView {
    /// As for a sync setting. `obstacles[].field` names the rule, as in `rules[3].source`.
    #[serde(flatten)]
    pub(super) found: PreflightView,
    /// The finding that it was tried out with; null for a made-up one.
    pub(super) finding: Option<String>,
    /// What would be written into each field that has a rule; empty if anything stands against it.
    pub(super) written: Vec<WrittenView>,
}
