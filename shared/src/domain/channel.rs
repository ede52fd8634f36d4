//! Channels: where notifications are sent, and which of them.
//!
//! | state | meaning | leaves it by |
//! |---|---|---|
//! | works | nothing is known against it | an answer that is no success |
//! | failing | the last message was not taken; it is tried again, later each time | a message that is taken |
//! | paused | people want nothing sent for now, whatever else is known | somebody going on with it |
//! | broken | it answered that it will never take one (`broken` says what to do); nothing is sent | another address, or a test that succeeds |

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::after;
use crate::ids::{ChannelId, TenantId};
use crate::notification::Kind;
use crate::{Error, Result};

/// How many channels a tenant may have.
pub const MOST_CHANNELS: usize = 20;

/// How long the secret before this one signs beside it after a rotation, in seconds: a day.
pub const OLD_SECRET_SIGNS: i64 = 24 * 3600;

/// The longest quiet time, in minutes: a week.
const LONGEST_QUIET: u32 = 7 * 24 * 60;

/// The highest least number of causes.
const MOST_AT_LEAST: u32 = 1000;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// The wait after the first failure in a row, in seconds; it doubles with each further one.
const FIRST_WAIT: i64 = 60;

/// The longest wait between two tries, in seconds.
const LONGEST_WAIT: i64 = 3600;

/// What stands at the other end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An incoming webhook of Slack.
    Slack,
    /// Any receiver of webhooks that are signed as Standard Webhooks says.
    Webhook,
}

/// Which notifications are sent, and how often.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rules {
    /// Only these kinds; all if none.
    pub kinds: Option<BTreeSet<Kind>>,
    /// Whether it is said that a cause is over.
    pub recovered: bool,
    /// For so many minutes after a message, a cause that begins again is counted and not told.
    pub quiet_minutes: u32,
    /// How many things a cause must stop before it is told.
    pub at_least: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { kinds: None, recovered: true, quiet_minutes: 60, at_least: 1 }
    }
}

impl Rules {
    /// Whether they hold what rules may hold.
    ///
    /// # Errors
    /// `Invalid` with the field to blame.
    pub fn check(&self) -> Result<()> {
        if self.kinds.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Error::invalid("kinds", "kinds must name one at least; leave it out for all"));
        }
        if self.quiet_minutes > LONGEST_QUIET {
            let message = format!("quiet_minutes must be 0 to {LONGEST_QUIET}");
            return Err(Error::invalid("quiet_minutes", message));
        }
        if !(1..=MOST_AT_LEAST).contains(&self.at_least) {
            let message = format!("at_least must be 1 to {MOST_AT_LEAST}");
            return Err(Error::invalid("at_least", message));
        }
        Ok(())
    }

    /// Whether notifications of a kind are sent.
    pub fn cover(&self, kind: Kind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// Why nothing is sent any more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Broken {
    /// What the other side answered.
    pub what: String,
    /// What to do.
    pub mend: String,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Timestamp,
}

/// A message that was not taken.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Failure {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What the other side answered, or that it did not.
    pub what: String,
}

/// How sending goes.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Health {
    /// When a message was last taken.
    pub succeeded_at: Option<Timestamp>,
    /// The last message that was not.
    pub failed: Option<Failure>,
    /// Failures since the last success.
    pub failures: u32,
    /// Until when nothing is sent.
    pub paused_until: Option<Timestamp>,
    /// Why nothing is sent any more.
    pub broken: Option<Broken>,
    /// Messages that were given up because nobody took them for a day.
    pub given_up: u64,
}

impl Health {
    /// A message was taken.
    pub fn succeeded(&mut self, now: Timestamp) {
        self.succeeded_at = Some(now);
        self.failures = 0;
        self.paused_until = None;
        self.broken = None;
    }

    /// A message was not taken; `wait` is how many seconds the other side asked to wait. Gives when to try again.
    pub fn failed(&mut self, what: &str, wait: Option<i64>, now: Timestamp) -> Timestamp {
        let until = after(now, waits(self.failures, wait));
        self.failures = self.failures.saturating_add(1);
        self.failed = Some(Failure { at: now, what: what.to_owned() });
        self.paused_until = Some(until);
        until
    }

    /// Somebody entered another address: nothing is known against it.
    pub fn mended(&mut self) {
        self.failures = 0;
        self.paused_until = None;
        self.broken = None;
    }

    /// One message was refused; others may be taken.
    pub fn refused(&mut self, what: &str, now: Timestamp) {
        self.failed = Some(Failure { at: now, what: what.to_owned() });
    }

    /// The other side will never take a message.
    pub fn broke(&mut self, what: &str, mend: &str, now: Timestamp) {
        self.failed = Some(Failure { at: now, what: what.to_owned() });
        self.failures = self.failures.saturating_add(1);
        let since = self.broken.as_ref().map_or(now, |broken| broken.since);
        self.broken = Some(Broken { what: what.to_owned(), mend: mend.to_owned(), since });
    }
}

/// How long to wait after `failures` failures before the one just now, in seconds: doubled each time, at least what the
/// other side asked for, and within a day.
pub fn waits(failures: u32, asked: Option<i64>) -> i64 {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.min(10)).min(LONGEST_WAIT);
    doubled.max(asked.unwrap_or(0)).min(24 * 3600)
}

/// One channel. Its address is a secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Channel {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: ChannelId,
    /// What people call it.
    pub name: String,
    /// What stands at the other end.
    pub target: Target,
    /// The host of its address.
    pub host: String,
    /// Which notifications are sent.
    pub rules: Rules,
    /// Whether people want nothing sent for now; what there is to tell waits, as for a broken channel.
    #[serde(default)]
    pub paused: bool,
    /// How sending goes.
    pub health: Health,
    /// Until when the signing secret before this one signs, too.
    pub old_secret_until: Option<Timestamp>,
    /// Who made it.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When people last changed it.
    pub updated_at: Timestamp,
    /// Grows by one with every write.
    pub version: u64,
}

/// Checks what a channel is to be called.
///
/// # Errors
/// `Invalid`.
pub fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        let message = format!("name must be 1 to {LONGEST_NAME} characters in one line");
        return Err(Error::invalid("name", message));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Health, Rules, waits};
    use crate::clock::after;
    use crate::notification::Kind;

    #[test]
    fn waits_double_up_to_an_hour_and_are_never_shorter_than_what_was_asked_for() {
        let all: Vec<i64> = (0..8).map(|failures| waits(failures, None)).collect();
        assert_eq!(all, [60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(waits(0, Some(7200)), 7200);
        assert_eq!(waits(5, Some(10)), 1920);
        assert_eq!(waits(0, Some(i64::MAX)), 86_400);
        assert_eq!(waits(u32::MAX, None), 3600);
    }

    #[test]
    fn a_broken_channel_says_since_when_and_a_success_mends_it() {
        let now = "2026-06-15T12:00:00Z".parse().unwrap();
        let mut health = Health::default();
        assert_eq!(health.failed("503", None, now), after(now, 60));
        assert_eq!(health.failed("503", None, after(now, 60)), after(now, 180));
        health.broke("404", "enter another address", after(now, 200));
        health.broke("404", "enter another address", after(now, 300));
        assert_eq!(health.broken.as_ref().unwrap().since, after(now, 200));
        health.succeeded(after(now, 400));
        assert_eq!((health.broken, health.failures, health.paused_until), (None, 0, None));
    }

    #[test]
    fn rules_name_kinds_and_numbers_within_bounds() {
        let rules = Rules { kinds: Some(BTreeSet::from([Kind::TicketStuck])), ..Rules::default() };
        assert!(rules.check().is_ok() && rules.cover(Kind::TicketStuck) && !rules.cover(Kind::CampaignDue));
        assert!(Rules::default().cover(Kind::CampaignDue));
        for bad in [
            Rules { kinds: Some(BTreeSet::new()), ..Rules::default() },
            Rules { quiet_minutes: 10_081, ..Rules::default() },
            Rules { at_least: 0, ..Rules::default() },
            Rules { at_least: 1001, ..Rules::default() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
