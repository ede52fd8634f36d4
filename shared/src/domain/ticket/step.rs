//! What a worker does next with a ticket, and what each answer makes of it.

use jiff::Timestamp;

use super::{Issue, IssueStatus, LEASE, State, Ticket, Wanted};
use crate::clock::{after, seconds_between};
use crate::connection::Lease;
use crate::trace::{Call, Entry};

/// How long a planned ticket may wait for its message before the outbox sends another, in seconds.
const OUTBOX_PATIENCE: i64 = 120;

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
    /// Create the issue.
    Create,
    /// Look for the issue that a lost create may have made.
    LookUp,
    /// Bring the issue to a done status.
    Close,
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
            State::Planned | State::Failed { .. } if self.wanted == Wanted::Closed => Step::Drop,
            State::Planned | State::Failed { .. } => self.unless_early(now, Step::Create),
            // Of one that is being created the lease has ended: the worker died between its call and its save.
            State::Creating { .. } | State::Unknown { .. } => self.unless_early(now, Step::LookUp),
            // A second attempt was made: look for a twin once more, even before closing, so that none is left open.
            State::Open { .. } if self.not_before.is_some() => self.unless_early(now, Step::LookUp),
            State::Open { .. } if self.wanted == Wanted::Closed => Step::Close,
            State::Closing { .. } => self.unless_early(now, Step::Close),
            State::Open { .. } | State::Closed { .. } | State::Gone { .. } => Step::Settled,
        }
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

    /// A worker claims the ticket in order to create its issue. Saved before the call.
    pub fn begin_create(&mut self, worker: &str, now: Timestamp) {
        self.attempts += 1;
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
        let (again, problem) = match &self.state {
            State::Closing { problem, .. } => (true, problem.clone()),
            _ => (false, None),
        };
        self.state = State::Closing { issue, problem };
        self.claim(worker, now);
        if !again {
            self.record(Entry::new(now, "worker", "began to close the issue", "its tasks are resolved"));
        }
    }

    fn claim(&mut self, worker: &str, now: Timestamp) {
        let until = after(now, LEASE);
        self.lease = Some(Lease { owner: worker.to_owned(), until });
        self.not_before = None;
        self.due_at = Some(until);
    }

    /// Ends the worker's claim. `next` is when there is something to do again, if there is; an issue that the tasks want
    /// closed meanwhile is due at once.
    fn release(&mut self, next: Option<Timestamp>) {
        self.lease = None;
        self.not_before = next;
        self.due_at = next;
    }

    fn due_at_once_if_unwanted(&mut self, now: Timestamp) {
        if self.wanted == Wanted::Closed {
            self.not_before = None;
            self.due_at = Some(now);
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
        self.state = State::Open { issue };
        if sweep.is_none() {
            self.due_at_once_if_unwanted(now);
        }
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
        self.state = State::Open { issue };
        if sweep.is_none() {
            self.due_at_once_if_unwanted(now);
        }
    }

    /// A second issue of this ticket was closed.
    pub fn twin_closed(&mut self, twin: &Issue, now: Timestamp) {
        self.twins.retain(|known| known.id != twin.id);
        self.record_once(now, format!("closed issue {}, a twin", twin.key), "the older issue stays");
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

    /// The create certainly had no effect and may be sent again after `wait` seconds.
    pub fn postponed(&mut self, why: &str, call: Option<Call>, wait: i64, now: Timestamp) {
        self.state = State::Planned;
        self.release(Some(after(now, wait)));
        let mut entry = Entry::new(now, "worker", format!("will be created in {wait} seconds"), why);
        entry.call = call;
        self.record(entry);
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
                self.due_at_once_if_unwanted(now);
            }
            Some((since, looks)) if seconds_between(since, now) < bound => {
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

    /// The issue is in a done status.
    pub fn closed(&mut self, status: IssueStatus, call: Call, now: Timestamp) {
        self.release(None);
        let issue = self.state.issue().cloned();
        let what = format!("the issue is in status {}", status.name);
        self.record(Entry::new(now, "worker", what, "its tasks are resolved").with(call));
        self.issue_status = Some(status);
        self.state = State::Closed { issue };
    }

    /// The issue could not be closed. It is tried again after `wait` seconds.
    pub fn not_closed(&mut self, problem: String, call: Option<Call>, wait: i64, now: Timestamp) {
        let Some(issue) = self.state.issue().cloned() else { return };
        let told = matches!(&self.state, State::Closing { problem: Some(before), .. } if *before == problem);
        if !told {
            let mut entry = Entry::new(now, "worker", "could not close the issue", problem.clone());
            entry.call = call;
            self.record(entry);
        }
        self.state = State::Closing { issue, problem: Some(problem) };
        self.release(Some(after(now, wait)));
        self.updated_at = now;
    }

    /// The issue is not there any more.
    pub fn lost(&mut self, call: Call, actor: &str, now: Timestamp) {
        let Some(issue) = self.state.issue().cloned() else { return };
        self.release(None);
        let what = format!("issue {} is gone", issue.key);
        self.record(Entry::new(now, actor, what, "Jira does not know it, or hides it").with(call));
        self.state = State::Gone { issue };
    }

    /// The ticket is not needed any more before an issue existed.
    pub fn dropped(&mut self, now: Timestamp) {
        self.release(None);
        self.record(Entry::new(now, "worker", "dropped", "its tasks were resolved before an issue existed"));
        self.state = State::Closed { issue: None };
    }

    /// The tasks want the issue closed.
    pub fn want_closed(&mut self, now: Timestamp) {
        self.wanted = Wanted::Closed;
        // A worker that has it looks at the wish when it has saved what it learned.
        self.due_at = self.lease.as_ref().map(|lease| lease.until).or(Some(now));
        self.record(Entry::new(now, "planner", "wants the issue closed", "its task is resolved"));
    }

    /// Nothing is left to do: the ticket is not due any more.
    pub fn settled(&mut self) {
        self.not_before = None;
        self.due_at = None;
    }

    /// A person asks to try again now. Returns whether there is anything to try.
    pub fn hasten(&mut self, person: &str, now: Timestamp) -> bool {
        let waits = match self.state {
            State::Planned | State::Failed { .. } | State::Closing { .. } => self.lease.is_none(),
            // While it is not known whether the issue exists, only time can tell: looking earlier is all that can be done.
            State::Unknown { .. } => true,
            State::Creating { .. } | State::Open { .. } | State::Closed { .. } | State::Gone { .. } => false,
        };
        if waits {
            self.not_before = None;
            self.due_at = Some(now);
            self.record(Entry::new(now, person, "asked to try again", "a person asked for it"));
        }
        waits
    }

    /// Jira told a status. Returns whether anything changed that is worth a write.
    pub fn seen(&mut self, key: &str, status: IssueStatus, actor: &str) -> bool {
        let now = status.read_at;
        let same = self
            .issue_status
            .as_ref()
            .is_some_and(|known| known.name == status.name && known.done == status.done);
        let renamed = self.state.issue().is_some_and(|issue| issue.key != key);
        if same && !renamed {
            return false;
        }
        if renamed
            && let State::Open { issue } | State::Closing { issue, .. } | State::Closed { issue: Some(issue) } =
                &mut self.state
        {
            let what = format!("the issue's key is {key}, it was {}", issue.key);
            key.clone_into(&mut issue.key);
            self.record(Entry::new(now, actor, what, "it was moved or its project renamed in Jira"));
        }
        if !same {
            self.record(Entry::new(
                now,
                actor,
                format!("the issue's status is {}", status.name),
                "it was read from Jira",
            ));
            self.issue_status = Some(status);
        }
        true
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
