//! How a tenant's GitHub is reached, without its secrets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::seconds_between;
use crate::ids::TenantId;

/// How Assay proves who it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By a person's token.
    Token,
    /// As an app that the organisation installed.
    App,
}

/// What stands in the way of using it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Trouble {
    /// What happened.
    pub what: String,
    /// How to mend it.
    pub mend: String,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Timestamp,
}

/// How many calls GitHub allows yet.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Limit {
    /// So many.
    pub remaining: u32,
    /// Until then; after that there are new ones.
    #[schema(value_type = String)]
    pub resets_at: Timestamp,
}

/// A tenant's GitHub.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Forge {
    /// Whose it is.
    pub tenant: TenantId,
    /// How Assay proves who it is.
    pub method: Method,
    /// Who that is there: a person's name, or the app's.
    pub name: String,
    /// The app's id, if it is one.
    #[serde(default)]
    pub app_id: Option<String>,
    /// The address of its API, if it is not github.com's.
    #[serde(default)]
    pub api_url: Option<String>,
    /// What it could reach when it was set up: repositories of a token, accounts of an app.
    #[serde(default)]
    pub reaches: Vec<String>,
    /// Whether there was more than that.
    #[serde(default)]
    pub reaches_more: bool,
    /// When the secret that signs deliveries was made.
    pub secret_made_at: Timestamp,
    /// Until when the one before counts, too.
    #[serde(default)]
    pub old_secret_until: Option<Timestamp>,
    /// When the last delivery came whose signature is right.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    /// What stands in the way, if something does.
    #[serde(default)]
    pub trouble: Option<Trouble>,
    /// How many calls were allowed when the last one was made.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// Until when it takes no calls, as it said last; none if it does.
    #[serde(default)]
    pub limited_until: Option<Timestamp>,
    /// When it was verified.
    pub verified_at: Timestamp,
    /// Grows by one with every write of whoever sets it up.
    pub version: u64,
}

impl Forge {
    /// How many seconds are left until it takes calls again; none if it does.
    pub fn limited_for(&self, now: Timestamp) -> Option<i64> {
        self.limited_until.map(|until| seconds_between(now, until)).filter(|left| *left > 0)
    }
}
