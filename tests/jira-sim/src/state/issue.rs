//! One issue with its history, comments and properties.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

/// An issue. Its key is made from its project's key and its number, so a renamed project renames its issues.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "`issue type` is Jira's word, and `type` is a keyword")]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) project: u64,
    pub(crate) number: u64,
    pub(crate) issue_type: u64,
    pub(crate) summary: String,
    pub(crate) description: Option<Value>,
    pub(crate) status: u64,
    pub(crate) priority: Option<u8>,
    pub(crate) resolution: Option<u64>,
    pub(crate) assignee: Option<String>,
    pub(crate) reporter: String,
    pub(crate) creator: String,
    pub(crate) labels: Vec<String>,
    pub(crate) parent: Option<u64>,
    pub(crate) properties: BTreeMap<String, Value>,
    /// Custom fields, and system fields that have no rule of their own.
    pub(crate) fields: BTreeMap<String, Value>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) status_changed: Timestamp,
    pub(crate) resolved: Option<Timestamp>,
    pub(crate) history: Vec<Change>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) worklogs: Vec<Worklog>,
    pub(crate) remote_links: Vec<RemoteLink>,
    pub(crate) archived: Option<Archived>,
}

/// When an issue was archived, and by whom. It can be read by id, and is found and written by nobody.
#[derive(Debug, Clone)]
pub(crate) struct Archived {
    pub(crate) at: Timestamp,
    pub(crate) by: String,
}

/// One entry of the changelog: what one person changed at one time.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) created: Timestamp,
    pub(crate) items: Vec<ChangeItem>,
}

/// One field of a changelog entry.
#[derive(Debug, Clone)]
pub(crate) struct ChangeItem {
    pub(crate) field: String,
    /// Often missing in Jira.
    pub(crate) field_id: Option<String>,
    /// (machine value, words); texts have no machine value, which is an empty text here and null in Jira.
    pub(crate) from: Option<(String, String)>,
    pub(crate) to: Option<(String, String)>,
}

impl ChangeItem {
    /// A change of `field`, each side as (machine value, words).
    pub(crate) fn new(field: &str, from: Option<(String, String)>, to: Option<(String, String)>) -> Self {
        Self { field: field.to_owned(), field_id: Some(field.to_owned()), from, to }
    }

    /// As the changelog shows it; the field's id can be left out, as Jira often does.
    pub(crate) fn to_json(&self, with_field_id: bool) -> Value {
        let custom = self.field_id.as_ref().is_some_and(|id| id.starts_with("customfield_"));
        let mut item = json!({ "field": self.field, "fieldtype": if custom { "custom" } else { "jira" } });
        if let Some(field_id) = self.field_id.as_ref().filter(|_| with_field_id) {
            item["fieldId"] = json!(field_id);
        }
        // No label at all is an empty text in Atlassian's example.
        let nothing = if self.field == "labels" { json!("") } else { Value::Null };
        for (side, words, value) in [("from", "fromString", &self.from), ("to", "toString", &self.to)] {
            let machine = value.as_ref().map(|(machine, _)| machine).filter(|machine| !machine.is_empty());
            item[side] = json!(machine);
            item[words] = value.as_ref().map_or_else(|| nothing.clone(), |(_, text)| json!(text));
        }
        item
    }
}

/// A comment; changes to it are not in the changelog.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: Value,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) update_author: String,
    /// The group or project role to which it is restricted: Jira's `Visibility`.
    pub(crate) visibility: Option<Value>,
    pub(crate) public: bool,
    /// Entity properties that came with it.
    pub(crate) properties: BTreeMap<String, Value>,
}

/// A link to something outside of Jira.
#[derive(Debug, Clone)]
pub(crate) struct RemoteLink {
    pub(crate) id: u64,
    /// The key under which the other system finds it again, at most once in an issue.
    pub(crate) global_id: Option<String>,
    /// `application`, `object` and `relationship` as they were given.
    pub(crate) told: Value,
}

/// Time that somebody worked; changes to it are not in the changelog here.
#[derive(Debug, Clone)]
pub(crate) struct Worklog {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) update_author: String,
    pub(crate) comment: Option<Value>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) started: Timestamp,
    pub(crate) seconds: u64,
    /// The group or project role to which it is restricted.
    pub(crate) visibility: Option<Value>,
}
