//! Faults that a test asks for: which calls go wrong, and how.

use serde::{Deserialize, Serialize};

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The effect happens; the connection is closed without an answer.
    AnswerLost,
    /// The connection is closed before anything happens.
    CutBefore,
    /// The right answer after `delay_ms` (5,000).
    Delay,
    /// `status` (502) instead of the effect, with GitHub's page of HTML.
    Status,
    /// The primary limit: `x-ratelimit-remaining: 0`, and the hour's end as `x-ratelimit-reset`.
    PrimaryLimit,
    /// A secondary limit: 403, or `status`, with `retry-after` (60) and calls left.
    SecondaryLimit,
}

/// One rule of `POST /__sim/faults`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only calls with this method; `*` = every one.
    #[serde(default = "any")]
    pub method: String,
    /// The end of the path; `*` = every one.
    pub path: String,
    /// The first matching call that goes wrong, counted from 1.
    #[serde(default = "one")]
    pub from_call: u64,
    /// How many calls go wrong.
    #[serde(default = "one")]
    pub times: u64,
    /// How.
    pub kind: FaultKind,
    /// For `status` and `secondary_limit`.
    #[serde(default)]
    pub status: Option<u16>,
    /// Seconds, for `secondary_limit`, and for `status` if given.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// For `delay`.
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// For `status`: the effect happens all the same.
    #[serde(default)]
    pub after_effect: bool,
    /// How many matching calls came since the rule was made.
    #[serde(default)]
    pub seen: u64,
}

fn one() -> u64 {
    1
}

fn any() -> String {
    "*".to_owned()
}

impl Fault {
    /// A fault of the next call with this method (`*` = any) whose path ends so.
    #[must_use]
    pub fn once(kind: FaultKind, method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            from_call: 1,
            times: 1,
            kind,
            status: None,
            retry_after: None,
            delay_ms: None,
            after_effect: false,
            seen: 0,
        }
    }

    pub(crate) fn has_effect(&self) -> bool {
        match self.kind {
            FaultKind::AnswerLost | FaultKind::Delay => true,
            FaultKind::Status => self.after_effect,
            FaultKind::CutBefore | FaultKind::PrimaryLimit | FaultKind::SecondaryLimit => false,
        }
    }

    /// Counts the call on every rule that concerns it; the first rule that is due is played.
    pub(crate) fn due(rules: &mut [Self], method: &str, path: &str) -> Option<Self> {
        let mut due = None;
        for rule in rules {
            let concerned = (rule.method == "*" || rule.method.eq_ignore_ascii_case(method))
                && (rule.path == "*" || path.ends_with(&rule.path));
            if !concerned {
                continue;
            }
            rule.seen += 1;
            let active = rule.seen >= rule.from_call && rule.seen - rule.from_call < rule.times;
            if active && due.is_none() {
                due = Some(rule.clone());
            }
        }
        due
    }
}
