//! Closing and reopening issues: the workflow is walked to the wanted side of "done", as far as Jira allows.

use super::{PATIENCE, Run};
use crate::Result;
use crate::error::Kind;
use crate::jira::Client;
use crate::jira::transition::{BroughtEnd, Goal};
use crate::ticket::{HowGone, Step, Ticket};

/// What stands in the way of writing an issue whose connection leads elsewhere.
pub(super) const ANOTHER_SITE: &str =
    "the issue is on another site than its connection; connect that site again";

/// Whether a ticket's issue is not on the client's site. An issue's id means something on its own site only.
pub(super) fn is_on_another_site(client: &Client, ticket: &Ticket) -> bool {
    ticket.cloud_id.as_ref().is_some_and(|cloud_id| cloud_id != client.cloud_id())
}

impl Run<'_> {
    /// Closes or reopens the issues of `tickets`, one after the other: each takes several calls, and Jira limits writes.
    pub(super) async fn bring(&mut self, client: &Client, tickets: Vec<Ticket>) -> Result<()> {
        for mut ticket in tickets {
            if self.out_of_time() {
                self.later(std::slice::from_ref(&ticket)).await?;
                continue;
            }
            let (goal, what) = if ticket.next_step(self.now()) == Step::Reopen {
                ticket.begin_reopen(&self.name, self.now());
                (Goal::Open, "reopen")
            } else {
                let status = self.setting(&ticket).and_then(|setting| setting.done_status.clone());
                ticket.begin_close(&self.name, self.now());
                (Goal::Done { status }, "close")
            };
            match self.worker.jira.core.store.save_ticket(&mut ticket).await {
                Ok(()) => {}
                // Another worker has it.
                Err(error) if *error.kind() == Kind::Conflict => continue,
                Err(error) => return Err(error),
            }
            self.bring_one(client, ticket, &goal, what).await?;
        }
        Ok(())
    }

    async fn bring_one(&mut self, client: &Client, ticket: Ticket, goal: &Goal, what: &str) -> Result<()> {
        let Some(issue) = ticket.state.issue().cloned() else { return Ok(()) };
        if is_on_another_site(client, &ticket) {
            let now = self.now();
            let change = |ticket: &mut Ticket| {
                ticket.not_done(what, ANOTHER_SITE.to_owned(), None, PATIENCE, now);
            };
            self.worker.save(ticket, change).await?;
            return Ok(());
        }
        let brought = client.bring(&issue.id, goal, self.deadline).await;
        let now = self.now();
        let moves = brought.moves;
        let note_moves = |ticket: &mut Ticket| {
            for (what, call) in &moves {
                ticket.moved(what, call.clone(), now);
            }
        };
        match brought.end {
            BroughtEnd::There(status, call) => {
                match goal {
                    Goal::Done { .. } => self.tally.closed += 1,
                    Goal::Open | Goal::At { .. } => self.tally.reopened += 1,
                }
                let change = |ticket: &mut Ticket| {
                    note_moves(ticket);
                    match goal {
                        Goal::Done { .. } => ticket.closed(status.clone(), call.clone(), now),
                        Goal::Open | Goal::At { .. } => ticket.reopened(status.clone(), call.clone(), now),
                    }
                };
                self.worker.save(ticket, change).await?;
            }
            BroughtEnd::NotYet { problem, call, wait } => {
                let change = |ticket: &mut Ticket| {
                    note_moves(ticket);
                    ticket.not_done(what, problem.clone(), call.clone(), wait, now);
                };
                self.worker.save(ticket, change).await?;
            }
            BroughtEnd::Gone(call) if client.sees_project(&ticket.project).await => {
                let change = |ticket: &mut Ticket| ticket.gone(HowGone::Deleted, call.clone(), "worker", now);
                self.worker.save(ticket, change).await?;
            }
            BroughtEnd::Gone(call) => {
                let problem = hidden();
                let change = |ticket: &mut Ticket| {
                    ticket.not_done(what, problem.clone(), Some(call.clone()), PATIENCE, now);
                };
                self.worker.save(ticket, change).await?;
            }
        }
        Ok(())
    }
}

/// What keeps a ticket from being worked on whose project cannot be seen.
pub(super) fn hidden() -> String {
    "the connection's account cannot browse the ticket's project any more; give it the permission Browse projects there"
        .to_owned()
}
