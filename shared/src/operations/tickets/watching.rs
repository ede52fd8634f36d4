//! Looking at issues that somebody said have changed. What is read by id is the truth, whoever said so and in which order.

use jiff::Timestamp;

use super::moving::hidden;
use super::writing::{current, further_fields};
use super::{PATIENCE, Run, Worker};
use crate::Result;
use crate::ids::IssueId;
use crate::jira::Client;
use crate::jira::now::{IssueNow, Reading};
use crate::sync_setting::{ReopenRule, SyncSetting};
use crate::ticket::{HowGone, Sight, Ticket};

/// Seconds until an issue is looked at again that could not be read just now.
const SOON: i64 = 30;

impl Run<'_> {
    /// Reads the issues of `tickets`, a hundred in a call, and takes what they show.
    pub(super) async fn look(&mut self, client: &Client, tickets: Vec<Ticket>) -> Result<()> {
        if tickets.is_empty() {
            return Ok(());
        }
        let began = self.now();
        let ids: Vec<IssueId> = tickets
            .iter()
            .filter_map(|ticket| ticket.issue_to_look_at().map(|issue| issue.id.clone()))
            .collect();
        let further = further_fields(&tickets);
        let mut read = match client.read_issues(&ids, &further).await {
            Ok(read) => read,
            Err(error) => {
                let (now, wait) = (self.now(), error.wait());
                for ticket in tickets {
                    let why = error.to_string();
                    self.worker.save(ticket, |ticket| ticket.waits(&why, wait, now)).await?;
                }
                return Ok(());
            }
        };
        for ticket in tickets {
            let Some(issue) = ticket.issue_to_look_at().cloned() else { continue };
            self.tally.looked_at += 1;
            if let Some(now) = read.there.remove(&issue.id) {
                self.take(client, ticket, &now, began).await?;
            } else if let Some(why) = read.failed.get(&issue.id) {
                let now = self.now();
                self.worker.save(ticket, |ticket| ticket.waits(why, SOON, now)).await?;
            } else {
                self.look_for_missing(client, ticket, &issue.id, began).await?;
            }
        }
        Ok(())
    }

    /// Missing in the bulk answer: asked for by itself before anything is concluded; and hidden is not gone.
    async fn look_for_missing(
        &mut self,
        client: &Client,
        ticket: Ticket,
        issue: &IssueId,
        began: Timestamp,
    ) -> Result<()> {
        let further = further_fields(std::slice::from_ref(&ticket));
        let reading = client.read_issue(issue, &further).await;
        let now = self.now();
        match reading {
            Ok(Reading::There(issue)) => self.take(client, ticket, &issue, began).await,
            Ok(Reading::Gone(call)) if client.sees_project(&ticket.project).await => {
                let change = |ticket: &mut Ticket| {
                    ticket.gone(HowGone::Deleted, call.clone(), "worker", now);
                    ticket.looked(began);
                    ticket.schedule(now);
                };
                self.worker.save(ticket, change).await.map(drop)
            }
            Ok(Reading::Gone(_)) => {
                self.worker.save(ticket, |ticket| ticket.waits(&hidden(), PATIENCE, now)).await.map(drop)
            }
            Err(error) => {
                let (why, wait) = (error.to_string(), error.wait());
                self.worker.save(ticket, |ticket| ticket.waits(&why, wait, now)).await.map(drop)
            }
        }
    }

    /// Takes what the issue shows.
    async fn take(
        &mut self,
        client: &Client,
        ticket: Ticket,
        issue: &IssueNow,
        began: Timestamp,
    ) -> Result<()> {
        let setting = self.setting(&ticket);
        self.worker.take_sight(client, ticket, issue, setting, began).await.map(drop)
    }
}

impl Worker {
    /// Takes what a look that began at `began` showed. None when somebody else wrote the ticket meanwhile in a way that
    /// makes the look old; then it is still to be looked at.
    pub(super) async fn take_sight(
        &self,
        client: &Client,
        ticket: Ticket,
        issue: &IssueNow,
        setting: Option<&SyncSetting>,
        began: Timestamp,
    ) -> Result<Option<Ticket>> {
        let sight = sight(issue);
        let rule = setting.map(|setting| setting.reopen_rule).unwrap_or_default();
        let actor = actor(client, &ticket, &sight, rule).await;
        let now = self.jira.core.clock.now();
        let fields = current(issue, &ticket);
        let change = |ticket: &mut Ticket| {
            ticket.seen(&sight, rule, &actor);
            ticket.take_back(&fields, setting, now);
            ticket.looked(began);
            ticket.schedule(now);
        };
        self.save(ticket, change).await
    }
}

/// An issue as a ticket sees it.
pub(in crate::operations) fn sight(issue: &IssueNow) -> Sight {
    Sight {
        key: issue.key.clone(),
        project: issue.project.clone(),
        status: issue.status.clone(),
        archived: issue.archived,
        changed_at: issue.updated_at,
        call: issue.call.clone(),
    }
}

/// Who brought the issue to the status that it has, by its history, if that is news; else the worker, who only looked.
async fn actor(client: &Client, ticket: &Ticket, sight: &Sight, rule: ReopenRule) -> String {
    let mut after = ticket.clone();
    let is_news = after.seen(sight, rule, "worker") && after.news.is_some() && after.news != ticket.news;
    if !is_news {
        return "worker".to_owned();
    }
    let Some(issue) = ticket.state.issue() else { return "worker".to_owned() };
    // Whose it was is worth a call, but what follows does not hang on it.
    let history = client.history(&issue.id).await.unwrap_or_default();
    let change = history.iter().rev().find(|change| change.field == "status");
    match change.and_then(|change| change.author.as_ref()) {
        Some(author) => format!("jira:{author}"),
        None => "jira".to_owned(),
    }
}
