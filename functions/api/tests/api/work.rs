//! What people do with tasks and tickets.

use assay::task::Task;
use jira_sim::Fault;
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

async fn synced() -> (House, Task) {
    let house = House::with_tasks().await;
    house.sync(json!({})).await;
    house.world.rest().await;
    let task = house.world.tasks().await.into_iter().find(|task| task.check.as_str() == "B2").unwrap();
    (house, task)
}

/// The issue of a task, as it is in Jira.
async fn issue_of(house: &House, task: &Task) -> Value {
    let shown = house.get(&format!("/v1/tasks/{}", task.id)).await.json();
    let id = shown["ticket"]["issue"]["id"].as_str().unwrap().to_owned();
    house.world.jira.simulator.issues().into_iter().find(|issue| issue["id"] == id.as_str()).unwrap()
}

#[tokio::test]
async fn a_task_that_a_person_completes_or_reopens_takes_its_issue_along() {
    let (house, task) = synced().await;
    let path = format!("/v1/tasks/{}", task.id);
    let body = json!({ "why": "the change was given to its owner" });
    let done = house.post_once(&format!("{path}/complete"), "k", &body).await;
    assert_eq!((done.status.as_u16(), &done.json()["state"]), (200, &json!("completed")), "{}", done.text());
    assert_eq!(done.json()["completion"]["why"], body["why"]);
    house.world.rest().await;
    assert_eq!(issue_of(&house, &task).await["status_category"], "done");

    let opened = house.post_once(&format!("{path}/reopen"), "k", &Value::Null).await;
    assert_eq!((opened.status.as_u16(), &opened.json()["state"]), (200, &json!("open")), "{}", opened.text());
    house.world.rest().await;
    assert_ne!(issue_of(&house, &task).await["status_category"], "done");

    // The first request comes once more: it is answered, and completes nothing.
    let again = house.post_once(&format!("{path}/complete"), "k", &body).await;
    assert_eq!((again.header("idempotency-replayed"), again.json()), ("true", done.json()));
    house.world.rest().await;
    assert_eq!(house.get(&path).await.json()["state"], "open");
    assert_ne!(issue_of(&house, &task).await["status_category"], "done");
}

#[tokio::test]
async fn what_a_person_changes_about_a_task_is_written_into_its_issue_and_stays() {
    let (house, task) = synced().await;
    let path = format!("/v1/tasks/{}", task.id);
    let body = json!({ "title": "Name an owner", "assignee": "acc-3", "due_at": "2026-12-24T00:00:00Z" });
    let changed = house.call("PATCH", &path, &body).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["edited"].as_array().unwrap().len(), 3);
    house.world.rest().await;
    let issue = issue_of(&house, &task).await;
    let summary = format!("Name an owner: {}", task.subject.title);
    assert_eq!((&issue["summary"], &issue["assignee"]), (&json!(summary), &json!("acc-3")));
    house.world.reevaluate().await;
    house.world.rest().await;
    assert_eq!(house.get(&path).await.json()["title"], "Name an owner", "no check changes it back");
    house.call("PATCH", &path, &json!({ "assignee": null })).await;
    house.world.rest().await;
    assert_eq!(issue_of(&house, &task).await["assignee"], Value::Null);
    for (body, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "title": "a\nb" }), "title"),
        (json!({ "assignee": "a b" }), "assignee"),
        (json!({ "due_at": "tomorrow" }), "due_at"),
    ] {
        assert_problem(&house.call("PATCH", &path, &body).await, 422, Some(field));
    }
}

#[tokio::test]
async fn a_ticket_that_jira_refused_is_tried_again_when_a_person_asks() {
    let house = House::with_tasks().await;
    let fault = json!({ "path": "createIssues", "times": 100, "kind": "status", "status": 400 });
    house.world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
    house.sync(json!({ "scope": "B2" })).await;
    house.world.evaluate().await;
    house.world.work().await;
    let failed = house.list("/v1/tickets?state=failed").await;
    assert!(!failed.is_empty());
    assert!(failed[0]["problem"]["what"].is_string(), "{}", failed[0]);
    house.world.jira.simulator.clear_faults();
    let path = format!("/v1/tickets/{}", failed[0]["id"].as_str().unwrap());
    let answer = house.call("POST", &format!("{path}/retry"), &json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    house.world.work().await;
    let ticket = house.get(&path).await.json();
    assert_eq!((&ticket["state"], &ticket["problem"]), (&json!("open"), &Value::Null));
    assert_problem(&house.call("POST", &format!("{path}/retry"), &json!({})).await, 409, None);
}

#[tokio::test]
async fn of_an_issue_that_is_gone_a_person_decides_once() {
    let (house, task) = synced().await;
    let setting = house.list("/v1/sync-settings").await.remove(0);
    let setting = format!("/v1/sync-settings/{}", setting["id"].as_str().unwrap());
    assert_eq!(house.call("PATCH", &setting, &json!({ "gone_policy": "ask" })).await.status, 200);
    let issue = issue_of(&house, &task).await;
    house.edit("SEC", "delete", json!({ "issue": issue["key"] }));
    house.notice().await;
    let ticket = house.list("/v1/tickets?state=gone").await.remove(0);
    let told = house.list("/v1/notifications").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["kind"], &told[0]["subject"]["id"]), (&json!("decision_needed"), &ticket["id"]));
    assert!(told[0]["text"].as_str().unwrap().contains(issue["key"].as_str().unwrap()));
    assert_eq!(told[0]["recovered_at"], Value::Null);

    let decide = format!("/v1/tickets/{}/decide", ticket["id"].as_str().unwrap());
    assert_problem(&house.call("POST", &decide, &json!({ "tasks": "forget" })).await, 422, Some("tasks"));
    assert_eq!(house.call("POST", &decide, &json!({ "tasks": "recreate" })).await.status, 202);
    house.world.rest().await;
    let anew = issue_of(&house, &task).await;
    assert_ne!(anew["id"], issue["id"]);
    assert_eq!(anew["deleted"], false);
    assert!(house.list("/v1/notifications").await[0]["recovered_at"].is_string());
}
