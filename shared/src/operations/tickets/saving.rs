//! Writing what a worker learned, whoever else wrote meanwhile.

use super::Worker;
use crate::check::CheckId;
use crate::error::Kind;
use crate::notification::{self, Notification, Subject};
use crate::ticket::{State, Ticket};
use crate::{Error, Result};

/// How often a write is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

impl Worker {
    /// Applies `change` to the ticket and writes it. If somebody else wrote meanwhile (the planner a wish, a webhook a
    /// status), the change is applied to what they wrote: only this worker's own facts are in it.
    ///
    /// None when another worker has taken the ticket over or brought it to another state: then `change` is about
    /// something that is no longer so, and what this worker learned is for the other one to find.
    pub(super) async fn save(&self, ticket: Ticket, change: impl Fn(&mut Ticket)) -> Result<Option<Ticket>> {
        let had_problem = ticket.problem.is_some();
        // Boxed, since everything that works on tickets ends here.
        let saved = Box::pin(self.save_silently(ticket, change)).await?;
        if let Some(saved) = &saved {
            Box::pin(self.notice(had_problem, saved)).await?;
        }
        Ok(saved)
    }

    /// Notes that people should hear of a ticket that is stuck, or that it is not any more. Asks the table only about a
    /// ticket that has a problem which has lasted, or had one.
    async fn notice(&self, had_problem: bool, ticket: &Ticket) -> Result<()> {
        let (store, now) = (&self.jira.core.store, self.jira.core.clock.now());
        let (kind, subject) = (notification::Kind::TicketStuck, Subject::Ticket(ticket.id.clone()));
        match &ticket.problem {
            None if had_problem => store.recovered(&ticket.tenant, kind, &subject, now).await,
            Some(problem) if problem.has_lasted(now) => {
                let name = ticket.state.issue().map_or(ticket.id.as_str(), |issue| issue.key.as_str());
                let text = format!(
                    "{name} ({}) is not where it should be: {}; tried {} times since {}",
                    ticket.content.title, problem.what, problem.tries, problem.since
                );
                let begun = Notification::begin(&ticket.tenant, kind, subject, text, now)?;
                store.notify(&begun).await.map(drop)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Like [`Worker::save`], for what is no problem of the ticket's own: people hear of its cause.
    pub(super) async fn save_silently(
        &self,
        ticket: Ticket,
        change: impl Fn(&mut Ticket),
    ) -> Result<Option<Ticket>> {
        let owner = ticket.lease.as_ref().map(|lease| lease.owner.clone());
        let mut current = ticket;
        for _ in 0..REPEATS {
            let mut next = current.clone();
            change(&mut next);
            Box::pin(self.note_key(&current, &next)).await?;
            match self.jira.core.store.save_ticket(&mut next).await {
                Ok(()) => return Ok(Some(next)),
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
            let (tenant, id) = (&current.tenant, &current.id);
            let Some(stored) = self.jira.core.store.ticket(tenant, id).await? else {
                return Err(Error::not_found(format!("ticket {id} is not there any more")));
            };
            let owner_now = stored.lease.as_ref().map(|lease| lease.owner.clone());
            if owner_now != owner || stored.state.word() != current.state.word() {
                tracing::info!(ticket = %id, "another worker has taken the ticket over");
                return Ok(None);
            }
            current = stored;
        }
        Err(Error::conflict(format!("ticket {} is written by too many at once; try again", current.id)))
    }

    /// Like [`Worker::save`], for the fact that an issue exists: it is worth keeping even if the lease has ended and
    /// another worker is in doubt about the same ticket, as long as no other issue stands for it.
    pub(super) async fn save_issue(
        &self,
        ticket: Ticket,
        change: impl Fn(&mut Ticket),
    ) -> Result<Option<Ticket>> {
        if let Some(saved) = self.save(ticket.clone(), &change).await? {
            return Ok(Some(saved));
        }
        for _ in 0..REPEATS {
            let Some(mut stored) = self.jira.core.store.ticket(&ticket.tenant, &ticket.id).await? else {
                return Ok(None);
            };
            let had_problem = stored.problem.is_some();
            let before = stored.clone();
            match stored.state {
                State::Planned | State::Creating { .. } | State::Unknown { .. } | State::Failed { .. } => {
                    change(&mut stored);
                }
                // Another worker has an issue for it: the sweep after a repeated create finds the younger one.
                State::Open { .. }
                | State::Closing { .. }
                | State::Reopening { .. }
                | State::Closed { .. }
                | State::Gone { .. } => {
                    return Ok(None);
                }
            }
            Box::pin(self.note_key(&before, &stored)).await?;
            match self.jira.core.store.save_ticket(&mut stored).await {
                Ok(()) => {
                    Box::pin(self.notice(had_problem, &stored)).await?;
                    return Ok(Some(stored));
                }
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(format!("ticket {} is written by too many at once; try again", ticket.id)))
    }

    /// Notes the key of a ticket's issue, if it is news and the ticket is about findings: pull requests name it. Before the
    /// ticket is saved, so that none is saved whose key is not noted.
    async fn note_key(&self, before: &Ticket, next: &Ticket) -> Result<()> {
        let key = |ticket: &Ticket| ticket.state.issue().map(|issue| issue.key.clone());
        match key(next) {
            Some(new) if key(before).as_ref() != Some(&new) && is_about_findings(next) => {
                self.jira.core.store.put_key(&next.tenant, &new, &next.id).await
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn is_about_findings(ticket: &Ticket) -> bool {
    let beginning = format!("{}-", CheckId::B9);
    ticket.tasks.iter().any(|task| task.as_str().starts_with(&beginning))
}
