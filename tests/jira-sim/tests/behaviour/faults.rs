use jira_sim::{Fault, FaultKind};
use serde_json::json;

use crate::support::{Jira, task};

fn create(jira: &Jira) -> reqwest::RequestBuilder {
    jira.request("POST", "/issue").json(&json!({ "fields": task("SEC", "x") }))
}

fn created(jira: &Jira) -> usize {
    jira.simulator().issues().iter().filter(|issue| issue["project"] == "SEC").count()
}

#[tokio::test]
async fn a_lost_answer_has_an_effect_and_a_cut_before_has_none() {
    let jira = Jira::demo().await;
    jira.simulator().add_fault(Fault::once(FaultKind::AnswerLost, "createIssue"));
    assert!(create(&jira).send().await.is_err());
    assert_eq!(created(&jira), 1);
    jira.simulator().add_fault(Fault::once(FaultKind::CutBefore, "/rest/api/3/issue"));
    assert!(create(&jira).send().await.is_err());
    jira.simulator().add_fault(Fault::once(FaultKind::Reset, "createIssue"));
    assert!(create(&jira).send().await.is_err());
    assert_eq!(created(&jira), 1);
    let journal = jira.simulator().journal();
    let faults: Vec<_> =
        journal.iter().map(|call| (call.status, call.fault.clone().unwrap_or_default())).collect();
    assert_eq!(
        faults,
        [(0, "answer_lost".to_owned()), (0, "cut_before".to_owned()), (0, "reset".to_owned())]
    );
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_its_length() {
    let jira = Jira::demo().await;
    jira.simulator().add_fault(Fault::once(FaultKind::Truncated, "getIssue"));
    let answer = jira.request("GET", "/issue/CHG-1").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.content_length().unwrap() > 100);
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn html_statuses_and_redirects_come_instead_of_the_effect() {
    let jira = Jira::demo().await;
    jira.simulator().add_fault(Fault::once(FaultKind::Html, "createIssue"));
    let page = jira.send(create(&jira)).await;
    assert_eq!(page.status, 502);
    assert!(page.text.starts_with("<!DOCTYPE html>") && page.header("content-type").starts_with("text/html"));
    let limit = Fault {
        status: Some(429),
        reason: Some("jira-burst-based".to_owned()),
        retry_after: Some(7),
        ..Fault::once(FaultKind::Status, "createIssue")
    };
    jira.simulator().add_fault(limit);
    let refused = jira.send(create(&jira)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "7"));
    assert_eq!(refused.header("ratelimit-reason"), "jira-burst-based");
    let bare = Fault { status: Some(503), ..Fault::once(FaultKind::Status, "createIssue") };
    jira.simulator().add_fault(bare);
    let refused = jira.send(create(&jira)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, ""));
    jira.simulator().add_fault(Fault::once(FaultKind::Redirect, "createIssue"));
    let elsewhere = jira.send(create(&jira)).await;
    assert_eq!(elsewhere.status, 302);
    assert!(!elsewhere.header("location").contains(&jira.running.address.to_string()));
    assert_eq!(created(&jira), 0);
}

#[tokio::test]
async fn slow_answers_are_whole_in_the_end() {
    let jira = Jira::demo().await;
    for kind in [FaultKind::Delay, FaultKind::SlowDrip] {
        let fault = Fault { delay_ms: Some(200), ..Fault::once(kind, "getCurrentUser") };
        jira.simulator().add_fault(fault);
        let begun = std::time::Instant::now();
        let myself = jira.get("/myself").await;
        assert!(begun.elapsed().as_millis() >= 200);
        assert_eq!(myself.json()["accountId"], "acc-admin");
    }
}

#[tokio::test]
async fn a_rule_waits_for_its_call_and_ends_after_its_times() {
    let jira = Jira::demo().await;
    let rule = json!({
        "faults": [{ "method": "GET", "path": "/myself", "from_call": 2, "times": 2, "kind": "status", "status": 500 }],
    });
    jira.control("POST", "/faults", rule).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(jira.get("/myself").await.status);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
    let rules = jira.control("GET", "/faults", json!(null)).await;
    assert_eq!(rules["faults"][0]["seen"], 4);
    jira.control("DELETE", "/faults", json!(null)).await;
    assert_eq!(jira.control("GET", "/faults", json!(null)).await["faults"], json!([]));
}

#[tokio::test]
async fn a_status_or_a_page_can_come_after_the_effect() {
    let jira = Jira::demo().await;
    for (kind, status) in [(FaultKind::Status, 503), (FaultKind::Status, 408), (FaultKind::Html, 502)] {
        let before = created(&jira);
        let fault = Fault { status: Some(status), after_effect: true, ..Fault::once(kind, "createIssue") };
        assert!(fault.has_effect());
        jira.simulator().add_fault(fault);
        assert_eq!(jira.send(create(&jira)).await.status, status);
        assert_eq!(created(&jira), before + 1);
    }
}

#[tokio::test]
async fn a_bulk_create_can_end_in_the_middle() {
    let jira = Jira::demo().await;
    let fault = Fault { elements: Some(2), ..Fault::once(FaultKind::AnswerLost, "createIssues") };
    jira.simulator().add_fault(fault);
    let updates: Vec<_> = (0..5).map(|_| json!({ "fields": task("SEC", "x") })).collect();
    let request = jira.request("POST", "/issue/bulk").json(&json!({ "issueUpdates": updates }));
    assert!(request.send().await.is_err());
    assert_eq!(created(&jira), 2);
}

#[tokio::test]
async fn an_effect_can_come_after_somebody_looked_for_it() {
    let jira = Jira::demo().await;
    let fault = Fault { delay_ms: Some(90_000), ..Fault::once(FaultKind::EffectLate, "createIssue") };
    jira.simulator().add_fault(fault);
    assert!(create(&jira).send().await.is_err());
    jira.advance(89);
    assert!(jira.search("project = SEC").await.is_empty());
    assert_eq!(created(&jira), 0);
    jira.advance(10);
    assert_eq!(jira.search("project = SEC").await, ["SEC-1"]);
    let made = jira.get("/issue/SEC-1?fields=created").await.json();
    assert_eq!(made["fields"]["created"], "2026-06-15T12:01:30.000+0000");
    assert_eq!(created(&jira), 1);
}

#[tokio::test]
async fn a_call_is_compared_with_the_document_even_if_its_answer_is_spoiled() {
    let jira = Jira::demo().await;
    jira.calls_wrongly_on_purpose();
    let checked = jira.control("GET", "/violations", json!(null)).await;
    jira.simulator().add_fault(Fault::once(FaultKind::AnswerLost, "getIssue"));
    assert!(jira.request("GET", "/issue/CHG-1?nope=1").send().await.is_err());
    if checked["openapi"] == "checked" {
        let violations = jira.simulator().violations();
        assert_eq!((violations.len(), violations[0].side.as_str(), violations[0].status), (1, "request", 0));
    }
    assert_eq!(jira.simulator().journal()[0].caller, "acc-admin");
}
