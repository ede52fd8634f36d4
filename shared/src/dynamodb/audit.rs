//! The audit log: entries by month and moment, the newest first.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Store;
use super::item::{Item, decode, encode, key_of, number};
use super::keys::{self, EXPIRES_AT};
use super::page::{Filter, Order, Page, check_limit, cursor_of, sort_key_of};
use super::write::Change;
use crate::audit::{Entry, KEPT_FOR, Outcome};
use crate::clock::after;
use crate::ids::TenantId;
use crate::{Error, Result};

/// How many entries a filtered list looks at in one call to the table.
const LOOKED_AT: usize = 500;

/// How many calls to the table a list makes before it gives a shorter page and a cursor to go on with: one for each month that
/// is kept, and some for those that have more than one call finds.
const CALLS: usize = 24;

/// How far another machine's clock may be ahead, in seconds: what it wrote is listed all the same.
const AHEAD: i64 = 60;

/// Which entries of the log are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter<'a> {
    /// Those of this token, or of another one of [`crate::audit::Who::by`].
    pub by: Option<&'a str>,
    /// Those that began then or later.
    pub since: Option<Timestamp>,
    /// Those that began before, to the millisecond.
    pub until: Option<Timestamp>,
}

impl Store {
    /// Puts the entry of a change that begins. The table forgets it after [`KEPT_FOR`].
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very entry | nothing; success |
    /// | another one with this id | nothing; `Conflict` |
    pub async fn put_audit_entry(&self, entry: &Entry) -> Result<()> {
        let key = keys::audit_entry(&entry.tenant, entry.at, &entry.id);
        let expires_at = number(after(entry.at, KEPT_FOR).as_second());
        self.make(&key, entry, vec![(EXPIRES_AT, Some(expires_at))]).await
    }

    /// Writes down what became of a change.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the entry, without an outcome | given the outcome |
    /// | the entry with an outcome, or nothing | nothing: what is written in the log stays |
    pub async fn end_audit_entry(&self, entry: &Entry, outcome: &Outcome) -> Result<()> {
        let key = keys::audit_entry(&entry.tenant, entry.at, &entry.id);
        let change = Change::new(
            "SET #record.#outcome = :outcome",
            "attribute_exists(#pk) AND attribute_not_exists(#record.#outcome)",
        );
        self.update(&key, change.value(":outcome", encode(&key, outcome)?)).await.map(|_| ())
    }

    /// A page of a tenant's log, the newest entry first, across months. What is older than [`KEPT_FOR`] at `now` is left out,
    /// whether the table has removed it or not.
    pub async fn list_audit_entries(
        &self,
        tenant: &TenantId,
        filter: &AuditFilter<'_>,
        now: Timestamp,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Entry>> {
        let limit = check_limit(limit)?;
        let wanted: Filter<'_> = filter.by.map(|by| ("by", by)).into_iter().collect();
        let oldest = after(now, -KEPT_FOR);
        let end = keys::before_audit(filter.since.unwrap_or(oldest).max(oldest));
        let newest = after(now, AHEAD);
        let start = keys::before_audit(filter.until.unwrap_or(newest).min(newest));
        let mut behind = match cursor {
            Some(cursor) => place_of(cursor, tenant, now)?.min(start),
            None => start,
        };
        let mut found: Vec<Item> = Vec::new();
        for _ in 0..CALLS {
            // What lies behind is older than all that is wanted.
            if behind <= end || found.len() > limit {
                break;
            }
            let month = month_behind(&behind)?;
            let items = keys::audit(tenant, month);
            let look_at = if wanted.is_empty() { limit + 1 - found.len() } else { LOOKED_AT };
            let (more, last) = self.query(&items, Order::Falling, &wanted, Some(behind), look_at).await?;
            found.extend(more.into_iter().filter(|item| key_of(item).sk >= end));
            behind = last.map_or_else(|| beginning_of(month), Ok)?;
        }
        let next = if found.len() > limit {
            found.truncate(limit);
            found.last().map(|item| cursor_of(&key_of(item).sk))
        } else {
            (behind > end).then(|| cursor_of(&behind))
        };
        Ok(Page { items: found.into_iter().map(decode).collect::<Result<_>>()?, next })
    }
}

/// The sort key in a cursor.
fn place_of(cursor: &str, tenant: &TenantId, now: Timestamp) -> Result<String> {
    let sort_key = sort_key_of(cursor, &keys::audit(tenant, keys::audit_month(now)))?;
    match keys::audit_moment(&sort_key) {
        Some(_) => Ok(sort_key),
        None => Err(Error::invalid(
            "cursor",
            "the cursor is not one that this list gave; leave it out to begin anew",
        )),
    }
}

/// The month in which the entries begin that lie behind a sort key, when the newest come first.
fn month_behind(sort_key: &str) -> Result<Date> {
    let (at, is_entry) = keys::audit_moment(sort_key)
        .ok_or_else(|| Error::internal(format!("the sort key {sort_key} is none of the audit log")))?;
    let millisecond = jiff::SignedDuration::from_millis(1);
    let at = if is_entry { at } else { at.checked_sub(millisecond).unwrap_or(at) };
    Ok(keys::audit_month(at))
}

/// The sort key behind which the months before this one begin.
fn beginning_of(month: Date) -> Result<String> {
    let start = month.to_zoned(TimeZone::UTC);
    let start = start.map_err(|cause| Error::internal("a month has no beginning").because(cause))?;
    Ok(keys::before_audit(start.timestamp()))
}
