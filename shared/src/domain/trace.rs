//! The trace of a ticket: who or what changed what, when, why, and with which call to Jira.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A call to Jira, as far as the trace tells it: never a body.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Call {
    /// The HTTP method.
    pub method: String,
    /// The path without query and host.
    pub path: String,
    /// The answer's status; none when no answer came.
    pub status: Option<u16>,
}

/// One line of a ticket's trace.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Entry {
    /// When it happened.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who or what did it: `planner`, `worker`, `comparison`, `webhook`, or a token's id.
    pub actor: String,
    /// What happened, in a sentence.
    pub what: String,
    /// Why, in a sentence.
    pub why: String,
    /// The call to Jira that did it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
}

impl Entry {
    /// An entry without a call.
    pub fn new(at: Timestamp, actor: &str, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at, actor: actor.to_owned(), what: what.into(), why: why.into(), call: None }
    }

    /// Adds the call.
    #[must_use]
    pub fn with(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }
}
