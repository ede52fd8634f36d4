//! Tasks: one for each entity that fails a check, until it passes again.
//!
//! Reads a [`Verdict`] and the check's tasks; decides what to open, change and resolve; next comes [`crate::plan`].
//!
//! ```text
//!        a person says it is done             the check passes
//! open ───────────────────────────► completed ────────────────► resolved
//!  ▲  ◄─── a person reopens it, or ──┘                              │
//!  │       the check still fails                                    │
//!  └──────────── the check fails again, or a person reopens it ─────┘
//! ```
//!
//! An open task becomes resolved as soon as the check passes, unless a person opened it (`held`): then a person ends it.

mod people;
mod pulled;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::check::{CheckId, Failing, Verdict};
use crate::clock::after;
use crate::finding::Finding;
use crate::ids::{AccountId, ConnectionId, RunId, TaskId, TenantId, TicketId, fixed};
pub use people::{Completion, Edit, Part};

/// Whether a task is to be done.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be done.
    Open,
    /// A person says that it is done, here or in Jira; the check has not confirmed it yet.
    Completed,
    /// Done: the entity passes, or is no longer in scope.
    Resolved,
}

impl State {
    /// The state's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Resolved => "resolved",
        }
    }
}

/// The thing that a task is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Subject {
    /// Identifier that never changes.
    pub id: String,
    /// What people call it.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Where a person can look at it; empty where there is no such place.
    pub url: String,
}

/// One task.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Task {
    /// Whose it is.
    pub tenant: TenantId,
    /// Fixed by check, connection and subject, so that the same failure is the same task.
    pub id: TaskId,
    /// The check that fails.
    pub check: CheckId,
    /// The connection that the subject was read through; none for checks about the tenant.
    pub connection: Option<ConnectionId>,
    /// The thing that fails it.
    pub subject: Subject,
    /// Title, in one line.
    pub title: String,
    /// Why the subject fails, in a sentence.
    pub why: String,
    /// What a scanner found, if the task is about that.
    #[serde(default)]
    pub finding: Option<Box<Finding>>,
    /// Who is responsible for the subject, if known.
    pub assignee: Option<AccountId>,
    /// When it should be done.
    pub due_at: Timestamp,
    /// Whether it is to be done.
    pub state: State,
    /// Grows by one each time that the task is opened again.
    pub generation: u32,
    /// The run that opened it last.
    pub opened_by: RunId,
    /// When it was opened last.
    pub opened_at: Timestamp,
    /// When it was resolved, if it is.
    pub resolved_at: Option<Timestamp>,
    /// Who said that it is done, if it is completed.
    #[serde(default)]
    pub completion: Option<Completion>,
    /// Whether a person opened it again: then no check resolves it, a person ends it.
    #[serde(default)]
    pub held: bool,
    /// What people changed about it.
    #[serde(default)]
    pub edited: BTreeSet<Part>,
    /// The ticket that stands for it now, if one does.
    pub ticket: Option<TicketId>,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Grows by one with every write.
    pub version: u64,
}

impl Task {
    /// Whether it is to be done.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether it is to be done and should be done by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.due_at < now
    }

    /// When it was last done, if it is.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Open => None,
            State::Completed => self.completion.as_ref().map(|completion| completion.at),
            State::Resolved => self.resolved_at,
        }
    }

    pub(crate) fn open_again(&mut self, now: Timestamp) {
        self.state = State::Open;
        self.generation += 1;
        self.opened_at = now;
        self.resolved_at = None;
        self.completion = None;
        // Nobody accepts the risk of what is to be done: a later completion must not bring that back.
        if let Some(finding) = self.finding.as_mut() {
            finding.acceptance = None;
        }
        self.updated_at = now;
    }
}

/// The fixed id of a task.
///
/// # Errors
/// Never for identifiers made by this library; the type asks for it.
pub fn task_id(
    tenant: &TenantId,
    check: CheckId,
    connection: Option<&ConnectionId>,
    subject: &str,
) -> Result<TaskId> {
    let connection = connection.map_or("", ConnectionId::as_str);
    TaskId::parse(&format!("{check}-{}", fixed(&[tenant.as_str(), check.as_str(), connection, subject])))
}

/// The tasks to be written after a run: new ones (version 0) and changed ones (version of the stored one).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changes {
    /// Tasks that are opened, or opened again.
    pub opened: Vec<Task>,
    /// Open tasks whose title, reason or assignee changed.
    pub changed: Vec<Task>,
    /// Tasks that are resolved.
    pub resolved: Vec<Task>,
}

impl Changes {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Task> {
        self.opened.iter().chain(&self.changed).chain(&self.resolved)
    }
}

/// Whose run it was and when.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The check.
    pub check: CheckId,
    /// The connection; none for checks about the tenant.
    pub connection: Option<&'a ConnectionId>,
    /// The run.
    pub run: &'a RunId,
    /// When it is.
    pub now: Timestamp,
    /// The moment that the verdict is true for: what was written about a task then or later is newer than the verdict.
    pub read_at: Timestamp,
}

/// What a second look at subjects, by id, showed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SecondLook {
    /// Subjects that fail no longer, are out of scope, or are gone.
    pub fine: BTreeSet<String>,
    /// Subjects that fail.
    pub failing: BTreeSet<String>,
    /// Keys of projects that the account cannot see (any more) although subjects are in them.
    pub hidden: BTreeSet<String>,
}

/// Decides what becomes of the tasks of one check and connection. `stored` are all of them, open and resolved.
///
/// A search lags behind, and may lose a thing for a moment (jira-facts: the index is not monotonic), and two evaluations
/// may write in another order than they read. So what ends or comes back is confirmed by `look`, a second look by id:
///
/// | task | verdict | then |
/// |---|---|---|
/// | none | names it | opened |
/// | resolved before the reading | names it, and `look` saw it fail | opened again |
/// | resolved since the reading, or not seen to fail | names it | nothing |
/// | open | names it | title, reason and assignee are brought up to date |
/// | opened before the reading | whole, does not name it, and `look` saw it fine | resolved |
/// | any other | | nothing |
pub fn reconcile(
    context: &Context<'_>,
    verdict: &Verdict,
    stored: &[Task],
    look: &SecondLook,
) -> Result<Changes> {
    let by_id: BTreeMap<&TaskId, &Task> = stored.iter().map(|task| (&task.id, task)).collect();
    let mut changes = Changes::default();
    let mut failing_ids = BTreeSet::new();
    for failing in &verdict.failing {
        let id = task_id(context.tenant, context.check, context.connection, &failing.entity.id)?;
        match by_id.get(&id) {
            None => changes.opened.push(open(context, id.clone(), failing)),
            Some(task) if task.state != State::Open => {
                // Who ended it knew better than a reading that is older, and a search may be late.
                let is_newer = task.ended_at().is_some_and(|ended_at| ended_at >= context.read_at);
                if is_newer || !look.failing.contains(&failing.entity.id) {
                    failing_ids.insert(id);
                    continue;
                }
                let mut again = refreshed(task, failing);
                again.open_again(context.now);
                again.opened_by = context.run.clone();
                if !again.edited.contains(&Part::DueAt) {
                    again.due_at = due_at(context);
                }
                changes.opened.push(again);
            }
            Some(task) => {
                let seen = Task { updated_at: task.updated_at, ..refreshed(task, failing) };
                if seen != **task {
                    changes.changed.push(Task { updated_at: context.now, ..seen });
                }
            }
        }
        failing_ids.insert(id);
    }
    if verdict.clears_the_rest() {
        let fine = |task: &&Task| {
            task.state != State::Resolved
                && !task.held
                && !failing_ids.contains(&task.id)
                && task.opened_at < context.read_at
                && look.fine.contains(&task.subject.id)
        };
        changes.resolved = stored
            .iter()
            .filter(fine)
            .map(|task| Task {
                state: State::Resolved,
                resolved_at: Some(context.now),
                updated_at: context.now,
                ..task.clone()
            })
            .collect();
    }
    Ok(changes)
}

/// The open tasks whose subjects the verdict does not name as failing: candidates for being resolved.
pub fn candidates<'a>(context: &Context<'_>, verdict: &Verdict, stored: &'a [Task]) -> Result<Vec<&'a Task>> {
    let mut failing = BTreeSet::new();
    for it in &verdict.failing {
        failing.insert(task_id(context.tenant, context.check, context.connection, &it.entity.id)?);
    }
    Ok(stored.iter().filter(|task| task.state != State::Resolved && !failing.contains(&task.id)).collect())
}

/// The tasks that are done and whose subjects the verdict names as failing: candidates for being opened again.
pub fn returning<'a>(context: &Context<'_>, verdict: &Verdict, stored: &'a [Task]) -> Result<Vec<&'a Task>> {
    let mut failing = BTreeSet::new();
    for it in &verdict.failing {
        failing.insert(task_id(context.tenant, context.check, context.connection, &it.entity.id)?);
    }
    Ok(stored.iter().filter(|task| !task.is_open() && failing.contains(&task.id)).collect())
}

fn open(context: &Context<'_>, id: TaskId, failing: &Failing) -> Task {
    Task {
        tenant: context.tenant.clone(),
        id,
        check: context.check,
        connection: context.connection.cloned(),
        subject: subject(failing),
        title: title(context.check, failing),
        why: failing.why.clone(),
        finding: None,
        assignee: failing.entity.assignee.clone(),
        due_at: due_at(context),
        state: State::Open,
        generation: 1,
        opened_by: context.run.clone(),
        opened_at: context.now,
        resolved_at: None,
        completion: None,
        held: false,
        edited: BTreeSet::new(),
        ticket: None,
        updated_at: context.now,
        version: 0,
    }
}

fn due_at(context: &Context<'_>) -> Timestamp {
    after(context.now, context.check.due_in_days() * 24 * 3600)
}

fn refreshed(task: &Task, failing: &Failing) -> Task {
    let mut fresh = Task { subject: subject(failing), why: failing.why.clone(), ..task.clone() };
    if !task.edited.contains(&Part::Title) {
        fresh.title = title(task.check, failing);
    }
    if !task.edited.contains(&Part::Assignee) {
        fresh.assignee.clone_from(&failing.entity.assignee);
    }
    fresh
}

fn subject(failing: &Failing) -> Subject {
    let entity = &failing.entity;
    Subject {
        id: entity.id.clone(),
        key: entity.key.clone(),
        title: entity.title.clone(),
        url: entity.url.clone(),
    }
}

fn title(check: CheckId, failing: &Failing) -> String {
    match check {
        CheckId::B1 => "Set up change management".to_owned(),
        CheckId::B2 => format!("Assign change ticket {}", failing.entity.key),
        CheckId::B3 => format!("Close incident {}", failing.entity.key),
        CheckId::B4 => format!("Record change tickets on {}", failing.entity.key),
        CheckId::B5 => "Connect a change-management system".to_owned(),
        CheckId::B6 => format!("Remove the access of account {}", failing.entity.key),
        CheckId::B7 => format!("Identify account {}", failing.entity.key),
        CheckId::B8 => format!("Review the access of account {}", failing.entity.key),
        CheckId::B9 => format!("Close vulnerability {}", failing.entity.key),
    }
}

#[cfg(test)]
#[path = "task_tests.rs"]
mod tests;
