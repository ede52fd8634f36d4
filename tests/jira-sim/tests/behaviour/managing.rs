//! Accounts that the organisation suspends, removes and deactivates.

use jira_sim::Seed;
use serde_json::{Value, json};

use crate::support::{Jira, Reply};

const DIRECTORIES: &str = "/admin/v2/orgs/33333333-2222-4333-8444-555555555555/directories";
const DIRECTORY: &str = "44444444-2222-4333-8444-555555555555";
const KEY: &str = "sim-organisation-key";

async fn post(jira: &Jira, path: &str, key: &str, body: Option<Value>) -> Reply {
    let request = jira.client.post(format!("{}{path}", jira.running.url())).bearer_auth(key);
    jira.send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// The three statuses of an account.
async fn statuses(jira: &Jira, account: &str) -> [String; 3] {
    let body = json!({ "accountIds": [account], "limit": 1 });
    let found = post(jira, &format!("{DIRECTORIES}/-/users/search"), KEY, Some(body)).await.json();
    ["accountStatus", "membershipStatus", "status"]
        .map(|name| found["data"][0][name].as_str().unwrap().to_owned())
}

fn user(account: &str) -> String {
    format!("{DIRECTORIES}/{DIRECTORY}/users/{account}")
}

async fn is_active(jira: &Jira, account: &str) -> bool {
    jira.get(&format!("/user?accountId={account}")).await.json()["active"] == true
}

#[tokio::test]
async fn a_suspended_account_keeps_its_groups_and_is_restored() {
    let jira = Jira::demo().await;
    let groups = jira.get("/user/groups?accountId=acc-2").await.json();
    assert_eq!(post(&jira, &format!("{}/suspend", user("acc-2")), KEY, None).await.status, 204);
    assert_eq!(statuses(&jira, "acc-2").await, ["active", "suspended", "suspended"]);
    assert!(!is_active(&jira, "acc-2").await);
    assert_eq!(jira.get("/user/groups?accountId=acc-2").await.json(), groups);
    assert_eq!(post(&jira, &format!("{}/restore", user("acc-2")), KEY, None).await.status, 204);
    assert_eq!(statuses(&jira, "acc-2").await, ["active", "active", "active"]);
    assert!(is_active(&jira, "acc-2").await);
    assert_eq!(post(&jira, &format!("{}/suspend", user("acc-2")), "another key", None).await.status, 401);
    assert_eq!(post(&jira, &format!("{}/suspend", user("acc-app")), KEY, None).await.status, 404);
}

#[tokio::test]
async fn a_removed_account_has_nothing_left_and_a_reporter_is_not_removed() {
    let jira = Jira::with(Seed::empty()).await;
    let remove = async |account: &str| {
        let request = jira.client.delete(format!("{}{}", jira.running.url(), user(account)));
        jira.send(request.bearer_auth(KEY)).await.status
    };
    assert_eq!(remove("acc-2").await, 204);
    assert_eq!(statuses(&jira, "acc-2").await, ["active", "no_membership", "not_invited"]);
    assert_eq!(jira.get("/user/groups?accountId=acc-2").await.json(), json!([]));
    assert_eq!(remove("acc-2").await, 404);
    let issue =
        json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": "10100" }, "summary": "x" } });
    assert_eq!(jira.post("/issue", issue).await.status, 201);
    assert_eq!(remove("acc-admin").await, 400, "it reported an issue");
    assert!(is_active(&jira, "acc-admin").await);
}

#[tokio::test]
async fn only_managed_accounts_are_deactivated() {
    let jira = Jira::demo().await;
    jira.control("POST", "/accounts/acc-3", json!({ "managed": false })).await;
    let manage = async |account: &str| {
        let url = format!("{}/users/{account}/manage", jira.running.url());
        jira.send(jira.client.get(url).bearer_auth(KEY)).await
    };
    assert_eq!(manage("acc-2").await.json()["lifecycle.enablement"]["allowed"], true);
    assert_eq!((manage("acc-3").await.status, manage("acc-99").await.status), (403, 404));
    let lock = |account: &str, deed: &str| format!("/users/{account}/manage/lifecycle/{deed}");
    assert_eq!(post(&jira, &lock("acc-2", "disable"), KEY, Some(json!({}))).await.status, 204);
    assert_eq!(statuses(&jira, "acc-2").await, ["inactive", "active", "deactivated"]);
    assert!(!is_active(&jira, "acc-2").await);
    assert_eq!(post(&jira, &lock("acc-2", "enable"), KEY, None).await.status, 204);
    assert!(is_active(&jira, "acc-2").await);
    assert_eq!(post(&jira, &lock("acc-3", "disable"), KEY, Some(json!({}))).await.status, 403);
    assert_eq!(post(&jira, &lock("acc-2", "disable"), "another key", Some(json!({}))).await.status, 401);
}

#[tokio::test]
async fn an_issue_names_its_subtasks() {
    let jira = Jira::with(Seed::empty()).await;
    let fields = |kind: &str, parent: Value| json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": kind }, "summary": "x", "parent": parent } });
    let mut above = fields("10100", Value::Null);
    above["fields"].as_object_mut().unwrap().remove("parent");
    let parent = jira.post("/issue", above).await.json()["key"].clone();
    let child = jira.post("/issue", fields("10105", json!({ "key": parent }))).await.json()["key"].clone();
    let shown = jira.get(&format!("/issue/{}?fields=subtasks", parent.as_str().unwrap())).await.json();
    assert_eq!(shown["fields"]["subtasks"][0]["key"], child);
    let none = jira.get(&format!("/issue/{}?fields=subtasks", child.as_str().unwrap())).await.json();
    assert_eq!(none["fields"]["subtasks"], json!([]));
}
