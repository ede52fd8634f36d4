//! The issues of actions: created with a property that names the action, looked for by it, looked at before a delete.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::addresses::segment;
use super::adf;
use super::ask::Ask;
use super::client::Client;
use super::create::{Created, labels, written_summary};
use super::error::{JiraError, Kind};
use super::issue::StatusBean;
use super::jql::Jql;
use super::search::{Pages, created, ticket_in};
use crate::action::{IssueFacts, NewIssue, PROPERTY};
use crate::clock::after;
use crate::ids::{ActionId, IssueId, ProjectId};
use crate::ticket::{self, Block, Issue, LABEL, Span};

/// How long before a lost create its issue is looked for, in seconds: two clocks are compared, and an earlier create of
/// the same action may have been shown late.
const LOOKED_BEFORE: i64 = 3600;

/// An issue that somebody wants deleted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToDelete {
    /// What a person should know of it.
    pub facts: IssueFacts,
    /// Its project.
    pub project: ProjectId,
}

impl Client {
    /// Creates an action's issue in a project, with the action's property and our label in the same call. One call, never
    /// made again.
    ///
    /// Source: specification of `createIssues`, whose answers are those that [`Created`] knows.
    pub async fn create_issue_of(&self, action: &ActionId, project: &ProjectId, new: &NewIssue) -> Created {
        self.create_one(payload(action, project, new)).await
    }

    /// The issues of the project that carry the action's property, oldest first. `told_at` is when Jira was told to create
    /// one.
    ///
    /// As for [`Self::find_tickets`]: the label is searched for and the property compared; the index lags, so that what is
    /// not found may exist all the same; and whoever answers is confirmed to be the connection's account.
    pub async fn issues_of(
        &self,
        action: &ActionId,
        project: &ProjectId,
        told_at: Timestamp,
    ) -> Result<Vec<Issue>, JiraError> {
        let since = after(told_at, -LOOKED_BEFORE);
        let jql = Jql::new().projects([project]).label(LABEL).created_from(since);
        let what = "look for the action's issue";
        let mut pages = Pages::new(self, what, jql.ordered(), &["created"], &[PROPERTY]);
        let mut found: Vec<(Timestamp, Issue)> = Vec::new();
        let mut is_broken = false;
        loop {
            let mut take = |raw: &RawValue| match carrier(raw, action) {
                Ok(Some(issue)) => found.push(issue),
                Ok(None) => {}
                Err(()) => is_broken = true,
            };
            let page = pages.next(&mut take).await?;
            let Some(page) = page else { break };
            if is_broken {
                return Err(JiraError::malformed(
                    page.call,
                    what,
                    "issues",
                    "the action's issue makes no sense",
                ));
            }
        }
        self.confirm_caller().await?;
        found.sort_by(|one, other| (one.0, &one.1.id).cmp(&(other.0, &other.1.id)));
        found.dedup_by(|one, other| one.1.id == other.1.id);
        Ok(found.into_iter().map(|(_, issue)| issue).collect())
    }

    /// An issue that somebody wants deleted, by key or id; none where there is none that the account sees, which is
    /// believed only when Jira answers as the connection's account. One call.
    ///
    /// Source: specification of `getIssue`.
    pub async fn issue_to_delete(&self, key_or_id: &str) -> Result<Option<ToDelete>, JiraError> {
        let path = format!("/rest/api/3/issue/{}", segment(key_or_id));
        let fields = "comment,project,status,subtasks,summary";
        let pairs = [("fields", fields), ("properties", ticket::PROPERTY), ("failFast", "true")];
        match self.request(Ask::read("read the issue", path).with(&pairs)).await {
            Ok(answer) => {
                let bean: Bean = answer.decode()?;
                self.spend(1);
                Ok(Some(bean.read()))
            }
            Err(error) if error.kind == Kind::NotFound => {
                self.confirm_caller().await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// What is sent to create the issue.
fn payload(action: &ActionId, project: &ProjectId, new: &NewIssue) -> Value {
    let mut fields = new.fields.clone();
    fields.insert("project".to_owned(), json!({ "id": project }));
    fields.insert("issuetype".to_owned(), json!({ "id": new.issue_type }));
    fields.insert("summary".to_owned(), json!(written_summary(&new.summary)));
    let others: Vec<String> = new.labels.iter().cloned().collect();
    fields.insert("labels".to_owned(), json!(labels(&others)));
    if let Some(text) = new.description.as_deref().filter(|text| !text.trim().is_empty()) {
        fields.insert("description".to_owned(), adf::document(&paragraphs(text)));
    }
    json!({ "fields": fields, "properties": [{ "key": PROPERTY, "value": { "id": action } }] })
}

/// Plain text as paragraphs, which empty lines part.
fn paragraphs(text: &str) -> Vec<Block> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut blocks, mut lines) = (Vec::new(), Vec::new());
    for line in text.lines().chain([""]) {
        if !line.trim().is_empty() {
            lines.push(line.trim_end());
        } else if !lines.is_empty() {
            blocks.push(Block::Paragraph(vec![Span::Text(lines.join("\n"))]));
            lines.clear();
        }
    }
    blocks
}

/// The issue in `raw` and when it was created, if it carries the action's property.
fn carrier(raw: &RawValue, action: &ActionId) -> Result<Option<(Timestamp, Issue)>, ()> {
    #[derive(Deserialize)]
    struct Carrier {
        #[serde(default)]
        properties: BTreeMap<String, Value>,
    }
    let Ok(carrier) = serde_json::from_str::<Carrier>(raw.get()) else { return Ok(None) };
    let id = carrier.properties.get(PROPERTY).and_then(|property| property.get("id")?.as_str());
    if id != Some(action.as_str()) {
        return Ok(None);
    }
    created(raw).map(Some).map_err(|_| ())
}

/// Source: specification of `IssueBean`.
#[derive(Deserialize)]
struct Bean {
    id: IssueId,
    key: String,
    fields: Fields,
    #[serde(default)]
    properties: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Fields {
    comment: Option<Comments>,
    project: Reference<ProjectId>,
    status: StatusBean,
    #[serde(default)]
    subtasks: Vec<Keyed>,
    summary: String,
}

#[derive(Deserialize)]
struct Comments {
    total: u64,
}

#[derive(Deserialize)]
struct Reference<T> {
    id: T,
}

#[derive(Deserialize)]
struct Keyed {
    key: String,
}

impl Bean {
    fn read(self) -> ToDelete {
        let fields = self.fields;
        let facts = IssueFacts {
            id: self.id,
            key: self.key,
            title: fields.summary,
            status: fields.status.name,
            comments: fields.comment.map_or(0, |comments| comments.total),
            subtasks: fields.subtasks.into_iter().map(|subtask| subtask.key).collect(),
            ticket: self.properties.get(ticket::PROPERTY).and_then(ticket_in),
        };
        ToDelete { facts, project: fields.project.id }
    }
}

#[cfg(test)]
#[path = "action_issue_tests.rs"]
mod tests;
