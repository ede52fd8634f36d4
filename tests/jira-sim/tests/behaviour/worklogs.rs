use serde_json::{Value, json};

use crate::support::{Jira, document, text};

async fn feed(jira: &Jira, what: &str, since: i64) -> Vec<u64> {
    let page = jira.get(&format!("/worklog/{what}?since={since}")).await.json();
    let values = page["values"].as_array().unwrap().iter();
    values.map(|entry| entry["worklogId"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_worklog_is_written_read_changed_and_deleted() {
    let jira = Jira::demo().await;
    let path = "/issue/CHG-1/worklog";
    let body = json!({
        "timeSpent": "1d 30m",
        "started": "2026-06-14T22:30:00.000+0200",
        "comment": document("words"),
    });
    let made = jira.post(path, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert_eq!(made["timeSpentSeconds"], 30_600);
    assert_eq!(made["started"], "2026-06-14T20:30:00.000+0000");
    let own = format!("{path}/{}", text(&made["id"]));
    assert_eq!(jira.get(&own).await.json(), made);
    let changed = jira.put(&own, json!({ "timeSpentSeconds": 3600 })).await.json();
    assert_eq!((&changed["timeSpent"], &changed["comment"]), (&json!("1h"), &made["comment"]));
    let issue = jira.get("/issue/CHG-1?fields=worklog").await.json();
    assert_eq!(issue["fields"]["worklog"]["worklogs"][0], changed);
    assert_eq!(jira.get(path).await.json()["total"], 1);
    assert_eq!(jira.delete(&own).await.status, 204);
    assert_eq!(jira.get(&own).await.status, 404);
    for wrong in [json!({}), json!({ "timeSpent": "1y" }), json!({ "timeSpentSeconds": 30 })] {
        assert_eq!(jira.post(path, wrong).await.status, 400);
    }
}

#[tokio::test]
async fn the_feeds_tell_of_changes_and_deletions_a_minute_late() {
    let jira = Jira::demo().await;
    let start = jira.simulator().now().as_millisecond();
    let mut ids = Vec::new();
    for issue in ["CHG-1", "CHG-2"] {
        let made = jira.post(&format!("/issue/{issue}/worklog"), json!({ "timeSpentSeconds": 60 })).await;
        ids.push(text(&made.json()["id"]).parse::<u64>().unwrap());
        jira.advance(1);
    }
    assert_eq!(feed(&jira, "updated", start).await, [0; 0], "within the last minute");
    jira.advance(60);
    assert_eq!(feed(&jira, "updated", start).await, ids);
    assert_eq!(feed(&jira, "updated", start + 1).await, ids[1..]);
    jira.put(&format!("/issue/CHG-1/worklog/{}", ids[0]), json!({ "timeSpentSeconds": 120 })).await;
    jira.delete(&format!("/issue/CHG-2/worklog/{}", ids[1])).await;
    jira.advance(61);
    assert_eq!(feed(&jira, "updated", start).await, ids[..1]);
    assert_eq!(feed(&jira, "deleted", start).await, ids[1..]);
    let listed = jira.post("/worklog/list", json!({ "ids": ids })).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["timeSpentSeconds"], 120);
    jira.delete("/issue/CHG-1").await;
    jira.advance(61);
    assert_eq!(feed(&jira, "updated", start).await, [0; 0]);
    assert_eq!(feed(&jira, "deleted", start).await, [ids[1], ids[0]]);
    assert_eq!(jira.post("/worklog/list", json!({ "ids": ids })).await.json(), json!([]));
}

#[tokio::test]
async fn a_restricted_worklog_is_seen_by_members_only() {
    let jira = Jira::demo().await;
    jira.edit("SEC", "roles", json!({ "role": "Developers", "add": ["acc-2"] }));
    let key = jira.create("SEC", "work").await;
    let visibility = json!({ "type": "role", "value": "Developers" });
    let edit = json!({ "issue": key, "seconds": 600, "visibility": visibility, "by": "acc-2" });
    jira.edit("SEC", "worklog", edit);
    let path = format!("/issue/{key}/worklog");
    assert_eq!(jira.get(&path).await.json()["total"], 0);
    let seen = jira.send(jira.as_account(2, "GET", &path)).await.json();
    assert_eq!(seen["total"], 1);
    jira.advance(120);
    assert_eq!(feed(&jira, "updated", 0).await, [0; 0]);
    let ids = json!({ "ids": [text(&seen["worklogs"][0]["id"]).parse::<u64>().unwrap()] });
    assert_eq!(jira.post("/worklog/list", ids.clone()).await.json(), json!([]));
    let listed = jira.send(jira.as_account(2, "POST", "/worklog/list").json(&ids)).await.json();
    assert_eq!(listed[0]["author"]["accountId"], "acc-2");
}

#[tokio::test]
async fn who_may_not_log_or_edit_work_is_refused_with_400() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "worklog", json!({ "issue": "CHG-1", "seconds": 600, "by": "acc-2" }));
    let log = jira.get("/issue/CHG-1/worklog").await.json();
    let own = format!("/issue/CHG-1/worklog/{}", text(&log["worklogs"][0]["id"]));
    let remove = ["WORK_ON_ISSUES", "EDIT_ALL_WORKLOGS", "DELETE_ALL_WORKLOGS"];
    jira.edit("CHG", "permissions", json!({ "account": "*", "remove": remove }));
    let body = json!({ "timeSpentSeconds": 600 });
    assert_eq!(jira.post("/issue/CHG-1/worklog", body.clone()).await.status, 400);
    assert_eq!(jira.put(&own, body.clone()).await.status, 400);
    assert_eq!(jira.delete(&own).await.status, 400);
    assert_eq!(jira.send(jira.as_account(2, "PUT", &own).json(&body)).await.status, 200);
}

#[tokio::test]
async fn lists_of_worklogs_are_limited() {
    let jira = Jira::demo().await;
    jira.calls_wrongly_on_purpose();
    let ids: Vec<u64> = (1..=1001).collect();
    for wrong in [json!({ "ids": ids }), json!({ "ids": [] }), json!({ "ids": ["1"] }), Value::Null] {
        assert_eq!(jira.post("/worklog/list", wrong).await.status, 400);
    }
    assert_eq!(jira.post("/worklog/list", json!({ "ids": ids[1..] })).await.status, 200);
    assert_eq!(jira.get("/worklog/updated?since=x").await.status, 400);
}
