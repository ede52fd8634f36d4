use serde_json::{Value, json};

use crate::support::{Jira, document, task};

async fn errors_of(jira: &Jira, fields: Value) -> Value {
    let reply = jira.post("/issue", json!({ "fields": fields })).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    reply.json()["errors"].clone()
}

fn with(field: &str, value: Value) -> Value {
    let mut fields = task("SEC", "a task");
    fields[field] = value;
    fields
}

#[tokio::test]
async fn unknown_fields_are_refused_by_name() {
    let jira = Jira::demo().await;
    let message = "Field 'nope' cannot be set. It is not on the appropriate screen, or unknown.";
    assert_eq!(errors_of(&jira, with("nope", json!(1))).await, json!({ "nope": message }));
    let mut fields = task("TEAM", "a task");
    fields["priority"] = json!({ "id": "3" });
    let refused = errors_of(&jira, fields).await;
    assert!(refused["priority"].is_string(), "team-managed projects have no priority by themselves");
}

#[tokio::test]
async fn a_required_custom_field_stands_in_the_metadata_and_is_demanded() {
    let jira = Jira::demo().await;
    let field = json!({
        "id": "customfield_10050", "name": "Severity", "type": "option", "required": true,
        "options": ["Low", "High"], "issue_types": ["10100"],
    });
    jira.edit("SEC", "fields", field);
    let meta = jira.get("/issue/createmeta/SEC/issuetypes/10100").await.json();
    let shown = meta["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["fieldId"] == "customfield_10050")
        .unwrap();
    assert_eq!(
        (shown["required"].clone(), shown["allowedValues"][1]["value"].clone()),
        (json!(true), json!("High"))
    );
    let bugs = jira.get("/issue/createmeta/SEC/issuetypes/10101").await.json();
    assert!(!bugs.to_string().contains("customfield_10050"), "the field is on one type only");
    let refused = errors_of(&jira, task("SEC", "a task")).await;
    assert_eq!(refused, json!({ "customfield_10050": "Severity is required." }));
    assert!(errors_of(&jira, with("customfield_10050", json!({ "value": "Middling" }))).await["customfield_10050"].is_string());
    let body = json!({ "fields": with("customfield_10050", json!({ "value": "High" })) });
    let created = jira.post("/issue", body).await;
    assert_eq!(created.status, 201);
    jira.advance(3);
    assert_eq!(jira.search("project = SEC AND Severity = High").await.len(), 1);
    assert_eq!(jira.search("project = SEC AND cf[10050] = Low").await.len(), 0);
}

#[tokio::test]
async fn a_description_is_a_document_and_nothing_else() {
    let jira = Jira::demo().await;
    let not_a_document = "Operation value must be an Atlassian Document (see the Atlassian Document Format)";
    assert_eq!(errors_of(&jira, with("description", json!("text"))).await["description"], not_a_document);
    let node = |node: Value| json!({ "version": 1, "type": "doc", "content": [node] });
    for wrong in [
        node(json!({ "type": "paragraph", "content": [{ "type": "text", "text": "" }] })),
        node(json!({ "type": "bulletList", "content": [] })),
        node(json!({ "type": "heading", "attrs": { "level": 7 } })),
        node(
            json!({ "type": "panel", "attrs": { "panelType": "info" }, "content": [{ "type": "text", "text": "x" }] }),
        ),
        node(json!({ "type": "nonsense" })),
        document(&"x".repeat(32_768)),
    ] {
        assert!(
            errors_of(&jira, with("description", wrong.clone())).await["description"].is_string(),
            "{wrong}"
        );
    }
    let body = json!({ "fields": with("description", document("fine")) });
    assert_eq!(jira.post("/issue", body).await.status, 201);
}

#[tokio::test]
async fn summaries_and_labels_have_limits() {
    let jira = Jira::demo().await;
    for wrong in [json!(""), json!("x".repeat(256)), json!("two\nlines"), json!(7)] {
        assert!(errors_of(&jira, with("summary", wrong.clone())).await["summary"].is_string(), "{wrong}");
    }
    for wrong in [json!(["two words"]), json!(["x".repeat(256)])] {
        assert!(errors_of(&jira, with("labels", wrong.clone())).await["labels"].is_string(), "{wrong}");
    }
}

#[tokio::test]
async fn only_assignable_accounts_are_assigned() {
    let jira = Jira::demo().await;
    for wrong in ["acc-inactive", "acc-customer", "nobody"] {
        let refused = errors_of(&jira, with("assignee", json!({ "id": wrong }))).await;
        assert!(refused["assignee"].is_string(), "{wrong}");
    }
    jira.edit("SEC", "permissions", json!({ "account": "acc-5", "remove": ["ASSIGNABLE_USER"] }));
    let listed = jira.get("/user/assignable/search?project=SEC&query=&maxResults=100").await.json();
    let ids: Vec<&str> =
        listed.as_array().unwrap().iter().map(|user| user["accountId"].as_str().unwrap()).collect();
    assert!(ids.contains(&"acc-4") && !ids.contains(&"acc-5") && !ids.contains(&"acc-inactive"));
    let key = jira.create("SEC", "a task").await;
    let path = format!("/issue/{key}/assignee");
    assert_eq!(jira.put(&path, json!({ "accountId": "acc-5" })).await.status, 400);
    assert_eq!(jira.put(&path, json!({ "accountId": "acc-4" })).await.status, 204);
    assert_eq!(jira.put(&path, json!({ "accountId": null })).await.status, 204);
    assert_eq!(jira.get(&format!("/issue/{key}")).await.json()["fields"]["assignee"], Value::Null);
}

#[tokio::test]
async fn a_field_is_not_in_fields_and_update_at_once_and_labels_can_be_added() {
    let jira = Jira::demo().await;
    let both = json!({ "fields": { "labels": ["a"] }, "update": { "labels": [{ "add": "b" }] } });
    assert_eq!(jira.put("/issue/CHG-1", both).await.status, 400);
    jira.put("/issue/CHG-1", json!({ "fields": { "labels": ["a"] } })).await;
    let update = json!({ "update": { "labels": [{ "add": "b" }, { "remove": "a" }] } });
    assert_eq!(jira.put("/issue/CHG-1", update).await.status, 204);
    assert_eq!(jira.get("/issue/CHG-1").await.json()["fields"]["labels"], json!(["b"]));
    assert_eq!(jira.get("/label").await.json()["values"], json!(["b"]), "labels exist where they are used");
}

#[tokio::test]
async fn names_are_in_the_callers_language_and_ids_are_not() {
    let jira = Jira::demo().await;
    let german = jira.send(jira.as_account(9, "GET", "/issue/CHG-1?fields=status,issuetype")).await.json();
    assert_eq!(german["fields"]["status"]["name"], "Fertig");
    assert_eq!(german["fields"]["status"]["id"], "10003");
    assert_eq!(german["fields"]["status"]["statusCategory"]["key"], "done");
    let english = jira.get("/issue/CHG-1?fields=status").await.json();
    assert_eq!(english["fields"]["status"]["name"], "Done");
}

#[tokio::test]
async fn without_the_permission_to_create_there_is_no_metadata_and_no_issue() {
    let jira = Jira::demo().await;
    jira.edit("SEC", "permissions", json!({ "account": "acc-1", "remove": ["CREATE_ISSUES"] }));
    let path = "/issue/createmeta/SEC/issuetypes";
    assert_eq!(jira.send(jira.as_account(1, "GET", path)).await.status, 400);
    let body = json!({ "fields": task("SEC", "a task") });
    assert_eq!(jira.send(jira.as_account(1, "POST", "/issue").json(&body)).await.status, 400);
    let path = "/mypermissions?permissions=CREATE_ISSUES&projectKey=SEC";
    let mine = jira.send(jira.as_account(1, "GET", path)).await.json();
    assert_eq!(mine["permissions"]["CREATE_ISSUES"]["havePermission"], false);
}
