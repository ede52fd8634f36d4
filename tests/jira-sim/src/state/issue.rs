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
    pub(crate) from: Option<(String, String)>,
    pub(crate) to: Option<(String, String)>,
}

impl ChangeItem {
    /// A change of `field`, each side as (machine value, words).
    pub(crate) fn new(field: &str, from: Option<(String, String)>, to: Option<(String, String)>) -> Self {
        Self { field: field.to_owned(), field_id: Some(field.to_owned()), from, to }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut item = json!({ "field": self.field, "fieldtype": "jira" });
        if let Some(field_id) = &self.field_id {
            item["fieldId"] = json!(field_id);
            if field_id.starts_with("customfield_") {
                item["fieldtype"] = json!("custom");
            }
        }
        for (side, words, value) in [("from", "fromString", &self.from), ("to", "toString", &self.to)] {
            item[side] = json!(value.as_ref().map(|(machine, _)| machine));
            item[words] = json!(value.as_ref().map(|(_, text)| text));
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
    /// The group to which it is restricted.
    pub(crate) visibility: Option<Value>,
    pub(crate) public: bool,
}
