//! Whether what a source last said can be relied on: a scanner that fell silent, or of which something was
//! refused, proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::policy::FindingPolicy;
use super::report::{Report, ReportState};
use crate::clock::seconds_between;
use crate::evidence::Gap;
use crate::ids::{ReportId, TenantId};

/// After how many seconds it is written again that a source was heard of.
const HEARD_AGAIN_AFTER: i64 = 3600;

/// Of how many assets it is kept that their last full report was not whole.
const MOST_ASSETS: usize = 100;

/// Of how many assets it is kept when their newest whole report began.
const MOST_WHOLE: usize = 200;

/// How many doubts are told one by one.
pub(super) const MOST_TOLD: usize = 20;

/// What is known of one source.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Source {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// When something came from it last, to an hour.
    pub heard_at: Timestamp,
    /// Its newest whole and full reports: the one about all assets, then one of each asset, the newest first.
    #[serde(default)]
    pub whole: Vec<Whole>,
    /// The last full reports that prove nothing, one of each asset.
    #[serde(default)]
    pub broken: Vec<Broken>,
    /// Grows by one with every write.
    pub version: u64,
}

/// A full report that proves what is gone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Whole {
    /// The asset that it is about; all of its source if none.
    pub asset: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
}

/// A full report that proves nothing; or what was refused outside of any.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Broken {
    /// The asset that it is about; all of its source if none.
    pub asset: Option<String>,
    /// The report; none of what was refused outside of full reports.
    #[serde(default)]
    pub report: Option<ReportId>,
    /// When it began.
    pub began_at: Timestamp,
    /// Why.
    pub why: String,
}

/// What was said at once outside of full reports.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Alone {
    /// The assets of which findings were taken, or none had to be.
    pub taken: BTreeSet<String>,
    /// How many findings were refused, by asset; by none where that could not be read.
    pub refused: BTreeMap<Option<String>, u64>,
}

impl Source {
    /// A source that is heard of for the first time.
    pub fn new(tenant: TenantId, name: String, now: Timestamp) -> Self {
        Self { tenant, name, heard_at: now, whole: Vec::new(), broken: Vec::new(), version: 0 }
    }

    /// Something came from it, and was taken in.
    pub fn heard(&mut self, now: Timestamp) {
        if is_heard_again(self.heard_at, now) {
            self.heard_at = now;
        }
    }

    /// Whether nothing came from it for longer than the policy allows.
    pub fn is_silent(&self, policy: &FindingPolicy, now: Timestamp) -> bool {
        policy.is_too_long(self.heard_at, now)
    }

    /// When the newest whole report began that is about all its assets, if there is any.
    pub fn said_of_all_at(&self) -> Option<Timestamp> {
        self.whole.iter().find(|whole| whole.asset.is_none()).map(|whole| whole.began_at)
    }

    /// A report of it has ended, or never will. Reports that are not full prove nothing, and need not.
    pub fn ended(&mut self, report: &Report) {
        if !report.full {
            return;
        }
        let why = match (&report.spares, report.state) {
            (Some(why), _) => why.clone(),
            (None, ReportState::Receiving) => "its last batch never came".to_owned(),
            (None, _) => {
                self.broken.retain(|broken| !broken.is_replaced_by(report));
                return self.proved(report);
            }
        };
        let says_it_since = |whole: &Whole| whole.asset.is_none() || whole.asset == report.asset;
        if self.whole.iter().any(|whole| says_it_since(whole) && whole.began_at >= report.began_at) {
            return;
        }
        let is_newer = |known: &Broken| known.report.is_some() && known.began_at > report.began_at;
        if self.broken.iter().any(|known| known.asset == report.asset && is_newer(known)) {
            return;
        }
        self.broken.retain(|known| known.asset != report.asset || known.report.is_none());
        let (asset, id, began_at) = (report.asset.clone(), report.id.clone(), report.began_at);
        self.doubt(Broken { asset, report: Some(id), began_at, why });
    }

    /// Something of it was taken, or refused, outside of full reports. What was refused is a doubt until the same asset is
    /// spoken of and nothing of it is refused; where its asset is not known, until nothing at all is.
    pub fn took(&mut self, alone: &Alone, now: Timestamp) {
        let is_said = |asset: &Option<String>| match asset {
            Some(asset) => alone.taken.contains(asset) && !alone.refused.contains_key(&Some(asset.clone())),
            None => !alone.taken.is_empty() && alone.refused.is_empty(),
        };
        self.broken.retain(|known| known.report.is_some() || !is_said(&known.asset));
        for (asset, count) in &alone.refused {
            let why = format!("{count} were refused");
            let known = |it: &&mut Broken| it.report.is_none() && it.asset == *asset;
            match self.broken.iter_mut().find(known) {
                Some(known) if known.why == why => {}
                Some(known) => (known.why, known.began_at) = (why, now),
                None => self.doubt(Broken { asset: asset.clone(), report: None, began_at: now, why }),
            }
        }
    }

    fn doubt(&mut self, broken: Broken) {
        if self.broken.len() < MOST_ASSETS {
            self.broken.push(broken);
            self.broken.sort_by(|one, other| (&one.asset, &one.report).cmp(&(&other.asset, &other.report)));
        }
    }

    fn proved(&mut self, report: &Report) {
        let (asset, began_at) = (report.asset.clone(), report.began_at);
        if self.whole.iter().any(|known| known.asset == asset && known.began_at >= began_at) {
            return;
        }
        self.whole.retain(|known| known.asset != asset);
        self.whole.push(Whole { asset, began_at });
        // The one about all assets first, so that those of many assets do not drive it out.
        self.whole.sort_by_key(|whole| (whole.asset.is_some(), std::cmp::Reverse(whole.began_at)));
        self.whole.truncate(MOST_WHOLE);
    }

    /// Why what it says cannot be relied on.
    pub fn doubts(&self, policy: &FindingPolicy, now: Timestamp) -> Vec<String> {
        let name = &self.name;
        if policy.retired.contains(name) {
            return Vec::new();
        }
        let mut doubts = Vec::new();
        if let Some(days) = policy.report_days.filter(|_| self.is_silent(policy, now)) {
            let since = self.heard_at.to_zoned(jiff::tz::TimeZone::UTC).date();
            doubts.push(format!("{name} reported nothing since {since}, for more than {days} days"));
        }
        for Broken { asset, report, why, .. } in &self.broken {
            let of = asset.as_ref().map(|asset| format!(" of {asset}")).unwrap_or_default();
            doubts.push(match report {
                Some(report) => format!("report {report}{of} by {name} was not whole: {why}"),
                None => format!("findings{of} by {name} are missing: {why}"),
            });
        }
        doubts
    }
}

impl Broken {
    /// Whether a whole report says what this one did not.
    fn is_replaced_by(&self, report: &Report) -> bool {
        (report.asset.is_none() || report.asset == self.asset) && self.began_at <= report.began_at
    }
}

/// Whether it is so long ago that something was heard of that it must be written again.
pub(super) fn is_heard_again(heard_at: Timestamp, now: Timestamp) -> bool {
    seconds_between(heard_at, now) >= HEARD_AGAIN_AFTER
}

/// Why the sources of a tenant cannot be relied on.
pub fn gaps(sources: &[Source], policy: &FindingPolicy, now: Timestamp) -> Vec<Gap> {
    let doubts = sources.iter().flat_map(|source| source.doubts(policy, now));
    doubts.take(MOST_TOLD).map(|detail| Gap::Unreported { detail }).collect()
}

#[cfg(test)]
mod tests {
    use super::Source;
    use crate::finding::policy::FindingPolicy;
    use crate::finding::report::{Part, Report};
    use crate::ids::{ReportId, TenantId};

    const T1: &str = "2026-01-01T00:00:00Z";

    fn report(id: &str, asset: Option<&str>, began: &str, spares: Option<&str>) -> Report {
        let id = ReportId::parse(id).unwrap();
        let part = Part { id, full: true, asset: asset.map(ToOwned::to_owned), batch: 1, batches: Some(1) };
        let tenant = TenantId::parse("acme").unwrap();
        let mut report = Report::begin(tenant, "trivy".to_owned(), &part, began.parse().unwrap());
        report.end(1, spares.map(ToOwned::to_owned));
        report
    }

    #[test]
    fn silence_is_a_doubt_after_the_policys_days_unless_the_source_is_retired() {
        let tenant = TenantId::parse("acme").unwrap();
        let mut policy = FindingPolicy::new(tenant.clone());
        let mut source = Source::new(tenant, "trivy".to_owned(), T1.parse().unwrap());
        source.heard("2026-01-01T00:59:59Z".parse().unwrap());
        let doubts =
            |source: &Source, policy: &FindingPolicy, at: &str| source.doubts(policy, at.parse().unwrap());
        assert!(doubts(&source, &policy, "2026-01-08T00:00:00Z").is_empty());
        let told = doubts(&source, &policy, "2026-01-08T00:00:01Z");
        assert_eq!(told, ["trivy reported nothing since 2026-01-01, for more than 7 days"]);
        policy.report_days = None;
        assert!(doubts(&source, &policy, "2027-01-01T00:00:00Z").is_empty());
        policy.report_days = Some(1);
        policy.retired = ["trivy".to_owned()].into();
        assert!(doubts(&source, &policy, "2027-01-01T00:00:00Z").is_empty());
    }

    #[test]
    fn a_report_that_is_not_whole_is_a_doubt_until_a_newer_one_of_the_same_asset_is() {
        let tenant = TenantId::parse("acme").unwrap();
        let policy = FindingPolicy::new(tenant.clone());
        let mut source = Source::new(tenant, "trivy".to_owned(), T1.parse().unwrap());
        let count = |source: &Source| source.doubts(&policy, T1.parse().unwrap()).len();
        source.ended(&report("r-2", Some("a"), "2026-01-02T00:00:00Z", Some("odd")));
        assert_eq!(count(&source), 1);
        source.ended(&report("r-1", Some("a"), T1, None));
        assert_eq!(count(&source), 1, "an older one proves nothing of a newer one");
        source.ended(&report("r-3", Some("b"), "2026-01-03T00:00:00Z", None));
        assert_eq!(count(&source), 1, "another asset is another matter");
        source.ended(&report("r-4", Some("a"), "2026-01-04T00:00:00Z", None));
        assert_eq!(count(&source), 0);
        source.ended(&report("r-2", Some("a"), "2026-01-02T00:00:00Z", Some("odd")));
        assert_eq!(count(&source), 0, "a newer one said since what that did not");
        source.ended(&report("r-5", None, "2026-01-05T00:00:00Z", None));
        source.ended(&report("r-2", Some("c"), "2026-01-02T00:00:00Z", Some("odd")));
        assert_eq!(count(&source), 0, "one of all assets said it, too");
        source.ended(&report("r-6", Some("c"), "2026-01-06T00:00:00Z", Some("odd")));
        assert_eq!(count(&source), 1);
    }

    #[test]
    fn of_many_assets_the_newest_whole_reports_are_known_and_the_one_about_all() {
        let mut source =
            Source::new(TenantId::parse("acme").unwrap(), "trivy".to_owned(), T1.parse().unwrap());
        for minute in 0..300 {
            let began = crate::clock::after(T1.parse().unwrap(), minute * 60);
            source.ended(&report("r-1", Some(&format!("a-{minute}")), &began.to_string(), None));
        }
        assert_eq!((source.whole.len(), source.whole[0].asset.as_deref()), (200, Some("a-299")));
        source.ended(&report("r-1", None, T1, None));
        assert_eq!(
            source.said_of_all_at(),
            Some(T1.parse().unwrap()),
            "the one about all of them is among them"
        );
    }
}
