//! Deliveries of webhooks, remembered so that a repeated one is known.

use jiff::Timestamp;
use serde::Serialize;

use super::Store;
use super::item::number;
use super::keys::{self, EXPIRES_AT};
use crate::Result;
use crate::clock::after;
use crate::ids::TenantId;

/// How long a delivery is remembered, in seconds. Jira repeats one for some hours at most.
const REMEMBERED_FOR: i64 = 7 * 24 * 3600;

#[derive(Serialize)]
struct Delivery {
    received_at: Timestamp,
}

impl Store {
    /// Whether a delivery was remembered before.
    pub async fn knows_delivery(&self, tenant: &TenantId, site: &str, identifier: &str) -> Result<bool> {
        Ok(self.get_item(&keys::delivery(tenant, site, identifier)).await?.is_some())
    }

    /// Whether a delivery came for the first time. `site` and `identifier` may be any text.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put; true |
    /// | the delivery | nothing; false |
    ///
    /// Whoever is told true must do the delivery's work before it can fail, or have it repaired by the next comparison
    /// with Jira: a repetition by Jira is told false.
    pub async fn first_delivery(
        &self,
        tenant: &TenantId,
        site: &str,
        identifier: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let beside = vec![(EXPIRES_AT, Some(number(after(now, REMEMBERED_FOR).as_second())))];
        let key = keys::delivery(tenant, site, identifier);
        self.put_new(&key, &Delivery { received_at: now }, beside).await
    }
}
