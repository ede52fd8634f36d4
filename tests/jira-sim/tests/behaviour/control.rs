use serde_json::json;

use crate::support::Jira;

#[tokio::test]
async fn the_journal_has_every_call_and_no_credential() {
    let jira = Jira::demo().await;
    jira.get("/issue/CHG-1?fields=summary").await;
    jira.get("/myself").await;
    let journal = jira.control("GET", "/journal?since=1", json!(null)).await;
    let calls = journal["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["operation"], "getCurrentUser");
    assert_eq!(calls[0]["caller"], "acc-admin");
    let whole = jira.control("GET", "/journal", json!(null)).await.to_string();
    assert!(!whole.contains("sim-admin-token") && !whole.contains("Basic"));
}

#[tokio::test]
async fn a_reset_brings_the_demo_back_and_time_only_goes_forward() {
    let jira = Jira::demo().await;
    jira.delete("/issue/CHG-1").await;
    let before = jira.simulator().now();
    jira.control("POST", "/advance", json!({ "seconds": 86_400 })).await;
    jira.control("POST", "/reset", json!({ "seed": "demo" })).await;
    assert_eq!(jira.get("/issue/CHG-1").await.status, 200);
    assert!(jira.simulator().now() > before);
    jira.control("POST", "/reset", json!({ "seed": "empty" })).await;
    assert!(jira.simulator().issues().is_empty());
    jira.control("POST", "/reset", json!({ "seed": { "change_tickets": 100 } })).await;
    assert_eq!(jira.search("project = CHG").await.len(), 100);
}

#[tokio::test]
async fn the_demo_has_what_the_checks_need() {
    let jira = Jira::demo().await;
    assert_eq!(jira.search("project = CHG AND issuetype = Change AND created >= -90d").await.len(), 24);
    assert_eq!(jira.search("project = CHG AND assignee IS EMPTY").await.len(), 3);
    assert!(!jira.search("project = CHG AND created >= -30d").await.is_empty());
    assert_eq!(jira.search("project = INC AND statusCategory != Done AND created < -30d").await.len(), 2);
    assert_eq!(jira.search("project = INC").await.len(), 8);
}

#[tokio::test]
async fn settings_change_one_by_one_and_unknown_ones_are_refused() {
    let jira = Jira::demo().await;
    let settings = jira.control("PUT", "/settings", json!({ "index_lag_seconds": 9, "quota": null })).await;
    assert_eq!((settings["index_lag_seconds"].clone(), settings["quota"].clone()), (json!(9.0), json!(null)));
    assert_eq!(settings["burst"]["get"], 100);
    let url = format!("{}/__sim/settings", jira.running.url());
    let refused = jira.send(jira.client.put(&url).json(&json!({ "index_lag": 1 }))).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("index_lag"));
}

#[tokio::test]
async fn a_test_in_the_same_process_has_the_same_control() {
    let jira = Jira::demo().await;
    let token = json!({ "account": "acc-1", "token": "another" });
    jira.simulator().control("POST", "/tokens", &token).unwrap();
    let request = jira.client.get(jira.site("/myself")).basic_auth("account-1@example.com", Some("another"));
    assert_eq!(jira.send(request).await.status, 200);
    let journal = jira.simulator().control("GET", "/journal?since=0", &json!(null)).unwrap();
    assert_eq!(journal["calls"].as_array().unwrap().len(), 1);
    assert!(jira.simulator().control("GET", "/nothing", &json!(null)).is_err());
}

#[tokio::test]
async fn a_web_page_of_another_site_cannot_steer_it() {
    let jira = Jira::demo().await;
    let url = format!("{}/__sim/reset", jira.running.url());
    let foreign = jira.client.post(&url).header("origin", "https://example.com").body("{}");
    assert_eq!(jira.send(foreign).await.status, 403);
    let rebound = jira.client.post(&url).header("host", "rebound.example.com").body("{}");
    assert_eq!(jira.send(rebound).await.status, 403);
}
