//! What an answer of Jira means when it is not the one that was hoped for.
//!
//! Status first, body second: an HTML page with status 502 is a 502. The message of an error says what was tried and
//! what came back; it never holds a token, an e-mail address or a body.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::http::{Response, SendError};
use super::time;
use crate::clock::seconds_between;
use crate::evidence::Gap;
use crate::ticket::content::one_line;
use crate::trace::Call;
use crate::{Error, error};

/// How many characters of Jira's own words are passed on, at most.
const LONGEST_QUOTE: usize = 300;

/// For which of Jira's limits a call was turned away.
///
/// Source: [RL], header `RateLimit-Reason`; `jira-cost-based` was seen outside that page, on bulk creation.
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
    fn of(header: Option<&str>) -> Self {
        match header.map(str::trim) {
            Some("jira-quota-global-based") => Self::GlobalQuota,
            Some("jira-quota-tenant-based") => Self::TenantQuota,
            Some("jira-burst-based") => Self::Burst,
            Some("jira-per-issue-on-write") => Self::PerIssue,
            Some("jira-cost-based") => Self::CostBased,
            _ => Self::Unknown,
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
    /// 5xx.
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
#[error("{message}")]
pub struct JiraError {
    /// What went wrong.
    pub kind: Kind,
    /// Which call; its status stands here whatever the body was.
    pub call: Call,
    message: String,
    /// For the log only.
    detail: Option<String>,
}

impl JiraError {
    /// An error of `call`, which was made to `what` ("read the account").
    pub(crate) fn new(kind: Kind, call: Call, what: &str, happened: &str) -> Self {
        let message = format!("could not {what}: {} {} {happened}", call.method, call.path);
        Self { kind, call, message, detail: None }
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
        Self { detail: Some(error.to_string()), ..Self::new(kind, call, what, happened) }
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
        match self.kind {
            Kind::Unauthorized
            | Kind::Limited { .. }
            | Kind::Unavailable { .. }
            | Kind::NotSent
            | Kind::InDoubt
            | Kind::Redirected { .. } => true,
            Kind::ScopeMissing
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Refused { .. }
            | Kind::Malformed { .. }
            | Kind::TooLarge => false,
        }
    }

    /// How many seconds to wait before the same is worth trying again.
    pub fn wait(&self) -> i64 {
        match &self.kind {
            Kind::Limited { retry_after, .. } | Kind::Unavailable { retry_after, .. } => {
                retry_after.map_or(60, i64::from).max(1)
            }
            Kind::NotSent | Kind::InDoubt => 30,
            Kind::Malformed { .. } | Kind::TooLarge | Kind::Redirected { .. } => 300,
            Kind::Unauthorized
            | Kind::ScopeMissing
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Refused { .. } => 3600,
        }
    }

    /// The cause for the log.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
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
        let public = Self::new(kind, format!("{}; {}", error.message, error.advice()));
        match error.detail {
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

/// Passes an answer that means success on; makes any other into an error. `call` has its status set.
pub(crate) fn sort(
    response: Response,
    call: &Call,
    what: &str,
    now: Timestamp,
) -> Result<Response, JiraError> {
    let status = response.status;
    let said = Said::read(&response.body);
    let with_words = |happened: &str| match said.words() {
        Some(words) => format!("{happened}: {words}"),
        None => happened.to_owned(),
    };
    let (kind, happened) = match status {
        200..=299 => return Ok(response),
        300..=399 => {
            let host = response
                .header("location")
                .and_then(|location| url::Url::parse(location).ok())
                .and_then(|url| url.host_str().map(str::to_owned));
            let to = host.as_deref().unwrap_or("another path of the same host");
            let happened = format!("was redirected to {to} (status {status}), which is not followed");
            (Kind::Redirected { host }, happened)
        }
        401 if contains(&response.body, b"scope does not match") => {
            (Kind::ScopeMissing, "lacks a scope (status 401)".to_owned())
        }
        401 => (Kind::Unauthorized, "was refused: the credentials do not work (status 401)".to_owned()),
        403 => (Kind::Forbidden, with_words("is not permitted (status 403)")),
        404 => (Kind::NotFound, with_words("found nothing, or nothing that may be seen (status 404)")),
        429 => {
            let reason = LimitReason::of(response.header("ratelimit-reason"));
            let retry_after = retry_after(&response, now);
            let pause = retry_after.map_or(String::new(), |seconds| format!(", for {seconds} seconds"));
            let limit = limit_in_words(reason);
            (Kind::Limited { reason, retry_after }, format!("was turned away (status 429){pause}: {limit}"))
        }
        400..=499 => {
            let happened = with_words(&format!("was refused (status {status})"));
            (Kind::Refused { status, fields: said.fields, messages: said.messages }, happened)
        }
        _ => {
            let retry_after = retry_after(&response, now);
            (Kind::Unavailable { status, retry_after }, format!("failed at Jira (status {status})"))
        }
    };
    Err(JiraError::new(kind, call.clone(), what, &happened))
}

/// Reads JSON; an error names the JSON path and never the value.
pub(crate) fn decode<'de, T: serde::Deserialize<'de>>(
    body: &'de [u8],
    call: &Call,
    what: &str,
) -> Result<T, JiraError> {
    decode_plain(body).map_err(|(path, why)| JiraError::malformed(call.clone(), what, &path, &why))
}

/// Reads JSON; an error is the JSON path and the reason.
pub(crate) fn decode_plain<'de, T: serde::Deserialize<'de>>(body: &'de [u8]) -> Result<T, (String, String)> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|cause| {
        let inner = cause.inner();
        let why = match inner.classify() {
            serde_json::error::Category::Io | serde_json::error::Category::Eof => "the JSON ends too early",
            serde_json::error::Category::Syntax => "it is not JSON",
            serde_json::error::Category::Data => "it is not of the expected kind",
        };
        // Other messages of the decoder quote the value, which may be anything.
        let text = inner.to_string();
        let why = if text.starts_with("missing field") { text } else { why.to_owned() };
        let path = cause.path().to_string();
        let is_json = inner.classify() == serde_json::error::Category::Data;
        (if is_json && path != "." { path } else { "$".to_owned() }, why)
    })?;
    deserializer.end().map_err(|_| ("$".to_owned(), "there is more than one JSON value".to_owned()))?;
    Ok(read)
}

/// Whether `body` is one JSON value.
pub(crate) fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// `text` of Jira's, fit to be shown and kept: one line, short, without anything like an e-mail address.
pub fn tidy(text: &str) -> String {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| if word.contains('@') { "[e-mail]" } else { word }).collect();
    one_line(&words.join(" "), LONGEST_QUOTE)
}

/// What Jira says about a failure: `{"errorMessages":[…],"errors":{…}}` of Jira or `{"message":…}` of the gateway.
///
/// Source: [P ErrorCollection].
#[derive(Default)]
struct Said {
    fields: BTreeMap<String, String>,
    messages: Vec<String>,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Body {
            #[serde(default, rename = "errorMessages")]
            messages: Option<Vec<serde_json::Value>>,
            #[serde(default)]
            errors: Option<serde_json::Value>,
            #[serde(default)]
            message: Option<serde_json::Value>,
        }
        let Ok(body) = serde_json::from_slice::<Body>(body) else { return Self::default() };
        let text = |value: &serde_json::Value| value.as_str().map(tidy);
        let fields = match &body.errors {
            Some(serde_json::Value::Object(errors)) => {
                errors.iter().map(|(field, said)| (tidy(field), text(said).unwrap_or_default())).collect()
            }
            _ => BTreeMap::new(),
        };
        let messages = body.messages.unwrap_or_default();
        let messages = messages.iter().chain(&body.message).filter_map(text).collect();
        Self { fields, messages }
    }

    fn words(&self) -> Option<String> {
        in_words(&self.fields, &self.messages)
    }
}

/// What Jira does not like, in one line; nothing if it said nothing.
pub(crate) fn in_words(fields: &BTreeMap<String, String>, messages: &[String]) -> Option<String> {
    let by_field = fields.iter().map(|(field, said)| format!("{field}: {said}"));
    let all: Vec<String> = by_field.chain(messages.iter().cloned()).collect();
    if all.is_empty() { None } else { Some(one_line(&all.join("; "), LONGEST_QUOTE)) }
}

fn limit_in_words(reason: LimitReason) -> &'static str {
    match reason {
        LimitReason::GlobalQuota => "the app's points for this hour are spent",
        LimitReason::TenantQuota => "the site's points for this hour are spent",
        LimitReason::Burst => "too many calls a second",
        LimitReason::PerIssue => "too many changes of one issue",
        LimitReason::CostBased => "the hourly limit on bulk creation is reached",
        LimitReason::Unknown => "Jira did not say which limit was reached",
    }
}

/// Seconds to wait: `Retry-After`, else the time until `X-RateLimit-Reset`.
///
/// Source: [RL]; the second is written with or without seconds.
fn retry_after(response: &Response, now: Timestamp) -> Option<u32> {
    let seconds = response.header("retry-after").and_then(|text| text.trim().parse().ok());
    seconds.or_else(|| {
        let text = response.header("x-ratelimit-reset")?.trim();
        let with_seconds = || time::parse(&format!("{}:00Z", text.strip_suffix('Z')?));
        let reset = time::parse(text).or_else(with_seconds)?;
        u32::try_from(seconds_between(now, reset)).ok().map(|wait| wait + 1)
    })
}

fn contains(body: &[u8], words: &[u8]) -> bool {
    body.windows(words.len()).any(|window| window == words)
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
