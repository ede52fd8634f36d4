//! The checks about access: they judge what the ingestion stored, and say how whole and how old that is.

use jiff::Timestamp;

use super::{Evaluator, recording};
use crate::Result;
use crate::check::access::{CHECKS, Directory, Persons};
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
        let (mut persons, mut behind) = (Persons::default(), None);
        loop {
            let (some, next) = store.persons_behind(tenant, behind.as_ref()).await?;
            persons.add(&some, today);
            if next.is_none() {
                break;
            }
            behind = next;
        }
        let (ingestion, persons) = (ingestion.as_ref(), &persons);
        let directory = Directory { connection, ingestion, policy: &policy, persons, now, today };
        let (mut findings, mut behind) = (directory.begin(), None);
        loop {
            let (accounts, next) = store.accounts_behind(tenant, id, behind.as_ref()).await?;
            for account in &accounts {
                directory.look(account, &mut findings);
            }
            if next.is_none() {
                break;
            }
            behind = next;
        }
        for check in CHECKS {
            let (verdict, reading) = directory.judge(check, &mut findings);
            let evidence = recording::evidence_of(reading);
            let subject = recording::Subject::of(connection, check);
            self.record(&subject, verdict, evidence, Some(client), started_at).await?;
        }
        Ok(())
    }
}

/// The time zone of the connection's account; UTC if it tells none.
fn zone_of(connection: &Connection) -> String {
    let account = connection.account.as_ref();
    account.and_then(|account| account.time_zone.clone()).unwrap_or_else(|| "UTC".to_owned())
}
