//! What is due, over all tenants, by shard.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::item::{Beside, decode, key_of, number, text};
use super::keys::{DUE_INDEX, DUE_PK, DUE_SK, DueKind, Key, due_end, due_partition, due_sort, shard};
use super::write::{Change, Written, names};
use super::{Store, failure, item};
use crate::Result;
use crate::ids::TenantId;

/// The index attributes of a thing that is due at `due_at`; removed when it is not due at all.
pub(super) fn due_beside(kind: DueKind, tenant: &TenantId, id: &str, due_at: Option<Timestamp>) -> Beside {
    vec![
        (DUE_PK, due_at.map(|_| text(due_partition(kind, shard(tenant, id))))),
        (DUE_SK, due_at.map(|due_at| text(due_sort(due_at, tenant, id)))),
    ]
}

impl Store {
    /// The identifying parts of what is due in one shard at `now`, longest due first, at most `limit`,
    /// and at least one if there is one.
    ///
    /// An item that cannot be read is logged and left out, so that it does not hold up the others.
    pub(super) async fn due<T: DeserializeOwned>(
        &self,
        kind: DueKind,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<T>> {
        let condition = "#due_pk = :partition AND #due_sk < :end";
        let parts = "#pk, #sk, #record.#tenant, #record.#id, #record.#due_at";
        let partition = due_partition(kind, shard);
        let mut due = Vec::new();
        let mut start = None;
        let limit = limit.max(1);
        loop {
            let request = self
                .client
                .query()
                .table_name(&*self.table)
                .index_name(DUE_INDEX)
                .key_condition_expression(condition)
                .projection_expression(parts)
                .set_expression_attribute_names(Some(names(&[condition, parts])))
                .expression_attribute_values(":partition", text(&partition))
                .expression_attribute_values(":end", text(due_end(now)))
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take());
            let answer = request.send().await;
            let answer = answer
                .map_err(|cause| failure::failed(&format!("list what is due in {partition}"), cause))?;
            for item in answer.items.unwrap_or_default() {
                let key = key_of(&item);
                match decode(item) {
                    Ok(found) => due.push(found),
                    Err(error) => {
                        tracing::error!(%key, error = error.chain(), "left out an item that is due");
                    }
                }
            }
            start = answer.last_evaluated_key;
            if due.len() >= limit || start.is_none() {
                due.truncate(limit);
                return Ok(due);
            }
        }
    }

    /// Moves the time at which a thing is due from `expected` to `next`.
    ///
    /// | stored | then |
    /// |---|---|
    /// | due at `expected` | due at `next`, version + 1; true |
    /// | due at another time, not at all, or not there | nothing; false |
    pub(super) async fn claim(
        &self,
        kind: DueKind,
        (tenant, id): (&TenantId, &str),
        key: &Key,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let update = "SET #record.#due_at = :next, #record.#version = #record.#version + :one";
        let change = Change::new(update, "#record.#due_at = :expected")
            .value(":next", timestamp(key, next)?)
            .value(":expected", timestamp(key, expected)?)
            .value(":one", number(1))
            .beside(due_beside(kind, tenant, id, Some(next)));
        Ok(matches!(self.update(key, change).await?, Written::Done))
    }
}

/// A moment as records hold it.
fn timestamp(key: &Key, moment: Timestamp) -> Result<AttributeValue> {
    item::encode(key, &moment)
}
