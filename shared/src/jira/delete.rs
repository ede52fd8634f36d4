//! Deleting an issue, which cannot be undone.

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::failure::{Failure, WAIT_FOR_OTHERS};
use crate::ids::IssueId;
use crate::trace::Call;

/// What became of deleting an issue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Deleted {
    /// It is deleted.
    Done(Call),
    /// It was deleted before, or is hidden from the account.
    Gone(Call),
    /// Jira refused it; the issue is there.
    Refused {
        /// Why, in Jira's words, and what to do about it.
        reason: String,
        /// The call.
        call: Call,
    },
    /// It was certainly not deleted, for a reason that passes or that lies with the connection.
    NotYet {
        /// Why.
        why: String,
        /// How many seconds to wait.
        wait: i64,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
    /// Nobody knows whether it is deleted; reading the issue shows it.
    InDoubt {
        /// Why.
        why: String,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
}

impl Client {
    /// Deletes the issue. One call, never repeated. Subtasks are never deleted with it.
    ///
    /// Source: specification of `deleteIssue`: 204; 400 if it has subtasks; 403 without the permission Delete issues.
    pub async fn delete_issue(&self, id: &IssueId) -> Deleted {
        let path = format!("/rest/api/3/issue/{}", segment(id.as_str()));
        let error = match self.request(Ask::remove("delete the issue", path)).await {
            Ok(answer) => return Deleted::Done(answer.call),
            Err(error) => error,
        };
        match self.sort_failure(error).await {
            Failure::Gone(call) => Deleted::Gone(call),
            Failure::Conflict(call) => Deleted::NotYet {
                why: "the issue is being changed at the same time (status 409)".to_owned(),
                wait: WAIT_FOR_OTHERS,
                call: Some(call),
            },
            Failure::Refused { reason, call, .. } => {
                let reason = format!("{reason}; {}", advice(call.status));
                Deleted::Refused { reason, call }
            }
            Failure::NotYet { why, wait, call } => Deleted::NotYet { why, wait, call },
            Failure::InDoubt { why, call } => Deleted::InDoubt { why, call },
        }
    }
}

/// What to do about a refusal, in a sentence.
fn advice(status: Option<u16>) -> &'static str {
    match status {
        Some(400) => {
            "if the issue has subtasks, it is not deleted with them: delete the subtasks or move them to another issue \
             in Jira, then try again"
        }
        Some(403) => {
            "the connection's account lacks the permission Delete issues in the issue's project: an administrator \
             grants it in the project's settings under Permissions or Access (often it is not given on purpose; the \
             issue can be closed instead)"
        }
        _ => "change what Jira names and try again",
    }
}

#[cfg(test)]
#[path = "delete_tests.rs"]
mod tests;
