use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{IssueNow, Reading};
use crate::ids::IssueId;
use crate::jira::error::Kind;
use crate::jira::http::SendError;
use crate::jira::scripted::{ACCOUNT, Stage, anonymous, answer, text};

fn ids(numbers: &[u32]) -> Vec<IssueId> {
    numbers.iter().map(|number| IssueId::parse(&number.to_string()).unwrap()).collect()
}

fn issue(id: u32) -> Value {
    json!({
        "id": id.to_string(), "key": format!("SEC-{id}"),
        "fields": {
            "archiveddate": null,
            "assignee": { "accountId": "acc-1", "displayName": "Mia" },
            "description": { "type": "doc", "version": 1, "content": [] },
            "duedate": "2026-03-08",
            "issuetype": { "id": "10100", "name": "Task" },
            "labels": ["assay", "mine"],
            "parent": { "id": "10500", "key": "SEC-1" },
            "project": { "id": "10003", "key": "SEC" },
            "status": { "id": "3", "name": "Fertig", "statusCategory": { "key": "done" } },
            "summary": "Assign CHG-1",
            "updated": "2026-03-01T10:00:00.000+0100",
        },
        "properties": { "assay.ticket": { "id": "tkt-a" } },
    })
}

async fn read(body: Value) -> IssueNow {
    let stage = Stage::new(vec![answer(200, body)]);
    match stage.client.read_issue(&ids(&[5])[0], &BTreeSet::new()).await.unwrap() {
        Reading::There(issue) => *issue,
        Reading::Gone(call) => panic!("{call:?}"),
    }
}

#[tokio::test]
async fn one_call_brings_every_field_that_is_kept_in_step_and_the_property() {
    let stage = Stage::new(vec![answer(200, issue(5))]);
    let Reading::There(now) = stage.client.read_issue(&ids(&[5])[0], &BTreeSet::new()).await.unwrap() else {
        panic!("the issue is there")
    };
    assert_eq!((now.id.as_str(), now.key.as_str(), now.project.as_str()), ("5", "SEC-5", "10003"));
    assert_eq!((now.issue_type.as_str(), now.status_id.as_str()), ("10100", "3"));
    assert!(now.status.done && now.status.name == "Fertig");
    assert_eq!((now.summary.as_str(), now.assignee.unwrap().as_str()), ("Assign CHG-1", "acc-1"));
    assert_eq!(now.description.unwrap()["type"], "doc");
    assert_eq!(now.due_on, Some("2026-03-08".parse().unwrap()));
    assert_eq!(now.labels.iter().map(String::as_str).collect::<Vec<_>>(), ["assay", "mine"]);
    assert_eq!((now.parent.unwrap().as_str(), now.ticket.unwrap().as_str()), ("10500", "tkt-a"));
    assert_eq!(now.updated_at, "2026-03-01T09:00:00Z".parse().unwrap());
    assert_eq!((now.archived, now.call.status), (false, Some(200)));
    let url = url::Url::parse(&stage.url(0)).unwrap();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/rest/api/3/issue/5");
    assert_eq!(query[0].1.split(',').count(), 11, "{query:?}");
    assert_eq!(query[1], ("properties".to_owned(), "assay.ticket".to_owned()));
    assert_eq!(query[2], ("failFast".to_owned(), "true".to_owned()));
    stage.done();
}

#[tokio::test]
async fn fields_that_are_empty_or_that_the_project_does_not_use_are_none() {
    let mut body = issue(5);
    for field in ["archiveddate", "parent", "labels", "duedate"] {
        body["fields"].as_object_mut().unwrap().remove(field);
    }
    for field in ["assignee", "description"] {
        body["fields"][field] = Value::Null;
    }
    body["properties"] = json!({ "assay.ticket": { "id": "not a ticket" } });
    let now = read(body).await;
    assert_eq!((now.assignee, now.description, now.due_on, now.parent), (None, None, None, None));
    assert!(now.labels.is_empty() && now.ticket.is_none() && !now.archived);
}

#[tokio::test]
async fn an_archived_issue_says_so() {
    let mut body = issue(5);
    body["fields"]["archiveddate"] = json!("2026-02-01T10:00:00.000+0100");
    assert!(read(body).await.archived);
}

#[tokio::test]
async fn a_field_that_makes_no_sense_is_named() {
    let mut body = issue(5);
    body["fields"]["status"] = json!({ "name": "To Do" });
    let stage = Stage::new(vec![answer(200, body)]);
    let error = stage.client.read_issue(&ids(&[5])[0], &BTreeSet::new()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed { path: "fields.status".to_owned() });
}

#[tokio::test]
async fn an_issue_that_is_not_found_is_gone_only_for_the_connections_account() {
    let id = &ids(&[5])[0];
    let stage = Stage::new(vec![text(404, "")]);
    assert!(
        matches!(stage.client.read_issue(id, &BTreeSet::new()).await.unwrap(), Reading::Gone(call) if call.status == Some(404))
    );
    let confirmed = anonymous(answer(200, json!({ "accountId": ACCOUNT })));
    let stage = Stage::new(vec![anonymous(text(404, "")), confirmed]);
    assert!(matches!(stage.client.read_issue(id, &BTreeSet::new()).await.unwrap(), Reading::Gone(_)));
    stage.done();
    let stage = Stage::new(vec![anonymous(text(404, "")), anonymous(text(401, ""))]);
    assert_eq!(stage.client.read_issue(id, &BTreeSet::new()).await.unwrap_err().kind, Kind::Unauthorized);
}

#[tokio::test]
async fn of_many_issues_each_is_there_or_failed_or_missing() {
    let mut broken = issue(2);
    broken["fields"]["duedate"] = json!("soon");
    let mut bare = issue(3);
    bare["fields"] = Value::Null;
    let errors = json!([{ "id": "4", "errorMessage": "try again" }]);
    let body = json!({ "issues": [issue(1), broken, bare], "issueErrors": errors });
    let stage = Stage::new(vec![answer(200, body)]);
    let read = stage.client.read_issues(&ids(&[1, 2, 3, 4, 5]), &BTreeSet::new()).await.unwrap();
    assert_eq!(read.there.keys().cloned().collect::<Vec<_>>(), ids(&[1]));
    assert_eq!(read.failed.keys().cloned().collect::<Vec<_>>(), ids(&[2, 3, 4]));
    assert!(read.failed[&ids(&[2])[0]].contains("fields.duedate"), "{:?}", read.failed);
    assert_eq!(read.missing, ids(&[5]).into_iter().collect());
    assert_eq!(stage.body(0)["fields"].as_array().unwrap().len(), 11);
    assert_eq!(stage.body(0)["properties"], json!(["assay.ticket"]));
}

#[tokio::test]
async fn many_issues_are_read_a_hundred_at_a_time_and_in_halves_where_they_are_too_long() {
    let all: Vec<u32> = (1..=102).collect();
    let page = |range: std::ops::Range<usize>| {
        let issues: Vec<Value> = all[range].iter().map(|id| issue(*id)).collect();
        answer(200, json!({ "issues": issues }))
    };
    let too_large = Err(SendError::TooLarge { status: 200 });
    let stage = Stage::new(vec![too_large, page(0..50), page(50..100), page(100..102)]);
    let read = stage.client.read_issues(&ids(&all), &BTreeSet::new()).await.unwrap();
    assert_eq!((read.there.len(), read.failed.len(), read.missing.len()), (102, 0, 0));
    stage.done();
}

#[tokio::test]
async fn nothing_is_missing_for_an_anonymous_caller() {
    let stage = Stage::new(vec![anonymous(answer(200, json!({ "issues": [] }))), anonymous(text(401, ""))]);
    assert!(stage.client.read_issues(&ids(&[1]), &BTreeSet::new()).await.is_err());
    let stage = Stage::new(vec![answer(200, json!({ "issues": [{ "key": "SEC-1" }] }))]);
    assert!(stage.client.read_issues(&ids(&[1]), &BTreeSet::new()).await.is_err(), "an issue without an id");
}

#[tokio::test]
async fn further_fields_are_asked_for_and_given_as_they_are() {
    let mut one = issue(5);
    one["fields"]["customfield_1"] = json!({ "id": "10", "value": "High" });
    one["fields"]["customfield_2"] = Value::Null;
    one["fields"]["customfield_9"] = json!("nobody asked for it");
    let further = ["customfield_1", "customfield_2", "customfield_3"].map(str::to_owned).into();
    let expected = json!({ "customfield_1": { "id": "10", "value": "High" }, "customfield_2": null });
    let stage = Stage::new(vec![answer(200, one.clone()), answer(200, json!({ "issues": [one] }))]);
    let Reading::There(now) = stage.client.read_issue(&ids(&[5])[0], &further).await.unwrap() else {
        panic!("the issue is there")
    };
    assert_eq!(json!(now.further), expected);
    assert!(stage.url(0).contains("customfield_3"));
    let read = stage.client.read_issues(&ids(&[5]), &further).await.unwrap();
    assert_eq!(json!(read.there[&ids(&[5])[0]].further), expected);
    assert_eq!(stage.body(1)["fields"].as_array().unwrap().len(), 14);
}
