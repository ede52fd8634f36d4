//! What stands in an issue's description: of one task it is in the ticket's record; of a batch it is made of its tasks, and
//! goes on in comments of ours.

use std::collections::BTreeMap;

use super::Worker;
use crate::Result;
use crate::ids::{IssueId, TaskId};
use crate::jira::Client;
use crate::jira::comment::{Comment, Written};
use crate::task::Task;
use crate::ticket::content::{BatchBody, batch_body, part_heading};
use crate::ticket::{Block, Span, Ticket};
use crate::trace::Call;

/// What became of the comments that continue a description.
pub(super) enum Listed {
    /// They are as they should be; how many were written.
    Done(usize),
    /// They are not yet.
    NotYet {
        /// Why.
        why: String,
        /// How many seconds to wait.
        wait: i64,
        /// The call that failed, if one was answered.
        call: Option<Call>,
    },
}

impl Worker {
    /// The description that the ticket's issue is to have, and its continuations.
    pub(super) async fn body(&self, ticket: &Ticket) -> Result<BatchBody> {
        let mut body = if ticket.batch.is_none() {
            BatchBody { description: ticket.content.body.clone(), comments: Vec::new() }
        } else {
            let tasks = self.jira.core.store.tasks_by_id(&ticket.tenant, &ticket.tasks).await?;
            let by_id: BTreeMap<&TaskId, &Task> = tasks.iter().map(|task| (&task.id, task)).collect();
            let in_order: Vec<&Task> = ticket.tasks.iter().filter_map(|id| by_id.get(id).copied()).collect();
            batch_body(&in_order, &ticket.content.body)
        };
        body.description.extend(note_of_unassigned(ticket));
        Ok(body)
    }
}

/// What the description says where the responsible account cannot be assigned in the project.
fn note_of_unassigned(ticket: &Ticket) -> Option<Block> {
    let is_left_out = ticket.left_out.iter().any(|field| field == "assignee");
    let account = ticket.content.assignee.as_ref().filter(|_| is_left_out)?;
    let note = format!("Account {account} is responsible and cannot be assigned in this project.");
    Some(Block::Paragraph(vec![Span::Text(note)]))
}

/// Brings the comments that continue an issue's description to what `wanted` says. They are known again by their author
/// and first line, so that one whose answer was lost is found and not written twice.
pub(super) async fn list_in_comments(client: &Client, issue: &IssueId, wanted: &[Vec<Block>]) -> Listed {
    let comments = match client.comments(issue).await {
        Ok(comments) => comments,
        Err(error) => {
            let call = error.call.status.is_some().then(|| error.call.clone());
            return Listed::NotYet { why: error.to_string(), wait: error.wait(), call };
        }
    };
    let ours = |comment: &&Comment| comment.author.as_ref() == client.account();
    let mut written = 0;
    for (number, blocks) in wanted.iter().enumerate() {
        let heading = part_heading(number);
        let mut parts = comments.iter().filter(ours).filter(|comment| comment.first_line == heading);
        let outcome = match parts.next() {
            Some(part) if part.digest == crate::jira::canonical::digest_of_blocks(blocks) => None,
            Some(part) => Some(client.edit_comment(issue, &part.id, blocks).await),
            None => Some(client.add_comment(issue, blocks).await),
        };
        let outcome = match (outcome, parts.next()) {
            // An answer that was lost made it twice.
            (None, Some(twin)) => Some(client.delete_comment(issue, &twin.id).await),
            (outcome, _) => outcome,
        };
        match outcome {
            None | Some(Written::Done { .. } | Written::Gone(_)) => written += usize::from(outcome.is_some()),
            Some(Written::Refused { reason, call }) => {
                return Listed::NotYet { why: reason, wait: 3600, call: Some(call) };
            }
            Some(Written::NotYet { why, wait, call }) => return Listed::NotYet { why, wait, call },
            Some(Written::InDoubt { why, call }) => return Listed::NotYet { why, wait: 30, call },
        }
    }
    Listed::Done(written)
}
