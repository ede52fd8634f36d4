//! Idempotency keys: a repeated POST with the same key is answered as the first one was, and does nothing again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
use crate::{Error, Result};

/// How long a key is remembered, in seconds.
pub const REMEMBERED_FOR: i64 = 24 * 3600;

/// How long a request may take before another one with its key may run, in seconds: longer than the API's time-out.
pub const RUNNING_FOR: i64 = 60;

/// What is remembered of one request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Remembered {
    /// Whose request it was.
    pub tenant: TenantId,
    /// Digest of the caller, the route and the key.
    pub key: String,
    /// Digest of the request's body, to notice a key that is used for something else.
    pub request: String,
    /// When the request came.
    pub began_at: Timestamp,
    /// How it was answered; none while it runs.
    pub answer: Option<Answer>,
}

/// An answer that may be given again. Secrets that are shown once are taken out before it is remembered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: String,
}

/// Checks a key as it came in the header: 1 to 128 visible ASCII characters.
pub fn check_key(key: &str) -> Result<()> {
    if (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Error::invalid(
            "Idempotency-Key",
            "the header Idempotency-Key must be 1 to 128 visible ASCII characters",
        ))
    }
}
