//! Accepting the risk of a finding, for a time and for a reason.
//!
//! The task of a finding whose risk is accepted is completed, and its ticket closes as for any other. The acceptance holds
//! to the end of its last day in the tenant's time zone. Then, if reports still name it, it is open again, and its limit is
//! counted anew from that moment. Where a person ends it before, the limit is counted as if it had never been accepted: so
//! accepting and withdrawing buys no time.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::Acceptance;
use super::policy::FindingPolicy;
use crate::task::{Completion, Part, State, Task};
use crate::{Error, Result};

/// The longest time for which a risk is accepted, in days.
pub const LONGEST_ACCEPTANCE: i64 = 366;

/// Whether an acceptance may last until `until`.
///
/// # Errors
/// `Invalid` when the day is over, or too far away.
pub fn check_until(until: Date, today: Date) -> Result<()> {
    let last = today.checked_add(LONGEST_ACCEPTANCE.days()).unwrap_or(Date::MAX);
    if (today..=last).contains(&until) {
        return Ok(());
    }
    Err(Error::invalid("until", format!("until must be a day from {today} to {last}, not {until}")))
}

impl Task {
    /// That its risk is accepted, if that holds: a person may have opened it again since.
    pub fn acceptance(&self) -> Option<&Acceptance> {
        let finding = self.finding.as_ref()?;
        finding.acceptance.as_ref().filter(|_| self.state == State::Completed)
    }

    /// A person accepts the risk. Returns whether that changes anything.
    ///
    /// # Errors
    /// `Conflict` when it is about no finding, or about one that is resolved.
    pub fn accept(&mut self, acceptance: Acceptance, now: Timestamp) -> Result<bool> {
        if self.state == State::Resolved {
            return Err(Error::conflict("the finding is resolved: there is no risk to accept"));
        }
        let same = |stored: &Acceptance| {
            (stored.until, &stored.why, &stored.by) == (acceptance.until, &acceptance.why, &acceptance.by)
        };
        if self.acceptance().is_some_and(same) {
            return Ok(false);
        }
        let Some(finding) = self.finding.as_mut() else {
            return Err(Error::conflict("the task is about no finding"));
        };
        self.completion = Some(completion(&acceptance));
        finding.acceptance = Some(acceptance);
        self.state = State::Completed;
        self.held = false;
        self.updated_at = now;
        Ok(true)
    }

    /// A person takes the acceptance back. Returns whether that changes anything.
    pub fn withdraw(&mut self, policy: &FindingPolicy, now: Timestamp) -> bool {
        let holds = self.acceptance().is_some();
        let Some(finding) = self.finding.as_mut() else { return false };
        if finding.acceptance.take().is_none() {
            return false;
        }
        if holds {
            self.open_again(now);
            self.due_by(policy);
        }
        self.updated_at = now;
        true
    }

    /// Ends the acceptance if its last day is over. Returns whether that changes anything.
    pub fn end_acceptance(&mut self, policy: &FindingPolicy, now: Timestamp) -> bool {
        let today = policy.today(now);
        let holds = self.acceptance().is_some();
        let Some(finding) = self.finding.as_mut() else { return false };
        if finding.acceptance.as_ref().is_none_or(|acceptance| acceptance.until >= today) {
            return false;
        }
        finding.acceptance = None;
        if holds {
            finding.counted_from = Some(now);
            self.open_again(now);
            self.due_by(policy);
        }
        self.updated_at = now;
        true
    }

    /// Sets when it is due, unless a person did.
    pub(super) fn due_by(&mut self, policy: &FindingPolicy) {
        if let Some(finding) = &self.finding
            && !self.edited.contains(&Part::DueAt)
        {
            self.due_at = policy.due_at(finding);
        }
    }

    /// Brings the due date in line with the policy. Returns whether that changes anything.
    pub fn follow(&mut self, policy: &FindingPolicy, now: Timestamp) -> bool {
        let before = self.due_at;
        self.due_by(policy);
        let changed = self.due_at != before;
        if changed {
            self.updated_at = now;
        }
        changed
    }
}

/// What the task of an accepted finding says about why it is done.
pub(super) fn completion(acceptance: &Acceptance) -> Completion {
    let why = format!("the risk is accepted until {}: {}", acceptance.until, acceptance.why);
    Completion { by: acceptance.by.clone(), at: acceptance.at, why }
}
