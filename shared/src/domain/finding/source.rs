//! Whether what a source last said can be relied on: a scanner that fell silent, or of which something was refused, proves
//! nothing. Known for each source as a whole and for each of its assets: one that reports on one repository every day says
//! nothing of another.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::policy::FindingPolicy;
use super::report::{Report, ReportState};
use crate::clock::seconds_between;
use crate::ids::{ReportId, TenantId};

/// After how many seconds it is written again that something was heard of, or refused.
const AGAIN_AFTER: i64 = 3600;

/// How long what was refused without a word about its asset is a doubt, after the last time, in seconds: what comes every
/// day comes again before that.
const REFUSED_FOR: i64 = 25 * 3600;

/// What is known of one source: as a whole, or of one of its assets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Source {
    /// Whose it is.
    pub tenant: TenantId,
    /// The source's name.
    pub name: String,
    /// The asset, as the source names it; none where it is about the source as a whole.
    #[serde(default)]
    pub asset: Option<String>,
    /// When something of it came for the first time.
    pub known_since: Timestamp,
    /// When something of it was taken in last, to an hour; none if that never was.
    #[serde(default)]
    pub heard_at: Option<Timestamp>,
    /// When its newest whole and full report began.
    #[serde(default)]
    pub whole_at: Option<Timestamp>,
    /// Its last report that is not whole, if none came since that is.
    #[serde(default)]
    pub broken: Option<Broken>,
    /// What was refused outside of reports, if not all was taken since.
    #[serde(default)]
    pub refused: Option<Refused>,
    /// Grows by one with every write.
    pub version: u64,
}

/// A report that is not whole.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Broken {
    /// The report.
    pub report: ReportId,
    /// When it began.
    pub began_at: Timestamp,
    /// Why.
    pub why: String,
}

/// Findings that were refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refused {
    /// How many, the last time.
    pub count: u64,
    /// When that was, to an hour.
    pub at: Timestamp,
}

/// What was said of a source as a whole, or of one of its assets, at once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Said {
    /// Whether it was taken in, so that it counts as heard of.
    pub heard: bool,
    /// Whether findings were taken outside of reports.
    pub taken: bool,
    /// How many were refused outside of reports.
    pub refused: u64,
    /// The report about it that has ended, or never will.
    pub ended: Option<Report>,
}

impl Source {
    /// A source, or an asset of it, of which something comes for the first time.
    pub fn new(tenant: TenantId, name: String, asset: Option<String>, now: Timestamp) -> Self {
        Self {
            tenant,
            name,
            asset,
            known_since: now,
            heard_at: None,
            whole_at: None,
            broken: None,
            refused: None,
            version: 0,
        }
    }

    /// Takes in what was said.
    pub fn said(&mut self, said: &Said, now: Timestamp) {
        if said.heard && self.heard_at.is_none_or(|at| seconds_between(at, now) >= AGAIN_AFTER) {
            self.heard_at = Some(now);
        }
        self.took(said.taken, said.refused, now);
        if let Some(report) = &said.ended {
            self.ended(report);
        }
    }

    /// What was refused is a doubt until something is taken and nothing refused; where its asset is not known, that must be
    /// a day later, since it may be of another asset.
    fn took(&mut self, taken: bool, refused: u64, now: Timestamp) {
        let since = self.refused.as_ref().map(|known| seconds_between(known.at, now));
        if refused > 0 {
            if since.is_none_or(|since| since >= AGAIN_AFTER)
                || self.refused.as_ref().is_some_and(|it| it.count != refused)
            {
                self.refused = Some(Refused { count: refused, at: now });
            }
        } else if taken && (self.asset.is_some() || since.is_some_and(|since| since > REFUSED_FOR)) {
            self.refused = None;
        }
    }

    /// A report about it has ended, or never will.
    fn ended(&mut self, report: &Report) {
        let why = match (&report.spares, report.state) {
            (Some(why), _) => why.clone(),
            (None, ReportState::Receiving) => "its last batch never came".to_owned(),
            (None, ReportState::Sweeping | ReportState::Done) => return self.proved(report),
        };
        let is_newer = |at: Timestamp| at > report.began_at;
        if self.whole_at.is_some_and(|at| at >= report.began_at)
            || self.broken.as_ref().is_some_and(|known| is_newer(known.began_at))
        {
            return;
        }
        self.broken = Some(Broken { report: report.id.clone(), began_at: report.began_at, why });
    }

    fn proved(&mut self, report: &Report) {
        self.broken = self.broken.take().filter(|broken| broken.began_at > report.began_at);
        self.refused = self.refused.take().filter(|refused| refused.at > report.began_at);
        if report.full {
            self.whole_at = self.whole_at.max(Some(report.began_at));
        }
    }

    /// Why what it says cannot be relied on. For an asset, `all` is what is known of its source as a whole: a whole report
    /// about all assets says it of each, and a source that is silent as a whole is one doubt, not one of each asset.
    pub fn doubts(&self, all: Option<&Self>, policy: &FindingPolicy, now: Timestamp) -> Vec<String> {
        if self.is_retired(policy) {
            return Vec::new();
        }
        let name = &self.name;
        let of = self.asset.as_ref().map(|asset| format!(" of {asset}")).unwrap_or_default();
        let said_of_all_at = all.and_then(|all| all.whole_at);
        let is_said_since = |at: Timestamp| said_of_all_at.is_some_and(|said| said >= at);
        let mut doubts = Vec::new();
        if let Some(Broken { report, began_at, why }) = &self.broken
            && !is_said_since(*began_at)
        {
            doubts.push(format!("report {report}{of} by {name} was not whole: {why}"));
        }
        if let Some(Refused { count, at }) = &self.refused
            && !is_said_since(*at)
        {
            doubts.push(format!("findings{of} by {name} are missing: {count} were refused"));
        }
        let is_all_silent = all.is_some_and(|all| all.is_silent(None, policy, now));
        if !is_all_silent && self.is_silent(said_of_all_at, policy, now) {
            match (self.heard_at.max(said_of_all_at), policy.report_days) {
                (Some(at), Some(days)) => doubts.push(format!(
                    "{name} reported nothing{of} since {}, for more than {days} days",
                    day(at)
                )),
                // Else it is said above why.
                (_, _) if doubts.is_empty() => doubts.push(format!(
                    "what {name} sends{of} was never taken in since {}",
                    day(self.known_since)
                )),
                (_, _) => {}
            }
        }
        doubts
    }

    /// Whether nothing was heard of it for longer than the policy allows, or ever.
    fn is_silent(&self, said_of_all_at: Option<Timestamp>, policy: &FindingPolicy, now: Timestamp) -> bool {
        self.heard_at.max(said_of_all_at).is_none_or(|at| policy.is_too_long(at, now))
    }

    /// Whether its silence is no doubt.
    pub fn is_retired(&self, policy: &FindingPolicy) -> bool {
        policy.is_retired(&self.name, self.asset.as_deref())
    }

    /// Whether it may be forgotten: it is retired, and nothing was heard of it for a month. It comes back when it speaks.
    pub fn is_forgettable(&self, policy: &FindingPolicy, now: Timestamp) -> bool {
        let last = self.heard_at.unwrap_or(self.known_since);
        self.is_retired(policy) && seconds_between(last, now) > 30 * 24 * 3600
    }
}

/// Why a full report that goes on for long is a doubt, if it is: a day is enough for most, and what it has not named yet may
/// be there. `about` is what is known of the very thing that it is about.
pub fn unfinished(
    (source, asset, report): (&str, Option<&str>, &ReportId),
    noted_at: Timestamp,
    about: Option<&Source>,
    policy: &FindingPolicy,
    now: Timestamp,
) -> Option<String> {
    let is_said_since = about.and_then(|about| about.whole_at).is_some_and(|at| at >= noted_at);
    if policy.is_retired(source, asset) || is_said_since || seconds_between(noted_at, now) <= 24 * 3600 {
        return None;
    }
    let of = asset.map(|asset| format!(" of {asset}")).unwrap_or_default();
    Some(format!("report {report}{of} by {source} began on {} and has not come to its end", day(noted_at)))
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
