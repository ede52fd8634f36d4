use super::{Said, Source, unfinished};
use crate::finding::policy::{FindingPolicy, Retired};
use crate::finding::report::{Part, Report};
use crate::ids::{ReportId, TenantId};

const T1: &str = "2026-01-01T00:00:00Z";
/// More than seven days later.
const LATE: &str = "2026-01-08T00:00:01Z";

fn policy() -> FindingPolicy {
    FindingPolicy::new(TenantId::parse("acme").unwrap())
}

fn source(asset: Option<&str>, heard: Option<&str>) -> Source {
    let (tenant, asset) = (TenantId::parse("acme").unwrap(), asset.map(ToOwned::to_owned));
    let heard_at = heard.map(|at| at.parse().unwrap());
    Source { heard_at, ..Source::new(tenant, "trivy".to_owned(), asset, T1.parse().unwrap()) }
}

fn doubts(source: &Source, all: Option<&Source>, at: &str) -> Vec<String> {
    source.doubts(all, &policy(), at.parse().unwrap())
}

fn part(asset: Option<&str>, full: bool, id: &str) -> Part {
    let id = ReportId::parse(id).unwrap();
    Part { id, full, asset: asset.map(ToOwned::to_owned), batch: 1, batches: Some(1) }
}

fn report(id: &str, full: bool, began: &str, spares: Option<&str>) -> Said {
    let tenant = TenantId::parse("acme").unwrap();
    let mut report = Report::begin(tenant, "trivy".to_owned(), &part(None, full, id), began.parse().unwrap());
    report.end(1, spares.map(ToOwned::to_owned));
    Said { heard: true, ended: Some(report), ..Said::default() }
}

fn say(source: &mut Source, said: &Said, at: &str) {
    source.said(said, at.parse().unwrap());
}

#[test]
fn silence_is_a_doubt_after_the_policys_days() {
    let mut it = source(None, Some(T1));
    say(&mut it, &Said { heard: true, ..Said::default() }, "2026-01-01T00:59:59Z");
    assert!(doubts(&it, None, "2026-01-08T00:00:00Z").is_empty());
    assert_eq!(doubts(&it, None, LATE), ["trivy reported nothing since 2026-01-01, for more than 7 days"]);
    let never = FindingPolicy { report_days: None, ..policy() };
    assert!(it.doubts(None, &never, "2027-01-01T00:00:00Z".parse().unwrap()).is_empty());
}

#[test]
fn what_was_never_taken_in_is_a_doubt_at_once_whatever_the_policy_allows() {
    let never = FindingPolicy { report_days: None, ..policy() };
    let told = source(None, None).doubts(None, &never, T1.parse().unwrap());
    assert_eq!(told, ["what trivy sends was never taken in since 2026-01-01"]);
    let all = source(None, Some(T1));
    let told = source(Some("shop/api"), None).doubts(Some(&all), &never, T1.parse().unwrap());
    assert_eq!(told, ["what trivy sends of shop/api was never taken in since 2026-01-01"]);
}

#[test]
fn an_asset_that_fell_silent_is_a_doubt_though_its_scanner_still_speaks_of_another() {
    let all = source(None, Some(LATE));
    let told = doubts(&source(Some("shop/api"), Some(T1)), Some(&all), LATE);
    assert_eq!(told, ["trivy reported nothing of shop/api since 2026-01-01, for more than 7 days"]);
    assert!(doubts(&source(Some("shop/web"), Some(LATE)), Some(&all), LATE).is_empty());
    let silent = source(None, Some(T1));
    assert!(doubts(&source(Some("shop/api"), Some(T1)), Some(&silent), LATE).is_empty(), "one doubt for all");
}

#[test]
fn a_whole_report_about_all_assets_speaks_of_each() {
    let mut all = source(None, Some(LATE));
    let mut asset = source(Some("shop/api"), Some(T1));
    say(&mut asset, &report("r-1", true, T1, Some("odd")), T1);
    say(&mut asset, &Said { refused: 2, ..Said::default() }, T1);
    assert_eq!(doubts(&asset, Some(&all), LATE).len(), 3);
    say(&mut all, &report("r-2", false, LATE, None), LATE);
    assert_eq!(doubts(&asset, Some(&all), LATE).len(), 3, "one that is not full leaves things out");
    say(&mut all, &report("r-3", true, LATE, None), LATE);
    assert!(doubts(&asset, Some(&all), LATE).is_empty());
}

#[test]
fn a_report_that_is_not_whole_is_a_doubt_until_a_newer_one_is() {
    let mut it = source(None, Some(T1));
    let count = |it: &Source| doubts(it, None, T1).len();
    say(&mut it, &report("r-2", true, "2026-01-02T00:00:00Z", Some("odd")), T1);
    assert_eq!(doubts(&it, None, T1), ["report r-2 by trivy was not whole: odd"]);
    say(&mut it, &report("r-1", true, T1, None), T1);
    assert_eq!(count(&it), 1, "an older one proves nothing of a newer one");
    say(&mut it, &report("r-3", true, "2026-01-03T00:00:00Z", None), T1);
    assert_eq!(count(&it), 0);
    say(&mut it, &report("r-2", true, "2026-01-02T00:00:00Z", Some("odd")), T1);
    assert_eq!(count(&it), 0, "a newer one said since what that did not");
    say(&mut it, &report("r-4", false, "2026-01-04T00:00:00Z", Some("odd")), T1);
    assert_eq!(count(&it), 1, "also one that is not full may be cut");
    say(&mut it, &report("r-5", false, "2026-01-05T00:00:00Z", None), T1);
    assert_eq!(count(&it), 0);
}

#[test]
fn what_was_refused_of_an_asset_is_a_doubt_until_something_of_it_is_taken_and_nothing_refused() {
    let mut it = source(Some("shop/api"), Some(T1));
    say(&mut it, &Said { heard: true, taken: true, refused: 2, ended: None }, T1);
    assert_eq!(doubts(&it, None, T1), ["findings of shop/api by trivy are missing: 2 were refused"]);
    say(&mut it, &Said { heard: true, ..Said::default() }, T1);
    assert_eq!(doubts(&it, None, T1).len(), 1, "nothing was taken");
    say(&mut it, &Said { taken: true, ..Said::default() }, T1);
    assert!(doubts(&it, None, T1).is_empty());
}

#[test]
fn what_was_refused_without_an_asset_is_a_doubt_until_it_did_not_come_again_for_a_day() {
    let mut it = source(None, Some(T1));
    let clean = Said { heard: true, taken: true, ..Said::default() };
    let odd = Said { refused: 1, ..Said::default() };
    say(&mut it, &odd, T1);
    it.heard_at = Some(T1.parse().unwrap());
    for (said, at, left) in [
        (&clean, "2026-01-01T12:00:00Z", 1),
        (&odd, "2026-01-02T00:00:00Z", 1),
        (&clean, "2026-01-02T12:00:00Z", 1),
        (&clean, "2026-01-03T02:00:00Z", 0),
    ] {
        say(&mut it, said, at);
        assert_eq!(doubts(&it, None, at).len(), left, "{at}");
    }
}

#[test]
fn what_is_retired_leaves_no_doubt_and_is_forgotten_after_a_month() {
    let mut api = source(Some("shop/api:1"), Some(T1));
    say(&mut api, &report("r-1", true, T1, Some("odd")), T1);
    let all = source(None, Some(LATE));
    let retire = |source: Option<&str>, asset: &str| FindingPolicy {
        retired_assets: vec![Retired { source: source.map(ToOwned::to_owned), asset: asset.to_owned() }],
        ..policy()
    };
    let count = |policy: &FindingPolicy| api.doubts(Some(&all), policy, LATE.parse().unwrap()).len();
    for (policy, left) in [
        (retire(Some("grype"), "*"), 2),
        (retire(Some("trivy"), "shop/web:*"), 2),
        (retire(Some("trivy"), "Shop/api:*"), 0),
        (retire(None, "*"), 0),
        (FindingPolicy { retired: ["trivy".to_owned()].into(), ..policy() }, 0),
    ] {
        assert_eq!(count(&policy), left, "{policy:?}");
    }
    let month = "2026-02-01T00:00:00Z".parse().unwrap();
    assert!(api.is_forgettable(&retire(None, "*"), month));
    assert!(!api.is_forgettable(&retire(None, "*"), LATE.parse().unwrap()));
    assert!(!api.is_forgettable(&policy(), month));
}

#[test]
fn a_full_report_that_goes_on_for_more_than_a_day_is_a_doubt_unless_a_newer_one_is_whole() {
    let id = ReportId::parse("r-1").unwrap();
    let told = |about: Option<&Source>, at: &str| {
        unfinished(
            ("trivy", Some("shop/api"), &id),
            T1.parse().unwrap(),
            about,
            &policy(),
            at.parse().unwrap(),
        )
    };
    assert_eq!(told(None, "2026-01-02T00:00:00Z"), None);
    let expected = "report r-1 of shop/api by trivy began on 2026-01-01 and has not come to its end";
    assert_eq!(told(None, "2026-01-02T00:00:01Z").as_deref(), Some(expected));
    let mut about = source(Some("shop/api"), Some(T1));
    say(&mut about, &report("r-2", true, T1, None), T1);
    assert_eq!(told(Some(&about), LATE), None);
}
