//! The webhook that an administrator of Jira enters by hand: its address, and the secret that signs its deliveries.

use super::Connector;
use crate::connection::{Connection, State};
use crate::ids::{ConnectionId, TenantId};
use crate::jira::webhook::registration::wanted_query;
use crate::secret::Secret;
use crate::{Error, Result, random, secrets};

/// What is entered in Jira.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where Jira delivers to.
    pub url: String,
    /// What Jira signs with. Shown once.
    pub secret: Secret,
    /// Which issues it is to tell of.
    pub wanted: WantedWebhook,
}

/// What the webhook must tell of as things stand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WantedWebhook {
    /// The query to enter; none where every project is meant.
    pub jql: Option<String>,
    /// Whether a secret was made, so that the webhook is probably there.
    pub is_made: bool,
}

impl Connector {
    /// Makes the secret of a connection's webhook, in the place of the one before, which no longer counts.
    ///
    /// # Errors
    /// `NotFound` when there is no such connection; `Conflict` when it is disconnected.
    pub async fn make_webhook(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Webhook> {
        let connection = self.require_connected(tenant, id).await?;
        let name = secrets::webhook_name(tenant, id);
        let jql = wanted_query(&connection, &self.jira.core.store.settings(tenant).await?);
        let secret = Secret::new(random::text(self.jira.core.random.as_ref(), 32)?);
        self.jira.secrets.put(&name, &secret).await?;
        if let Err(ended) = self.require_connected(tenant, id).await {
            // Disconnected meanwhile: no secret may stay behind.
            self.jira.secrets.delete(&name).await?;
            return Err(ended);
        }
        let wanted = WantedWebhook { jql, is_made: true };
        Ok(Webhook { url: format!("{}/webhooks/{tenant}/{id}", self.public_url), secret, wanted })
    }

    /// What a connection's webhook must tell of now: it changes with what the connection is for, and with each setting that
    /// writes tickets.
    ///
    /// # Errors
    /// `NotFound` when there is no such connection.
    pub async fn wanted_webhook(&self, tenant: &TenantId, id: &ConnectionId) -> Result<WantedWebhook> {
        let connection = self.require(tenant, id).await?;
        let jql = wanted_query(&connection, &self.jira.core.store.settings(tenant).await?);
        let made = self.jira.secrets.get(&secrets::webhook_name(tenant, id)).await?;
        Ok(WantedWebhook { jql, is_made: made.is_some() })
    }

    pub(super) async fn require_connected(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Connection> {
        let connection = self.require(tenant, id).await?;
        if connection.state == State::Disconnected {
            return Err(Error::conflict(format!("connection {id} is disconnected; connect it again first")));
        }
        Ok(connection)
    }
}
