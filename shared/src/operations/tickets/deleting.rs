//! Deleting issues, because their sync setting was disabled so.

use super::moving::{ANOTHER_SITE, is_on_another_site};
use super::{PATIENCE, Run};
use crate::Result;
use crate::error::Kind;
use crate::ids::IssueId;
use crate::jira::delete::Deleted;
use crate::jira::now::Reading;
use crate::jira::{Client, JiraError};
use crate::sync_setting::Retirement;
use crate::ticket::{HowGone, Ticket, Wanted};

/// Seconds until a delete is tried again that Jira refused.
const REFUSED: i64 = 6 * 3600;

/// Whether an issue is to be left although its ticket is wanted deleted.
enum Spares {
    No,
    Because(&'static str),
    NotKnown(JiraError),
}

impl Run<'_> {
    /// Deletes the issues of `tickets`, one after the other, since Jira knows no other way that says what became of each.
    pub(super) async fn delete(&mut self, client: &Client, tickets: Vec<Ticket>) -> Result<()> {
        for mut ticket in tickets {
            if self.out_of_time() {
                self.later(std::slice::from_ref(&ticket)).await?;
                continue;
            }
            let Some(issue) = ticket.state.issue().cloned() else { continue };
            if is_on_another_site(client, &ticket) {
                self.not_deleted(ticket, ANOTHER_SITE, None, PATIENCE).await?;
                continue;
            }
            match self.spares(client, &ticket, &issue.id).await? {
                Spares::No => {}
                Spares::Because(why) => {
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
                Spares::NotKnown(error) => {
                    self.not_deleted(ticket, &error.to_string(), None, error.wait()).await?;
                    continue;
                }
            }
            ticket.begin_write(&self.name, None, self.now());
            match self.worker.jira.core.store.save_ticket(&mut ticket).await {
                Ok(()) => {}
                // Another worker has it.
                Err(error) if *error.kind() == Kind::Conflict => continue,
                Err(error) => return Err(error),
            }
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

    /// Whether an issue is to be left after all: a person enabled the ticket's sync setting again, removed it or disabled it
    /// otherwise, or commented on the issue, after the ticket was wanted deleted. Asked before each delete, since nothing
    /// brings an issue back.
    async fn spares(&self, client: &Client, ticket: &Ticket, issue: &IssueId) -> Result<Spares> {
        let changed = Ok(Spares::Because("its sync setting does not have its tickets deleted any more"));
        match self.retirement(ticket).await? {
            None | Some(Retirement::Keep) => return changed,
            Some(Retirement::Delete) => return Ok(Spares::No),
            Some(Retirement::DeleteUncommented) => {}
        }
        let spares = match is_commented(client, ticket, issue).await {
            Ok(true) => {
                Spares::Because("people commented on the issue, or Jira does not tell whether they did")
            }
            Ok(false) => Spares::No,
            Err(error) => Spares::NotKnown(error),
        };
        // Asking takes time, in which a person may have changed the setting.
        match self.retirement(ticket).await? {
            None | Some(Retirement::Keep) => changed,
            Some(Retirement::Delete | Retirement::DeleteUncommented) => Ok(spares),
        }
    }

    /// What is to become of the tickets of a ticket's sync setting, if that is disabled.
    async fn retirement(&self, ticket: &Ticket) -> Result<Option<Retirement>> {
        let setting = self.worker.jira.core.store.setting(&ticket.tenant, &ticket.setting).await?;
        let disabled = setting.filter(|setting| !setting.enabled).and_then(|setting| setting.disabled);
        Ok(disabled.map(|disabled| disabled.tickets))
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

/// Whether people commented on an issue, or Jira does not tell whether they did. Nobody did on one that is gone by a delete
/// of ours whose answer was lost; one that cannot be seen although nothing was tried yet may only be hidden.
async fn is_commented(
    client: &Client,
    ticket: &Ticket,
    issue: &IssueId,
) -> std::result::Result<bool, JiraError> {
    let Some(own) = client.account() else { return Ok(true) };
    if let Some(comments) = client.comments_of_people(std::slice::from_ref(issue), own).await?.get(issue) {
        return Ok(*comments > 0);
    }
    let was_tried = ticket.lease.is_some() || ticket.problem.is_some();
    Ok(!was_tried
        || !matches!(client.read_issue(issue, &std::collections::BTreeSet::new()).await?, Reading::Gone(_)))
}
