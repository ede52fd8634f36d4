//! One call as it is asked for, and the answer to it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::answer;
use super::error::JiraError;
use super::http::{Method, Response};
use super::retry::Repeat;
use crate::trace::Call;

/// One call, before it is made.
pub(super) struct Ask {
    /// The method.
    pub(super) method: Method,
    /// The path from `/rest` on.
    pub(super) path: String,
    /// The query with its question mark, or nothing.
    pub(super) query: String,
    /// The JSON body.
    pub(super) body: Option<serde_json::Value>,
    /// Whether it may be made again.
    pub(super) repeat: Repeat,
    /// Completes "could not …".
    pub(super) what: &'static str,
    /// When it must be done, if before the client must.
    pub(super) deadline: Option<Timestamp>,
    /// A status that is no success and whose body is wanted all the same.
    pub(super) taken: Option<u16>,
    /// The whole address of a call to Atlassian rather than to the site.
    pub(super) elsewhere: Option<String>,
}

impl Ask {
    /// A call that reads. `path` begins at `/rest`, `what` completes "could not …".
    pub(super) fn read(what: &'static str, path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            method: Method::Get,
            path,
            query: String::new(),
            body: None,
            repeat: Repeat::Safe,
            what,
            deadline: None,
            taken: None,
            elsewhere: None,
        }
    }

    /// A call that reads although its method is POST, because its question does not fit into a URL.
    pub(super) fn query(what: &'static str, path: impl Into<String>, body: serde_json::Value) -> Self {
        Self { method: Method::Post, body: Some(body), ..Self::read(what, path) }
    }

    /// A call that changes something.
    pub(super) fn write(
        what: &'static str,
        method: Method,
        path: impl Into<String>,
        body: serde_json::Value,
    ) -> Self {
        Self { method, body: Some(body), repeat: Repeat::Unsafe, ..Self::read(what, path) }
    }

    /// A call that removes something.
    pub(super) fn remove(what: &'static str, path: impl Into<String>) -> Self {
        Self { method: Method::Delete, repeat: Repeat::Unsafe, ..Self::read(what, path) }
    }

    /// Adds a query.
    pub(super) fn with(mut self, pairs: &[(&str, &str)]) -> Self {
        self.query = super::addresses::query(pairs);
        self
    }

    /// Must be done by `deadline`, even if the client has longer.
    pub(super) fn by(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Takes an answer with this status too, for its body.
    pub(super) fn taking(mut self, status: u16) -> Self {
        self.taken = Some(status);
        self
    }

    /// Asks Atlassian at this address rather than the site. What it answers, or does not, says nothing about the site
    /// and the connection's account there, and may be nothing.
    pub(super) fn at(mut self, address: String) -> Self {
        self.elsewhere = Some(address);
        self
    }

    /// The whole address, for a site whose addresses begin with `base`.
    pub(super) fn url(&self, base: &str) -> String {
        self.elsewhere.clone().unwrap_or_else(|| format!("{base}{}{}", self.path, self.query))
    }

    /// Whether an answer without a body is one.
    pub(super) fn may_be_empty(&self) -> bool {
        self.repeat == Repeat::Unsafe || self.elsewhere.is_some()
    }

    /// The call, before an answer came.
    pub(super) fn call(&self) -> Call {
        Call { method: self.method.as_str().to_owned(), path: self.path.clone(), status: None }
    }
}

/// An answer that means success, or has a status that was asked for with [`Ask::taking`].
pub(super) struct Answer {
    /// Those headers that [`super::http::HEADERS`] names.
    pub(super) headers: BTreeMap<&'static str, String>,
    /// Its body.
    pub(super) body: Vec<u8>,
    /// The call.
    pub(super) call: Call,
    /// Completes "could not …".
    pub(super) what: &'static str,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn decode<'de, T: serde::Deserialize<'de>>(&'de self) -> Result<T, JiraError> {
        answer::decode(&self.body, &self.call, self.what)
    }

    /// Whether its status means that the call was refused.
    pub(super) fn is_refusal(&self) -> bool {
        self.call.status.is_some_and(|status| (400..500).contains(&status))
    }

    /// The error that its status means.
    pub(super) fn refusal(self, now: Timestamp) -> JiraError {
        let status = self.call.status.unwrap_or_default();
        let response = Response { status, headers: self.headers, body: self.body };
        match answer::sort(response, &self.call, self.what, now) {
            Ok(_) => JiraError::malformed(self.call, self.what, "$", "it is no refusal"),
            Err(error) => error,
        }
    }

    /// The error that the body makes no sense at `path`.
    pub(super) fn malformed(&self, path: &str, why: &str) -> JiraError {
        JiraError::malformed(self.call.clone(), self.what, path, why)
    }
}
