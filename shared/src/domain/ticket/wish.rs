//! What tasks, sync settings and people want of a ticket.

use jiff::Timestamp;

use super::{HowGone, News, State, Ticket, Wanted};
use crate::sync_setting::GonePolicy;
use crate::trace::Entry;

impl Ticket {
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
        // Between two looks for issues that may exist lies a time that no wish shortens.
        let looks_later = match self.state {
            State::Unknown { .. } | State::Creating { .. } => true,
            State::Open { .. } | State::Closed { .. } => self.is_sweeping(),
            State::Planned
            | State::Closing { .. }
            | State::Reopening { .. }
            | State::Gone { .. }
            | State::Failed { .. } => false,
        };
        if !looks_later {
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

    /// Whether its issue is deleted or archived, not by us, while it is wanted: what becomes of its tasks can be decided.
    pub fn may_be_decided(&self) -> bool {
        matches!(self.state, State::Gone { how: HowGone::Deleted | HowGone::Archived, .. })
            && self.wanted == Wanted::Open
    }

    /// A person decides what becomes of the tasks of an issue that is gone. Returns whether there is anything to decide.
    pub fn decide(&mut self, policy: GonePolicy, person: &str, now: Timestamp) -> bool {
        let undecided = self.may_be_decided();
        if undecided {
            self.decided = Some(policy);
            self.news = Some(News::Gone);
            self.due_at = Some(now);
            self.record(Entry::new(now, person, "decided what becomes of its tasks", format!("{policy:?}")));
        }
        undecided
    }
}
