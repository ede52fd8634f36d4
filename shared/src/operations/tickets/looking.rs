//! Looking for issues that lost creates may have made: one search for all tickets of a project.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::moving::hidden;
use super::{PATIENCE, Run};
use crate::Result;
use crate::ids::{ProjectId, TicketId};
use crate::jira::Client;
use crate::jira::search::FoundTicket;
use crate::jira::transition::Closed;
use crate::ticket::{Issue, State, Ticket};

/// The longest wait after a search that could not be made, in seconds.
const LONGEST_WAIT: i64 = 300;

impl Run<'_> {
    /// Looks for the issues of `tickets`.
    pub(super) async fn look_up(&mut self, client: &Client, tickets: Vec<Ticket>) -> Result<()> {
        let mut by_project: BTreeMap<ProjectId, Vec<Ticket>> = BTreeMap::new();
        for ticket in tickets {
            by_project.entry(ticket.project.clone()).or_default().push(ticket);
        }
        for (project, tickets) in by_project {
            // An issue cannot be older than the first create that is in doubt.
            let Some(since) = tickets.iter().map(doubted_since).min() else { continue };
            match client.find_tickets(&project, since).await {
                Ok(found) => {
                    let call = found.call;
                    let mut by_ticket: BTreeMap<TicketId, Vec<FoundTicket>> = BTreeMap::new();
                    for it in found.tickets {
                        by_ticket.entry(it.ticket.clone()).or_default().push(it);
                    }
                    for ticket in tickets {
                        let mut issues = by_ticket.remove(&ticket.id).unwrap_or_default();
                        issues.sort_by_key(|found| found.created_at);
                        self.settle(client, ticket, &issues, &call).await?;
                    }
                }
                Err(error) => {
                    tracing::warn!(%project, error = %error, "could not look for lost issues");
                    let (now, wait) = (self.now(), error.wait().min(LONGEST_WAIT));
                    for ticket in tickets {
                        self.worker.save(ticket, |ticket| ticket.could_not_look(wait, now)).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adopts the oldest of the issues that carry the ticket's property; the younger ones are twins and are closed.
    async fn settle(
        &mut self,
        client: &Client,
        ticket: Ticket,
        found: &[FoundTicket],
        call: &crate::trace::Call,
    ) -> Result<()> {
        let (now, bound) = (self.now(), self.worker.lookup_bound);
        let mut issues: Vec<Issue> = found.iter().map(|found| found.issue.clone()).collect();
        issues.retain(|issue| ticket.twins.iter().all(|twin| twin.id != issue.id));
        // The search may be too late for the issue that a repeated create made, which is the youngest.
        let own = ticket.state.issue().filter(|own| issues.iter().all(|issue| issue.id != own.id));
        issues.extend(own.into_iter().chain(&ticket.twins).cloned());
        let Some((oldest, twins)) = issues.split_first() else {
            if client.sees_project(&ticket.project).await {
                self.worker.save(ticket, |ticket| ticket.not_found(call.clone(), bound, now)).await?;
            } else {
                // What cannot be seen is not known to be absent.
                let change = |ticket: &mut Ticket| ticket.waits(&hidden(), PATIENCE, now);
                self.worker.save(ticket, change).await?;
            }
            return Ok(());
        };
        if ticket.state.issue().is_some() && twins.is_empty() {
            self.worker.save(ticket, |ticket| ticket.not_found(call.clone(), bound, now)).await?;
            return Ok(());
        }
        self.tally.adopted += 1;
        let mut outcomes = Vec::new();
        for twin in twins {
            outcomes.push((twin, client.close(&twin.id, self.deadline).await));
        }
        let cloud_id = Some(client.cloud_id().clone());
        let change = |ticket: &mut Ticket| {
            ticket.cloud_id.clone_from(&cloud_id);
            ticket.found(oldest.clone(), call.clone(), bound, now);
            for (twin, outcome) in &outcomes {
                match outcome {
                    Closed::Done(_, call) | Closed::Gone(call) => ticket.twin_closed(twin, call.clone(), now),
                    Closed::NotYet { problem, wait, .. } => ticket.twin_not_closed(twin, problem, *wait, now),
                }
            }
        };
        self.worker.save(ticket, change).await?;
        Ok(())
    }
}

/// When the first create was sent that may have made an issue nobody knows of.
fn doubted_since(ticket: &Ticket) -> Timestamp {
    let creating = match ticket.state {
        State::Creating { since } | State::Unknown { since, .. } => Some(since),
        _ => None,
    };
    ticket.doubted_since.or(creating).unwrap_or(ticket.created_at)
}
