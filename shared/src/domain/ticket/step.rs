//! What a worker does next with a ticket, and what each answer makes of it.

use jiff::Timestamp;

use super::{HowGone, Issue, IssueStatus, LEASE, Problem, State, Ticket, Wanted, Written};
use crate::clock::{after, seconds_between};
use crate::connection::Lease;
use crate::trace::{Call, Entry};

/// How long a planned ticket may wait for its message before the outbox sends another, in seconds.
const OUTBOX_PATIENCE: i64 = 120;

/// How many looks must have found nothing, beside the time that must have passed, before an issue is created again.
const LEAST_LOOKS: u32 = 2;

/// The longest wait between two attempts at something that Jira refuses, in seconds.
const LONGEST_WAIT: i64 = 6 * 3600;

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
    /// Write what the content differs in.
    Update,
    /// Bring the issue to a done status.
    Close,
    /// Bring the issue out of its done status.
    Reopen,
    /// Delete the issue.
    Delete,
}

/// How long to wait before looking for a lost issue the next time, in seconds, after `looks` looks: 2, 4, 8 … 300.
pub fn look_again_after(looks: u32) -> i64 {
    2_i64.saturating_pow(looks.min(16) + 1).min(300)
}

impl Ticket {
    /// The next step, by the record alone. `bound` is how long after its create an issue is looked for before it may be
    /// created again, in seconds.
    pub fn next_step(&self, now: Timestamp) -> Step {
        if let Some(lease) = self.lease.as_ref().filter(|lease| lease.until > now) {
            return Step::Wait { until: lease.until };
        }
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
    fn is_sweeping(&self) -> bool {
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

    fn claim(&mut self, worker: &str, now: Timestamp) {
        let until = after(now, LEASE);
        self.lease = Some(Lease { owner: worker.to_owned(), until });
        self.not_before = None;
        self.due_at = Some(until);
    }

    /// Ends the worker's claim. `next` is when there is something to do again, if there is.
    fn release(&mut self, next: Option<Timestamp>) {
        self.lease = None;
        self.not_before = next;
        self.due_at = next;
    }

    /// Makes the ticket due at once if there is a step to take now, and at the time of its next step if that must wait;
    /// else it is not due any more.
    pub fn schedule(&mut self, now: Timestamp) {
        self.due_at = match self.next_step(now) {
            Step::Settled => None,
            Step::Wait { until } => Some(until),
            Step::Drop
            | Step::Replan
            | Step::Create
            | Step::LookUp
            | Step::Look
            | Step::Tell
            | Step::Update
            | Step::Close
            | Step::Reopen
            | Step::Delete => Some(now),
        };
    }

    /// What stands against bringing the ticket to where it is wanted.
    fn obstruct(&mut self, what: String, now: Timestamp) {
        match &mut self.problem {
            Some(problem) if problem.what == what => problem.tries += 1,
            _ => self.problem = Some(Problem { what, since: now, tries: 1 }),
        }
    }

    /// Jira answered that the issue was created. If an earlier create was in doubt, a twin may still come to light: the
    /// ticket stays due for one more look, `bound` seconds later.
    pub fn created(&mut self, issue: Issue, call: Call, bound: i64, now: Timestamp) {
        let sweep = self.doubted_since.map(|_| after(now, bound));
        self.release(sweep);
        self.record(
            Entry::new(now, "worker", format!("created issue {}", issue.key), "Jira answered so").with(call),
        );
        self.exists(issue, now);
    }

    /// The issue is there, as it was written.
    fn exists(&mut self, issue: Issue, now: Timestamp) {
        self.state = State::Open { issue };
        self.problem = None;
        if self.written.is_none() {
            self.written = self.writing.take();
        }
        self.schedule(now);
    }

    /// The issue of a lost create was found. If more than one create was sent, the issue of another one may not be in the
    /// index yet: the ticket stays due for one more look, `bound` seconds later.
    pub fn found(&mut self, issue: Issue, call: Call, bound: i64, now: Timestamp) {
        let first = !matches!(self.state, State::Open { .. });
        let sweep = (first && self.attempts > 1).then(|| after(now, bound));
        self.release(sweep);
        if sweep.is_none() {
            self.doubted_since = None;
        }
        if self.state.issue().is_none_or(|known| known.id != issue.id) {
            let what = format!("adopted issue {}", issue.key);
            self.record(Entry::new(now, "worker", what, "it carries this ticket's property").with(call));
        }
        if matches!(self.state, State::Closed { .. }) {
            self.ended_at = None;
        }
        self.exists(issue, now);
    }

    /// A second issue of this ticket was closed.
    pub fn twin_closed(&mut self, twin: &Issue, call: Call, now: Timestamp) {
        self.twins.retain(|known| known.id != twin.id);
        let what = format!("closed issue {}, a twin", twin.key);
        if self.trace.iter().all(|entry| entry.what != what) {
            self.record(Entry::new(now, "worker", what, "the older issue stays").with(call));
        }
        self.schedule(now);
    }

    /// A second issue of this ticket could not be closed. It is tried again after `wait` seconds.
    pub fn twin_not_closed(&mut self, twin: &Issue, problem: &str, wait: i64, now: Timestamp) {
        if self.twins.iter().all(|known| known.id != twin.id) {
            self.twins.push(twin.clone());
        }
        self.record_once(now, format!("could not close issue {}, a twin", twin.key), problem);
        self.release(Some(after(now, wait)));
    }

    /// Adds a line to the trace unless it says so already.
    fn record_once(&mut self, now: Timestamp, what: String, why: &str) {
        if self.trace.iter().all(|entry| entry.what != what) {
            self.record(Entry::new(now, "worker", what, why));
        }
    }

    /// Jira refused to create the issue and said why. It is tried again, ever more rarely, since the cause may be mended.
    pub fn refused(&mut self, reason: String, call: Call, now: Timestamp) {
        let wait = 300_i64.saturating_mul(2_i64.saturating_pow(self.attempts.min(16))).min(LONGEST_WAIT);
        self.release(Some(after(now, wait)));
        let what = "Jira refused to create the issue".to_owned();
        self.record(Entry::new(now, "worker", what, reason.clone()).with(call));
        self.obstruct(reason.clone(), now);
        self.state = State::Failed { reason };
    }

    /// Jira refused optional fields; the ticket is created without them at once.
    pub fn without(&mut self, fields: &[String], call: Call, now: Timestamp) {
        self.left_out.extend(fields.iter().cloned());
        self.state = State::Planned;
        self.release(Some(now));
        let what = format!("left out {}", fields.join(", "));
        self.record(Entry::new(now, "worker", what, "Jira refused these optional fields").with(call));
    }

    /// Jira refused optional fields of an issue that exists; the rest is written without them at once.
    pub fn written_without(&mut self, fields: &[String], call: Call, now: Timestamp) {
        self.left_out.extend(fields.iter().cloned());
        self.release(Some(now));
        let what = format!("left out {}", fields.join(", "));
        self.record(Entry::new(now, "worker", what, "Jira refused these optional fields").with(call));
    }

    /// The create certainly had no effect and may be sent again after `wait` seconds. A ticket that Jira refused before
    /// stays failed, so that its reason stays in sight.
    pub fn postponed(&mut self, why: &str, call: Option<Call>, wait: i64, now: Timestamp) {
        if !matches!(self.state, State::Failed { .. }) {
            self.state = State::Planned;
        }
        self.release(Some(after(now, wait)));
        let told = self.problem.as_ref().is_some_and(|problem| problem.what == why);
        self.obstruct(why.to_owned(), now);
        if !told {
            let mut entry = Entry::new(now, "worker", format!("will be created in {wait} seconds"), why);
            entry.call = call;
            self.record(entry);
        }
        self.updated_at = now;
    }

    /// Whether the create took effect is not known. Nothing is created again until that is settled.
    pub fn in_doubt(&mut self, why: &str, call: Option<Call>, now: Timestamp) {
        let since = match self.state {
            State::Creating { since } | State::Unknown { since, .. } => since,
            _ => now,
        };
        self.doubted_since.get_or_insert(since);
        self.state = State::Unknown { since, looks: 0 };
        self.release(Some(after(now, look_again_after(0))));
        let mut entry =
            Entry::new(now, "worker", "does not know whether the issue exists; will look for it", why);
        entry.call = call;
        self.record(entry);
    }

    /// A look did not find the issue. Before `bound` it is looked for again; past it, it may be created again.
    pub fn not_found(&mut self, call: Call, bound: i64, now: Timestamp) {
        let doubt = match self.state {
            // A worker died while it was creating: the doubt is as old as its claim.
            State::Creating { since } => Some((since, 0)),
            State::Unknown { since, looks } => Some((since, looks)),
            _ => None,
        };
        if let Some((since, _)) = doubt {
            self.doubted_since.get_or_insert(since);
        }
        match doubt {
            // The look after a second attempt: no twin.
            None => {
                self.doubted_since = None;
                self.release(None);
                self.record(
                    Entry::new(
                        now,
                        "worker",
                        "found no second issue",
                        "looked once more after a repeated create",
                    )
                    .with(call),
                );
                self.schedule(now);
            }
            // One look proves little however late it comes, since the index may lose an issue for a moment.
            Some((since, looks)) if seconds_between(since, now) < bound || looks < LEAST_LOOKS => {
                if looks == 0 {
                    let why = "the create may still take effect, and Jira's search is late";
                    self.record(
                        Entry::new(now, "worker", "found no issue yet; will look again", why).with(call),
                    );
                }
                self.state = State::Unknown { since, looks: looks + 1 };
                self.release(Some(after(now, look_again_after(looks + 1))));
            }
            Some(_) => {
                self.state = State::Planned;
                self.release(Some(now));
                let why = format!("it was looked for until {bound} seconds after the create");
                self.record(Entry::new(now, "worker", "found no issue; it will be created", why).with(call));
            }
        }
    }

    /// The look could not be made. It is made again later, and the doubt stays.
    pub fn could_not_look(&mut self, wait: i64, now: Timestamp) {
        self.release(Some(after(now, wait)));
        self.updated_at = now;
    }

    /// The look, or the telling, cannot be done now. It is done after `wait` seconds.
    pub fn waits(&mut self, why: &str, wait: i64, now: Timestamp) {
        if self.problem.as_ref().is_none_or(|problem| problem.what != why) {
            self.record(Entry::new(now, "worker", format!("waits for {wait} seconds"), why));
        }
        self.obstruct(why.to_owned(), now);
        self.release(Some(after(now, wait)));
        self.updated_at = now;
    }

    /// One move of the issue to another status, that Jira accepted.
    pub fn moved(&mut self, what: &str, call: Call, now: Timestamp) {
        self.record(Entry::new(now, "worker", what, "on the way to the wanted status").with(call));
    }

    /// The issue is in a done status.
    pub fn closed(&mut self, status: IssueStatus, call: Call, now: Timestamp) {
        self.release(None);
        let issue = self.state.issue().cloned();
        let what = format!("the issue is in status {}", status.name);
        self.record(Entry::new(now, "worker", what, "its tasks are done").with(call));
        self.issue_status = Some(status);
        self.state = State::Closed { issue };
        self.ended_at = Some(now);
        self.problem = None;
        self.schedule(now);
    }

    /// The issue is out of its done status.
    pub fn reopened(&mut self, status: IssueStatus, call: Call, now: Timestamp) {
        let Some(issue) = self.state.issue().cloned() else { return };
        self.release(None);
        let what = format!("the issue is in status {}", status.name);
        self.record(Entry::new(now, "worker", what, "a task of it is to be done").with(call));
        self.issue_status = Some(status);
        self.state = State::Open { issue };
        self.ended_at = None;
        self.problem = None;
        self.schedule(now);
    }

    /// The issue now holds what was written. `written` is what we wrote into it altogether.
    pub fn updated(&mut self, written: Written, fields: &str, call: Option<Call>, now: Timestamp) {
        self.release(None);
        if !fields.is_empty() {
            let mut entry = Entry::new(now, "worker", format!("wrote {fields}"), "the tasks changed");
            entry.call = call;
            self.record(entry);
        }
        self.written = Some(written);
        self.writing = None;
        self.problem = None;
        self.updated_at = now;
        self.schedule(now);
    }

    /// What was to be done could not be done: closing, reopening, writing or deleting. It is tried again after `wait`
    /// seconds.
    pub fn not_done(&mut self, what: &str, problem: String, call: Option<Call>, wait: i64, now: Timestamp) {
        let told = self.problem.as_ref().is_some_and(|known| known.what == problem);
        if !told {
            let mut entry = Entry::new(now, "worker", format!("could not {what} the issue"), problem.clone());
            entry.call = call;
            self.record(entry);
        }
        self.obstruct(problem, now);
        self.release(Some(after(now, wait)));
        self.updated_at = now;
    }

    /// The ticket is not needed any more before an issue existed. If a create was in doubt before, its issue may still
    /// come to light: the ticket stays due for one more look, `bound` seconds later.
    pub fn dropped(&mut self, bound: i64, now: Timestamp) {
        self.record(Entry::new(now, "worker", "dropped", "its tasks were done before an issue existed"));
        self.state = State::Closed { issue: None };
        self.ended_at = Some(now);
        self.problem = None;
        self.release(self.doubted_since.map(|_| after(now, bound)));
    }

    /// The ticket is needed again, and no issue exists.
    pub fn replanned(&mut self, now: Timestamp) {
        self.record(Entry::new(now, "worker", "planned again", "a task of it is to be done again"));
        self.ended_at = None;
        self.planned(now);
        self.due_at = Some(now);
    }

    /// The tasks, or a sync setting, want something else of the issue.
    pub fn want(&mut self, wanted: Wanted, why: &str, now: Timestamp) {
        if self.wanted == wanted {
            return;
        }
        self.wanted = wanted;
        let what = match wanted {
            Wanted::Open => "wants the issue open",
            Wanted::Closed => "wants the issue closed",
            Wanted::Deleted => "wants the issue deleted",
            Wanted::Kept => "leaves the issue as it is",
        };
        self.record(Entry::new(now, "planner", what, why));
        self.hurry(now);
    }

    /// Makes the ticket due now, whatever it waited for; a worker that has it looks at the wish when it has saved what it
    /// learned.
    pub fn hurry(&mut self, now: Timestamp) {
        if let Some(lease) = &self.lease {
            self.due_at = Some(lease.until);
            return;
        }
        if !self.is_sweeping() && !matches!(self.state, State::Unknown { .. } | State::Creating { .. }) {
            self.not_before = None;
        }
        self.schedule(now);
    }

    /// Nothing is left to do: the ticket is not due any more.
    pub fn settled(&mut self) {
        self.not_before = None;
        self.due_at = None;
    }

    /// A person asks to try again now. Returns whether there is anything to try.
    pub fn hasten(&mut self, person: &str, now: Timestamp) -> bool {
        let waits = match self.state {
            State::Planned
            | State::Failed { .. }
            | State::Open { .. }
            | State::Closing { .. }
            | State::Reopening { .. }
            | State::Closed { .. } => self.lease.is_none() && self.due_at.is_some(),
            // While it is not known whether the issue exists, only time can tell: looking earlier is all that can be done.
            State::Unknown { .. } => true,
            State::Creating { .. } | State::Gone { .. } => false,
        };
        if waits {
            self.not_before = None;
            self.due_at = Some(now);
            self.record(Entry::new(now, person, "asked to try again", "a person asked for it"));
        }
        waits
    }

    /// A person decides what becomes of the tasks of an issue that is gone. Returns whether there is anything to decide.
    pub fn decide(&mut self, policy: crate::sync_setting::GonePolicy, person: &str, now: Timestamp) -> bool {
        let undecided = matches!(self.state, State::Gone { how: HowGone::Deleted | HowGone::Archived, .. })
            && self.wanted == Wanted::Open;
        if undecided {
            self.decided = Some(policy);
            self.news = Some(super::News::Gone);
            self.due_at = Some(now);
            self.record(Entry::new(now, person, "decided what becomes of its tasks", format!("{policy:?}")));
        }
        undecided
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
