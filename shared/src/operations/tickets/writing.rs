//! Writing into issues what their tasks changed, and nothing that people changed.
//!
//! The issue is read first; a field is written only if its value is still one that we wrote. What is about to be written
//! is saved before the call, so that our own change is known again if its answer is lost.

use std::collections::BTreeSet;

use super::listing::{Listed, list_in_comments};
use super::watching::sight;
use super::{PATIENCE, Run};
use crate::Result;
use crate::error::Kind;
use crate::ids::IssueId;
use crate::jira::Client;
use crate::jira::canonical::{digest_of, digest_of_blocks};
use crate::jira::create::is_optional;
use crate::jira::edit::{Edited, FieldChanges};
use crate::jira::fields;
use crate::jira::history::Change;
use crate::jira::now::IssueNow;
use crate::ticket::content::BatchBody;
use crate::ticket::{Current, Edits, Field, Ticket, Written};

/// Seconds until a write is tried again that somebody else's change stood in the way of.
const CONFLICT: i64 = 5;

/// Seconds until a write is looked after whose answer was lost.
const IN_DOUBT: i64 = 30;

impl Run<'_> {
    /// Writes into the issues of `tickets` what is to be written: read together, written one after the other.
    pub(super) async fn update(&mut self, client: &Client, tickets: Vec<Ticket>) -> Result<()> {
        if tickets.is_empty() {
            return Ok(());
        }
        let began = self.now();
        let ids: Vec<IssueId> =
            tickets.iter().filter_map(|ticket| ticket.state.issue().map(|issue| issue.id.clone())).collect();
        let further = further_fields(&tickets);
        let mut read = match client.read_issues(&ids, &further).await {
            Ok(read) => read,
            Err(error) => {
                for ticket in tickets {
                    self.not_written(ticket, &error.to_string(), None, error.wait()).await?;
                }
                return Ok(());
            }
        };
        for ticket in tickets {
            if self.out_of_time() {
                self.later(std::slice::from_ref(&ticket)).await?;
                continue;
            }
            let Some(issue) = ticket.state.issue().map(|issue| issue.id.clone()) else { continue };
            let Some(now) = read.there.remove(&issue) else {
                // Missing or not understood: a look says what became of it.
                let heard_at = self.now();
                self.worker.save(ticket, |ticket| ticket.hear(heard_at)).await?;
                continue;
            };
            let rule = self.setting(&ticket).map(|setting| setting.reopen_rule).unwrap_or_default();
            let mut seen = ticket.clone();
            let is_news = seen.seen(&sight(&now), rule, "worker");
            if is_news && seen.next_step(self.now()) != ticket.next_step(self.now()) {
                // Something else is to be done first.
                let setting = self.setting(&ticket);
                self.worker.take_sight(client, ticket, &now, setting, began).await?;
                continue;
            }
            self.write(client, ticket, &issue, &now).await?;
        }
        Ok(())
    }

    async fn write(
        &mut self,
        client: &Client,
        ticket: Ticket,
        issue: &IssueId,
        now: &IssueNow,
    ) -> Result<()> {
        let body = self.worker.body(&ticket).await?;
        let shown_digest = digest_of_blocks(&body.description);
        let current = current(now, &ticket);
        let setting = self.setting(&ticket);
        let mut edits = ticket.edits(&current, &shown_digest, |_| true);
        if !edits.kept.is_empty() {
            // A value that is not ours may yet be of our making: the history says who changed the field.
            let history = client.history(issue).await;
            if let Ok(history) = history {
                let ours = client.account().cloned();
                edits = ticket.edits(&current, &shown_digest, |field| {
                    let name = field.name_by(setting);
                    let mut changes = history.iter().filter(|change| concerns(change, field, &name));
                    changes.any(|change| change.author.is_none() || change.author != ours)
                });
            }
        }
        let written = merged(&ticket, &edits, shown_digest);
        let mut ticket = ticket;
        ticket.leave_to_people(&edits.kept, setting, self.now());
        let has_changes =
            !(edits.fields.is_empty() && edits.labels_add.is_empty() && edits.labels_remove.is_empty());
        if has_changes || !body.comments.is_empty() {
            ticket.begin_write(&self.name, Some(written.clone()), self.now());
            match self.worker.jira.core.store.save_ticket(&mut ticket).await {
                Ok(()) => {}
                // Another worker has it, or the tasks changed again.
                Err(error) if *error.kind() == Kind::Conflict => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        let call = if has_changes {
            match client.edit_issue(issue, &changes(&ticket, &edits, &body)).await {
                Edited::Done(call) => Some(call),
                other => return self.not_edited(ticket, other).await,
            }
        } else {
            None
        };
        let mut names: Vec<String> =
            edits.fields.iter().map(|field| field.name_by(self.setting(&ticket))).collect();
        if !(edits.labels_add.is_empty() && edits.labels_remove.is_empty()) {
            names.push(Field::Labels.name().to_owned());
        }
        match list_in_comments_if_any(client, issue, &body).await {
            Listed::Done(0) => {}
            Listed::Done(_) => names.push("the list of tasks in comments".to_owned()),
            Listed::NotYet { why, wait, call } => return self.not_written(ticket, &why, call, wait).await,
        }
        self.tally.updated += u32::from(!names.is_empty());
        let (now, names) = (self.now(), names.join(", "));
        let kept = ticket.kept.clone();
        let change = |ticket: &mut Ticket| {
            ticket.kept.clone_from(&kept);
            ticket.updated(written.clone(), &names, call.clone(), now);
        };
        self.worker.save(ticket, change).await?;
        Ok(())
    }

    async fn not_edited(&mut self, ticket: Ticket, edited: Edited) -> Result<()> {
        match edited {
            Edited::Done(_) => Ok(()),
            Edited::Conflict(call) => {
                let why = "somebody else changes the issue at the same time";
                self.not_written(ticket, why, Some(call), CONFLICT).await
            }
            Edited::Refused { reason, fields, call } => {
                // What Jira wants of a new issue says nothing about one that is there: a mapped field is left out even so.
                let is_mapped = |field: &String| ticket.content.fields.contains_key(field);
                let new: Vec<String> = fields
                    .into_iter()
                    .filter(|field| is_mapped(field) || is_optional(&ticket.content, field))
                    .filter(|field| !ticket.left_out.contains(field))
                    .collect();
                // A mapping may not fit any more; then all of its tickets would be refused one by one.
                if (new.is_empty() || new.iter().any(is_mapped))
                    && self.setting(&ticket).is_some_and(|setting| setting.configuration.is_some())
                {
                    self.doubtful.insert(ticket.setting.clone());
                }
                if new.is_empty() {
                    return self.not_written(ticket, &reason, Some(call), PATIENCE).await;
                }
                let now = self.now();
                self.worker.save(ticket, |ticket| ticket.written_without(&new, call.clone(), now)).await?;
                Ok(())
            }
            Edited::Gone(_) => {
                let now = self.now();
                let change = |ticket: &mut Ticket| {
                    ticket.lease = None;
                    ticket.hear(now);
                };
                self.worker.save(ticket, change).await?;
                Ok(())
            }
            Edited::NotYet { why, wait, call } => self.not_written(ticket, &why, call, wait).await,
            Edited::InDoubt { why, call } => self.not_written(ticket, &why, call, IN_DOUBT).await,
        }
    }

    async fn not_written(
        &self,
        ticket: Ticket,
        why: &str,
        call: Option<crate::trace::Call>,
        wait: i64,
    ) -> Result<()> {
        let now = self.now();
        let change =
            |ticket: &mut Ticket| ticket.not_done("write into", why.to_owned(), call.clone(), wait, now);
        self.worker.save(ticket, change).await?;
        Ok(())
    }
}

async fn list_in_comments_if_any(client: &Client, issue: &IssueId, body: &BatchBody) -> Listed {
    if body.comments.is_empty() {
        return Listed::Done(0);
    }
    list_in_comments(client, issue, &body.comments).await
}

/// The ids of the further fields of tickets, for reading their issues together.
pub(in crate::operations) fn further_fields(tickets: &[Ticket]) -> BTreeSet<String> {
    tickets.iter().flat_map(Ticket::further_fields).cloned().collect()
}

/// The fields that there are because of the ticket as they are now.
pub(in crate::operations) fn current(now: &IssueNow, ticket: &Ticket) -> Current {
    let further = ticket.content.fields.iter();
    let further = further.map(|(id, mapped)| (id.clone(), fields::read(now.further.get(id), &mapped.value)));
    Current {
        title: now.summary.clone(),
        shown_digest: digest_of(now.description.as_ref()),
        labels: now.labels.clone(),
        assignee: now.assignee.clone(),
        due_on: now.due_on,
        epic: now.parent.clone(),
        fields: further.collect(),
    }
}

/// What we will have written altogether: fields that people own stay as we wrote them last, so that they are ours again
/// when people put that value back.
fn merged(ticket: &Ticket, edits: &Edits, shown_digest: String) -> Written {
    let wanted = Written::of(&ticket.content, &ticket.left_out, shown_digest);
    let Some(before) = &ticket.written else { return wanted };
    let kept = |field: Field| edits.kept.contains(&field);
    // What a mapping does not have any more stays known: it may have it again.
    let mut fields = before.fields.clone();
    let is_ours = |id: &String| !kept(Field::Mapped(id.clone()));
    fields.extend(wanted.fields.into_iter().filter(|(id, _)| is_ours(id)));
    Written {
        title: if kept(Field::Title) { before.title.clone() } else { wanted.title },
        shown_digest: if kept(Field::Body) { before.shown_digest.clone() } else { wanted.shown_digest },
        body_digest: if kept(Field::Body) { before.body_digest.clone() } else { wanted.body_digest },
        labels: wanted.labels,
        assignee: if kept(Field::Assignee) { before.assignee.clone() } else { wanted.assignee },
        due_on: if kept(Field::DueOn) { before.due_on } else { wanted.due_on },
        epic: if kept(Field::Epic) { before.epic.clone() } else { wanted.epic },
        fields,
    }
}

fn changes(ticket: &Ticket, edits: &Edits, body: &BatchBody) -> FieldChanges {
    let content = &ticket.content;
    let is_written = |field| edits.fields.contains(&field);
    let further = content.fields.iter().filter(|(id, _)| is_written(Field::Mapped((*id).clone())));
    FieldChanges {
        summary: is_written(Field::Title).then(|| content.title.clone()),
        description: is_written(Field::Body).then(|| body.description.clone()),
        assignee: is_written(Field::Assignee).then(|| content.assignee.clone()),
        due_on: is_written(Field::DueOn).then_some(content.due_on),
        labels_add: edits.labels_add.clone(),
        labels_remove: edits.labels_remove.clone(),
        parent: is_written(Field::Epic).then(|| content.epic.clone()),
        fields: further.map(|(id, mapped)| (id.clone(), mapped.value.clone())).collect(),
    }
}

/// Whether a change of the issue's history is one of `field`, which goes by `name`.
fn concerns(change: &Change, field: &Field, name: &str) -> bool {
    let names: &[&str] = match field {
        Field::Title => &["summary"],
        Field::Body => &["description"],
        Field::Labels => &["labels"],
        Field::Assignee => &["assignee"],
        Field::DueOn => &["duedate"],
        Field::Epic => &["parent", "issueparentassociation", "epic link"],
        // The history leaves out ids, and has names of its own for these.
        Field::Mapped(id) => match id.as_str() {
            "components" => &["components", "component"],
            "fixVersions" => &["fixversions", "fix version"],
            "versions" => &["versions", "version"],
            _ => &[&id.to_lowercase(), &name.to_lowercase()],
        },
    };
    names.contains(&change.field.to_lowercase().as_str())
}
