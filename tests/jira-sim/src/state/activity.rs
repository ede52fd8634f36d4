//! What was done in seeded issues: a rule from the number of an issue to a small life, with its last moment known
//! beforehand, so that a range of moments is a range of numbers.
//!
//! The last moments of a row of issues are spread evenly over the days of the seed, in an order that is not that of the
//! issues: the rank of an issue is its position times a step, modulo the count.

use jiff::Timestamp;

use crate::clock::plus_millis;

const HOUR_MS: u64 = 3_600_000;
/// The longest time from one deed in an issue to the next.
const MOST_GAP_MS: u64 = 48 * HOUR_MS;
/// Every 8th rank has a worklog, and that is the last deed.
const WORKLOG_EVERY: u64 = 8;
/// Every 4th of the worklogs was changed.
const EDITED_WORKLOG_EVERY: u64 = 4;
/// No issue was changed in the last minutes before the seed.
const QUIET_MS: i64 = 300_000;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doer {
    /// An app, as every 40th is.
    App,
    Named(u64),
    Bulk(u64),
}

impl Doer {
    pub(crate) fn id(self) -> String {
        match self {
            Self::App => "acc-app".to_owned(),
            Self::Named(number) => format!("acc-{number}"),
            Self::Bulk(number) => format!("bulk-{number}"),
        }
    }
}

/// What was done; the number counts the things of a kind in the issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Created,
    Changed(u64),
    Commented(u64),
    CommentEdited(u64),
    Worked,
    WorkEdited,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Deed {
    pub(crate) what: What,
    pub(crate) at: Timestamp,
    pub(crate) by: Doer,
}

/// The rule of one row of issues.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) first_id: u64,
    pub(crate) count: u64,
    /// How many bulk accounts there are; the last quarter of them does nothing.
    pub(crate) accounts: u64,
    pub(crate) made: Timestamp,
    pub(crate) span_ms: i64,
    step: u64,
    back: u64,
}

impl Rule {
    pub(crate) fn new(first_id: u64, count: u64, accounts: u64, made: Timestamp, span_ms: i64) -> Self {
        let modulus = count.max(1);
        let mut step = (modulus * 618 / 1000).max(1);
        while greatest_common_divisor(step, modulus) != 1 {
            step += 1;
        }
        Self { first_id, count, accounts, made, span_ms, step, back: inverse(step, modulus) }
    }

    fn times(&self, number: u64, factor: u64) -> u64 {
        let modulus = u128::from(self.count.max(1));
        u64::try_from(u128::from(number) * u128::from(factor) % modulus).unwrap_or(0)
    }

    fn rank(&self, position: u64) -> u64 {
        self.times(position, self.step)
    }

    /// The position of the issue with a rank.
    pub(crate) fn position(&self, rank: u64) -> u64 {
        self.times(rank, self.back)
    }

    /// When the issue with a rank was last changed; a higher rank is never earlier.
    pub(crate) fn moment(&self, rank: u64) -> Timestamp {
        let before = u128::from(self.count.saturating_sub(rank + 1));
        let back = before * u128::from(self.span_ms.unsigned_abs()) / u128::from(self.count.max(1));
        plus_millis(self.made, -QUIET_MS - i64::try_from(back).unwrap_or(0))
    }

    /// The first rank whose moment is not before an instant.
    pub(crate) fn first_rank(&self, from_ms: i64) -> u64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.moment(middle).as_millisecond() < from_ms { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Positions of the issues with worklogs, by the time of the worklog, from an instant on.
    pub(crate) fn worked(&self, from_ms: i64) -> impl Iterator<Item = (i64, u64)> + use<> {
        let rule = *self;
        let ranks = self.first_rank(from_ms)..self.count;
        ranks
            .filter(|rank| has_worklog(*rank))
            .map(move |rank| (rule.moment(rank).as_millisecond(), rule.position(rank)))
    }

    /// Everything that was done in an issue, in order; an issue that changes its status has at least one change.
    pub(crate) fn deeds(&self, position: u64, least_changes: u64) -> Vec<Deed> {
        let rank = self.rank(position);
        let chance = |salt: u64| mixed(self.first_id + position, salt);
        let changes = (chance(0) % 7).max(least_changes);
        let comments = chance(1) % 3;
        let mut order = vec![What::Created];
        for turn in 0..changes.max(comments) {
            order.extend((turn < changes).then_some(What::Changed(turn)));
            order.extend((turn < comments).then_some(What::Commented(turn)));
        }
        if comments > 0 && chance(2).is_multiple_of(5) {
            order.push(What::CommentEdited(0));
        }
        if has_worklog(rank) {
            order.push(What::Worked);
            if (rank / WORKLOG_EVERY).is_multiple_of(EDITED_WORKLOG_EVERY) {
                order.push(What::WorkEdited);
            }
        }
        let mut at = self.moment(rank);
        let mut deeds = Vec::with_capacity(order.len());
        for (place, what) in order.iter().enumerate().rev() {
            deeds.push(Deed { what: *what, at, by: self.doer(position, *what) });
            let gap = 60_000 + chance(100 + place as u64) % MOST_GAP_MS;
            at = plus_millis(at, -i64::try_from(gap).unwrap_or(60_000));
        }
        deeds.reverse();
        deeds
    }

    /// Three people work on an issue; what is edited is edited by whom it is from.
    fn doer(&self, position: u64, what: What) -> Doer {
        let salt = match what {
            What::Created => 200,
            What::Changed(number) => 210 + number,
            What::Commented(number) | What::CommentEdited(number) => 220 + number,
            What::Worked | What::WorkEdited => 230,
        };
        let chance = |salt: u64| mixed(self.first_id + position, salt);
        let seat = chance(300 + chance(salt) % 3);
        let busy = self.accounts - self.accounts / 4;
        match (chance(salt + 100) % 40, busy) {
            (0, _) => Doer::App,
            (_, 0) => Doer::Named(seat % 9 + 1),
            _ => Doer::Bulk(seat % busy + 1),
        }
    }
}

fn has_worklog(rank: u64) -> bool {
    rank % WORKLOG_EVERY == WORKLOG_EVERY - 1
}

/// A number that looks like chance (the finaliser of splitmix64).
pub(crate) fn mixed(number: u64, salt: u64) -> u64 {
    let mut value = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xd1b5_4a32_d192_ed03);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

/// What undoes a multiplication modulo a number without a common divisor.
fn inverse(step: u64, modulus: u64) -> u64 {
    let (mut old, mut new) = (i128::from(modulus), i128::from(step % modulus));
    let (mut old_factor, mut factor) = (0_i128, 1_i128);
    while new != 0 {
        let times = old / new;
        (old, new) = (new, old - times * new);
        (old_factor, factor) = (factor, old_factor - times * factor);
    }
    u64::try_from(old_factor.rem_euclid(i128::from(modulus))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn rule(count: u64) -> Rule {
        Rule::new(20_001, count, 1000, "2026-06-15T12:00:00Z".parse().unwrap(), 60 * DAY_MS)
    }

    #[test]
    fn every_issue_has_a_rank_of_its_own_and_the_last_deed_is_at_its_moment() {
        for count in [1, 2, 7, 8, 1000, 1024] {
            let rule = rule(count);
            let ranks: BTreeSet<u64> = (0..count).map(|position| rule.rank(position)).collect();
            assert_eq!(ranks.len() as u64, count);
            for position in 0..count {
                let rank = rule.rank(position);
                assert_eq!(rule.position(rank), position, "of {count}");
                let deeds = rule.deeds(position, 0);
                assert_eq!(deeds.last().unwrap().at, rule.moment(rank));
                assert!(deeds.windows(2).all(|two| two[0].at < two[1].at));
            }
        }
    }

    #[test]
    fn a_range_of_moments_is_a_range_of_ranks_spread_over_the_days() {
        let rule = rule(6000);
        let of_day = |day: i64| {
            let from = rule.made.as_millisecond() - (day + 1) * DAY_MS;
            (rule.first_rank(from)..rule.first_rank(from + DAY_MS)).count()
        };
        for day in 0..60 {
            assert!((99..=101).contains(&of_day(day)), "day {day}: {}", of_day(day));
        }
        assert_eq!(rule.first_rank(i64::MAX), 6000);
        let worked: Vec<_> = rule.worked(0).collect();
        assert_eq!(worked.len(), 750);
        assert!(worked.is_sorted());
    }
}
