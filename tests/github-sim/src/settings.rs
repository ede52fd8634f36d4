//! What a test can turn.

use serde::{Deserialize, Serialize};

/// Settings of `PUT /__sim/settings`, each by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls an hour for one token or installation; GitHub allows 5,000, and more to installations on many
    /// repositories (<https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>).
    pub limit: u64,
    /// The status beyond the limit: GitHub's page names 403 and 429.
    pub limit_status: u16,
    /// Seconds for which an installation token lives; GitHub's live an hour.
    pub token_seconds: i64,
    /// Whether webhooks are sent as they come up, or wait for the test to take them.
    pub webhook_delivery: WebhookDelivery,
}

/// Who delivers webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDelivery {
    /// The server, at once, to addresses on this machine. As GitHub, it tries each once.
    Automatic,
    /// The test.
    Manual,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limit: 5000,
            limit_status: 403,
            token_seconds: 3600,
            webhook_delivery: WebhookDelivery::Manual,
        }
    }
}
