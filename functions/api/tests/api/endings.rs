//! What of a connection ends, and when.

use serde_json::{Value, json};

use crate::support::{House, assert_problem, connect_body};

const PATH: &str = "/v1/connections";

async fn shown(house: &House, made: &Value) -> Value {
    house.get(&format!("{PATH}/{}", made["id"].as_str().unwrap())).await.json()["endings"].clone()
}

#[tokio::test]
async fn a_connection_shows_what_of_it_ends_as_it_was_entered_or_as_it_is_assumed() {
    let house = House::start().await;
    let mut body = connect_body();
    let assumed = house.call("POST", PATH, &body).await.json();
    let endings = shown(&house, &assumed).await;
    assert_eq!(endings[0]["what"], "api_token");
    assert_eq!((&endings[0]["assumed"], &endings[0]["left_days"]), (&json!(true), &json!(365)), "{endings}");

    body["token_ends_on"] = json!("2026-07-15");
    let entered = house.call("POST", PATH, &body).await.json();
    let endings = shown(&house, &entered).await;
    assert_eq!((&endings[0]["assumed"], &endings[0]["left_days"]), (&json!(false), &json!(30)), "{endings}");

    let path = format!("{PATH}/{}/reconnect", entered["id"].as_str().unwrap());
    let proof = json!({
        "method": "api_token", "email": "admin@example.com", "token": "sim-admin-token",
        "token_ends_on": "2026-12-31",
    });
    assert_eq!(house.call("POST", &path, &proof).await.status, 200);
    let endings = shown(&house, &entered).await;
    assert_eq!(endings[0]["left_days"], 199, "{endings}");
    let list = house.list(PATH).await;
    assert!(list.iter().all(|connection| connection["endings"].is_null()));
}

#[tokio::test]
async fn an_organisation_key_is_shown_with_its_end() {
    let house = House::start().await;
    let made = house.call("POST", PATH, &connect_body()).await.json();
    let path = format!("{PATH}/{}/organisation", made["id"].as_str().unwrap());
    let mut key = crate::organisation::body();
    key["ends_on"] = json!("2026-08-01");
    let answer = house.call("PUT", &path, &key).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let endings = shown(&house, &made).await;
    assert_eq!((&endings[0]["what"], &endings[0]["left_days"]), (&json!("organisation_key"), &json!(47)));
    key["ends_on"] = json!("2020-01-01");
    assert_problem(&house.call("PUT", &path, &key).await, 422, Some("ends_on"));
}

#[tokio::test]
async fn an_end_that_is_no_day_or_is_over_or_belongs_to_another_method_is_refused_by_name() {
    let house = House::start().await;
    for (field, value) in [
        ("token_ends_on", json!("soon")),
        ("token_ends_on", json!("2026-02-30")),
        ("token_ends_on", json!("2026-06-01")),
        ("token_ends_on", json!("2126-06-01")),
        ("client_secret_ends_on", json!("2026-12-31")),
    ] {
        let mut body = connect_body();
        body[field] = value.clone();
        let answer = house.call("POST", PATH, &body).await;
        assert_problem(&answer, 422, Some(field));
    }
}
