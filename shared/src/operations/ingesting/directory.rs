//! The list of accounts, and the pages in which lists are kept.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Next, Slice};
use crate::Result;
use crate::account::{Account, Shown};
use crate::directory::{ACCOUNTS_IN_PAGE, List, RosterPage};
use crate::dynamodb::ActiveMonth;
use crate::ids::AccountId;
use crate::ingestion::{Source, Stage};
use crate::jira::Client;
use crate::jira::directory::ListedAccount;

/// Writes at the same time.
pub(super) const AT_ONCE: usize = 16;

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
        let read = listed.len() as u64;
        let listed: Vec<ListedAccount> = listed.into_iter().filter(|account| !account.is_nobody()).collect();
        if read == 0 {
            self.store().cut_roster(self.tenant(), self.id(), &List::Users, kept).await?;
            self.ingestion.source(Source::Users).read_at = Some(now);
            return Ok(self.stage_behind());
        }
        self.take_listed(&listed).await?;
        let accounts = listed.iter().map(|account| account.id.clone()).collect();
        self.keep(&List::Users, kept, accounts).await?;
        self.ingestion.source(Source::Users).read += listed.len() as u64;
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
        let (mut new, mut news) = (Vec::new(), Vec::new());
        for (id, listed) in shown {
            match stored.get(id) {
                None => {
                    let mut account = Account::new(tenant.clone(), connection.clone(), id.clone(), now);
                    account.take_shown(shown_of(listed));
                    // Jira may have told what it did before it told that it is there.
                    if self.ingestion.activity.since.is_some() {
                        let zone = &self.ingestion.zone;
                        let months = store.active_months(tenant, connection, zone, id).await?;
                        account.last_active_on = months.iter().flat_map(ActiveMonth::dates).max();
                    }
                    new.push(account);
                }
                Some(account) if account.clone().take_shown(shown_of(listed)) => news.push(listed),
                Some(_) => {}
            }
        }
        let writes = (new.len() + news.len()) as u64;
        let puts = new.iter().map(|account| async move { store.put_new_account(account).await.map(|_| ()) });
        stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        let takes = news.into_iter().map(|listed| async move {
            let take = |account: &mut Account| Ok(account.take_shown(shown_of(listed)));
            store.change_account(tenant, connection, &listed.id, &take).await.map(|_| ())
        });
        stream::iter(takes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        self.ingestion.cost.writes += writes;
        Ok(())
    }

    /// Keeps a page of a list.
    pub(super) async fn keep(&mut self, list: &List, start: u64, accounts: Vec<AccountId>) -> Result<()> {
        let page = RosterPage { start, accounts };
        let written = self.store().keep_roster_page(self.tenant(), self.id(), list, &page).await?;
        self.ingestion.cost.writes += u64::from(written);
        Ok(())
    }

    /// Keeps a list that was read whole.
    pub(super) async fn keep_all(&mut self, list: &List, accounts: BTreeSet<AccountId>) -> Result<()> {
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let mut start = 0;
        for some in accounts.chunks(usize::try_from(ACCOUNTS_IN_PAGE).unwrap_or(1000)) {
            self.keep(list, start, some.to_vec()).await?;
            start += ACCOUNTS_IN_PAGE;
        }
        self.store().cut_roster(self.tenant(), self.id(), list, start).await
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
}

/// An account of a list, as the domain takes it.
pub(super) fn shown_of(listed: &ListedAccount) -> Shown<'_> {
    Shown { kind: listed.kind, name: &listed.name, email: listed.email.as_deref(), active: listed.active }
}
