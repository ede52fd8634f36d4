//! Deleting issues, because their sync setting was disabled so.

use super::{PATIENCE, Run};
use crate::Result;
use crate::error::Kind;
use crate::jira::Client;
use crate::jira::delete::Deleted;
use crate::sync_setting::Retirement;
use crate::ticket::{HowGone, Ticket, Wanted};

/// Seconds until a delete is tried again that Jira refused.
const REFUSED: i64 = 6 * 3600;

impl Run<'_> {
    /// Deletes the issues of `tickets`, one after the other, since Jira knows no other way that says what became of each.
    pub(super) async fn delete(&mut self, client: &Client, tickets: Vec<Ticket>) -> Result<()> {
        for mut ticket in tickets {
            if self.out_of_time() {
                self.later(std::slice::from_ref(&ticket)).await?;
                continue;
            }
            if self.is_wanted_after_all(&ticket).await? {
                let why = "its sync setting does not have its tickets deleted any more";
                let now = self.now();
                // Whoever saved meanwhile may want something else already: the planner, that it be open.
                let change = |ticket: &mut Ticket| {
                    if ticket.wanted == Wanted::Deleted {
                        ticket.want(Wanted::Kept, why, now);
                    }
                };
                self.worker.save(ticket, change).await?;
                continue;
            }
            ticket.begin_write(&self.name, None, self.now());
            match self.worker.jira.core.store.save_ticket(&mut ticket).await {
                Ok(()) => {}
                // Another worker has it.
                Err(error) if *error.kind() == Kind::Conflict => continue,
                Err(error) => return Err(error),
            }
            let Some(issue) = ticket.state.issue().cloned() else { continue };
            let outcome = client.delete_issue(&issue.id).await;
            let now = self.now();
            match outcome {
                Deleted::Done(call) | Deleted::Gone(call) => {
                    self.tally.deleted += 1;
                    let change =
                        |ticket: &mut Ticket| ticket.gone(HowGone::ByUs, call.clone(), "worker", now);
                    self.worker.save(ticket, change).await?;
                }
                Deleted::Refused { reason, call } => {
                    self.not_deleted(ticket, &reason, Some(call), REFUSED).await?;
                }
                Deleted::NotYet { why, wait, call } => self.not_deleted(ticket, &why, call, wait).await?,
                Deleted::InDoubt { why, call } => {
                    self.not_deleted(ticket, &why, call, PATIENCE / 15).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether a person enabled the ticket's sync setting again, or disabled it otherwise, after the ticket was wanted
    /// deleted. Asked before each delete, since nothing brings an issue back.
    async fn is_wanted_after_all(&self, ticket: &Ticket) -> Result<bool> {
        let setting = self.worker.jira.core.store.setting(&ticket.tenant, &ticket.setting).await?;
        Ok(setting.is_some_and(|setting| {
            let how = setting.disabled.as_ref().map(|disabled| disabled.tickets);
            setting.enabled || matches!(how, None | Some(Retirement::Keep))
        }))
    }

    async fn not_deleted(
        &self,
        ticket: Ticket,
        why: &str,
        call: Option<crate::trace::Call>,
        wait: i64,
    ) -> Result<()> {
        let now = self.now();
        let change = |ticket: &mut Ticket| ticket.not_done("delete", why.to_owned(), call.clone(), wait, now);
        self.worker.save(ticket, change).await?;
        Ok(())
    }
}
