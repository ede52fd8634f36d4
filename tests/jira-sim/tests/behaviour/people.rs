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

#[tokio::test]
async fn who_can_be_assigned_is_a_matter_of_the_project_and_pages_are_short() {
    let jira = Jira::demo().await;
    jira.edit("SEC", "permissions", json!({ "account": "acc-1", "remove": ["ASSIGNABLE_USER"] }));
    let one = |id: &str| format!("/user/assignable/search?project=SEC&accountId={id}");
    assert_eq!(jira.get(&one("acc-1")).await.json(), json!([]));
    assert_eq!(jira.get(&one("acc-2")).await.json()[0]["accountId"], "acc-2");
    let other = jira.get("/user/assignable/search?project=CHG&accountId=acc-1").await.json();
    assert_eq!(other[0]["accountId"], "acc-1");
    let page = jira.get("/user/assignable/search?project=SEC&query=Account&maxResults=2").await.json();
    assert_eq!(page.as_array().unwrap().len(), 1, "a short page is not the end");
    for wrong in ["project=SEC", "project=SEC&query=a&accountId=acc-1", "query=a"] {
        assert_eq!(jira.get(&format!("/user/assignable/search?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_account_is_added_and_joins_and_leaves_groups() {
    let jira = Jira::demo().await;
    let new =
        json!({ "id": "acc-new", "name": "New account", "groups": ["jira-users", "jira-administrators"] });
    jira.control("POST", "/accounts", new.clone()).await;
    assert_eq!(jira.get("/user?accountId=acc-new").await.json()["displayName"], "New account");
    assert!(jira.simulator().control("POST", "/accounts", &new).is_err(), "there is one already");
    jira.control("POST", "/accounts/acc-new", json!({ "groups": [] })).await;
    let token = json!({ "account": "acc-new", "token": "new-token" });
    jira.control("POST", "/tokens", token).await;
    let visibility = json!({ "type": "group", "value": "jira-administrators" });
    let comment = json!({ "issue": "CHG-1", "text": "x", "by": "acc-new", "visibility": visibility });
    assert!(jira.simulator().edit_project("CHG", "comment", &comment).is_err(), "no longer a member");
}

#[tokio::test]
async fn an_administrator_finds_projects_that_he_cannot_browse() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "permissions", json!({ "account": "*", "remove": ["BROWSE_PROJECTS"] }));
    jira.edit("CHG", "permissions", json!({ "account": "acc-2", "grant": ["ADMINISTER_PROJECTS"] }));
    assert_eq!(jira.get("/project/search").await.json()["total"], 4);
    for (account, total) in [(1, 3), (2, 4)] {
        let found = jira.send(jira.as_account(account, "GET", "/project/search")).await.json();
        assert_eq!(found["total"], total);
    }
    assert_eq!(jira.get("/project/CHG").await.status, 404);
}
