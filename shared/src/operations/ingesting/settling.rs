//! Settling: what all lists say together of each account; and counting the seats.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::stream::{self, StreamExt, TryStreamExt};

use jiff::Timestamp;

use super::directory::AT_ONCE;
use super::{Next, Slice};
use crate::account::{Account, HeldRole, Settled};
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

/// How many accounts one unit asks for by id.
const ASKED_IN_UNIT: usize = 1000;

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
    /// When the run began that read the lists.
    read_from: Option<Timestamp>,
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
            read_from: self.read_from,
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
        if behind.is_none() && self.take_unlisted(client, joined).await? {
            return Ok(Stage::Settle { behind });
        }
        let (accounts, next) =
            self.store().accounts_behind(self.tenant(), self.id(), behind.as_ref()).await?;
        let there = self.confirm_missing(client, joined, &accounts).await?;
        let now = self.now();
        let has_key = self.connection.organisation.is_some();
        let change = |account: &mut Account| {
            let listed = joined.names(&account.id) || there.contains(&account.id);
            let settled = joined.of(&account.id, listed);
            let mut changed = account.settle(&settled, &|group| joined.products_of(group), now);
            if !has_key {
                changed |= account.organisation.take().is_some();
            }
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
        self.ingestion.settled_sources = self.ingestion.sources.clone();
        // The checks about access have something new to judge.
        self.store().hasten_connection(self.tenant(), self.id(), now).await?;
        Ok(self.stage_behind())
    }

    /// Joins the kept lists by account.
    async fn join(&mut self) -> Result<Joined> {
        let mut lists = self.all_lists().await?;
        let users = lists.remove(&List::Users).unwrap_or_default();
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
            for account in lists.remove(&List::Members(group.id.clone())).unwrap_or_default() {
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
            for account in lists.remove(&list).unwrap_or_default() {
                let held = HeldRole { project: role.project.clone(), role: role.role.clone() };
                roles.entry(account).or_default().push(held);
            }
        }
        let read_from = self.ingestion.began_at;
        let people = people::index(self.store(), self.tenant()).await?;
        Ok(Joined { users, members, groups, unread, roles, products, people, read_from })
    }

    /// All kept lists of the connection, in one pass.
    async fn all_lists(&self) -> Result<HashMap<List, BTreeSet<AccountId>>> {
        let mut lists: HashMap<List, BTreeSet<AccountId>> = HashMap::new();
        let mut behind = None;
        loop {
            let (pages, next) = self.store().all_roster_pages(self.tenant(), self.id(), behind).await?;
            for (list, page) in pages {
                lists.entry(list).or_default().extend(page.accounts.into_iter().filter(is_somebody));
            }
            match next {
                Some(next) => behind = Some(next),
                None => return Ok(lists),
            }
        }
    }

    /// Asks Jira for accounts that a group or a role names and the site's list does not, and stores them: as many as one
    /// unit may ask for. Returns whether there may be more.
    async fn take_unlisted(
        &mut self,
        client: &Client,
        joined: &Joined,
    ) -> std::result::Result<bool, super::Stopped> {
        let named = joined.members.keys().chain(joined.roles.keys());
        let unlisted: BTreeSet<&AccountId> = named.filter(|id| !joined.users.contains(*id)).collect();
        let unlisted: BTreeSet<AccountId> = unlisted.into_iter().cloned().collect();
        // Those that are stored are asked for where they stand.
        let stored = self.store().accounts_of(self.tenant(), self.id(), &unlisted).await?;
        let stored: BTreeSet<AccountId> = stored.into_iter().map(|account| account.id).collect();
        let left = unlisted.difference(&stored).filter(|id| !self.asked_for.contains(*id));
        let unlisted: Vec<AccountId> = left.take(ASKED_IN_UNIT).cloned().collect();
        self.asked_for.extend(unlisted.iter().cloned());
        for some in unlisted.chunks(ASKED_AT_ONCE) {
            match client.accounts_with_ids(some).await {
                Ok(listed) => self.take_listed(&listed).await?,
                Err(error) if error.concerns_every_call() => return Err(error.into()),
                Err(error) => self.ingestion.source(Source::Users).lacks(Gap::from(&error)),
            }
        }
        Ok(unlisted.len() == ASKED_IN_UNIT)
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
        let (accounts, next) =
            self.store().accounts_behind(self.tenant(), self.id(), behind.as_ref()).await?;
        let rules = crate::seat::Seats::of(self.connection, &self.ingestion, self.now());
        let products = self.store().all_products(self.tenant(), self.id()).await?;
        for account in &accounts {
            for product in products.iter().filter(|product| rules.is_billed(account, &product.key)) {
                self.seats.counts.entry(product.key.clone()).or_default().by_organisation += 1;
            }
            for product in account.products.iter().filter(|product| rules.takes(account, product)) {
                rules.add(self.seats.counts.entry(product.clone()).or_default(), account, product);
            }
        }
        if let Some(next) = next {
            self.seats.behind = Some(next.clone());
            return Ok(Stage::Count { behind: Some(next) });
        }
        for product in products {
            let count = self.seats.counts.get(&product.key).cloned().unwrap_or_default();
            let count = Some(count).filter(|_| product.removed_at.is_none());
            self.write_product(Some(product.clone()), Product { count, ..product }).await?;
        }
        let now = self.now();
        self.ingestion.ended_at = Some(now);
        self.ingestion.first_ended_at = self.ingestion.first_ended_at.or(Some(now));
        Ok(self.stage_behind())
    }
}

/// Whether an id is one of somebody: records of nobody have the id `unknown` in common.
fn is_somebody(id: &AccountId) -> bool {
    id.as_str() != "unknown"
}
