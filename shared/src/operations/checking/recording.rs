//! Keeping what was found: tasks first, then tickets, then the run.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Evaluator, is_conflict};
use crate::check::{CheckId, CheckRun, Evidence, Verdict};
use crate::connection::Connection;
use crate::evidence::{Coverage, Reading};
use crate::ids::{ConnectionId, RunId, TenantId, digest, fixed};
use crate::jira::client::Client;
use crate::plan::Plan;
use crate::task::{self, Changes, Task};
use crate::{Error, Result};

/// What a run is about.
pub(super) struct Subject<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) connection: Option<&'a Connection>,
    pub(super) check: CheckId,
}

impl<'a> Subject<'a> {
    pub(super) fn of(connection: &'a Connection, check: CheckId) -> Self {
        Self { tenant: &connection.tenant, connection: Some(connection), check }
    }

    fn connection_id(&self) -> Option<&'a ConnectionId> {
        self.connection.map(|connection| &connection.id)
    }
}

impl Evaluator {
    /// Keeps one verdict: its tasks, their tickets, and the run with its evidence.
    pub(super) async fn record(
        &self,
        subject: &Subject<'_>,
        verdict: Verdict,
        evidence: Evidence,
        client: Option<&Client>,
        started_at: Timestamp,
    ) -> Result<()> {
        let core = &self.jira.core;
        let run_id = run_id(subject, started_at)?;
        let mut stored = core.store.tasks_of(subject.tenant, subject.check).await?;
        stored.retain(|task| task.connection.as_ref() == subject.connection_id());
        let context = task::Context {
            tenant: subject.tenant,
            check: subject.check,
            connection: subject.connection_id(),
            run: &run_id,
            now: core.clock.now(),
        };
        let fine = self.confirmed_fine(subject, &context, &verdict, &stored, client).await?;
        let changes = task::reconcile(&context, &verdict, &stored, &fine)?;
        self.write_tasks(subject.tenant, &stored, changes).await?;
        let run = CheckRun {
            tenant: subject.tenant.clone(),
            id: run_id,
            check: subject.check,
            connection: subject.connection_id().cloned(),
            outcome: verdict.outcome,
            because: verdict.because,
            failing: verdict.failing.len() as u64,
            evidence,
            started_at,
            finished_at: core.clock.now(),
        };
        core.store.put_run(&run, &verdict.failing).await
    }

    /// The subjects of open tasks that, read by id, fail no longer.
    async fn confirmed_fine(
        &self,
        subject: &Subject<'_>,
        context: &task::Context<'_>,
        verdict: &Verdict,
        stored: &[Task],
        client: Option<&Client>,
    ) -> Result<BTreeSet<String>> {
        if !verdict.clears_the_rest() {
            return Ok(BTreeSet::new());
        }
        let candidates = task::candidates(context, verdict, stored)?;
        let subjects: Vec<&str> = candidates.iter().map(|task| task.subject.id.as_str()).collect();
        match (subject.connection, client) {
            (Some(connection), Some(client)) => {
                super::evidence::still_fine(subject.check, connection, client, &subjects, context.now).await
            }
            // Checks about the tenant read no search that could lose anything.
            _ => Ok(subjects.into_iter().map(ToOwned::to_owned).collect()),
        }
    }

    /// Writes tasks and plans their tickets, in the order that survives a crash.
    async fn write_tasks(&self, tenant: &TenantId, stored: &[Task], mut changes: Changes) -> Result<()> {
        let after = merged(stored, &changes);
        let plan = self.planner.decide(tenant, &after).await?;
        self.planner.close(tenant, &plan).await?;
        let written = link(&mut changes, &plan);
        let tasks: Vec<Task> = changes.all().cloned().collect();
        for result in self.jira.core.store.save_tasks(&tasks).await {
            match result {
                Ok(()) => {}
                // Another evaluation of the same check wrote first; the next one sorts it out.
                Err(error) if is_conflict(&error) => {
                    tracing::info!(%tenant, "a task was written by another evaluation");
                }
                Err(error) => return Err(error),
            }
        }
        for (id, ticket) in plan.links.iter().filter(|(id, _)| !written.contains(id)) {
            self.jira.core.store.link_task(tenant, id, ticket).await?;
        }
        self.planner.open(tenant, &plan).await
    }
}

/// The tasks as they will be after the changes: open ones, and those that are resolved now.
fn merged(stored: &[Task], changes: &Changes) -> Vec<Task> {
    let written: BTreeSet<_> = changes.all().map(|task| task.id.clone()).collect();
    let untouched =
        stored.iter().filter(|task| task.state == task::State::Open && !written.contains(&task.id));
    untouched.chain(changes.all()).cloned().collect()
}

/// Puts the plan's links into the tasks that are written anyway. Returns which ones.
fn link(changes: &mut Changes, plan: &Plan) -> BTreeSet<crate::ids::TaskId> {
    let mut links = super::Planner::links(plan);
    let mut written = BTreeSet::new();
    for task in changes.opened.iter_mut().chain(&mut changes.changed) {
        if let Some(ticket) = links.remove(&task.id) {
            task.ticket = Some(ticket.clone());
            written.insert(task.id.clone());
        }
    }
    written
}

/// A run's id: sorts by time; fixed by what the run is about, so that writing it twice writes it once.
fn run_id(subject: &Subject<'_>, started_at: Timestamp) -> Result<RunId> {
    let millisecond = u64::try_from(started_at.as_millisecond())
        .map_err(|cause| Error::internal("the clock shows a time before 1970").because(cause))?;
    let connection = subject.connection_id().map_or("", ConnectionId::as_str);
    let rest =
        fixed(&[subject.tenant.as_str(), subject.check.as_str(), connection, &millisecond.to_string()]);
    RunId::parse(&format!("{millisecond:013}-{}", &rest[..12]))
}

/// The evidence of a reading.
pub(super) fn evidence_of(reading: &Reading, verdict: &Verdict) -> Evidence {
    let read = serde_json::to_vec(&reading.entities).unwrap_or_default();
    Evidence {
        query: reading.query.clone(),
        scope: reading.scope.clone(),
        // The verdict names every gap: those of the reading, and what its age and counts show.
        coverage: Coverage { gaps: verdict.gaps.clone(), ..reading.coverage.clone() },
        read_at: Some(reading.read_at),
        digest: digest(&read),
    }
}

/// The evidence of a check about the tenant: the connections and their states.
pub(super) fn evidence_of_connections(
    connections: &[Connection],
    verdict: &Verdict,
    now: Timestamp,
) -> Evidence {
    let facts: Vec<String> = connections
        .iter()
        .map(|it| format!("{} {} {:?} {:?}", it.id, it.site, it.state, it.verified_at))
        .collect();
    let read = connections.len() as u64;
    Evidence {
        query: String::new(),
        scope: "all connections of the tenant".to_owned(),
        coverage: Coverage {
            pages: 0,
            read,
            counted: Some(read),
            in_scope: Some(read),
            gaps: verdict.gaps.clone(),
        },
        read_at: Some(now),
        digest: digest(facts.join("\n").as_bytes()),
    }
}

/// The evidence where nothing could be read.
pub(super) fn evidence_of_nothing(verdict: &Verdict, now: Timestamp) -> Evidence {
    let coverage = Coverage { gaps: verdict.gaps.clone(), ..Coverage::default() };
    Evidence { coverage, read_at: Some(now), digest: digest(b""), ..Evidence::default() }
}
