//! The checks about access: they judge what the ingestion stored, and say how whole and how old that is.

use jiff::Timestamp;

use super::{Evaluator, recording};
use crate::Result;
use crate::account::Account;
use crate::check::CheckId;
use crate::check::access::{Directory, persons_of};
use crate::connection::Connection;
use crate::ingestion::Ingestion;
use crate::jira::Client;
use crate::operations::ingesting::wants_ingestion;

impl Evaluator {
    /// Puts an ingestion where a connection needs one and has none. The tick of `ingest-usage` begins it.
    pub(super) async fn begin_ingestion(&self, connection: &Connection) -> Result<()> {
        if !wants_ingestion(connection) {
            return Ok(());
        }
        let core = &self.jira.core;
        let (tenant, id) = (&connection.tenant, &connection.id);
        match core.store.ingestion(tenant, id).await? {
            // It was ended with the connection or its use case, and there is one again.
            Some(mut ended) if ended.due_at.is_none() => {
                ended.due_at = Some(core.clock.now());
                core.store.save_ingestion(&mut ended).await
            }
            Some(_) => Ok(()),
            None => {
                let zone = zone_of(connection);
                let new = Ingestion::new(tenant.clone(), id.clone(), zone, core.clock.now());
                core.store.put_new_ingestion(&new).await.map(|_| ())
            }
        }
    }

    /// Evaluates the checks about access.
    pub(super) async fn review_access(
        &self,
        connection: &Connection,
        client: &Client,
        started_at: Timestamp,
    ) -> Result<()> {
        let (store, now) = (&self.jira.core.store, self.jira.core.clock.now());
        let (tenant, id) = (&connection.tenant, &connection.id);
        let ingestion = store.ingestion(tenant, id).await?;
        let policy = store.access_policy(tenant, id).await?;
        let utc = || now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let today = ingestion.as_ref().map_or_else(utc, |ingestion| ingestion.today(now));
        let (persons, left) = persons_of(&store.all_persons(tenant).await?, today);
        let accounts = self.all_accounts(connection).await?;
        let directory = Directory {
            connection,
            ingestion: ingestion.as_ref(),
            policy: &policy,
            left: &left,
            persons: &persons,
            now,
            today,
        };
        for check in [CheckId::B6, CheckId::B7, CheckId::B8] {
            let (verdict, reading) = directory.judge(check, &accounts);
            let evidence = recording::evidence_of(&reading);
            let subject = recording::Subject::of(connection, check);
            self.record(&subject, verdict, evidence, Some(client), started_at).await?;
        }
        Ok(())
    }

    async fn all_accounts(&self, connection: &Connection) -> Result<Vec<Account>> {
        let store = &self.jira.core.store;
        let (mut all, mut behind) = (Vec::new(), None);
        loop {
            let (accounts, next) =
                store.accounts_behind(&connection.tenant, &connection.id, behind.as_ref()).await?;
            all.extend(accounts.into_iter().filter(Account::is_live));
            match next {
                Some(next) => behind = Some(next),
                None => return Ok(all),
            }
        }
    }
}

/// The time zone of the connection's account; UTC if it tells none.
fn zone_of(connection: &Connection) -> String {
    let account = connection.account.as_ref();
    account.and_then(|account| account.time_zone.clone()).unwrap_or_else(|| "UTC".to_owned())
}
