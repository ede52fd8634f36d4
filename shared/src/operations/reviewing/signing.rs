//! The key that signs a tenant's records: made when it is first needed, and then the same for good.
//!
//! The secret half is put under a name that its public half fixes, and only then the table says which key it is, once. So
//! of two that are made at the same moment one is used, whoever signs first.

use super::Reviewer;
use crate::dynamodb::SigningKeyKnown;
use crate::ids::TenantId;
use crate::secrets::signing_name;
use crate::signing::SigningKey;
use crate::{Error, Result};

impl Reviewer {
    /// The key that signs the tenant's records.
    ///
    /// # Errors
    /// `Internal` when its secret half is gone or is not its own: records of another key would not be trusted.
    pub(super) async fn signing_key(&self, tenant: &TenantId) -> Result<SigningKey> {
        if let Some(known) = self.core.store.signing_key(tenant).await? {
            return self.known_key(&known).await;
        }
        let seed = SigningKey::new_seed(self.core.random.as_ref())?;
        let key = SigningKey::from_seed(&seed)?;
        let name = signing_name(tenant, &key.public_key());
        self.secrets.put(&name, &seed).await?;
        let made = SigningKeyKnown { public_key: key.public_key(), secret: name.clone() };
        let known = self.core.store.note_signing_key(tenant, made).await?;
        if known.secret == name {
            return Ok(key);
        }
        self.secrets.delete(&name).await?;
        self.known_key(&known).await
    }

    async fn known_key(&self, known: &SigningKeyKnown) -> Result<SigningKey> {
        let seed = self.secrets.get_fresh(&known.secret).await?;
        let seed = seed.ok_or_else(|| Error::internal("the secret half of the signing key is gone"))?;
        let key = SigningKey::from_seed(&seed)?;
        if key.public_key() == known.public_key {
            Ok(key)
        } else {
            Err(Error::internal("the secret half of the signing key belongs to another public half"))
        }
    }
}
