//! Field mappings: what a project configuration writes into each field of an issue.
//!
//! Reads findings; decides the values of fields, typed as Jira wants them; writes nothing. Next comes
//! [`crate::ticket::Content`], whose `fields` they become.

mod builtin;
pub mod check;
pub mod convert;
pub mod facts;
pub mod fill;
mod normal;
pub mod sample;
pub mod screen;
pub mod settle;
pub mod suggest;
pub mod template;
pub mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use value::{FieldKind, FieldValue};

/// A value that is written into a field.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mapped {
    /// The value.
    pub value: FieldValue,
    /// Whether Jira takes no issue without it; else it may be left out when Jira refuses it.
    pub required: bool,
}

/// Something that Assay knows of a finding, or of the findings of one ticket.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AssayField {
    /// The title.
    Title,
    /// What it is.
    Description,
    /// How to fix it.
    Fix,
    /// The severity; of several findings the worst.
    Severity,
    /// The CVSS base score; of several findings the highest.
    Score,
    /// The scanner's name.
    Source,
    /// The scanner's rule.
    Rule,
    /// The advisory.
    Advisory,
    /// The asset.
    Asset,
    /// Path and line.
    Location,
    /// The package's name.
    Package,
    /// The package's version.
    PackageVersion,
    /// The first version without the vulnerability.
    FixedIn,
    /// The first link.
    Link,
    /// When it was first reported; of several findings the first.
    FirstSeenAt,
    /// When it was last reported; of several findings the last.
    LastSeenAt,
    /// The day by which it should be done; of several findings the first.
    DueOn,
    /// How many findings the ticket is about.
    Count,
    /// Assay's id of the finding.
    Id,
}

impl AssayField {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Title,
        Self::Description,
        Self::Fix,
        Self::Severity,
        Self::Score,
        Self::Source,
        Self::Rule,
        Self::Advisory,
        Self::Asset,
        Self::Location,
        Self::Package,
        Self::PackageVersion,
        Self::FixedIn,
        Self::Link,
        Self::FirstSeenAt,
        Self::LastSeenAt,
        Self::DueOn,
        Self::Count,
        Self::Id,
    ];

    /// Its word, as templates and mappings name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Fix => "fix",
            Self::Severity => "severity",
            Self::Score => "score",
            Self::Source => "source",
            Self::Rule => "rule",
            Self::Advisory => "advisory",
            Self::Asset => "asset",
            Self::Location => "location",
            Self::Package => "package",
            Self::PackageVersion => "package_version",
            Self::FixedIn => "fixed_in",
            Self::Link => "link",
            Self::FirstSeenAt => "first_seen_at",
            Self::LastSeenAt => "last_seen_at",
            Self::DueOn => "due_on",
            Self::Count => "count",
            Self::Id => "id",
        }
    }

    /// Whether every finding has it.
    pub fn is_always_there(self) -> bool {
        match self {
            Self::Title
            | Self::Severity
            | Self::Source
            | Self::Asset
            | Self::FirstSeenAt
            | Self::LastSeenAt
            | Self::DueOn
            | Self::Count
            | Self::Id => true,
            Self::Description
            | Self::Fix
            | Self::Score
            | Self::Rule
            | Self::Advisory
            | Self::Location
            | Self::Package
            | Self::PackageVersion
            | Self::FixedIn
            | Self::Link => false,
        }
    }
}

/// Where a field's value comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// One of Jira's own values, always the same.
    Jira {
        /// The value.
        value: FieldValue,
    },
    /// What Assay knows.
    Assay {
        /// Which of it.
        field: AssayField,
        /// What stands for each of its words (for severities `critical`, `high`, `medium`, `low`, `info`); empty where it is
        /// written as it is. The word `*` stands for all others.
        #[serde(default)]
        values: BTreeMap<String, FieldValue>,
    },
    /// What a person typed: text in which `{{finding.title}}` and the like stand for what Assay knows.
    Typed {
        /// The text.
        text: String,
    },
}

/// What is written into one field.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct FieldRule {
    /// Jira's id of the field, for example `priority` or `customfield_10042`.
    pub field: String,
    /// The field's name when the configuration was saved, for people.
    pub name: String,
    /// What values it takes, as Jira said when the configuration was saved.
    pub kind: FieldKind,
    /// Whether Jira takes no issue without it, as it said then.
    pub required: bool,
    /// Where the value comes from.
    pub source: Source,
    /// What the field's values are called: of those that the rule names, and of all that typed text may name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: Known,
}

/// The names of a field's values by their ids, the present one first and then those that they had before. The id of one below
/// another is `1>2`.
pub type Known = BTreeMap<String, Vec<String>>;

/// What is written into the fields of an issue. The fields `summary` and `description` may be among them; else the
/// built-in templates are used.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Mapping {
    /// Each field at most once.
    pub rules: Vec<FieldRule>,
}

impl Mapping {
    /// What a field was called when the mapping was saved; none if the mapping does not have it.
    pub fn name_of(&self, field: &str) -> Option<&str> {
        self.rules.iter().find(|rule| rule.field == field).map(|rule| rule.name.as_str())
    }
}
