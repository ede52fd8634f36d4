//! The worker: brings tickets to their wanted state in Jira.
//!
//! Reads the tickets that sync requests name; [`crate::ticket::Ticket::next_step`] decides; writes each ticket before and
//! after every call to Jira. A sync request says nothing but which ticket: it may come twice, late, or in any order.
//!
//! Tickets of one connection, project and type are created together, up to 50 in a call, and each answer counts by
//! itself. Nothing is ever created again while it is not known whether it was created before.

mod creating;
mod deleting;
mod following;
mod listing;
mod looking;
mod moving;
mod parking;
mod saving;
mod telling;
mod watching;
mod writing;

pub(super) use watching::sight;
pub(super) use writing::{current, further_fields};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::forge::ForgeAccess;
use super::milestone::{Milestone, Milestones};
use super::planning::Planner;
use super::session::JiraAccess;
use crate::Result;
use crate::clock::seconds_between;
use crate::connection::Connection;
use crate::error::Kind;
use crate::ids::{ConnectionId, SettingId, TenantId, TicketId};
use crate::jira::Client;
use crate::quota::Priority;
use crate::sqs::{LONGEST_DELAY, Queue, SyncRequest};
use crate::sync_setting::SyncSetting;
use crate::ticket::{Step, Ticket};

/// Rounds in which a batch goes on with tickets that have a next step at once, for example without a refused field.
const ROUNDS: u32 = 5;

/// Seconds until tickets are asked for again whose connection needs a person.
const PATIENCE: i64 = 900;

/// Seconds until tickets are asked for again whose connection could not be opened just now.
const SOON: i64 = 120;

/// Brings tickets to their wanted state.
#[derive(Clone)]
pub struct Worker {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Opens GitHub.
    pub forge: ForgeAccess,
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
    /// Issues brought out of their done status.
    pub reopened: u32,
    /// Issues written into.
    pub updated: u32,
    /// Issues deleted.
    pub deleted: u32,
    /// Issues looked at because somebody said that they changed.
    pub looked_at: u32,
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
    /// The sync settings of the tenant that is worked for.
    settings: Vec<SyncSetting>,
    /// Those whose mapping may not fit any more.
    doubtful: BTreeSet<SettingId>,
}

/// Tickets of one connection by what is to be done with them.
#[derive(Default)]
struct Work {
    create: Vec<Ticket>,
    look_up: Vec<Ticket>,
    look: Vec<Ticket>,
    update: Vec<Ticket>,
    /// To be closed or reopened.
    bring: Vec<Ticket>,
    delete: Vec<Ticket>,
    /// To show pull requests in.
    follow: Vec<Ticket>,
}

impl Work {
    fn is_empty(&self) -> bool {
        [&self.create, &self.look_up, &self.look, &self.update, &self.bring, &self.delete, &self.follow]
            .iter()
            .all(|tickets| tickets.is_empty())
    }
}

impl Worker {
    /// Plans what follows for tasks.
    fn planner(&self) -> Planner {
        Planner { core: self.jira.core.clone(), sync: Arc::clone(&self.sync) }
    }

    /// Carries out a batch of sync requests; the answer has one verdict for each of them, in order.
    ///
    /// # Errors
    /// When there is no randomness: then the whole batch must come again.
    pub async fn run(&self, requests: &[SyncRequest], deadline: Timestamp) -> Result<(Vec<Verdict>, Tally)> {
        let name = crate::random::text(self.jira.core.random.as_ref(), 10)?;
        let mut run = Run {
            worker: self,
            name,
            deadline,
            tally: Tally::default(),
            retry: BTreeSet::new(),
            settings: Vec::new(),
            doubtful: BTreeSet::new(),
        };
        let mut by_tenant: BTreeMap<&TenantId, BTreeSet<&TicketId>> = BTreeMap::new();
        for request in requests {
            by_tenant.entry(&request.tenant).or_default().insert(&request.ticket);
        }
        for (tenant, ids) in by_tenant {
            let ids: Vec<TicketId> = ids.into_iter().cloned().collect();
            // Boxed, since it is a deep tree of futures.
            if let Err(error) = Box::pin(run.tenant(tenant, &ids)).await {
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
        let store = &self.worker.jira.core.store;
        let tickets = store.tickets(tenant, ids).await?;
        self.settings = store.settings(tenant).await?;
        self.worker.milestones.reached(Milestone::Loaded);
        let mut by_connection: BTreeMap<ConnectionId, Vec<Ticket>> = BTreeMap::new();
        for ticket in tickets {
            by_connection.entry(ticket.connection.clone()).or_default().push(ticket);
        }
        for (connection, tickets) in by_connection {
            self.settle_the_settled(&tickets).await?;
            self.rounds(tenant, &connection, tickets).await?;
        }
        Ok(())
    }

    async fn rounds(
        &mut self,
        tenant: &TenantId,
        connection: &ConnectionId,
        mut tickets: Vec<Ticket>,
    ) -> Result<()> {
        let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id.clone()).collect();
        for _ in 0..ROUNDS {
            let now = self.now();
            let is_ready = |ticket: &&Ticket| {
                // The planner may have moved a ticket to another connection meanwhile.
                ticket.connection == *connection
                    && !matches!(ticket.next_step(now), Step::Settled | Step::Wait { .. })
            };
            let ready: Vec<Ticket> = tickets.iter().filter(is_ready).cloned().collect();
            if ready.is_empty() || self.out_of_time() {
                break;
            }
            if let Err(error) = Box::pin(self.one_round(tenant, connection, ready)).await {
                tracing::warn!(%tenant, %connection, error = error.chain(), "a round ended early");
                self.retry.extend(ids.into_iter().map(|id| (tenant.clone(), id)));
                return Ok(());
            }
            tickets = self.worker.jira.core.store.tickets(tenant, &ids).await?;
        }
        self.ask_again(&tickets).await
    }

    /// Takes tickets that have nothing left to do off the list of what is due.
    async fn settle_the_settled(&self, tickets: &[Ticket]) -> Result<()> {
        let is_settled = |ticket: &Ticket, now| ticket.next_step(now) == Step::Settled;
        for ticket in tickets {
            let now = self.now();
            if ticket.due_at.is_some() && is_settled(ticket, now) {
                let settle = |ticket: &mut Ticket| {
                    if is_settled(ticket, now) {
                        ticket.settled();
                    }
                };
                self.worker.save(ticket.clone(), settle).await?;
            }
        }
        Ok(())
    }

    /// Has tickets that there was no time for asked for again, at once: their messages are dealt with, since a message that
    /// comes again too often ends in the dead letters.
    async fn later(&mut self, tickets: &[Ticket]) -> Result<()> {
        let requests: Vec<SyncRequest> = tickets.iter().map(request).collect();
        self.worker.sync.send_all(&requests, Some(1)).await
    }

    /// Sends a request for each ticket that has a next step, delayed until its time, so that it need not wait for the
    /// outbox.
    async fn ask_again(&self, tickets: &[Ticket]) -> Result<()> {
        let now = self.now();
        for ticket in tickets {
            let until = match ticket.next_step(now) {
                Step::Wait { until } if ticket.lease.is_none() => until,
                // It is settled; or whoever has it sends the next request.
                Step::Settled | Step::Wait { .. } => continue,
                _ => now,
            };
            // A second more than the whole seconds between, so that the message does not come too early.
            let delay = (seconds_between(now, until) + 1).clamp(1, i64::from(LONGEST_DELAY));
            self.worker.sync.send(&request(ticket), u32::try_from(delay).ok()).await?;
        }
        Ok(())
    }

    async fn one_round(&mut self, tenant: &TenantId, id: &ConnectionId, tickets: Vec<Ticket>) -> Result<()> {
        let now = self.now();
        let mut work = Work::default();
        for ticket in tickets {
            match ticket.next_step(now) {
                Step::Create => work.create.push(ticket),
                Step::LookUp => work.look_up.push(ticket),
                Step::Look => work.look.push(ticket),
                Step::Update => work.update.push(ticket),
                Step::Close | Step::Reopen => work.bring.push(ticket),
                Step::Delete => work.delete.push(ticket),
                Step::Tell => Box::pin(self.tell(ticket)).await?,
                Step::TellPulls => Box::pin(self.tell_of_pulls(ticket)).await?,
                Step::Follow => work.follow.push(ticket),
                Step::Drop => {
                    let bound = self.worker.lookup_bound;
                    self.worker.save(ticket, |ticket| ticket.dropped(bound, now)).await?;
                }
                Step::Replan => {
                    self.worker.save(ticket, |ticket| ticket.replanned(now)).await?;
                }
                Step::Settled | Step::Wait { .. } => {}
            }
        }
        let work = Box::pin(self.without_quarantined(work)).await?;
        if work.is_empty() {
            return Ok(());
        }
        let Some(connection) = self.worker.jira.core.store.connection(tenant, id).await? else {
            return Box::pin(self.park(work, "the connection was deleted", PATIENCE)).await;
        };
        let jira = &self.worker.jira;
        let client = match jira.open_within_quota(&connection, Priority::Sync, 0).await {
            Ok(client) => client.until(self.deadline),
            // A fault of ours: the message comes again, and ends in the dead letters if it goes on.
            Err(error) if *error.kind() == Kind::Internal => return Err(error),
            Err(error) => {
                let wait = match error.kind() {
                    Kind::Limited { retry_after } => i64::from(*retry_after),
                    Kind::Unavailable => SOON,
                    _ => PATIENCE,
                };
                return Box::pin(self.park(work, &error.to_string(), wait)).await;
            }
        };
        let result = Box::pin(self.with(&connection, &client, work)).await;
        self.worker.jira.book(&connection, &client).await?;
        result
    }

    async fn with(&mut self, connection: &Connection, client: &Client, work: Work) -> Result<()> {
        Box::pin(self.look_up(client, work.look_up)).await?;
        self.look(client, work.look).await?;
        Box::pin(self.follow(connection, client, work.follow)).await?;
        self.bring(client, work.bring).await?;
        Box::pin(self.update(client, work.update)).await?;
        for setting in std::mem::take(&mut self.doubtful) {
            Box::pin(self.examine(client, &setting)).await?;
        }
        self.delete(client, work.delete).await?;
        Box::pin(self.create(connection, client, work.create)).await
    }

    fn setting(&self, ticket: &Ticket) -> Option<&SyncSetting> {
        self.settings.iter().find(|setting| setting.id == ticket.setting)
    }
}

fn request(ticket: &Ticket) -> SyncRequest {
    SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() }
}
