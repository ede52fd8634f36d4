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
    /// As `cut_before`, by a TCP reset.
    Reset,
    /// The right answer after `delay_ms`.
    Delay,
    /// `status` instead of the effect, with the headers that belong to it.
    Status,
    /// The effect does not happen; a page of HTML with `status` (502 if none is given).
    Html,
    /// The effect happens; the body ends in the middle.
    Truncated,
    /// The effect happens; the body comes byte by byte over `delay_ms`.
    SlowDrip,
    /// The effect does not happen; 302 to `location`.
    Redirect,
    /// The connection is closed without an answer, and the effect happens when `delay_ms` of virtual time have passed:
    /// who looks at once finds nothing.
    EffectLate,
}

/// One rule of `POST /__sim/faults`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only calls with this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The end of the path, or an `operationId`; `*` = every call.
    pub path: String,
    /// The first matching call that goes wrong, counted from 1.
    #[serde(default = "one")]
    pub from_call: u64,
    /// How many calls go wrong.
    #[serde(default = "one")]
    pub times: u64,
    /// How.
    pub kind: FaultKind,
    /// For `status` and `html`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `RateLimit-Reason` of a 429.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `Retry-After` in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// For `delay` and `slow_drip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// For `redirect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// For `status`, `html` and `redirect`: the effect happens all the same, and this is what the caller sees of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub after_effect: bool,
    /// The most issues that a bulk create makes before it stops, for faults after the effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elements: Option<usize>,
    /// How many matching calls came since the rule was made.
    #[serde(default)]
    pub seen: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

fn one() -> u64 {
    1
}

impl Fault {
    /// A fault of the next matching call; `path` is the end of a path or an `operationId`.
    #[must_use]
    pub fn once(kind: FaultKind, path: &str) -> Self {
        Self {
            method: None,
            path: path.to_owned(),
            from_call: 1,
            times: 1,
            kind,
            status: None,
            reason: None,
            retry_after: None,
            delay_ms: None,
            location: None,
            after_effect: false,
            elements: None,
            seen: 0,
        }
    }

    /// Whether the effect has happened when the caller sees what goes wrong.
    pub fn has_effect(&self) -> bool {
        match self.kind {
            FaultKind::AnswerLost | FaultKind::Delay | FaultKind::Truncated | FaultKind::SlowDrip => true,
            FaultKind::Status | FaultKind::Html | FaultKind::Redirect => self.after_effect,
            FaultKind::CutBefore | FaultKind::Reset | FaultKind::EffectLate => false,
        }
    }

    /// Whether the connection is closed without an answer.
    pub(crate) fn cuts(&self) -> bool {
        use FaultKind::{AnswerLost, CutBefore, EffectLate, Reset};
        matches!(self.kind, AnswerLost | CutBefore | Reset | EffectLate)
    }

    fn concerns(&self, method: &str, path: &str, operation: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && (self.path == "*" || self.path == operation || path.ends_with(&self.path))
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) rules: Vec<Fault>,
}

impl Faults {
    /// Counts the call on every rule that concerns it; the first rule that is due is played.
    pub(crate) fn due(&mut self, method: &str, path: &str, operation: &str) -> Option<Fault> {
        let mut due = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.concerns(method, path, operation)) {
            rule.seen += 1;
            let active = rule.seen >= rule.from_call && rule.seen - rule.from_call < rule.times;
            if active && due.is_none() {
                due = Some(rule.clone());
            }
        }
        due
    }
}
