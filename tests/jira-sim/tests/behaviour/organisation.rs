use jira_sim::Seed;
use serde_json::{Value, json};

use crate::support::{Jira, Reply, text};

const PATH: &str = "/admin/v2/orgs/33333333-2222-4333-8444-555555555555/directories/-/users/search";

async fn search_at(jira: &Jira, path: &str, key: &str, body: Value) -> Reply {
    let request = jira.client.post(format!("{}{path}", jira.running.url()));
    jira.send(request.bearer_auth(key).json(&body)).await
}

async fn search(jira: &Jira, body: Value) -> Reply {
    search_at(jira, PATH, "sim-organisation-key", body).await
}

#[tokio::test]
async fn people_of_the_organisation_are_read_by_cursor_to_the_last_one() {
    let jira = Jira::with(Seed { accounts: 250, ..Seed::default() }).await;
    let expand = json!(["productAccess", "platformRoles", "groups", "counts.resources"]);
    let mut users = Vec::new();
    let mut body = json!({ "limit": 100, "expand": expand });
    let mut pages = 0;
    loop {
        let page = search(&jira, body).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        users.extend(page["data"].as_array().unwrap().clone());
        pages += 1;
        // Everything beside the cursor is discarded.
        body = json!({ "cursor": page["links"]["next"] });
        if body["cursor"].is_null() {
            break;
        }
    }
    // Eleven named people and no app, service account or customer.
    assert_eq!((users.len(), pages), (261, 3));
    let of = |id: &str| users.iter().find(|user| user["accountId"] == id).unwrap();
    assert_eq!(of("acc-8")["email"], "account-8@example.com", "hidden from other people only");
    assert_eq!(of("acc-admin")["platformRoles"][0], "atlassian/org-admin");
    assert_eq!(of("bulk-7")["claimStatus"], "unmanaged");
    assert_eq!(of("bulk-20")["productAccess"].as_array().unwrap().len(), 2);
    assert!(of("bulk-8")["productAccess"][0].get("lastActiveTimestamp").is_none(), "never came");
    assert!(of("bulk-9")["productAccess"][0]["lastActiveTimestamp"].is_string());
    assert_eq!(of("bulk-50")["accountStatus"], "inactive");
}

#[tokio::test]
async fn a_search_is_narrowed_and_refuses_what_it_cannot_read() {
    let jira = Jira::with(Seed { accounts: 250, ..Seed::default() }).await;
    let found = search(&jira, json!({ "emails": ["bulk-3@example.com", "nobody@example.com"] })).await.json();
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    let unmanaged = search(&jira, json!({ "claimStatus": "unmanaged", "limit": 100 })).await.json();
    assert_eq!(unmanaged["data"].as_array().unwrap().len(), 35);
    for wrong in [json!({ "emails": ["a@example.com"], "searchTerm": "a" }), json!({ "cursor": "?" })] {
        assert_eq!(search(&jira, wrong).await.status, 400);
    }
    assert_eq!(search_at(&jira, PATH, "another key", json!({})).await.status, 401);
    let elsewhere = PATH.replace("/-/", "/none/");
    assert_eq!(search_at(&jira, &elsewhere, "sim-organisation-key", json!({})).await.status, 404);
    let directories = PATH.split("/-/").next().unwrap();
    let request = jira.client.get(format!("{}{directories}", jira.running.url()));
    let directories = jira.send(request.bearer_auth("sim-organisation-key")).await.json();
    assert!(text(&directories["data"][0]["directoryId"]).len() > 10);
}

#[tokio::test]
async fn a_closed_account_has_no_name_and_no_address_anywhere() {
    let jira = Jira::demo().await;
    jira.control("POST", "/accounts/acc-3/close", Value::Null).await;
    let user = jira.get("/user?accountId=acc-3").await.json();
    assert_eq!((&user["displayName"], &user["active"]), (&json!("Former user"), &json!(false)));
    assert!(user.get("emailAddress").is_none());
    let found = search(&jira, json!({ "accountIds": ["acc-3"] })).await.json();
    assert_eq!(found["data"][0]["accountStatus"], "closed");
    assert!(found["data"][0].get("email").is_none());
    jira.control("POST", "/accounts/acc-4/offboard", Value::Null).await;
    let user = jira.get("/user?accountId=acc-4").await.json();
    assert_eq!((&user["displayName"], &user["active"]), (&json!("Account 4"), &json!(false)));
}
