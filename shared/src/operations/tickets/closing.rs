//! Closing issues: the workflow is walked to a done status, as far as Jira allows.

use super::{PATIENCE, Run};
use crate::Result;
use crate::error::Kind;
use crate::jira::Client;
use crate::jira::transition::Closed;
use crate::ticket::Ticket;

impl Run<'_> {
    /// Closes the issues of `tickets`, one after the other: each takes several calls, and Jira limits writes.
    pub(super) async fn close(&mut self, client: &Client, tickets: Vec<Ticket>) -> Result<()> {
        for mut ticket in tickets {
            if self.out_of_time() {
                self.again(std::slice::from_ref(&ticket));
                continue;
            }
            ticket.begin_close(&self.name, self.now());
            match self.worker.jira.core.store.save_ticket(&mut ticket).await {
                Ok(()) => {}
                // Another worker has it.
                Err(error) if *error.kind() == Kind::Conflict => continue,
                Err(error) => return Err(error),
            }
            let Some(issue) = ticket.state.issue().cloned() else { continue };
            let outcome = client.close(&issue.id, self.deadline).await;
            let now = self.now();
            match outcome {
                Closed::Done(status, call) => {
                    self.tally.closed += 1;
                    self.worker
                        .save(ticket, |ticket| ticket.closed(status.clone(), call.clone(), now))
                        .await?;
                }
                Closed::NotYet { problem, call, wait } => {
                    let change =
                        |ticket: &mut Ticket| ticket.not_closed(problem.clone(), call.clone(), wait, now);
                    self.worker.save(ticket, change).await?;
                }
                Closed::Gone(call) if client.sees_project(&ticket.project).await => {
                    self.worker.save(ticket, |ticket| ticket.lost(call.clone(), "worker", now)).await?;
                }
                Closed::Gone(call) => {
                    let problem =
                        "the connection's account cannot browse the ticket's project any more".to_owned();
                    let change = |ticket: &mut Ticket| {
                        ticket.not_closed(problem.clone(), Some(call.clone()), PATIENCE, now);
                    };
                    self.worker.save(ticket, change).await?;
                }
            }
        }
        Ok(())
    }
}
