//! What is known of one notification of a cause, and what its channel heard of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the channel heard of a member last; the number is how often that had begun by then.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// Nothing.
    #[default]
    Nothing,
    /// That it lasts.
    Lasts(u64),
    /// That it is over.
    Over(u64),
}

impl Heard {
    pub(super) fn times(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Lasts(times) | Self::Over(times) => times,
        }
    }
}

/// One notification of a cause.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Member {
    /// The notification's version when it was last read.
    pub version: u64,
    /// How often it had begun.
    pub times: u64,
    /// Whether it lasted.
    pub on: bool,
    /// When that was noted.
    pub at: Timestamp,
    /// What the channel heard of it.
    #[serde(default)]
    pub heard: Heard,
    /// What the message says of it that is being sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Heard>,
}

impl Member {
    pub(super) fn is_news(&self) -> bool {
        self.on && self.heard != Heard::Lasts(self.times)
    }

    pub(super) fn is_over_untold(&self) -> bool {
        !self.on && matches!(self.heard, Heard::Lasts(_))
    }

    pub(super) fn has_passed(&self) -> bool {
        !self.on && !matches!(self.heard, Heard::Lasts(_)) && self.heard.times() < self.times
    }

    pub(super) fn now(&self) -> Heard {
        if self.on { Heard::Lasts(self.times) } else { Heard::Over(self.times) }
    }
}
