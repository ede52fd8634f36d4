//! What a worker does next with a ticket, and the claims that it saves before it calls Jira.

use jiff::Timestamp;

use super::{LEASE, Problem, State, Ticket, Wanted, Written};
use crate::clock::after;
use crate::connection::Lease;
use crate::trace::Entry;

/// How long a planned ticket may wait for its message before the outbox sends another, in seconds.
const OUTBOX_PATIENCE: i64 = 120;

/// What is to be done with a ticket now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing: it is settled.
    Settled,
    /// Nothing yet: another worker has it, or it is too early.
    Wait {
        /// Until when.
        until: Timestamp,
    },
    /// The ticket is not needed any more and no issue exists.
    Drop,
    /// The ticket is needed again and no issue exists.
    Replan,
    /// Create the issue.
    Create,
    /// Look for the issue that a lost create may have made.
    LookUp,
    /// Read the issue: somebody said that it changed.
    Look,
    /// Tell the tasks what a person did to the issue.
    Tell,
    /// Tell the tasks which pull requests were merged, and which of them were taken back.
    TellPulls,
    /// Show pull requests in the issue, and the issue in them.
    Follow,
    /// Write what the content differs in.
    Update,
    /// Bring the issue to a done status.
    Close,
    /// Bring the issue out of its done status.
    Reopen,
    /// Delete the issue.
    Delete,
}

impl Ticket {
    /// The next step, by the record alone. `bound` is how long after its create an issue is looked for before it may be
    /// created again, in seconds.
    pub fn next_step(&self, now: Timestamp) -> Step {
        if let Some(lease) = self.lease.as_ref().filter(|lease| lease.until > now) {
            return Step::Wait { until: lease.until };
        }
        self.with_pulls(self.own_step(now), now)
    }

    /// The next step without what pull requests ask for.
    fn own_step(&self, now: Timestamp) -> Step {
        match &self.state {
            State::Planned | State::Failed { .. } => match self.wanted {
                Wanted::Open => self.unless_early(now, Step::Create),
                Wanted::Closed | Wanted::Deleted => Step::Drop,
                Wanted::Kept => Step::Settled,
            },
            // Of one that is being created the lease has ended: the worker died between its call and its save.
            State::Creating { .. } | State::Unknown { .. } => self.unless_early(now, Step::LookUp),
            _ if self.wanted == Wanted::Kept => Step::Settled,
            _ if self.heard_at.is_some() && self.issue_to_look_at().is_some() => {
                // What was heard since the last wait was told may be the end of what it waits for.
                let is_fresh = self.heard_at.is_some_and(|heard_at| heard_at > self.updated_at);
                if is_fresh { Step::Look } else { self.unless_early(now, Step::Look) }
            }
            _ if self.news.is_some() => self.unless_early(now, Step::Tell),
            // A create was repeated, or dropped in doubt: look for a twin once more, even before closing, so that none
            // is left open.
            State::Open { .. } | State::Closed { .. } if self.is_sweeping() => {
                self.unless_early(now, Step::LookUp)
            }
            State::Open { .. } => match self.wanted {
                // What a batch lists must be true before it is closed.
                Wanted::Closed if self.batch.is_some() && !self.to_write().is_empty() => {
                    self.unless_early(now, Step::Update)
                }
                Wanted::Closed => self.unless_early(now, Step::Close),
                Wanted::Deleted => self.unless_early(now, Step::Delete),
                Wanted::Open | Wanted::Kept if self.to_write().is_empty() => Step::Settled,
                Wanted::Open | Wanted::Kept => self.unless_early(now, Step::Update),
            },
            State::Closing { .. } | State::Reopening { .. } => match self.wanted {
                Wanted::Open => self.unless_early(now, Step::Reopen),
                Wanted::Closed | Wanted::Kept => self.unless_early(now, Step::Close),
                Wanted::Deleted => self.unless_early(now, Step::Delete),
            },
            State::Closed { issue } => match (self.wanted, issue) {
                (Wanted::Open, None) => Step::Replan,
                (Wanted::Open, Some(_)) => self.unless_early(now, Step::Reopen),
                (Wanted::Deleted, Some(_)) => self.unless_early(now, Step::Delete),
                (Wanted::Deleted, None) | (Wanted::Closed | Wanted::Kept, _) => Step::Settled,
            },
            State::Gone { .. } => Step::Settled,
        }
    }

    /// Whether a second issue may still come to light, or is known and not closed yet.
    pub(super) fn is_sweeping(&self) -> bool {
        self.doubted_since.is_some() || !self.twins.is_empty()
    }

    fn unless_early(&self, now: Timestamp, step: Step) -> Step {
        match self.not_before.filter(|not_before| *not_before > now) {
            Some(until) => Step::Wait { until },
            None => step,
        }
    }

    /// The ticket is in the table and its message is about to be sent.
    pub fn planned(&mut self, now: Timestamp) {
        self.state = State::Planned;
        self.not_before = None;
        self.due_at = Some(after(now, OUTBOX_PATIENCE));
    }

    /// A worker claims the ticket in order to create its issue. Saved before the call. `shown_digest` is of the
    /// description that is about to be written.
    pub fn begin_create(&mut self, worker: &str, shown_digest: String, now: Timestamp) {
        self.attempts += 1;
        self.writing = Some(Written::of(&self.content, &self.left_out, shown_digest));
        self.state = State::Creating { since: now };
        self.claim(worker, now);
        let why = if self.attempts == 1 {
            "its tasks ask for an issue".to_owned()
        } else {
            format!("attempt {}: the one before is known to have made no issue", self.attempts)
        };
        self.record(Entry::new(now, "worker", "began to create the issue", why));
    }

    /// A worker claims the ticket in order to close its issue. Saved before the calls.
    pub fn begin_close(&mut self, worker: &str, now: Timestamp) {
        let Some(issue) = self.state.issue().cloned() else { return };
        let again = matches!(self.state, State::Closing { .. });
        self.state = State::Closing { issue };
        self.claim(worker, now);
        if !again {
            self.record(Entry::new(now, "worker", "began to close the issue", "its tasks are done"));
        }
    }

    /// A worker claims the ticket in order to reopen its issue. Saved before the calls.
    pub fn begin_reopen(&mut self, worker: &str, now: Timestamp) {
        let Some(issue) = self.state.issue().cloned() else { return };
        let again = matches!(self.state, State::Reopening { .. });
        self.state = State::Reopening { issue };
        self.claim(worker, now);
        if !again {
            self.record(Entry::new(now, "worker", "began to reopen the issue", "a task of it is to be done"));
        }
    }

    /// A worker claims the ticket in order to write into its issue or to delete it. Saved before the calls. `writing` is
    /// what is about to be written, if something is.
    pub fn begin_write(&mut self, worker: &str, writing: Option<Written>, now: Timestamp) {
        self.claim(worker, now);
        if writing.is_some() {
            self.writing = writing;
        }
    }

    pub(super) fn claim(&mut self, worker: &str, now: Timestamp) {
        let until = after(now, LEASE);
        self.lease = Some(Lease { owner: worker.to_owned(), until });
        self.not_before = None;
        self.due_at = Some(until);
    }

    /// Ends the worker's claim. `next` is when there is something to do again, if there is.
    pub(super) fn release(&mut self, next: Option<Timestamp>) {
        self.lease = None;
        self.not_before = next;
        self.due_at = next;
    }

    /// Makes the ticket due at once if there is a step to take now, and at the time of its next step if that must wait;
    /// else it is not due any more.
    pub fn schedule(&mut self, now: Timestamp) {
        self.due_at = match self.next_step(now) {
            Step::Settled => {
                // Nothing is wanted any more that something could stand against.
                self.problem = None;
                None
            }
            Step::Wait { until } => Some(until),
            Step::Drop
            | Step::Replan
            | Step::Create
            | Step::LookUp
            | Step::Look
            | Step::Tell
            | Step::TellPulls
            | Step::Follow
            | Step::Update
            | Step::Close
            | Step::Reopen
            | Step::Delete => Some(now),
        };
    }

    /// What stands against bringing the ticket to where it is wanted.
    pub(super) fn obstruct(&mut self, what: String, now: Timestamp) {
        match &mut self.problem {
            Some(problem) if problem.what == what => problem.tries += 1,
            _ => self.problem = Some(Problem { what, since: now, tries: 1 }),
        }
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
