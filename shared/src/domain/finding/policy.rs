//! What a tenant wants of its findings: how many days each severity may stand, in which time zone days are counted, and
//! whose silence is a doubt.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::incoming::check_source;
use super::pattern::{fits, is_line};
use super::{Finding, Severity};
use crate::clock::{after, seconds_between};
use crate::ids::TenantId;
use crate::{Error, Result};

/// The longest limit, in days: ten years.
pub const LONGEST_LIMIT: u32 = 3650;

/// The most sources that are retired, and the most patterns of assets.
const MOST_RETIRED: usize = 100;

/// The longest pattern of assets, in characters.
const LONGEST_PATTERN: usize = 200;

const DAY: i64 = 24 * 3600;

/// Assets of which nothing more is reported.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Retired {
    /// The source that spoke of them; any if none.
    pub source: Option<String>,
    /// What their names are like: `*` stands for any text, letters' case does not count.
    pub asset: String,
}

/// The policy of one tenant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FindingPolicy {
    /// Whose it is.
    pub tenant: TenantId,
    /// Days that a finding of a severity may stand; no limit where there is none.
    pub limits: BTreeMap<Severity, u32>,
    /// The time zone in which days begin and end, by its name in the time zone database.
    pub zone: String,
    /// After how many days without a word from a source, or of an asset, the check cannot tell; never if none.
    pub report_days: Option<u32>,
    /// Sources that report no more, whose silence is no doubt.
    #[serde(default)]
    pub retired: BTreeSet<String>,
    /// Assets whose silence is no doubt.
    #[serde(default)]
    pub retired_assets: Vec<Retired>,
    /// Where to go on with the due dates of stored findings after a change; none if that is done. Empty at the first.
    #[serde(default)]
    pub unfinished: Option<String>,
    /// Grows by one with every write.
    pub version: u64,
}

impl FindingPolicy {
    /// The policy of a tenant that said nothing.
    pub fn new(tenant: TenantId) -> Self {
        let limits =
            [(Severity::Critical, 7), (Severity::High, 30), (Severity::Medium, 90), (Severity::Low, 180)];
        Self {
            tenant,
            limits: limits.into(),
            zone: "UTC".to_owned(),
            report_days: Some(7),
            retired: BTreeSet::new(),
            retired_assets: Vec::new(),
            unfinished: None,
            version: 0,
        }
    }

    /// Changes limits and zone.
    ///
    /// # Errors
    /// `Invalid` when a limit is not 1 to 3650 days, or the zone is not in the database.
    pub fn change(&mut self, limits: BTreeMap<Severity, u32>, zone: String) -> Result<()> {
        for (severity, days) in &limits {
            if !(1..=LONGEST_LIMIT).contains(days) {
                let word = severity.word();
                let message =
                    format!("{word} must be 1 to {LONGEST_LIMIT} days, or null for no limit, not {days}");
                return Err(Error::invalid(format!("days.{word}"), message));
            }
        }
        if zone.len() > 64 || TimeZone::get(&zone).is_err() {
            let message = "zone is not in the time zone database; it has names like Europe/Berlin";
            return Err(Error::invalid("zone", message));
        }
        (self.limits, self.zone) = (limits, zone);
        Ok(())
    }

    /// Changes when silence is a doubt, and whose is not.
    ///
    /// # Errors
    /// `Invalid` when the days are not 1 to 3650, or a source has no possible name, or a pattern is not 1 to 200 characters in
    /// one line, or there are more than 100 of either.
    pub fn change_silence(
        &mut self,
        report_days: Option<u32>,
        retired: Vec<String>,
        retired_assets: Vec<Retired>,
    ) -> Result<()> {
        if report_days.is_some_and(|days| !(1..=LONGEST_LIMIT).contains(&days)) {
            let message = format!("report_days must be 1 to {LONGEST_LIMIT}, or null for no limit");
            return Err(Error::invalid("report_days", message));
        }
        if retired.len() > MOST_RETIRED {
            let message = format!("at most {MOST_RETIRED} sources may be retired");
            return Err(Error::invalid("retired_sources", message));
        }
        for (index, source) in retired.iter().enumerate() {
            check_source(source)
                .map_err(|error| Error::invalid(format!("retired_sources[{index}]"), error.to_string()))?;
        }
        if retired_assets.len() > MOST_RETIRED {
            let message = format!("at most {MOST_RETIRED} patterns of assets may be retired");
            return Err(Error::invalid("retired_assets", message));
        }
        for (index, Retired { source, asset }) in retired_assets.iter().enumerate() {
            if let Some(source) = source {
                let place = format!("retired_assets[{index}].source");
                check_source(source).map_err(|error| Error::invalid(place, error.to_string()))?;
            }
            if !is_line(asset, LONGEST_PATTERN) {
                let message = format!(
                    "asset must be 1 to {LONGEST_PATTERN} characters in one line; * stands for any text"
                );
                return Err(Error::invalid(format!("retired_assets[{index}].asset"), message));
            }
        }
        (self.report_days, self.retired) = (report_days, retired.into_iter().collect());
        self.retired_assets = retired_assets;
        Ok(())
    }

    /// Whether nothing more is reported by a source as a whole, or of one of its assets, so that silence is no doubt.
    pub fn is_retired(&self, source: &str, asset: Option<&str>) -> bool {
        let is_meant = |retired: &Retired, asset: &str| {
            retired.source.as_deref().is_none_or(|meant| meant == source) && fits(&retired.asset, asset)
        };
        self.retired.contains(source)
            || asset.is_some_and(|asset| self.retired_assets.iter().any(|retired| is_meant(retired, asset)))
    }

    /// Whether it is a doubt that nothing was heard since `heard_at`.
    pub fn is_too_long(&self, heard_at: Timestamp, now: Timestamp) -> bool {
        self.report_days.is_some_and(|days| seconds_between(heard_at, now) > i64::from(days) * DAY)
    }

    /// The present day where the tenant is.
    pub fn today(&self, now: Timestamp) -> Date {
        now.to_zoned(TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)).date()
    }

    /// When a finding should be dealt with. Where its severity has no limit, ten years stand for that: see
    /// [`Self::is_limited`].
    pub fn due_at(&self, finding: &Finding) -> Timestamp {
        let days = self.limits.get(&finding.severity).copied().unwrap_or(LONGEST_LIMIT);
        after(finding.counted_from.unwrap_or(finding.first_seen_at), i64::from(days) * DAY)
    }

    /// Whether findings of this severity must be dealt with at all.
    pub fn is_limited(&self, severity: Severity) -> bool {
        self.limits.contains_key(&severity)
    }
}

#[cfg(test)]
mod tests {
    use super::{FindingPolicy, Severity};
    use crate::ids::TenantId;

    #[test]
    fn days_are_those_of_the_tenants_time_zone() {
        let mut policy = FindingPolicy::new(TenantId::parse("acme").unwrap());
        let late = "2026-01-31T23:30:00Z".parse().unwrap();
        assert_eq!(policy.today(late).to_string(), "2026-01-31");
        policy.change(policy.limits.clone(), "Europe/Berlin".to_owned()).unwrap();
        assert_eq!(policy.today(late).to_string(), "2026-02-01");
    }

    #[test]
    fn limits_are_days_up_to_ten_years_in_a_zone_that_exists() {
        let mut policy = FindingPolicy::new(TenantId::parse("acme").unwrap());
        for (days, zone) in [(0, "UTC"), (3651, "UTC"), (7, "Mars/Olympus"), (7, "")] {
            assert!(
                policy.change([(Severity::High, days)].into(), zone.to_owned()).is_err(),
                "{days} {zone}"
            );
        }
        policy.change([(Severity::High, 3650)].into(), "UTC".to_owned()).unwrap();
        assert!(policy.is_limited(Severity::High) && !policy.is_limited(Severity::Critical));
    }
}
