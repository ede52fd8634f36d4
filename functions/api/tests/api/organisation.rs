//! The organisation API key beside a connection: verified, kept as a secret, never shown, gone with the connection.

use assay_test_support::http::Ask;
use jira_sim::Fault;
use serde_json::{Value, json};

use crate::support::{House, assert_problem, connect_body};

const ID: &str = "33333333-2222-4333-8444-555555555555";
const KEY: &str = "sim-organisation-key";

/// What the simulator takes.
pub fn body() -> Value {
    json!({ "organisation_id": ID, "api_key": KEY })
}

async fn connected() -> (House, String) {
    let house = House::start().await;
    let made = house.call("POST", "/v1/connections", &connect_body()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/v1/connections/{}", made.json()["id"].as_str().unwrap());
    (house, path)
}

#[tokio::test]
async fn a_key_is_verified_kept_as_a_secret_and_never_shown() {
    let (house, path) = connected().await;
    assert_eq!(house.get(&path).await.json()["organisation"], Value::Null);
    let answer = house.call("PUT", &format!("{path}/organisation"), &body()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let organisation = &answer.json()["organisation"];
    assert_eq!(
        organisation,
        &json!({
            "id": ID, "name": "Demo organisation", "verified_at": "2026-06-15T12:00:00Z", "key_ends_on": null,
        })
    );
    assert_eq!(&house.get(&path).await.json()["organisation"], organisation);
    assert!(house.secrets.names().iter().any(|name| name.starts_with("acme/organisation/")));
    let everything = format!("{} {:?}", answer.text(), house.world.items().await);
    assert!(!everything.contains(KEY));

    let removed =
        house.send(Ask::new("DELETE", &format!("{path}/organisation")).token(Some(&house.admin))).await;
    assert_eq!((removed.status.as_u16(), &removed.json()["organisation"]), (200, &Value::Null));
    assert_eq!(house.secrets.names().len(), 1, "only the connection's own is left");
}

#[tokio::test]
async fn a_key_that_does_not_work_is_named_and_nothing_is_stored() {
    let (house, path) = connected().await;
    let path = format!("{path}/organisation");
    let before = house.state().await;
    for (input, code, field) in [
        (json!({ "organisation_id": ID, "api_key": "mistyped" }), "credentials_refused", None),
        (
            json!({ "organisation_id": "44444444-2222-4333-8444-555555555555", "api_key": KEY }),
            "organisation_not_found",
            Some("organisation_id"),
        ),
    ] {
        let answer = house.call("PUT", &path, &input).await;
        assert_eq!(answer.json()["code"], code, "{}", answer.text());
        assert!(!answer.text().contains("mistyped"));
        assert_problem(&answer, 422, field);
    }
    for (input, field) in [
        (json!({ "organisation_id": ID }), "api_key"),
        (json!({ "organisation_id": ID, "api_key": 5 }), "api_key"),
        (json!({ "organisation_id": "", "api_key": KEY }), "organisation_id"),
        (json!({ "organisation_id": ID, "api_key": KEY, "colour": "red" }), "colour"),
    ] {
        assert_problem(&house.call("PUT", &path, &input).await, 422, Some(field));
    }
    for (status, code) in [(403, "permission_missing"), (503, "unreachable")] {
        let fault = json!({ "path": "getOrgs", "times": 1, "kind": "status", "status": status });
        house.world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
        let answer = house.call("PUT", &path, &body()).await;
        assert_eq!(answer.json()["code"], code, "{}", answer.text());
    }
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn disconnecting_deletes_the_key_and_a_connection_that_ended_takes_none() {
    let (house, path) = connected().await;
    let organisation = format!("{path}/organisation");
    assert_eq!(house.call("PUT", &organisation, &body()).await.status, 200);
    let ended = house.send(Ask::new("DELETE", &path).token(Some(&house.admin))).await;
    assert_eq!(ended.json()["organisation"], Value::Null);
    assert_eq!(house.secrets.names(), Vec::<String>::new());
    assert_problem(&house.call("PUT", &organisation, &body()).await, 409, None);
    assert_eq!(house.secrets.names(), Vec::<String>::new());
}
