//! Sending one request: what goes out, what comes back, and, when nothing does, whether anything may have arrived.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::secret::Secret;

/// How long a request may take from its first byte out to its last byte in, unless it says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// How many bytes of a body are taken, at most.
pub const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// The headers of an answer that we look at, in lower case.
///
/// Source: Atlassian, "Rate limiting" for the limits; introduction of the specification for `x-aaccountid`, the
/// caller's account id; jira-facts 7 for `cycle-period`.
pub const HEADERS: [&str; 7] = [
    "content-type",
    "cycle-period",
    "location",
    "ratelimit-reason",
    "retry-after",
    "x-aaccountid",
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
    /// The JSON body.
    pub body: Option<serde_json::Value>,
    /// How long it may take altogether.
    pub timeout: Duration,
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
