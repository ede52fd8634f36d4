//! Creating issues: claimed first, in bulk, each answer by itself.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::super::milestone::Milestone;
use super::Run;
use crate::Result;
use crate::connection::Connection;
use crate::error::Kind;
use crate::ids::{IssueTypeId, ProjectId, SettingId};
use crate::jira::Client;
use crate::jira::canonical::digest_of_blocks;
use crate::jira::create::{Created, NewIssue};
use crate::ticket::content::BatchBody;
use crate::ticket::{Content, Ticket};

/// How many issues are created in one call.
///
/// Source: jira-facts 4.2, "`POST /issue/bulk`: up to 50".
const AT_ONCE: usize = 50;

impl Run<'_> {
    /// Creates the issues of `tickets`.
    pub(super) async fn create(
        &mut self,
        connection: &Connection,
        client: &Client,
        tickets: Vec<Ticket>,
    ) -> Result<()> {
        let mut groups: BTreeMap<(ProjectId, IssueTypeId), Vec<Ticket>> = BTreeMap::new();
        for ticket in tickets {
            groups.entry((ticket.project.clone(), ticket.issue_type.clone())).or_default().push(ticket);
        }
        for ((project, issue_type), tickets) in groups {
            let mut rest = tickets;
            while !rest.is_empty() {
                let later = rest.split_off(rest.len().min(AT_ONCE));
                if self.out_of_time() {
                    self.later(&rest).await?;
                } else {
                    let made = self.create_together(connection, client, &project, &issue_type, rest);
                    Box::pin(made).await?;
                }
                rest = later;
            }
        }
        Ok(())
    }

    async fn create_together(
        &mut self,
        connection: &Connection,
        client: &Client,
        project: &ProjectId,
        issue_type: &IssueTypeId,
        tickets: Vec<Ticket>,
    ) -> Result<()> {
        let claimed = self.claim(tickets).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        self.worker.milestones.reached(Milestone::Claimed);
        let (claimed, contents): (Vec<Ticket>, Vec<Content>) = claimed.into_iter().unzip();
        let new: Vec<NewIssue<'_>> = claimed
            .iter()
            .zip(&contents)
            .map(|(ticket, content)| NewIssue { ticket: &ticket.id, content, left_out: &ticket.left_out })
            .collect();
        let answers = client.create_issues(project, issue_type, &new).await;
        self.worker.milestones.reached(Milestone::Answered);
        let refused: BTreeSet<SettingId> = claimed
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| matches!(answer, Created::Refused { .. }))
            .map(|(ticket, _)| ticket.setting.clone())
            .collect();
        let mut failed = None;
        for (number, (ticket, answer)) in claimed.into_iter().zip(answers).enumerate() {
            // One answer that cannot be written must not lose the others; its ticket is looked for when its lease ends.
            if let Err(error) = Box::pin(self.keep(connection, ticket, answer)).await {
                tracing::error!(error = error.chain(), "could not write down what Jira answered");
                failed = Some(error);
            }
            if number == 0 {
                self.worker.milestones.reached(Milestone::PartlySaved);
            }
        }
        self.worker.milestones.reached(Milestone::Saved);
        for setting in refused {
            self.examine(client, &setting).await?;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Finds out whether Jira's refusals are about the sync setting as a whole: then it is quarantined, so that its other
    /// tickets do not fail one by one.
    pub(super) async fn examine(&mut self, client: &Client, id: &SettingId) -> Result<()> {
        let Some(setting) = self.settings.iter_mut().find(|setting| setting.id == *id) else { return Ok(()) };
        if setting.quarantine.is_some() {
            return Ok(());
        }
        let core = &self.worker.jira.core;
        if let Some(quarantined) = super::super::quarantine::examine(core, client, setting).await? {
            *setting = quarantined;
        }
        Ok(())
    }

    /// Writes `creating` into each ticket, and says with which content its issue is to be created. Those that another
    /// worker has claimed meanwhile are left to it.
    async fn claim(&mut self, tickets: Vec<Ticket>) -> Result<Vec<(Ticket, Content)>> {
        let (now, name, store) = (self.now(), self.name.clone(), self.worker.jira.core.store.clone());
        let (name, store) = (&name, &store);
        let mut bodies = Vec::new();
        for ticket in tickets {
            let body = self.worker.body(&ticket).await?;
            bodies.push((ticket, body));
        }
        let claims = bodies.into_iter().map(|(mut ticket, body)| async move {
            let BatchBody { description, comments } = body;
            ticket.begin_create(name, digest_of_blocks(&description), now);
            if !comments.is_empty() {
                // The continuations are written when the issue is there.
                ticket.writing = ticket
                    .writing
                    .map(|writing| crate::ticket::Written { body_digest: String::new(), ..writing });
            }
            let content = Content { body: description, ..ticket.content.clone() };
            match store.save_ticket(&mut ticket).await {
                Ok(()) => Ok(Some((ticket, content))),
                Err(error) if *error.kind() == Kind::Conflict => Ok(None),
                Err(error) => Err((ticket, error)),
            }
        });
        let mut claimed = Vec::new();
        for claim in join_all(claims).await {
            match claim {
                Ok(ticket) => claimed.extend(ticket),
                // Its message comes again; the others need not wait for it.
                Err((ticket, error)) => {
                    tracing::warn!(ticket = %ticket.id, error = error.chain(), "could not claim a ticket");
                    self.retry.insert((ticket.tenant.clone(), ticket.id.clone()));
                }
            }
        }
        Ok(claimed)
    }

    /// Writes what Jira answered for one ticket.
    async fn keep(&mut self, connection: &Connection, ticket: Ticket, answer: Created) -> Result<()> {
        let (now, bound) = (self.now(), self.worker.lookup_bound);
        match answer {
            Created::Issue { issue, call } => {
                self.tally.created += 1;
                let cloud_id = connection.cloud_id.clone();
                let change = |ticket: &mut Ticket| {
                    ticket.cloud_id.clone_from(&cloud_id);
                    ticket.created(issue.clone(), call.clone(), bound, now);
                };
                self.worker.save_issue(ticket, change).await?;
            }
            Created::Refused { reason, optional_fields, call } => {
                let new: Vec<String> =
                    optional_fields.into_iter().filter(|field| !ticket.left_out.contains(field)).collect();
                if new.is_empty() {
                    self.tally.refused += 1;
                    self.worker
                        .save(ticket, |ticket| ticket.refused(reason.clone(), call.clone(), now))
                        .await?;
                } else {
                    self.worker.save(ticket, |ticket| ticket.without(&new, call.clone(), now)).await?;
                }
            }
            Created::Postponed { why, wait, call } => {
                self.worker.save(ticket, |ticket| ticket.postponed(&why, call.clone(), wait, now)).await?;
            }
            Created::InDoubt { why, call } => {
                self.tally.in_doubt += 1;
                self.worker.save(ticket, |ticket| ticket.in_doubt(&why, call.clone(), now)).await?;
            }
        }
        Ok(())
    }
}
