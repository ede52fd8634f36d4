//! Planning carried out: what [`crate::plan`] decides is written, and tickets that are new or changed are asked for.
//!
//! Every write has the condition that nobody else wrote meanwhile. Where somebody did, what concerns that ticket is decided
//! again on what they wrote.

mod pulls;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::Core;
use crate::error::Kind;
use crate::ids::{SettingId, TaskId, TenantId, TicketId};
use crate::notification::{self, Notification, Subject};
use crate::plan::{Link, Plan, batch_id, batches, plan};
use crate::sqs::{Queue, SyncRequest};
use crate::sync_setting::{GonePolicy, SyncSetting};
use crate::task::{State, Task};
use crate::ticket::{Batch, News, Step, Ticket};
use crate::{Error, Result};

/// How often what others wrote meanwhile is decided again.
const ATTEMPTS: u32 = 6;

/// How many writes are made at the same time.
const AT_ONCE: usize = 16;

/// How many generations of a batch are read at once.
const GENERATIONS: u32 = 8;

/// How many tasks are planned together, so that a large tenant does not fill the memory.
const TASKS_TOGETHER: usize = 500;

/// Carries out plans.
#[derive(Clone)]
pub struct Planner {
    /// Table, time, randomness.
    pub core: Core,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
}

impl Planner {
    /// Decides for tasks as they will be once they are written. Nothing is written yet.
    pub async fn decide(&self, tenant: &TenantId, tasks: &[Task]) -> Result<Plan> {
        let settings = self.core.store.settings(tenant).await?;
        self.decide_by(tenant, tasks, &settings, &[], None).await
    }

    /// `also` are tickets to be brought up to date though none of the tasks may be linked to them.
    async fn decide_by(
        &self,
        tenant: &TenantId,
        tasks: &[Task],
        settings: &[SyncSetting],
        also: &[TicketId],
        told: Option<&Ticket>,
    ) -> Result<Plan> {
        let considered: Vec<Task> =
            tasks.iter().filter(|task| task.is_open() || task.ticket.is_some()).cloned().collect();
        if considered.is_empty() && also.is_empty() {
            return Ok(Plan::default());
        }
        let mut tickets = self.tickets_for(tenant, &considered, settings).await?;
        let known: BTreeSet<&TicketId> = tickets.iter().map(|ticket| &ticket.id).collect();
        let also: Vec<TicketId> = also.iter().filter(|id| !known.contains(id)).cloned().collect();
        tickets.extend(self.core.store.tickets(tenant, &also).await?);
        let given: BTreeSet<&TaskId> = tasks.iter().map(|task| &task.id).collect();
        let others: BTreeSet<TaskId> = tickets
            .iter()
            .flat_map(|ticket| &ticket.tasks)
            .filter(|id| !given.contains(id))
            .cloned()
            .collect();
        let others: Vec<TaskId> = others.into_iter().collect();
        let mut others = self.core.store.tasks_by_id(tenant, &others).await?;
        // Of those that are linked elsewhere it is enough that they are not here: their place is not to be judged unseen.
        let known: BTreeSet<&TicketId> = tickets.iter().map(|ticket| &ticket.id).collect();
        others.retain(|task| task.ticket.as_ref().is_none_or(|id| known.contains(id)));
        let all: Vec<Task> = considered.into_iter().chain(others).collect();
        plan(tenant, &all, settings, &tickets, told, self.core.clock.now())
    }

    /// The tickets that stand for tasks, and all generations of the batches that they may join.
    pub async fn tickets_for(
        &self,
        tenant: &TenantId,
        tasks: &[Task],
        settings: &[SyncSetting],
    ) -> Result<Vec<Ticket>> {
        let ids: Vec<TicketId> = tasks.iter().filter_map(|task| task.ticket.clone()).collect();
        let mut tickets = self.core.store.tickets(tenant, &ids).await?;
        for (setting, batch) in batches(tasks, settings) {
            let known: BTreeSet<TicketId> = tickets.iter().map(|ticket| ticket.id.clone()).collect();
            let found = self.generations(tenant, &setting, &batch).await?;
            tickets.extend(found.into_iter().filter(|ticket| !known.contains(&ticket.id)));
        }
        Ok(tickets)
    }

    /// All generations of a batch's ticket that there are.
    async fn generations(
        &self,
        tenant: &TenantId,
        setting: &SettingId,
        batch: &Batch,
    ) -> Result<Vec<Ticket>> {
        let mut all = Vec::new();
        let mut first = 1;
        loop {
            let ids = (first..first + GENERATIONS).map(|it| batch_id(tenant, setting, batch, it));
            let ids = ids.collect::<Result<Vec<TicketId>>>()?;
            let found = self.core.store.tickets(tenant, &ids).await?;
            let is_all = found.len() < ids.len();
            all.extend(found);
            if is_all {
                return Ok(all);
            }
            first += GENERATIONS;
        }
    }

    /// Writes a plan: tickets that change, then links of tasks, then the tickets that they join, and new ones; and asks for
    /// them. To be done after the tasks are written. `linked` are links that were written with their tasks.
    ///
    /// A crash in between leaves tasks that are linked where they were, which the next planning moves again, or to a ticket
    /// that does not list them yet or is not there yet, which the next planning mends. A batch that was left and joined at
    /// once may go on listing a task that is linked elsewhere: upkeep finds those that no task is linked to.
    pub async fn carry_out(&self, tenant: &TenantId, plan: Plan, linked: &BTreeSet<TaskId>) -> Result<()> {
        let mut contested = self.write(tenant, &plan, linked).await?;
        for _ in 0..ATTEMPTS {
            if contested.is_empty() {
                return Ok(());
            }
            let tasks: Vec<TaskId> = contested.tasks.into_iter().collect();
            let tasks = self.core.store.tasks_by_id(tenant, &tasks).await?;
            let tickets: Vec<TicketId> = contested.tickets.into_iter().collect();
            let settings = self.core.store.settings(tenant).await?;
            let plan = self.decide_by(tenant, &tasks, &settings, &tickets, None).await?;
            contested = self.write(tenant, &plan, &BTreeSet::new()).await?;
        }
        Err(Error::conflict("the tickets are written by too many at once; they are planned again later"))
    }

    /// Writes once, and says what somebody else wrote meanwhile. Nothing that hangs on it is written.
    async fn write(&self, tenant: &TenantId, plan: &Plan, linked: &BTreeSet<TaskId>) -> Result<Contested> {
        let mut writing = Writing::default();
        let targets: BTreeSet<&TicketId> = plan.links.iter().map(|link| &link.to).collect();
        let (joined, others): (Vec<&Ticket>, Vec<&Ticket>) =
            plan.changed.iter().partition(|ticket| targets.contains(&ticket.id));
        self.save_all(others, &mut writing).await;
        if writing.failed.is_none() {
            self.link_all(tenant, plan, linked, &mut writing).await;
            let joined = writing.contested.without_contested(joined);
            self.save_all(joined, &mut writing).await;
            let new = writing.contested.without_contested(plan.new.iter().collect());
            self.put_all(new, &mut writing).await;
        }
        self.sync.send_all(&writing.requests, None).await?;
        let now = self.core.clock.now();
        for (kind, ticket) in &plan.over {
            // What was not written is decided again.
            let is_written =
                !plan.changed.iter().any(|changed| changed.id == *ticket) || writing.saved.contains(ticket);
            if is_written {
                self.core.store.recovered(tenant, *kind, &Subject::Ticket(ticket.clone()), now).await?;
            }
        }
        writing.failed.map_or(Ok(writing.contested), Err)
    }

    async fn save_all(&self, tickets: Vec<&Ticket>, writing: &mut Writing) {
        let now = self.core.clock.now();
        let saves: Vec<_> = tickets.into_iter().map(|ticket| self.save(ticket)).collect();
        let mut saves = stream::iter(saves).buffer_unordered(AT_ONCE);
        while let Some((ticket, saved)) = saves.next().await {
            match saved {
                Ok(()) => {
                    writing.saved.insert(ticket.id.clone());
                    if !matches!(ticket.next_step(now), Step::Settled | Step::Wait { .. }) {
                        writing.requests.push(request(ticket));
                    }
                }
                Err(error) if *error.kind() == Kind::Conflict => writing.contested.ticket(ticket),
                Err(error) => writing.failed = Some(error),
            }
        }
    }

    async fn link_all(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        linked: &BTreeSet<TaskId>,
        writing: &mut Writing,
    ) {
        let (free, held): (Vec<&Link>, Vec<&Link>) =
            plan.links.iter().partition(|link| writing.contested.lets(link));
        for link in held {
            writing.contested.link(link);
        }
        let links = free.into_iter().filter(|link| !linked.contains(&link.task));
        let links: Vec<_> =
            links.map(|link| async move { (link, self.core.store.link_task(tenant, link).await) }).collect();
        let mut links = stream::iter(links).buffer_unordered(AT_ONCE);
        while let Some((link, written)) = links.next().await {
            if let Err(error) = written {
                writing.contested.link(link);
                if *error.kind() != Kind::Conflict {
                    writing.failed = Some(error);
                }
            }
        }
    }

    async fn put_all(&self, tickets: Vec<&Ticket>, writing: &mut Writing) {
        let new: Vec<Ticket> = tickets.into_iter().cloned().collect();
        for (ticket, put) in new.iter().zip(self.core.store.put_new_tickets(&new).await) {
            match put {
                Ok(true) => writing.requests.push(request(ticket)),
                // It was there already, perhaps with other tasks.
                Ok(false) => writing.contested.ticket(ticket),
                Err(error) => writing.failed = Some(error),
            }
        }
    }

    async fn save<'a>(&self, ticket: &'a Ticket) -> (&'a Ticket, Result<()>) {
        let mut next = ticket.clone();
        let saved = self.core.store.save_ticket(&mut next).await;
        (ticket, saved)
    }

    /// Plans for tasks that are in the table: after a setting or a task was changed.
    pub async fn plan_stored(&self, tenant: &TenantId, tasks: &[Task]) -> Result<()> {
        for tasks in tasks.chunks(TASKS_TOGETHER) {
            let plan = self.decide(tenant, tasks).await?;
            self.carry_out(tenant, plan, &BTreeSet::new()).await?;
        }
        Ok(())
    }

    /// Brings tickets up to date with their tasks, whether or not any task is linked to them.
    pub async fn plan_tickets(&self, tenant: &TenantId, tickets: &[TicketId]) -> Result<()> {
        let settings = self.core.store.settings(tenant).await?;
        let plan = self.decide_by(tenant, &[], &settings, tickets, None).await?;
        self.carry_out(tenant, plan, &BTreeSet::new()).await
    }

    /// Tells a ticket's tasks what a person did to its issue, and plans what follows. Safe to repeat.
    pub async fn tell(&self, ticket: &Ticket) -> Result<()> {
        let Some(news) = ticket.news else { return Ok(()) };
        let (store, tenant) = (&self.core.store, &ticket.tenant);
        let settings = store.settings(tenant).await?;
        let setting = settings.iter().find(|setting| setting.id == ticket.setting);
        let policy = ticket.decided.or(setting.map(|setting| setting.gone_policy)).unwrap_or_default();
        let mut tasks = store.tasks_by_id(tenant, &ticket.tasks).await?;
        tasks.retain(|task| task.ticket.as_ref() == Some(&ticket.id));
        let changed = told(&tasks, ticket, news, policy, self.core.clock.now());
        for saved in store.save_tasks(&changed).await {
            saved?;
        }
        let ids: Vec<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
        let tasks = store.tasks_by_id(tenant, &ids).await?;
        // Before the news are told, so that a crash in between loses no notification.
        Box::pin(self.tell_people(ticket, news, policy, &tasks)).await?;
        let also = [ticket.id.clone()];
        let plan = self.decide_by(tenant, &tasks, &settings, &also, Some(ticket)).await?;
        self.carry_out(tenant, plan, &BTreeSet::new()).await
    }
}

impl Planner {
    /// Asks people what is to become of the tasks of an issue that is gone, where the policy leaves that to them; and says
    /// that nothing is to be decided any more once they did, or the issue is there again.
    async fn tell_people(
        &self,
        ticket: &Ticket,
        news: News,
        policy: GonePolicy,
        tasks: &[Task],
    ) -> Result<()> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let (kind, subject) = (notification::Kind::DecisionNeeded, Subject::Ticket(ticket.id.clone()));
        let is_over = match news {
            News::Gone if policy == GonePolicy::Ask => !tasks.iter().any(Task::is_open),
            News::Gone => ticket.decided.is_some(),
            News::Restored => true,
            News::Closed | News::Reopened => false,
        };
        if is_over {
            return store.recovered(&ticket.tenant, kind, &subject, now).await;
        }
        if news != News::Gone || policy != GonePolicy::Ask {
            return Ok(());
        }
        let key = ticket.state.issue().map_or("", |issue| issue.key.as_str());
        let text = format!(
            "issue {key} was deleted or archived in Jira; decide what becomes of its tasks with \
             `POST /v1/tickets/{}/decide`, or restore the issue",
            ticket.id
        );
        let begun = Notification::begin(&ticket.tenant, kind, subject, text, now)?;
        store.notify(&begun).await.map(drop)
    }
}

/// How far writing a plan came.
#[derive(Default)]
struct Writing {
    contested: Contested,
    saved: BTreeSet<TicketId>,
    requests: Vec<SyncRequest>,
    failed: Option<Error>,
}

/// What somebody else wrote between decision and write.
#[derive(Default)]
struct Contested {
    tasks: BTreeSet<TaskId>,
    tickets: BTreeSet<TicketId>,
}

impl Contested {
    fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.tickets.is_empty()
    }

    fn ticket(&mut self, ticket: &Ticket) {
        self.tickets.insert(ticket.id.clone());
        self.tasks.extend(ticket.tasks.iter().cloned());
    }

    fn link(&mut self, link: &Link) {
        self.tasks.insert(link.task.clone());
        self.tickets.extend(link.from.clone());
        self.tickets.insert(link.to.clone());
    }

    /// Whether the tickets that a task leaves and goes to were written as the link has it.
    fn lets(&self, link: &Link) -> bool {
        let is_free = |ticket: &TicketId| !self.tickets.contains(ticket);
        link.from.as_ref().is_none_or(is_free) && is_free(&link.to) && !self.tasks.contains(&link.task)
    }

    /// Those tickets none of whose tasks is planned again. All tasks of the others are.
    fn without_contested<'a>(&mut self, tickets: Vec<&'a Ticket>) -> Vec<&'a Ticket> {
        let is_free = |ticket: &&Ticket| ticket.tasks.iter().all(|task| !self.tasks.contains(task));
        let (free, held): (Vec<&Ticket>, Vec<&Ticket>) = tickets.into_iter().partition(is_free);
        for ticket in held {
            self.ticket(ticket);
        }
        free
    }
}

fn request(ticket: &Ticket) -> SyncRequest {
    SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() }
}

/// The tasks that change because of what a person did to their issue.
fn told(tasks: &[Task], ticket: &Ticket, news: News, policy: GonePolicy, now: jiff::Timestamp) -> Vec<Task> {
    let key = ticket.state.issue().map_or("", |issue| issue.key.as_str());
    let complete = |why: String| {
        let completed = |task: &Task| {
            let mut task = task.clone();
            task.complete("jira", &why, now).then_some(task)
        };
        tasks.iter().filter_map(completed).collect()
    };
    match news {
        News::Closed => complete(format!("issue {key} was closed in Jira")),
        News::Gone if policy == GonePolicy::CloseTask => {
            complete(format!("issue {key} was deleted or archived in Jira"))
        }
        News::Gone | News::Restored => Vec::new(),
        // Of a batch, those that people had completed; those that the check had confirmed only if there are no others.
        News::Reopened => {
            // An open one counts, too: it may have been reopened just now by this very news, which is told again when
            // noting that it was told failed.
            let has_others = tasks.iter().any(|task| task.state != State::Resolved);
            let reopened = |task: &Task| {
                let mut task = task.clone();
                let concerned = !has_others || task.state == State::Completed;
                (concerned && task.reopen(now)).then_some(task)
            };
            tasks.iter().filter_map(reopened).collect()
        }
    }
}
