//! The one `request` function.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{GithubError, Kind};
use crate::clock::Clock;
use crate::http::{Method, Request, Response, Sender};
use crate::pull::Limit;
use crate::secret::Secret;

/// The API of github.com.
pub const GITHUB: &str = "https://api.github.com";

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The version of the API that this is written for.
///
/// Source: docs.github.com, "API Versions".
const VERSION: &str = "2022-11-28";

/// Calls GitHub as somebody.
#[derive(Clone)]
pub struct Client {
    sender: Arc<dyn Sender>,
    clock: Arc<dyn Clock>,
    api: String,
    authorization: Secret,
    limit: Arc<Mutex<Option<Limit>>>,
}

/// One call.
pub(super) struct Ask<'a> {
    /// What it is, for people.
    pub(super) what: &'a str,
    /// The method.
    pub(super) method: Method,
    /// The path, with its query.
    pub(super) path: String,
    /// The body.
    pub(super) body: Option<Value>,
}

impl<'a> Ask<'a> {
    pub(super) fn read(what: &'a str, path: String) -> Self {
        Self { what, method: Method::Get, path, body: None }
    }
}

impl Client {
    /// Calls the API at `api` with a bearer token: a person's, an installation's, or an app's own.
    pub fn new(sender: Arc<dyn Sender>, clock: Arc<dyn Clock>, api: &str, token: &Secret) -> Self {
        Self {
            sender,
            clock,
            api: api.trim_end_matches('/').to_owned(),
            authorization: Secret::new(format!("Bearer {}", token.expose())),
            limit: Arc::default(),
        }
    }

    /// How many calls GitHub allows yet, by its last answer.
    pub fn limit(&self) -> Option<Limit> {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Makes the call, once.
    ///
    /// Source: docs.github.com, "Getting started with the REST API" for the headers; a user agent is always sent.
    pub(super) async fn request<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, GithubError> {
        let request = Request {
            method: ask.method,
            url: format!("{}{}", self.api, ask.path),
            authorization: Some(self.authorization.clone()),
            headers: vec![
                ("accept", "application/vnd.github+json".to_owned()),
                ("x-github-api-version", VERSION.to_owned()),
            ],
            body: ask.body,
            timeout: TIMEOUT,
        };
        let answer =
            self.sender.send(request).await.map_err(|cause| GithubError::of_sending(ask.what, &cause))?;
        self.note_limit(&answer);
        if !(200..300).contains(&answer.status) {
            return Err(GithubError::of_answer(ask.what, &answer, self.now()));
        }
        let mut json = serde_json::Deserializer::from_slice(&answer.body);
        serde_path_to_error::deserialize(&mut json).map_err(|cause| {
            let why = format!("the answer makes no sense at {}", cause.path());
            let mend = "check that the API's address is GitHub's";
            GithubError::new(Kind::Malformed, ask.what, why, mend)
        })
    }

    fn note_limit(&self, answer: &Response) {
        let remaining = answer.header("x-ratelimit-remaining").and_then(|value| value.parse().ok());
        let resets_at = answer.header("x-ratelimit-reset").and_then(|value| value.parse().ok());
        let resets_at = resets_at.and_then(|at| Timestamp::from_second(at).ok());
        if let Some((remaining, resets_at)) = remaining.zip(resets_at) {
            let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
            *limit = Some(Limit { remaining, resets_at });
        }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
