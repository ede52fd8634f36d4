//! Secrets: credentials of connections, OAuth apps and webhooks. They are kept here and nowhere else.
//!
//! | name | holds |
//! |---|---|
//! | `{tenant}/connection/{connection}` | the credentials of a connection, as JSON |
//! | `{tenant}/oauth-app` | id and secret of the tenant's OAuth app, as JSON |
//! | `{tenant}/single-sign-on` | the client secret at the tenant's sign-in service |
//! | `{tenant}/webhook/{connection}` | the secret that signs a connection's webhooks |
//! | `{tenant}/organisation/{connection}` | the organisation API key of a connection |
//! | `{tenant}/channel/{channel}` | the address of a channel, and what signs its messages, as JSON |
//! | `{tenant}/github/access` | the credentials of GitHub, as JSON |
//! | `{tenant}/github/webhook` | the secrets that sign GitHub's deliveries, as JSON |
//! | `{tenant}/signing/{key}` | the seed of a key that signs records; the table says which key does |
//!
//! In Secrets Manager each name stands behind the prefix of the stack. Who rotates a secret holds the lease of its
//! connection (`Store::take_refresh_lease`) and reads it with [`SecretStore::get_fresh`].

mod manager;
mod memory;

use async_trait::async_trait;

use crate::Result;
use crate::ids::{ChannelId, ConnectionId, TenantId};
use crate::secret::Secret;

pub use manager::{CACHED_FOR, SecretsManager};
pub use memory::MemorySecrets;

/// Keeps secrets by name.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// The secret with this name; it may have been read up to [`CACHED_FOR`] seconds ago.
    async fn get(&self, name: &str) -> Result<Option<Secret>>;

    /// The secret with this name as it is now.
    async fn get_fresh(&self, name: &str) -> Result<Option<Secret>>;

    /// Puts a secret, whether or not there was one with this name. Safe to repeat.
    async fn put(&self, name: &str, secret: &Secret) -> Result<()>;

    /// Deletes a secret at once and for ever. Safe to repeat; a secret that is not there is deleted.
    async fn delete(&self, name: &str) -> Result<()>;
}

/// The name of a connection's credentials.
pub fn connection_name(tenant: &TenantId, connection: &ConnectionId) -> String {
    format!("{tenant}/connection/{}", in_name(connection))
}

/// The name of a tenant's OAuth app.
pub fn oauth_app_name(tenant: &TenantId) -> String {
    format!("{tenant}/oauth-app")
}

/// The name of the client secret at a tenant's sign-in service.
pub fn single_sign_on_name(tenant: &TenantId) -> String {
    format!("{tenant}/single-sign-on")
}

/// The name of the secret that signs a connection's webhooks.
pub fn webhook_name(tenant: &TenantId, connection: &ConnectionId) -> String {
    format!("{tenant}/webhook/{}", in_name(connection))
}

/// The name of a connection's organisation API key.
pub fn organisation_name(tenant: &TenantId, connection: &ConnectionId) -> String {
    format!("{tenant}/organisation/{}", in_name(connection))
}

/// The name of the address of a channel.
pub fn channel_name(tenant: &TenantId, channel: &ChannelId) -> String {
    format!("{tenant}/channel/{}", channel.as_str().replace(':', "+"))
}

/// The name of the key that signs a tenant's records and has this public half.
pub fn signing_name(tenant: &TenantId, public_key: &str) -> String {
    format!("{tenant}/signing/{}", crate::ids::fixed(&[public_key]))
}

/// The name of a tenant's credentials of GitHub.
pub fn github_name(tenant: &TenantId) -> String {
    format!("{tenant}/github/access")
}

/// The name of the secrets that sign the deliveries of a tenant's GitHub.
pub fn github_webhook_name(tenant: &TenantId) -> String {
    format!("{tenant}/github/webhook")
}

/// The names of all secrets of a connection.
pub fn names_of(tenant: &TenantId, connection: &ConnectionId) -> [String; 3] {
    [
        connection_name(tenant, connection),
        webhook_name(tenant, connection),
        organisation_name(tenant, connection),
    ]
}

/// An identifier as Secrets Manager takes it in a name: it takes no `:`, and no identifier has a `+`.
fn in_name(connection: &ConnectionId) -> String {
    connection.as_str().replace(':', "+")
}

#[cfg(test)]
mod tests {
    use super::{connection_name, names_of, oauth_app_name, organisation_name, signing_name, webhook_name};
    use crate::ids::{ConnectionId, TenantId};

    #[test]
    fn names_begin_with_the_tenant_and_tell_what_they_hold_apart() {
        let tenant = TenantId::parse("acme").unwrap();
        let connection = ConnectionId::parse("con:1").unwrap();
        assert_eq!(connection_name(&tenant, &connection), "acme/connection/con+1");
        assert_eq!(webhook_name(&tenant, &connection), "acme/webhook/con+1");
        assert_eq!(organisation_name(&tenant, &connection), "acme/organisation/con+1");
        assert_eq!(oauth_app_name(&tenant), "acme/oauth-app");
        assert!(signing_name(&tenant, "a/b+c=").starts_with("acme/signing/"));
        assert_eq!(signing_name(&tenant, "a/b+c=").matches(['/', '+', '=']).count(), 2);
        assert_eq!(names_of(&tenant, &connection).iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    }
}
