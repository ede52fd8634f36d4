//! Keeping what was found: tasks first, then tickets, then the run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Evaluator, is_conflict};
use crate::check::{CheckId, CheckRun, Evidence, Verdict};
use crate::clock::seconds_between;
use crate::connection::Connection;
use crate::evidence::{Coverage, Entity, Gap, Reading};
use crate::ids::{ConnectionId, Hash, RunId, TaskId, TenantId, TicketId, digest, fixed};
use crate::jira::client::Client;
use crate::plan::Plan;
use crate::task::{self, Changes, SecondLook, Task};
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
        mut verdict: Verdict,
        mut evidence: Evidence,
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
            read_at: evidence.read_at.unwrap_or(started_at),
        };
        let look = self.look_again(subject, &context, &verdict, &stored, client).await?;
        // What was seen by id is known, whatever else is hidden.
        let changes = task::reconcile(&context, &verdict, &stored, &look)?;
        for project in look.hidden {
            verdict.doubt(Gap::Hidden { project });
        }
        evidence.coverage.gaps.clone_from(&verdict.gaps);
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

    /// Resolves the open tasks of these subjects, which are known to be read no more.
    pub(super) async fn resolve(
        &self,
        subject: &Subject<'_>,
        verdict: &Verdict,
        stored: &[Task],
        subjects: BTreeSet<String>,
    ) -> Result<()> {
        let now = self.jira.core.clock.now();
        let context = task::Context {
            tenant: subject.tenant,
            check: subject.check,
            connection: subject.connection_id(),
            run: &run_id(subject, now)?,
            now,
            // Whatever was read before, it is read no more.
            read_at: Timestamp::MAX,
        };
        let stored: Vec<Task> = stored
            .iter()
            .filter(|task| task.connection.as_ref() == subject.connection_id())
            .cloned()
            .collect();
        let look = SecondLook { fine: subjects, ..SecondLook::default() };
        let changes = task::reconcile(&context, verdict, &stored, &look)?;
        self.write_tasks(subject.tenant, &stored, changes).await
    }

    /// Looks again, by id, at the subjects of open tasks that a whole verdict does not name, and of resolved ones that
    /// any verdict names. What is hidden casts doubt on the verdict itself.
    async fn look_again(
        &self,
        subject: &Subject<'_>,
        context: &task::Context<'_>,
        verdict: &Verdict,
        stored: &[Task],
        client: Option<&Client>,
    ) -> Result<SecondLook> {
        let candidates =
            if verdict.clears_the_rest() { task::candidates(context, verdict, stored)? } else { Vec::new() };
        let returning = task::returning(context, verdict, stored)?;
        let (Some(connection), Some(client)) = (subject.connection, client) else {
            // Checks about the tenant read no search that could lose anything or lag behind.
            let ids = |tasks: Vec<&Task>| tasks.into_iter().map(|task| task.subject.id.clone()).collect();
            return Ok(SecondLook {
                fine: ids(candidates),
                failing: ids(returning),
                ..SecondLook::default()
            });
        };
        let ids = super::evidence::Again {
            missing: candidates.iter().map(|task| &task.subject).collect(),
            returning: returning.iter().map(|task| &task.subject).collect(),
        };
        super::evidence::look_again(subject.check, connection, client, &ids, context.now).await
    }

    /// Writes tasks and plans their tickets, in the order that survives a crash.
    async fn write_tasks(&self, tenant: &TenantId, stored: &[Task], mut changes: Changes) -> Result<()> {
        let after = merged(stored, &changes, self.jira.core.clock.now());
        let mut plan = self.planner.decide(tenant, &after).await?;
        let written = link(&mut changes, &plan);
        let tasks: Vec<Task> = changes.all().cloned().collect();
        let mut forgotten = BTreeSet::new();
        for (task, result) in tasks.iter().zip(self.jira.core.store.save_tasks(&tasks).await) {
            match result {
                Ok(()) => {}
                // Another evaluation of the same check wrote first; the next one sorts it out. Nothing follows from what
                // was not written.
                Err(error) if is_conflict(&error) => {
                    tracing::info!(%tenant, task = %task.id, "a task was written by another evaluation");
                    forgotten.extend(plan.forget(&task.id));
                }
                Err(error) => return Err(error),
            }
        }
        self.planner.carry_out(tenant, plan, &written).await?;
        if forgotten.is_empty() {
            return Ok(());
        }
        let forgotten: Vec<TaskId> = forgotten.into_iter().collect();
        let tasks = self.jira.core.store.tasks_by_id(tenant, &forgotten).await?;
        self.planner.plan_stored(tenant, &tasks).await
    }
}

/// How long the ticket of a resolved task is looked after, in seconds: a day, in which every crash and race between
/// writing the task and wishing its ticket closed is repaired by the next evaluation.
pub(super) const LOOKED_AFTER: i64 = 24 * 3600;

/// The tasks as they will be after the changes: open ones, and those that were resolved not long ago.
fn merged(stored: &[Task], changes: &Changes, now: Timestamp) -> Vec<Task> {
    let written: BTreeSet<_> = changes.all().map(|task| task.id.clone()).collect();
    let untouched = stored.iter().filter(|task| !written.contains(&task.id) && is_looked_after(task, now));
    untouched.chain(changes.all()).cloned().collect()
}

/// Whether the ticket of a task is still looked after.
fn is_looked_after(task: &Task, now: Timestamp) -> bool {
    match task.state {
        task::State::Open | task::State::Completed => true,
        task::State::Resolved => task.resolved_at.is_some_and(|at| seconds_between(at, now) < LOOKED_AFTER),
    }
}

/// Puts the plan's links of tasks that have no ticket yet into the tasks, which are written anyway. Returns which ones. The
/// others follow when the ticket that they leave is written.
fn link(changes: &mut Changes, plan: &Plan) -> BTreeSet<TaskId> {
    let first = plan.links.iter().filter(|link| link.from.is_none());
    let mut first: BTreeMap<&TaskId, &TicketId> = first.map(|link| (&link.task, &link.to)).collect();
    let mut written = BTreeSet::new();
    for task in changes.opened.iter_mut().chain(&mut changes.changed) {
        if let Some(ticket) = first.remove(&task.id) {
            task.ticket = Some(ticket.clone());
            written.insert(task.id.clone());
        }
    }
    written
}

/// A run's id: sorts by time; fixed by what the run is about, so that writing it twice writes it once.
pub(super) fn run_id(subject: &Subject<'_>, started_at: Timestamp) -> Result<RunId> {
    let millisecond = u64::try_from(started_at.as_millisecond())
        .map_err(|cause| Error::internal("the clock shows a time before 1970").because(cause))?;
    let connection = subject.connection_id().map_or("", ConnectionId::as_str);
    let rest =
        fixed(&[subject.tenant.as_str(), subject.check.as_str(), connection, &millisecond.to_string()]);
    RunId::parse(&format!("{millisecond:013}-{}", &rest[..12]))
}

/// The evidence of a reading.
pub(super) fn evidence_of(reading: &Reading) -> Evidence {
    Evidence {
        query: reading.query.clone(),
        scope: reading.scope.clone(),
        coverage: reading.coverage.clone(),
        read_at: Some(reading.read_at),
        digest: digest_of(&reading.entities),
    }
}

/// The digest of the entities as JSON, which is never held as a whole: there may be hundreds of thousands.
fn digest_of(entities: &[Entity]) -> String {
    let mut hash = Hash::default();
    // Writing into a hash cannot fail, and entities have no keys that JSON could not hold.
    if serde_json::to_writer(&mut hash, entities).is_err() {
        return String::new();
    }
    hash.digest()
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

#[cfg(test)]
mod tests {
    use super::digest_of;
    use crate::evidence::Entity;
    use crate::ids::digest;

    #[test]
    fn the_digest_is_that_of_the_entities_as_json() {
        let entity = |id: u32| Entity {
            id: id.to_string(),
            key: format!("CHG-{id}"),
            title: "\u{fc}ber \"quotes\"".to_owned(),
            url: String::new(),
            assignee: None,
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            done: false,
            priority: None,
        };
        for count in [0, 1, 1000] {
            let entities: Vec<Entity> = (0..count).map(entity).collect();
            assert_eq!(digest_of(&entities), digest(&serde_json::to_vec(&entities).unwrap()));
        }
    }
}
