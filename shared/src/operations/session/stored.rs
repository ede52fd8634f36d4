//! What is kept for a connection and a tenant in secrets: credentials, and the OAuth app. Beside them, in memory only, the
//! access tokens of service accounts.

use jiff::Timestamp;

use super::{JiraAccess, TOO_OLD};
use crate::clock::after;
use crate::connection::Connection;
use crate::error::Kind;
use crate::ids::{ConnectionId, TenantId};
use crate::jira::credentials::{Access, Credentials, OauthApp};
use crate::secret::Secret;
use crate::{Error, Result, secrets};

impl JiraAccess {
    /// The stored credentials; they may be some minutes old.
    pub async fn credentials(&self, connection: &Connection) -> Result<Credentials> {
        let name = secrets::connection_name(&connection.tenant, &connection.id);
        read(connection, self.secrets.get(&name).await?.as_ref())
    }

    /// The stored credentials as they are now.
    pub async fn fresh_credentials(&self, connection: &Connection) -> Result<Credentials> {
        let name = secrets::connection_name(&connection.tenant, &connection.id);
        read(connection, self.secrets.get_fresh(&name).await?.as_ref())
    }

    /// Stores credentials.
    pub async fn store_credentials(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        credentials: &Credentials,
    ) -> Result<()> {
        let text = serde_json::to_string(credentials)
            .map_err(|cause| Error::internal("could not write credentials as JSON").because(cause))?;
        self.secrets.put(&secrets::connection_name(tenant, id), &Secret::new(text)).await
    }

    /// Deletes the secrets of a connection that has ended, and notes that they are gone.
    pub async fn delete_secrets(&self, ended: &Connection) -> Result<Connection> {
        for name in secrets::names_of(&ended.tenant, &ended.id) {
            self.secrets.delete(&name).await?;
        }
        self.change_connection(&ended.tenant, &ended.id, |stored| {
            if stored.epoch == ended.epoch {
                stored.leaves_secrets = false;
            }
        })
        .await
    }

    /// The organisation's own OAuth app.
    ///
    /// # Errors
    /// `Conflict` when none is set up.
    pub async fn oauth_app(&self, tenant: &TenantId) -> Result<OauthApp> {
        self.find_oauth_app(tenant).await?.ok_or_else(|| {
            Error::conflict(
                "no OAuth app is set up; `PUT /v1/oauth-app` with its client id and client secret first",
            )
        })
    }

    /// The organisation's own OAuth app, if one is set up.
    pub async fn find_oauth_app(&self, tenant: &TenantId) -> Result<Option<OauthApp>> {
        let secret = self.secrets.get_fresh(&secrets::oauth_app_name(tenant)).await?;
        let app = secret.map(|secret| serde_json::from_str(secret.expose())).transpose();
        // The cause would quote the secret.
        app.map_err(|_| {
            Error::internal("the secret of the OAuth app is not as Assay writes it; set the app up again")
        })
    }

    /// Sets up the OAuth app, or replaces it.
    pub async fn store_oauth_app(&self, tenant: &TenantId, app: &OauthApp) -> Result<()> {
        let text = serde_json::to_string(app)
            .map_err(|cause| Error::internal("could not write the OAuth app as JSON").because(cause))?;
        self.secrets.put(&secrets::oauth_app_name(tenant), &Secret::new(text)).await
    }

    /// What a service account's present access token was given for, where Atlassian said so; none for other credentials.
    pub fn service_scopes(&self, connection: &Connection, credentials: &Credentials) -> Option<Vec<String>> {
        let Credentials::ServiceAccount { client_id, client_secret, .. } = credentials else { return None };
        let key = service_key(connection, client_id, client_secret);
        Some(self.known_service_access(&key, self.core.clock.now())?.scopes)
    }

    pub(super) async fn service_access(
        &self,
        connection: &Connection,
        client_id: &str,
        client_secret: &Secret,
    ) -> Result<Access> {
        let key = service_key(connection, client_id, client_secret);
        let now = self.core.clock.now();
        if let Some(access) = self.known_service_access(&key, now) {
            return Ok(access);
        }
        let access = self.sign_in().client_credentials(client_id, client_secret).await?;
        if let Ok(mut known) = self.service_tokens.lock() {
            known.insert(key, access.clone());
        }
        Ok(access)
    }

    fn known_service_access(&self, key: &str, now: Timestamp) -> Option<Access> {
        let known = self.service_tokens.lock().ok()?;
        known.get(key).filter(|access| access.expires_at > after(now, TOO_OLD)).cloned()
    }

    /// Forgets the access tokens of service accounts, after Jira refused one: others are asked for again at no risk.
    pub fn forget_service_tokens(&self) {
        if let Ok(mut known) = self.service_tokens.lock() {
            known.clear();
        }
    }
}

/// Under what a service account's access token is known.
fn service_key(connection: &Connection, client_id: &str, client_secret: &Secret) -> String {
    crate::ids::fixed(&[connection.id.as_str(), client_id, client_secret.expose()])
}

fn read(connection: &Connection, secret: Option<&Secret>) -> Result<Credentials> {
    let secret = secret.ok_or_else(|| {
        let message =
            format!("connection {} has no credentials in Secrets Manager; connect it again", connection.id);
        Error::new(Kind::NeedsReauth, message)
    })?;
    // The cause would quote the secret.
    serde_json::from_str(secret.expose()).map_err(|_| {
        Error::internal(format!(
            "the credentials of connection {} are not as Assay writes them; connect it again",
            connection.id
        ))
    })
}
