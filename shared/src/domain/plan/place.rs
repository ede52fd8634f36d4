//! Which ticket stands for a task.

use super::refresh::{covers, ends};
use super::{Planning, TASKS_IN_BATCH, batch_id, batch_of, new_ticket, ticket_id};
use crate::Result;
use crate::sync_setting::{GonePolicy, SyncSetting, nearest};
use crate::task::Task;
use crate::ticket::{Batch, Content, HowGone, State, Ticket, Wanted};
use crate::trace::Entry;

/// What becomes of a task's place.
enum Place {
    /// It stays where it is.
    Stays,
    /// It needs another ticket, if a sync setting is for it.
    Moves,
}

impl Planning<'_> {
    /// Gives a task the ticket that it needs, if it needs another one than it has.
    pub(super) fn place(&mut self, task: &Task) -> Result<()> {
        if !task.is_open() {
            return Ok(());
        }
        match self.ticket_of(task).map_or(Place::Moves, |ticket| self.judge(task, ticket)) {
            Place::Stays => Ok(()),
            Place::Moves => self.give_place(task),
        }
    }

    fn judge(&self, task: &Task, ticket: &Ticket) -> Place {
        let in_force = self.setting(&ticket.setting).is_some_and(|setting| setting.enabled);
        if ticket.wanted == Wanted::Deleted && !in_force {
            return Place::Moves;
        }
        let is_anothers = ticket.batch.as_ref().is_some_and(|batch| !batch.takes(task));
        // It was opened, or came, when the batch was about to be closed already.
        let is_listed = ticket.tasks.contains(&task.id);
        let is_late =
            self.ended.get(&ticket.id).is_some_and(|ended_at| *ended_at <= task.opened_at || !is_listed);
        if ticket.is_live() {
            let is_full = !is_listed && ticket.tasks.len() >= TASKS_IN_BATCH;
            return if is_anothers || is_full || is_late { Place::Moves } else { Place::Stays };
        }
        // The tasks are told first what a person did to the issue.
        if ticket.news.is_some() {
            return Place::Stays;
        }
        let setting = self.setting(&ticket.setting);
        let opened_since = ticket.ended_at.is_none_or(|ended_at| task.opened_at > ended_at);
        match &ticket.state {
            State::Closed { .. } if is_anothers => Place::Moves,
            State::Closed { issue: Some(_) } => {
                let reopens = setting.is_none_or(|it| it.reopen_rule.reopens_issues());
                let stays = match setting {
                    Some(setting) if covers(ticket, setting) => is_listed && !opened_since && !is_late,
                    Some(_) | None => reopens,
                };
                if stays { Place::Stays } else { Place::Moves }
            }
            State::Gone { how: HowGone::ByUs, .. } => Place::Moves,
            State::Gone { how: HowGone::Deleted | HowGone::Archived, .. } => {
                let policy = ticket.decided.or(setting.map(|it| it.gone_policy)).unwrap_or_default();
                match policy {
                    GonePolicy::Recreate => Place::Moves,
                    // The question, and the answer, were about what the issue stood for; this came after.
                    GonePolicy::CloseTask | GonePolicy::Ask if opened_since => Place::Moves,
                    GonePolicy::CloseTask | GonePolicy::Ask => Place::Stays,
                }
            }
            State::Planned
            | State::Creating { .. }
            | State::Unknown { .. }
            | State::Open { .. }
            | State::Closing { .. }
            | State::Closed { issue: None }
            | State::Reopening { .. }
            | State::Failed { .. } => Place::Stays,
        }
    }

    fn give_place(&mut self, task: &Task) -> Result<()> {
        let settings = self.settings;
        let Some(setting) = nearest(settings, task) else { return Ok(()) };
        let id = match batch_of(task, setting) {
            None => self.own_ticket(task, setting)?,
            Some(batch) => self.place_in_batch(task, setting, &batch)?,
        };
        if task.ticket.as_ref() == Some(&id) {
            self.links.remove(&task.id);
        } else {
            self.links.insert(task.id.clone(), id);
        }
        Ok(())
    }

    fn own_ticket(&mut self, task: &Task, setting: &SyncSetting) -> Result<crate::ids::TicketId> {
        let before = self.ticket_of(task).filter(|ticket| ticket.batch.is_none());
        let mut generation = before.map_or(1, |ticket| ticket.generation + 1);
        let mut id = ticket_id(self.tenant, &task.id, generation)?;
        while self.tickets.get(&id).is_some_and(|known| !known.is_live()) {
            generation += 1;
            id = ticket_id(self.tenant, &task.id, generation)?;
        }
        if !self.tickets.contains_key(&id) {
            let content = Content::of_task(task, setting);
            let mut ticket = new_ticket(id.clone(), generation, setting, content, self.now);
            ticket.tasks.push(task.id.clone());
            let why = match &task.finding {
                None => format!("check {} fails for {}: {}", task.check, task.subject.key, task.why),
                Some(finding) => format!("{} found {}", finding.source, task.subject.key),
            };
            ticket.record(Entry::new(self.now, "planner", "planned", why));
            self.tickets.insert(id.clone(), ticket);
        }
        Ok(id)
    }

    fn place_in_batch(
        &mut self,
        task: &Task,
        setting: &SyncSetting,
        batch: &Batch,
    ) -> Result<crate::ids::TicketId> {
        let mut generation = 1;
        loop {
            let id = batch_id(self.tenant, &setting.id, batch, generation)?;
            let takes = self.tickets.get(&id).is_some_and(|ticket| self.takes(ticket, task));
            match self.tickets.get_mut(&id) {
                None => {
                    let content = Content::of_batch(&[task], batch, setting);
                    let mut ticket = new_ticket(id.clone(), generation, setting, content, self.now);
                    ticket.batch = Some(batch.clone());
                    ticket.tasks.push(task.id.clone());
                    let why = match (&batch.group, &batch.assignee) {
                        (Some(group), _) => format!("findings of {group} are to be dealt with"),
                        (None, Some(assignee)) => format!("tasks of {assignee} are to be done"),
                        (None, None) => "tasks of nobody are to be done".to_owned(),
                    };
                    ticket.record(Entry::new(self.now, "planner", "planned", why));
                    self.tickets.insert(id.clone(), ticket);
                    return Ok(id);
                }
                Some(ticket) if takes => {
                    if !ticket.tasks.contains(&task.id) {
                        ticket.tasks.push(task.id.clone());
                    }
                    return Ok(id);
                }
                Some(_) => generation += 1,
            }
        }
    }

    /// Whether a batch takes one more task: it is live, stays so, and has room.
    fn takes(&self, ticket: &Ticket, task: &Task) -> bool {
        let is_ending = matches!(ticket.state, State::Closing { .. }) || self.ended.contains_key(&ticket.id);
        ticket.is_live()
            && !is_ending
            && (ticket.tasks.contains(&task.id) || ticket.tasks.len() < TASKS_IN_BATCH)
    }

    /// Notes which batches the rule "any" closes. Tasks that are done stay where they are, so that this holds for the whole
    /// planning.
    pub(super) fn note_ended(&mut self) {
        for task in self.tasks.values().filter(|task| !task.is_open()) {
            let Some(ticket) = self.ticket_of(task) else { continue };
            let is_covering = self.setting(&ticket.setting).is_some_and(|setting| covers(ticket, setting));
            let Some(ended_at) = ends(ticket, task).filter(|_| is_covering) else { continue };
            let id = ticket.id.clone();
            let first = self.ended.entry(id).or_insert(ended_at);
            *first = ended_at.min(*first);
        }
    }
}
