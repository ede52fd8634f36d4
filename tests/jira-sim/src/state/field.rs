//! Fields of a project's screens: what they hold, and how create and edit metadata show them.

mod lists;

use serde_json::{Value, json};

pub(crate) use lists::{Choice, Component, Sprint, Version, option_json};

use super::{project::Project, vocabulary};

/// What the types of Jira's own custom fields begin with.
const OWN: &str = "com.atlassian.jira.plugin.system.customfieldtypes";

/// A field on the create screen of a project.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: FieldKind,
    /// What `schema.custom` says, if it is not the first type of this kind: `radiobuttons`, or a type of an app.
    pub(crate) custom: Option<String>,
    pub(crate) required: bool,
    pub(crate) has_default: bool,
    /// What a create gets that does not name the field, as it would be written.
    pub(crate) default: Option<Value>,
    /// Empty = all types of the project.
    pub(crate) issue_types: Vec<u64>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Text,
    /// A text of several paragraphs: an Atlassian document.
    Document,
    Number,
    Date,
    Instant,
    Url,
    User,
    Users,
    Group,
    Groups,
    Labels,
    Option(Vec<Choice>),
    Options(Vec<Choice>),
    /// A choice and, if it has any, one of its children.
    Cascade(Vec<Choice>),
    Version,
    Versions,
    Components,
    /// Written as a number, read as a list of all sprints that the issue was ever in.
    Sprint,
    /// A team of Atlassian's directory: written as its id.
    Team,
    /// A field of an app: its `schema.type`. It takes and gives back any JSON.
    Foreign(String),
    Priority,
    IssueType,
    Project,
    Issue,
}

impl FieldKind {
    /// The kind by the word of the control API: `schema.type`, the end of `schema.custom`, or a plain word.
    pub(crate) fn parse(word: &str, choices: Vec<Choice>) -> Option<Self> {
        Some(match word {
            "string" | "text" | "textfield" => Self::Text,
            "textarea" | "document" => Self::Document,
            "number" | "float" => Self::Number,
            "date" | "datepicker" => Self::Date,
            "datetime" => Self::Instant,
            "url" => Self::Url,
            "user" | "userpicker" => Self::User,
            "multi-user" | "multiuserpicker" => Self::Users,
            "group" | "grouppicker" => Self::Group,
            "multi-group" | "multigrouppicker" => Self::Groups,
            "labels" => Self::Labels,
            "option" | "select" | "radiobuttons" => Self::Option(choices),
            "array" | "multi-option" | "multiselect" | "multicheckboxes" => Self::Options(choices),
            "option-with-child" | "cascadingselect" => Self::Cascade(choices),
            "version" => Self::Version,
            "versions" | "multiversion" => Self::Versions,
            "components" => Self::Components,
            "sprint" => Self::Sprint,
            "team" => Self::Team,
            "any" => Self::Foreign("any".to_owned()),
            "priority" => Self::Priority,
            _ => return None,
        })
    }

    /// `schema.type`, `schema.items` and `schema.custom`.
    fn names(&self) -> (&str, Option<&'static str>, String) {
        let own = |name: &str| format!("{OWN}:{name}");
        match self {
            Self::Text => ("string", None, own("textfield")),
            Self::Document => ("string", None, own("textarea")),
            Self::Number => ("number", None, own("float")),
            Self::Date => ("date", None, own("datepicker")),
            Self::Instant => ("datetime", None, own("datetime")),
            Self::Url => ("string", None, own("url")),
            Self::User => ("user", None, own("userpicker")),
            Self::Users => ("array", Some("user"), own("multiuserpicker")),
            Self::Group => ("group", None, own("grouppicker")),
            Self::Groups => ("array", Some("group"), own("multigrouppicker")),
            Self::Labels => ("array", Some("string"), own("labels")),
            Self::Option(_) => ("option", None, own("select")),
            Self::Options(_) => ("array", Some("option"), own("multiselect")),
            Self::Cascade(_) => ("option-with-child", None, own("cascadingselect")),
            Self::Version => ("version", None, own("version")),
            Self::Versions => ("array", Some("version"), own("multiversion")),
            Self::Components => ("array", Some("component"), own("components")),
            // `items` is `json` in the cloud and `string` on servers.
            Self::Sprint => ("array", Some("json"), "com.pyxis.greenhopper.jira:gh-sprint".to_owned()),
            Self::Team => ("team", None, own("atlassian-team")),
            Self::Foreign(kind) => (kind, None, "com.example.app:field".to_owned()),
            Self::Priority => ("priority", None, own("priority")),
            Self::IssueType => ("issuetype", None, String::new()),
            Self::Project => ("project", None, String::new()),
            Self::Issue => ("issuelink", None, String::new()),
        }
    }

    fn operations(&self) -> Value {
        match self {
            Self::Labels
            | Self::Options(_)
            | Self::Users
            | Self::Groups
            | Self::Versions
            | Self::Components => json!(["add", "set", "remove"]),
            _ => json!(["set"]),
        }
    }

    /// The choices of a field that has some.
    pub(crate) fn choices(&self) -> Option<&[Choice]> {
        match self {
            Self::Option(choices) | Self::Options(choices) | Self::Cascade(choices) => Some(choices),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn choices_mut(&mut self) -> Option<&mut Vec<Choice>> {
        match self {
            Self::Option(choices) | Self::Options(choices) | Self::Cascade(choices) => Some(choices),
            _ => None,
        }
    }
}

impl Field {
    pub(crate) fn system(id: &str, name: &str, kind: FieldKind, required: bool) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        Self {
            id,
            name,
            kind,
            custom: None,
            required,
            has_default: false,
            default: None,
            issue_types: Vec::new(),
        }
    }

    pub(crate) fn applies_to(&self, issue_type: u64) -> bool {
        self.issue_types.is_empty() || self.issue_types.contains(&issue_type)
    }

    /// The number of a custom field.
    pub(crate) fn custom_id(&self) -> Option<u64> {
        self.id.strip_prefix("customfield_").and_then(|number| number.parse().ok())
    }

    pub(crate) fn schema(&self) -> Value {
        let (kind, items, custom) = self.kind.names();
        let mut schema = json!({ "type": kind });
        if let Some(items) = items {
            schema["items"] = json!(items);
        }
        if let Some(number) = self.custom_id() {
            schema["custom"] = match &self.custom {
                Some(name) if name.contains(':') => json!(name),
                Some(name) => json!(format!("{OWN}:{name}")),
                None => json!(custom),
            };
            schema["customId"] = json!(number);
        } else {
            schema["system"] = json!(self.id);
        }
        schema
    }

    /// As create metadata shows it.
    pub(crate) fn to_json(
        &self,
        project: &Project,
        types: &[vocabulary::IssueType],
        base: &str,
        locale: &str,
    ) -> Value {
        let mut field = json!({
            "required": self.required,
            "schema": self.schema(),
            "name": self.name,
            "key": self.id,
            "fieldId": self.id,
            "hasDefaultValue": self.has_default || self.default.is_some(),
            "operations": self.kind.operations(),
        });
        if let Some(allowed) = self.allowed_values(project, types, base, locale) {
            field["allowedValues"] = Value::Array(allowed);
        }
        if let Some(url) = self.completion(project, base) {
            field["autoCompleteUrl"] = json!(url);
        }
        if let Some(default) = self.default_value(base, locale) {
            field["defaultValue"] = default;
        }
        field
    }

    /// What can be chosen. A disabled choice and an archived version can not, and are not shown.
    fn allowed_values(
        &self,
        project: &Project,
        types: &[vocabulary::IssueType],
        base: &str,
        locale: &str,
    ) -> Option<Vec<Value>> {
        Some(match &self.kind {
            FieldKind::Option(choices) | FieldKind::Options(choices) | FieldKind::Cascade(choices) => {
                let offered = choices.iter().filter(|choice| !choice.disabled);
                offered.map(|choice| choice.to_json_with_children(base)).collect()
            }
            FieldKind::Priority => {
                vocabulary::PRIORITIES.map(|(id, ..)| vocabulary::priority_json(id, base, locale)).to_vec()
            }
            FieldKind::Project => vec![project.to_json(base)],
            FieldKind::IssueType => {
                let own = types.iter().filter(|kind| project.issue_types.contains(&kind.id));
                own.map(|kind| kind.to_json(base, locale)).collect()
            }
            FieldKind::Version | FieldKind::Versions => {
                let offered = project.versions.iter().filter(|version| !version.archived);
                offered.map(|version| version.to_json(project.id, base)).collect()
            }
            FieldKind::Components => {
                project.components.iter().map(|component| component.to_json(base)).collect()
            }
            _ => return None,
        })
    }

    /// Where a form asks while somebody types. The addresses are those of Jira's own forms; what they answer is not
    /// simulated.
    fn completion(&self, project: &Project, base: &str) -> Option<String> {
        let (id, number) = (&self.id, self.custom_id());
        Some(match (&self.kind, number) {
            (FieldKind::User, None) if id == "assignee" => {
                format!("{base}/rest/api/3/user/assignable/search?project={}&query=", project.key)
            }
            (FieldKind::User, None) => format!("{base}/rest/api/3/user/search?query="),
            (FieldKind::User | FieldKind::Users, Some(_)) => {
                format!("{base}/rest/api/1.0/users/picker?fieldName={id}&query=")
            }
            (FieldKind::Labels, None) => format!("{base}/rest/api/1.0/labels/suggest?query="),
            (FieldKind::Labels, Some(number)) => {
                format!("{base}/rest/api/1.0/labels/suggest?customFieldId={number}&query=")
            }
            _ => return None,
        })
    }

    fn default_value(&self, base: &str, locale: &str) -> Option<Value> {
        if self.kind == FieldKind::Priority && self.has_default && self.default.is_none() {
            return Some(vocabulary::priority_json(3, base, locale));
        }
        let default = self.default.clone()?;
        let Some(choices) = self.kind.choices() else { return Some(default) };
        let shown = |value: &Value| Choice::named(choices, value).map(|choice| choice.to_json(base));
        Some(match &default {
            Value::Array(values) => values.iter().filter_map(shown).collect(),
            value => shown(value).unwrap_or_default(),
        })
    }
}
