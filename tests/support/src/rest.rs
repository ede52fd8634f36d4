//! Letting time pass until nothing is left to do, from one thing that is due to the next.

use assay::clock::{after, seconds_between};
use assay::operations::tickets::Worker;
use assay::operations::upkeep::Upkeep;
use jiff::Timestamp;

use crate::world::World;

/// Seconds between two runs of upkeep.
const UPKEEP_EVERY: i64 = 300;

/// Longer than any wait of a ticket, in hours.
const LONG: i64 = 24;

impl World {
    /// Lets time pass until every ticket is settled and every queue is empty.
    pub async fn rest(&self) {
        let rest = self.come_to_rest(&self.worker(), Some(&self.upkeep())).await;
        rest.unwrap_or_else(|left| panic!("{left}"));
    }

    /// The same, within `hours` of virtual time.
    pub async fn settle(&self, hours: i64) {
        let rest = self.come_to_rest_within(hours, &self.worker(), Some(&self.upkeep())).await;
        rest.unwrap_or_else(|left| panic!("{left}"));
    }

    /// Time passes as it does where Assay is deployed: with upkeep every five minutes.
    pub async fn pass(&self, seconds: i64) {
        let end = after(self.time.now(), seconds);
        loop {
            let next = next_upkeep(self.time.now());
            if next > end {
                return self.time.advance(seconds_between(self.time.now(), end));
            }
            self.time.advance(seconds_between(self.time.now(), next).max(1));
            let deadline = after(self.time.now(), 270);
            Box::pin(self.upkeep().run(deadline)).await.expect("upkeep outlives what Jira does");
        }
    }

    /// The same as [`World::rest`] with a worker and an upkeep of the test's own: messages are delivered when their time comes, upkeep runs
    /// every five minutes. Says what is left if there is no rest within a day of virtual time.
    pub async fn come_to_rest(&self, worker: &Worker, upkeep: Option<&Upkeep>) -> Result<(), String> {
        self.come_to_rest_within(LONG, worker, upkeep).await
    }

    async fn come_to_rest_within(
        &self,
        hours: i64,
        worker: &Worker,
        upkeep: Option<&Upkeep>,
    ) -> Result<(), String> {
        let end = after(self.time.now(), hours * 3600);
        while self.time.now() < end {
            self.evaluate().await;
            self.work_with(worker).await;
            let due = self.tickets().await.iter().filter_map(|ticket| ticket.due_at).min();
            if due.is_none() && self.sync.is_empty() && self.checks.is_empty() {
                return Ok(());
            }
            // A quarantine ends when upkeep finds it mended, whenever its tickets are due.
            let is_quarantined = self.settings().await.iter().any(|setting| setting.quarantine.is_some());
            let now = self.time.now();
            let repaired = due.map(|due| next_upkeep(if is_quarantined { now } else { due.max(now) }));
            let next = [repaired, self.sync.next_at(), self.checks.next_at()].into_iter().flatten().min();
            self.time.advance(next.map_or(1, |next| seconds_between(self.time.now(), next)).max(1));
            if let (Some(upkeep), Some(at)) = (upkeep, repaired)
                && at <= self.time.now()
            {
                Box::pin(upkeep.run(after(self.time.now(), 270))).await.expect("upkeep");
            }
        }
        let left = self.sync.len();
        Err(format!("no rest after {hours} hours, {left} sync requests left\n{}", self.traces().await))
    }
}

/// When upkeep first finds what is due at `due`.
fn next_upkeep(due: Timestamp) -> Timestamp {
    let second = due.as_second();
    Timestamp::from_second(second - second.rem_euclid(UPKEEP_EVERY) + UPKEEP_EVERY).unwrap_or(Timestamp::MAX)
}
