//! When an invocation must be over: one moment for everything that it waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

use crate::clock::seconds_between;

/// The moment by which the running invocation must have written and answered what it learned; shared by all that it
/// calls. A function handles one event at a time, and sets it anew with each.
#[derive(Clone, Debug)]
pub struct Deadline(Arc<AtomicI64>);

/// Stands for no deadline.
const NEVER: i64 = i64::MAX;

impl Default for Deadline {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NEVER)))
    }
}

impl Deadline {
    /// Sets the moment.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_millisecond(), Ordering::SeqCst);
    }

    /// The moment; none if none is set.
    pub fn at(&self) -> Option<Timestamp> {
        match self.0.load(Ordering::SeqCst) {
            NEVER => None,
            at => Timestamp::from_millisecond(at).ok(),
        }
    }

    /// Whether at least `seconds` are left at `now`.
    pub fn leaves(&self, seconds: i64, now: Timestamp) -> bool {
        self.at().is_none_or(|at| seconds_between(now, at) >= seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::Deadline;
    use crate::clock::after;

    #[test]
    fn a_deadline_is_one_for_all_who_share_it() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let deadline = Deadline::default();
        let shared = deadline.clone();
        assert!(deadline.leaves(1_000_000, now) && deadline.at().is_none());
        shared.set(after(now, 10));
        assert_eq!(deadline.at(), Some(after(now, 10)));
        assert!(deadline.leaves(10, now) && !deadline.leaves(11, now));
    }
}
