//! Upkeep: what events and messages missed is found and asked for again; issue statuses are compared with Jira.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::session::JiraAccess;
use crate::connection::Method;
use crate::error::Kind;
use crate::ids::{ConnectionId, IssueId, TenantId};
use crate::jira::Client;
use crate::jira::issue::Seen;
use crate::quota::{Priority, hour_of};
use crate::sqs::{Queue, SyncRequest};
use crate::ticket::{IssueStatus, State, Ticket};
use crate::trace::Call;
use crate::{Result, clock};

/// How many due tickets one run asks for again, from one shard.
const TICKETS_A_SHARD: usize = 500;

/// How many tenants one run compares, from one shard.
const TENANTS_A_SHARD: usize = 50;

/// How many tickets are read from the table at once.
const TICKETS_A_PAGE: usize = 100;

/// Keeps tickets in step.
#[derive(Clone)]
pub struct Upkeep {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
    /// Seconds between two comparisons of a tenant's tickets.
    pub interval: i64,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Tickets that were asked for again.
    pub asked: usize,
    /// Tickets compared with Jira.
    pub compared: usize,
    /// Tickets whose issue turned out to be gone.
    pub gone: usize,
}

impl Upkeep {
    /// Does all that is due, until `deadline`.
    pub async fn run(&self, deadline: Timestamp) -> Result<Tally> {
        let mut tally = Tally { asked: self.outbox().await?, ..Tally::default() };
        for shard in crate::dynamodb::keys::shards() {
            let now = self.jira.core.clock.now();
            for (tenant, due_at) in self.jira.core.store.due_comparisons(shard, now, TENANTS_A_SHARD).await? {
                if self.jira.core.clock.now() >= deadline {
                    return Ok(tally);
                }
                let next = clock::after(now, self.interval);
                if self.jira.core.store.claim_due_comparison(&tenant, due_at, next).await? {
                    // What fails for one tenant is that tenant's alone.
                    if let Err(error) = self.compare(&tenant, deadline, &mut tally).await {
                        tracing::error!(%tenant, error = error.chain(), "could not compare a tenant's tickets");
                    }
                }
            }
        }
        Ok(tally)
    }

    /// The outbox: asks again for every ticket that has something to do and whose time has come.
    async fn outbox(&self) -> Result<usize> {
        let mut asked = 0;
        for shard in crate::dynamodb::keys::shards() {
            let now = self.jira.core.clock.now();
            let due = self.jira.core.store.due_tickets(shard, now, TICKETS_A_SHARD).await?;
            let requests: Vec<SyncRequest> =
                due.into_iter().map(|(tenant, ticket)| SyncRequest { tenant, ticket }).collect();
            self.sync.send_all(&requests, None).await?;
            asked += requests.len();
        }
        Ok(asked)
    }

    /// Reads the issues of a tenant's open tickets by id, a hundred in a call, and notes what changed.
    async fn compare(&self, tenant: &TenantId, deadline: Timestamp, tally: &mut Tally) -> Result<()> {
        let filter = crate::dynamodb::TicketFilter { state: Some("open".to_owned()) };
        let mut cursor = None;
        loop {
            let page =
                self.jira.core.store.list_tickets(tenant, &filter, cursor.as_deref(), TICKETS_A_PAGE).await?;
            let mut by_connection: BTreeMap<ConnectionId, Vec<Ticket>> = BTreeMap::new();
            for ticket in page.items {
                by_connection.entry(ticket.connection.clone()).or_default().push(ticket);
            }
            for (connection, tickets) in by_connection {
                self.compare_some(tenant, &connection, tickets, deadline, tally).await?;
            }
            cursor = page.next;
            if cursor.is_none() || self.jira.core.clock.now() >= deadline {
                return Ok(());
            }
        }
    }

    async fn compare_some(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        tickets: Vec<Ticket>,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<()> {
        let core = &self.jira.core;
        let Some(connection) = core.store.connection(tenant, id).await? else { return Ok(()) };
        let now = core.clock.now();
        let quota = core.store.quota(tenant, id, now).await?;
        let metered = connection.method == Method::Oauth;
        if !connection.state.usable()
            || quota.wait(Priority::Checks, tickets.len() as u64, metered, now).is_some()
        {
            return Ok(());
        }
        let client = match self.jira.open(&connection).await {
            Ok(client) => client.until(deadline),
            Err(error) if error.retryable() || *error.kind() == Kind::NeedsReauth => {
                tracing::warn!(%tenant, connection = %id, error = error.chain(), "could not compare tickets");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let result = self.compare_with(&client, tickets, tally).await;
        core.store.add_points(tenant, id, hour_of(now), client.meter().points).await?;
        if let Some(until) = client.paused_until() {
            core.store.pause(tenant, id, until).await?;
        }
        result
    }

    async fn compare_with(&self, client: &Client, tickets: Vec<Ticket>, tally: &mut Tally) -> Result<()> {
        let ids: Vec<IssueId> =
            tickets.iter().filter_map(|ticket| ticket.state.issue().map(|issue| issue.id.clone())).collect();
        let fetched = match client.fetch(&ids, &["status"], &[]).await {
            Ok(fetched) => fetched,
            Err(error) => {
                tracing::warn!(error = %error, "could not compare tickets");
                return Ok(());
            }
        };
        for ticket in tickets {
            let Some(issue) = ticket.state.issue().cloned() else { continue };
            tally.compared += 1;
            if let Some(found) = fetched.issues.get(&issue.id) {
                if let Some(status) = found.status() {
                    self.note(ticket, &found.key, &status).await?;
                }
            } else if fetched.gone.contains(&issue.id) {
                // Missing in the bulk answer: asked for by itself before anything is concluded.
                match client.issue_status(&issue.id).await {
                    Ok(Seen::There { key, status, .. }) => self.note(ticket, &key, &status).await?,
                    // Hidden is not gone: the ticket is kept until the project can be seen again.
                    Ok(Seen::Gone(_)) if !client.sees_project(&ticket.project).await => {}
                    Ok(Seen::Gone(call)) => {
                        tally.gone += 1;
                        self.lose(ticket, &call).await?;
                    }
                    Err(error) => tracing::warn!(error = %error, "could not read one issue"),
                }
            }
        }
        Ok(())
    }

    async fn note(&self, mut ticket: Ticket, key: &str, status: &IssueStatus) -> Result<()> {
        if ticket.seen(key, status.clone(), "comparison") { self.save(&mut ticket).await } else { Ok(()) }
    }

    async fn lose(&self, mut ticket: Ticket, call: &Call) -> Result<()> {
        if matches!(ticket.state, State::Open { .. }) {
            ticket.lost(call.clone(), "comparison", self.jira.core.clock.now());
            return self.save(&mut ticket).await;
        }
        Ok(())
    }

    /// Writes a ticket; whoever wrote first is right, and the next comparison looks again.
    async fn save(&self, ticket: &mut Ticket) -> Result<()> {
        match self.jira.core.store.save_ticket(ticket).await {
            Err(error) if *error.kind() == Kind::Conflict => Ok(()),
            result => result,
        }
    }
}
