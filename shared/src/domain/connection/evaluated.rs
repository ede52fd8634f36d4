//! What is remembered of a connection's last evaluation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::after;

/// The last evaluation of a connection's checks that came to an end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Evaluated {
    /// When it began.
    pub started_at: Timestamp,
    /// What it cost, in Jira's points.
    pub points: u64,
    /// After how many seconds the next one is meant to come.
    pub every: i64,
}

impl Evaluated {
    /// Points a second that evaluations which are asked for by news may cost.
    const POINTS_A_SECOND: u64 = 15;

    /// The longest rest, in seconds.
    const LONGEST_REST: u64 = 900;

    /// Until when news asks for no other evaluation: the more the last one cost, the longer, up to 15 minutes.
    pub fn rests_until(&self) -> Timestamp {
        let rest = (self.points / Self::POINTS_A_SECOND).min(Self::LONGEST_REST);
        after(self.started_at, i64::try_from(rest).unwrap_or_default())
    }
}
