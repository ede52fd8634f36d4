//! Jira's hourly points: what has been spent, and who may still spend.
//!
//! Source: Atlassian, "Rate limiting" (12 August 2026): points reset at the top of each UTC hour; 65,000 an hour for an
//! OAuth app by default; API tokens are exempt from points but not from burst limits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{after, seconds_between};
use crate::ids::{ConnectionId, TenantId};

/// Points an hour that Atlassian gives an OAuth app by default.
pub const POINTS_AN_HOUR: u64 = 65_000;

/// The longest wait that follows from a pause, in seconds: points come back at the top of each hour.
const LONGEST_WAIT: i64 = 3600;

/// For what points are spent, most urgent first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// A person waits for it.
    UserAction,
    /// Tickets are brought to their wanted state.
    Sync,
    /// Evidence is read.
    Checks,
    /// History is filled in.
    Backfill,
}

impl Priority {
    /// How much of the hour's points may be spent before this kind of work waits, in percent.
    fn share(self) -> u64 {
        match self {
            Self::UserAction => 100,
            Self::Sync => 95,
            Self::Checks => 85,
            Self::Backfill => 82,
        }
    }
}

/// What one connection spent in one hour.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Quota {
    /// Whose connection.
    pub tenant: TenantId,
    /// Which connection.
    pub connection: ConnectionId,
    /// The hour's beginning.
    pub hour: Timestamp,
    /// Points spent in it, by our own count.
    pub spent: u64,
    /// Until when Jira asked us to pause everything.
    pub paused_until: Option<Timestamp>,
}

/// The beginning of the UTC hour in which `moment` lies.
pub fn hour_of(moment: Timestamp) -> Timestamp {
    let second = moment.as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(moment)
}

impl Quota {
    /// How long work of `priority` must wait before it may spend `points` more, in seconds; none if it need not.
    /// `metered` says whether points bind the connection at all.
    pub fn wait(&self, priority: Priority, points: u64, metered: bool, now: Timestamp) -> Option<i64> {
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Some(seconds_between(now, until).clamp(1, LONGEST_WAIT));
        }
        let allowed = POINTS_AN_HOUR * priority.share() / 100;
        if metered && hour_of(now) == self.hour && self.spent + points > allowed {
            return Some(seconds_between(now, after(self.hour, 3600)).max(1));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Priority, Quota, hour_of};
    use crate::clock::after;
    use crate::ids::{ConnectionId, TenantId};

    #[test]
    fn backfill_waits_first_and_a_person_last() {
        let now = "2026-01-01T10:20:00Z".parse().unwrap();
        let mut quota = Quota {
            tenant: TenantId::parse("acme").unwrap(),
            connection: ConnectionId::parse("con-1").unwrap(),
            hour: hour_of(now),
            spent: 53_300,
            paused_until: None,
        };
        assert_eq!(quota.wait(Priority::Backfill, 1, true, now), Some(2400));
        assert_eq!(quota.wait(Priority::Checks, 1, true, now), None);
        quota.spent = 64_999;
        assert_eq!(quota.wait(Priority::Checks, 1, true, now), Some(2400));
        assert_eq!(quota.wait(Priority::UserAction, 1, true, now), None);
        assert_eq!(quota.wait(Priority::Checks, 1, false, now), None, "tokens are not metered");
        assert_eq!(quota.wait(Priority::Checks, 1, true, after(now, 3600)), None, "a new hour");
        quota.paused_until = Some(after(now, 30));
        assert_eq!(quota.wait(Priority::UserAction, 1, false, now), Some(30), "Jira's word binds everybody");
        quota.paused_until = Some(after(now, 30 * 24 * 3600));
        assert_eq!(quota.wait(Priority::UserAction, 1, false, now), Some(3600), "but not for a month");
    }
}
