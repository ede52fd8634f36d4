//! Findings: the list, one of them, the acceptance of a risk, a scanner's file, the policy.

use std::io::Write;

use assay::access::Role;
use serde_json::{Value, json};

use super::support::{House, PROBE, assert_harmless, between, main_of};

fn one(fingerprint: &str, title: &str, severity: &str) -> Value {
    json!({
        "fingerprint": fingerprint, "title": title, "severity": severity, "asset": "shop/api", "rule": "sqli",
        "advisory": "CVE-2026-1000", "description": "It is bad.\nReally.", "fix": "Update lib.", "score": null,
        "links": ["https://example.com/sqli"], "location": { "path": "src/a.rs", "line": 3 },
        "package": { "name": "lib", "version": "1.0", "fixed_in": "1.1" },
    })
}

/// A finding is reported; gives its id.
pub async fn finding(house: &House, fingerprint: &str) -> String {
    report(house, &[one(fingerprint, "SQL is put together from text", "high")]).await;
    let all = house.call("GET", "/v1/findings?limit=200", &Value::Null).await.json();
    let found = all["items"].as_array().unwrap().iter().find(|it| it["fingerprint"] == fingerprint).cloned();
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn report(house: &House, findings: &[Value]) {
    let body = json!({ "source": "trivy", "findings": findings });
    let taken = house.call("POST", "/v1/findings", &body).await.json();
    assert_eq!(taken["rejected"], 0, "{taken}");
}

async fn shown(house: &House, id: &str) -> Value {
    house.call("GET", &format!("/v1/findings/{id}"), &Value::Null).await.json()
}

#[tokio::test]
async fn where_nothing_was_reported_it_is_said_what_to_do() {
    let house = House::start().await;
    let operator = house.signed_in(Role::Operator).await.page("/vulnerabilities").await;
    insta::assert_snapshot!("vulnerabilities_empty", main_of(&operator));
    let auditor = house.signed_in(Role::Auditor).await.page("/vulnerabilities").await;
    assert!(auditor.contains("an operator uploads") && !auditor.contains("/vulnerabilities/upload"));
}

#[tokio::test]
async fn sources_and_their_assets_say_why_they_cannot_be_relied_on_and_an_admin_forgets_one_that_is_gone() {
    let house = House::start().await;
    let admin = house.signed_in(Role::Admin).await;
    let empty = admin.page("/vulnerabilities/sources").await;
    assert!(empty.contains("No source is known here"), "{empty}");
    finding(&house, "f-1").await;
    let mut refused = one("f-2", "Wrong", "awful");
    refused["asset"] = json!(PROBE);
    house.call("POST", "/v1/findings", &json!({ "source": PROBE, "findings": [refused] })).await;
    assert!(admin.page("/vulnerabilities").await.contains("href=\"/vulnerabilities/sources\""));
    let sources = admin.page("/vulnerabilities/sources").await;
    assert_harmless(&sources);
    let further = form_urlencoded::Serializer::new(String::new()).append_pair("source", PROBE).finish();
    let further = format!("/vulnerabilities/sources?{further}");
    assert!(sources.contains(&format!("href=\"{further}\"")), "{sources}");
    let assets = admin.page(&further).await;
    assert_harmless(&assets);
    assert!(assets.contains("Doubtful</span>") && assets.contains("1 were refused"), "{assets}");
    let trivy = admin.page("/vulnerabilities/sources?source=trivy").await;
    insta::assert_snapshot!("vulnerabilities_sources", main_of(&trivy));

    let auditor = house.signed_in(Role::Auditor).await.page(&further).await;
    assert!(!auditor.contains("Forget") && auditor.contains("An admin may forget"), "{auditor}");
    let forgotten =
        admin.submit("/vulnerabilities/sources/forget", &[("source", PROBE), ("asset", PROBE)]).await;
    let left = admin.follow(&forgotten).await.text();
    assert!(left.contains("It is forgotten") && left.contains("No asset is known here"), "{left}");
    assert!(!admin.page("/vulnerabilities").await.contains("were refused"));
    for (fields, status) in [(vec![("source", "gone")], 404), (vec![], 422)] {
        let answer = admin.submit("/vulnerabilities/sources/forget", &fields).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    house.world.time.advance(8 * 24 * 3600);
    let silent = house.signed_in(Role::Auditor).await.page("/vulnerabilities/sources").await;
    assert!(silent.contains("trivy reported nothing since"), "{silent}");
}

#[tokio::test]
async fn the_sources_go_on_by_their_address() {
    let house = House::start().await;
    for number in 0..60 {
        let mut found = one(&format!("f-{number}"), "X", "low");
        found["asset"] = json!(format!("asset-{number}"));
        report(&house, &[found]).await;
    }
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/vulnerabilities/sources?source=trivy").await;
    let next = between(&page, "class=\"button\" href=\"", "\" rel=\"next\"").unwrap().replace("&#38;", "&");
    assert!(next.contains("source=trivy"), "{next}");
    assert!(browser.page(&next).await.contains("<tbody>"));
}

#[tokio::test]
async fn findings_are_counted_listed_and_filtered_and_one_is_a_page_and_a_drawer() {
    let house = House::start().await;
    let id = finding(&house, "f-1").await;
    report(&house, &[one("f-2", "A key in the open", "critical"), one("f-3", PROBE, "low")]).await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page("/vulnerabilities").await;
    assert_harmless(&page);
    insta::assert_snapshot!("vulnerabilities", main_of(&page));
    let page = browser.page(&format!("/vulnerabilities/{id}")).await;
    insta::assert_snapshot!("vulnerability", main_of(&page));
    assert!(page.contains("href=\"https://example.com/sqli\" rel=\"noopener noreferrer\""), "{page}");
    let drawer = browser.part(&format!("/vulnerabilities/{id}"), "drawer").await.text();
    assert!(drawer.starts_with("<article") && drawer.contains("autofocus"), "{drawer}");
    for (query, shows) in [
        ("severity=critical", "A key in the open"),
        ("severity=medium", "No finding here"),
        ("state=resolved", "No finding is like that"),
        ("state=any&severity=high&source=trivy&asset=shop%2Fapi&overdue=false", "SQL is put together"),
        ("overdue=true", "No finding here"),
    ] {
        let path = format!("/vulnerabilities?{query}");
        let part = browser.part(&path, "findings").await.text();
        assert!(part.contains(shows) && !part.contains("<html"), "{query}: {part}");
        assert!(browser.page(&path).await.contains(&part), "a part is what the page has in its place");
    }
    house.world.time.advance(8 * 24 * 3600);
    let page = house.signed_in(Role::Auditor).await.page("/vulnerabilities?overdue=true").await;
    assert!(page.contains("A key in the open") && page.contains("Overdue</span>"), "{page}");
    assert!(page.contains("trivy reported nothing since"), "{page}");
    let odd = browser.get("/vulnerabilities?severity=odd").await;
    assert_ne!(odd.status, 500, "{}", odd.text());
}

#[tokio::test]
async fn many_findings_come_page_by_page() {
    let house = House::start().await;
    let many: Vec<Value> =
        (0..60).map(|number| one(&format!("f-{number}"), &format!("Finding {number}"), "low")).collect();
    report(&house, &many).await;
    let browser = house.signed_in(Role::Auditor).await;
    let first = browser.page("/vulnerabilities?severity=low").await;
    let next = between(&first, "class=\"button\" href=\"", "\" rel=\"next\"").unwrap();
    let second = browser.page(&next.replace("&#38;", "&")).await;
    let count = |page: &str| page.matches("<th scope=\"row\">").count();
    assert_eq!((count(&first), count(&second)), (50, 10));
    assert!(!second.contains("rel=\"next\""));
}

#[tokio::test]
async fn a_risk_is_accepted_for_a_reason_and_that_is_withdrawn() {
    let house = House::start().await;
    let id = finding(&house, "f-1").await;
    let path = format!("/vulnerabilities/{id}");
    let (accept, withdraw) = (format!("{path}/accept"), format!("{path}/withdraw"));
    let browser = house.signed_in(Role::Operator).await;
    browser.page(&path).await;
    for (until, why, field) in
        [("2026-06-14", "a wall", "until"), ("", "a wall", "until"), ("2026-07-01", " ", "why")]
    {
        let answer = browser.submit(&accept, &[("until", until), ("why", why)]).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{page}");
        assert!(page.contains(&format!("id=\"error-{field}\"")), "{page}");
        assert!(page.contains(&format!("value=\"{until}\"")), "what was entered stays: {page}");
    }
    assert_eq!(shown(&house, &id).await["state"], "open");
    let answer = browser.submit(&accept, &[("until", "2026-07-01"), ("why", "behind a wall")]).await;
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("The risk is accepted.") && page.contains("the end of 1 Jul 2026"), "{page}");
    assert_eq!(shown(&house, &id).await["acceptance"]["why"], "behind a wall");
    let reader = house.signed_in(Role::Auditor).await;
    let page = reader.page(&path).await;
    assert!(!page.contains("/withdraw") && !page.contains("/accept") && page.contains("An operator may"));
    let answer = browser.submit(&withdraw, &[]).await;
    assert!(browser.follow(&answer).await.text().contains("The acceptance is withdrawn."));
    assert_eq!(shown(&house, &id).await["state"], "open");
}

pub fn document(rules: &[&str]) -> Vec<u8> {
    let result = |rule: &&str| {
        json!({
            "ruleId": rule, "message": { "text": format!("{rule} is broken") }, "level": "error",
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "src/a.rs" } } }],
        })
    };
    let results: Vec<Value> = rules.iter().map(result).collect();
    let from = json!([{ "repositoryUri": "https://github.example.com/shop/api.git" }]);
    let run = json!({ "tool": { "driver": { "name": "Scanner" } }, "results": results, "versionControlProvenance": from });
    json!({ "version": "2.1.0", "runs": [run] }).to_string().into_bytes()
}

#[tokio::test]
async fn a_scanners_file_is_taken_in_as_it_is_or_packed_and_told_by_scanner_and_asset() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    let path = "/vulnerabilities/upload";
    insta::assert_snapshot!("vulnerabilities_upload", main_of(&browser.page(path).await));
    let answer = browser.upload(path, &[("full", "true")], &document(&["r-1", "r-2"])).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    insta::assert_snapshot!("vulnerabilities_uploaded", main_of(&answer.text()));
    house.world.time.advance(60);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&document(&["r-2"])).unwrap();
    let fields = [("full", "true"), ("source", ""), ("asset", "")];
    let answer = browser.upload(path, &fields, &packed.finish().unwrap()).await;
    assert!(answer.text().contains("The file was taken in"), "{}", answer.text());
    let all = house.call("GET", "/v1/findings?state=resolved", &Value::Null).await.json();
    assert_eq!(all["items"][0]["rule"], "r-1", "what a full file no longer names is resolved");
}

#[tokio::test]
async fn where_time_was_up_the_same_file_goes_on_with_its_report() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/vulnerabilities/upload").await;
    let (now, file) = (house.world.time.now(), document(&["r-1"]));
    house.world.access.deadline.set(now);
    let page = browser.upload("/vulnerabilities/upload", &[("source", "mine")], &file).await.text();
    assert!(page.contains("A part of the file was taken in") && page.contains("value=\"mine\""), "{page}");
    let report = between(&page, "name=\"report\" value=\"", "\"").unwrap();
    house.world.access.deadline.set(assay::clock::after(now, 60));
    let fields = [("source", "mine"), ("report", report)];
    let page = browser.upload("/vulnerabilities/upload", &fields, &file).await.text();
    assert!(page.contains("The file was taken in") && !page.contains("name=\"report\""), "{page}");
    let all = house.call("GET", "/v1/findings", &Value::Null).await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn results_that_break_a_rule_are_named_and_nothing_is_resolved_then() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/vulnerabilities/upload").await;
    let good = json!({ "ruleId": "r-1", "message": { "text": "bad" }, "level": "error" });
    let odd = json!({ "ruleId": "r-2", "message": { "text": "bad" }, "level": "odd" });
    let run = json!({ "tool": { "driver": { "name": PROBE } }, "results": [good, odd] });
    let document = json!({ "version": "2.1.0", "runs": [run] }).to_string();
    let fields = [("full", "true"), ("asset", "shop/api")];
    let answer = browser.upload("/vulnerabilities/upload", &fields, document.as_bytes()).await;
    let page = answer.text();
    assert_eq!(answer.status, 200, "{page}");
    assert_harmless(&page);
    assert!(page.contains("<code>runs[0].results[1].level</code>"), "{page}");
    assert!(page.contains("in shop/api was resolved:"), "{page}");
    assert_eq!(
        house.call("GET", "/v1/findings", &Value::Null).await.json()["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_in_is_refused_at_its_field_with_the_place() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    let path = "/vulnerabilities/upload";
    browser.page(path).await;
    let broken = br#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"S"}},"results":[{"ruleId":5}]}]}"#;
    for (file, says) in
        [(&b""[..], "Choose the file"), (b"no json", "line 1"), (broken, "runs[0].results[0].ruleId")]
    {
        let answer = browser.upload(path, &[("source", "mine"), ("full", "true")], file).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{page}");
        assert!(page.contains("id=\"error-file\"") && page.contains(says), "{says}: {page}");
        assert!(page.contains("value=\"mine\"") && page.contains("value=\"true\" checked"), "{page}");
    }
    let answer = browser.upload(path, &[("asset", "two\nlines")], &document(&["r"])).await;
    assert!(answer.text().contains("id=\"error-asset\""), "{}", answer.text());
    let answer = browser.upload(path, &[], &vec![b' '; 6 * 1024 * 1024 + 1]).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    let answer = browser.submit(path, &[("file", "text")]).await;
    assert_eq!(answer.status, 422, "a form without a file: {}", answer.text());
    let all = house.call("GET", "/v1/findings", &Value::Null).await.json();
    assert_eq!(all["items"], json!([]));
}

#[tokio::test]
async fn an_admin_changes_the_policy_and_others_read_it() {
    let house = House::start().await;
    let path = "/vulnerabilities/policy";
    let admin = house.signed_in(Role::Admin).await;
    insta::assert_snapshot!("vulnerabilities_policy", main_of(&admin.page(path).await));
    let fields = [
        ("days.critical", "3"),
        ("days.high", "14"),
        ("days.medium", ""),
        ("days.low", ""),
        ("days.info", ""),
        ("zone", "Europe/Berlin"),
        ("report_days", ""),
        ("retired_sources", "old\r\nolder\r\n"),
        ("retired_assets", "trivy | shop/api:*\r\n*/gone"),
    ];
    let answer = admin.submit(path, &fields).await;
    assert!(admin.follow(&answer).await.text().contains("The policy is changed."));
    let policy = house.call("GET", "/v1/findings/policy", &Value::Null).await.json();
    let assets = json!([{ "source": "trivy", "asset": "shop/api:*" }, { "source": null, "asset": "*/gone" }]);
    assert_eq!((&policy["retired_assets"], &policy["days"]["high"]), (&assets, &json!(14)), "{policy}");
    assert_eq!(
        (&policy["retired_sources"], &policy["report_days"]),
        (&json!(["old", "older"]), &Value::Null)
    );
    let page = admin.page(path).await;
    assert!(page.contains("trivy | shop/api:*\n*/gone"), "{page}");
    for (name, value, field) in [
        ("days.high", "many", "days.high"),
        ("days.high", "0", "days.high"),
        ("zone", "Mars", "zone"),
        ("report_days", "x", "report_days"),
    ] {
        let mut wrong = fields;
        wrong.iter_mut().filter(|(key, _)| *key == name).for_each(|(_, text)| *text = value);
        let answer = admin.submit(path, &wrong).await;
        assert_eq!(answer.status, 422, "{name}");
        assert!(answer.text().contains(&format!("id=\"error-{field}\"")), "{name}: {}", answer.text());
        assert!(answer.text().contains("Europe/Berlin") || name == "zone");
    }
    let reader = house.signed_in(Role::Auditor).await.page(path).await;
    assert!(!reader.contains("name=\"zone\"") && reader.contains("An admin may change this."), "{reader}");
}
