//! Virtual time that Assay and the simulator share, so that no test sleeps.

use std::sync::Arc;
use std::time::Duration;

use assay::clock::{Clock, ManualClock};
use assay::jira::Sleeper;
use jiff::{SignedDuration, Timestamp};
use jira_sim::Simulator;

/// Moves both clocks together.
#[derive(Clone)]
pub struct Time {
    ours: Arc<ManualClock>,
    simulator: Simulator,
}

impl Time {
    /// Both clocks begin at the simulator's time.
    pub fn of(simulator: &Simulator) -> Self {
        Self { ours: Arc::new(ManualClock::new(simulator.now())), simulator: simulator.clone() }
    }

    /// Our clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.ours) as Arc<dyn Clock>
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.ours.now()
    }

    /// Moves both clocks forward.
    pub fn advance(&self, seconds: i64) {
        self.ours.advance(seconds);
        self.simulator.advance(SignedDuration::from_secs(seconds));
    }
}

/// Sleeping moves virtual time, and takes none.
#[async_trait::async_trait]
impl Sleeper for Time {
    async fn sleep(&self, duration: Duration) {
        let seconds =
            i64::try_from(duration.as_secs()).unwrap_or(i64::MAX) + i64::from(duration.subsec_nanos() > 0);
        self.advance(seconds);
        // Others get their turn, as they would while one waits.
        tokio::task::yield_now().await;
    }
}
