//! What a test may change about the whole simulator while it runs.

use serde::{Deserialize, Serialize};

/// The settings of `GET`/`PUT /__sim/settings`; the defaults are what Atlassian documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "switches that do not depend on each other")]
pub struct Settings {
    /// Seconds until search sees a write. Reads by id see it at once.
    pub index_lag_seconds: f64,
    /// In every n-th search, one issue that changed lately is left out, unless it is reconciled. 0 = never.
    pub flicker: u32,
    /// How many seconds a change stays new enough to be left out by `flicker`.
    pub flicker_window_seconds: f64,
    /// No account shows its e-mail address to others.
    pub hidden_emails: bool,
    /// Seats of each product; `null` = a hundred more than are used, -1 = no limit.
    pub seats: Option<i64>,
    /// How often an app reports the accounts whose data it keeps: an ISO 8601 duration.
    pub personal_data_cycle: String,
    /// Points per clock hour for one OAuth app over all sites; `null` = no limit.
    pub quota: Option<u64>,
    /// Calls per second, per site, endpoint and method; 0 = no limit.
    pub burst: Burst,
    /// Whether 20 writes in 2 s and 100 writes in 30 s to one issue are the most.
    pub per_issue_writes: bool,
    /// Cost units per clock hour for bulk creation (150 an issue); `null` = no limit.
    pub bulk_cost_limit: Option<u64>,
    /// The most issues on a page of search, below what Jira would give.
    pub search_page_cap: Option<usize>,
    /// Seconds that an access token lives.
    pub access_token_seconds: i64,
    /// Whether using a refresh token after its leeway ends the whole grant, not only that token.
    pub reuse_ends_grant: bool,
    /// IANA name of the zone in which the sites write timestamps.
    pub site_time_zone: String,
    /// Changelog items come without `fieldId`.
    pub changelog_without_field_ids: bool,
    /// A required field without a value is told by `errorMessages` instead of `errors`.
    pub required_as_message: bool,
    /// Documents come back with `localId` attributes that the caller did not send.
    pub adf_local_ids: bool,
    /// A comment leaves the issue's `updated` as it is.
    pub comments_keep_updated: bool,
    /// The most comments of one issue, 413 above it; `null` = no limit.
    pub comments_per_issue: Option<usize>,
    /// Where webhooks are delivered instead of at the origin they were registered with.
    pub webhooks_target: Option<String>,
    /// Whether webhooks are sent, or wait for a test that takes them.
    pub webhook_delivery: WebhookDelivery,
    /// Virtual seconds from an event to its delivery.
    pub webhook_delay_seconds: f64,
    /// Every n-th webhook is lost for good. 0 = none.
    pub webhook_loss: u64,
    /// Every n-th webhook is delivered twice. 0 = none.
    pub webhook_duplicate_every: u64,
    /// Webhooks that wait at the same time are delivered in an order that looks like chance, by this seed.
    pub webhook_shuffle: Option<u64>,
    /// Each webhook is delivered twice.
    pub webhook_duplicates: bool,
    /// Two webhooks that wait at the same time are delivered in the wrong order.
    pub webhook_reorder: bool,
}

/// How webhooks reach their receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDelivery {
    /// The server sends them when they are due.
    Automatic,
    /// They wait for `Simulator::due_deliveries`.
    Manual,
}

/// Calls per second by HTTP method; 0 = no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Burst {
    /// GET, unless the endpoint has a rate of its own.
    pub get: u32,
    /// POST, unless the endpoint has a rate of its own.
    pub post: u32,
    /// PUT.
    pub put: u32,
    /// DELETE.
    pub delete: u32,
}

impl Default for Burst {
    fn default() -> Self {
        Self { get: 100, post: 100, put: 50, delete: 50 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            index_lag_seconds: 2.0,
            flicker: 0,
            flicker_window_seconds: 60.0,
            hidden_emails: false,
            seats: None,
            personal_data_cycle: "P7D".to_owned(),
            quota: Some(65_000),
            burst: Burst::default(),
            per_issue_writes: true,
            bulk_cost_limit: Some(300_000),
            search_page_cap: None,
            access_token_seconds: 3600,
            reuse_ends_grant: false,
            site_time_zone: "UTC".to_owned(),
            changelog_without_field_ids: false,
            required_as_message: false,
            adf_local_ids: false,
            comments_keep_updated: false,
            comments_per_issue: None,
            webhooks_target: None,
            webhook_delivery: WebhookDelivery::Automatic,
            webhook_delay_seconds: 0.1,
            webhook_loss: 0,
            webhook_duplicate_every: 0,
            webhook_shuffle: None,
            webhook_duplicates: false,
            webhook_reorder: false,
        }
    }
}

impl Settings {
    /// These settings with the given members replaced; the error names what is wrong.
    pub(crate) fn merged(&self, change: &serde_json::Value) -> Result<Self, String> {
        let serde_json::Value::Object(change) = change else {
            return Err("settings are a JSON object".to_owned());
        };
        let mut whole = serde_json::to_value(self).map_err(|error| error.to_string())?;
        if let serde_json::Value::Object(whole) = &mut whole {
            for (name, value) in change {
                whole.insert(name.clone(), value.clone());
            }
        }
        serde_json::from_value(whole).map_err(|error| error.to_string())
    }

    pub(crate) fn index_lag_ms(&self) -> i64 {
        millis(self.index_lag_seconds)
    }

    pub(crate) fn flicker_window_ms(&self) -> i64 {
        millis(self.flicker_window_seconds)
    }

    pub(crate) fn webhook_delay_ms(&self) -> i64 {
        millis(self.webhook_delay_seconds)
    }
}

fn millis(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "delays are seconds to minutes, far inside i64")]
    let millis = (seconds.max(0.0) * 1000.0) as i64;
    millis
}
