//! Findings over the API: what comes in, what is refused, lists, acceptances, the policy.

use assay::dynamodb::Counts;
use assay::finding::tally::Tally;
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

/// A good batch of one finding.
pub fn body() -> Value {
    json!({ "source": "trivy", "findings": [one("f-1", "high")] })
}

/// A good policy.
pub fn policy() -> Value {
    let days = json!({ "critical": 3, "high": 14, "medium": 60, "low": null, "info": null });
    let retired_assets =
        json!([{ "source": "trivy", "asset": "shop/api:*" }, { "source": null, "asset": "old" }]);
    json!({
        "days": days, "zone": "Europe/Berlin", "report_days": 2,
        "retired_sources": ["old"], "retired_assets": retired_assets,
    })
}

/// Sends a finding, and gives its id.
pub async fn finding(house: &House) -> String {
    let answer = house.call("POST", "/v1/findings", &body()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    house.list("/v1/findings").await[0]["id"].as_str().unwrap().to_owned()
}

fn one(fingerprint: &str, severity: &str) -> Value {
    json!({
        "fingerprint": fingerprint, "title": format!("Finding {fingerprint}"), "severity": severity,
        "asset": "shop/api", "rule": "sqli", "links": ["https://example.com/sqli"],
        "location": { "path": "src/a.rs", "line": 3 },
        "package": { "name": "lib", "version": "1.0", "fixed_in": "1.1" },
    })
}

async fn send(house: &House, body: &Value) -> Value {
    let answer = house.call("POST", "/v1/findings", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn good_findings_are_taken_and_bad_ones_told_by_their_place() {
    let house = House::start().await;
    let with = |field: &str, value: Value| {
        let mut body = one("f-bad", "high");
        body[field] = value;
        body
    };
    let cases = [
        (with("title", json!(null)), "title"),
        (with("title", json!("")), "title"),
        (with("colour", json!("red")), "colour"),
        (with("severity", json!("awful")), "severity"),
        (with("severity", json!(5)), "severity"),
        (with("score", json!(11)), "score"),
        (with("cvss", json!("CVSS:3.1/AV:N")), "cvss"),
        (with("asset", json!(null)), "asset"),
        (with("links", json!(["ftp://x"])), "links[0]"),
        (with("location", json!({ "path": "" })), "location.path"),
        (with("location", json!({ "path": "a", "line": -1 })), "location.line"),
        (with("package", json!({ "version": "1" })), "package.name"),
        (with("fingerprint", json!("f-1")), "fingerprint"),
        (json!({ "title": "x", "asset": "a", "severity": "low" }), "fingerprint"),
        (json!({ "title": "x", "asset": "a", "rule": "r" }), "severity"),
        (json!([]), "body"),
    ];
    let mut findings = vec![one("f-1", "high")];
    findings.extend(cases.iter().map(|(body, _)| body.clone()));
    let answer = send(&house, &json!({ "source": "trivy", "findings": findings })).await;
    assert_eq!((&answer["created"], &answer["rejected"]), (&json!(1), &json!(cases.len())), "{answer}");
    for (place, (body, field)) in cases.iter().enumerate() {
        let told = &answer["rejections"][place];
        assert_eq!((&told["index"], &told["field"]), (&json!(place + 1), &json!(field)), "{body} {told}");
    }
}

#[tokio::test]
async fn a_batch_that_does_not_fit_is_refused_as_a_whole() {
    let house = House::start().await;
    let report =
        |report: Value| json!({ "source": "trivy", "report": report, "findings": [one("f-1", "high")] });
    let before = house.state().await;
    for (body, field) in [
        (json!({ "findings": [] }), "source"),
        (json!({ "source": "", "findings": [] }), "source"),
        (json!({ "source": "a\nb", "findings": [] }), "source"),
        (json!({ "source": "trivy", "findings": vec![one("f", "low"); 501] }), "findings"),
        (report(json!({ "id": "a b" })), "report.id"),
        (report(json!({ "id": "r", "colour": 1 })), "report.colour"),
        (report(json!({ "id": "r", "last": true })), "report.batches"),
        (report(json!({ "id": "r", "batches": 1 })), "report.batches"),
        (report(json!({ "id": "r", "batch": 1, "last": true, "batches": 2 })), "report.batches"),
        (report(json!({ "id": "r", "batch": 0 })), "report.batch"),
        (report(json!({ "id": "r", "asset": "" })), "report.asset"),
    ] {
        assert_problem(&house.call("POST", "/v1/findings", &body).await, 422, Some(field));
    }
    let last = report(json!({ "id": "r", "full": true, "batch": 3, "last": true, "batches": 3 }));
    let answer = house.call("POST", "/v1/findings", &last).await;
    assert_problem(&answer, 409, None);
    assert!(answer.text().contains("lacks its batches 1, 2"), "{}", answer.text());
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn findings_are_listed_by_what_they_are_and_how_they_stand_page_by_page() {
    let house = House::start().await;
    let many: Vec<Value> =
        (0..30).map(|it| one(&format!("f-{it}"), if it % 3 == 0 { "high" } else { "low" })).collect();
    send(&house, &json!({ "source": "trivy", "findings": many })).await;
    send(&house, &json!({ "source": "grype", "findings": [one("g-1", "critical")] })).await;
    let (mut seen, mut path) = (0, "/v1/findings?source=trivy&severity=high&limit=4".to_owned());
    loop {
        let page = house.get(&path).await.json();
        seen += page["items"].as_array().unwrap().len();
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/findings?source=trivy&severity=high&limit=4&cursor={cursor}");
    }
    assert_eq!(seen, 10);
    for (query, count) in [
        ("source=grype", 1),
        ("source=other", 0),
        ("state=open&limit=200", 31),
        ("state=resolved", 0),
        ("asset=shop/api&limit=200", 31),
        ("asset=shop", 0),
        ("overdue=true", 0),
        ("overdue=false&limit=200", 31),
    ] {
        assert_eq!(house.list(&format!("/v1/findings?{query}")).await.len(), count, "{query}");
    }
    assert_problem(&house.get("/v1/findings?state=odd").await, 422, Some("state"));
    house.world.time.advance(8 * 24 * 3600);
    let late = house.list("/v1/findings?overdue=true").await;
    assert_eq!(
        (late.len(), &late[0]["severity"], &late[0]["overdue"]),
        (1, &json!("critical"), &json!(true))
    );
    let summary = house.get("/v1/findings/summary").await.json();
    assert_eq!(
        (&summary["total"], &summary["overdue"], &summary["counted"]),
        (&json!(31), &json!(1), &json!("now"))
    );
    let doubts = summary["doubts"].as_array().unwrap();
    assert_eq!(doubts[0], "grype reported nothing since 2026-06-15, for more than 7 days", "{summary}");
    assert_eq!(doubts.len(), 2);
    assert_eq!(summary["open_by_severity"], json!({ "critical": 1, "high": 10, "low": 20 }));
}

#[tokio::test]
async fn a_scanner_that_still_reports_on_one_asset_hides_no_other_that_fell_silent() {
    let house = House::start().await;
    let of = |asset: &str| {
        let mut finding = one(&format!("f-{asset}"), "low");
        finding["asset"] = json!(asset);
        json!({ "source": "trivy", "findings": [finding] })
    };
    let clean = |asset: &str| {
        let report = json!({ "id": "r-1", "full": true, "asset": asset, "last": true, "batches": 1 });
        json!({ "source": "trivy", "findings": [], "report": report })
    };
    send(&house, &of("shop/api")).await;
    send(&house, &clean("shop/clean")).await;
    house.world.time.advance(8 * 24 * 3600);
    send(&house, &of("shop/web")).await;
    let doubts = async || house.get("/v1/findings/summary").await.json()["doubts"].clone();
    let silent =
        |asset: &str| format!("trivy reported nothing of {asset} since 2026-06-15, for more than 7 days");
    let mut told = doubts().await.as_array().unwrap().clone();
    told.sort_by_key(ToString::to_string);
    assert_eq!(json!(told), json!([silent("shop/api"), silent("shop/clean")]));
    send(&house, &of("shop/api")).await;
    assert_eq!(doubts().await, json!([silent("shop/clean")]));
    let mut policy = policy();
    policy["retired_assets"] = json!([{ "asset": "*/clean" }]);
    assert_eq!(house.call("PUT", "/v1/findings/policy", &policy).await.status, 200);
    assert_eq!(doubts().await, json!([]));
}

#[tokio::test]
async fn sources_and_their_assets_are_listed_with_their_doubts_and_forgotten_one_by_one() {
    let house = House::start().await;
    send(&house, &body()).await;
    let mut refused = one("f-2", "awful");
    refused["asset"] = json!("shop/web");
    send(&house, &json!({ "source": "trivy", "findings": [refused] })).await;
    let sources = house.list("/v1/findings/sources").await;
    assert_eq!(sources.len(), 1);
    assert_eq!(
        (&sources[0]["source"], &sources[0]["asset"], &sources[0]["doubts"]),
        (&json!("trivy"), &json!(null), &json!([]))
    );
    let mut assets = house.list("/v1/findings/sources?source=trivy").await;
    assets.sort_by_key(|asset| asset["asset"].to_string());
    assert_eq!((&assets[0]["asset"], &assets[0]["doubts"]), (&json!("shop/api"), &json!([])));
    let doubts = json!(["findings of shop/web by trivy are missing: 1 were refused"]);
    assert_eq!(
        (&assets[1]["asset"], &assets[1]["heard_at"], &assets[1]["doubts"]),
        (&json!("shop/web"), &json!(null), &doubts)
    );
    assert_eq!(house.get("/v1/findings/summary").await.json()["doubts"], doubts);
    assert!(house.list("/v1/findings/sources?source=grype").await.is_empty());
    let path = "/v1/findings/sources?source=trivy&asset=shop%2Fweb";
    assert_eq!(house.call("DELETE", path, &json!({})).await.status, 204);
    assert_eq!(house.get("/v1/findings/summary").await.json()["doubts"], json!([]));
    assert_problem(&house.call("DELETE", path, &json!({})).await, 404, None);
    assert_problem(&house.call("DELETE", "/v1/findings/sources", &json!({})).await, 422, Some("source"));
}

#[tokio::test]
async fn a_risk_is_accepted_for_a_reason_to_a_day_not_far_away_and_that_is_taken_back() {
    let house = House::start().await;
    let id = finding(&house).await;
    let path = format!("/v1/findings/{id}/acceptance");
    for (body, field) in [
        (json!({ "until": "2026-06-14", "why": "x" }), "until"),
        (json!({ "until": "2027-06-17", "why": "x" }), "until"),
        (json!({ "until": "soon", "why": "x" }), "until"),
        (json!({ "until": "2026-07-01", "why": " " }), "why"),
        (json!({ "until": "2026-07-01", "why": "x".repeat(501) }), "why"),
        (json!({ "until": "2026-07-01" }), "why"),
    ] {
        assert_problem(&house.call("PUT", &path, &body).await, 422, Some(field));
    }
    let good = json!({ "until": "2027-06-16", "why": "behind a wall" });
    for _ in 0..2 {
        let shown = house.call("PUT", &path, &good).await.json();
        assert_eq!(
            (&shown["state"], &shown["acceptance"]["why"]),
            (&json!("accepted"), &json!("behind a wall"))
        );
    }
    assert_eq!(send(&house, &body()).await["unchanged"], 1);
    assert_eq!(house.list("/v1/findings?state=accepted").await.len(), 1);
    for _ in 0..2 {
        let shown = house.call("DELETE", &path, &json!({})).await.json();
        assert_eq!((&shown["state"], &shown["acceptance"]), (&json!("open"), &json!(null)));
    }
    let none = "/v1/findings/B9-none/acceptance";
    assert_problem(&house.call("PUT", none, &good).await, 404, None);
    assert_problem(&house.get("/v1/findings/B9-none").await, 404, None);
}

#[tokio::test]
async fn the_policy_for_findings_says_days_by_severity_and_a_zone() {
    let house = House::start().await;
    let usual = house.get("/v1/findings/policy").await.json();
    let days = json!({ "critical": 7, "high": 30, "medium": 90, "low": 180, "info": null });
    let retired = json!([]);
    let expected = json!({
        "days": days, "zone": "UTC", "report_days": 7, "retired_sources": retired, "retired_assets": retired,
    });
    assert_eq!(usual, expected);
    let with = |field: &str, value: Value| {
        let mut body = policy();
        body["days"][field] = value;
        body
    };
    let retired = |assets: Value| json!({ "days": days, "zone": "UTC", "retired_assets": assets });
    for (body, field) in [
        (with("high", json!(0)), "days.high"),
        (with("high", json!(3651)), "days.high"),
        (with("colour", json!(1)), "days.colour"),
        (json!({ "days": days, "zone": "Mars" }), "zone"),
        (json!({ "zone": "UTC" }), "days"),
        (json!({ "days": days, "zone": "UTC", "report_days": 0 }), "report_days"),
        (json!({ "days": days, "zone": "UTC", "retired_sources": ["a", ""] }), "retired_sources[1]"),
        (retired(json!([{ "asset": "" }])), "retired_assets[0].asset"),
        (retired(json!([{ "asset": "a" }, { "asset": "x".repeat(201) }])), "retired_assets[1].asset"),
        (retired(json!([{ "asset": "a", "source": "" }])), "retired_assets[0].source"),
        (retired(json!([{ "source": "trivy" }])), "retired_assets[0].asset"),
        (retired(json!(vec![json!({ "asset": "a" }); 101])), "retired_assets"),
    ] {
        assert_problem(&house.call("PUT", "/v1/findings/policy", &body).await, 422, Some(field));
    }
    assert_eq!(house.call("PUT", "/v1/findings/policy", &policy()).await.json(), policy());
    assert_eq!(house.get("/v1/findings/policy").await.json(), policy());
}

#[tokio::test]
async fn what_is_too_much_to_be_counted_at_each_look_is_told_as_it_was_counted_last() {
    let house = House::start().await;
    finding(&house).await;
    let counted = house.get("/v1/findings/summary").await.json();
    assert_eq!((&counted["counted"], &counted["total"]), (&json!("now"), &json!(1)), "{counted}");
    let (store, tenant, now) = (house.world.store(), &house.world.tenant, house.world.time.now());
    for (total, told) in [(5000, json!("now")), (5001, json!("last_evaluation"))] {
        let tally = Tally { total, ..Tally::default() };
        let counts = Counts { tally, doubts: vec!["nobody looked".to_owned()], counted_at: now };
        store.keep_finding_counts(tenant, &counts).await.unwrap();
        let summary = house.get("/v1/findings/summary").await.json();
        assert_eq!(summary["counted"], told, "{summary}");
        assert_eq!(summary["total"], json!(if told == "now" { 1 } else { total }), "{summary}");
    }
}
