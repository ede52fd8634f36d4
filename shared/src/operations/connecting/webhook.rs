//! The webhook that an administrator of Jira enters by hand: its address, and the secret that signs its deliveries.

use super::Connector;
use crate::connection::State;
use crate::ids::{ConnectionId, TenantId};
use crate::secret::Secret;
use crate::{Error, Result, random, secrets};

/// What is entered in Jira.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where Jira delivers to.
    pub url: String,
    /// What Jira signs with. Shown once.
    pub secret: Secret,
}

impl Connector {
    /// Makes the secret of a connection's webhook, in the place of the one before, which no longer counts.
    ///
    /// # Errors
    /// `NotFound` when there is no such connection; `Conflict` when it is disconnected.
    pub async fn make_webhook(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Webhook> {
        self.require_connected(tenant, id).await?;
        let name = secrets::webhook_name(tenant, id);
        let secret = Secret::new(random::text(self.jira.core.random.as_ref(), 32)?);
        self.jira.secrets.put(&name, &secret).await?;
        if let Err(ended) = self.require_connected(tenant, id).await {
            // Disconnected meanwhile: no secret may stay behind.
            self.jira.secrets.delete(&name).await?;
            return Err(ended);
        }
        Ok(Webhook { url: format!("{}/webhooks/{tenant}/{id}", self.public_url), secret })
    }

    pub(super) async fn require_connected(&self, tenant: &TenantId, id: &ConnectionId) -> Result<()> {
        let connection = self.require(tenant, id).await?;
        if connection.state == State::Disconnected {
            return Err(Error::conflict(format!("connection {id} is disconnected; connect it again first")));
        }
        Ok(())
    }
}
