//! Sending one request: what goes out, what comes back, and, when nothing does, whether anything may have arrived. What Jira,
//! GitHub and Slack are asked goes through here.

pub mod public;
mod reqwest_sender;
#[cfg(test)]
pub(crate) mod scripted;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::secret::Secret;

pub use reqwest_sender::ReqwestSender;

/// How long a request may take from its first byte out to its last byte in, unless it says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// How many bytes of a body are taken, at most.
pub const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// The headers of an answer that we look at, in lower case.
///
/// Source: Atlassian, "Rate limiting" for the limits; introduction of the specification for `x-aaccountid`, the
/// caller's account id; jira-facts 7 for `cycle-period`; GitHub, "Rate limits for the REST API" for
/// `x-ratelimit-remaining`.
pub const HEADERS: [&str; 8] = [
    "content-type",
    "cycle-period",
    "location",
    "ratelimit-reason",
    "retry-after",
    "x-aaccountid",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// An HTTP method.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, acts, or reads by a query that does not fit into a URL.
    Post,
    /// Replaces.
    Put,
    /// Changes some of it.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request. It has no `Debug`: bodies carry secrets (OAuth) and people's words (issues).
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address, with its query.
    pub url: String,
    /// The value of the header `Authorization`.
    pub authorization: Option<Secret>,
    /// Further headers, by names in lower case. `accept` replaces the one that is sent else, `application/json`.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body. Where `headers` give a `content-type`, a text that is sent as it is.
    pub body: Option<serde_json::Value>,
    /// How long it may take altogether.
    pub timeout: Duration,
}

/// The very bytes that `body` is sent as, for whoever signs them.
pub fn body_bytes(body: &serde_json::Value) -> Vec<u8> {
    // A JSON value always serializes.
    serde_json::to_vec(body).unwrap_or_default()
}

/// Whether credentials may be sent to `address`: https, or http on this machine; without a user part.
pub fn is_trustworthy(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    let on_this_machine = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.host().is_some() && (url.scheme() == "https" || (url.scheme() == "http" && on_this_machine))
}

/// Whether a browser finds `address` on its own machine, over plain HTTP: the one address at which a session needs no HTTPS. A
/// browser looks for `localhost` and every name below it nowhere else.
///
/// Source: RFC 6761, section 6.3; W3C, "Secure Contexts", section 3.1.
pub fn is_plain_on_this_machine(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    let on_this_machine = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && url.username().is_empty() && url.password().is_none() && on_this_machine
}

/// One answer, whatever its status.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Those headers that [`HEADERS`] names.
    pub headers: BTreeMap<&'static str, String>,
    /// The body, at most [`LONGEST_BODY`] bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// The header `name` (in lower case), if it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendError {
    /// No connection was made, so nothing was sent.
    #[error("no connection: {detail}")]
    NotSent {
        /// What failed, for the log.
        detail: String,
    },
    /// Bytes may have left, and no whole answer came: the time was up, the connection was cut, the body was truncated.
    #[error("no whole answer: {detail}")]
    InDoubt {
        /// The status, if the answer's head came.
        status: Option<u16>,
        /// What failed, for the log.
        detail: String,
    },
    /// An answer came, but its body is longer than [`LONGEST_BODY`].
    #[error("the answer with status {status} is longer than {LONGEST_BODY} bytes")]
    TooLarge {
        /// The status.
        status: u16,
    },
}

/// Sends requests. Never repeats one, never follows a redirect.
#[async_trait::async_trait]
pub trait Sender: Send + Sync {
    /// Sends `request` and waits for the whole answer.
    async fn send(&self, request: Request) -> Result<Response, SendError>;
}
