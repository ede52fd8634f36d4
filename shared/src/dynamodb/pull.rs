//! Pull requests, what they are about, and the GitHub that they are at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::due::due_beside;
use super::item::{encode, number};
use super::keys::{self, DueKind, EXPIRES_AT};
use super::page::{Order, Page};
use super::write::Change;
use super::{Store, failure};
use crate::Result;
use crate::clock::after;
use crate::ids::{TenantId, TicketId};
use crate::pull::{Forge, Limit, PullId, Remediation, Trouble};

/// How long it is remembered that one pull request takes another one back, in seconds.
const REVERTS_FOR: i64 = 365 * 24 * 3600;

/// The parts of a pull request by which it is named and due.
#[derive(Deserialize)]
struct DuePull {
    tenant: TenantId,
    id: PullId,
    due_at: Timestamp,
}

#[derive(Deserialize, Serialize)]
struct Keyed {
    ticket: TicketId,
}

#[derive(Deserialize, Serialize)]
struct Revert {
    by: PullId,
}

impl Store {
    /// A tenant's GitHub, if one is set up.
    pub async fn forge(&self, tenant: &TenantId) -> Result<Option<Forge>> {
        self.get(&keys::forge(tenant)).await
    }

    /// Saves how a tenant's GitHub is reached, as version + 1.
    ///
    /// | version given | stored | then |
    /// |---|---|---|
    /// | 0 | nothing | put as version 1 |
    /// | n > 0 | version n | replaced, version n + 1 |
    /// | any | what this call writes | nothing; success |
    /// | any | anything else | nothing; `Conflict` |
    pub async fn save_forge(&self, forge: &mut Forge) -> Result<()> {
        let next = Forge { version: forge.version + 1, ..forge.clone() };
        let key = keys::forge(&next.tenant);
        self.save(&key, &next, forge.version, Vec::new()).await?;
        *forge = next;
        Ok(())
    }

    /// Forgets a tenant's GitHub. Safe to repeat.
    pub async fn delete_forge(&self, tenant: &TenantId) -> Result<()> {
        self.delete(&keys::forge(tenant), Change::default()).await.map(drop)
    }

    /// Notes that a delivery came, if GitHub is set up.
    pub async fn note_delivered(&self, tenant: &TenantId, now: Timestamp) -> Result<()> {
        let key = keys::forge(tenant);
        let change = Change::new("SET #record.#delivered_at = :now", "attribute_exists(#pk)")
            .value(":now", encode(&key, &now)?);
        self.update(&key, change).await.map(drop)
    }

    /// Notes what stands in the way of using GitHub, or that nothing does, and how many calls it allows, if it is set up.
    pub async fn note_forge(
        &self,
        tenant: &TenantId,
        trouble: Option<&Trouble>,
        limit: Option<Limit>,
        limited_until: Option<Timestamp>,
    ) -> Result<()> {
        let key = keys::forge(tenant);
        let set = "SET #record.#trouble = :trouble, #record.#limit = :limit, #record.#limited_until = :limited_until";
        let change = Change::new(set, "attribute_exists(#pk)")
            .value(":trouble", encode(&key, &trouble)?)
            .value(":limit", encode(&key, &limit)?)
            .value(":limited_until", encode(&key, &limited_until)?);
        self.update(&key, change).await.map(drop)
    }

    /// The pull request with this id.
    pub async fn remediation(&self, tenant: &TenantId, id: &PullId) -> Result<Option<Remediation>> {
        self.get(&keys::remediation(tenant, id)).await
    }

    /// Saves a pull request, and raises its version here and in the table.
    ///
    /// | version given | stored | then |
    /// |---|---|---|
    /// | 0 | nothing | put as version 1 |
    /// | n > 0 | version n | replaced, version n + 1 |
    /// | any | anything else, this very record, too | nothing; `Conflict`: a save may be the claim to write its description |
    pub async fn save_remediation(&self, record: &mut Remediation) -> Result<()> {
        let next = Remediation { version: record.version + 1, ..record.clone() };
        let key = keys::remediation(&next.tenant, &next.id);
        let beside = due_beside(DueKind::Pull, &next.tenant, next.id.as_str(), next.due_at);
        if record.version == 0 {
            if !self.put_new(&key, &next, beside).await? {
                return Err(failure::conflict(&format!("save {key}")));
            }
        } else {
            self.replace_once(&key, &next, record.version, beside).await?;
        }
        *record = next;
        Ok(())
    }

    /// A page of a tenant's pull requests, by id.
    pub async fn list_remediations(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Remediation>> {
        self.list(&keys::remediations(tenant), Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// Pull requests of one shard that are to be read again at `now`, longest due first, with the time that each was due.
    pub async fn due_pulls(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, PullId, Timestamp)>> {
        let due: Vec<DuePull> = self.due(DueKind::Pull, shard, now, limit).await?;
        Ok(due.into_iter().map(|it| (it.tenant, it.id, it.due_at)).collect())
    }

    /// Moves the time at which a pull request is due from `expected` to `next`. Whether it did.
    pub async fn claim_due_pull(
        &self,
        tenant: &TenantId,
        id: &PullId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::remediation(tenant, id);
        self.claim(DueKind::Pull, (tenant, id.as_str()), &key, expected, next).await
    }

    /// Notes that a ticket's issue has a key. Keys that it had before stay noted: pull requests go on naming them.
    pub async fn put_key(&self, tenant: &TenantId, key: &str, ticket: &TicketId) -> Result<()> {
        let keyed = Keyed { ticket: ticket.clone() };
        self.put_new(&keys::keyed_ticket(tenant, key, ticket), &keyed, Vec::new()).await.map(drop)
    }

    /// The tickets whose issue has, or had, a key: more than one where two sites use it.
    pub async fn tickets_of_key(&self, tenant: &TenantId, key: &str) -> Result<Vec<TicketId>> {
        let found: Vec<Keyed> = self.all(&keys::keyed(tenant, key)).await?;
        Ok(found.into_iter().map(|keyed| keyed.ticket).collect())
    }

    /// Notes that one pull request takes another one back. Safe to repeat.
    pub async fn put_revert(
        &self,
        tenant: &TenantId,
        of: &PullId,
        by: &PullId,
        now: Timestamp,
    ) -> Result<()> {
        let beside = vec![(EXPIRES_AT, Some(number(after(now, REVERTS_FOR).as_second())))];
        let revert = Revert { by: by.clone() };
        self.put_new(&keys::revert(tenant, of, by), &revert, beside).await.map(drop)
    }

    /// The pull requests that take one back.
    pub async fn reverts_of(&self, tenant: &TenantId, of: &PullId) -> Result<Vec<PullId>> {
        let found: Vec<Revert> = self.all(&keys::reverts(tenant, of)).await?;
        Ok(found.into_iter().map(|revert| revert.by).collect())
    }
}
