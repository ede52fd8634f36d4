//! Notifications: one for each cause, over when the cause is.

use assay::ids::ConnectionId;
use serde_json::{Value, json};

use crate::support::House;

impl House {
    /// Lets upkeep find what people did in Jira, and everything follow from it.
    pub async fn notice(&self) {
        self.world.time.advance(400);
        let deadline = assay::clock::after(self.world.time.now(), 270);
        self.world.upkeep().run(deadline).await.unwrap();
        self.world.rest().await;
    }

    /// The notifications of a kind.
    async fn told(&self, kind: &str) -> Vec<Value> {
        let all = self.list("/v1/notifications").await;
        all.into_iter().filter(|told| told["kind"] == kind).collect()
    }
}

#[tokio::test]
async fn an_issue_that_is_restored_needs_no_decision_any_more_nor_one_whose_task_is_done() {
    let house = House::with_tasks().await;
    house.sync(json!({ "gone_policy": "ask" })).await;
    house.world.rest().await;
    let issues = house.world.issues_in("SEC");
    house.edit("SEC", "archive", json!({ "issue": issues[0]["key"] }));
    house.edit("SEC", "delete", json!({ "issue": issues[1]["key"] }));
    house.notice().await;
    let told = house.told("decision_needed").await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|it| it["recovered_at"].is_null()), "{told:?}");

    house.edit("SEC", "restore", json!({ "issue": issues[0]["key"] }));
    house.world.time.advance(3600);
    house.notice().await;
    let over = |told: &[Value]| told.iter().filter(|it| it["recovered_at"].is_string()).count();
    assert_eq!(over(&house.told("decision_needed").await), 1);

    let gone = house.list("/v1/tickets?state=gone").await.remove(0);
    let path = format!("/v1/tasks/{}/complete", gone["tasks"][0].as_str().unwrap());
    assert_eq!(house.call("POST", &path, &json!({ "why": "done otherwise" })).await.status, 200);
    assert_eq!(over(&house.told("decision_needed").await), 2);
}

#[tokio::test]
async fn a_ticket_that_stays_stuck_is_told_of_once_and_again_when_it_is_not() {
    let house = House::with_tasks().await;
    house.sync(json!({ "scope": "B2" })).await;
    house.world.rest().await;
    // No way leads to a done status any more.
    let all = json!({ "account": "acc-admin", "remove": ["TRANSITION_ISSUES"] });
    house.edit("SEC", "permissions", all);
    let task = house.world.tasks().await.into_iter().find(|task| task.check.as_str() == "B2").unwrap();
    let path = format!("/v1/tasks/{}/complete", task.id);
    assert_eq!(house.call("POST", &path, &json!({ "why": "done" })).await.status, 200);
    house.world.work().await;
    assert!(house.told("ticket_stuck").await.is_empty(), "a problem may pass");
    for _ in 0..40 {
        house.world.time.advance(900);
        let deadline = assay::clock::after(house.world.time.now(), 270);
        house.world.upkeep().run(deadline).await.unwrap();
        house.world.work().await;
    }
    let told = house.told("ticket_stuck").await;
    assert_eq!(told.len(), 1, "{told:?}\n{}", house.world.traces().await);
    assert_eq!(told[0]["subject"], json!({ "type": "ticket", "id": task.ticket.unwrap().to_string() }));
    assert_eq!(told[0]["recovered_at"], Value::Null);

    house.edit("SEC", "permissions", json!({ "account": "acc-admin", "grant": ["TRANSITION_ISSUES"] }));
    let id = told[0]["subject"]["id"].as_str().unwrap();
    let answer = house.call("POST", &format!("/v1/tickets/{id}/retry"), &json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    house.world.work().await;
    assert!(house.told("ticket_stuck").await[0]["recovered_at"].is_string());
}

#[tokio::test]
async fn a_connection_that_is_lost_is_told_of_until_it_works_again() {
    let house = House::with_tasks().await;
    house.world.expire_token("acc-admin", "sim-admin-token").await;
    let verify = "/v1/connections/con-1/verify";
    house.call("POST", verify, &json!({})).await;
    assert!(house.told("connection_lost").await.is_empty(), "one refusal may pass");
    house.world.time.advance(200);
    let lost = house.call("POST", verify, &json!({})).await.json();
    assert_eq!(lost["state"], "needs_reauth", "{lost}");
    house.world.time.advance(200);
    house.call("POST", verify, &json!({})).await;
    let told = house.told("connection_lost").await;
    assert_eq!(told.len(), 1, "{told:?}");
    let id = ConnectionId::parse("con-1").unwrap();
    assert_eq!(told[0]["subject"], json!({ "type": "connection", "id": id.as_str() }));
    assert_eq!(told[0]["recovered_at"], Value::Null);

    let token = json!({ "account": "acc-admin", "token": "a-new-token", "scopes": null });
    house.world.control_api("POST", "/__sim/tokens", &token).await;
    let body = json!({ "method": "api_token", "email": "admin@example.com", "token": "a-new-token" });
    let answer = house.call("POST", "/v1/connections/con-1/reconnect", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(house.told("connection_lost").await[0]["recovered_at"].is_string());
}
