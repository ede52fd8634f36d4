//! Access policies.

use super::{Store, keys};
use crate::Result;
use crate::ids::{ConnectionId, TenantId};
use crate::policy::AccessPolicy;

impl Store {
    /// The access policy of a connection; the usual one if nothing was said.
    pub async fn access_policy(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<AccessPolicy> {
        let stored = self.get(&keys::access_policy(tenant, connection)).await?;
        Ok(stored.unwrap_or_else(|| AccessPolicy::new(tenant.clone(), connection.clone())))
    }

    /// Saves a policy, and raises its version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_access_policy(&self, policy: &mut AccessPolicy) -> Result<()> {
        let next = AccessPolicy { version: policy.version + 1, ..policy.clone() };
        let key = keys::access_policy(&policy.tenant, &policy.connection);
        self.save(&key, &next, policy.version, Vec::new()).await?;
        policy.version = next.version;
        Ok(())
    }
}
