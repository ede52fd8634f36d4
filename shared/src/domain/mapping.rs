//! Field mappings: what a project configuration writes into each field of an issue.
//!
//! Reads findings; decides the values of fields, typed as Jira wants them; writes nothing. Next comes
//! [`crate::ticket::Content`], whose `fields` they become.

pub mod fill;
mod normal;
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
}

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
