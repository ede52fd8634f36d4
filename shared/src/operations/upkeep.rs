//! Upkeep: what events and messages missed is found and asked for again.
//!
//! Reads what is due and the issues of tickets in Jira; decides nothing itself: a ticket whose issue is not as its record
//! says is marked to be looked at, and `create-tickets` looks; a quarantined sync setting is tried again, and the others are
//! compared with what their projects ask for now; what the change of a setting asks of its tickets is gone on with; webhooks
//! are kept alive; people are warned of what ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use super::drifting;
use super::ending::Endings;
use super::findings::Findings;
use super::finishing::Finisher;
use super::forge::ForgeAccess;
use super::listening::Listening;
use super::planning::Planner;
use super::pulls::Pulls;
use super::pulls::rereading::Rereading;
use super::quarantine;
use super::session::JiraAccess;
use crate::connection::Connection;
use crate::dynamodb::{Comparison, TicketFilter};
use crate::error::Kind;
use crate::ids::{ConnectionId, IssueId, TenantId};
use crate::jira::Client;
use crate::quota::Priority;
use crate::sqs::{Queue, SyncRequest};
use crate::sync_setting::SyncSetting;
use crate::ticket::{Sight, Ticket, Wanted};
use crate::{Result, clock};

/// How many due tickets one run asks for again, from one shard.
const TICKETS_A_SHARD: usize = 500;

/// Seconds until a ticket that was asked for again is asked for once more if nothing happens.
const ASKED_AGAIN_AFTER: i64 = 900;

/// How many tenants one run compares, from one shard.
const TENANTS_A_SHARD: usize = 50;

/// How many tickets are read from the table at once.
const TICKETS_A_PAGE: usize = 100;

/// How long after its end an issue is still watched for being reopened or restored, in days.
const WATCHED_DAYS: i64 = 30;

/// Seconds between two comparisons of tickets of which no webhook would tell.
const WITHOUT_WEBHOOK: i64 = 290;

/// How many writes are made at the same time.
const AT_ONCE: usize = 16;

/// Keeps tickets in step.
#[derive(Clone)]
pub struct Upkeep {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Opens GitHub.
    pub forge: ForgeAccess,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
    /// Seconds between two comparisons of all of a tenant's tickets.
    pub interval: i64,
    /// The address of our own HTTP API, without a slash at its end.
    pub public_url: String,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Tickets that were asked for again.
    pub asked: usize,
    /// Tickets compared with Jira.
    pub compared: usize,
    /// Tickets whose issue turned out to be other than their record says.
    pub differ: usize,
    /// Sync settings whose quarantine ended.
    pub mended: usize,
    /// Pull requests that were read again.
    pub reread: usize,
    /// Sync settings that were quarantined because their project changed.
    pub drifted: usize,
}

impl Upkeep {
    /// Does all that is due, until `deadline`.
    pub async fn run(&self, deadline: Timestamp) -> Result<Tally> {
        let mut tally = Tally { asked: self.outbox(deadline).await?, ..Tally::default() };
        let pulls = Pulls { core: self.jira.core.clone(), sync: Arc::clone(&self.sync) };
        let rereading = Rereading { pulls, forge: self.forge.clone() };
        match Box::pin(rereading.run(deadline)).await {
            Ok(read) => tally.reread = read,
            Err(error) => tracing::error!(error = error.chain(), "could not read pull requests again"),
        }
        for shard in crate::dynamodb::keys::shards() {
            let now = self.now();
            for turn in self.jira.core.store.due_comparisons(shard, now, TENANTS_A_SHARD).await? {
                if self.now() >= deadline {
                    return Ok(tally);
                }
                let next = clock::after(now, WITHOUT_WEBHOOK);
                if self.jira.core.store.claim_due_comparison(&turn.tenant, turn.due_at, next).await? {
                    let tenant = turn.tenant.clone();
                    // What fails for one tenant is that tenant's alone.
                    if let Err(error) = Box::pin(self.turn(turn, deadline, &mut tally)).await {
                        tracing::error!(%tenant, error = error.chain(), "could not compare a tenant's tickets");
                    }
                }
            }
        }
        Ok(tally)
    }

    /// A function may die after it ended a connection and before it deleted its secrets.
    async fn delete_left_secrets(&self, tenant: &TenantId) -> Result<()> {
        for connection in self.jira.core.store.all_connections(tenant).await? {
            if connection.state == crate::connection::State::Disconnected && connection.leaves_secrets {
                // Under the lease, so that whoever connects again meanwhile does not lose the new ones.
                let lease = self.jira.hold(tenant, &connection.id).await?;
                let still = self.jira.core.store.connection(tenant, &connection.id).await?;
                let deleted = match still {
                    Some(still) if still.epoch == connection.epoch => {
                        self.jira.delete_secrets(&still).await.map(|_| ())
                    }
                    _ => Ok(()),
                };
                self.jira.give_back(tenant, &connection.id, &lease).await;
                deleted?;
            }
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.jira.core.clock.now()
    }

    /// The outbox: asks again for every ticket that has something to do and whose time has come. Each is put behind the
    /// others, so that a thousand that cannot be helped do not keep the next one waiting.
    async fn outbox(&self, deadline: Timestamp) -> Result<usize> {
        let mut asked = 0;
        for shard in crate::dynamodb::keys::shards() {
            loop {
                let now = self.now();
                let due = self.jira.core.store.due_tickets(shard, now, TICKETS_A_SHARD).await?;
                let is_last = due.len() < TICKETS_A_SHARD;
                let requests: Vec<SyncRequest> = due
                    .iter()
                    .map(|(tenant, ticket, _)| SyncRequest { tenant: tenant.clone(), ticket: ticket.clone() })
                    .collect();
                self.sync.send_all(&requests, None).await?;
                asked += requests.len();
                let next = clock::after(now, ASKED_AGAIN_AFTER);
                let store = &self.jira.core.store;
                let defer =
                    due.iter().map(|(tenant, id, due_at)| store.defer_ticket(tenant, id, *due_at, next));
                let defer: Vec<_> = defer.collect();
                let mut defer = stream::iter(defer).buffer_unordered(AT_ONCE);
                while let Some(deferred) = defer.next().await {
                    deferred?;
                }
                if is_last || self.now() >= deadline {
                    break;
                }
            }
        }
        Ok(asked)
    }

    /// One tenant's turn: its quarantined settings, then its tickets; before a full one its webhooks.
    async fn turn(&self, mut turn: Comparison, deadline: Timestamp, tally: &mut Tally) -> Result<()> {
        let now = self.now();
        let settings = self.jira.core.store.settings(&turn.tenant).await?;
        if let Err(error) = self.delete_left_secrets(&turn.tenant).await {
            tracing::error!(tenant = %turn.tenant, error = error.chain(), "could not delete secrets that were left");
        }
        self.try_quarantined(&settings, deadline, tally).await;
        let is_new = turn.cursor.is_none() && turn.full_at.is_none_or(|full_at| full_at <= now);
        tally.drifted += drifting::watch(&self.jira, &settings, self.interval, is_new, deadline).await;
        self.finish(&turn.tenant, deadline).await?;
        let planner = Planner { core: self.jira.core.clone(), sync: Arc::clone(&self.sync) };
        let findings = Findings { planner, deadline: Some(deadline) };
        if let Err(error) = Box::pin(findings.keep(&turn.tenant)).await {
            tracing::error!(tenant = %turn.tenant, error = error.chain(), "could not go on with a tenant's findings");
        }
        let is_full = turn.full_at.is_none_or(|full_at| full_at <= now);
        if is_full {
            // Each look at the webhooks costs a point.
            let listening = Listening { jira: self.jira.clone(), public_url: self.public_url.clone() };
            if let Err(error) = listening.keep_all(&turn.tenant, deadline).await {
                tracing::error!(tenant = %turn.tenant, error = error.chain(), "could not keep a tenant's webhooks");
            }
        }
        // After the webhooks, which are renewed just now.
        let endings = Endings { jira: self.jira.clone() };
        if let Err(error) = Box::pin(endings.look_all(&turn.tenant, deadline)).await {
            tracing::error!(tenant = %turn.tenant, error = error.chain(), "could not look at what ends");
        }
        turn.cursor = self.compare(&turn, &settings, is_full, deadline, tally).await?;
        let is_cut = turn.cursor.is_some();
        if is_full && !is_cut {
            turn.full_at = Some(clock::after(now, self.interval));
        }
        turn.due_at = clock::after(now, if is_cut { 0 } else { WITHOUT_WEBHOOK });
        self.jira.core.store.end_comparison(&turn).await
    }

    async fn try_quarantined(&self, settings: &[SyncSetting], deadline: Timestamp, tally: &mut Tally) {
        for setting in settings.iter().filter(|setting| setting.enabled && setting.quarantine.is_some()) {
            match quarantine::look_again(&self.jira, setting, Priority::Sync, deadline).await {
                Ok(ended) => tally.mended += usize::from(ended),
                Err(error) => {
                    tracing::warn!(setting = %setting.id, error = error.chain(), "could not try a quarantined setting");
                }
            }
        }
    }

    /// Goes on with what changes of settings ask of their tickets, where that was interrupted or just became possible.
    async fn finish(&self, tenant: &TenantId, deadline: Timestamp) -> Result<()> {
        let finisher = Finisher { jira: self.jira.clone(), sync: Arc::clone(&self.sync) };
        let settings = self.jira.core.store.settings(tenant).await?;
        // What failed is logged, and keeps nothing else waiting.
        let _ = finisher.finish_all(&settings, Some(deadline)).await;
        Ok(())
    }

    /// Plans batches that are open and that none of the tasks they list is linked to: a function may have died while their
    /// tasks moved.
    async fn plan_forsaken(&self, tenant: &TenantId, tickets: &[Ticket]) -> Result<()> {
        let store = &self.jira.core.store;
        let is_open =
            |ticket: &&Ticket| ticket.batch.is_some() && ticket.is_live() && ticket.wanted == Wanted::Open;
        let mut forsaken = Vec::new();
        'tickets: for ticket in tickets.iter().filter(is_open) {
            for ids in ticket.tasks.chunks(TICKETS_A_PAGE) {
                let tasks = store.tasks_by_id(tenant, ids).await?;
                if tasks.iter().any(|task| task.ticket.as_ref() == Some(&ticket.id)) {
                    continue 'tickets;
                }
            }
            forsaken.push(ticket.id.clone());
        }
        let planner = Planner { core: self.jira.core.clone(), sync: Arc::clone(&self.sync) };
        planner.plan_tickets(tenant, &forsaken).await
    }

    /// Reads the issues of a tenant's tickets by id, a hundred in a call. Returns where it was cut by the deadline.
    async fn compare(
        &self,
        turn: &Comparison,
        settings: &[SyncSetting],
        is_full: bool,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<Option<String>> {
        let (store, tenant) = (&self.jira.core.store, &turn.tenant);
        let connections = store.all_connections(tenant).await?;
        let connections: BTreeMap<&ConnectionId, &Connection> = connections
            .iter()
            .filter(|connection| connection.state.usable() && (is_full || !hears(connection, self.now())))
            .map(|connection| (&connection.id, connection))
            .collect();
        if connections.is_empty() {
            return Ok(None);
        }
        let mut cursor = turn.cursor.clone();
        loop {
            let page = store
                .list_tickets(tenant, &TicketFilter::default(), cursor.as_deref(), TICKETS_A_PAGE)
                .await?;
            self.note_undecided(settings, &page.items).await?;
            if is_full && let Err(error) = self.plan_forsaken(tenant, &page.items).await {
                tracing::error!(%tenant, error = error.chain(), "could not plan batches without tasks");
            }
            let mut by_connection: BTreeMap<&ConnectionId, Vec<Ticket>> = BTreeMap::new();
            for ticket in page.items.into_iter().filter(|ticket| is_watched(ticket, self.now())) {
                if let Some((id, _)) = connections.get_key_value(&ticket.connection) {
                    by_connection.entry(id).or_default().push(ticket);
                }
            }
            for (id, tickets) in by_connection {
                self.compare_some(connections[id], settings, tickets, deadline, tally).await?;
            }
            cursor = page.next;
            if cursor.is_none() || self.now() >= deadline {
                return Ok(cursor);
            }
        }
    }

    /// A ticket may have been planned by somebody who had read its setting before a person disabled it: then the setting's
    /// tickets are gone through again.
    async fn note_undecided(&self, settings: &[SyncSetting], tickets: &[Ticket]) -> Result<()> {
        for setting in settings.iter().filter(|setting| !setting.enabled && setting.unfinished.is_none()) {
            let is_undecided = |ticket: &Ticket| {
                ticket.setting == setting.id && matches!(ticket.wanted, Wanted::Open | Wanted::Closed)
            };
            if !tickets.iter().any(is_undecided) {
                continue;
            }
            let mut again = setting.clone();
            again.begin(self.now());
            match self.jira.core.store.save_setting(&mut again).await {
                // Somebody has just changed it; the next comparison looks again.
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => saved?,
            }
        }
        Ok(())
    }

    async fn compare_some(
        &self,
        connection: &Connection,
        settings: &[SyncSetting],
        tickets: Vec<Ticket>,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<()> {
        let (tenant, id) = (&connection.tenant, &connection.id);
        let points = tickets.len() as u64;
        let client = match self.jira.open_within_quota(connection, Priority::Checks, points).await {
            Ok(client) => client.until(deadline),
            Err(error) if error.retryable() || *error.kind() == Kind::NeedsReauth => {
                tracing::warn!(%tenant, connection = %id, error = error.chain(), "could not compare tickets");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let result = self.compare_with(&client, settings, tickets, tally).await;
        self.jira.book(connection, &client).await?;
        result
    }

    async fn compare_with(
        &self,
        client: &Client,
        settings: &[SyncSetting],
        tickets: Vec<Ticket>,
        tally: &mut Tally,
    ) -> Result<()> {
        let ids: Vec<IssueId> = tickets
            .iter()
            .filter_map(|ticket| ticket.issue_to_look_at().map(|issue| issue.id.clone()))
            .collect();
        let further = super::tickets::further_fields(&tickets);
        let read = match client.read_issues(&ids, &further).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(error = %error, "could not compare tickets");
                return Ok(());
            }
        };
        for ticket in tickets {
            let Some(issue) = ticket.issue_to_look_at() else { continue };
            tally.compared += 1;
            let differs = match read.there.get(&issue.id) {
                Some(now) => {
                    let given_back = ticket.given_back(&super::tickets::current(now, &ticket));
                    !given_back.is_empty() || differs(&ticket, &super::tickets::sight(now), settings)
                }
                None => read.missing.contains(&issue.id) && ticket.is_live(),
            };
            if differs {
                tally.differ += 1;
                self.ask_to_look(ticket).await?;
            }
        }
        Ok(())
    }

    async fn ask_to_look(&self, mut ticket: Ticket) -> Result<()> {
        ticket.hear(self.now());
        let request = SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() };
        match self.jira.core.store.save_ticket(&mut ticket).await {
            Ok(()) => self.sync.send(&request, None).await,
            // Somebody works on it at this moment; the next comparison looks again.
            Err(error) if *error.kind() == Kind::Conflict => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Whether the ticket's issue is worth comparing: live ones always, ended ones for a while, in case a person reopens or
/// restores them.
fn is_watched(ticket: &Ticket, now: Timestamp) -> bool {
    let since = clock::after(now, -WATCHED_DAYS * 24 * 3600);
    ticket.issue_to_look_at().is_some()
        && ticket.wanted != Wanted::Kept
        && (ticket.is_live() || ticket.ended_at.is_some_and(|ended_at| ended_at > since))
}

fn differs(ticket: &Ticket, sight: &Sight, settings: &[SyncSetting]) -> bool {
    let rule = settings.iter().find(|setting| setting.id == ticket.setting);
    let rule = rule.map(|setting| setting.reopen_rule).unwrap_or_default();
    ticket.clone().seen(sight, rule, "comparison")
}

/// Whether a webhook tells of changes on the connection's site.
fn hears(connection: &Connection, now: Timestamp) -> bool {
    connection.webhook.as_ref().is_some_and(|webhook| webhook.expires_at > now)
}
