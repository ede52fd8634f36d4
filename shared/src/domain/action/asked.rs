//! What is asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Step;
use crate::account::Grant;
use crate::ids::{ActionId, IssueId, IssueTypeId};
use crate::{Error, Result};

/// The longest title of an issue, in characters.
///
/// Source: jira-facts 9, "Summary ≤255 characters and one line".
const LONGEST_SUMMARY: usize = 255;

/// The longest description, in characters: below what one text field of Jira takes as a document.
const LONGEST_DESCRIPTION: usize = 20_000;

/// How many labels an issue gets, at most, and the longest of them in characters.
const MOST_LABELS: usize = 20;
const LONGEST_LABEL: usize = 255;

/// How many further fields an issue gets, at most.
const MOST_FIELDS: usize = 50;

/// The longest further fields, as JSON in bytes.
const LONGEST_FIELDS: usize = 16 * 1024;

/// The longest key or id of a project or an issue, in characters.
const LONGEST_KEY: usize = 64;

/// Fields that have a name of their own in what is asked for.
const NAMED_FIELDS: [&str; 5] = ["description", "issuetype", "labels", "project", "summary"];

/// How an account is kept out without being removed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deactivation {
    /// Its access to the organisation's products is suspended. Any account of the directory.
    #[default]
    Suspend,
    /// Its Atlassian account is deactivated, everywhere. Accounts only that the organisation manages.
    Deactivate,
}

/// An issue that is to be created.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NewIssue {
    /// The project, by key or id.
    pub project: String,
    /// Its type.
    pub issue_type: IssueTypeId,
    /// Its title: one line.
    pub summary: String,
    /// Its description as plain text; an empty line parts paragraphs.
    pub description: Option<String>,
    /// Labels beside `assay`.
    pub labels: BTreeSet<String>,
    /// Further fields by their ids, as Jira takes them. Kept as text, so that they are sent as they came.
    #[serde(with = "as_text")]
    pub fields: Map<String, Value>,
}

/// What is asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// The access is to go; a product goes by leaving every group that gives it.
    Remove {
        /// The access.
        grant: Grant,
    },
    /// The access is to come: a group or a role.
    Add {
        /// The access.
        grant: Grant,
    },
    /// The account is to go from the organisation's directory.
    RemoveUser {},
    /// The account is to be kept out, until that is undone.
    DeactivateUser {
        /// How.
        how: Deactivation,
    },
    /// An issue is to be created.
    CreateIssue {
        /// Which one.
        issue: Box<NewIssue>,
    },
    /// An issue is to be deleted.
    DeleteIssue {
        /// Its key or id.
        issue: String,
    },
    /// What another action did is to be undone.
    Undo {
        /// The action.
        of: ActionId,
        /// Its steps, turned round.
        steps: Vec<Step>,
    },
}

impl Asked {
    /// Its word: what kind of action it is.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Remove { .. } => "remove",
            Self::Add { .. } => "add",
            Self::RemoveUser {} => "remove_user",
            Self::DeactivateUser { .. } => "deactivate_user",
            Self::CreateIssue { .. } => "create_issue",
            Self::DeleteIssue { .. } => "delete_issue",
            Self::Undo { .. } => "undo",
        }
    }

    /// Refuses what is too long or makes no sense whatever Jira holds.
    ///
    /// # Errors
    /// `Invalid`, with the field to blame.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::CreateIssue { issue } => issue.check(),
            Self::DeleteIssue { issue } => check_name("issue", issue),
            Self::Remove { .. }
            | Self::Add { .. }
            | Self::RemoveUser {}
            | Self::DeactivateUser { .. }
            | Self::Undo { .. } => Ok(()),
        }
    }

    /// What undoes it where its steps cannot be turned round, in a sentence. `issue` is the key of the issue that it
    /// created.
    pub(super) fn advice_on_undoing(&self, issue: Option<&str>) -> String {
        match self {
            Self::RemoveUser {} => {
                "an account that was removed from the directory does not come back by itself: invite the person again in Atlassian Administration, then give the groups back".to_owned()
            }
            Self::DeleteIssue { .. } => "Jira does not bring back an issue that was deleted".to_owned(),
            Self::CreateIssue { .. } => match issue {
                Some(key) => format!(
                    "an issue that was created goes by deleting it: `POST /v1/actions` with \"what\": \"delete_issue\", \"issue\": \"{key}\""
                ),
                None => "no issue of it is known".to_owned(),
            },
            Self::Remove { .. } | Self::Add { .. } | Self::DeactivateUser { .. } | Self::Undo { .. } => {
                "it changed nothing that can be undone".to_owned()
            }
        }
    }
}

impl NewIssue {
    fn check(&self) -> Result<()> {
        check_name("project", &self.project)?;
        let summary = self.summary.trim();
        if summary.is_empty() || too_long(summary, LONGEST_SUMMARY) || summary.chars().any(char::is_control) {
            let message = format!("summary must be one line of 1 to {LONGEST_SUMMARY} characters");
            return Err(Error::invalid("summary", message));
        }
        let is_text =
            |text: &str| !text.chars().any(|one| one.is_control() && !matches!(one, '\n' | '\r' | '\t'));
        let fits = |text: &String| !too_long(text, LONGEST_DESCRIPTION) && is_text(text);
        if !self.description.as_ref().is_none_or(fits) {
            let message =
                format!("description must be plain text of at most {LONGEST_DESCRIPTION} characters");
            return Err(Error::invalid("description", message));
        }
        let is_label = |label: &String| {
            !label.is_empty()
                && !too_long(label, LONGEST_LABEL)
                && !label.chars().any(|one| one.is_whitespace() || one.is_control())
        };
        if self.labels.len() > MOST_LABELS || !self.labels.iter().all(is_label) {
            let message = format!(
                "labels must be at most {MOST_LABELS}, each 1 to {LONGEST_LABEL} characters without spaces"
            );
            return Err(Error::invalid("labels", message));
        }
        self.check_fields()
    }

    fn check_fields(&self) -> Result<()> {
        let invalid = |message: String| Err(Error::invalid("fields", message));
        if let Some(name) = NAMED_FIELDS.iter().find(|name| self.fields.contains_key(**name)) {
            return invalid(format!("fields must not hold {name}, which has a member of its own"));
        }
        let is_id = |id: &String| {
            (1..=LONGEST_KEY).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        };
        if self.fields.len() > MOST_FIELDS || !self.fields.keys().all(is_id) {
            return invalid(format!(
                "fields must be at most {MOST_FIELDS}, named by Jira's ids, for example customfield_10010"
            ));
        }
        let length = serde_json::to_string(&self.fields).map_or(usize::MAX, |text| text.len());
        if length > LONGEST_FIELDS {
            return invalid(format!("fields must be at most {LONGEST_FIELDS} bytes of JSON"));
        }
        Ok(())
    }

    /// Whether the field with this id is given.
    pub fn gives(&self, field: &str) -> bool {
        match field {
            "project" | "issuetype" | "summary" | "labels" => true,
            "description" => self.description.as_ref().is_some_and(|text| !text.trim().is_empty()),
            other => self.fields.get(other).is_some_and(|value| !value.is_null()),
        }
    }
}

fn too_long(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

/// Takes a key or an id, which stands in a path: letters, digits, `-` and `_`.
fn check_name(field: &str, name: &str) -> Result<()> {
    let fits = name.len() <= LONGEST_KEY
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits && IssueId::parse(name).is_ok() {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{field} must be a key, for example SEC-1 or SEC, or an id")))
}

/// Fields as text within a record: a table's numbers are not JSON's.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::{Map, Value};

    pub(super) fn serialize<S: Serializer>(fields: &Map<String, Value>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&serde_json::to_string(fields).map_err(serde::ser::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Map<String, Value>, D::Error> {
        let text = String::deserialize(from)?;
        serde_json::from_str(&text).map_err(serde::de::Error::custom)
    }
}
