//! What an answer of Jira means when it is not the one that was hoped for.
//!
//! Status first, body second: an HTML page with status 502 is a 502. The message of an error says what was tried and
//! what came back; it never holds a token, an e-mail address or a body.

use std::collections::BTreeMap;

use super::http::SendError;
use crate::evidence::Gap;
use crate::trace::Call;
use crate::{Error, error};

pub use super::answer::tidy;

/// For which of Jira's limits a call was turned away.
///
/// Source: Atlassian, "Rate limiting", header `RateLimit-Reason`; `jira-cost-based` was seen outside that page, on bulk
/// creation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LimitReason {
    /// The app's points for this hour are spent.
    GlobalQuota,
    /// The points for this hour and this site are spent.
    TenantQuota,
    /// Too many calls a second to this endpoint.
    Burst,
    /// Too many writes to this issue.
    PerIssue,
    /// An hourly limit on what a call costs, known of bulk creation only.
    CostBased,
    /// Not said, or not in words that we know.
    Unknown,
}

impl LimitReason {
    pub(super) fn of(header: Option<&str>) -> Self {
        match header.map(str::trim) {
            Some("jira-quota-global-based") => Self::GlobalQuota,
            Some("jira-quota-tenant-based") => Self::TenantQuota,
            Some("jira-burst-based") => Self::Burst,
            Some("jira-per-issue-on-write") => Self::PerIssue,
            Some("jira-cost-based") => Self::CostBased,
            _ => Self::Unknown,
        }
    }

    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::GlobalQuota => "the app's points for this hour are spent",
            Self::TenantQuota => "the site's points for this hour are spent",
            Self::Burst => "too many calls a second",
            Self::PerIssue => "too many changes of one issue",
            Self::CostBased => "the hourly limit on bulk creation is reached",
            Self::Unknown => "Jira did not say which limit was reached",
        }
    }

    /// Whether every call of the connection must pause, rather than those to one endpoint or issue. A reason that is
    /// not known is taken for the worse.
    pub fn pauses_everything(self) -> bool {
        match self {
            Self::GlobalQuota | Self::TenantQuota | Self::Unknown => true,
            Self::Burst | Self::PerIssue | Self::CostBased => false,
        }
    }
}

/// What went wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// 401: the credentials do not work.
    Unauthorized,
    /// 401 "scope does not match": the credentials work but lack a scope. The gateway says so with 401, not 403.
    ScopeMissing,
    /// 403: the account lacks a permission.
    Forbidden,
    /// 404: it is not there, or hidden from the account; Jira does not tell which.
    NotFound,
    /// Any other 4xx: Jira says what it does not like.
    Refused {
        /// The status.
        status: u16,
        /// What it does not like, by field id.
        fields: BTreeMap<String, String>,
        /// What else it says.
        messages: Vec<String>,
    },
    /// 429.
    Limited {
        /// Which limit.
        reason: LimitReason,
        /// Seconds to wait at least, if Jira said so.
        retry_after: Option<u32>,
    },
    /// 5xx, or 408 or 499: nobody waited for the end.
    Unavailable {
        /// The status.
        status: u16,
        /// Seconds to wait at least, if Jira said so.
        retry_after: Option<u32>,
    },
    /// No connection was made, or there was no time left to make one.
    NotSent,
    /// The request may have arrived, and no whole answer came.
    InDoubt,
    /// The answer, of a status that means success, could not be understood.
    Malformed {
        /// Where in the JSON it stopped making sense; `$` when it is no JSON at all.
        path: String,
    },
    /// The answer is longer than what is taken.
    TooLarge,
    /// The answer is a redirect, which is never followed.
    Redirected {
        /// The host that it names; the same one if it names none.
        host: Option<String>,
    },
}

/// Whether a call that changes something may have changed it, although it failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Certainly not.
    None,
    /// Nobody knows.
    Unknown,
}

/// A call to Jira that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", words.message)]
pub struct JiraError {
    /// What went wrong.
    pub kind: Kind,
    /// Which call; its status stands here whatever the body was.
    pub call: Call,
    words: Box<Words>,
}

/// Apart, so that a result stays small.
#[derive(Clone, Debug)]
struct Words {
    message: String,
    /// For the log only.
    detail: Option<String>,
}

impl JiraError {
    /// An error of `call`, which was made to `what` ("read the account").
    pub(crate) fn new(kind: Kind, call: Call, what: &str, happened: &str) -> Self {
        let message = format!("could not {what}: {} {} {happened}", call.method, call.path);
        Self { kind, call, words: Box::new(Words { message, detail: None }) }
    }

    /// Why there was no answer.
    pub(crate) fn of_sending(error: &SendError, mut call: Call, what: &str) -> Self {
        let (kind, happened) = match error {
            SendError::NotSent { .. } => (Kind::NotSent, "could not be sent"),
            SendError::InDoubt { status, .. } => {
                call.status = *status;
                (Kind::InDoubt, "was sent, but no whole answer came")
            }
            SendError::TooLarge { status } => {
                call.status = Some(*status);
                (Kind::TooLarge, "was answered with more than is taken")
            }
        };
        let mut failure = Self::new(kind, call, what, happened);
        failure.words.detail = Some(error.to_string());
        failure
    }

    /// The answer makes no sense at `path`.
    pub(crate) fn malformed(call: Call, what: &str, path: &str, why: &str) -> Self {
        let happened = format!("was answered with something that makes no sense at {path}: {why}");
        Self::new(Kind::Malformed { path: path.to_owned() }, call, what, &happened)
    }

    /// Whether the call may have had its effect nevertheless.
    pub fn effect(&self) -> Effect {
        match self.kind {
            Kind::Unauthorized
            | Kind::ScopeMissing
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Refused { .. }
            | Kind::Limited { .. }
            | Kind::NotSent => Effect::None,
            Kind::Unavailable { .. }
            | Kind::InDoubt
            | Kind::Malformed { .. }
            | Kind::TooLarge
            | Kind::Redirected { .. } => Effect::Unknown,
        }
    }

    /// Whether any other call would meet the same fate now, so that there is no point in making it.
    pub fn concerns_every_call(&self) -> bool {
        match &self.kind {
            // No JSON at all is a page of something that stands between us and Jira.
            Kind::Malformed { path } => path == "$",
            Kind::Unauthorized
            | Kind::Limited { .. }
            | Kind::Unavailable { .. }
            | Kind::NotSent
            | Kind::InDoubt
            | Kind::Redirected { .. } => true,
            Kind::ScopeMissing | Kind::Forbidden | Kind::NotFound | Kind::Refused { .. } | Kind::TooLarge => {
                false
            }
        }
    }

    /// How many seconds to wait before the same is worth trying again.
    pub fn wait(&self) -> i64 {
        match &self.kind {
            Kind::Limited { retry_after, .. } | Kind::Unavailable { retry_after, .. } => {
                retry_after.map_or(60, |seconds| i64::from(seconds.min(super::client::LONGEST_PAUSE))).max(1)
            }
            Kind::NotSent | Kind::InDoubt => 30,
            // Who connects again should not have to wait for long.
            Kind::Unauthorized | Kind::Malformed { .. } | Kind::TooLarge | Kind::Redirected { .. } => 300,
            Kind::ScopeMissing | Kind::Forbidden | Kind::NotFound | Kind::Refused { .. } => 3600,
        }
    }

    /// The call, if it was answered.
    pub(super) fn answered(&self) -> Option<Call> {
        self.call.status.is_some().then(|| self.call.clone())
    }

    /// The cause for the log.
    pub fn detail(&self) -> Option<&str> {
        self.words.detail.as_deref()
    }

    /// What happened and what to do about it.
    pub fn with_advice(&self) -> String {
        format!("{self}; {}", self.advice())
    }

    /// What to do about it, in a sentence.
    fn advice(&self) -> &'static str {
        match self.kind {
            Kind::Unauthorized => "connect again with credentials that work",
            Kind::ScopeMissing => "connect again and grant the scopes that are listed for the use case",
            Kind::Forbidden => "give the connection's account the permission in Jira",
            Kind::NotFound => "check that it exists and that the connection's account may see it",
            Kind::Refused { .. } => "change what Jira names and try again",
            Kind::Limited { .. } => "wait and try again",
            Kind::Unavailable { .. } | Kind::NotSent | Kind::InDoubt => "try again later",
            Kind::Malformed { .. } | Kind::TooLarge => "try again later; if it stays so, report it",
            Kind::Redirected { .. } => "check the site's domain; it may have been renamed",
        }
    }
}

impl From<JiraError> for Error {
    fn from(error: JiraError) -> Self {
        let kind = match &error.kind {
            Kind::Unauthorized => error::Kind::NeedsReauth,
            Kind::ScopeMissing | Kind::Forbidden => error::Kind::Forbidden,
            Kind::NotFound => error::Kind::NotFound,
            Kind::Refused { fields, .. } => {
                let field = fields.keys().next().map_or("jira", String::as_str);
                error::Kind::Invalid { field: field.to_owned() }
            }
            Kind::Limited { .. } => {
                error::Kind::Limited { retry_after: u32::try_from(error.wait()).unwrap_or(u32::MAX) }
            }
            Kind::Unavailable { .. }
            | Kind::NotSent
            | Kind::InDoubt
            | Kind::Malformed { .. }
            | Kind::TooLarge
            | Kind::Redirected { .. } => error::Kind::Unavailable,
        };
        let public = Self::new(kind, error.with_advice());
        match error.words.detail {
            Some(detail) => public.because(detail),
            None => public,
        }
    }
}

impl From<&JiraError> for Gap {
    fn from(error: &JiraError) -> Self {
        let detail = error.to_string();
        match error.kind {
            Kind::Unauthorized
            | Kind::ScopeMissing
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Refused { .. } => Self::Refused { detail },
            Kind::Limited { .. }
            | Kind::Unavailable { .. }
            | Kind::NotSent
            | Kind::InDoubt
            | Kind::Redirected { .. } => Self::Unavailable { detail },
            Kind::Malformed { .. } | Kind::TooLarge => Self::Malformed { detail },
        }
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
