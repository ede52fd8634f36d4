//! Channels that notifications are sent to.

use std::time::Duration;

use assay::ids::ConnectionId;
use assay::notification::{Kind, Notification, Subject};
use assay_test_support::receiver::{Mood, Receiver};
use assay_test_support::world::World;
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

const PATH: &str = "/v1/notifications/channels";

/// A good body: a receiver on this machine, where nobody answers.
pub fn body() -> Value {
    json!({ "name": "people", "kind": "webhook", "url": "http://127.0.0.1:9/hook" })
}

/// Makes a channel; gives its identifier.
pub async fn make(house: &House, body: &Value) -> String {
    let answer = house.call("POST", PATH, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// A house with a receiver that is Slack, too.
async fn with_receiver() -> (House, Receiver) {
    let receiver = Receiver::start().await;
    let mut world = World::start().await;
    world.slack_url = receiver.url();
    (House::over(world).await, receiver)
}

#[tokio::test]
async fn a_channel_is_made_shown_changed_and_ended_and_its_secrets_are_shown_once() {
    let (house, receiver) = with_receiver().await;
    let mut wish = body();
    wish["url"] = json!(format!("{}?key=hidden", receiver.hook_url()));
    let made = house.post_once(PATH, "key-1", &wish).await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{made}");
    let again = house.post_once(PATH, "key-1", &wish).await.json();
    assert_eq!((&again["id"], &again["secret"]), (&made["id"], &Value::Null));
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let shown = house.get(&path).await.json();
    assert_eq!((&shown["host"], &shown["state"]), (&json!("127.0.0.1"), &json!("works")));
    assert_eq!((&shown["quiet_minutes"], &shown["at_least"]), (&json!(60), &json!(1)));
    assert_eq!(
        (&shown["kinds"], &shown["recovered"], &shown["waiting"]),
        (&Value::Null, &json!(true), &json!(0))
    );

    let change = json!({ "name": "others", "kinds": ["ticket_stuck"], "recovered": false, "at_least": 3 });
    let changed = house.call("PATCH", &path, &change).await.json();
    assert_eq!((&changed["kinds"], &changed["at_least"]), (&json!(["ticket_stuck"]), &json!(3)));
    let all = house.call("PATCH", &path, &json!({ "kinds": null })).await.json();
    assert_eq!((&all["kinds"], &all["recovered"]), (&Value::Null, &json!(false)));
    let rotated = house.call("POST", &format!("{path}/rotate"), &json!({})).await.json();
    assert_ne!(rotated["secret"], json!(secret));
    assert!(rotated["old_secret_until"].is_string());
    assert_eq!(house.list(PATH).await.len(), 1);

    assert_eq!(house.call("DELETE", &path, &json!({})).await.status, 204);
    assert_problem(&house.get(&path).await, 404, None);
    assert!(house.list(PATH).await.is_empty());
    let said = house.said.lock().unwrap().join("\n");
    assert_eq!(said.matches(&secret).count(), 1, "a secret is shown once");
    assert!(!said.contains("hidden"), "an address is never shown");
    let stored = serde_json::to_string(&house.world.items().await).unwrap();
    assert!(!stored.contains("hidden") && !stored.contains(&secret));
}

#[tokio::test]
async fn the_test_button_says_exactly_what_came_back() {
    let (house, receiver) = with_receiver().await;
    let slack = json!({ "name": "slack", "kind": "slack", "url": receiver.slack_url() });
    let path = format!("{PATH}/{}", make(&house, &slack).await);
    for (mood, taken, status, said, state) in [
        (Mood::Well, true, json!(200), "ok", "works"),
        (Mood::Down(503), false, json!(503), "down", "works"),
        (Mood::TooMany(30), false, json!(429), "rate_limited", "works"),
        (Mood::Redirect, false, json!(302), "not followed", "works"),
        (Mood::Gone, false, json!(404), "no_service", "broken"),
        (Mood::Unreachable, false, Value::Null, "no whole answer", "broken"),
        (Mood::Slow(Duration::from_millis(10)), true, json!(200), "ok", "works"),
    ] {
        receiver.set(mood);
        let answer = house.call("POST", &format!("{path}/test"), &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = answer.json();
        assert_eq!((&told["taken"], &told["status"]), (&json!(taken), &status), "{mood:?}: {told}");
        assert!(told["said"].as_str().unwrap().contains(said), "{mood:?}: {told}");
        assert_eq!(told["channel"]["state"], state, "{mood:?}: {told}");
        assert_eq!(told["mend"].is_string(), mood == Mood::Gone, "{told}");
    }
    let shown = house.get(&path).await.json();
    assert!(shown["last_success_at"].is_string() && shown["last_failure"]["what"].is_string(), "{shown}");
    assert_problem(&house.call("POST", &format!("{path}/rotate"), &json!({})).await, 409, None);
}

#[tokio::test]
async fn a_channel_that_is_paused_is_sent_nothing_until_it_goes_on() {
    let (house, receiver) = with_receiver().await;
    let slack = json!({ "name": "slack", "kind": "slack", "url": receiver.slack_url() });
    let path = format!("{PATH}/{}", make(&house, &slack).await);
    let paused = house.call("PATCH", &path, &json!({ "paused": true })).await.json();
    assert_eq!(paused["state"], "paused", "{paused}");
    let (tenant, now) = (&house.world.tenant, house.world.time.now());
    let subject = Subject::Connection(ConnectionId::parse("con-1").unwrap());
    let cause = Notification::begin(tenant, Kind::ConnectionLost, subject, "Lost.".to_owned(), now).unwrap();
    house.world.store().notify(&cause).await.unwrap();
    let announce = async |seconds| {
        house.world.time.advance(seconds);
        let deadline = assay::clock::after(house.world.time.now(), 60);
        house.world.announcer().run(deadline).await.unwrap().sent
    };
    assert_eq!((announce(300).await, announce(3600).await), (0, 0));
    assert_eq!(house.get(&path).await.json()["waiting"], 1);
    let on = house.call("PATCH", &path, &json!({ "paused": false })).await.json();
    assert_eq!(on["state"], "works", "{on}");
    assert_eq!(announce(60).await, 1);
    let lasting = house.list("/v1/notifications?lasting=true&kind=connection_lost").await;
    assert_eq!(lasting.len(), 1);
    for none in ["lasting=false", "kind=ticket_stuck"] {
        assert!(house.list(&format!("/v1/notifications?{none}")).await.is_empty());
    }
    assert_problem(&house.get("/v1/notifications?kind=odd").await, 422, Some("kind"));
}

#[tokio::test]
async fn what_a_channel_may_not_be_is_refused_by_name_and_nothing_is_written() {
    let house = House::start().await;
    let before = house.state().await;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("two\nlines")),
        ("name", json!("x".repeat(101))),
        ("kind", json!("pager")),
        ("url", json!(7)),
        ("url", json!("http://example.com/hidden")),
        ("url", json!("https://10.0.0.1/hidden")),
        ("url", json!("https://169.254.169.254/hidden")),
        ("url", json!("https://user@example.com/hidden")),
        ("url", json!("hidden")),
        ("kinds", json!([])),
        ("quiet_minutes", json!(10_081)),
        ("quiet_minutes", json!(-1)),
        ("at_least", json!(0)),
    ] {
        let mut wish = body();
        wish[field] = value.clone();
        let answer = house.call("POST", PATH, &wish).await;
        assert_problem(&answer, 422, Some(field));
        assert!(!answer.text().contains("hidden"), "{}", answer.text());
    }
    let slack = json!({ "name": "s", "kind": "slack", "url": "https://example.com/services/T0/B0/hidden" });
    assert_problem(&house.call("POST", PATH, &slack).await, 422, Some("url"));
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn there_are_twenty_channels_at_most() {
    let house = House::start().await;
    for _ in 0..20 {
        make(&house, &body()).await;
    }
    assert_problem(&house.call("POST", PATH, &body()).await, 409, None);
    assert_eq!(house.list(&format!("{PATH}?limit=200")).await.len(), 20);
}
