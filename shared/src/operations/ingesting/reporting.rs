//! Reporting stored accounts to Atlassian, which answers whose personal data must be erased or read again.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::directory::AT_ONCE;
use super::{Ingester, Next, SECONDS_A_UNIT, Slice};
use crate::Result;
use crate::account::Account;
use crate::clock::after;
use crate::connection::Method;
use crate::ids::{AccountId, ConnectionId, TenantId};
use crate::ingestion::{Source, Stage};
use crate::jira::Client;

/// Seconds between two reports, when Atlassian does not say.
///
/// Source: Atlassian, "User privacy developer guide", header `Cycle-Period`: seven days by default.
const CYCLE: i64 = 7 * 86_400;

/// How many accounts one call reports.
///
/// Source: the same page: at most 90.
const REPORTED_AT_ONCE: usize = 90;

impl Ingester {
    /// Forgets names, addresses and what the organisation told of all accounts of a connection that is read no more.
    /// Returns false when the time was over before that was done.
    pub(super) async fn forget_accounts(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<bool> {
        let (store, mut behind) = (&self.jira.core.store, None);
        loop {
            let (accounts, next) = store.accounts_behind(tenant, connection, behind.as_ref()).await?;
            let known = accounts.into_iter().filter_map(|mut account| account.forget().then_some(account.id));
            let forgets = known.map(|id| async move {
                let forget = |account: &mut Account| Ok(account.forget());
                store.change_account(tenant, connection, &id, &forget).await.map(|_| ())
            });
            stream::iter(forgets).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
            if next.is_none() {
                return Ok(true);
            }
            if !self.jira.deadline.leaves(SECONDS_A_UNIT, self.jira.core.clock.now()) {
                return Ok(false);
            }
            behind = next;
        }
    }
}

impl Slice<'_> {
    /// Reports the accounts behind `behind`, if a report is due. Only an OAuth app reports: a token is a person's own.
    pub(super) async fn report(&mut self, client: &Client, behind: Option<AccountId>) -> Next {
        let now = self.now();
        if self.connection.method != Method::Oauth {
            self.ingestion.sources.remove(&Source::Report);
            return Ok(self.stage_behind());
        }
        if behind.is_none() && self.ingestion.report_at.is_some_and(|at| at > now) {
            return Ok(self.stage_behind());
        }
        if behind.is_none() {
            self.ingestion.source(Source::Report).begin();
        }
        let mut cycle = CYCLE;
        let (accounts, next) =
            self.store().accounts_behind(self.tenant(), self.id(), behind.as_ref()).await?;
        // Each run reads all accounts again, although it writes only those that changed.
        let users = self.ingestion.sources.get(&Source::Users);
        let read_at = users.and_then(|users| users.read_at);
        let known: Vec<_> = accounts
            .iter()
            .filter(|account| account.erased_at.is_none())
            .map(|account| (account.id.clone(), read_at.unwrap_or(account.first_seen_at)))
            .collect();
        for some in known.chunks(REPORTED_AT_ONCE) {
            let report = match client.report_accounts(some).await {
                Ok(report) => report,
                // It is tried again with the next run; what is stored stays as it is until then.
                Err(error) => return self.left(Source::Report, error),
            };
            cycle = cycle.min(report.cycle.unwrap_or(CYCLE));
            let (tenant, connection) = (self.tenant().clone(), self.id().clone());
            for closed in &report.closed {
                self.erase(closed).await?;
            }
            if !report.updated.is_empty() {
                // What is not shown any more was hidden by its owner, and is forgotten.
                for hidden in &report.updated {
                    let forget = |account: &mut Account| Ok(account.forget());
                    self.store().change_account(&tenant, &connection, hidden, &forget).await?;
                }
                let listed = client.accounts_with_ids(&report.updated).await?;
                self.take_listed(&listed).await?;
            }
            self.ingestion.source(Source::Report).read += some.len() as u64;
        }
        if next.is_some() {
            return Ok(Stage::Report { behind: next });
        }
        self.ingestion.source(Source::Report).read_at = Some(now);
        self.ingestion.report_at = Some(after(now, cycle));
        Ok(self.stage_behind())
    }

    /// Erases an account that its owner closed, at every site of the tenant that it is stored of.
    async fn erase(&mut self, closed: &AccountId) -> Result<()> {
        let (now, tenant) = (self.now(), self.tenant().clone());
        for connection in self.store().all_connections(&tenant).await? {
            if self.store().account(&tenant, &connection.id, closed).await?.is_none() {
                continue;
            }
            let erase = |account: &mut Account| Ok(account.erase(now));
            self.store().change_account(&tenant, &connection.id, closed, &erase).await?;
            self.ingestion.cost.writes += 1;
        }
        Ok(())
    }
}
