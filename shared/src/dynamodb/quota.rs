//! Points spent in Jira, by connection and hour, and the pause that Jira asked for.

use jiff::Timestamp;

use super::item::{Item, key_of, number, number_beside};
use super::keys;
use super::write::{Change, names};
use super::{Store, failure, item};
use crate::Result;
use crate::ids::{ConnectionId, TenantId};
use crate::quota::{Quota, hour_of};

/// The points of an hour. These items have no record, only a number that is added to or compared.
const SPENT: &str = "spent";

/// Until when to pause, in epoch milliseconds.
const UNTIL: &str = "until";

/// How long an hour's points are kept after it began, in seconds: for looking back at yesterday.
const KEPT_FOR: i64 = 48 * 3600;

impl Store {
    /// Adds to the points that a connection spent in the hour that begins at `hour`. A call that is repeated because its
    /// answer was lost counts twice, which only makes us more careful.
    pub async fn add_points(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        hour: Timestamp,
        points: u64,
    ) -> Result<()> {
        let hour = hour_of(hour);
        let key = keys::quota_hour(tenant, connection, hour);
        let change = Change::new("ADD #spent :points SET #expires_at = :expires_at", "")
            .value(":points", number(points))
            .value(":expires_at", number(hour.as_second() + KEPT_FOR));
        self.update(&key, change).await.map(|_| ())
    }

    /// Notes that Jira asked a connection to pause until `until`.
    ///
    /// | stored | then |
    /// |---|---|
    /// | no pause, or a shorter one | this one |
    /// | one that is as long or longer | nothing |
    pub async fn pause(&self, tenant: &TenantId, connection: &ConnectionId, until: Timestamp) -> Result<()> {
        let key = keys::quota_pause(tenant, connection);
        let change = Change::new(
            "SET #until = :until, #expires_at = :expires_at",
            "attribute_not_exists(#until) OR #until < :until",
        )
        .value(":until", number(until.as_millisecond()))
        .value(":expires_at", number(until.as_second() + 3600));
        self.update(&key, change).await.map(|_| ())
    }

    /// What a connection spent in the hour of `now`, and until when it must pause if it must.
    pub async fn quota(&self, tenant: &TenantId, connection: &ConnectionId, now: Timestamp) -> Result<Quota> {
        let hour = hour_of(now);
        let hour_key = keys::quota_hour(tenant, connection, hour);
        let pause_key = keys::quota_pause(tenant, connection);
        // The pause sorts behind all hours: one call finds both.
        let condition = "#pk = :pk AND #sk BETWEEN :hour AND :pause";
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names(&[condition])))
            .expression_attribute_values(":pk", item::text(&hour_key.pk))
            .expression_attribute_values(":hour", item::text(&hour_key.sk))
            .expression_attribute_values(":pause", item::text(&pause_key.sk));
        let answer =
            request.send().await.map_err(|cause| failure::failed(&format!("read {hour_key}"), cause))?;
        let found: Vec<Item> = answer.items.unwrap_or_default();
        let at = |key: &keys::Key| found.iter().find(|item| key_of(item) == *key);
        let spent = at(&hour_key).and_then(|item| number_beside(item, SPENT)).unwrap_or(0);
        let until: Option<i64> = at(&pause_key).and_then(|item| number_beside(item, UNTIL));
        let paused_until =
            until.and_then(|until| Timestamp::from_millisecond(until).ok()).filter(|until| *until > now);
        Ok(Quota { tenant: tenant.clone(), connection: connection.clone(), hour, spent, paused_until })
    }
}
