//! Virtual time: the one place that reads the machine's clock.
//!
//! The simulator never asks for the time anywhere else, so that a test can put a year between two calls.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Where virtual time starts from, before anything was advanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockBase {
    /// The machine's clock; virtual time runs on by itself.
    Real,
    /// A fixed instant; virtual time moves only when it is advanced. So does the second in which calls are
    /// counted: a test that makes more than a hundred calls advances it, or turns `Settings::burst` off.
    Manual(Timestamp),
}

/// Virtual time = base + what was advanced.
#[derive(Debug)]
pub struct Clock {
    base: ClockBase,
    advanced_ms: AtomicI64,
}

impl Clock {
    /// A clock at its base.
    pub fn new(base: ClockBase) -> Self {
        Self { base, advanced_ms: AtomicI64::new(0) }
    }

    /// Virtual time.
    pub fn now(&self) -> Timestamp {
        let base = match self.base {
            ClockBase::Real => machine_time(),
            ClockBase::Manual(instant) => instant,
        };
        let advanced = SignedDuration::from_millis(self.advanced_ms.load(Ordering::Relaxed));
        // Saturating: a script that advances too far gets the last instant, not a crash.
        base.saturating_add(advanced).unwrap_or(base)
    }

    /// Moves virtual time forward.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.advanced_ms.fetch_add(millis, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one injected clock of this crate")]
fn machine_time() -> Timestamp {
    // Jira's stored times have millisecond precision.
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// `now` moved by seconds, staying inside the range of time.
pub(crate) fn plus_seconds(instant: Timestamp, seconds: i64) -> Timestamp {
    instant.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(instant)
}

/// `now` moved by milliseconds, staying inside the range of time.
pub(crate) fn plus_millis(instant: Timestamp, millis: i64) -> Timestamp {
    instant.saturating_add(SignedDuration::from_millis(millis)).unwrap_or(instant)
}
