//! Evaluating checks: evidence is read, judged, kept; failing entities become tasks, and tasks tickets.
//!
//! Order of writes: tasks, wishes to close tickets, new tickets, and last the run that says what was found. A crash
//! anywhere in between is repaired by the next evaluation, which plans anew for all tasks that are open or were resolved
//! not long ago.

mod access;
mod ending;
mod evidence;
mod findings;
mod recording;
mod replanning;

use std::sync::Arc;

use jiff::Timestamp;

use super::planning::Planner;
use super::session::JiraAccess;
use crate::check::{CheckId, Evidence, Verdict, judge};
use crate::clock::{after, seconds_between};
use crate::connection::{Connection, Evaluated, Project, Scope, State, UseCase};
use crate::error::Kind;
use crate::evidence::{Entity, Gap, Reading};
use crate::ids::{ConnectionId, TenantId};
use crate::jira::Client;
use crate::quota::{Priority, hour_of};
use crate::sqs::{ChecksRequest, Queue};
use crate::{Error, Result};

/// After how many seconds a connection is verified again before it is read: half of what a verification holds for.
const VERIFY_AFTER: i64 = judge::VERIFICATION_HOLDS_FOR / 2;

/// How long a connection that was claimed by the tick is not claimed again, in seconds: longer than the function's time-out,
/// and short enough that a refresh whose answer was lost by a crash is repeated within Atlassian's ten minutes of leeway.
pub(super) const CLAIM: i64 = 330;

/// After how many seconds a connection that could not be opened is tried again.
const SOON: i64 = 240;

/// How many are claimed by one tick from one shard.
const CLAIMS_A_SHARD: usize = 100;

/// Evaluates checks.
#[derive(Clone)]
pub struct Evaluator {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Verifies connections.
    pub connector: super::connecting::Connector,
    /// Makes tickets of tasks.
    pub planner: Planner,
    /// Where evaluations are asked for.
    pub checks: Arc<dyn Queue<ChecksRequest>>,
    /// Seconds between two evaluations of a connection.
    pub interval: i64,
}

impl Evaluator {
    /// The tick: claims every connection and tenant that is due, and asks for its evaluation. Returns how many.
    ///
    /// A claim moves the due time forward under the condition that it is still the one that was read, so that two ticks
    /// do not ask twice; if the message is then lost, the claim ends and the next tick asks again.
    pub async fn fan_out(&self) -> Result<usize> {
        let (store, now) = (&self.jira.core.store, self.jira.core.clock.now());
        let mut asked = 0;
        for shard in crate::dynamodb::keys::shards() {
            let mut requests = Vec::new();
            for (tenant, connection, due_at) in store.due_connections(shard, now, CLAIMS_A_SHARD).await? {
                if store.claim_due_connection(&tenant, &connection, due_at, after(now, CLAIM)).await? {
                    requests.push(ChecksRequest::Connection { tenant, connection });
                }
            }
            for (tenant, due_at) in store.due_tenants(shard, now, CLAIMS_A_SHARD).await? {
                if store.claim_due_tenant(&tenant, due_at, after(now, CLAIM)).await? {
                    requests.push(ChecksRequest::Tenant { tenant });
                }
            }
            self.checks.send_all(&requests, None).await?;
            asked += requests.len();
        }
        Ok(asked)
    }

    /// Carries out one request.
    pub async fn evaluate(&self, request: &ChecksRequest) -> Result<()> {
        match request {
            ChecksRequest::Connection { tenant, connection } => {
                // Boxed, since it is a deep tree of futures.
                Box::pin(self.evaluate_connection(tenant, connection)).await
            }
            ChecksRequest::Tenant { tenant } => self.evaluate_tenant(tenant).await,
            ChecksRequest::Plan { tenant } => self.plan_all(tenant).await,
            ChecksRequest::PlanOn { tenant, cursor } => self.plan_on(tenant, cursor).await,
        }
    }

    /// The checks about the tenant as a whole: they read connections, not Jira.
    async fn evaluate_tenant(&self, tenant: &TenantId) -> Result<()> {
        let core = &self.jira.core;
        let started_at = core.clock.now();
        let connections = core.store.all_connections(tenant).await?;
        for (check, verdict) in [
            (
                CheckId::B1,
                judge::change_management_is_set_up(
                    of_tenant(CheckId::B1, started_at),
                    &connections,
                    started_at,
                ),
            ),
            (
                CheckId::B5,
                judge::change_management_is_connected(
                    of_tenant(CheckId::B5, started_at),
                    &connections,
                    started_at,
                ),
            ),
        ] {
            let evidence = recording::evidence_of_connections(&connections, &verdict, started_at);
            let subject = recording::Subject { tenant, connection: None, check };
            self.record(&subject, verdict, evidence, None, started_at).await?;
        }
        self.review_findings(tenant, started_at).await?;
        self.end_unread(tenant, &connections).await?;
        let turn = (started_at, core.clock.now());
        core.store.end_tenant_evaluation(tenant, turn, after(started_at, self.interval)).await
    }

    /// The checks about what one connection reads.
    async fn evaluate_connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<()> {
        let core = &self.jira.core;
        let Some(connection) = core.store.connection(tenant, id).await? else { return Ok(()) };
        if matches!(connection.state, State::Disconnected | State::Pending) {
            return Ok(());
        }
        let now = core.clock.now();
        if !self.begin(&connection, now).await? {
            return Ok(());
        }
        let quota = core.store.quota(tenant, id, now).await?;
        if let Some(wait) =
            quota.wait(Priority::Checks, 0, connection.method == crate::connection::Method::Oauth, now)
        {
            tracing::info!(%tenant, connection = %id, wait, "points are short; the evaluation waits");
            return core
                .store
                .set_connection_due(tenant, id, (now, core.clock.now()), after(now, wait))
                .await;
        }
        let connection = Box::pin(self.fresh(connection)).await?;
        let mut evaluated = Evaluated { started_at: now, points: 0, every: self.interval };
        let next = match self.open(&connection).await? {
            Ok(client) => {
                self.begin_ingestion(&connection).await?;
                let result = self.evaluate_with(&connection, &client).await;
                evaluated.points = client.meter().points;
                core.store.add_points(tenant, id, hour_of(now), evaluated.points).await?;
                if let Some(until) = client.paused_until() {
                    core.store.pause(tenant, id, until).await?;
                }
                result?;
                if connection.refused_at.is_some() || client.refused_authorization().is_some() {
                    // Whether the credentials are dead, or a pair was lost while they were replaced, is to be known soon.
                    self.interval.min(SOON)
                } else {
                    self.interval
                }
            }
            Err(verdict) => {
                self.record_unreadable(&connection, &verdict).await?;
                // It may be over soon; and a refresh whose answer was lost must be repeated soon.
                if connection.state.usable() { self.interval.min(SOON) } else { self.interval }
            }
        };
        core.store.end_evaluation(tenant, id, &evaluated, core.clock.now(), after(now, next)).await
    }

    /// Whether an evaluation that was asked for is still to be done, and is ours to do.
    ///
    /// | the connection is due | then |
    /// |---|---|
    /// | later than a claim lasts | it was evaluated since: no |
    /// | now | claimed, as the tick does, so that the tick does not ask again and news that comes meanwhile is seen |
    /// | within a claim | it is claimed, perhaps by the tick that asked: yes |
    async fn begin(&self, connection: &Connection, now: Timestamp) -> Result<bool> {
        let Some(due_at) = connection.due_at else { return Ok(true) };
        if due_at > after(now, CLAIM) {
            tracing::info!(tenant = %connection.tenant, connection = %connection.id, %due_at, "evaluated already");
            return Ok(false);
        }
        if due_at > now {
            return Ok(true);
        }
        let store = &self.jira.core.store;
        store.claim_due_connection(&connection.tenant, &connection.id, due_at, after(now, CLAIM)).await
    }

    /// Verifies a connection whose verification is half used up. If Jira cannot be reached, the old one still holds.
    async fn fresh(&self, connection: Connection) -> Result<Connection> {
        let age =
            connection.verified_at.map_or(i64::MAX, |at| seconds_between(at, self.jira.core.clock.now()));
        if !connection.state.usable() || (age < VERIFY_AFTER && !connection.is_troubled()) {
            return Ok(connection);
        }
        match self.connector.verify(&connection.tenant, &connection.id).await {
            Ok(verified) => Ok(verified),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Internal) => Err(error),
            Err(error) => {
                tracing::warn!(connection = %connection.id, error = error.chain(), "could not verify before reading");
                let again = self.jira.core.store.connection(&connection.tenant, &connection.id).await?;
                Ok(again.unwrap_or(connection))
            }
        }
    }

    /// A client, or the verdict that nothing can be told without one.
    async fn open(&self, connection: &Connection) -> Result<Result<Client, Verdict>> {
        if !connection.state.usable() {
            return Ok(Err(judge::unusable(connection)));
        }
        match self.jira.open(connection).await {
            Ok(client) => Ok(Ok(client)),
            Err(error) if *error.kind() != Kind::Internal => {
                let gap = Gap::Unavailable { detail: error.to_string() };
                Ok(Err(Verdict {
                    gaps: vec![gap],
                    because: format!("cannot tell: {error}"),
                    ..judge::unusable(connection)
                }))
            }
            Err(error) => Err(error),
        }
    }

    async fn evaluate_with(&self, connection: &Connection, client: &Client) -> Result<()> {
        let started_at = self.jira.core.clock.now();
        if connection.use_cases.contains(&UseCase::Ticketing) {
            if connection.change_management.is_set() {
                let reading = evidence::change_tickets(connection, client, started_at).await;
                self.remember(connection, &reading, |stored| &mut stored.change_management).await?;
                self.react_to(connection, client, &reading).await?;
                for check in [CheckId::B2, CheckId::B4] {
                    self.finish(connection, client, check, &reading, started_at).await?;
                }
            } else {
                for check in [CheckId::B2, CheckId::B4] {
                    let verdict = judge::nothing_configured("change management");
                    let subject = recording::Subject::of(connection, check);
                    self.record(&subject, verdict, Evidence::default(), Some(client), started_at).await?;
                }
            }
        }
        if connection.use_cases.contains(&UseCase::AccessReview) {
            self.review_access(connection, client, started_at).await?;
        }
        if connection.use_cases.contains(&UseCase::IncidentManagement) {
            if connection.incidents.is_set() {
                let reading = evidence::incidents(connection, client, started_at).await;
                self.remember(connection, &reading, |stored| &mut stored.incidents).await?;
                self.react_to(connection, client, &reading).await?;
                self.finish(connection, client, CheckId::B3, &reading, started_at).await?;
            } else {
                let verdict = judge::nothing_configured("incidents");
                let subject = recording::Subject::of(connection, CheckId::B3);
                self.record(&subject, verdict, Evidence::default(), Some(client), started_at).await?;
            }
        }
        Ok(())
    }

    /// Keeps the projects that the reading of a query without projects saw, beside those that earlier ones saw: if one
    /// of them cannot be seen any more, the next reading says so.
    async fn remember(
        &self,
        connection: &Connection,
        reading: &Reading,
        scope_of: impl Fn(&mut Connection) -> &mut Scope,
    ) -> Result<()> {
        let add = |stored: &mut Connection| {
            if stored.epoch != connection.epoch {
                return false;
            }
            let scope = scope_of(stored);
            let known = |seen: &Project| scope.projects.iter().any(|project| project.id == seen.id);
            let new: Vec<Project> = reading.seen_in.iter().filter(|seen| !known(seen)).cloned().collect();
            scope.projects.extend(new.iter().cloned());
            !new.is_empty()
        };
        if !add(&mut connection.clone()) {
            return Ok(());
        }
        let change = |stored: &mut Connection| {
            add(stored);
        };
        self.jira.change_connection(&connection.tenant, &connection.id, change).await.map(|_| ())
    }

    /// Judges a reading for one check and keeps the result.
    async fn finish(
        &self,
        connection: &Connection,
        client: &Client,
        check: CheckId,
        reading: &Reading,
        started_at: Timestamp,
    ) -> Result<()> {
        let now = self.jira.core.clock.now();
        let verdict = evidence::judge(check, connection, reading, now);
        let evidence = recording::evidence_of(reading);
        self.record(&recording::Subject::of(connection, check), verdict, evidence, Some(client), started_at)
            .await
    }

    async fn record_unreadable(&self, connection: &Connection, verdict: &Verdict) -> Result<()> {
        let started_at = self.jira.core.clock.now();
        let mut checks = Vec::new();
        if connection.use_cases.contains(&UseCase::Ticketing) {
            checks.extend([CheckId::B2, CheckId::B4]);
        }
        if connection.use_cases.contains(&UseCase::IncidentManagement) {
            checks.push(CheckId::B3);
        }
        if connection.use_cases.contains(&UseCase::AccessReview) {
            checks.extend([CheckId::B6, CheckId::B7, CheckId::B8]);
        }
        for check in checks {
            let evidence = recording::evidence_of_nothing(verdict, started_at);
            let subject = recording::Subject::of(connection, check);
            self.record(&subject, verdict.clone(), evidence, None, started_at).await?;
        }
        Ok(())
    }

    /// Where Jira refused our credentials in the middle of a reading: finds out whether they are really dead.
    async fn react_to(&self, connection: &Connection, client: &Client, reading: &Reading) -> Result<()> {
        let doubtful = |gap: &Gap| matches!(gap, Gap::Refused { .. } | Gap::CallerUnconfirmed);
        if let Some(refused) = client.refused_authorization() {
            self.jira.confirm_refusal(connection, refused).await?;
        }
        if !reading.coverage.gaps.iter().any(doubtful) {
            return Ok(());
        }
        match self.connector.verify(&connection.tenant, &connection.id).await {
            Ok(_) => Ok(()),
            Err(error) if *error.kind() == Kind::Internal => Err(error),
            Err(error) => {
                tracing::warn!(connection = %connection.id, error = error.chain(), "could not verify after a refusal");
                Ok(())
            }
        }
    }
}

fn of_tenant(check: CheckId, now: Timestamp) -> Entity {
    Entity {
        id: "tenant".to_owned(),
        key: check.as_str().to_owned(),
        title: check.title().to_owned(),
        url: String::new(),
        assignee: None,
        created_at: now,
        done: false,
        priority: None,
    }
}

/// Whether an error means that somebody else wrote first, which the next evaluation sorts out.
fn is_conflict(error: &Error) -> bool {
    *error.kind() == Kind::Conflict
}
