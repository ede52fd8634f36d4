use serde_json::json;

use crate::support::{Jira, document, keys};

#[tokio::test]
async fn an_archived_issue_is_in_no_search_and_is_read_by_id() {
    let jira = Jira::demo().await;
    let issue = jira.get("/issue/CHG-1").await.json();
    let id: u64 = issue["id"].as_str().unwrap().parse().unwrap();
    let archived = jira.put("/issue/archive", json!({ "issueIdsOrKeys": ["CHG-1", "CHG-99"] })).await;
    assert_eq!((archived.status, archived.json()["numberOfIssuesUpdated"].clone()), (200, json!(1)));
    assert_eq!(archived.json()["errors"]["issuesNotFound"]["issueIdsOrKeys"], json!(["CHG-99"]));
    jira.advance(10);
    assert!(jira.search("key = CHG-1").await.is_empty());
    let reconciled = jira.post("/search/jql", json!({ "jql": "key = CHG-1", "reconcileIssues": [id] })).await;
    assert!(keys(&reconciled.json()).is_empty());
    let matched = jira.post("/jql/match", json!({ "jqls": ["key = CHG-1"], "issueIds": [id] })).await.json();
    assert_eq!(matched["matches"][0]["matchedIssues"], json!([]));
    let read = jira.get("/issue/CHG-1").await.json();
    assert_eq!(read["fields"]["archivedby"]["accountId"], "acc-admin");
    assert_eq!(read["fields"]["archiveddate"], "2026-06-15T12:00:00.000+0000");
    assert_eq!(read["fields"]["updated"], issue["fields"]["updated"]);
    let restored = jira.put("/issue/unarchive", json!({ "issueIdsOrKeys": ["CHG-1"] })).await;
    assert_eq!(restored.status, 200);
    jira.advance(10);
    assert_eq!(jira.search("key = CHG-1").await, ["CHG-1"]);
    assert!(jira.get("/issue/CHG-1").await.json()["fields"].get("archivedby").is_none());
}

#[tokio::test]
async fn an_archived_issue_refuses_every_write() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "archive", json!({ "issue": "CHG-1" }));
    let writes = [
        ("PUT", "", json!({ "fields": { "summary": "x" } })),
        ("DELETE", "", json!(null)),
        ("PUT", "/assignee", json!({ "accountId": null })),
        ("POST", "/transitions", json!({ "transition": { "id": "31" } })),
        ("POST", "/comment", json!({ "body": document("x") })),
        ("PUT", "/properties/assay.ticket", json!(1)),
    ];
    for (method, path, body) in writes {
        let mut request = jira.request(method, &format!("/issue/CHG-1{path}"));
        if !body.is_null() {
            request = request.json(&body);
        }
        assert_eq!(jira.send(request).await.status, 400, "{method} {path}");
    }
    jira.edit("CHG", "restore", json!({ "issue": "CHG-1" }));
    assert_eq!(jira.put("/issue/CHG-1", json!({ "fields": { "summary": "x" } })).await.status, 204);
}

#[tokio::test]
async fn only_administrators_archive_and_an_issue_takes_its_subtasks_along() {
    let jira = Jira::demo().await;
    let parent = jira.create("SEC", "parent").await;
    let mut fields = crate::support::task("SEC", "child");
    fields["issuetype"] = json!({ "id": "10105" });
    fields["parent"] = json!({ "key": parent });
    assert_eq!(jira.post("/issue", json!({ "fields": fields })).await.status, 201);
    let body = json!({ "issueIdsOrKeys": ["SEC-2"] });
    assert_eq!(jira.send(jira.as_account(1, "PUT", "/issue/archive").json(&body)).await.status, 403);
    assert_eq!(jira.put("/issue/archive", body).await.status, 400, "a subtask goes with its parent");
    let whole = jira.put("/issue/archive", json!({ "issueIdsOrKeys": ["SEC-1"] })).await.json();
    assert_eq!(whole["numberOfIssuesUpdated"], 2);
    assert!(
        jira.simulator()
            .issues()
            .iter()
            .all(|issue| (issue["project"] == "SEC") == (issue["archived"] == true))
    );
}
