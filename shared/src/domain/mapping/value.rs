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
