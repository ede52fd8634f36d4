//! What Jira sent, sorted by status first and read as JSON second.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::error::{JiraError, Kind, LimitReason};
use super::http::Response;
use super::time;
use crate::clock::seconds_between;
use crate::ticket::content::one_line;
use crate::trace::Call;

/// How many characters of Jira's own words are passed on, at most.
const LONGEST_QUOTE: usize = 300;

/// Passes an answer that means success on; makes any other into an error. `call` has its status set.
pub(crate) fn sort(
    response: Response,
    call: &Call,
    what: &str,
    now: Timestamp,
) -> Result<Response, JiraError> {
    let status = response.status;
    if (200..300).contains(&status) {
        return Ok(response);
    }
    let said = Said::read(&response.body);
    let with_words = |happened: &str| match said.words() {
        Some(words) => format!("{happened}: {words}"),
        None => happened.to_owned(),
    };
    let (kind, happened) = match status {
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
            let limit = reason.in_words();
            (Kind::Limited { reason, retry_after }, format!("was turned away (status 429){pause}: {limit}"))
        }
        // Given up on halfway, by Jira (408) or by what stands before it (499): whoever was to change something may go
        // on doing so.
        408 | 499 => {
            let retry_after = retry_after(&response, now);
            (Kind::Unavailable { status, retry_after }, format!("was given up on (status {status})"))
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
/// Source: specification of `ErrorCollection`.
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

/// Seconds to wait: `Retry-After`, else the time until `X-RateLimit-Reset`.
///
/// Source: Atlassian, "Rate limiting"; the second is written with or without seconds.
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
