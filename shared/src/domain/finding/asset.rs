//! Of which assets a source still speaks: a scanner that reports on one repository says nothing of another.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::policy::FindingPolicy;
use super::source::{MOST_TOLD, Source, is_heard_again};
use crate::evidence::Gap;
use crate::ids::TenantId;

/// What is known of one asset of one source.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Asset {
    /// Whose it is.
    pub tenant: TenantId,
    /// The source that speaks of it.
    pub source: String,
    /// Its name, as the source gives it.
    pub name: String,
    /// When the source spoke of it last, to an hour.
    pub heard_at: Timestamp,
}

impl Asset {
    /// Whether it must be written that it is spoken of now.
    pub fn is_heard_again(&self, now: Timestamp) -> bool {
        is_heard_again(self.heard_at, now)
    }
}

/// The assets of which their sources, which still speak of others, said nothing for too long.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Silence {
    told: Vec<Gap>,
    more: u64,
}

impl Silence {
    /// Adds an asset, if its silence is a doubt: it is not retired, nor is its source, and nothing was said of it for longer
    /// than the policy allows, not even by a whole report about all assets. Of a source that is silent as a whole, nothing
    /// is added: that is a doubt of its own.
    pub fn add(
        &mut self,
        asset: &Asset,
        sources: &BTreeMap<&str, &Source>,
        policy: &FindingPolicy,
        now: Timestamp,
    ) {
        let Some(days) = policy.report_days else { return };
        let (source, name) = (asset.source.as_str(), asset.name.as_str());
        let known = sources.get(source);
        if known.is_some_and(|known| known.is_silent(policy, now)) || policy.is_retired(source, name) {
            return;
        }
        let said_of_all = known.and_then(|known| known.said_of_all_at());
        let heard_at = said_of_all.map_or(asset.heard_at, |at| at.max(asset.heard_at));
        if !policy.is_too_long(heard_at, now) {
            return;
        }
        if self.told.len() == MOST_TOLD {
            self.more += 1;
            return;
        }
        let since = heard_at.to_zoned(TimeZone::UTC).date();
        let detail = format!("{source} reported nothing of {name} since {since}, for more than {days} days");
        self.told.push(Gap::Unreported { detail });
    }

    /// What was added, as far as it is told one by one, and how many more there are.
    pub fn gaps(self) -> Vec<Gap> {
        let more = (self.more > 0).then(|| Gap::Unreported {
            detail: format!("nothing was reported for too long of {} further assets", self.more),
        });
        self.told.into_iter().chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Asset, Silence};
    use crate::finding::policy::{FindingPolicy, Retired};
    use crate::finding::source::{Source, Whole};
    use crate::ids::TenantId;

    const T1: &str = "2026-01-01T00:00:00Z";
    /// More than seven days later.
    const LATE: &str = "2026-01-08T00:00:01Z";

    fn tenant() -> TenantId {
        TenantId::parse("acme").unwrap()
    }

    fn trivy(heard: &str) -> Source {
        Source::new(tenant(), "trivy".to_owned(), heard.parse().unwrap())
    }

    fn asset(name: &str, heard: &str) -> Asset {
        let (source, heard_at) = ("trivy".to_owned(), heard.parse().unwrap());
        Asset { tenant: tenant(), source, name: name.to_owned(), heard_at }
    }

    fn silence(source: &Source, assets: &[Asset], policy: &FindingPolicy) -> Vec<String> {
        let sources = BTreeMap::from([(source.name.as_str(), source)]);
        let mut silence = Silence::default();
        for asset in assets {
            silence.add(asset, &sources, policy, LATE.parse().unwrap());
        }
        silence.gaps().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_asset_that_fell_silent_is_a_doubt_though_its_scanner_still_speaks_of_another() {
        let policy = FindingPolicy::new(tenant());
        let assets = [asset("shop/api", T1), asset("shop/web", LATE)];
        let told = silence(&trivy(LATE), &assets, &policy);
        assert_eq!(told, ["trivy reported nothing of shop/api since 2026-01-01, for more than 7 days"]);
    }

    #[test]
    fn a_scanner_that_is_silent_as_a_whole_is_one_doubt_and_not_one_for_each_asset() {
        assert!(silence(&trivy(T1), &[asset("shop/api", T1)], &FindingPolicy::new(tenant())).is_empty());
    }

    #[test]
    fn a_whole_report_about_all_assets_speaks_of_each() {
        let mut source = trivy(LATE);
        let whole = |asset: Option<&str>| Whole {
            asset: asset.map(ToOwned::to_owned),
            began_at: LATE.parse().unwrap(),
        };
        source.whole = vec![whole(Some("shop/web"))];
        assert_eq!(silence(&source, &[asset("shop/api", T1)], &FindingPolicy::new(tenant())).len(), 1);
        source.whole = vec![whole(None)];
        assert!(silence(&source, &[asset("shop/api", T1)], &FindingPolicy::new(tenant())).is_empty());
    }

    #[test]
    fn what_is_retired_may_be_silent() {
        let mut policy = FindingPolicy::new(tenant());
        let assets = [asset("shop/api:1", T1), asset("shop/api:2", T1), asset("shop/web", T1)];
        let retire = |source: Option<&str>, asset: &str| Retired {
            source: source.map(ToOwned::to_owned),
            asset: asset.to_owned(),
        };
        policy.retired_assets = vec![retire(Some("grype"), "*")];
        assert_eq!(silence(&trivy(LATE), &assets, &policy).len(), 3);
        policy.retired_assets = vec![retire(Some("trivy"), "shop/api:*")];
        assert_eq!(silence(&trivy(LATE), &assets, &policy).len(), 1);
        policy.retired_assets = vec![retire(None, "*")];
        assert!(silence(&trivy(LATE), &assets, &policy).is_empty());
        policy.retired_assets = Vec::new();
        policy.retired = ["trivy".to_owned()].into();
        assert!(silence(&trivy(LATE), &assets, &policy).is_empty());
        policy.retired.clear();
        policy.report_days = None;
        assert!(silence(&trivy(LATE), &assets, &policy).is_empty());
    }

    #[test]
    fn of_many_silent_assets_twenty_are_named_and_the_others_counted() {
        let assets: Vec<Asset> = (0..53).map(|number| asset(&format!("a-{number}"), T1)).collect();
        let told = silence(&trivy(LATE), &assets, &FindingPolicy::new(tenant()));
        assert_eq!(told.len(), 21);
        assert_eq!(told[20], "nothing was reported for too long of 33 further assets");
    }
}
