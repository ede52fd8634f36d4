//! Connections: one at a time by version, with a lease for refreshing their credentials and a turn for their checks.
//!
//! A lease and a turn are changes like any other: they raise the version, so that a whole connection that was read
//! before them cannot be saved over them. Read the connection again after taking either.

use jiff::Timestamp;
use serde::Deserialize;

use super::due::due_beside;
use super::item::{Beside, number, text};
use super::keys::{self, DueKind};
use super::page::{Order, Page};
use super::write::{Change, Written};
use super::{Store, item};
use crate::Result;
use crate::connection::{Connection, Lease};
use crate::ids::{ConnectionId, TenantId};

/// Beside the record: when the lease ends, in epoch milliseconds, so that it can be compared with a time. (The record
/// has times as text, with as many digits as they need, which does not sort.)
const LEASE_UNTIL: &str = "lease_until";

/// The parts of a connection by which it is claimed.
#[derive(Deserialize)]
struct DueConnection {
    tenant: TenantId,
    id: ConnectionId,
    due_at: Timestamp,
}

impl Store {
    /// Puts a new connection with the version it has, so that it can be saved right after.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very connection | nothing; success |
    /// | another one with this id | nothing; `Conflict` |
    pub async fn put_new_connection(&self, connection: &Connection) -> Result<()> {
        let key = keys::connection(&connection.tenant, &connection.id);
        self.make(&key, connection, beside(connection)).await
    }

    /// Saves a connection, and raises its version here and in the table.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the same version | replaced, version + 1 |
    /// | what this call writes | nothing; success, the answer to a first attempt was lost |
    /// | another version, or nothing | nothing; `Conflict` |
    pub async fn save_connection(&self, connection: &mut Connection) -> Result<()> {
        let next = Connection { version: connection.version + 1, ..connection.clone() };
        let key = keys::connection(&connection.tenant, &connection.id);
        self.replace(&key, &next, connection.version, beside(&next)).await?;
        connection.version = next.version;
        Ok(())
    }

    /// The connection with this id.
    pub async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>> {
        self.get(&keys::connection(tenant, id)).await
    }

    /// A page of a tenant's connections, by id.
    pub async fn list_connections(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Connection>> {
        self.list(&keys::connections(tenant), Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// All connections of a tenant.
    pub async fn all_connections(&self, tenant: &TenantId) -> Result<Vec<Connection>> {
        self.all(&keys::connections(tenant)).await
    }

    /// Takes the right to refresh a connection's credentials alone, until `until`. Returns whether `owner` has it.
    ///
    /// | stored | then |
    /// |---|---|
    /// | no lease, or one that ended at or before `now` | taken, version + 1; true |
    /// | a lease of `owner` | renewed, version + 1; true |
    /// | a lease of somebody else that has not ended | nothing; false |
    /// | no connection | nothing; false |
    pub async fn take_refresh_lease(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        owner: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let key = keys::connection(tenant, id);
        let lease = Lease { owner: owner.to_owned(), until };
        let update = "SET #record.#refresh_lease = :lease, #record.#version = #record.#version + :one";
        let condition = "attribute_exists(#pk) AND (attribute_not_exists(#lease_until) OR #lease_until <= :now \
             OR #record.#refresh_lease.#owner = :owner)";
        let change = Change::new(update, condition)
            .value(":lease", item::encode(&key, &lease)?)
            .value(":one", number(1))
            .value(":now", number(now.as_millisecond()))
            .value(":owner", text(owner))
            .beside(vec![(LEASE_UNTIL, Some(number(until.as_millisecond())))]);
        Ok(matches!(self.update(&key, change).await?, Written::Done))
    }

    /// Gives back the right to refresh a connection's credentials.
    ///
    /// | stored | then |
    /// |---|---|
    /// | a lease of `owner` | removed, version + 1 |
    /// | a lease of somebody else, none, or no connection | nothing |
    pub async fn release_refresh_lease(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        owner: &str,
    ) -> Result<()> {
        let key = keys::connection(tenant, id);
        let update = "SET #record.#refresh_lease = :none, #record.#version = #record.#version + :one";
        let change = Change::new(update, "#record.#refresh_lease.#owner = :owner")
            .value(":none", item::encode(&key, &None::<Lease>)?)
            .value(":one", number(1))
            .value(":owner", text(owner))
            .beside(vec![(LEASE_UNTIL, None)]);
        self.update(&key, change).await.map(|_| ())
    }

    /// Connections of one shard that are due at `now`, with the time that each was due, longest due first.
    pub async fn due_connections(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, ConnectionId, Timestamp)>> {
        let due: Vec<DueConnection> = self.due(DueKind::Connection, shard, now, limit).await?;
        Ok(due.into_iter().map(|it| (it.tenant, it.id, it.due_at)).collect())
    }

    /// Takes the turn of a connection that was due at `expected`: it is due at `next` from now on. Whoever is told true
    /// has its checks evaluated.
    ///
    /// | stored | then |
    /// |---|---|
    /// | due at `expected` | due at `next`, version + 1; true |
    /// | due at another time, not at all, or not there | nothing; false |
    pub async fn claim_due_connection(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::connection(tenant, id);
        self.claim(DueKind::Connection, (tenant, id.as_str()), &key, expected, next).await
    }
}

fn beside(connection: &Connection) -> Beside {
    let mut beside =
        due_beside(DueKind::Connection, &connection.tenant, connection.id.as_str(), connection.due_at);
    let lease = connection.refresh_lease.as_ref();
    beside.push((LEASE_UNTIL, lease.map(|lease| number(lease.until.as_millisecond()))));
    beside
}
