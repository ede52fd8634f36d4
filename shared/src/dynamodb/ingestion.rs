//! Ingestions, and the days on which accounts were active.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::due::due_beside;
use super::item::{Item, key_of};
use super::keys::{self, DueKind, Key};
use super::page::Order;
use super::write::Change;
use super::{CONCURRENCY, Store};
use crate::ids::{AccountId, ConnectionId, TenantId};
use crate::ingestion::Ingestion;
use crate::{Error, Result};

/// The attribute that holds the days of a month, as a set of numbers.
const DAYS: &str = "days";

/// The days of one month on which an account was active.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActiveMonth {
    /// The account.
    pub account: AccountId,
    /// The first day of the month.
    pub month: Date,
    /// The days, counted from 1.
    pub days: BTreeSet<i8>,
}

impl ActiveMonth {
    /// The days, as dates.
    pub fn dates(&self) -> impl Iterator<Item = Date> + '_ {
        self.days.iter().filter_map(|day| Date::new(self.month.year(), self.month.month(), *day).ok())
    }
}

/// A connection whose ingestion is due, and since when.
#[derive(Clone, Debug, Deserialize)]
struct Waiting {
    tenant: TenantId,
    id: ConnectionId,
    due_at: Timestamp,
}

impl Store {
    /// Puts a new ingestion; nothing is changed when there is one already.
    pub async fn put_new_ingestion(&self, ingestion: &Ingestion) -> Result<bool> {
        let key = keys::ingestion(&ingestion.tenant, &ingestion.id);
        let beside =
            due_beside(DueKind::Ingestion, &ingestion.tenant, ingestion.id.as_str(), ingestion.due_at);
        self.put_new(&key, ingestion, beside).await
    }

    /// Saves an ingestion, and raises its version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_ingestion(&self, ingestion: &mut Ingestion) -> Result<()> {
        let next = Ingestion { version: ingestion.version + 1, ..ingestion.clone() };
        let key = keys::ingestion(&next.tenant, &next.id);
        let beside = due_beside(DueKind::Ingestion, &next.tenant, next.id.as_str(), next.due_at);
        self.replace(&key, &next, ingestion.version, beside).await?;
        ingestion.version = next.version;
        Ok(())
    }

    /// The ingestion of a connection.
    pub async fn ingestion(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<Option<Ingestion>> {
        self.get(&keys::ingestion(tenant, connection)).await
    }

    /// All ingestions of a tenant.
    pub async fn all_ingestions(&self, tenant: &TenantId) -> Result<Vec<Ingestion>> {
        self.all(&keys::ingestions(tenant)).await
    }

    /// Connections of one shard whose ingestion is due at `now`, with the time that each was due, longest due first.
    pub async fn due_ingestions(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, ConnectionId, Timestamp)>> {
        let due: Vec<Waiting> = self.due(DueKind::Ingestion, shard, now, limit).await?;
        Ok(due.into_iter().map(|due| (due.tenant, due.id, due.due_at)).collect())
    }

    /// Takes the turn of an ingestion that was due at `expected`: it is due at `next` from now on. Whoever is told true
    /// asks for its next slice.
    pub async fn claim_due_ingestion(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::ingestion(tenant, connection);
        self.claim(DueKind::Ingestion, (tenant, connection.as_str()), &key, expected, next).await
    }

    /// Those of these days that are not stored yet.
    pub async fn new_active_days(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        zone: &str,
        active: &BTreeMap<AccountId, BTreeSet<Date>>,
    ) -> Result<BTreeMap<AccountId, BTreeSet<Date>>> {
        let days = || active.iter().flat_map(|(account, days)| days.iter().map(move |day| (account, *day)));
        let keys = days().map(|(account, day)| month_key(tenant, connection, zone, account, day)).collect();
        let known: BTreeMap<Key, BTreeSet<i8>> = self
            .items_of(&keys, "months of activity")
            .await?
            .iter()
            .map(|item| (key_of(item), days_of(item)))
            .collect();
        let mut new: BTreeMap<AccountId, BTreeSet<Date>> = BTreeMap::new();
        for (account, day) in days() {
            let month = known.get(&month_key(tenant, connection, zone, account, day));
            if !month.is_some_and(|month| month.contains(&day.day())) {
                new.entry(account.clone()).or_default().insert(day);
            }
        }
        Ok(new)
    }

    /// Adds days on which accounts were active. Returns how many records were written.
    ///
    /// Days are a set of numbers, so that adding them again, in any order, changes nothing.
    pub async fn add_active_days(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        zone: &str,
        active: &BTreeMap<AccountId, BTreeSet<Date>>,
    ) -> Result<u64> {
        let mut wanted: BTreeMap<Key, Vec<String>> = BTreeMap::new();
        for (account, days) in active {
            for day in days {
                let key = month_key(tenant, connection, zone, account, *day);
                wanted.entry(key).or_default().push(day.day().to_string());
            }
        }
        let written = wanted.len() as u64;
        let adds = wanted.into_iter().map(|(key, days)| async move {
            let change = Change::new("ADD #days :days", "").value(":days", AttributeValue::Ns(days));
            self.update(&key, change).await.map(|_| ())
        });
        stream::iter(adds).buffer_unordered(CONCURRENCY).try_collect::<Vec<()>>().await?;
        Ok(written)
    }

    /// The days from `from` to `until` on which each of these accounts was active, as counted in `zone`.
    pub async fn active_days_of(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        zone: &str,
        accounts: &[AccountId],
        (from, until): (Date, Date),
    ) -> Result<BTreeMap<AccountId, BTreeSet<Date>>> {
        let mut keys = BTreeSet::new();
        let mut month = from.first_of_month();
        while month <= until {
            keys.extend(accounts.iter().map(|account| month_key(tenant, connection, zone, account, month)));
            month = month.checked_add(jiff::Span::new().months(1)).unwrap_or(Date::MAX);
        }
        let mut active: BTreeMap<AccountId, BTreeSet<Date>> = BTreeMap::new();
        for item in self.items_of(&keys, "months of activity").await? {
            let month = month_of(&item)?;
            let days = month.dates().filter(|day| (from..=until).contains(day));
            active.entry(month.account.clone()).or_default().extend(days);
        }
        Ok(active)
    }

    /// The months in which an account was active, as counted in `zone`, from the earliest.
    pub async fn active_months(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        zone: &str,
        account: &AccountId,
    ) -> Result<Vec<ActiveMonth>> {
        let items = keys::activity_of(tenant, connection, zone, account);
        let (found, _) = self.query(&items, Order::Rising, &Vec::new(), None, 1200).await?;
        found.iter().map(month_of).collect()
    }

    /// Some months of all accounts of a connection, behind the sort key `behind`, and the one to go on behind.
    pub async fn active_months_behind(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        zone: &str,
        behind: Option<String>,
    ) -> Result<(Vec<ActiveMonth>, Option<String>)> {
        let items = keys::activity(tenant, connection, zone);
        let (found, last) = self.query(&items, Order::Rising, &Vec::new(), behind, 2000).await?;
        Ok((found.iter().map(month_of).collect::<Result<_>>()?, last))
    }
}

fn month_key(
    tenant: &TenantId,
    connection: &ConnectionId,
    zone: &str,
    account: &AccountId,
    day: Date,
) -> Key {
    let items = keys::activity_of(tenant, connection, zone, account);
    let sk = format!("{}{:04}-{:02}", items.beginning, day.year(), day.month());
    Key { pk: items.pk, sk }
}

fn days_of(item: &Item) -> BTreeSet<i8> {
    let days = item.get(DAYS).and_then(|days| days.as_ns().ok());
    days.into_iter().flatten().filter_map(|day| day.parse().ok()).collect()
}

/// Reads a stored month: its account and month stand in the key.
fn month_of(item: &Item) -> Result<ActiveMonth> {
    let key = key_of(item);
    let unreadable = || Error::internal(format!("the stored item {key} is no month of activity"));
    let mut parts = key.sk.split('#').skip(1);
    let account = parts.next().and_then(|id| AccountId::parse(id).ok()).ok_or_else(unreadable)?;
    let month = parts.next().and_then(|month| format!("{month}-01").parse().ok()).ok_or_else(unreadable)?;
    Ok(ActiveMonth { account, month, days: days_of(item) })
}
