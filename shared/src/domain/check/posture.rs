//! Posture: how the checks stood on each day, for looking back.
//!
//! One small record for each day holds the last outcome of each part of each check (a connection, or the tenant as a
//! whole) on that day in UTC, so that a look at a quarter reads ninety small records and not thousands of runs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{CheckId, CheckRun, Outcome};
use crate::ids::fixed;

/// How long a day is kept, in days: a year, and some for whoever looks back at it.
pub const KEPT_FOR: i64 = 400;

/// The last outcomes of one day.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Day {
    /// The day, in UTC.
    pub day: Date,
    /// The last outcome of each part, by [`part_of`].
    pub outcomes: BTreeMap<String, Outcome>,
}

/// How many checks stood how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Posture {
    /// Checks that passed.
    pub pass: u64,
    /// Checks that failed.
    pub fail: u64,
    /// Checks that could not be told.
    pub cannot_tell: u64,
    /// Checks with nothing in scope.
    pub not_applicable: u64,
}

impl Posture {
    /// Counts outcomes, one for each check.
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut posture = Self::default();
        for outcome in outcomes {
            *match outcome {
                Outcome::Pass => &mut posture.pass,
                Outcome::Fail => &mut posture.fail,
                Outcome::CannotTell => &mut posture.cannot_tell,
                Outcome::NotApplicable => &mut posture.not_applicable,
            } += 1;
        }
        posture
    }
}

impl Day {
    /// How the checks stood at the end of the day: of each check, the worst of its parts.
    pub fn posture(&self) -> Posture {
        let check_of = |part: &str| part.split_once('_').map(|(check, _)| check.to_owned());
        let checks: BTreeSet<String> = self.outcomes.keys().filter_map(|part| check_of(part)).collect();
        Posture::of(checks.into_iter().map(|check| {
            let parts = self.outcomes.iter().filter(|(part, _)| check_of(part).as_ref() == Some(&check));
            Outcome::of_parts(parts.map(|(_, outcome)| *outcome))
        }))
    }
}

/// The day, in UTC, on which a run was done.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// What a run is a part of: its check, and what stands for its connection. Letters, digits and `_` only.
pub fn part_of(run: &CheckRun) -> String {
    part(run.check, run.connection.as_ref().map(crate::ids::ConnectionId::as_str))
}

fn part(check: CheckId, connection: Option<&str>) -> String {
    let connection = connection.map_or_else(|| "tenant".to_owned(), |id| fixed(&[id]));
    format!("{check}_{connection}")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Day, Posture, part};
    use crate::check::CheckId;
    use crate::check::Outcome::{self, CannotTell, Fail, NotApplicable, Pass};

    #[test]
    fn a_day_counts_each_check_once_by_its_worst_part() {
        let parts: [(CheckId, Option<&str>, Outcome); 6] = [
            (CheckId::B1, None, Pass),
            (CheckId::B2, Some("con-1"), Pass),
            (CheckId::B2, Some("con-2"), Fail),
            (CheckId::B3, Some("con-1"), CannotTell),
            (CheckId::B3, Some("con-2"), NotApplicable),
            (CheckId::B4, Some("con-1"), NotApplicable),
        ];
        let outcomes = parts.map(|(check, connection, outcome)| (part(check, connection), outcome)).into();
        let posture = Day { day: date(2026, 1, 1), outcomes }.posture();
        assert_eq!(posture, Posture { pass: 1, fail: 1, cannot_tell: 1, not_applicable: 1 });
    }

    #[test]
    fn the_name_of_a_part_may_stand_in_an_expression_of_the_table() {
        for name in [part(CheckId::B1, None), part(CheckId::B2, Some("con-1"))] {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
        }
        assert_ne!(part(CheckId::B2, Some("con-1")), part(CheckId::B2, Some("con-2")));
    }
}
