//! What fields of an issue take, free of Jira's JSON.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, IssueId};

/// What values a field takes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// One line of text.
    Line,
    /// Text of any length with paragraphs.
    Paragraphs,
    /// A web address.
    Url,
    /// A number.
    Number,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// One of a list.
    Option,
    /// Some of a list.
    Options,
    /// One of a list, and one of the list that belongs to it.
    Cascading,
    /// An account.
    User,
    /// Accounts.
    Users,
    /// A group.
    Group,
    /// Groups.
    Groups,
    /// A priority.
    Priority,
    /// A version of the project.
    Version,
    /// Versions of the project.
    Versions,
    /// Components of the project.
    Components,
    /// Labels.
    Labels,
    /// The issue above it.
    Parent,
    /// A sprint.
    Sprint,
    /// Something that Assay cannot write.
    Unknown {
        /// What Jira calls it.
        name: String,
    },
}

/// A value of a field.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum FieldValue {
    /// One line of text, also a web address.
    Line(String),
    /// Paragraphs, each a text without line breaks.
    Paragraphs(Vec<String>),
    /// A number.
    #[schema(value_type = f64)]
    Number(serde_json::Number),
    /// A day.
    #[schema(value_type = String)]
    Date(Date),
    /// A moment.
    #[schema(value_type = String)]
    DateTime(Timestamp),
    /// The id of an option.
    Option(String),
    /// Ids of options.
    Options(BTreeSet<String>),
    /// The id of an option, and the id of one below it.
    Cascading {
        /// The option.
        option: String,
        /// The one below it.
        below: Option<String>,
    },
    /// An account.
    User(AccountId),
    /// Accounts.
    Users(BTreeSet<AccountId>),
    /// The id of a group.
    Group(String),
    /// Ids of groups.
    Groups(BTreeSet<String>),
    /// The id of a priority.
    Priority(String),
    /// The id of a version.
    Version(String),
    /// Ids of versions.
    Versions(BTreeSet<String>),
    /// Ids of components.
    Components(BTreeSet<String>),
    /// Labels.
    Labels(BTreeSet<String>),
    /// An issue.
    Parent(IssueId),
    /// The id of a sprint.
    Sprint(u64),
}

/// How many values a field takes at once, at most, of those that take some.
pub const MOST_VALUES: usize = 100;

impl FieldKind {
    /// What a field of this kind takes, for people; completes "takes …".
    pub fn words(&self) -> String {
        let words = match self {
            Self::Line => "one line of text",
            Self::Paragraphs => "text",
            Self::Url => "a web address",
            Self::Number => "a number",
            Self::Date => "a day",
            Self::DateTime => "a moment",
            Self::Option => "one of a list",
            Self::Options => "some of a list",
            Self::Cascading => "one of a list and one below it",
            Self::User => "an account",
            Self::Users => "accounts",
            Self::Group => "a group",
            Self::Groups => "groups",
            Self::Priority => "a priority",
            Self::Version => "a version",
            Self::Versions => "versions",
            Self::Components => "components",
            Self::Labels => "labels",
            Self::Parent => "an issue above it",
            Self::Sprint => "a sprint",
            Self::Unknown { name } => {
                return format!("values of Jira's kind {name}, which Assay cannot write");
            }
        };
        words.to_owned()
    }

    /// Whether a field of this kind takes what Jira has a list of for the project.
    pub fn has_choices(&self) -> bool {
        match self {
            Self::Option
            | Self::Options
            | Self::Cascading
            | Self::Priority
            | Self::Version
            | Self::Versions
            | Self::Components => true,
            Self::Line
            | Self::Paragraphs
            | Self::Url
            | Self::Number
            | Self::Date
            | Self::DateTime
            | Self::User
            | Self::Users
            | Self::Group
            | Self::Groups
            | Self::Labels
            | Self::Parent
            | Self::Sprint
            | Self::Unknown { .. } => false,
        }
    }

    /// Whether the value is one of this kind.
    pub fn takes(&self, value: &FieldValue) -> bool {
        match value {
            FieldValue::Line(_) => matches!(self, Self::Line | Self::Url),
            FieldValue::Paragraphs(_) => *self == Self::Paragraphs,
            FieldValue::Number(_) => *self == Self::Number,
            FieldValue::Date(_) => *self == Self::Date,
            FieldValue::DateTime(_) => *self == Self::DateTime,
            FieldValue::Option(_) => *self == Self::Option,
            FieldValue::Options(_) => *self == Self::Options,
            FieldValue::Cascading { .. } => *self == Self::Cascading,
            FieldValue::User(_) => *self == Self::User,
            FieldValue::Users(_) => *self == Self::Users,
            FieldValue::Group(_) => *self == Self::Group,
            FieldValue::Groups(_) => *self == Self::Groups,
            FieldValue::Priority(_) => *self == Self::Priority,
            FieldValue::Version(_) => *self == Self::Version,
            FieldValue::Versions(_) => *self == Self::Versions,
            FieldValue::Components(_) => *self == Self::Components,
            FieldValue::Labels(_) => *self == Self::Labels,
            FieldValue::Parent(_) => *self == Self::Parent,
            FieldValue::Sprint(_) => *self == Self::Sprint,
        }
    }
}

impl FieldValue {
    /// The ids of what Jira has a list of for the project; for one below another `1>2`.
    pub fn chosen(&self) -> Vec<String> {
        match self {
            Self::Option(id) | Self::Priority(id) | Self::Version(id) => vec![id.clone()],
            Self::Options(ids) | Self::Versions(ids) | Self::Components(ids) => ids.iter().cloned().collect(),
            Self::Cascading { option, below: None } => vec![option.clone()],
            Self::Cascading { option, below: Some(below) } => vec![format!("{option}>{below}")],
            Self::Line(_)
            | Self::Paragraphs(_)
            | Self::Number(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::User(_)
            | Self::Users(_)
            | Self::Group(_)
            | Self::Groups(_)
            | Self::Labels(_)
            | Self::Parent(_)
            | Self::Sprint(_) => Vec::new(),
        }
    }

    /// What is wrong with a value that a person chose, whatever the field: nothing, or what to do. Completes "the value …".
    pub fn complaint(&self) -> Option<String> {
        let is_id = |id: &str| (1..=128).contains(&id.chars().count()) && !id.chars().any(char::is_control);
        let are_ids =
            |ids: &BTreeSet<String>| (1..=MOST_VALUES).contains(&ids.len()) && ids.iter().all(|id| is_id(id));
        let (fits, rule) = match self {
            Self::Line(text) => (
                (1..=LONGEST_LINE).contains(&text.chars().count()) && !text.chars().any(char::is_control),
                "must be 1 to 255 characters in one line",
            ),
            Self::Paragraphs(texts) => (
                !texts.is_empty()
                    && texts.iter().all(|text| !text.chars().any(char::is_control))
                    && texts.iter().map(|text| text.chars().count() + 70).sum::<usize>() <= LONGEST_TEXT,
                "must be paragraphs without line breaks of at most 28000 characters together",
            ),
            Self::Option(id) | Self::Group(id) | Self::Priority(id) | Self::Version(id) => {
                (is_id(id), "must be an id of 1 to 128 characters")
            }
            Self::Cascading { option, below } => {
                let is_plain = |id: &str| is_id(id) && !id.contains('>');
                (
                    is_plain(option) && below.as_deref().is_none_or(is_plain),
                    "must be ids of 1 to 128 characters",
                )
            }
            Self::Options(ids) | Self::Groups(ids) | Self::Versions(ids) | Self::Components(ids) => {
                (are_ids(ids), "must be 1 to 100 ids of 1 to 128 characters")
            }
            Self::Users(accounts) => {
                ((1..=MOST_VALUES).contains(&accounts.len()), "must be 1 to 100 accounts")
            }
            Self::Labels(labels) => (
                (1..=20).contains(&labels.len()) && labels.iter().all(|label| is_label(label)),
                "must be 1 to 20 labels of 1 to 255 characters without spaces",
            ),
            Self::Number(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::User(_)
            | Self::Parent(_)
            | Self::Sprint(_) => (true, ""),
        };
        (!fits).then(|| rule.to_owned())
    }
}

/// The longest text of one line, in characters.
///
/// Source: jira-facts 9, "Summary ≤255 characters"; text fields of one line are stored in the same way.
pub const LONGEST_LINE: usize = 255;

/// The longest text of paragraphs, in characters as its document is counted here.
///
/// Source: jira-facts 9: a text field holds 32,767 characters, how its document is counted is not documented, "cut at
/// ~28,000".
pub const LONGEST_TEXT: usize = 28_000;

/// Whether Jira takes the text as a label.
fn is_label(label: &str) -> bool {
    let length = label.chars().count();
    (1..=255).contains(&length) && !label.chars().any(|it| it.is_whitespace() || it.is_control())
}
