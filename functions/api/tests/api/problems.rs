//! The forms of refusals, as callers see them.

use assay_api::problem::Problem;
use assay_test_support::http::{Answer, Ask};
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{House, connect_body};

fn shown(name: &str, answer: &Answer) -> String {
    let headers: Vec<String> = ["content-type", "retry-after", "www-authenticate", "allow"]
        .iter()
        .filter(|header| !answer.header(**header).is_empty())
        .map(|header| format!("{header}: {}\n", answer.header(*header)))
        .collect();
    let body = serde_json::to_string_pretty(&answer.json()).unwrap();
    format!("--- {name}\n{}\n{}{body}\n", answer.status.as_u16(), headers.concat())
}

#[tokio::test]
async fn refusals_have_these_forms() {
    let house = House::start().await;
    let auditor = house.token("acme", assay::access::Role::Auditor).await;
    let changed = |field: &str, value: Value| {
        let mut body = connect_body();
        body[field] = value;
        body
    };
    let mut forms = vec![
        shown("no token", &house.send(Ask::new("GET", "/v1/tasks")).await),
        shown("too low a role", &house.send(Ask::new("GET", "/v1/tokens").token(Some(&auditor))).await),
        shown("not there", &house.get("/v1/connections/con-none").await),
        shown("no such path", &house.get("/v1/nothing").await),
        shown("no such method", &house.call("PUT", "/v1/connections", &json!({})).await),
        shown(
            "not JSON",
            &house.send(Ask::new("POST", "/v1/tokens").token(Some(&house.admin)).bytes("x")).await,
        ),
        shown("unknown field", &house.call("POST", "/v1/tokens", &json!({ "colour": 1 })).await),
        shown("missing field", &house.call("POST", "/v1/tokens", &json!({ "name": "ci" })).await),
        shown(
            "bad site",
            &house.call("POST", "/v1/connections", &changed("site", json!("https://a/b"))).await,
        ),
        shown("wrong token", &house.call("POST", "/v1/connections", &changed("token", json!("x"))).await),
        shown("bad cursor", &house.get("/v1/tasks?cursor=x").await),
        shown("unknown parameter", &house.get("/v1/tasks?colour=red").await),
    ];
    let huge = json!({ "name": "x".repeat(100_000) });
    forms.push(shown("too large", &house.call("POST", "/v1/tokens", &huge).await));
    house.post_once("/v1/tokens", "k", &json!({ "name": "a", "role": "admin" })).await;
    let reused = house.post_once("/v1/tokens", "k", &json!({ "name": "b", "role": "admin" })).await;
    forms.push(shown("key used again", &reused));
    let made = house.call("POST", "/v1/connections", &changed("use_cases", json!(["usage"]))).await;
    let path = format!("/v1/connections/{}", made.json()["id"].as_str().unwrap());
    house.send(Ask::new("DELETE", &path).token(Some(&house.admin))).await;
    let verify = house.call("POST", &format!("{path}/verify"), &json!({})).await;
    forms.push(shown("conflict", &verify));
    let fault = json!({ "path": "*", "times": 100, "kind": "status", "status": 503 });
    house.world.jira.simulator.add_fault(serde_json::from_value(fault).unwrap());
    forms.push(shown("Jira is down", &house.call("POST", "/v1/connections", &connect_body()).await));
    insta::assert_snapshot!(forms.concat());
}

#[tokio::test]
async fn a_fault_of_ours_says_nothing_of_its_cause() {
    let error = assay::Error::internal("could not read acme#secret-key").because("the cause's own words");
    let response = Problem::from(error).into_response();
    assert_eq!(response.status(), 500);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    insta::assert_snapshot!(body["detail"].as_str().unwrap(), @"something failed on our side and was logged; try again, and tell whoever runs Assay if it goes on");
}

#[tokio::test]
async fn every_answer_forbids_keeping_and_guessing_and_what_was_sent_stays_inert() {
    let house = House::start().await;
    let probe = "<script>alert(1)</script>\"'&";
    let mut body = connect_body();
    body["site"] = json!(probe);
    for answer in [
        house.get("/").await,
        house.get("/v1/health").await,
        house.get("/v1/checks").await,
        house.get("/v1/nothing").await,
        house.get("/v1/tasks?%3Cscript%3E=1").await,
        house.call("POST", "/v1/connections", &body).await,
        house.send(Ask::new("GET", "/v1/tasks")).await,
        house.send(Ask::new("TRACE", "/v1/tasks")).await,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert!(answer.header("strict-transport-security").starts_with("max-age="));
        assert!(["application/json", "application/problem+json"].contains(&answer.header("content-type")));
        assert!(answer.json().is_object(), "{}", answer.text());
    }
}
