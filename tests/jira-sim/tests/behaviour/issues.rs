use serde_json::{Value, json};

use crate::support::{Jira, TASK, document, task, text};

#[tokio::test]
async fn a_create_carries_labels_and_properties_in_one_call() {
    let jira = Jira::demo().await;
    let mut fields = task("SEC", "all at once");
    fields["labels"] = json!(["assay"]);
    fields["description"] = document("What to do.");
    fields["assignee"] = json!({ "id": "acc-3" });
    let body =
        json!({ "fields": fields, "properties": [{ "key": "assay.ticket", "value": { "id": "t-1" } }] });
    let created = jira.post("/issue", body).await;
    assert_eq!(created.status, 201);
    let issue = jira.get(&format!("/issue/{}?properties=*all", text(&created.json()["key"]))).await.json();
    assert_eq!(issue["fields"]["labels"], json!(["assay"]));
    assert_eq!(issue["fields"]["assignee"]["accountId"], "acc-3");
    assert_eq!(issue["fields"]["status"]["statusCategory"]["key"], "new");
    assert_eq!(issue["properties"]["assay.ticket"], json!({ "id": "t-1" }));
}

#[tokio::test]
async fn a_bulk_create_that_half_fails_is_201_and_one_that_fails_whole_is_400() {
    let jira = Jira::demo().await;
    let good = json!({ "fields": task("SEC", "good") });
    let bad = json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": TASK } } });
    let half = jira.post("/issue/bulk", json!({ "issueUpdates": [good, bad, good] })).await;
    assert_eq!(half.status, 201);
    let body = half.json();
    assert_eq!(body["issues"].as_array().unwrap().len(), 2);
    assert_eq!(body["errors"][0]["failedElementNumber"], 1);
    assert_eq!(
        body["errors"][0]["elementErrors"]["errors"]["summary"],
        "You must specify a summary of the issue."
    );
    let none = jira.post("/issue/bulk", json!({ "issueUpdates": [bad] })).await;
    assert_eq!((none.status, none.json()["issues"].clone()), (400, json!([])));
    let too_many: Vec<Value> = (0..51).map(|_| good.clone()).collect();
    assert_eq!(jira.post("/issue/bulk", json!({ "issueUpdates": too_many })).await.status, 400);
    assert_eq!(jira.simulator().issues().iter().filter(|issue| issue["project"] == "SEC").count(), 2);
}

#[tokio::test]
async fn a_moved_issue_keeps_its_id_and_is_found_by_its_old_key() {
    let jira = Jira::demo().await;
    let id = jira.get("/issue/CHG-3").await.json()["id"].clone();
    jira.edit("CHG", "move", json!({ "issue": "CHG-3", "to": "SEC" }));
    for name in ["CHG-3", "SEC-1", text(&id)] {
        let issue = jira.get(&format!("/issue/{name}")).await;
        assert_eq!(issue.status, 200, "{name}: there is no redirect");
        assert_eq!((issue.json()["key"].clone(), issue.json()["id"].clone()), (json!("SEC-1"), id.clone()));
    }
    let log = jira.get("/issue/SEC-1/changelog").await.json();
    let last = &log["values"].as_array().unwrap().last().unwrap()["items"][1];
    assert_eq!((text(&last["fromString"]), text(&last["toString"])), ("CHG-3", "SEC-1"));
}

#[tokio::test]
async fn a_renamed_project_gives_all_its_issues_new_keys() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "rename", json!({ "key": "OPS", "name": "Operations" }));
    assert_eq!(jira.get("/issue/CHG-1").await.json()["key"], "OPS-1");
    assert_eq!(jira.get("/project/CHG").await.json()["key"], "OPS");
    assert_eq!(jira.search("project = CHG AND key = OPS-1").await, ["OPS-1"]);
}

#[tokio::test]
async fn an_archived_project_leaves_search_and_refuses_new_issues() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "archive", json!({}));
    assert!(jira.search("project = CHG").await.is_empty());
    assert_eq!(jira.post("/issue", json!({ "fields": task("CHG", "late") })).await.status, 400);
    assert_eq!(jira.get("/project/search").await.json()["total"], 3);
    assert_eq!(jira.get("/project/search?status=archived").await.json()["total"], 1);
}

#[tokio::test]
async fn a_deleted_issue_leaves_nothing_but_a_404() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "permissions", json!({ "account": "acc-1", "remove": ["DELETE_ISSUES"] }));
    assert_eq!(jira.send(jira.as_account(1, "DELETE", "/issue/CHG-1")).await.status, 403);
    assert_eq!(jira.delete("/issue/CHG-1").await.status, 204);
    assert_eq!(jira.get("/issue/CHG-1").await.status, 404);
    assert_eq!(jira.delete("/issue/CHG-1").await.status, 404);
    let shown = jira.simulator().issues();
    assert_eq!(shown.iter().find(|issue| issue["key"] == "CHG-1").unwrap()["deleted"], true);
}

#[tokio::test]
async fn a_parent_is_deleted_only_together_with_its_subtasks() {
    let jira = Jira::demo().await;
    let parent = jira.create("SEC", "parent").await;
    let mut fields = task("SEC", "child");
    fields["issuetype"] = json!({ "id": "10105" });
    assert_eq!(
        jira.post("/issue", json!({ "fields": fields })).await.status,
        400,
        "a subtask needs a parent"
    );
    fields["parent"] = json!({ "key": parent });
    let child = jira.post("/issue", json!({ "fields": fields })).await.json();
    assert_eq!(jira.delete(&format!("/issue/{parent}")).await.status, 400);
    assert_eq!(jira.delete(&format!("/issue/{parent}?deleteSubtasks=true")).await.status, 204);
    assert_eq!(jira.get(&format!("/issue/{}", text(&child["key"]))).await.status, 404);
}

#[tokio::test]
async fn properties_are_created_replaced_and_deleted() {
    let jira = Jira::demo().await;
    let path = "/issue/CHG-1/properties/assay.ticket";
    assert_eq!(jira.get(path).await.status, 404);
    assert_eq!(jira.put(path, json!({ "id": 1, "more": true })).await.status, 201);
    assert_eq!(jira.put(path, json!({ "id": 2 })).await.status, 200);
    assert_eq!(
        jira.get(path).await.json()["value"],
        json!({ "id": 2 }),
        "a property is replaced, never merged"
    );
    assert_eq!(jira.delete(path).await.status, 204);
    assert_eq!(jira.get("/issue/CHG-1/properties").await.json()["keys"], json!([]));
    assert_eq!(jira.put(path, json!("x".repeat(32_768))).await.status, 400);
}

#[tokio::test]
async fn histories_tell_who_changed_what_and_come_in_pages_that_cut_through_issues() {
    let jira = Jira::demo().await;
    for summary in ["one", "two", "three"] {
        jira.put("/issue/CHG-4", json!({ "fields": { "summary": summary } })).await;
    }
    let log = jira.get("/issue/CHG-4/changelog").await.json();
    assert_eq!(log["total"], 3);
    assert_eq!(log["values"][2]["items"][0]["toString"], "three");
    let mut entries = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = json!({ "issueIdsOrKeys": ["CHG-4", "CHG-1"], "maxResults": 2 });
        if !token.is_null() {
            body["nextPageToken"] = token;
        }
        let page = jira.post("/changelog/bulkfetch", body).await.json();
        for log in page["issueChangeLogs"].as_array().unwrap() {
            entries
                .extend(log["changeHistories"].as_array().unwrap().iter().map(|change| change["id"].clone()));
        }
        token = page["nextPageToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(entries.len(), 4);
    let body = json!({ "issueIdsOrKeys": ["CHG-4", "CHG-1"], "fieldIds": ["status"] });
    let only = jira.post("/changelog/bulkfetch", body).await.json();
    assert_eq!(only["issueChangeLogs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bulk_reads_leave_out_what_is_absent_and_stop_at_a_hundred() {
    let jira = Jira::demo().await;
    let body = json!({ "issueIdsOrKeys": ["CHG-1", "NOPE-1", "20002"], "fields": ["summary"] });
    let issues = jira.post("/issue/bulkfetch", body).await.json();
    assert_eq!(issues["issues"].as_array().unwrap().len(), 2);
    let names: Vec<String> = (1..=101).map(|number| format!("CHG-{number}")).collect();
    assert_eq!(jira.post("/issue/bulkfetch", json!({ "issueIdsOrKeys": names })).await.status, 400);
}

#[tokio::test]
async fn comments_are_ordered_restricted_and_refused_by_400() {
    let jira = Jira::demo().await;
    let body = json!({ "body": document("for all") });
    let own = jira.post("/issue/CHG-1/comment", body).await.json();
    let visibility = json!({ "type": "group", "value": "jira-administrators" });
    jira.post("/issue/CHG-1/comment", json!({ "body": document("for few"), "visibility": visibility })).await;
    assert_eq!(jira.get("/issue/CHG-1/comment").await.json()["total"], 2);
    let seen = jira.send(jira.as_account(1, "GET", "/issue/CHG-1/comment")).await.json();
    assert_eq!(seen["total"], 1);
    assert_eq!(jira.get("/issue/CHG-1/comment?orderBy=author").await.status, 400);
    jira.edit("CHG", "permissions", json!({ "account": "acc-1", "remove": ["DELETE_ALL_COMMENTS"] }));
    let path = format!("/issue/CHG-1/comment/{}", text(&own["id"]));
    assert_eq!(jira.send(jira.as_account(1, "DELETE", &path)).await.status, 400, "not 403");
    assert_eq!(jira.delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_comment_can_come_with_a_create_or_an_edit() {
    let jira = Jira::demo().await;
    let update = json!({ "comment": [{ "add": { "body": document("a word") } }] });
    let created = jira.post("/issue", json!({ "fields": task("SEC", "x"), "update": update })).await.json();
    let path = format!("/issue/{}", text(&created["key"]));
    assert_eq!(jira.put(&path, json!({ "update": update })).await.status, 204);
    assert_eq!(jira.get(&format!("{path}/comment")).await.json()["total"], 2);
}

#[tokio::test]
async fn timestamps_have_an_offset_without_a_colon_in_the_sites_zone() {
    let jira = Jira::demo().await;
    let key = jira.create("SEC", "now").await;
    let created =
        async || jira.get(&format!("/issue/{key}?fields=created")).await.json()["fields"]["created"].clone();
    assert_eq!(created().await, "2026-06-15T12:00:00.000+0000");
    jira.simulator().set(|settings| "Asia/Kolkata".clone_into(&mut settings.site_time_zone));
    assert_eq!(created().await, "2026-06-15T17:30:00.000+0530");
}
