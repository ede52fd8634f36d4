//! Jira's points: asked for before a connection is used, booked after.

use super::JiraAccess;
use crate::connection::{Connection, Method};
use crate::error::Kind;
use crate::jira::Client;
use crate::quota::{Priority, hour_of};
use crate::{Error, Result};

impl JiraAccess {
    /// A client for a connection, if work of `priority` may spend `points` now. To be followed by [`Self::book`], whatever
    /// Jira answered.
    ///
    /// # Errors
    /// `Limited` while Jira asks to wait, or when its points for this hour are short; else as [`Self::open`].
    pub async fn open_within_quota(
        &self,
        connection: &Connection,
        priority: Priority,
        points: u64,
    ) -> Result<Client> {
        let (core, id) = (&self.core, &connection.id);
        let now = core.clock.now();
        let quota = core.store.quota(&connection.tenant, id, now).await?;
        let Some(wait) = quota.wait(priority, points, connection.method == Method::Oauth, now) else {
            return self.open(connection).await;
        };
        // The same words each time, so that who waits long is known to wait for the same thing.
        let what = if quota.paused_until.is_some_and(|until| until > now) {
            "Jira asked for a pause; it can be used again when that is over"
        } else {
            "Jira's points for this hour are spent; it can be used again in the next one"
        };
        let retry_after = u32::try_from(wait).unwrap_or(60);
        Err(Error::new(Kind::Limited { retry_after }, format!("connection {id}: {what}")))
    }

    /// Books what a client spent and the pause that Jira asked for, and finds out whether credentials that it refused are
    /// dead.
    pub async fn book(&self, connection: &Connection, client: &Client) -> Result<()> {
        let (core, tenant, id) = (&self.core, &connection.tenant, &connection.id);
        core.store.add_points(tenant, id, hour_of(core.clock.now()), client.meter().points).await?;
        if let Some(until) = client.paused_until() {
            core.store.pause(tenant, id, until).await?;
        }
        if let Some(refused) = client.refused_authorization() {
            Box::pin(self.confirm_refusal(connection, refused)).await?;
        }
        Ok(())
    }
}
