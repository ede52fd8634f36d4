use jira_sim::{Options, Simulator};
use serde_json::json;

use crate::support::Jira;

#[tokio::test]
async fn without_the_document_the_report_says_so_and_where_it_is_published() {
    let running = Simulator::new(Options::default()).start().await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/__sim/violations", running.url());
    let report: serde_json::Value = client.get(url).send().await.unwrap().json().await.unwrap();
    let openapi = report["openapi"].as_str().unwrap();
    assert!(
        openapi.starts_with("not checked") && openapi.contains("https://developer.atlassian.com/"),
        "{openapi}"
    );
}

/// Needs the document; without it there is nothing that could be found.
#[tokio::test]
async fn a_wrong_call_is_a_violation_that_names_the_place() {
    let jira = Jira::demo().await;
    jira.calls_wrongly_on_purpose();
    jira.get("/myself?nope=1").await;
    jira.post("/search/jql", json!({ "jql": "project = CHG", "startAt": 0 })).await;
    jira.get("/no/such/path").await;
    let violations = jira.simulator().violations();
    let report = jira.control("GET", "/violations", json!(null)).await;
    if std::env::var_os("JIRA_OPENAPI_DIR").is_none() {
        assert!(report["openapi"].as_str().unwrap().starts_with("not checked"));
        assert_eq!(violations, []);
        return;
    }
    assert_eq!(report["checked"], 3);
    let problems: Vec<&str> = violations.iter().map(|violation| violation.problem.as_str()).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("'nope' is unknown"));
    assert!(problems[1].contains("startAt"));
    assert!(problems[2].contains("no such operation"));
}

#[tokio::test]
async fn lists_and_metadata_are_as_documented() {
    let jira = Jira::demo().await;
    for path in [
        "/myself?expand=groups",
        "/serverInfo",
        "/project/search?expand=lead,issueTypes",
        "/project/CHG",
        "/project/CHG/statuses",
        "/issue/createmeta/CHG/issuetypes",
        "/issue/createmeta/TEAM/issuetypes/10102",
        "/field",
        "/issuetype",
        "/status",
        "/statuscategory",
        "/priority",
        "/resolution",
        "/label",
        "/issue/CHG-1?expand=changelog,names&properties=*all",
        "/user?accountId=acc-service",
        "/group/bulk",
    ] {
        assert_eq!(jira.get(path).await.status, 200, "{path}");
    }
}
