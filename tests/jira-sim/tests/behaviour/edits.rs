use serde_json::{Value, json};

use crate::support::{Jira, document};

#[tokio::test]
async fn a_required_field_cannot_be_emptied_and_one_that_is_not_named_stays() {
    let jira = Jira::demo().await;
    let field = json!({ "id": "customfield_10050", "name": "Reason", "type": "string", "required": true });
    jira.edit("CHG", "fields", field);
    assert_eq!(jira.put("/issue/CHG-1", json!({ "fields": { "summary": "new" } })).await.status, 204);
    let refused = jira.put("/issue/CHG-1", json!({ "fields": { "customfield_10050": null } })).await;
    assert_eq!(refused.json()["errors"]["customfield_10050"], "Reason is required.");
    assert_eq!(
        jira.put("/issue/CHG-1", json!({ "fields": { "customfield_10050": "so" } })).await.status,
        204
    );
}

#[tokio::test]
async fn an_edit_without_the_permission_is_400() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "permissions", json!({ "account": "acc-1", "remove": ["EDIT_ISSUES"] }));
    let request = jira.as_account(1, "PUT", "/issue/CHG-1").json(&json!({ "fields": { "summary": "x" } }));
    assert_eq!(jira.send(request).await.status, 400);
}

#[tokio::test]
async fn an_edit_or_transition_that_conflicts_is_409_without_effect() {
    let jira = Jira::demo().await;
    let before = jira.get("/issue/CHG-4").await.json()["fields"].clone();
    jira.edit("CHG", "conflict", json!({ "issue": "CHG-4", "times": 2 }));
    let body = json!({ "fields": { "summary": "x" } });
    assert_eq!(jira.put("/issue/CHG-4", body.clone()).await.status, 409);
    let step = json!({ "transition": { "id": "31" } });
    assert_eq!(jira.post("/issue/CHG-4/transitions", step.clone()).await.status, 409);
    assert_eq!(jira.get("/issue/CHG-4").await.json()["fields"], before);
    assert_eq!(jira.put("/issue/CHG-4", body).await.status, 204);
    assert_eq!(jira.post("/issue/CHG-4/transitions", step).await.status, 204);
}

#[tokio::test]
async fn documents_can_come_back_with_local_ids() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.adf_local_ids = true);
    let fields = json!({ "description": document("What to do.") });
    assert_eq!(jira.put("/issue/CHG-1", json!({ "fields": fields })).await.status, 204);
    let read = jira.get("/issue/CHG-1?fields=description").await.json()["fields"]["description"].clone();
    assert!(read["content"][0]["attrs"]["localId"].is_string());
    let again = jira.put("/issue/CHG-1", json!({ "fields": { "description": read } })).await;
    assert_eq!(again.status, 204, "what Jira gives it takes: {}", again.text);
}

#[tokio::test]
async fn a_screen_is_content_with_what_the_issue_already_has() {
    let jira = Jira::demo().await;
    let step = json!({ "id": "31", "name": "Done", "to": "10003", "required": ["resolution", "labels"] });
    jira.edit("CHG", "transitions", step);
    let key = jira.create("CHG", "a task").await;
    let path = format!("/issue/{key}/transitions");
    let body = json!({ "transition": { "id": "31" }, "fields": { "resolution": { "name": "Done" } } });
    let refused = jira.post(&path, body.clone()).await;
    assert_eq!(refused.json()["errors"], json!({ "labels": "Labels is required." }));
    jira.put(&format!("/issue/{key}"), json!({ "fields": { "labels": ["one"] } })).await;
    assert_eq!(jira.post(&path, body).await.status, 204);
    let resolution = jira.get(&format!("/issue/{key}")).await.json()["fields"]["resolution"].clone();
    assert_ne!(resolution, Value::Null);
}

#[tokio::test]
async fn edit_metadata_names_what_the_caller_can_edit() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "permissions", json!({ "account": "acc-1", "remove": ["ASSIGN_ISSUES"] }));
    jira.edit("CHG", "permissions", json!({ "account": "acc-2", "remove": ["EDIT_ISSUES"] }));
    let fields = jira.get("/issue/CHG-1/editmeta").await.json()["fields"].clone();
    assert_eq!(fields["summary"]["required"], true);
    assert!(
        fields["assignee"].is_object() && fields["comment"].is_object() && fields.get("project").is_none()
    );
    let path = "/issue/CHG-1/editmeta";
    let less = jira.send(jira.as_account(1, "GET", path)).await.json();
    assert!(less["fields"].get("assignee").is_none());
    assert_eq!(jira.send(jira.as_account(2, "GET", path)).await.json()["fields"], json!({}));
}

#[tokio::test]
async fn create_metadata_offers_only_what_a_create_takes() {
    let jira = Jira::demo().await;
    jira.edit(
        "SEC",
        "permissions",
        json!({ "account": "acc-1", "remove": ["ASSIGN_ISSUES", "MODIFY_REPORTER"] }),
    );
    let path = "/issue/createmeta/SEC/issuetypes/10100";
    let offered = jira.send(jira.as_account(1, "GET", path)).await.json();
    let ids: Vec<&Value> =
        offered["fields"].as_array().unwrap().iter().map(|field| &field["fieldId"]).collect();
    assert!(!ids.contains(&&json!("assignee")) && !ids.contains(&&json!("reporter")));
    assert!(ids.contains(&&json!("labels")));
}

#[tokio::test]
async fn a_system_field_becomes_required_and_is_told_of_in_a_general_message_if_asked() {
    let jira = Jira::demo().await;
    jira.edit("SEC", "fields", json!({ "id": "priority", "required": true, "has_default": false }));
    let body = json!({ "fields": crate::support::task("SEC", "x") });
    assert_eq!(jira.post("/issue", body.clone()).await.json()["errors"]["priority"], "Priority is required.");
    jira.simulator().set(|settings| settings.required_as_message = true);
    let refused = jira.post("/issue", body).await.json();
    assert_eq!(refused, json!({ "errorMessages": ["Priority is required."], "errors": {} }));
    let meta = jira.get("/issue/createmeta/SEC/issuetypes/10100").await.json();
    let priority =
        meta["fields"].as_array().unwrap().iter().find(|field| field["fieldId"] == "priority").unwrap();
    assert_eq!((&priority["required"], &priority["hasDefaultValue"]), (&json!(true), &json!(false)));
    assert!(priority["allowedValues"].is_array(), "it is still a priority");
}

#[tokio::test]
async fn a_parent_of_another_project_is_only_for_company_managed_projects() {
    let jira = Jira::demo().await;
    let mut epic = crate::support::task("CHG", "epic");
    epic["issuetype"] = json!({ "id": "10102" });
    let epic = jira.post("/issue", json!({ "fields": epic })).await.json()["key"].clone();
    for (project, expected) in [("SEC", 201), ("TEAM", 400)] {
        let mut fields = crate::support::task(project, "child");
        fields["parent"] = json!({ "key": epic });
        assert_eq!(jira.post("/issue", json!({ "fields": fields })).await.status, expected, "{project}");
    }
    let types = jira.get("/project/TEAM").await.json()["issueTypes"].clone();
    assert_eq!(types[0]["scope"]["project"]["id"], "10004");
}
