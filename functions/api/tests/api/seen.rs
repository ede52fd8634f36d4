//! What a caller saw before it changes something: nobody's change is overwritten unseen.

use serde_json::{Map, Value, json};

use crate::reviews::{decisions_body, open};
use crate::support::{House, assert_problem};

/// Reads what is at `path`.
async fn read(house: &House, path: &str) -> Value {
    let answer = house.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// The members of `of` that a body changes, and with them what else it says.
fn saying(body: &Value, of: &Value) -> Value {
    let members = body.as_object().unwrap().keys();
    let seen: Map<String, Value> = members.map(|name| (name.clone(), of[name].clone())).collect();
    let mut body = body.clone();
    body["seen"] = Value::Object(seen);
    body
}

/// Fails unless `ours` is refused after `theirs`, where its sender says what they saw before that; and is taken once they
/// have seen it, or do not say what they saw. `theirs` and `ours` are about `field`.
async fn assert_not_overwritten(
    house: &House,
    method: &str,
    path: &str,
    theirs: Value,
    ours: Value,
    field: &str,
) {
    let before = read(house, path).await;
    assert_eq!(
        house.call(method, path, &saying(&theirs, &before)).await.status,
        200,
        "nobody was there before"
    );
    let between = read(house, path).await;
    assert_ne!(before[field], between[field], "{path}");

    let refused = house.call(method, path, &saying(&ours, &before)).await;
    assert_problem(&refused, 409, Some(field));
    assert_eq!(refused.json()["type"], "urn:assay:problem:overtaken", "{path}");
    assert_eq!(read(house, path).await, between, "nothing was changed");

    let again = house.call(method, path, &saying(&theirs, &before)).await;
    assert_eq!(again.status, 200, "what is sent twice overwrites nothing: {}", again.text());
    let taken = house.call(method, path, &saying(&ours, &between)).await;
    assert_eq!(taken.status, 200, "{path}: {}", taken.text());
    let unasked = house.call(method, path, &theirs).await;
    assert_eq!(unasked.status, 200, "whoever says nothing of what they saw: {}", unasked.text());
    assert_eq!(read(house, path).await[field], between[field]);
}

#[tokio::test]
async fn whoever_says_what_they_saw_of_a_person_overwrites_nobody() {
    let house = House::start().await;
    let path = format!("/v1/people/{}", house.person("anna@example.com", "Anna").await);
    let (theirs, ours) = (json!({ "name": "Anna B" }), json!({ "name": "Anna C" }));
    assert_not_overwritten(&house, "PATCH", &path, theirs, ours, "name").await;

    // What somebody else changed besides does not stand in the way, and is not touched.
    let before = read(&house, &path).await;
    assert_eq!(house.call("PATCH", &path, &json!({ "status": "left" })).await.status, 200);
    let moved =
        json!({ "manager": "ben@example.com", "seen": { "manager": before["manager"], "status": "active" } });
    assert_eq!(house.call("PATCH", &path, &moved).await.status, 200);
    assert_eq!(read(&house, &path).await["status"], "left");
    let unknown = json!({ "name": "D", "seen": { "colour": "red" } });
    assert_problem(&house.call("PATCH", &path, &unknown).await, 422, Some("seen.colour"));
}

#[tokio::test]
async fn whoever_says_what_they_saw_of_a_channel_overwrites_nobody_and_keeps_its_address() {
    let house = House::start().await;
    let path = format!(
        "/v1/notifications/channels/{}",
        crate::channels::make(&house, &crate::channels::body()).await
    );
    let (theirs, ours) = (json!({ "quiet_minutes": 5 }), json!({ "quiet_minutes": 7 }));
    assert_not_overwritten(&house, "PATCH", &path, theirs, ours, "quiet_minutes").await;
    let moved = json!({ "url": "https://example.com/x", "name": "other", "seen": { "name": "not this" } });
    assert_problem(&house.call("PATCH", &path, &moved).await, 409, Some("name"));
    assert_eq!(read(&house, &path).await["host"], "127.0.0.1");
}

#[tokio::test]
async fn whoever_says_what_they_saw_of_a_task_or_a_setting_overwrites_nobody() {
    let house = House::with_tasks().await;
    let task = house.list("/v1/tasks").await.remove(0);
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let (theirs, ours) = (json!({ "title": "Theirs" }), json!({ "title": "Ours" }));
    assert_not_overwritten(&house, "PATCH", &path, theirs, ours, "title").await;

    let setting = house.sync(json!({})).await;
    let path = format!("/v1/sync-settings/{}", setting["id"].as_str().unwrap());
    let (theirs, ours) = (json!({ "labels": ["theirs"] }), json!({ "labels": ["ours"] }));
    assert_not_overwritten(&house, "PATCH", &path, theirs, ours, "labels").await;

    let made = crate::configurations::good("POST /v1/project-configurations").unwrap();
    let made = house.call("POST", "/v1/project-configurations", &made).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/v1/project-configurations/{}", made.json()["id"].as_str().unwrap());
    let routes = |asset: &str| json!({ "routes": [{ "assets": [asset] }] });
    assert_not_overwritten(&house, "PATCH", &path, routes("theirs"), routes("ours"), "routes").await;
}

#[tokio::test]
async fn whoever_says_what_they_saw_of_a_connection_or_a_policy_overwrites_nobody() {
    let house = House::start().await;
    house.world.connect().await;
    let limits = |days: u32| json!({ "incident_limits": { "default_days": days, "days_by_priority": {} } });
    let path = "/v1/connections/con-1";
    assert_not_overwritten(&house, "PATCH", path, limits(5), limits(7), "incident_limits").await;
    let scope = |jql: &str| json!({ "change_management": { "projects": ["CHG"], "jql": jql } });
    let (theirs, ours) = (scope("issuetype = Task"), scope("issuetype = Bug"));
    assert_not_overwritten(&house, "PATCH", path, theirs, ours, "change_management").await;

    house.stock_ingestion().await;
    let policy =
        |days: u32| json!({ "zone": null, "review_days": days, "ruled_groups": [], "seat_prices": {} });
    let path = "/v1/usage/con-1/policy";
    assert_not_overwritten(&house, "PUT", path, policy(100), policy(200), "review_days").await;
    let policy = |zone: &str| {
        let mut policy = crate::findings::policy();
        policy["zone"] = json!(zone);
        policy
    };
    let (theirs, ours) = (policy("Europe/Berlin"), policy("Europe/Paris"));
    assert_not_overwritten(&house, "PUT", "/v1/findings/policy", theirs, ours, "zone").await;
}

#[tokio::test]
async fn a_decision_is_not_made_over_one_that_its_reviewer_did_not_see() {
    let (house, path) = open(2).await;
    let decide = async |decision: &str, seen: Value| {
        let mut body = decisions_body(decision);
        body["items"][0]["seen"] = seen;
        house.call("POST", &format!("{path}/decisions"), &body).await
    };
    let undecided = || json!({ "decision": "undecided" });
    assert_eq!(decide("revoke", undecided()).await.status, 200);
    let items = house.list(&format!("{path}/items")).await;

    let refused = decide("keep", undecided()).await;
    assert_problem(&refused, 409, Some("items[0]"));
    assert_eq!(refused.json()["type"], "urn:assay:problem:overtaken");
    let other_note = json!({ "decision": "revoke", "note": "another reason" });
    assert_problem(&decide("keep", other_note).await, 409, Some("items[0]"));
    assert_eq!(house.list(&format!("{path}/items")).await, items, "the revocation stands");

    assert_eq!(decide("revoke", undecided()).await.status, 200, "the same again says nothing new");
    assert_eq!(decide("keep", json!({ "decision": "revoke", "note": "looked at" })).await.status, 200);
    assert_eq!(decide("revoke", Value::Null).await.status, 200, "nobody says what they saw");
}
