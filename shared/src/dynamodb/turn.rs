//! Turns: when connections and tenants are looked at next, beside claiming them.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::due::due_beside;
use super::item::{encode, number};
use super::keys::{self, DueKind};
use super::write::{Change, Written};
use super::{Store, failure};
use crate::Result;
use crate::connection::Evaluated;
use crate::ids::{ConnectionId, TenantId};

/// The turn of comparing a tenant's tickets with Jira.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Comparison {
    /// The tenant.
    pub tenant: TenantId,
    /// When its tickets are compared next.
    pub due_at: Timestamp,
    /// From when on all tickets are compared, and not only those of which nobody would hear.
    #[serde(default)]
    pub full_at: Option<Timestamp>,
    /// Where the last run was cut by its deadline; none if it came to the end.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Grows by one with every write.
    #[serde(default)]
    pub version: u64,
}

/// Due by `:began`, or after `:ended`: nobody made it due in between. The index key begins with the time in digits of
/// fixed length, so it sorts as times do.
const UNHASTENED: &str = "attribute_type(#record.#due_at, :text) AND (#due_sk <= :began OR #due_sk > :ended)";

impl Store {
    /// Notes an evaluation that ended at `ended`, and makes the connection due at `due_at`.
    ///
    /// | stored | then |
    /// |---|---|
    /// | due by the evaluation's beginning, or after `ended` (its claim) | evaluated; due at `due_at`; version + 1 |
    /// | due in between: hastened by news that the evaluation may not have seen | evaluated; due when its rest ends; version + 1 |
    /// | not due at all (disconnected meanwhile), or no connection | nothing |
    pub async fn end_evaluation(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        evaluated: &Evaluated,
        ended: Timestamp,
        due_at: Timestamp,
    ) -> Result<()> {
        let key = keys::connection(tenant, id);
        let noted = || Ok::<_, crate::Error>([(":evaluated", encode(&key, evaluated)?)]);
        let note = ", #record.#evaluated = :evaluated";
        let moment = |at| super::item::text(keys::due_sort(at, tenant, id.as_str()));
        let times = [(":began", moment(evaluated.started_at)), (":ended", moment(ended))];
        let values = times.into_iter().chain(noted()?);
        if self.turn(tenant, id, due_at, note, UNHASTENED, values).await? {
            return Ok(());
        }
        let again = ended.max(evaluated.rests_until());
        self.turn(tenant, id, again, note, "attribute_type(#record.#due_at, :text)", noted()?)
            .await
            .map(|_| ())
    }

    /// Makes a connection due at `due_at`, after an attempt to evaluate it from `began` to `ended`.
    ///
    /// | stored | then |
    /// |---|---|
    /// | due by `began`, or after `ended` (the attempt's claim) | due at `due_at`, version + 1 |
    /// | due in between: hastened by news that the attempt may not have seen | nothing |
    /// | not due at all (disconnected meanwhile), or no connection | nothing |
    pub async fn set_connection_due(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        (began, ended): (Timestamp, Timestamp),
        due_at: Timestamp,
    ) -> Result<()> {
        let moment = |at| super::item::text(keys::due_sort(at, tenant, id.as_str()));
        let values = [(":began", moment(began)), (":ended", moment(ended))];
        self.turn(tenant, id, due_at, "", UNHASTENED, values).await.map(|_| ())
    }

    /// Makes a connection due at `due_at` if it would be due later: something about it has changed.
    ///
    /// | stored | then |
    /// |---|---|
    /// | due later than `due_at` | due at `due_at`, version + 1 |
    /// | due by then, not due at all, or no connection | nothing |
    pub async fn hasten_connection(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        due_at: Timestamp,
    ) -> Result<()> {
        // The index key begins with the time in digits of fixed length, so it sorts as times do.
        let condition = "attribute_type(#record.#due_at, :text) AND #due_sk > :due_sk";
        self.turn(tenant, id, due_at, "", condition, []).await.map(|_| ())
    }

    async fn turn(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        due_at: Timestamp,
        note: &str,
        condition: &str,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<bool> {
        let key = keys::connection(tenant, id);
        let update =
            &format!("SET #record.#due_at = :due_at, #record.#version = #record.#version + :one{note}");
        let change = values
            .into_iter()
            .fold(Change::new(update, condition), |change, (name, value)| change.value(name, value));
        let change = change
            .value(":due_at", encode(&key, &due_at)?)
            .value(":one", number(1))
            .value(":text", super::item::text("S"))
            .beside(due_beside(DueKind::Connection, tenant, id.as_str(), Some(due_at)));
        Ok(matches!(self.update(&key, change).await?, Written::Done))
    }

    /// Puts the turn of comparing a tenant's tickets, if there is none.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | a turn | nothing |
    pub async fn put_comparison_if_new(&self, tenant: &TenantId, due_at: Timestamp) -> Result<()> {
        let record = Comparison { tenant: tenant.clone(), due_at, full_at: None, cursor: None, version: 0 };
        let beside = due_beside(DueKind::Comparison, tenant, tenant.as_str(), Some(due_at));
        self.put_new(&keys::comparison(tenant), &record, beside).await.map(|_| ())
    }

    /// Turns of one shard that are due at `now`. They may be some milliseconds old.
    pub async fn due_comparisons(&self, shard: u8, now: Timestamp, limit: usize) -> Result<Vec<Comparison>> {
        self.due(DueKind::Comparison, shard, now, limit).await
    }

    /// Notes where a comparison that was claimed came to, and when it goes on.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the version after the claim | replaced, version + 1 |
    /// | another version | nothing: somebody else has claimed the turn |
    pub async fn end_comparison(&self, claimed: &Comparison) -> Result<()> {
        let key = keys::comparison(&claimed.tenant);
        // The claim has raised the version by one.
        let expected = claimed.version + 1;
        let next = Comparison { version: expected + 1, ..claimed.clone() };
        let tenant = &claimed.tenant;
        let beside = due_beside(DueKind::Comparison, tenant, tenant.as_str(), Some(next.due_at));
        match self.replace(&key, &next, expected, beside).await {
            Err(error) if *error.kind() == crate::error::Kind::Conflict => Ok(()),
            result => result,
        }
    }

    /// Takes the turn of comparing a tenant's tickets, under the condition that it was due at `expected`.
    pub async fn claim_due_comparison(
        &self,
        tenant: &TenantId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::comparison(tenant);
        self.claim(DueKind::Comparison, (tenant, tenant.as_str()), &key, expected, next).await
    }

    /// Whether the table answers.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` when it does not.
    pub async fn reachable(&self) -> Result<()> {
        let request = self.client.query().table_name(&*self.table).limit(1);
        let request = request
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_values(":pk", super::item::text("health"));
        let answer = request.send().await;
        answer.map(|_| ()).map_err(|cause| failure::failed("reach the table", cause))
    }
}
