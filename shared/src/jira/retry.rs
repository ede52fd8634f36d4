//! When a failed call may be made again, and after how long. Pure.
//!
//! Source: Atlassian, "Rate limiting": at most 4 attempts, waits from 2 s doubling to 30 s, times 0.7 to 1.3, and
//! `Retry-After` as the minimum; "only retry if the API is idempotent".

use std::time::Duration;

use super::error::{JiraError, Kind, LimitReason};

/// How often a call is made, at most.
pub const ATTEMPTS: u32 = 4;

/// The first wait, in seconds.
const FIRST_WAIT: f64 = 2.0;

/// The longest wait that we choose ourselves, in seconds; a longer `Retry-After` is handed back instead of waited for.
const LONGEST_WAIT: u32 = 30;

/// Whether making a call twice is the same as making it once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repeat {
    /// It reads.
    Safe,
    /// It creates or changes something.
    Unsafe,
}

/// How long to wait before making the call again after `attempts` have failed; none if it must not be made again.
/// `fraction` from 0 to 1 is the jitter.
pub fn wait_after(error: &JiraError, repeat: Repeat, attempts: u32, fraction: f64) -> Option<Duration> {
    if attempts >= ATTEMPTS {
        return None;
    }
    let minimum = match repeat {
        Repeat::Safe => minimum_for_reads(&error.kind)?,
        Repeat::Unsafe => minimum_for_writes(&error.kind)?,
    };
    if minimum > LONGEST_WAIT {
        return None;
    }
    let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
    let chosen = (FIRST_WAIT * 2_f64.powi(exponent)).min(f64::from(LONGEST_WAIT)) * (0.7 + 0.6 * fraction);
    Some(Duration::from_secs_f64(chosen.max(f64::from(minimum))))
}

fn minimum_for_reads(kind: &Kind) -> Option<u32> {
    match kind {
        Kind::Limited { reason: LimitReason::GlobalQuota | LimitReason::TenantQuota, .. } => None,
        Kind::Limited { retry_after, .. } | Kind::Unavailable { retry_after, .. } => {
            Some(retry_after.unwrap_or(0))
        }
        Kind::NotSent | Kind::InDoubt => Some(0),
        // No JSON at all is a page of something that stands between us and Jira; a wrong shape stays wrong.
        Kind::Malformed { path } if path == "$" => Some(0),
        Kind::Malformed { .. }
        | Kind::Unauthorized
        | Kind::ScopeMissing
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Refused { .. }
        | Kind::TooLarge
        | Kind::Redirected { .. } => None,
    }
}

/// A write is made again only where it certainly had no effect and Jira itself named a short wait.
fn minimum_for_writes(kind: &Kind) -> Option<u32> {
    match kind {
        Kind::Limited { reason: LimitReason::Burst, retry_after: Some(seconds) } => Some(*seconds),
        Kind::Limited { .. }
        | Kind::Unavailable { .. }
        | Kind::NotSent
        | Kind::InDoubt
        | Kind::Malformed { .. }
        | Kind::Unauthorized
        | Kind::ScopeMissing
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Refused { .. }
        | Kind::TooLarge
        | Kind::Redirected { .. } => None,
    }
}
