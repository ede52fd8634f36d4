//! Changing the fields of an issue that are kept in step, all in one call.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::addresses::segment;
use super::adf;
use super::ask::Ask;
use super::client::Client;
use super::create::{names, written_label, written_summary};
use super::failure::Failure;
use super::fields;
use super::http::Method;
use crate::ids::{AccountId, IssueId};
use crate::mapping::FieldValue;
use crate::ticket::Block;
use crate::trace::Call;

/// What is to be changed; what is none or empty stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FieldChanges {
    /// The new title; made one line of at most 255 characters.
    pub summary: Option<String>,
    /// The new description.
    pub description: Option<Vec<Block>>,
    /// The new assignee; the inner none takes it from everybody.
    pub assignee: Option<Option<AccountId>>,
    /// The new due day; the inner none removes it.
    pub due_on: Option<Option<Date>>,
    /// Labels that it gets beside those that it has; spaces in them become `-`.
    pub labels_add: BTreeSet<String>,
    /// Labels that it loses, if it has them and does not get them.
    pub labels_remove: BTreeSet<String>,
    /// The new parent; the inner none removes it.
    pub parent: Option<Option<IssueId>>,
    /// The new values of further fields, by Jira's ids of them.
    pub fields: BTreeMap<String, FieldValue>,
}

impl FieldChanges {
    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The body of the call. A field is never in both of its halves.
    ///
    /// Source: specification of `editIssue` and `IssueUpdateDetails`; the parent is removed by
    /// `update.parent.set.none`; labels that are not named stay.
    fn body(&self) -> (Map<String, Value>, Map<String, Value>) {
        let further = self.fields.iter().map(|(id, value)| (id.clone(), fields::written(value)));
        let mut fields: Map<String, Value> = further.collect();
        let mut update = Map::new();
        if let Some(summary) = &self.summary {
            fields.insert("summary".to_owned(), json!(written_summary(summary)));
        }
        if let Some(blocks) = &self.description {
            fields.insert("description".to_owned(), adf::document(blocks));
        }
        if let Some(assignee) = &self.assignee {
            let value = assignee.as_ref().map(|account| json!({ "id": account }));
            fields.insert("assignee".to_owned(), json!(value));
        }
        if let Some(due_on) = &self.due_on {
            fields.insert("duedate".to_owned(), json!(due_on.map(|day| day.to_string())));
        }
        match &self.parent {
            Some(Some(parent)) => drop(fields.insert("parent".to_owned(), json!({ "id": parent }))),
            Some(None) => drop(update.insert("parent".to_owned(), json!([{ "set": { "none": true } }]))),
            None => {}
        }
        let added: BTreeSet<String> = self.labels_add.iter().map(|label| written_label(label)).collect();
        let removed = self.labels_remove.difference(&added);
        let labels: Vec<Value> = added
            .iter()
            .filter(|label| !label.is_empty())
            .map(|label| json!({ "add": label }))
            .chain(removed.map(|label| json!({ "remove": label })))
            .collect();
        if !labels.is_empty() {
            update.insert("labels".to_owned(), json!(labels));
        }
        (fields, update)
    }
}

/// What became of an edit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Edited {
    /// All of it is done. The call has no status if there was nothing to change, and none was made.
    Done(Call),
    /// Somebody else changed the issue at the same time (409); nothing was done. Read it again.
    Conflict(Call),
    /// Jira refused it; nothing was done.
    Refused {
        /// Why, in Jira's words.
        reason: String,
        /// Jira's ids of the fields that it blames and that were sent: `summary`, `description`, `assignee`, `duedate`,
        /// `labels`, `parent` and further ones. Empty if it blames something else alone.
        fields: Vec<String>,
        /// The call.
        call: Call,
    },
    /// The issue was deleted, or is hidden from the account.
    Gone(Call),
    /// Nothing was done, for a reason that passes or that lies with the connection.
    NotYet {
        /// Why.
        why: String,
        /// How many seconds to wait.
        wait: i64,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
    /// Nobody knows whether it was done; reading the issue shows it.
    InDoubt {
        /// Why.
        why: String,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
}

impl Client {
    /// Changes the issue. One call, never repeated; all of it is done or nothing.
    ///
    /// Source: specification of `editIssue`: 204, 400 names the fields, 409 for a conflicting update.
    pub async fn edit_issue(&self, id: &IssueId, changes: &FieldChanges) -> Edited {
        let path = format!("/rest/api/3/issue/{}", segment(id.as_str()));
        let (fields, update) = changes.body();
        let sent: BTreeSet<String> = fields.keys().chain(update.keys()).cloned().collect();
        let mut body = Map::new();
        if !fields.is_empty() {
            body.insert("fields".to_owned(), Value::Object(fields));
        }
        if !update.is_empty() {
            body.insert("update".to_owned(), Value::Object(update));
        }
        let ask = Ask::write("change the issue", Method::Put, path, Value::Object(body));
        if sent.is_empty() {
            return Edited::Done(ask.call());
        }
        let error = match self.request(ask).await {
            Ok(answer) => return Edited::Done(answer.call),
            Err(error) => error,
        };
        match self.sort_failure(error).await {
            Failure::Conflict(call) => Edited::Conflict(call),
            Failure::Gone(call) => Edited::Gone(call),
            Failure::Refused { reason, fields, messages, call } => {
                let is_blamed = |field: &&String| {
                    fields.contains_key(*field) || messages.iter().any(|said| names(said, field))
                };
                Edited::Refused { reason, fields: sent.iter().filter(is_blamed).cloned().collect(), call }
            }
            Failure::NotYet { why, wait, call } => Edited::NotYet { why, wait, call },
            Failure::InDoubt { why, call } => Edited::InDoubt { why, call },
        }
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
