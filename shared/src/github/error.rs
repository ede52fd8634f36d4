//! What a call to GitHub came to, if it failed.

use crate::Error;
use crate::clock::seconds_between;
use crate::error::Kind as ErrorKind;
use crate::http::{Response, SendError};
use jiff::Timestamp;

/// How many seconds to wait when GitHub does not say how long.
///
/// Source: docs.github.com, "Rate limits for the REST API": "wait for at least one minute".
const A_MINUTE: i64 = 60;

/// The longest wait that is believed, in seconds: limits are reset within the hour.
const LONGEST_WAIT: i64 = 3900;

/// How long people need to mend something, in seconds.
const FOR_PEOPLE: i64 = 3600;

/// How many characters of GitHub's own words are told.
const LONGEST_MESSAGE: usize = 200;

/// Why a call failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The token or the app's key is not accepted (401).
    Unauthorised,
    /// The token or the app lacks a permission (403).
    Forbidden,
    /// It is not there, or hidden from the token or the app (404), or gone (410).
    NotFound,
    /// Too many calls.
    Limited {
        /// Whether it is a secondary limit: too many calls at once, or too much of one kind.
        is_secondary: bool,
        /// Seconds to wait.
        wait: i64,
    },
    /// GitHub does not take what was sent.
    Refused {
        /// The status.
        status: u16,
    },
    /// GitHub cannot answer now (5xx); a write may have had its effect.
    Unavailable,
    /// Nothing was sent.
    NotSent,
    /// No whole answer came; a write may have had its effect.
    InDoubt,
    /// The answer is not what it should be; a write may have had its effect.
    Malformed,
    /// GitHub answered with another address: a repository was renamed, or the API's address is wrong.
    Redirected,
    /// Our own set-up does not allow the call.
    Unusable,
}

/// A call that failed: what was tried, why it failed, and how to mend it. Nothing that was sent is in it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("could not {what}: {why}; {mend}")]
pub struct GithubError {
    /// Why, for programs.
    pub kind: Kind,
    /// What was tried.
    pub what: String,
    /// Why, for people.
    pub why: String,
    /// How to mend it.
    pub mend: String,
}

impl GithubError {
    /// A failure of `what`.
    pub(super) fn new(kind: Kind, what: &str, why: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { kind, what: what.to_owned(), why: why.into(), mend: mend.into() }
    }

    /// No answer came.
    pub(super) fn of_sending(what: &str, cause: &SendError) -> Self {
        let mend =
            "it is tried again by itself; if it goes on, check the API's address and GitHub's status page";
        match cause {
            SendError::NotSent { detail } => Self::new(Kind::NotSent, what, detail.as_str(), mend),
            SendError::InDoubt { detail, .. } => Self::new(Kind::InDoubt, what, detail.as_str(), mend),
            SendError::TooLarge { .. } => Self::new(Kind::Malformed, what, "the answer is too long", mend),
        }
    }

    /// GitHub refused.
    ///
    /// Source: docs.github.com, "Rate limits for the REST API" (403 or 429, the headers `x-ratelimit-remaining`,
    /// `x-ratelimit-reset` in UTC epoch seconds and `retry-after`) and "Troubleshooting the REST API" (404 instead of 403
    /// where a thing is private; "Resource not accessible by integration", "… by personal access token").
    pub(super) fn of_answer(what: &str, answer: &Response, now: Timestamp) -> Self {
        let said = message(answer);
        let number = |name: &str| answer.header(name).and_then(|value| value.parse::<i64>().ok());
        let status = answer.status;
        if matches!(status, 403 | 429) {
            let reset = number("x-ratelimit-reset").and_then(|at| Timestamp::from_second(at).ok());
            let until_reset = reset.map(|at| seconds_between(now, at) + 1);
            let used_up = number("x-ratelimit-remaining") == Some(0);
            let is_secondary = said.to_lowercase().contains("secondary rate limit");
            let wait = match number("retry-after") {
                Some(seconds) => Some(seconds),
                None if is_secondary => Some(A_MINUTE),
                None if used_up => Some(until_reset.unwrap_or(A_MINUTE)),
                None if status == 429 => Some(A_MINUTE),
                None => None,
            };
            if let Some(wait) = wait {
                let wait = wait.clamp(1, LONGEST_WAIT);
                let is_secondary = is_secondary || !used_up;
                let why = format!("GitHub's rate limit is used up for {wait} seconds (status {status})");
                let mend = "it is tried again by itself when the limit allows it";
                return Self::new(Kind::Limited { is_secondary, wait }, what, why, mend);
            }
        }
        let why = if said.is_empty() {
            format!("GitHub answered with status {status}")
        } else {
            format!("GitHub answered with status {status}: {said}")
        };
        let (kind, mend) = match status {
            401 => (
                Kind::Unauthorised,
                "enter a token that is valid, or the app's id and private key, with `PUT /v1/github`",
            ),
            403 if said.contains("Resource not accessible") => (
                Kind::Forbidden,
                "give the app or the token read and write access to Pull requests in this repository, and approve it in \
                 GitHub",
            ),
            403 => (
                Kind::Forbidden,
                "give the app or the token access to the repository, and authorise it for the organisation's single \
                 sign-on if there is one",
            ),
            404 | 410 => (
                Kind::NotFound,
                "give the app or the token access to the repository, or ignore this if it was deleted",
            ),
            301 | 302 | 307 | 308 => {
                (Kind::Redirected, "the repository was renamed or the API's address is wrong")
            }
            500.. => (Kind::Unavailable, "it is tried again by itself"),
            _ => (Kind::Refused { status }, "see what GitHub says"),
        };
        Self::new(kind, what, why, mend)
    }

    /// How many seconds to wait before trying again.
    pub fn wait(&self) -> i64 {
        match self.kind {
            Kind::Limited { wait, .. } => wait,
            Kind::Unauthorised
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Refused { .. }
            | Kind::Redirected
            | Kind::Unusable => FOR_PEOPLE,
            Kind::Unavailable | Kind::NotSent | Kind::InDoubt | Kind::Malformed => A_MINUTE,
        }
    }

    /// Whether it concerns all of the tenant's calls, and not only what was asked for.
    pub fn is_of_the_whole(&self) -> bool {
        match self.kind {
            Kind::Unauthorised
            | Kind::Limited { .. }
            | Kind::Unavailable
            | Kind::NotSent
            | Kind::InDoubt
            | Kind::Unusable => true,
            Kind::Forbidden | Kind::NotFound | Kind::Refused { .. } | Kind::Malformed | Kind::Redirected => {
                false
            }
        }
    }
}

impl From<GithubError> for Error {
    fn from(error: GithubError) -> Self {
        let message = error.to_string();
        let kind = match error.kind {
            Kind::Limited { wait, .. } => {
                ErrorKind::Limited { retry_after: u32::try_from(wait).unwrap_or(u32::MAX) }
            }
            Kind::Unavailable | Kind::NotSent | Kind::InDoubt => ErrorKind::Unavailable,
            Kind::Unauthorised
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Refused { .. }
            | Kind::Malformed
            | Kind::Redirected
            | Kind::Unusable => ErrorKind::Invalid { field: "github".to_owned() },
        };
        Self::new(kind, message)
    }
}

/// GitHub's own words, in one line; nothing if the answer is not one of its errors.
fn message(answer: &Response) -> String {
    #[derive(serde::Deserialize)]
    struct Body {
        #[serde(default)]
        message: String,
    }
    let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
    crate::ticket::content::one_line(&body.map(|body| body.message).unwrap_or_default(), LONGEST_MESSAGE)
}
