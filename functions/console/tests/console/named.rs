//! Epics and statuses of settings, which hold their ids alone, by the names that Jira gives them now.

use assay::access::Role;
use serde_json::{Value, json};

use super::support::{Browser, House, PROBE, assert_harmless};

/// An issue of `SEC` that is an epic; gives its id.
async fn epic(house: &House, title: &str) -> String {
    let fields = json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": "10102" }, "summary": title } });
    let made = house.world.as_person("POST", "/rest/api/3/issue", Some(fields)).await;
    // Jira's search finds it a little later.
    house.world.time.advance(10);
    made["id"].as_str().unwrap().to_owned()
}

/// What stands at the place of a name, as htmx asks for it.
async fn told(browser: &Browser<'_>, page: &str, part: &'static str) -> String {
    browser.part(page, part).await.text().trim().to_owned()
}

/// The pages of a sync setting and of a configuration with this epic, and a status that is named.
async fn settings(house: &House, epic: &str) -> Vec<String> {
    let common = json!({
        "connection": "con-1", "project": "SEC", "issue_type": "10100", "epic": epic, "done_status": "10003",
    });
    let priority = |id: &str| json!({ "type": "priority", "value": id });
    let values = json!({ "critical": priority("1"), "*": priority("3") });
    let rule =
        json!({ "field": "priority", "source": { "from": "assay", "field": "severity", "values": values } });
    let mut pages = Vec::new();
    for (list, more) in [
        ("sync-settings", json!({ "scope": "all", "mode": "individual" })),
        (
            "project-configurations",
            json!({ "name": "All", "rules": [rule], "pulls": { "status_when_opened": "10003" } }),
        ),
    ] {
        let mut body = common.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = house.call("POST", &format!("/v1/{list}"), &body).await.json();
        pages.push(format!("/{list}/{}", made["id"].as_str().unwrap()));
    }
    pages
}

#[tokio::test]
async fn what_a_setting_holds_by_its_id_is_called_by_its_name() {
    let house = House::with_tasks().await;
    let epic = epic(&house, PROBE).await;
    let pages = settings(&house, &epic).await;
    let browser = house.signed_in(Role::Operator).await;
    for page in &pages {
        let shown = browser.page(page).await;
        let held = format!("the issue with the id <code>{epic}</code></span>");
        assert!(shown.contains(&held) && shown.contains("hx-trigger=\"load\""), "{shown}");
        let named = told(&browser, page, "named-epic").await;
        assert!(named.starts_with("<code>SEC-"), "{named}");
        assert_harmless(&named);
        assert_eq!(told(&browser, page, "named-done").await, "Done");
    }
    assert_eq!(told(&browser, &pages[1], "named-opened").await, "Done");
    assert_eq!(browser.part(&pages[0], "named-opened").await.status, 404);
}

#[tokio::test]
async fn an_id_stays_where_jira_does_not_tell_its_name_or_whoever_looks_may_not_ask() {
    let house = House::with_tasks().await;
    let epic = epic(&house, "Audit").await;
    let pages = settings(&house, &epic).await;
    let reader = house.signed_in(Role::Auditor).await;
    let page = reader.page(&pages[0]).await;
    assert!(page.contains("the status with the id <code>10003</code>") && !page.contains("trigger=\"load\""));
    let held = format!("the issue with the id <code>{epic}</code>");
    assert_eq!(told(&reader, &pages[0], "named-epic").await, held);
    house.call("DELETE", "/v1/connections/con-1", &Value::Null).await;
    let browser = house.signed_in(Role::Operator).await;
    assert_eq!(told(&browser, &pages[0], "named-epic").await, held);
    let known = house.call("GET", &format!("/v1{}", pages[0]), &Value::Null).await.json();
    assert_eq!(known["epic"], epic);
}
