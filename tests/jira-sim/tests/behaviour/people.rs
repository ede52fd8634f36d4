use serde_json::{Value, json};

use crate::support::Jira;

#[tokio::test]
async fn all_kinds_of_accounts_are_listed_until_a_page_is_empty() {
    let jira = Jira::with(jira_sim::Seed { accounts: 2500, ..jira_sim::Seed::default() }).await;
    let mut users: Vec<Value> = Vec::new();
    loop {
        let path = format!("/users/search?startAt={}&maxResults=5000", users.len());
        let page = jira.get(&path).await.json();
        let page = page.as_array().unwrap();
        assert!(page.len() <= 1000, "a page has a thousand at most");
        if page.is_empty() {
            break;
        }
        users.extend(page.iter().cloned());
    }
    assert_eq!(users.len(), 2514);
    let of_kind = |kind: &str| users.iter().filter(|user| user["accountType"] == kind).count();
    assert_eq!((of_kind("app"), of_kind("customer")), (2, 1));
    assert_eq!(users.iter().filter(|user| user["active"] == false).count(), 51);
    assert!(users.iter().any(|user| user.get("emailAddress").is_none()), "some hide their address");
}

#[tokio::test]
async fn addresses_can_be_hidden_from_all_but_their_owner() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.hidden_emails = true);
    let others = jira.get("/user/bulk?accountId=acc-1&accountId=acc-2").await.json();
    assert!(others["values"].as_array().unwrap().iter().all(|user| user.get("emailAddress").is_none()));
    assert_eq!(jira.get("/myself").await.json()["emailAddress"], "admin@example.com");
}

#[tokio::test]
async fn group_members_come_fifty_at_a_time_without_the_inactive() {
    let jira = Jira::with(jira_sim::Seed { accounts: 200, ..jira_sim::Seed::default() }).await;
    let groups = jira.get("/group/bulk").await.json();
    let group =
        groups["values"].as_array().unwrap().iter().find(|group| group["name"] == "jira-users").unwrap();
    let path = format!("/group/member?groupId={}&maxResults=500", group["groupId"].as_str().unwrap());
    let page = jira.get(&path).await.json();
    assert_eq!((page["maxResults"].clone(), page["values"].as_array().unwrap().len()), (json!(50), 50));
    let all = jira.get(&format!("{path}&includeInactiveUsers=true")).await.json();
    assert_eq!(all["total"].as_u64().unwrap() - page["total"].as_u64().unwrap(), 5);
}

#[tokio::test]
async fn permissions_of_others_are_for_administrators_and_unknown_projects_are_dropped() {
    let jira = Jira::demo().await;
    jira.edit("SEC", "permissions", json!({ "account": "acc-1", "remove": ["EDIT_ISSUES"] }));
    let body = json!({
        "accountId": "acc-1",
        "globalPermissions": ["ADMINISTER", "USER_PICKER"],
        "projectPermissions": [{ "permissions": ["EDIT_ISSUES"], "projects": [10001, 10003, 99], "issues": [] }],
    });
    let grants = jira.post("/permissions/check", body.clone()).await.json();
    assert_eq!(grants["globalPermissions"], json!(["USER_PICKER"]));
    assert_eq!(grants["projectPermissions"][0]["projects"], json!([10001]));
    let asked = jira.send(jira.as_account(2, "POST", "/permissions/check").json(&body)).await;
    assert_eq!(asked.status, 403);
    assert_eq!(jira.get("/mypermissions?permissions=BROWSE_PROJECTS,NO_SUCH").await.status, 400);
}
