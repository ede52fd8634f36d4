//! The planner: which tickets there must be, what they say, and whether they should be open or closed.
//!
//! Reads tasks, sync settings and tickets; decides what to plan, change and link; writes nothing. Next comes
//! `operations::planning`, which writes it, and then `create-tickets`.
//!
//! | task | its ticket | then |
//! |---|---|---|
//! | open | none | a new ticket, or a place in the batch of its assignee |
//! | open | live | it stays there; in a batch of somebody else, it moves |
//! | open | closed | by the reopen rule: its issue is reopened, or the task gets a new ticket |
//! | open | gone | by the policy: a new ticket, nothing, or a person decides |
//! | done | live | by the closure rule: its ticket is closed, or left |
//!
//! A task keeps the live ticket that it has, whatever becomes of the settings: changing them never makes a second issue.

mod place;
mod refresh;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::Result;
use crate::ids::{AccountId, SettingId, TaskId, TenantId, TicketId, fixed};
use crate::notification::Kind as Notice;
use crate::sync_setting::{Mode, SyncSetting, nearest};
use crate::task::Task;
use crate::ticket::{Batch, Content, State, Ticket, Wanted};

/// How many tasks a batch holds; a further one begins the next generation beside it. Their ids fill less than half of
/// what a record may hold (400 kB).
pub const TASKS_IN_BATCH: usize = 5_000;

/// What is to be written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Tickets to be put, if they are not there.
    pub new: Vec<Ticket>,
    /// Tickets that are there and that change.
    pub changed: Vec<Ticket>,
    /// Tasks that get another ticket.
    pub links: Vec<Link>,
    /// What people need not hear about any more, if they did.
    pub over: Vec<(Notice, TicketId)>,
}

/// A task and the ticket that is to stand for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// The task.
    pub task: TaskId,
    /// The ticket that stood for it when this was decided.
    pub from: Option<TicketId>,
    /// The ticket that is to stand for it.
    pub to: TicketId,
}

impl Plan {
    /// Takes everything out that follows from a task which could not be written: what its tickets were to become, the links
    /// of other tasks to and from those, what the tickets at their other ends were to become, and so on. All that is planned
    /// again with what somebody else wrote: the answer says for which tasks.
    pub fn forget(&mut self, task: &TaskId) -> BTreeSet<TaskId> {
        let mut forgotten = BTreeSet::from([task.clone()]);
        let listing = self.new.iter().chain(&self.changed).filter(|ticket| ticket.tasks.contains(task));
        let mut concerned: BTreeSet<TicketId> = listing.map(|ticket| ticket.id.clone()).collect();
        while let Some(place) = self.links.iter().position(|link| {
            let leaves = link.from.as_ref().is_some_and(|from| concerned.contains(from));
            link.task == *task || leaves || concerned.contains(&link.to)
        }) {
            let link = self.links.swap_remove(place);
            concerned.extend(link.from);
            concerned.insert(link.to);
            forgotten.insert(link.task);
        }
        for ticket in self.new.iter().chain(&self.changed).filter(|it| concerned.contains(&it.id)) {
            forgotten.extend(ticket.tasks.iter().cloned());
        }
        self.new.retain(|ticket| !concerned.contains(&ticket.id));
        self.changed.retain(|ticket| !concerned.contains(&ticket.id));
        forgotten
    }
}

/// The fixed id of the ticket that stands for one generation of one task.
///
/// The setting is not part of it: a task must not get a second issue because somebody changed a setting.
pub fn ticket_id(tenant: &TenantId, task: &TaskId, generation: u32) -> Result<TicketId> {
    TicketId::parse(&format!("tkt-{}", fixed(&[tenant.as_str(), task.as_str(), &generation.to_string()])))
}

/// The fixed id of the ticket that stands for one generation of a batch.
pub fn batch_id(tenant: &TenantId, setting: &SettingId, batch: &Batch, generation: u32) -> Result<TicketId> {
    let assignee = batch.assignee.as_ref().map_or("", AccountId::as_str);
    let generation = generation.to_string();
    let mut parts = vec!["batch", tenant.as_str(), setting.as_str(), assignee, &generation];
    parts.extend(batch.group.as_deref());
    TicketId::parse(&format!("tkt-{}", fixed(&parts)))
}

/// The batch that a task belongs to by a setting; none where each has a ticket of its own.
fn batch_of(task: &Task, setting: &SyncSetting) -> Option<Batch> {
    match (setting.mode, &setting.configuration, &task.finding) {
        (_, Some(configuration), Some(finding)) => {
            let group = configuration.grouping.key(finding)?;
            Some(Batch { assignee: None, group: Some(group) })
        }
        (Mode::Batch, ..) => Some(Batch { assignee: task.assignee.clone(), group: None }),
        (Mode::Individual, ..) => None,
    }
}

/// Decides. `tasks` are those to be planned for and all others of the tickets that they are in; `tickets` are those of
/// the tasks, ended ones included, and all generations of the batches that they may join ([`batches`]). `told` is the
/// ticket whose tasks have just been told its news, as it was then; what is news since stays.
pub fn plan(
    tenant: &TenantId,
    tasks: &[Task],
    settings: &[SyncSetting],
    tickets: &[Ticket],
    told: Option<&Ticket>,
    now: Timestamp,
) -> Result<Plan> {
    let known: BTreeMap<TicketId, Ticket> =
        tickets.iter().map(|ticket| (ticket.id.clone(), ticket.clone())).collect();
    let mut planning = Planning {
        tenant,
        settings,
        now,
        tasks: tasks.iter().map(|task| (task.id.clone(), task)).collect(),
        tickets: known.clone(),
        links: BTreeMap::new(),
        ended: BTreeMap::new(),
    };
    planning.note_ended();
    if let Some(told) = told
        && let Some(ticket) = planning.tickets.get_mut(&told.id)
        && (ticket.news, ticket.decided) == (told.news, told.decided)
    {
        ticket.told();
        ticket.schedule(now);
    }
    let mut in_order: Vec<&Task> = tasks.iter().collect();
    in_order.sort_by_key(|task| (task.opened_at, &task.id));
    for task in in_order {
        planning.place(task)?;
    }
    planning.refresh();
    let over = planning.over(&known);
    let from = |task: &TaskId| planning.tasks.get(task).and_then(|task| task.ticket.clone());
    let links = planning.links.into_iter().map(|(task, to)| Link { from: from(&task), task, to });
    let mut made = Plan { links: links.collect(), over, ..Plan::default() };
    for (id, ticket) in planning.tickets {
        match known.get(&id) {
            None => made.new.push(ticket),
            Some(before) if *before != ticket => made.changed.push(ticket),
            Some(_) => {}
        }
    }
    Ok(made)
}

/// The batches that `tasks` may join, each with its setting. Their tickets must be given to [`plan`].
pub fn batches<'a>(
    tasks: impl IntoIterator<Item = &'a Task>,
    settings: &[SyncSetting],
) -> BTreeSet<(SettingId, Batch)> {
    let batch = |task: &Task| {
        let setting = nearest(settings, task).filter(|_| task.is_open())?;
        Some((setting.id.clone(), batch_of(task, setting)?))
    };
    tasks.into_iter().filter_map(batch).collect()
}

/// A plan in the making.
struct Planning<'a> {
    tenant: &'a TenantId,
    settings: &'a [SyncSetting],
    now: Timestamp,
    tasks: BTreeMap<TaskId, &'a Task>,
    tickets: BTreeMap<TicketId, Ticket>,
    links: BTreeMap<TaskId, TicketId>,
    /// Batches that the rule "any" closes, and since when.
    ended: BTreeMap<TicketId, Timestamp>,
}

impl Planning<'_> {
    /// The ticket that stands for a task, as planned so far.
    fn ticket_of(&self, task: &Task) -> Option<&Ticket> {
        self.tickets.get(self.link(task)?)
    }

    /// The ticket that a task is linked to, as planned so far.
    fn link<'a>(&'a self, task: &'a Task) -> Option<&'a TicketId> {
        self.links.get(&task.id).or(task.ticket.as_ref())
    }

    /// What is over: decisions about gone tickets none of whose tasks is to be done here any more, and problems of tickets
    /// that are tried anew or left alone.
    fn over(&self, known: &BTreeMap<TicketId, Ticket>) -> Vec<(Notice, TicketId)> {
        let mut over = Vec::new();
        for (id, before) in known {
            let Some(ticket) = self.tickets.get(id) else { continue };
            let is_gone = matches!(ticket.state, State::Gone { .. });
            let is_here = |task: &Task| task.is_open() && self.link(task) == Some(id);
            if is_gone && ticket.news.is_none() && !self.tasks.values().any(|task| is_here(task)) {
                over.push((Notice::DecisionNeeded, id.clone()));
            }
            let is_free = ticket.problem.is_none() || (ticket.wanted == Wanted::Kept && *before != *ticket);
            if before.problem.is_some() && is_free {
                over.push((Notice::TicketStuck, id.clone()));
            }
        }
        over
    }

    fn setting(&self, id: &SettingId) -> Option<&SyncSetting> {
        self.settings.iter().find(|setting| setting.id == *id)
    }
}

fn new_ticket(
    id: TicketId,
    generation: u32,
    setting: &SyncSetting,
    content: Content,
    now: Timestamp,
) -> Ticket {
    let mut ticket = Ticket {
        tenant: setting.tenant.clone(),
        id,
        generation,
        batch: None,
        setting: setting.id.clone(),
        connection: setting.connection.clone(),
        cloud_id: None,
        project: setting.project.clone(),
        issue_type: setting.issue_type.clone(),
        tasks: Vec::new(),
        content,
        wanted: Wanted::Open,
        state: State::Planned,
        twins: Vec::new(),
        issue_status: None,
        attempts: 0,
        doubted_since: None,
        left_out: Vec::new(),
        pulls: BTreeMap::new(),
        written: None,
        writing: None,
        kept: BTreeSet::new(),
        heard_at: None,
        news: None,
        decided: None,
        problem: None,
        ended_at: None,
        counts_since: None,
        lease: None,
        not_before: None,
        due_at: None,
        trace: Vec::new(),
        created_at: now,
        updated_at: now,
        version: 0,
    };
    ticket.planned(now);
    ticket
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "plan_samples.rs"]
pub(crate) mod tests_support;
