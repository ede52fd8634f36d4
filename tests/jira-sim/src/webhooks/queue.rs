//! What waits to be delivered: in which order it goes, what is lost, and what comes again.

use jiff::Timestamp;
use serde_json::json;

use super::{Hook, Webhooks};
use crate::{clock::plus_seconds, settings::Settings};

const MOST_ATTEMPTS: u32 = 6;
/// Jira waits 5 to 15 minutes before it tries again.
const RETRY_SECONDS: i64 = 600;

/// One webhook on its way.
#[derive(Debug, Clone)]
pub(crate) struct Queued {
    /// Counts all deliveries that there ever were; it makes the identifier.
    pub(super) number: u64,
    /// After how many resets it was made; a reset forgets what was on its way.
    pub(super) generation: u64,
    pub(super) hook: Hook,
    pub(super) event: &'static str,
    pub(super) flow: Flow,
    pub(super) body: String,
    pub(super) due: Timestamp,
    /// How many attempts there were.
    pub(super) attempt: u32,
}

/// How soon Jira delivers: at once, or within a quarter of an hour what follows from something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Primary,
    Secondary,
}

/// What became of an attempt: the receiver's status, or why there is none.
pub(crate) type Outcome = Result<u16, String>;

impl Queued {
    /// The same for all attempts and duplicates.
    pub(super) fn identifier(&self) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.number)
    }
}

impl Webhooks {
    /// Queues a delivery, once or twice, or loses it.
    pub(super) fn push(&mut self, mut queued: Queued, settings: &Settings) {
        let every = |n: u64, number: u64| n > 0 && number.is_multiple_of(n);
        self.last_delivery += 1;
        queued.number = self.last_delivery;
        queued.generation = self.generation;
        if every(settings.webhook_loss, queued.number) {
            self.log.push(json!({
                "webhook": queued.hook.id,
                "event": queued.event,
                "identifier": queued.identifier(),
                "attempt": 0,
                "lost": true,
            }));
            return;
        }
        if settings.webhook_duplicates || every(settings.webhook_duplicate_every, queued.number) {
            self.waiting.push(queued.clone());
        }
        self.waiting.push(queued);
    }

    /// The deliveries that are due, in the order in which they are to be sent; they are in flight until settled.
    pub(super) fn take_due(&mut self, now: Timestamp, settings: &Settings) -> Vec<Queued> {
        let (mut due, later): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|queued| queued.due <= now);
        self.waiting = later;
        if let Some(seed) = settings.webhook_shuffle {
            due.sort_by_key(|queued| mixed(seed ^ (queued.number << 8) ^ u64::from(queued.attempt)));
        }
        if settings.webhook_reorder {
            due.reverse();
        }
        self.in_flight += due.len();
        due
    }

    pub(super) fn settle(&mut self, mut queued: Queued, outcome: &Outcome, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if queued.generation != self.generation {
            return;
        }
        // Other 4xx are lost for good.
        let again = match outcome {
            Ok(status) => matches!(status, 408 | 409 | 425 | 429 | 500..),
            Err(_) => true,
        };
        queued.attempt += 1;
        let retried = again && queued.attempt < MOST_ATTEMPTS;
        self.log.push(json!({
            "webhook": queued.hook.id,
            "event": queued.event,
            "identifier": queued.identifier(),
            "attempt": queued.attempt,
            "status": outcome.as_ref().ok(),
            "error": outcome.as_ref().err(),
            "retried": retried,
        }));
        if retried {
            queued.due = plus_seconds(now, RETRY_SECONDS);
            self.waiting.push(queued);
        }
    }

    /// Empty, for a simulator that begins anew: no identifier comes again, and what is in flight still is.
    pub(crate) fn begun_anew(&self) -> Self {
        Self {
            last_id: self.last_id,
            last_delivery: self.last_delivery,
            generation: self.generation + 1,
            in_flight: self.in_flight,
            ..Self::default()
        }
    }
}

/// A number that looks like chance and is the same every time (the finalizer of `SplitMix64`).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
