//! The webhook that an OAuth connection registered at its site.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Connection;

/// What Jira was asked to deliver, and until when it does.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Webhook {
    /// Jira's numbers of it, unique on the site.
    pub ids: Vec<u64>,
    /// When it ends, unless it is refreshed before.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// The query that says which issues it is about.
    pub filter: String,
}

/// The scopes that all operations on webhooks need.
///
/// Source: specification of `registerDynamicWebhooks`; that both are needed: nango, `webhooks.mdx`.
const SCOPES: [&str; 2] = ["manage:jira-webhook", "read:jira-work"];

impl Connection {
    /// Whether a webhook can be registered with its grant. Who uses a token or a service account has one entered by hand.
    pub fn may_register_webhooks(&self) -> bool {
        self.method == super::Method::Oauth
            && self.state.usable()
            && SCOPES.iter().all(|scope| self.scopes.iter().any(|granted| granted == scope))
    }
}
