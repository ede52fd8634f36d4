//! What each answer of Jira makes of a ticket.

use jiff::Timestamp;

use super::{Issue, IssueStatus, State, Ticket, Written};
use crate::clock::{after, seconds_between};
use crate::trace::{Call, Entry};

/// How many looks must have found nothing, beside the time that must have passed, before an issue is created again.
const LEAST_LOOKS: u32 = 2;

/// The longest wait between two attempts at something that Jira refuses, in seconds.
pub(super) const LONGEST_WAIT: i64 = 6 * 3600;

/// How long to wait before looking for a lost issue the next time, in seconds, after `looks` looks: 2, 4, 8 … 300.
pub fn look_again_after(looks: u32) -> i64 {
    2_i64.saturating_pow(looks.min(16) + 1).min(300)
}

impl Ticket {
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
        self.counts_since.get_or_insert(now);
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
}
