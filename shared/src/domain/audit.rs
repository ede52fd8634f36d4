//! The audit log: who changed what, when, and what became of it.
//!
//! An entry is written before its change is begun, and is given its outcome when the change has ended. So there is no change
//! without an entry; an entry without an outcome is of a change that goes on, or whose process died: what it did is not known.
//!
//! An entry names things by their identifiers alone. What was sent is never in it, since that may hold secrets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{DIRECT, Role};
use crate::ids::{AuditId, SessionId, TenantId, TokenId, is_identifier};

/// How long an entry is kept, in seconds: 400 days, so that a whole year can be looked back at with a month to do it in.
pub const KEPT_FOR: i64 = 400 * 24 * 3600;

/// The most parameters that an entry keeps.
const MOST_PARAMETERS: usize = 10;

/// What stands in the place of a parameter that is no identifier, and may be anything that somebody pasted.
pub const NO_ID: &str = "(no id)";

/// How every API token begins. One that was pasted into a path looks like an identifier.
const TOKEN_BEGINNING: &str = "assay_";

/// Who made a change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Who {
    /// A token's id, or `iam`: direct invocation, which AWS lets only operators of the account do.
    pub by: String,
    /// What the token was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the token might do then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The session of the console that stood for the token; none where it was the token itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

impl Who {
    /// Whoever may invoke a function directly.
    pub fn direct() -> Self {
        Self { by: DIRECT.to_owned(), name: None, role: None, session: None }
    }

    /// Nobody whom we know.
    pub fn unknown() -> Self {
        Self { by: "unknown".to_owned(), ..Self::direct() }
    }

    /// Whoever holds a token.
    pub fn token(id: &TokenId, name: &str, role: Role) -> Self {
        Self { by: id.to_string(), name: Some(name.to_owned()), role: Some(role), session: None }
    }
}

/// A change that somebody is about to make.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Who makes it.
    pub who: Who,
    /// What it is: method and path with the names of its parameters, for example `POST /v1/connections/{id}/verify`, or what
    /// else it came by.
    pub what: String,
    /// The values of its parameters, by name.
    pub parameters: BTreeMap<String, String>,
    /// The identifier of the request in the function's log, where there is one.
    pub request: Option<String>,
}

impl Change {
    /// A change without parameters.
    pub fn new(who: Who, what: impl Into<String>) -> Self {
        Self { who, what: what.into(), parameters: BTreeMap::new(), request: None }
    }

    /// The same with a parameter. One that is no identifier is kept as [`NO_ID`]; the first of a name stays.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let is_safe = is_identifier(value) && !value.starts_with(TOKEN_BEGINNING);
        if self.parameters.len() < MOST_PARAMETERS && is_identifier(name) {
            let value = if is_safe { value } else { NO_ID };
            self.parameters.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        self
    }

    /// The same with the identifier of its request.
    #[must_use]
    pub fn of_request(mut self, request: Option<&str>) -> Self {
        self.request = request.filter(|request| is_identifier(request)).map(ToOwned::to_owned);
        self
    }
}

/// What became of a change, in a word.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was made, or asked for.
    Done,
    /// It was refused: by a rule, or by the state that things are in.
    Refused,
    /// It failed on its way; a part of it may have been done.
    Failed,
    /// Nothing was written down about its end: it goes on, or whatever carried it out died. It may have been done, whole or in
    /// part.
    Unknown,
}

/// How a change ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// In a word.
    pub verdict: Verdict,
    /// The HTTP status, where it was a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it was refused or failed, in a few fixed words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The identifier of what it made, where it made something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
}

impl Outcome {
    /// An outcome without a status.
    pub fn new(at: Timestamp, verdict: Verdict) -> Self {
        Self { at, verdict, status: None, problem: None, made: None }
    }

    /// The outcome of a request that was answered with this HTTP status.
    pub fn answered(at: Timestamp, status: u16) -> Self {
        let verdict = match status {
            ..400 => Verdict::Done,
            // Jira may have asked us to wait in the middle of it.
            429 | 500.. => Verdict::Failed,
            400..500 => Verdict::Refused,
        };
        Self { status: Some(status), ..Self::new(at, verdict) }
    }

    /// The same with what was made. What is no identifier is left out.
    #[must_use]
    pub fn making(mut self, made: Option<&str>) -> Self {
        self.made = made.filter(|made| is_identifier(made)).map(ToOwned::to_owned);
        self
    }

    /// The same with why it was refused or failed.
    #[must_use]
    pub fn because(mut self, problem: Option<&str>) -> Self {
        self.problem = problem.map(ToOwned::to_owned);
        self
    }
}

/// One entry.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// Whose log it is in.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: AuditId,
    /// When the change began.
    pub at: Timestamp,
    /// Who made it.
    #[serde(flatten)]
    pub who: Who,
    /// What it is, as [`Change::what`].
    pub what: String,
    /// As [`Change::parameters`].
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// As [`Change::request`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// What became of it; none until that is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl Entry {
    /// The entry of a change that begins.
    pub fn of(tenant: TenantId, id: AuditId, at: Timestamp, change: Change) -> Self {
        let Change { who, what, parameters, request } = change;
        Self { tenant, id, at, who, what, parameters, request, outcome: None }
    }

    /// What became of the change, in a word.
    pub fn verdict(&self) -> Verdict {
        self.outcome.as_ref().map_or(Verdict::Unknown, |outcome| outcome.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, NO_ID, Outcome, Verdict, Who};

    #[test]
    fn parameters_are_few_and_hold_identifiers_alone() {
        let mut change = Change::new(Who::direct(), "DELETE /v1/tokens/{id}");
        for (name, value) in [
            ("id", "assay_acme_abc_secret"),
            ("email", "anna@example.com"),
            ("long", &"x".repeat(129)),
            ("text", "any text"),
            ("account", "557058:9a8b-7c"),
        ] {
            change = change.with(name, value);
        }
        change = change.with("account", "another");
        let kept: Vec<&str> = change.parameters.values().map(String::as_str).collect();
        assert_eq!(kept, ["557058:9a8b-7c", NO_ID, NO_ID, NO_ID, NO_ID]);
        for number in 0..100 {
            change = change.with(&format!("more-{number}"), "x");
        }
        assert_eq!(change.parameters.len(), 10);
        assert_eq!(change.clone().of_request(Some("any text")).request, None);
        assert_eq!(change.of_request(Some("a-1")).request.unwrap(), "a-1");
    }

    #[test]
    fn a_status_says_whether_something_may_have_been_changed() {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        for (status, verdict) in [
            (200, Verdict::Done),
            (202, Verdict::Done),
            (403, Verdict::Refused),
            (409, Verdict::Refused),
            (429, Verdict::Failed),
            (500, Verdict::Failed),
            (503, Verdict::Failed),
        ] {
            assert_eq!(Outcome::answered(at, status).verdict, verdict, "{status}");
        }
        assert_eq!(Outcome::answered(at, 201).making(Some("two words")).made, None);
    }
}
