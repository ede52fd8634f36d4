//! The worker: brings tickets to their wanted state in Jira.
//!
//! Reads the tickets that sync requests name; [`crate::ticket::Ticket::next_step`] decides; writes each ticket before and
//! after every call to Jira. A sync request says nothing but which ticket: it may come twice, late, or in any order.
//!
//! Tickets of one connection, project and type are created together, up to 50 in a call, and each answer counts by
//! itself. Nothing is ever created again while it is not known whether it was created before.

mod closing;
mod creating;
mod looking;
mod saving;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::milestone::{Milestone, Milestones};
use super::session::JiraAccess;
use crate::clock::seconds_between;
use crate::connection::{Connection, Method};
use crate::error::Kind;
use crate::ids::{ConnectionId, TenantId, TicketId};
use crate::jira::Client;
use crate::quota::{Priority, hour_of};
use crate::sqs::{LONGEST_DELAY, Queue, SyncRequest};
use crate::ticket::{Step, Ticket};
use crate::{Error, Result};

/// Rounds in which a batch goes on with tickets that have a next step at once, for example without a refused field.
const ROUNDS: u32 = 3;

/// Seconds until tickets are asked for again whose connection needs a person.
const PATIENCE: i64 = 900;

/// Seconds until tickets are asked for again whose connection could not be opened just now.
const SOON: i64 = 120;

/// Brings tickets to their wanted state.
#[derive(Clone)]
pub struct Worker {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Where tickets are asked for again.
    pub sync: Arc<dyn Queue<SyncRequest>>,
    /// How long after its create a lost issue is looked for before it may be created again, in seconds.
    pub lookup_bound: i64,
    /// Is told of each milestone.
    pub milestones: Arc<dyn Milestones>,
}

/// What becomes of one sync request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is dealt with; the message may go.
    Done,
    /// It is not; the message must come again.
    Retry,
}

/// What a run over a batch did, for the metrics.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Issues created.
    pub created: u32,
    /// Issues that lost creates had made, found again.
    pub adopted: u32,
    /// Issues brought to a done status.
    pub closed: u32,
    /// Creates that Jira refused.
    pub refused: u32,
    /// Creates whose outcome is not known.
    pub in_doubt: u32,
}

/// One worker's run over a batch.
struct Run<'a> {
    worker: &'a Worker,
    /// Names this run in leases.
    name: String,
    /// When it must have stopped.
    deadline: Timestamp,
    tally: Tally,
    retry: BTreeSet<(TenantId, TicketId)>,
}

impl Worker {
    /// Carries out a batch of sync requests; the answer has one verdict for each of them, in order.
    ///
    /// # Errors
    /// When there is no randomness: then the whole batch must come again.
    pub async fn run(&self, requests: &[SyncRequest], deadline: Timestamp) -> Result<(Vec<Verdict>, Tally)> {
        let name = crate::random::text(self.jira.core.random.as_ref(), 10)?;
        let mut run = Run { worker: self, name, deadline, tally: Tally::default(), retry: BTreeSet::new() };
        let mut by_tenant: BTreeMap<&TenantId, BTreeSet<&TicketId>> = BTreeMap::new();
        for request in requests {
            by_tenant.entry(&request.tenant).or_default().insert(&request.ticket);
        }
        for (tenant, ids) in by_tenant {
            let ids: Vec<TicketId> = ids.into_iter().cloned().collect();
            // Boxed, since it is a deep tree of futures.
            if let Err(error) = run.tenant(tenant, &ids).await {
                // What fails for one tenant is that tenant's alone.
                tracing::error!(%tenant, error = error.chain(), "a tenant's tickets could not be worked on");
                run.retry.extend(ids.into_iter().map(|id| (tenant.clone(), id)));
            }
        }
        let verdict = |request: &SyncRequest| {
            let again = run.retry.contains(&(request.tenant.clone(), request.ticket.clone()));
            if again { Verdict::Retry } else { Verdict::Done }
        };
        Ok((requests.iter().map(verdict).collect(), run.tally))
    }
}

impl Run<'_> {
    fn now(&self) -> Timestamp {
        self.worker.jira.core.clock.now()
    }

    fn out_of_time(&self) -> bool {
        self.now() >= self.deadline
    }

    async fn tenant(&mut self, tenant: &TenantId, ids: &[TicketId]) -> Result<()> {
        let tickets = self.worker.jira.core.store.tickets(tenant, ids).await?;
        self.worker.milestones.reached(Milestone::Loaded);
        self.tickets(tenant, tickets).await
    }

    async fn tickets(&mut self, tenant: &TenantId, tickets: Vec<Ticket>) -> Result<()> {
        let mut by_connection: BTreeMap<ConnectionId, Vec<Ticket>> = BTreeMap::new();
        for ticket in tickets {
            by_connection.entry(ticket.connection.clone()).or_default().push(ticket);
        }
        for (connection, mut tickets) in by_connection {
            self.settle_the_settled(&tickets).await?;
            for _ in 0..ROUNDS {
                tickets.retain(|ticket| {
                    !matches!(ticket.next_step(self.now()), Step::Settled | Step::Wait { .. })
                });
                if tickets.is_empty() {
                    break;
                }
                if self.out_of_time() {
                    self.again(&tickets);
                    break;
                }
                let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id.clone()).collect();
                if let Err(error) = Box::pin(self.one_round(tenant, &connection, tickets)).await {
                    tracing::warn!(%tenant, %connection, error = error.chain(), "a round ended early");
                    self.retry.extend(ids.into_iter().map(|id| (tenant.clone(), id)));
                    break;
                }
                tickets = self.worker.jira.core.store.tickets(tenant, &ids).await?;
                self.ask_again(&tickets).await?;
            }
        }
        Ok(())
    }

    /// Takes tickets that have nothing left to do off the list of what is due.
    async fn settle_the_settled(&self, tickets: &[Ticket]) -> Result<()> {
        let is_due_for_nothing =
            |ticket: &&Ticket| ticket.due_at.is_some() && ticket.next_step(self.now()) == Step::Settled;
        for ticket in tickets.iter().filter(is_due_for_nothing) {
            self.worker.save(ticket.clone(), Ticket::settled).await?;
        }
        Ok(())
    }

    fn again(&mut self, tickets: &[Ticket]) {
        self.retry.extend(tickets.iter().map(|ticket| (ticket.tenant.clone(), ticket.id.clone())));
    }

    /// Sends a delayed request for each ticket whose next step must wait, so that it need not wait for the outbox.
    async fn ask_again(&self, tickets: &[Ticket]) -> Result<()> {
        let now = self.now();
        for ticket in tickets {
            if let Step::Wait { until } = ticket.next_step(now)
                && ticket.lease.is_none()
            {
                // A second more than the whole seconds between, so that the message does not come too early.
                let delay = (seconds_between(now, until) + 1).clamp(1, i64::from(LONGEST_DELAY));
                let request = SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() };
                self.worker.sync.send(&request, u32::try_from(delay).ok()).await?;
            }
        }
        Ok(())
    }

    async fn one_round(&mut self, tenant: &TenantId, id: &ConnectionId, tickets: Vec<Ticket>) -> Result<()> {
        let now = self.now();
        let mut create = Vec::new();
        let mut look_up = Vec::new();
        let mut close = Vec::new();
        for ticket in tickets {
            match ticket.next_step(now) {
                Step::Create => create.push(ticket),
                Step::LookUp => look_up.push(ticket),
                Step::Close => close.push(ticket),
                Step::Drop => {
                    self.worker.save(ticket, |ticket| ticket.dropped(now)).await?;
                }
                Step::Settled | Step::Wait { .. } => {}
            }
        }
        if create.is_empty() && look_up.is_empty() && close.is_empty() {
            return Ok(());
        }
        let Some(connection) = self.worker.jira.core.store.connection(tenant, id).await? else {
            let why = "the connection was deleted";
            return self.park(create, look_up, close, why, PATIENCE).await;
        };
        let client = match self.open(&connection).await {
            Ok(client) => client,
            // A fault of ours: the message comes again, and ends in the dead letters if it goes on.
            Err(error) if *error.kind() == Kind::Internal => return Err(error),
            Err(error) => {
                let wait = match error.kind() {
                    Kind::Limited { retry_after } => i64::from(*retry_after),
                    Kind::Unavailable => SOON,
                    _ => PATIENCE,
                };
                return self.park(create, look_up, close, &error.to_string(), wait).await;
            }
        };
        let result = self.with(&connection, &client, create, look_up, close).await;
        self.book(&connection, &client).await?;
        result
    }

    async fn with(
        &mut self,
        connection: &Connection,
        client: &Client,
        create: Vec<Ticket>,
        look_up: Vec<Ticket>,
        close: Vec<Ticket>,
    ) -> Result<()> {
        self.look_up(client, look_up).await?;
        self.close(client, close).await?;
        self.create(connection, client, create).await
    }

    async fn open(&self, connection: &Connection) -> Result<Client> {
        let (core, now) = (&self.worker.jira.core, self.now());
        let quota = core.store.quota(&connection.tenant, &connection.id, now).await?;
        if let Some(wait) = quota.wait(Priority::Sync, 0, connection.method == Method::Oauth, now) {
            let message = format!("connection {}: Jira's points for this hour are spent", connection.id);
            return Err(Error::new(
                Kind::Limited { retry_after: u32::try_from(wait).unwrap_or(60) },
                message,
            ));
        }
        Ok(self.worker.jira.open(connection).await?.until(self.deadline))
    }

    async fn book(&self, connection: &Connection, client: &Client) -> Result<()> {
        let store = &self.worker.jira.core.store;
        let (tenant, id) = (&connection.tenant, &connection.id);
        store.add_points(tenant, id, hour_of(self.now()), client.meter().points).await?;
        if let Some(until) = client.paused_until() {
            store.pause(tenant, id, until).await?;
        }
        if let Some(refused) = client.refused_authorization() {
            self.worker.jira.confirm_refusal(connection, refused).await?;
        }
        Ok(())
    }

    /// Parks tickets that cannot be worked on because their connection cannot be used now. They are asked for again after
    /// `wait` seconds.
    async fn park(
        &self,
        create: Vec<Ticket>,
        look_up: Vec<Ticket>,
        close: Vec<Ticket>,
        why: &str,
        wait: i64,
    ) -> Result<()> {
        let now = self.now();
        for ticket in create {
            let told = ticket.trace.last().is_some_and(|entry| entry.why == why);
            if told {
                self.worker.save(ticket, |ticket| ticket.could_not_look(wait, now)).await?;
            } else {
                self.worker.save(ticket, |ticket| ticket.postponed(why, None, wait, now)).await?;
            }
        }
        for ticket in look_up {
            self.worker.save(ticket, |ticket| ticket.could_not_look(wait, now)).await?;
        }
        for ticket in close {
            self.worker.save(ticket, |ticket| ticket.not_closed(why.to_owned(), None, wait, now)).await?;
        }
        Ok(())
    }
}
