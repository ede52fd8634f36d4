//! Honesty: every call and answer compared with Atlassian's own `OpenAPI` document.
//!
//! The document is not part of this project. Without it nothing is compared, and the report says so. What the
//! document says is not always what Jira does: `tolerated` lists those differences, each with its reason.

mod document;
mod tolerated;
mod translate;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    call::{Answer, Body, Incoming, Query},
    operation::{Api, Described},
};
use document::Document;

const WHERE_PUBLISHED: &str = "Atlassian publishes it at https://developer.atlassian.com/cloud/jira/platform/swagger-v3.v3.json; name the \
     folder that holds it as jira-platform-v3.json in JIRA_OPENAPI_DIR";
const MOST_PROBLEM_CHARACTERS: usize = 400;

/// A call or an answer that is not as the document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// `operationId`, or method and path of an unknown operation.
    pub operation: String,
    /// `request` or `answer`.
    pub side: String,
    /// The status of the answer; 0 if a fault was played.
    pub status: u16,
    /// Where in the body or query, and what is wrong there.
    pub problem: String,
}

/// The document, if there is one, and what was found.
#[derive(Debug)]
pub(crate) struct Checker {
    document: Result<Arc<Document>, String>,
    /// That of the administration of organisations; nothing of it is compared without.
    organisation: Option<Arc<Document>>,
    /// That of managed accounts, likewise.
    users: Option<Arc<Document>>,
    found: Mutex<Vec<Violation>>,
    checked: AtomicU64,
}

impl Checker {
    pub(crate) fn load(folder: Option<&Path>) -> Self {
        let document = match folder {
            None => Err(format!("JIRA_OPENAPI_DIR is not set. {WHERE_PUBLISHED}")),
            Some(folder) => Document::load(&folder.join("jira-platform-v3.json"), "/rest/api/3")
                .map_err(|problem| format!("{problem}. {WHERE_PUBLISHED}")),
        };
        let organisation =
            folder.and_then(|folder| Document::load(&folder.join("admin-organization.json"), "").ok());
        let users =
            folder.and_then(|folder| Document::load(&folder.join("admin-user-management.json"), "").ok());
        Self { document, organisation, users, found: Mutex::default(), checked: AtomicU64::new(0) }
    }

    pub(crate) fn forget(&self) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.checked.store(0, Ordering::Relaxed);
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn report(&self) -> Value {
        let openapi = match &self.document {
            Ok(_) => "checked".to_owned(),
            Err(reason) => format!("not checked: {reason}"),
        };
        let checked = self.checked.load(Ordering::Relaxed);
        json!({ "violations": self.violations(), "checked": checked, "openapi": openapi })
    }

    /// Compares one call and its answer, unless a fault spoiled that; `operation` is `None` when the simulator knows no
    /// such operation.
    pub(crate) fn check(&self, incoming: &Incoming, operation: Option<Described>, answer: Option<&Answer>) {
        let status = answer.map_or(0, |answer| answer.status);
        let document = match operation.map(|operation| operation.api) {
            Some(Api::Organisation) => self.organisation.as_ref(),
            Some(Api::UserManagement) => self.users.as_ref(),
            _ => self.document.as_ref().ok(),
        };
        let Some(document) = document else { return };
        self.checked.fetch_add(1, Ordering::Relaxed);
        let Some(operation) = operation else {
            let name = format!("{} {}", incoming.method, incoming.path);
            return self.add(&name, "request", status, "the simulator knows no such operation");
        };
        if operation.api == Api::Undescribed {
            return;
        }
        let Some(described) = document.operation(operation) else {
            return self.add(operation.id, "request", status, "the document knows no such operation");
        };
        for problem in document.query_problems(described, &Query::parse(incoming.query.as_deref())) {
            self.add(operation.id, "request", status, &problem);
        }
        for problem in document.request_problems(operation, described, &incoming.body) {
            self.add(operation.id, "request", status, &problem);
        }
        let Some(answer) = answer else { return };
        for problem in answer_problems(document, operation, described, answer) {
            self.add(operation.id, "answer", status, &problem);
        }
    }

    fn add(&self, operation: &str, side: &str, status: u16, problem: &str) {
        let violation = Violation {
            operation: operation.to_owned(),
            side: side.to_owned(),
            status,
            problem: problem.chars().take(MOST_PROBLEM_CHARACTERS).collect(),
        };
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push(violation);
    }
}

fn answer_problems(
    document: &Document,
    operation: Described,
    described: &Value,
    answer: &Answer,
) -> Vec<String> {
    let status = answer.status.to_string();
    let response = &described["responses"][status.as_str()];
    if response.is_null() && !tolerated::status(answer.status) {
        return vec![format!("the document has no status {status} here")];
    }
    let Body::Json(body) = &answer.body else { return Vec::new() };
    if answer.status >= 400 && body.get("code").is_some() && body.get("message").is_some() {
        // The gateway's own errors, which Jira's document does not know.
        return Vec::new();
    }
    let schema = &response["content"]["application/json"]["schema"];
    if !schema.is_null() {
        return document.body_problems(operation, &format!("{status} answer"), schema, body);
    }
    if answer.status >= 400 && operation.api == Api::Jira {
        let errors = json!({ "$ref": "#/components/schemas/ErrorCollection" });
        return document.body_problems(operation, "error answer", &errors, body);
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::PathBuf};

    use super::*;
    use crate::operation::OPERATIONS;

    fn scopes(described: &Value, state: &str) -> BTreeSet<String> {
        let lists = described["x-atlassian-oauth2-scopes"].as_array().into_iter().flatten();
        let list = lists.filter(|list| list["state"] == state).filter_map(|list| list["scopes"].as_array());
        list.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Needs the document; without it there is nothing to compare with.
    #[test]
    fn paths_scopes_and_anonymous_access_of_every_operation_are_atlassians() {
        let Some(folder) = std::env::var_os("JIRA_OPENAPI_DIR").map(PathBuf::from) else {
            eprintln!("not compared: JIRA_OPENAPI_DIR is not set. {WHERE_PUBLISHED}");
            return;
        };
        let document = Document::load(&folder.join("jira-platform-v3.json"), "/rest/api/3").unwrap();
        for operation in OPERATIONS.iter().filter(|operation| !operation.path.starts_with("/rest/")) {
            let described = document.operation(operation.described()).expect(operation.id);
            let own =
                |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<BTreeSet<String>>();
            assert_eq!(own(operation.classic), scopes(described, "Current"), "{}", operation.id);
            assert_eq!(own(operation.granular), scopes(described, "Beta"), "{}", operation.id);
            let anonymous = described["security"].as_array().unwrap().contains(&json!({}));
            assert_eq!(operation.anonymous, anonymous, "{}", operation.id);
        }
    }
}
