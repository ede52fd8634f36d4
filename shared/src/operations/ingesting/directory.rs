//! The lists of a directory: accounts, groups, members, products, the organisation's view.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Next, Slice};
use crate::account::{Account, Shown};
use crate::directory::{ACCOUNTS_IN_PAGE, Group, List, Product, RosterPage};
use crate::evidence::Gap;
use crate::ids::{AccountId, GroupId, ProductKey};
use crate::ingestion::{Source, Stage};
use crate::jira::Client;
use crate::jira::directory::ListedAccount;
use crate::jira::error::{JiraError, Kind};
use crate::secret::Secret;
use crate::secrets;
use crate::{Error, Result};

/// Writes at the same time.
pub(super) const AT_ONCE: usize = 16;

/// Pages of a list beyond which something is wrong: two million groups.
const MOST_PAGES: usize = 40_000;

impl Slice<'_> {
    /// Lists the accounts that begin at the place `start`, and keeps which ones they are as the page `kept`.
    ///
    /// The list ends only with an empty page: Jira may give fewer than were asked for. An account that moves to an
    /// earlier place meanwhile may be missed; that is why nobody is removed before Jira was asked for that very account.
    pub(super) async fn users(&mut self, client: &Client, start: u64, kept: u64) -> Next {
        if start == 0 {
            self.ingestion.source(Source::Users).begin();
        }
        let listed = match client.list_accounts(start).await {
            Ok(listed) => listed,
            Err(error) => return self.left(Source::Users, error),
        };
        let now = self.now();
        if listed.is_empty() {
            self.store().cut_roster(self.tenant(), self.id(), &List::Users, kept).await?;
            self.ingestion.source(Source::Users).read_at = Some(now);
            return Ok(self.ingestion.stage.next());
        }
        self.take_listed(&listed).await?;
        let accounts = listed.iter().map(|account| account.id.clone()).collect();
        self.keep(&List::Users, kept, accounts).await?;
        let read = listed.len() as u64;
        self.ingestion.source(Source::Users).read += read;
        Ok(Stage::Users { start: start + read, kept: kept + ACCOUNTS_IN_PAGE })
    }

    /// Writes what a list shows of accounts, where that is new.
    pub(super) async fn take_listed(&mut self, listed: &[ListedAccount]) -> Result<()> {
        let now = self.now();
        let ids = listed.iter().map(|account| account.id.clone()).collect();
        let stored = self.store().accounts_of(self.tenant(), self.id(), &ids).await?;
        let stored: BTreeMap<AccountId, Account> =
            stored.into_iter().map(|account| (account.id.clone(), account)).collect();
        let shown: BTreeMap<&AccountId, &ListedAccount> =
            listed.iter().map(|account| (&account.id, account)).collect();
        let (tenant, connection, store) = (self.tenant(), self.id(), self.store());
        let mut new = Vec::new();
        let mut changed = Vec::new();
        for (id, listed) in shown {
            match stored.get(id) {
                None => {
                    let mut account = Account::new(tenant.clone(), connection.clone(), id.clone(), now);
                    account.take_shown(shown_of(listed));
                    new.push(account);
                }
                Some(account) if account.clone().take_shown(shown_of(listed)) => changed.push(listed),
                Some(_) => {}
            }
        }
        let writes = (new.len() + changed.len()) as u64;
        let puts = new.iter().map(|account| async move { store.put_new_account(account).await.map(|_| ()) });
        stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        let changes = changed.into_iter().map(|listed| async move {
            let take = |account: &mut Account| Ok(account.take_shown(shown_of(listed)));
            store.change_account(tenant, connection, &listed.id, &take).await.map(|_| ())
        });
        stream::iter(changes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        self.ingestion.cost.writes += writes;
        Ok(())
    }

    /// Keeps a page of a list.
    async fn keep(&mut self, list: &List, start: u64, accounts: Vec<AccountId>) -> Result<()> {
        let page = RosterPage { start, accounts };
        let written = self.store().keep_roster_page(self.tenant(), self.id(), list, &page).await?;
        self.ingestion.cost.writes += u64::from(written);
        Ok(())
    }

    /// Lists all groups. A group that is not listed any more is marked only when the list came to its end.
    pub(super) async fn groups(&mut self, client: &Client) -> Next {
        self.ingestion.source(Source::Groups).begin();
        let mut listed: BTreeMap<GroupId, String> = BTreeMap::new();
        let mut start = 0;
        let mut ended = false;
        for _ in 0..MOST_PAGES {
            let portion = match client.list_groups(start).await {
                Ok(portion) => portion,
                Err(error) => return self.left(Source::Groups, error),
            };
            start += portion.items.len() as u64;
            listed.extend(portion.items.into_iter().map(|group| (group.id, group.name)));
            if portion.last {
                ended = true;
                break;
            }
        }
        let now = self.now();
        let read = listed.len() as u64;
        let mut groups = self.store().all_groups(self.tenant(), self.id()).await?;
        for group in &mut groups {
            let before = group.clone();
            match listed.remove(&group.id) {
                Some(name) => {
                    group.name = name;
                    group.removed_at = None;
                }
                None if ended => {
                    group.removed_at = group.removed_at.or(Some(now));
                    group.members = 0;
                }
                None => {}
            }
            if *group != before {
                self.write_group(group).await?;
            }
        }
        for (id, name) in listed {
            let mut group = Group {
                tenant: self.tenant().clone(),
                connection: self.id().clone(),
                id,
                name,
                members: 0,
                complete: false,
                products: Vec::new(),
                removed_at: None,
                version: 0,
            };
            self.write_group(&mut group).await?;
        }
        let coverage = self.ingestion.source(Source::Groups);
        coverage.read = read;
        coverage.read_at = Some(now);
        self.groups = None;
        Ok(self.ingestion.stage.next())
    }

    async fn write_group(&mut self, group: &mut Group) -> Result<()> {
        group.version += 1;
        self.store().write_group(group).await?;
        self.ingestion.cost.writes += 1;
        Ok(())
    }

    /// The groups, by id.
    pub(super) async fn known_groups(&mut self) -> Result<&mut Vec<Group>> {
        if self.groups.is_none() {
            self.groups = Some(self.store().all_groups(self.tenant(), self.id()).await?);
        }
        self.groups.as_mut().ok_or_else(|| Error::internal("the groups were read, and are not there"))
    }

    /// Lists the members of the group behind `behind`, from the place `start` on: one page that is kept, by as many calls
    /// as that needs.
    ///
    /// A group is complete when as many different accounts were read as Jira counts, at the last page, in the group. If
    /// they are fewer, somebody moved between pages; the group's stored members are kept until the next run.
    pub(super) async fn members(
        &mut self,
        client: &Client,
        behind: Option<GroupId>,
        start: u64,
        kept: u64,
    ) -> Next {
        if behind.is_none() && start == 0 {
            self.ingestion.source(Source::Members).begin();
        }
        let groups = self.known_groups().await?;
        let next = groups.iter().find(|group| {
            group.removed_at.is_none() && behind.as_ref().is_none_or(|behind| group.id > *behind)
        });
        let Some(group) = next.map(|group| group.id.clone()) else {
            let now = self.now();
            self.ingestion.source(Source::Members).read_at = Some(now);
            return Ok(self.ingestion.stage.next());
        };
        let list = List::Members(group.clone());
        let (mut at, mut accounts) = (start, Vec::new());
        let (mut total, mut last) = (None, false);
        while accounts.len() as u64 + 50 <= ACCOUNTS_IN_PAGE && !last {
            let portion = match client.list_members(&group, at).await {
                Ok(portion) => portion,
                // The group was deleted since the groups were listed: the next run marks it.
                Err(error) if error.kind == Kind::NotFound => {
                    return self.end_group(&group, Some(Gap::from(&error)), 0).await;
                }
                Err(error) if !error.concerns_every_call() => {
                    // What one group refuses, all do, unless the group is a special one.
                    let gap = Gap::from(&error);
                    self.ingestion.source(Source::Members).lacks(gap.clone());
                    return self.end_group(&group, Some(gap), 0).await;
                }
                Err(error) => return Err(error.into()),
            };
            at += portion.items.len() as u64;
            (total, last) = (portion.total, portion.last);
            accounts.extend(portion.items.into_iter().map(|account| account.id));
        }
        self.ingestion.source(Source::Members).read += accounts.len() as u64;
        if accounts.is_empty() {
            self.store().cut_roster(self.tenant(), self.id(), &list, kept).await?;
        } else {
            self.keep(&list, kept, accounts.clone()).await?;
        }
        if !last {
            return Ok(Stage::Members { behind, start: at, kept: kept + ACCOUNTS_IN_PAGE });
        }
        let end = if accounts.is_empty() { kept } else { kept + ACCOUNTS_IN_PAGE };
        self.store().cut_roster(self.tenant(), self.id(), &list, end).await?;
        let distinct = if kept == 0 {
            accounts.iter().collect::<BTreeSet<_>>().len() as u64
        } else {
            self.listed_in(&list).await?.len() as u64
        };
        let gap = match total {
            Some(counted) if counted > distinct => Some(Gap::Short { read: distinct, counted }),
            Some(_) => None,
            None => Some(Gap::NotCounted),
        };
        if let Some(gap) = &gap {
            self.ingestion.source(Source::Members).lacks(gap.clone());
        }
        self.end_group(&group, gap, distinct).await
    }

    /// Writes down how a group's list ended, and goes on to the next group.
    async fn end_group(&mut self, id: &GroupId, gap: Option<Gap>, members: u64) -> Next {
        let groups = self.known_groups().await?;
        if let Some(group) = groups.iter_mut().find(|group| group.id == *id) {
            let before = group.clone();
            group.complete = gap.is_none();
            if group.complete {
                group.members = members;
            }
            if *group != before {
                let mut changed = group.clone();
                self.write_group(&mut changed).await?;
                let groups = self.known_groups().await?;
                if let Some(group) = groups.iter_mut().find(|group| group.id == *id) {
                    *group = changed;
                }
            }
        }
        Ok(Stage::Members { behind: Some(id.clone()), start: 0, kept: 0 })
    }

    /// All accounts of a list, as they are kept.
    pub(super) async fn listed_in(&self, list: &List) -> Result<BTreeSet<AccountId>> {
        let mut all = BTreeSet::new();
        let mut behind = None;
        loop {
            let (pages, next) = self.store().roster_pages(self.tenant(), self.id(), list, behind).await?;
            all.extend(pages.into_iter().flat_map(|page| page.accounts));
            match next {
                Some(next) => behind = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Reads the products, and which groups give them.
    pub(super) async fn products(&mut self, client: &Client) -> Next {
        self.ingestion.source(Source::Products).begin();
        let roles = match client.application_roles().await {
            Ok(roles) => roles,
            Err(error) => return self.left(Source::Products, error),
        };
        let now = self.now();
        let stored = self.store().all_products(self.tenant(), self.id()).await?;
        let mut stored: BTreeMap<ProductKey, Product> =
            stored.into_iter().map(|product| (product.key.clone(), product)).collect();
        let mut given: BTreeMap<GroupId, BTreeSet<ProductKey>> = BTreeMap::new();
        let read = roles.len() as u64;
        for role in roles {
            for group in &role.groups {
                given.entry(group.clone()).or_default().insert(role.key.clone());
            }
            let groups: BTreeSet<GroupId> = role.groups.into_iter().collect();
            let old = stored.remove(&role.key);
            let product = Product {
                tenant: self.tenant().clone(),
                connection: self.id().clone(),
                key: role.key,
                name: role.name,
                groups: groups.into_iter().collect(),
                seats: role.seats,
                unlimited: role.unlimited,
                used: role.used,
                count: old.as_ref().and_then(|old| old.count.clone()),
                removed_at: None,
                version: old.as_ref().map_or(0, |old| old.version),
            };
            self.write_product(old, product).await?;
        }
        for (_, old) in stored {
            let gone = Product { removed_at: old.removed_at.or(Some(now)), count: None, ..old.clone() };
            self.write_product(Some(old), gone).await?;
        }
        self.give_products(&given).await?;
        let coverage = self.ingestion.source(Source::Products);
        coverage.read = read;
        coverage.read_at = Some(now);
        Ok(self.ingestion.stage.next())
    }

    pub(super) async fn write_product(&mut self, old: Option<Product>, new: Product) -> Result<()> {
        if old.as_ref() == Some(&new) {
            return Ok(());
        }
        self.store().write_product(&Product { version: new.version + 1, ..new }).await?;
        self.ingestion.cost.writes += 1;
        Ok(())
    }

    /// Writes with each group the products that it gives.
    async fn give_products(&mut self, given: &BTreeMap<GroupId, BTreeSet<ProductKey>>) -> Result<()> {
        let mut groups = std::mem::take(self.known_groups().await?);
        for group in &mut groups {
            let products: Vec<ProductKey> = given.get(&group.id).into_iter().flatten().cloned().collect();
            if group.products != products {
                group.products = products;
                self.write_group(group).await?;
            }
        }
        self.groups = Some(groups);
        Ok(())
    }

    /// Reads what the organisation's administration tells, page by page. Without an API key of the organisation there is
    /// nothing to read, which is no gap: it is said where somebody asks for it.
    ///
    /// The key covers all sites of the organisation: who is not stored for this one is passed over.
    pub(super) async fn organisation(&mut self, cursor: Option<String>) -> Next {
        let key = match &self.connection.organisation {
            Some(_) => self.organisation_key().await?,
            None => None,
        };
        let (Some(organisation), Some(key)) = (&self.connection.organisation, key) else {
            self.ingestion.sources.remove(&Source::Organisation);
            return Ok(self.ingestion.stage.next());
        };
        if cursor.is_none() {
            self.ingestion.source(Source::Organisation).begin();
        }
        let administration = self.ingester.jira.administration();
        let page = match administration.users(&key, &organisation.id, cursor.as_deref()).await {
            Ok(page) => page,
            Err(error) => return self.refused_by_organisation(&error),
        };
        let ids = page.items.iter().map(|user| user.id.clone()).collect();
        let stored = self.store().accounts_of(self.tenant(), self.id(), &ids).await?;
        let stored: BTreeMap<&AccountId, &Account> =
            stored.iter().map(|account| (&account.id, account)).collect();
        for user in &page.items {
            let take =
                |account: &mut Account| Ok(account.take_organisation(user.email.as_deref(), &user.view));
            let known = stored.get(&user.id).map(|account| (*account).clone());
            if let Some(mut account) = known
                && take(&mut account)?
            {
                self.store().change_account(self.tenant(), self.id(), &user.id, &take).await?;
                self.ingestion.cost.writes += 1;
            }
        }
        let now = self.now();
        let coverage = self.ingestion.source(Source::Organisation);
        coverage.read += page.items.len() as u64;
        match page.next {
            Some(next) => Ok(Stage::Organisation { cursor: Some(next) }),
            None => {
                coverage.read_at = Some(now);
                Ok(self.ingestion.stage.next())
            }
        }
    }

    /// The organisation's administration is another door than the site's: that it is shut stops nothing else.
    fn refused_by_organisation(&mut self, error: &JiraError) -> Next {
        let now = self.now();
        let coverage = self.ingestion.source(Source::Organisation);
        coverage.lacks(Gap::from(error));
        coverage.read_at = Some(now);
        tracing::warn!(%error, "the organisation's administration could not be read");
        Ok(self.ingestion.stage.next())
    }

    async fn organisation_key(&self) -> Result<Option<Secret>> {
        let name = secrets::organisation_name(self.tenant(), self.id());
        self.ingester.jira.secrets.get(&name).await
    }
}

/// An account of a list, as the domain takes it.
pub(super) fn shown_of(listed: &ListedAccount) -> Shown<'_> {
    Shown { kind: listed.kind, name: &listed.name, email: listed.email.as_deref(), active: listed.active }
}
