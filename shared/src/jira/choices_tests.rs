use serde_json::{Value, json};

use crate::ids::{AccountId, ProjectId};
use crate::jira::scripted::{Stage, answer, text};

fn project() -> ProjectId {
    ProjectId::parse("10003").unwrap()
}

fn query(stage: &Stage, number: usize) -> Vec<(String, String)> {
    url::Url::parse(&stage.url(number)).unwrap().query_pairs().into_owned().collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn types(level: i32) -> Value {
    json!({ "total": 2, "issueTypes": [
        { "id": "10000", "name": "Epos", "subtask": false, "hierarchyLevel": level },
        { "id": "10100", "name": "Task", "subtask": false, "hierarchyLevel": 0 }] })
}

#[tokio::test]
async fn epics_are_known_by_their_level_and_the_newest_come_first() {
    let found = json!({ "issues": [
        { "id": "7", "key": "SEC-7", "fields": { "summary": "Audit" } }, { "id": "5", "key": "SEC-5", "fields": {} }] });
    let stage = Stage::new(vec![answer(200, types(1)), answer(200, found)]);
    let epics = stage.client.epics(&project(), Some("aud")).await.unwrap();
    assert_eq!(
        (epics[0].id.as_str(), epics[0].key.as_str(), epics[0].title.as_str()),
        ("7", "SEC-7", "Audit")
    );
    assert_eq!(epics[1].title, "");
    let jql = "project = 10003 AND issuetype in (10000) AND summary ~ \"aud*\" ORDER BY created DESC";
    assert_eq!(stage.body(1), json!({ "jql": jql, "fields": ["summary"], "maxResults": 50 }));
    stage.done();
}

#[tokio::test]
async fn a_project_without_a_type_for_epics_offers_none() {
    let stage = Stage::new(vec![answer(200, types(0))]);
    assert!(stage.client.epics(&project(), None).await.unwrap().is_empty());
    stage.done();
}

#[tokio::test]
async fn labels_come_in_pages_and_an_empty_one_is_the_last() {
    for (body, next) in [
        (json!({ "isLast": false, "values": ["a", "b"] }), Some(7)),
        (json!({ "isLast": true, "values": ["a", "b"] }), None),
        (json!({ "isLast": false, "values": [] }), None),
        (json!({ "total": 9, "values": ["a", "b"] }), Some(7)),
        (json!({ "total": 7, "values": ["a", "b"] }), None),
    ] {
        let stage = Stage::new(vec![answer(200, body.clone())]);
        assert_eq!(stage.client.labels(5).await.unwrap().1, next, "{body}");
        assert_eq!(query(&stage, 0), pairs(&[("startAt", "5"), ("maxResults", "1000")]));
    }
}

#[tokio::test]
async fn an_account_can_be_assigned_if_jira_names_it() {
    let account = AccountId::parse("acc-1").unwrap();
    for (body, expected) in [
        (json!([{ "accountId": "acc-1" }]), true),
        (json!([{ "accountId": "acc-2" }]), false),
        (json!([]), false),
    ] {
        let stage = Stage::new(vec![answer(200, body)]);
        assert_eq!(stage.client.is_assignable(&project(), &account).await.unwrap(), expected);
        assert_eq!(query(&stage, 0), pairs(&[("project", "10003"), ("accountId", "acc-1")]));
    }
    let stage = Stage::new(vec![text(404, "")]);
    assert!(stage.client.is_assignable(&project(), &account).await.is_err());
}

#[tokio::test]
async fn only_projects_to_create_issues_in_are_offered() {
    let body = json!({ "isLast": false, "values": [{ "id": "10003", "key": "SEC", "name": "Security" }] });
    let stage = Stage::new(vec![answer(200, body), answer(200, json!({ "isLast": true, "values": [] }))]);
    let (projects, next) = stage.client.projects_to_create_in(Some(" sec "), 0).await.unwrap();
    assert_eq!((projects[0].key.as_str(), next), ("SEC", Some(1)));
    let expected = [("startAt", "0"), ("maxResults", "50"), ("action", "create"), ("query", "sec")];
    assert_eq!(query(&stage, 0), pairs(&expected));
    assert_eq!(stage.client.projects_to_create_in(Some(""), 50).await.unwrap(), (vec![], None));
    assert_eq!(query(&stage, 1), pairs(&[("startAt", "50"), ("maxResults", "50"), ("action", "create")]));
}

#[tokio::test]
async fn what_the_account_may_do_in_a_project_is_asked_in_one_call() {
    let body = json!({ "permissions": {
        "CREATE_ISSUES": { "havePermission": true }, "DELETE_ISSUES": { "havePermission": false } } });
    let stage = Stage::new(vec![answer(200, body)]);
    let keys = ["CREATE_ISSUES", "DELETE_ISSUES", "EDIT_ISSUES"];
    let granted = stage.client.may(&project(), &keys).await.unwrap();
    assert_eq!(granted.into_iter().collect::<Vec<_>>(), ["CREATE_ISSUES"]);
    let expected = [("permissions", "CREATE_ISSUES,DELETE_ISSUES,EDIT_ISSUES"), ("projectId", "10003")];
    assert_eq!(query(&stage, 0), pairs(&expected));
    assert!(stage.client.may(&project(), &[]).await.unwrap().is_empty());
    stage.done();
}
