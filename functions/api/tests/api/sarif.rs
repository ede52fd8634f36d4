//! SARIF documents over the API: as they are and packed, malformed, too long, sent again.

use std::io::Write;

use assay_test_support::http::{Answer, Ask};
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

/// A document of one result, of this rule.
pub fn document(rule: &str) -> String {
    let result = json!({
        "ruleId": rule, "message": { "text": format!("{rule} is broken") }, "level": "error",
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": "src/a.rs" }, "region": { "startLine": 3 },
        } }],
    });
    of(&[result])
}

fn of(results: &[Value]) -> String {
    let provenance = json!([{ "repositoryUri": "https://github.example.com/shop/api.git" }]);
    json!({ "version": "2.1.0", "runs": [{
        "tool": { "driver": { "name": "Scanner" } }, "results": results, "versionControlProvenance": provenance,
    }] })
    .to_string()
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn send(
    house: &House,
    query: &str,
    body: impl Into<Vec<u8>>,
    headers: &[(&'static str, &str)],
) -> Answer {
    let mut ask = Ask::new("POST", &format!("/v1/findings/sarif{query}")).token(Some(&house.admin));
    for (name, value) in headers {
        ask = ask.header(name, value);
    }
    house.send(ask.bytes(body.into())).await
}

const SARIF: (&str, &str) = ("content-type", "application/sarif+json");

#[tokio::test]
async fn a_document_is_taken_in_as_it_is_or_packed_and_what_it_no_longer_names_is_resolved() {
    let house = House::start().await;
    let first = send(&house, "?full=true", document("r-1"), &[SARIF]).await.json();
    let source = &first["sources"][0];
    assert_eq!((&first["complete"], &first["results"]), (&json!(true), &json!(1)), "{first}");
    assert_eq!(
        (&source["source"], &source["asset"], &source["taken"]["created"]),
        (&json!("Scanner"), &json!("github.example.com/shop/api"), &json!(1))
    );
    house.world.time.advance(60);
    let zipped = packed(&document("r-2"));
    let headers = [("content-type", "application/json; charset=utf-8"), ("content-encoding", "gzip")];
    let second = send(&house, "?full=true", zipped, &headers).await.json();
    let taken = &second["sources"][0]["taken"];
    assert_eq!((&taken["created"], &taken["resolved"]), (&json!(1), &json!(1)), "{second}");
    let open = house.list("/v1/findings?state=open").await;
    assert_eq!((open.len(), &open[0]["rule"], &open[0]["severity"]), (1, &json!("r-2"), &json!("high")));
    house.world.time.advance(60);
    let named = send(&house, "?source=mine&asset=other", document("r-2"), &[SARIF]).await.json();
    assert_eq!(
        (&named["sources"][0]["source"], &named["sources"][0]["asset"]),
        (&json!("mine"), &json!("other"))
    );
    assert_eq!(house.list("/v1/findings?state=open").await.len(), 2);
}

#[tokio::test]
async fn the_same_document_for_the_same_report_changes_nothing_again() {
    let house = House::start().await;
    let query = "?full=true&report=run-7";
    let first = send(&house, query, document("r-1"), &[SARIF]).await.json();
    assert_eq!(first["report"], "run-7");
    let before = house.state().await;
    let again = send(&house, query, document("r-1"), &[SARIF]).await.json();
    assert_eq!(again["sources"][0]["taken"]["unchanged"], 1, "{again}");
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn a_document_that_is_not_good_is_refused_with_its_place_and_nothing_is_written() {
    let house = House::start().await;
    let before = house.state().await;
    let good = document("r-1");
    let headers = [SARIF, ("content-encoding", "gzip")];
    for (query, body, headers, status, field) in [
        ("", b"{".to_vec(), &headers[..1], 422, "body"),
        ("", Vec::new(), &headers[..1], 422, "body"),
        ("", good.as_bytes().to_vec(), &headers[..], 422, "body"),
        ("", packed(&good)[..40].to_vec(), &headers[..], 422, "body"),
        ("", good.replace("2.1.0", "2.0.0").into_bytes(), &headers[..1], 422, "version"),
        ("", good.replace("\"r-1\"", "1").into_bytes(), &headers[..1], 422, "runs[0].results[0].ruleId"),
        (
            "",
            good.replace("\"Scanner\"", "\"\"").into_bytes(),
            &headers[..1],
            422,
            "runs[0].tool.driver.name",
        ),
        ("", good.replace("repositoryUri", "x").into_bytes(), &headers[..1], 422, "asset"),
        ("?asset=", good.clone().into_bytes(), &headers[..1], 422, "asset"),
        ("?source=", good.clone().into_bytes(), &headers[..1], 422, "source"),
        ("?report=a%20b", good.clone().into_bytes(), &headers[..1], 422, "report"),
        ("?full=maybe", good.clone().into_bytes(), &headers[..1], 422, "full"),
        ("?colour=red", good.clone().into_bytes(), &headers[..1], 422, "colour"),
        ("", good.clone().into_bytes(), &[("content-type", "text/plain")], 415, "Content-Type"),
        ("", good.clone().into_bytes(), &[SARIF, ("content-encoding", "br")], 415, "Content-Encoding"),
        ("", vec![b' '; 7 * 1024 * 1024], &headers[..1], 413, "body"),
    ] {
        let answer = send(&house, query, body, headers).await;
        assert_eq!(answer.status, status, "{query} {field}: {}", answer.text());
        assert_problem(&answer, status, Some(field));
    }
    // A megabyte of nothing takes a kilobyte; 65 of them are more than is read.
    let bomb = packed(&format!("{{\"version\":\"{}\"}}", " ".repeat(65 * 1024 * 1024)));
    assert!(bomb.len() < 1024 * 1024);
    assert_problem(&send(&house, "", bomb, &headers).await, 413, None);
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn results_that_break_a_rule_are_told_by_their_place_and_all_others_are_taken() {
    let house = House::start().await;
    let results = [
        json!({ "ruleId": "r-1", "message": { "text": "broken" } }),
        json!({ "message": { "text": "" } }),
        json!({ "ruleId": "r-2", "message": { "text": "x" }, "level": "awful" }),
        json!({ "ruleId": "r-3", "message": { "text": "x" }, "suppressions": [{ "kind": "inSource" }] }),
        json!({ "ruleId": "r-4", "message": { "text": "x" }, "kind": "pass" }),
    ];
    let answer = send(&house, "?full=true", of(&results), &[SARIF]).await.json();
    assert_eq!((&answer["suppressed"], &answer["not_failing"]), (&json!(1), &json!(1)), "{answer}");
    let taken = &answer["sources"][0]["taken"];
    let fields: Vec<&Value> = taken["rejections"].as_array().unwrap().iter().map(|it| &it["field"]).collect();
    assert_eq!(fields, ["runs[0].results[1].message", "runs[0].results[2].level"]);
    assert_eq!((&taken["created"], taken["report"]["spares"].is_string()), (&json!(1), true));
}
