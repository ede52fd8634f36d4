//! Letting time pass until nothing is left to do, from one thing that is due to the next.

use assay::clock::{after, seconds_between};
use jiff::Timestamp;

use crate::world::World;

/// Seconds between two runs of upkeep.
const UPKEEP_EVERY: i64 = 300;

impl World {
    /// Lets time pass until every ticket is settled and every queue is empty: messages are delivered when their time
    /// comes, upkeep runs every five minutes. Says what is left if that is not so within `hours` of virtual time.
    pub async fn come_to_rest(&self, hours: i64) -> Result<(), String> {
        let end = after(self.time.now(), hours * 3600);
        while self.time.now() < end {
            self.evaluate().await;
            self.work().await;
            let due = self.tickets().await.iter().filter_map(|ticket| ticket.due_at).min();
            if due.is_none() && self.sync.is_empty() && self.checks.is_empty() {
                return Ok(());
            }
            let upkeep = due.map(|due| next_upkeep(due.max(self.time.now())));
            let next = [upkeep, self.sync.next_at(), self.checks.next_at()].into_iter().flatten().min();
            self.time.advance(next.map_or(1, |next| seconds_between(self.time.now(), next)).max(1));
            if upkeep.is_some_and(|upkeep| upkeep <= self.time.now()) {
                self.upkeep().run(after(self.time.now(), 270)).await.expect("upkeep");
            }
        }
        let left = self.sync.len();
        Err(format!("not at rest after {hours} hours, {left} sync requests left\n{}", self.traces().await))
    }

    /// The same, for a world that must come to rest.
    pub async fn rest(&self) {
        /// Longer than any wait of a ticket.
        const HOURS: i64 = 24;
        self.come_to_rest(HOURS).await.unwrap_or_else(|left| panic!("{left}"));
    }
}

/// When upkeep first finds what is due at `due`.
fn next_upkeep(due: Timestamp) -> Timestamp {
    let second = due.as_second();
    Timestamp::from_second(second - second.rem_euclid(UPKEEP_EVERY) + UPKEEP_EVERY).unwrap_or(Timestamp::MAX)
}
