use jira_sim::Seed;
use serde_json::{Value, json};

use crate::support::{Jira, keys};

#[tokio::test]
async fn ten_thousand_change_tickets_are_read_in_ten_pages() {
    let jira = Jira::with(Seed { change_tickets: 10_000, change_unassigned: 137, ..Seed::default() }).await;
    let (mut read, mut unassigned, mut token) = (0, 0, Value::Null);
    for page_number in 1..=10 {
        let fields = json!(["summary", "assignee", "created", "status"]);
        let mut body = json!({ "jql": "project = CHG", "fields": fields, "maxResults": 5000 });
        if !token.is_null() {
            body["nextPageToken"] = token;
        }
        let page = jira.post("/search/jql", body).await.json();
        let issues = page["issues"].as_array().unwrap();
        read += issues.len();
        unassigned += issues.iter().filter(|issue| issue["fields"]["assignee"].is_null()).count();
        assert_eq!(page["isLast"], page_number == 10);
        token = page["nextPageToken"].clone();
    }
    assert_eq!((read, unassigned), (10_000, 137));
    assert_eq!(jira.simulator().journal().len(), 10);
}

#[tokio::test]
async fn a_million_issues_take_no_time_until_they_are_read() {
    let jira = Jira::with(Seed { change_tickets: 1_000_000, ..Seed::default() }).await;
    assert_eq!(jira.get("/issue/CHG-777777?fields=summary").await.json()["key"], "CHG-777777");
    jira.put("/issue/CHG-777777", json!({ "fields": { "summary": "written" } })).await;
    assert_eq!(jira.get("/issue/CHG-777777").await.json()["fields"]["summary"], "written");
    let body = json!({ "issueIdsOrKeys": ["CHG-1", "CHG-500000", "CHG-1000000"], "fields": ["summary"] });
    let issues = jira.post("/issue/bulkfetch", body).await.json();
    assert_eq!(keys(&issues), ["CHG-1", "CHG-500000", "CHG-1000000"]);
    assert_eq!(jira.create("CHG", "the next one").await, "CHG-1000001");
}
