//! What an overview is made of: posture by day, counts of tickets, and what may still be asked of Jira.

use assay::quota::hour_of;
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

#[tokio::test]
async fn posture_tells_how_many_checks_stood_how_day_by_day() {
    let house = House::start().await;
    assert_eq!(house.get("/v1/posture").await.json()["items"], json!([]), "nothing was evaluated");
    house.world.connect().await;
    house.world.evaluate().await;
    let days = house.get("/v1/posture").await.json()["items"].as_array().unwrap().clone();
    assert_eq!(days.len(), 1);
    let checks = house.get("/v1/checks").await.json()["items"].as_array().unwrap().clone();
    for outcome in ["pass", "fail", "cannot_tell", "not_applicable"] {
        let count = checks.iter().filter(|check| check["last_outcome"] == outcome).count();
        assert_eq!(days[0][outcome], json!(count), "{outcome} today is how checks stand now");
    }
    house.world.time.advance(24 * 3600);
    house.world.reevaluate().await;
    let two = house.get("/v1/posture?days=2").await.json()["items"].as_array().unwrap().clone();
    assert_eq!((two.len(), &two[0]["day"]), (2, &days[0]["day"]), "yesterday is how it ended");
    assert_eq!(two[0]["fail"], days[0]["fail"]);
    assert_eq!(house.get("/v1/posture?days=1").await.json()["items"].as_array().unwrap().len(), 1);
    for days in ["0", "367", "x"] {
        assert_problem(&house.get(&format!("/v1/posture?days={days}")).await, 422, Some("days"));
    }
}

#[tokio::test]
async fn tickets_are_counted_by_how_they_stand() {
    let house = House::with_tasks().await;
    let none = house.get("/v1/tickets/summary").await.json();
    assert_eq!((&none["open"], &none["complete"]), (&json!(0), &json!(true)));
    house.sync(json!({})).await;
    house.world.rest().await;
    let tickets = house.get("/v1/tickets?limit=200").await.json()["items"].as_array().unwrap().clone();
    let summary = house.get("/v1/tickets/summary").await.json();
    assert!(!tickets.is_empty());
    assert_eq!(summary["open"], json!(tickets.len()), "{summary}");
    assert_eq!((&summary["parked"], &summary["waiting"]), (&json!(0), &json!(0)), "{summary}");
    house.world.time.advance(400 * 24 * 3600);
    assert_eq!(house.get("/v1/tickets/summary").await.json()["late"], summary["open"]);
}

#[tokio::test]
async fn a_connection_tells_what_it_may_still_ask_of_jira() {
    let house = House::with_tasks().await;
    let (store, tenant) = (house.world.store(), &house.world.tenant);
    let now = house.world.time.now();
    let id = assay::ids::ConnectionId::parse("con-1").unwrap();
    let before = house.get("/v1/connections/con-1").await.json()["quota"]["spent"].as_u64().unwrap();
    store.add_points(tenant, &id, hour_of(now), 70).await.unwrap();
    store.pause(tenant, &id, assay::clock::after(now, 60)).await.unwrap();
    let quota = house.get("/v1/connections/con-1").await.json()["quota"].clone();
    assert_eq!((&quota["spent"], &quota["limit"]), (&json!(before + 70), &json!(65_000)), "{quota}");
    assert_eq!(quota["paused_until"], json!(assay::clock::after(now, 60)));
    let list = house.get("/v1/connections").await.json();
    assert_eq!(list["items"][0]["quota"], Value::Null, "lists do not ask for it");
}
