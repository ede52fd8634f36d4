use serde_json::{Value, json};

use crate::support::{Jira, document, text};

async fn last_items(jira: &Jira, key: &str) -> Value {
    let log = jira.get(&format!("/issue/{key}/changelog")).await.json();
    log["values"].as_array().unwrap().last().unwrap()["items"].clone()
}

#[tokio::test]
async fn texts_have_no_machine_value_and_accounts_and_statuses_have_one() {
    let jira = Jira::demo().await;
    let fields = json!({ "summary": "new", "labels": ["one"], "assignee": { "accountId": "acc-3" } });
    assert_eq!(jira.put("/issue/CHG-4", json!({ "fields": fields })).await.status, 204);
    let items = last_items(&jira, "CHG-4").await;
    let item = |field: &str| items.as_array().unwrap().iter().find(|item| item["field"] == field).unwrap();
    let summary = item("summary");
    assert_eq!((&summary["from"], &summary["to"]), (&Value::Null, &Value::Null));
    assert_eq!((&summary["toString"], &summary["fieldId"]), (&json!("new"), &json!("summary")));
    let labels = item("labels");
    assert_eq!((&labels["from"], &labels["fromString"]), (&Value::Null, &json!("")), "Atlassian's example");
    assert_eq!(item("assignee")["to"], "acc-3");
}

#[tokio::test]
async fn a_custom_field_is_named_as_people_know_it_and_an_option_has_its_id() {
    let jira = Jira::demo().await;
    let field = json!({ "id": "customfield_10050", "name": "Severity", "type": "option", "options": ["Low", "High"] });
    jira.edit("CHG", "fields", field);
    let body = json!({ "fields": { "customfield_10050": { "value": "High" } } });
    assert_eq!(jira.put("/issue/CHG-4", body).await.status, 204);
    let item = &last_items(&jira, "CHG-4").await[0];
    assert_eq!((text(&item["field"]), text(&item["fieldtype"])), ("Severity", "custom"));
    assert_eq!((text(&item["toString"]), item["to"].is_string()), ("High", true));
    assert_eq!((&item["from"], &item["fromString"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn items_can_come_without_the_fields_id() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.changelog_without_field_ids = true);
    jira.put("/issue/CHG-4", json!({ "fields": { "summary": "new" } })).await;
    assert!(last_items(&jira, "CHG-4").await[0].get("fieldId").is_none());
    let body = json!({ "issueIdsOrKeys": ["CHG-4"], "fieldIds": ["summary"] });
    let logs = jira.post("/changelog/bulkfetch", body).await.json();
    assert_eq!(logs["issueChangeLogs"][0]["changeHistories"][0]["items"][0]["field"], "summary");
}

#[tokio::test]
async fn what_is_done_by_hand_has_the_author_that_is_named_and_an_ordinary_one_if_none_is() {
    let jira = Jira::demo().await;
    jira.edit(
        "CHG",
        "status",
        json!({ "issue": "CHG-4", "status": "10003", "resolution": "10001", "by": "acc-5" }),
    );
    jira.edit("CHG", "edit", json!({ "issue": "CHG-4", "fields": { "summary": "by hand" } }));
    let issues = jira.simulator().issues();
    let issue = issues.iter().find(|issue| issue["key"] == "CHG-4").unwrap();
    assert_eq!(issue["resolution"], "Won't Do");
    let history: Vec<(&str, &str, &str)> = issue["history"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .take(3)
        .map(|line| (text(&line["author"]), text(&line["field"]), text(&line["to"])))
        .collect();
    let expected =
        [("acc-1", "summary", "by hand"), ("acc-5", "resolution", "Won't Do"), ("acc-5", "status", "Done")];
    assert_eq!(history, expected);
}

#[tokio::test]
async fn a_move_tells_of_the_key_the_project_and_what_had_to_change_with_it() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "move", json!({ "issue": "CHG-1", "to": "TEAM", "by": "acc-2" }));
    let items = last_items(&jira, "TEAM-1").await;
    let fields: Vec<&str> = items.as_array().unwrap().iter().map(|item| text(&item["field"])).collect();
    assert_eq!(fields, ["project", "Key", "issuetype", "status", "resolution"]);
    assert_eq!((text(&items[1]["fromString"]), text(&items[1]["toString"])), ("CHG-1", "TEAM-1"));
    let issues = jira.simulator().issues();
    let moved = issues.iter().find(|issue| issue["key"] == "TEAM-1").unwrap();
    assert_eq!(moved["history"].as_array().unwrap().last().unwrap()["author"], "acc-2");
}

#[tokio::test]
async fn a_person_does_any_operation_by_hand_under_permissions_of_the_own() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "permissions", json!({ "account": "acc-2", "remove": ["EDIT_ISSUES"] }));
    let body = json!({ "fields": { "description": document("words") } });
    let mut statuses = Vec::new();
    for by in ["acc-2", "acc-3"] {
        let act = json!({ "by": by, "method": "PUT", "path": "/issue/CHG-1", "body": body });
        statuses.push(jira.simulator().control("POST", "/act", &act).unwrap()["status"].clone());
    }
    assert_eq!(statuses, [json!(400), json!(204)]);
    jira.edit("CHG", "delete", json!({ "issue": "CHG-1", "by": "acc-3" }));
    assert_eq!(jira.get("/issue/CHG-1").await.status, 404);
}
