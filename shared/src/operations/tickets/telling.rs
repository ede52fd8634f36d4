//! Telling tasks what a person did to their issue.

use super::{Run, SOON};
use crate::Result;
use crate::error::Kind;
use crate::ticket::Ticket;

impl Run<'_> {
    /// Tells the ticket's tasks its news. What cannot be told now is told later; the ticket keeps its news until then.
    pub(super) async fn tell(&mut self, ticket: Ticket) -> Result<()> {
        match self.worker.planner().tell(&ticket).await {
            Ok(()) => Ok(()),
            Err(error) if *error.kind() == Kind::Conflict => {
                let now = self.now();
                self.worker.save(ticket, |ticket| ticket.waits(&error.to_string(), SOON, now)).await?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Tells the ticket's tasks what became of its pull requests. What cannot be told now is told later.
    pub(super) async fn tell_of_pulls(&mut self, ticket: Ticket) -> Result<()> {
        match self.worker.planner().tell_of_pulls(&ticket).await {
            Ok(told) => {
                let now = self.now();
                self.worker.save(ticket, |ticket| ticket.told_of_pulls(&told, now)).await?;
                Ok(())
            }
            Err(error) if *error.kind() == Kind::Conflict => {
                self.retry.insert((ticket.tenant, ticket.id));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
