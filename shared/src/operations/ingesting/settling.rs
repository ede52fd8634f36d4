//! Settling: what all lists say together of each account; and counting the seats.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::directory::AT_ONCE;
use super::{Next, Slice};
use crate::account::{Account, HeldRole, Settled};
use crate::connection::UseCase;
use crate::directory::{List, Product, SeatCount};
use crate::evidence::Gap;
use crate::ids::{AccountId, GroupId, ProductKey};
use crate::ingestion::{Source, Stage};
use crate::jira::Client;
use crate::matching::Index;
use crate::operations::people;
use crate::{Error, Result};

/// How many accounts one call to Jira is asked about by id.
///
/// Source: specification of `bulkGetUsers`: `accountId` "can be specified multiple times", `maxResults` at most 200.
const ASKED_AT_ONCE: usize = 200;

/// What the lists say, joined by account.
pub(super) struct Joined {
    /// The accounts of the site's list.
    users: BTreeSet<AccountId>,
    /// The groups of each account, as places in `groups`.
    members: HashMap<AccountId, Vec<u32>>,
    /// The groups whose members were read to the last one.
    groups: Vec<GroupId>,
    /// The groups whose members were not.
    unread: BTreeSet<GroupId>,
    /// The roles that each account holds itself.
    roles: HashMap<AccountId, Vec<HeldRole>>,
    /// The products that each group gives.
    products: BTreeMap<GroupId, Vec<ProductKey>>,
    /// The people of the list, by what accounts tell.
    people: Index,
}

impl Joined {
    /// Whether any list names an account.
    fn names(&self, id: &AccountId) -> bool {
        self.users.contains(id) || self.members.contains_key(id) || self.roles.contains_key(id)
    }

    /// What the lists say of an account.
    fn of(&self, id: &AccountId, listed: bool) -> Settled {
        let groups = self.members.get(id).into_iter().flatten();
        Settled {
            groups: groups.filter_map(|place| self.groups.get(*place as usize)).cloned().collect(),
            unread_groups: self.unread.clone(),
            roles: Some(self.roles.get(id).cloned().unwrap_or_default()),
            listed,
        }
    }

    fn products_of(&self, group: &GroupId) -> Vec<ProductKey> {
        self.products.get(group).cloned().unwrap_or_default()
    }
}

/// The seats counted so far in this slice.
#[derive(Default)]
pub(super) struct Seats {
    counts: BTreeMap<ProductKey, SeatCount>,
    /// The last account that was counted; none when nothing was.
    behind: Option<AccountId>,
}

impl Slice<'_> {
    /// Settles the accounts behind `behind`: one call's worth of them.
    pub(super) async fn settle(&mut self, client: &Client, behind: Option<AccountId>) -> Next {
        let joined = match self.joined.take() {
            Some(joined) => joined,
            None => self.join().await?,
        };
        let next = self.settle_some(client, &joined, behind).await;
        self.joined = Some(joined);
        next
    }

    async fn settle_some(&mut self, client: &Client, joined: &Joined, behind: Option<AccountId>) -> Next {
        if behind.is_none() {
            self.take_unlisted(client, joined).await?;
        }
        let (accounts, next) =
            self.store().accounts_behind(self.tenant(), self.id(), behind.as_ref()).await?;
        let there = self.confirm_missing(client, joined, &accounts).await?;
        let now = self.now();
        let change = |account: &mut Account| {
            let listed = joined.names(&account.id) || there.contains(&account.id);
            let settled = joined.of(&account.id, listed);
            let changed = account.settle(&settled, &|group| joined.products_of(group), now);
            joined.people.settle(account) || changed
        };
        let changed: Vec<AccountId> = accounts
            .into_iter()
            .filter_map(|mut account| change(&mut account).then_some(account.id))
            .collect();
        self.ingestion.cost.writes += changed.len() as u64;
        let (tenant, connection, store) = (self.tenant(), self.id(), self.store());
        let change = &change;
        let writes = changed.iter().map(|id| async move {
            let apply = |account: &mut Account| Ok(change(account));
            store.change_account(tenant, connection, id, &apply).await.map(|_| ())
        });
        stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        if next.is_some() {
            return Ok(Stage::Settle { behind: next });
        }
        self.ingestion.settled_at = Some(now);
        // Who is only reviewed is not watched: activity is read where the use case is chosen.
        let watched = self.connection.use_cases.contains(&UseCase::Usage);
        Ok(if watched { self.ingestion.stage.next() } else { Stage::Count { behind: None } })
    }

    /// Joins the kept lists by account.
    async fn join(&mut self) -> Result<Joined> {
        let users = self.listed_in(&List::Users).await?;
        let known = self.known_groups().await?.clone();
        let mut members: HashMap<AccountId, Vec<u32>> = HashMap::new();
        let (mut groups, mut unread) = (Vec::new(), BTreeSet::new());
        let mut products = BTreeMap::new();
        for group in known {
            products.insert(group.id.clone(), group.products.clone());
            if group.removed_at.is_some() {
                continue;
            }
            if !group.complete {
                unread.insert(group.id);
                continue;
            }
            let place = u32::try_from(groups.len()).map_err(|_| Error::internal("too many groups"))?;
            for account in self.listed_in(&List::Members(group.id.clone())).await? {
                members.entry(account).or_default().push(place);
            }
            groups.push(group.id);
        }
        let mut roles: HashMap<AccountId, Vec<HeldRole>> = HashMap::new();
        for role in self.store().all_project_roles(self.tenant(), self.id()).await? {
            if role.holders == 0 {
                continue;
            }
            let list = List::Holders(role.project.clone(), role.role.clone());
            for account in self.listed_in(&list).await? {
                let held = HeldRole { project: role.project.clone(), role: role.role.clone() };
                roles.entry(account).or_default().push(held);
            }
        }
        let people = people::index(self.store(), self.tenant()).await?;
        Ok(Joined { users, members, groups, unread, roles, products, people })
    }

    /// Asks Jira for the accounts that a group or a role names and the site's list does not, and stores them.
    async fn take_unlisted(
        &mut self,
        client: &Client,
        joined: &Joined,
    ) -> std::result::Result<(), super::Stopped> {
        let named = joined.members.keys().chain(joined.roles.keys());
        let unlisted: BTreeSet<&AccountId> = named.filter(|id| !joined.users.contains(*id)).collect();
        let unlisted: Vec<AccountId> = unlisted.into_iter().cloned().collect();
        for some in unlisted.chunks(ASKED_AT_ONCE) {
            match client.accounts_with_ids(some).await {
                Ok(listed) => self.take_listed(&listed).await?,
                Err(error) if error.concerns_every_call() => return Err(error.into()),
                Err(error) => self.ingestion.source(Source::Users).lacks(Gap::from(&error)),
            }
        }
        Ok(())
    }

    /// The accounts of `accounts` that no list names and that are there nevertheless, or of which that could not be found
    /// out: a list that was cut short removes nobody.
    async fn confirm_missing(
        &mut self,
        client: &Client,
        joined: &Joined,
        accounts: &[Account],
    ) -> std::result::Result<BTreeSet<AccountId>, super::Stopped> {
        let missing: Vec<AccountId> = accounts
            .iter()
            .filter(|account| account.removed_at.is_none() && !joined.names(&account.id))
            .map(|account| account.id.clone())
            .collect();
        if !self.ingestion.is_complete(Source::Users) {
            return Ok(missing.into_iter().collect());
        }
        let mut there = BTreeSet::new();
        for some in missing.chunks(ASKED_AT_ONCE) {
            match client.accounts_with_ids(some).await {
                Ok(listed) => {
                    self.take_listed(&listed).await?;
                    there.extend(listed.into_iter().map(|account| account.id));
                }
                Err(error) if error.concerns_every_call() => return Err(error.into()),
                Err(error) => {
                    self.ingestion.source(Source::Users).lacks(Gap::from(&error));
                    there.extend(some.iter().cloned());
                }
            }
        }
        Ok(there)
    }

    /// Counts the seats of the accounts behind `behind`. What was counted is kept in memory only, so that a slice that
    /// finds itself in the middle begins anew: it reads nothing but the table.
    pub(super) async fn count(&mut self, behind: Option<AccountId>) -> Next {
        let behind = if behind == self.seats.behind { behind } else { None };
        if behind.is_none() {
            self.seats = Seats::default();
        }
        let zone = self.ingestion.time_zone();
        let today = self.ingestion.today(self.now());
        // Who was there already when Assay first looked did not come on that day.
        let first_look = self.ingestion.first_ended_at;
        let (accounts, next) =
            self.store().accounts_behind(self.tenant(), self.id(), behind.as_ref()).await?;
        for account in accounts.iter().filter(|account| account.is_live()) {
            let came = first_look
                .filter(|first_look| account.first_seen_at > *first_look)
                .map(|_| account.first_seen_at.to_zoned(zone.clone()).date());
            for product in &account.products {
                let count = self.seats.counts.entry(product.clone()).or_default();
                add_seat(count, account, product, came, today);
            }
        }
        if let Some(next) = next {
            self.seats.behind = Some(next.clone());
            return Ok(Stage::Count { behind: Some(next) });
        }
        for product in self.store().all_products(self.tenant(), self.id()).await? {
            let count = self.seats.counts.get(&product.key).cloned().unwrap_or_default();
            let count = Some(count).filter(|_| product.removed_at.is_none());
            self.write_product(Some(product.clone()), Product { count, ..product }).await?;
        }
        Ok(self.ingestion.stage.next())
    }
}

/// Adds an account's seat in a product. `came` is the day of its coming, if it came after the first ingestion.
fn add_seat(count: &mut SeatCount, account: &Account, product: &ProductKey, came: Option<Date>, today: Date) {
    count.held += 1;
    if account.protection.as_ref().is_some_and(|protection| protection.ends_on >= today) {
        count.protected += 1;
        return;
    }
    let told = account.organisation.iter().flat_map(|view| &view.products);
    let told = told.filter(|access| access.product == product.as_str());
    let told = told.filter_map(|access| access.last_active).max();
    let told = told.map(|at| at.to_zoned(TimeZone::UTC).date());
    match account.last_active_on.max(told).max(came) {
        Some(day) => *count.by_last_day.entry(day).or_default() += 1,
        None => count.not_since_known += 1,
    }
}
