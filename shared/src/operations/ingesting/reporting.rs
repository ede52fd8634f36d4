//! Reporting stored accounts to Atlassian, which answers whose personal data must be erased or read again.

use super::{Next, Slice};
use crate::account::Account;
use crate::clock::after;
use crate::connection::Method;
use crate::ids::AccountId;
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

impl Slice<'_> {
    /// Reports the accounts behind `behind`, if a report is due. Only an OAuth app reports: a token is a person's own.
    pub(super) async fn report(&mut self, client: &Client, behind: Option<AccountId>) -> Next {
        let now = self.now();
        if self.connection.method != Method::Oauth {
            return Ok(Stage::Idle);
        }
        if behind.is_none() && self.ingestion.report_at.is_some_and(|at| at > now) {
            return Ok(Stage::Idle);
        }
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
                Err(error) if error.concerns_every_call() => return Err(error.into()),
                Err(error) => {
                    // It is tried again with the next run; what is stored stays as it is until then.
                    self.ingestion.problem = Some(error.with_advice());
                    return Ok(Stage::Idle);
                }
            };
            let (tenant, connection) = (self.tenant().clone(), self.id().clone());
            for closed in &report.closed {
                let erase = |account: &mut Account| Ok(account.erase(now));
                self.store().change_account(&tenant, &connection, closed, &erase).await?;
                self.ingestion.cost.writes += 1;
            }
            for updated in report.updated.chunks(200) {
                let listed = client.accounts_with_ids(updated).await?;
                self.take_listed(&listed).await?;
            }
            self.ingestion.report_at = Some(after(now, report.cycle.unwrap_or(CYCLE)));
        }
        match next {
            Some(next) => Ok(Stage::Report { behind: Some(next) }),
            None => Ok(Stage::Idle),
        }
    }
}
