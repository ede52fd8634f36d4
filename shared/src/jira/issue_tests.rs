use serde_json::json;

use super::Seen;
use crate::ids::IssueId;
use crate::jira::error::Kind;
use crate::jira::scripted::{ACCOUNT, Stage, anonymous, answer, text};

fn ids(numbers: &[u32]) -> Vec<IssueId> {
    numbers.iter().map(|number| IssueId::parse(&number.to_string()).unwrap()).collect()
}

fn issue(id: u32) -> serde_json::Value {
    json!({
        "id": id.to_string(), "key": format!("SEC-{id}"),
        "fields": {
            "status": { "id": "1", "name": "To Do", "statusCategory": { "key": "new" } },
            "updated": "2026-03-01T10:00:00.000+0100",
        },
        "properties": { "assay.ticket": { "id": "tkt-a" } },
    })
}

#[tokio::test]
async fn issues_are_fetched_a_hundred_at_a_time() {
    let all: Vec<u32> = (1..=101).collect();
    let first: Vec<_> = all[..100].iter().map(|id| issue(*id)).collect();
    let stage = Stage::new(vec![
        answer(200, json!({ "issues": first, "issueErrors": [] })),
        answer(200, json!({ "issues": [issue(101)] })),
    ]);
    let fetched = stage.client.fetch(&ids(&all), &["status", "updated"], &["assay.ticket"]).await.unwrap();
    assert_eq!((fetched.issues.len(), fetched.gone.len(), fetched.failed.len()), (101, 0, 0));
    let one = &fetched.issues[&ids(&[7])[0]];
    assert_eq!((one.key.as_str(), one.status().unwrap().done), ("SEC-7", false));
    assert_eq!(one.ticket().unwrap().as_str(), "tkt-a");
    assert_eq!(one.updated_at(), Some("2026-03-01T09:00:00Z".parse().unwrap()));
    let second =
        json!({ "issueIdsOrKeys": ["101"], "fields": ["status", "updated"], "properties": ["assay.ticket"] });
    assert_eq!(stage.body(1), second);
    stage.done();
}

#[tokio::test]
async fn what_jira_could_not_give_is_not_taken_for_gone() {
    let body = json!({
        "issues": [issue(1), { "id": "4", "key": 7 }],
        "issueErrors": [{ "id": "2", "errorMessage": "try again" }],
    });
    let stage = Stage::new(vec![answer(200, body)]);
    let fetched = stage.client.fetch(&ids(&[1, 2, 3, 4]), &["status"], &[]).await.unwrap();
    assert_eq!(fetched.gone, ids(&[3]).into_iter().collect());
    assert_eq!(fetched.failed.keys().cloned().collect::<Vec<_>>(), ids(&[2, 4]));
    assert_eq!(fetched.issues.len(), 1);
}

#[tokio::test]
async fn nothing_is_gone_for_an_anonymous_caller() {
    let stage = Stage::new(vec![anonymous(answer(200, json!({ "issues": [] }))), anonymous(text(401, ""))]);
    let error = stage.client.fetch(&ids(&[1]), &["status"], &[]).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
    let stage = Stage::new(vec![anonymous(text(404, "")), anonymous(text(401, ""))]);
    assert!(stage.client.issue_status(&ids(&[1])[0]).await.is_err());
    let confirmed = anonymous(answer(200, json!({ "accountId": ACCOUNT })));
    let stage = Stage::new(vec![anonymous(text(404, "")), confirmed]);
    assert!(matches!(stage.client.issue_status(&ids(&[1])[0]).await.unwrap(), Seen::Gone(_)));
}

#[tokio::test]
async fn one_issues_status_is_read_with_one_call() {
    let stage = Stage::new(vec![answer(200, issue(5))]);
    let Seen::There { key, status, call } = stage.client.issue_status(&ids(&[5])[0]).await.unwrap() else {
        panic!("the issue is there")
    };
    assert_eq!((key.as_str(), status.name.as_str(), status.done), ("SEC-5", "To Do", false));
    assert_eq!((call.path.as_str(), call.status), ("/rest/api/3/issue/5", Some(200)));
    assert!(stage.url(0).ends_with("/rest/api/3/issue/5?fields=status"));
}
