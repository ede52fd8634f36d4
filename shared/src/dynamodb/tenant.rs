//! Tenants, as far as they are due: the checks about a tenant as a whole are evaluated even if it has no connection.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::due::due_beside;
use super::keys::{self, DueKind};
use super::write::Change;
use super::{Store, item};
use crate::Result;
use crate::ids::TenantId;

/// A tenant as it is kept.
#[derive(Debug, Deserialize, Serialize)]
struct Tenant {
    #[serde(rename = "tenant")]
    id: TenantId,
    due_at: Timestamp,
    #[serde(default)]
    version: u64,
}

impl Store {
    /// Puts a tenant whose checks are due at `due_at`. Returns whether it is new.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put; true |
    /// | the tenant | nothing; false |
    pub async fn put_tenant_if_new(&self, tenant: &TenantId, due_at: Timestamp) -> Result<bool> {
        let record = Tenant { id: tenant.clone(), due_at, version: 0 };
        let beside = due_beside(DueKind::Tenant, tenant, tenant.as_str(), Some(due_at));
        self.put_new(&keys::tenant(tenant), &record, beside).await
    }

    /// Tenants of one shard that are due at `now`, with the time that each was due, longest due first.
    pub async fn due_tenants(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, Timestamp)>> {
        let due: Vec<Tenant> = self.due(DueKind::Tenant, shard, now, limit).await?;
        Ok(due.into_iter().map(|tenant| (tenant.id, tenant.due_at)).collect())
    }

    /// Takes the turn of a tenant that was due at `expected`: it is due at `next` from now on. Whoever is told true
    /// evaluates its checks.
    ///
    /// | stored | then |
    /// |---|---|
    /// | due at `expected` | due at `next`; true |
    /// | due at another time, or not there | nothing; false |
    pub async fn claim_due_tenant(
        &self,
        tenant: &TenantId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::tenant(tenant);
        self.claim(DueKind::Tenant, (tenant, tenant.as_str()), &key, expected, next).await
    }

    /// Makes a tenant due at `due_at`, after an evaluation from `began` to `ended`.
    ///
    /// | stored | then |
    /// |---|---|
    /// | due by `began`, or after `ended` (the evaluation's claim), or nothing | due at `due_at` |
    /// | due in between: hastened by news that the evaluation may not have seen | nothing |
    pub async fn end_tenant_evaluation(
        &self,
        tenant: &TenantId,
        (began, ended): (Timestamp, Timestamp),
        due_at: Timestamp,
    ) -> Result<()> {
        let key = keys::tenant(tenant);
        let record = Tenant { id: tenant.clone(), due_at, version: 0 };
        let moment = |at| item::text(keys::due_sort(at, tenant, tenant.as_str()));
        let condition = "attribute_not_exists(#due_sk) OR #due_sk <= :began OR #due_sk > :ended";
        let change = Change::new("SET #record = :record", condition)
            .value(":record", item::encode(&key, &record)?)
            .value(":began", moment(began))
            .value(":ended", moment(ended))
            .beside(due_beside(DueKind::Tenant, tenant, tenant.as_str(), Some(due_at)));
        self.update(&key, change).await.map(|_| ())
    }

    /// Makes a tenant due at `due_at`, whatever it was before, and puts it if it is not there: a wish to evaluate its
    /// checks sooner needs no condition.
    pub async fn set_tenant_due(&self, tenant: &TenantId, due_at: Timestamp) -> Result<()> {
        let key = keys::tenant(tenant);
        let record = Tenant { id: tenant.clone(), due_at, version: 0 };
        let change = Change::new("SET #record = :record", "")
            .value(":record", item::encode(&key, &record)?)
            .beside(due_beside(DueKind::Tenant, tenant, tenant.as_str(), Some(due_at)));
        self.update(&key, change).await.map(|_| ())
    }
}
