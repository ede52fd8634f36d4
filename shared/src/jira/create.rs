//! Creating the issues of tickets, many in one call, each answered for itself.
//!
//! Reads tickets' contents; decides for each whether it exists now, was refused, was certainly not created, or may or
//! may not exist; writes issues in Jira, each with its ticket's property and our label in the same call. Next comes
//! [`crate::ticket::Ticket`], which records what was learned. Nothing is sent again unless Jira refused it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Deserialize;
use serde_json::Value;

use super::adf;
use super::answer;
use super::ask::Ask;
use super::client::Client;
use super::error::{Effect, JiraError, Kind};
use super::fields;
use super::http::Method;
use crate::ids::{IssueId, IssueTypeId, ProjectId, TicketId};
use crate::ticket::content::one_line;
use crate::ticket::{Content, Issue, LABEL, PROPERTY};
use crate::trace::Call;

/// How many issues one call may create.
///
/// Source: specification of `createIssues`.
pub const ISSUES_A_CALL: usize = 50;

/// The longest summary and the longest label, in characters.
const LONGEST_WORDS: usize = 255;

/// Fields without which a ticket is still worth having, if nothing else is said of them.
const OPTIONAL_FIELDS: [&str; 4] = ["assignee", "duedate", "parent", "priority"];

/// An issue that is to be created.
#[derive(Clone, Copy, Debug)]
pub struct NewIssue<'a> {
    /// The ticket that it is for.
    pub ticket: &'a TicketId,
    /// What is written into it.
    pub content: &'a Content,
    /// Optional fields that are left out because Jira refused them before.
    pub left_out: &'a [String],
}

/// Whether a ticket is still worth having without a field: a mapping says so of those that it fills.
pub fn is_optional(content: &Content, field: &str) -> bool {
    content.fields.get(field).map_or(OPTIONAL_FIELDS.contains(&field), |mapped| !mapped.required)
}

/// An element of a call, and what it is made of.
struct Element<'a> {
    sent: Value,
    /// None where a person asked for each field, so that none is left out.
    content: Option<&'a Content>,
}

/// What became of one create.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Created {
    /// The issue exists.
    Issue {
        /// Which one.
        issue: Issue,
        /// The call that made it.
        call: Call,
    },
    /// Jira refused it; it does not exist.
    Refused {
        /// Why, in Jira's words.
        reason: String,
        /// The optional fields that alone are to blame, so that it can be created without them; empty if others are.
        optional_fields: Vec<String>,
        /// The call.
        call: Call,
    },
    /// It was certainly not created, and for a reason that passes or that lies with the connection.
    Postponed {
        /// Why.
        why: String,
        /// How many seconds to wait.
        wait: i64,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
    /// Nobody knows whether it exists; it must be looked for.
    InDoubt {
        /// Why.
        why: String,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
}

impl Client {
    /// Creates the issues, 50 in a call, and tells what became of each, in the order given.
    ///
    /// Source: specification of `createIssues`, `CreatedIssues`, `BulkOperationErrorResult`.
    pub async fn create_issues(
        &self,
        project: &ProjectId,
        issue_type: &IssueTypeId,
        new: &[NewIssue<'_>],
    ) -> Vec<Created> {
        let element = |new| Element { sent: payload(project, issue_type, new), content: Some(new.content) };
        let elements: Vec<Element<'_>> = new.iter().map(element).collect();
        let mut waiting: VecDeque<&[Element<'_>]> = elements.chunks(ISSUES_A_CALL).collect();
        let mut created = Vec::with_capacity(new.len());
        while let Some(sent) = waiting.pop_front() {
            match self.create_in_one_call(sent).await {
                Ok(outcomes) => created.extend(outcomes),
                // Jira refused the call without saying which element it is about: the others must not suffer for it.
                Err(error) if sent.len() > 1 && matches!(error.kind, Kind::Refused { .. }) => {
                    let (first, second) = sent.split_at(sent.len() / 2);
                    waiting.push_front(second);
                    waiting.push_front(first);
                }
                Err(error) => created.extend(after_failure(&error, sent)),
            }
        }
        created
    }

    /// Creates the one issue that `sent` describes. One call, never made again.
    pub(super) async fn create_one(&self, sent: Value) -> Created {
        let sent = [Element { sent, content: None }];
        let mut outcomes = match self.create_in_one_call(&sent).await {
            Ok(outcomes) => outcomes,
            Err(error) => after_failure(&error, &sent),
        };
        let nothing = || Created::InDoubt { why: "Jira's answer names no issue".to_owned(), call: None };
        outcomes.pop().unwrap_or_else(nothing)
    }

    async fn create_in_one_call(&self, sent: &[Element<'_>]) -> Result<Vec<Created>, JiraError> {
        let updates: Vec<&Value> = sent.iter().map(|element| &element.sent).collect();
        let body = serde_json::json!({ "issueUpdates": updates });
        let ask = Ask::write("create the issues", Method::Post, "/rest/api/3/issue/bulk", body);
        // 400 has the shape of a success when it is about the elements.
        let answer = self.request(ask.taking(400)).await?;
        let in_doubt = |why: String| {
            let call = Some(answer.call.clone());
            vec![Created::InDoubt { why, call }; sent.len()]
        };
        match answer.decode::<Body>() {
            Ok(body) if body.is_of_elements() => {
                Ok(in_order(body, &answer.call, sent).unwrap_or_else(|| {
                    in_doubt("Jira's answer does not say what became of each issue".to_owned())
                }))
            }
            _ if answer.is_refusal() => Err(answer.refusal(self.now())),
            Ok(_) => Ok(in_doubt("Jira's answer names no issue".to_owned())),
            Err(error) => Ok(in_doubt(error.to_string())),
        }
    }
}

/// What is sent to create one issue, as it stands in the call: fields and properties.
pub fn payload(project: &ProjectId, issue_type: &IssueTypeId, new: &NewIssue<'_>) -> Value {
    let content = new.content;
    let mut fields = serde_json::json!({
        "project": { "id": project },
        "issuetype": { "id": issue_type },
        "summary": written_summary(&content.title),
        "description": adf::document(&content.body),
        "labels": labels(&content.labels),
    });
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|_| !new.left_out.iter().any(|field| field == name)) {
            fields[name] = value;
        }
    };
    add("assignee", content.assignee.as_ref().map(|account| serde_json::json!({ "id": account })));
    add("duedate", content.due_on.map(|day| serde_json::json!(day.to_string())));
    add("parent", content.epic.as_ref().map(|epic| serde_json::json!({ "id": epic })));
    for (id, mapped) in &content.fields {
        add(id, Some(fields::written(&mapped.value)));
    }
    serde_json::json!({
        "fields": fields,
        "properties": [{ "key": PROPERTY, "value": { "id": new.ticket } }],
    })
}

/// `title` as it is written into an issue: one line of at most 255 characters that is not empty.
pub fn written_summary(title: &str) -> String {
    let summary = one_line(title, LONGEST_WORDS);
    if summary.is_empty() { "(no title)".to_owned() } else { summary }
}

/// `label` as it is written into an issue: no spaces, no control characters, at most 255 characters. May be empty, and
/// is not written then.
pub fn written_label(label: &str) -> String {
    one_line(label, LONGEST_WORDS).replace(|character: char| character.is_whitespace(), "-")
}

/// Our label and the others, fit for Jira, each once.
pub(super) fn labels(others: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    std::iter::once(LABEL)
        .chain(others.iter().map(String::as_str))
        .map(written_label)
        .filter(|label| !label.is_empty() && seen.insert(label.clone()))
        .collect()
}

/// Source: specification of `CreatedIssues`; 201 when at least one was created, 400 with the same shape when none was.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    issues: Vec<NewBean>,
    #[serde(default)]
    errors: Vec<Failure>,
}

impl Body {
    fn is_of_elements(&self) -> bool {
        !self.issues.is_empty() || !self.errors.is_empty()
    }
}

#[derive(Deserialize)]
struct NewBean {
    id: IssueId,
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    failed_element_number: usize,
    status: Option<u16>,
    element_errors: Option<Complaint>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    error_messages: Vec<String>,
    #[serde(default)]
    errors: BTreeMap<String, String>,
}

/// What became of each element; none if the answer does not add up. The created ones come in the order in which they
/// were sent, without those that failed.
fn in_order(body: Body, call: &Call, sent: &[Element<'_>]) -> Option<Vec<Created>> {
    let mut failures = BTreeMap::new();
    for failure in body.errors {
        let number = failure.failed_element_number;
        let is_new = number < sent.len() && failures.insert(number, failure).is_none();
        if !is_new {
            return None;
        }
    }
    if body.issues.len() + failures.len() != sent.len() {
        return None;
    }
    let ids: BTreeSet<&IssueId> = body.issues.iter().map(|issue| &issue.id).collect();
    if ids.len() != body.issues.len() {
        return None;
    }
    let mut issues = body.issues.into_iter();
    sent.iter()
        .enumerate()
        .map(|(number, element)| match failures.remove(&number) {
            Some(failure) => Some(failed_element(failure, element, call)),
            None => issues.next().map(|bean| Created::Issue {
                issue: Issue { id: bean.id, key: bean.key },
                call: call.clone(),
            }),
        })
        .collect()
}

fn failed_element(failure: Failure, element: &Element<'_>, call: &Call) -> Created {
    let complaint = failure.element_errors.unwrap_or_default();
    let fields: BTreeMap<String, String> =
        complaint.errors.iter().map(|(field, said)| (answer::tidy(field), answer::tidy(said))).collect();
    let messages: Vec<String> = complaint.error_messages.iter().map(|said| answer::tidy(said)).collect();
    let words = answer::in_words(&fields, &messages);
    match failure.status {
        Some(status @ (408 | 499 | 500..)) => Created::InDoubt {
            why: format!("Jira failed while it created the issue (status {status})"),
            call: Some(call.clone()),
        },
        Some(429) => Created::Postponed {
            why: "Jira limits how fast issues are created".to_owned(),
            wait: 60,
            call: Some(call.clone()),
        },
        _ => Created::Refused {
            reason: words.unwrap_or_else(|| "Jira did not say why".to_owned()),
            optional_fields: to_blame(&fields, &messages, element),
            call: call.clone(),
        },
    }
}

/// The fields that Jira complains about, if all of them are optional, were sent, and it complains about nothing else.
fn to_blame(fields: &BTreeMap<String, String>, messages: &[String], element: &Element<'_>) -> Vec<String> {
    let sent = element.sent["fields"].as_object();
    let can_go = |field: &String| {
        element.content.is_some_and(|content| is_optional(content, field))
            && sent.is_some_and(|sent| sent.contains_key(field))
    };
    let named = messages.iter().map(|said| sent?.keys().find(|field| names(said, field)));
    let named: Option<BTreeSet<&String>> = named.collect();
    match named {
        Some(named) if named.iter().all(|field| can_go(field)) && fields.keys().all(can_go) => {
            let blamed: BTreeSet<&String> = named.into_iter().chain(fields.keys()).collect();
            blamed.into_iter().cloned().collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// Whether a message is about a field.
///
/// Source: the 400 example of `createIssue`: "Field 'priority' is required" stands among the messages.
pub(super) fn names(said: &str, field: &str) -> bool {
    said.contains(&format!("'{field}'"))
}

/// What a failed call means for each of the elements that were `sent`.
fn after_failure(error: &JiraError, sent: &[Element<'_>]) -> Vec<Created> {
    let why = error.to_string();
    let call = error.call.status.is_some().then(|| error.call.clone());
    let outcome = |element: &Element<'_>| match (&error.kind, error.effect()) {
        (_, Effect::Unknown) => Created::InDoubt { why: why.clone(), call: call.clone() },
        (Kind::Refused { fields, messages, .. }, _) => Created::Refused {
            reason: why.clone(),
            optional_fields: to_blame(fields, messages, element),
            call: error.call.clone(),
        },
        (Kind::Forbidden | Kind::NotFound, _) => {
            Created::Refused { reason: why.clone(), optional_fields: Vec::new(), call: error.call.clone() }
        }
        _ => Created::Postponed { why: why.clone(), wait: error.wait(), call: call.clone() },
    };
    sent.iter().map(outcome).collect()
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
