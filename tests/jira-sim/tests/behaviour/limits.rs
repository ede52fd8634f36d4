use serde_json::{Value, json};

use crate::support::{Jira, Reply, consent, task, text};

async fn by_app(jira: &Jira, tokens: &Value, path: &str) -> Reply {
    jira.send(jira.client.get(jira.gateway(path)).bearer_auth(text(&tokens["access_token"]))).await
}

#[tokio::test]
async fn points_run_out_for_an_app_until_the_next_hour_and_never_for_a_token() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.quota = Some(40));
    let tokens = consent(&jira, "read:jira-work").await;
    let first = by_app(&jira, &tokens, "/search/jql?jql=project%3DCHG&fields=summary").await;
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("40", "15"));
    assert_eq!(first.header("x-ratelimit-nearlimit"), "");
    let second = by_app(&jira, &tokens, "/search/jql?jql=project%3DINC&fields=summary").await;
    assert_eq!(
        (second.header("x-ratelimit-remaining"), second.header("x-ratelimit-nearlimit")),
        ("6", "true")
    );
    by_app(&jira, &tokens, "/search/jql?jql=project%3DINC&fields=summary").await;
    jira.advance(600);
    let refused = by_app(&jira, &tokens, "/project/CHG").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("ratelimit-reason"), "jira-quota-global-based");
    assert_eq!(refused.header("retry-after"), "3000");
    assert_eq!(refused.header("x-ratelimit-reset"), "2026-06-15T13:00:00Z");
    assert_eq!(jira.get("/project/CHG").await.status, 200, "API tokens have no points");
    jira.advance(3000);
    let anew = consent(&jira, "read:jira-work").await;
    assert_eq!(by_app(&jira, &anew, "/project/CHG").await.status, 200);
}

#[tokio::test]
async fn the_journal_knows_what_each_call_costs() {
    let jira = Jira::demo().await;
    jira.get("/issue/CHG-1").await;
    jira.get("/search/jql?jql=project%3DCHG").await;
    let members = "/group/member?groupId=00000000-0000-4000-8000-000000000002&maxResults=8";
    jira.get(members).await;
    jira.post("/issue", json!({ "fields": task("SEC", "x") })).await;
    let points: Vec<u32> = jira.simulator().journal().iter().map(|call| call.points).collect();
    assert_eq!(points, [2, 25, 17, 1]);
}

#[tokio::test]
async fn a_burst_is_refused_for_that_endpoint_only_and_for_a_second() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.burst.get = 3);
    for _ in 0..3 {
        assert_eq!(jira.get("/project/CHG").await.status, 200);
    }
    let refused = jira.get("/project/CHG").await;
    assert_eq!((refused.status, refused.header("ratelimit-reason")), (429, "jira-burst-based"));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(jira.get("/project/search").await.status, 200);
    jira.advance(1);
    assert_eq!(jira.get("/project/CHG").await.status, 200);
}

#[tokio::test]
async fn one_issue_takes_twenty_writes_in_two_seconds() {
    let jira = Jira::demo().await;
    let write = async |key: &str| jira.put(&format!("/issue/{key}/properties/p"), json!(1)).await;
    for _ in 0..20 {
        assert!(write("CHG-1").await.status < 300);
    }
    let refused = write("CHG-1").await;
    assert_eq!((refused.status, refused.header("ratelimit-reason")), (429, "jira-per-issue-on-write"));
    assert_eq!(write("CHG-2").await.status, 201);
    jira.advance(2);
    assert_eq!(write("CHG-1").await.status, 200);
}

#[tokio::test]
async fn bulk_creation_has_a_cost_of_its_own() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.bulk_cost_limit = Some(150 * 60));
    let issues: Vec<Value> = (0..50).map(|_| json!({ "fields": task("SEC", "x") })).collect();
    let body = json!({ "issueUpdates": issues });
    assert_eq!(jira.post("/issue/bulk", body.clone()).await.status, 201);
    let refused = jira.post("/issue/bulk", body.clone()).await;
    assert_eq!((refused.status, refused.header("ratelimit-reason")), (429, "jira-cost-based"));
    assert_eq!(refused.header("x-ratelimit-limit"), "9000");
    jira.advance(3600);
    assert_eq!(jira.post("/issue/bulk", body).await.status, 201);
}
