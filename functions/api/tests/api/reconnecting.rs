//! The life of a connection: verifying, changing, losing, connecting again, disconnecting.

use assay_test_support::http::Ask;
use jira_sim::Fault;
use serde_json::{Value, json};

use crate::support::{House, assert_problem, connect_body};

async fn connected() -> (House, String) {
    let house = House::start().await;
    let token = json!({ "account": "acc-admin", "token": "first-token" });
    house.world.control_api("POST", "/__sim/tokens", &token).await;
    let mut body = connect_body();
    body["token"] = json!("first-token");
    let made = house.call("POST", "/v1/connections", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/v1/connections/{}", made.json()["id"].as_str().unwrap());
    (house, path)
}

/// Ends the token that the connection uses.
async fn expire(house: &House) {
    let token = json!({ "account": "acc-admin", "token": "first-token", "expires": 1 });
    house.world.control_api("POST", "/__sim/tokens", &token).await;
}

async fn post(house: &House, path: &str) -> Value {
    let answer = house.send(Ask::new("POST", path).token(Some(&house.admin))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn outcomes(house: &House) -> Vec<Value> {
    let checks = house.get("/v1/checks").await.json();
    checks["items"].as_array().unwrap().iter().map(|check| check["last_outcome"].clone()).collect()
}

fn jira_is_down(house: &House) {
    let fault = json!({ "path": "*", "times": 1000, "kind": "status", "status": 503 });
    house.world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
}

#[tokio::test]
async fn verifying_tells_what_is_so_now_and_writes_it_down() {
    let (house, path) = connected().await;
    house.world.time.advance(60);
    let verified = post(&house, &format!("{path}/verify")).await;
    assert_eq!(
        (&verified["state"], &verified["verified_at"]),
        (&json!("active"), &json!("2026-06-15T12:01:00Z"))
    );

    let edit = json!({ "account": "*", "remove": ["BROWSE_PROJECTS"] });
    house.world.jira.simulator.edit_project("INC", "permissions", &edit).unwrap();
    let degraded = post(&house, &format!("{path}/verify")).await;
    assert_eq!(degraded["state"], "degraded");
    assert_eq!(degraded["problems"][0]["code"], "project_not_found");
    assert_eq!(house.get(&path).await.json(), degraded);

    let edit = json!({ "account": "*", "grant": ["BROWSE_PROJECTS"] });
    house.world.jira.simulator.edit_project("INC", "permissions", &edit).unwrap();
    assert_eq!(post(&house, &format!("{path}/verify")).await["state"], "active");
}

#[tokio::test]
async fn a_connection_whose_token_ended_needs_a_person_and_its_checks_cannot_tell_until_it_is_connected_again()
 {
    let (house, path) = connected().await;
    house.world.settle(2).await;
    assert_eq!(
        json!(outcomes(&house).await),
        json!(["pass", "fail", "fail", "pass", "pass", null, null, null, null])
    );
    expire(&house).await;
    let doubted = post(&house, &format!("{path}/verify")).await;
    assert_eq!(
        (&doubted["state"], &doubted["problems"][0]["code"]),
        (&json!("degraded"), &json!("credentials_refused")),
        "one refusal may be anybody's"
    );
    house.world.time.advance(240);
    let lost = post(&house, &format!("{path}/verify")).await;
    assert_eq!(lost["state"], "needs_reauth");
    assert_eq!(lost["problems"][0]["code"], "credentials_refused");
    assert!(lost["problems"][0]["mend"].as_str().unwrap().contains("make a new one"));
    let at_once = outcomes(&house).await;
    assert_eq!(
        at_once[3], "cannot_tell",
        "what passed before the connection was lost stands no more: {at_once:?}"
    );
    let b4 = house.get("/v1/checks/B4").await.json();
    assert_eq!(b4["doubts"][0]["because"], "it must be connected again", "{b4}");
    house.world.time.advance(3700);
    house.world.tick().await;
    let now = outcomes(&house).await;
    assert_eq!(now[1..4], ["cannot_tell", "cannot_tell", "cannot_tell"], "{now:?}");

    // A proof that does not work changes nothing.
    let wrong = json!({ "method": "api_token", "email": "admin@example.com", "token": "mistyped" });
    let before = house.state().await;
    let answer = house.call("POST", &format!("{path}/reconnect"), &wrong).await;
    assert_eq!(answer.json()["code"], "credentials_refused", "{}", answer.text());
    assert_problem(&answer, 422, None);
    assert_eq!(house.state().await, before);

    // Another method may take its place.
    house.world.time.advance(1);
    let service = json!({ "method": "service_account", "client_id": "sim-service", "client_secret": "sim-service-secret" });
    let answer = house.call("POST", &format!("{path}/reconnect"), &service).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let again = answer.json();
    assert_eq!((&again["state"], &again["method"]), (&json!("active"), &json!("service_account")));
    assert_eq!((&again["account"]["id"], &again["problems"]), (&json!("acc-service"), &json!([])));
    house.world.settle(2).await;
    assert_eq!(
        json!(outcomes(&house).await),
        json!(["pass", "fail", "fail", "pass", "pass", null, null, null, null])
    );
    house.world.assert_honest();
}

#[tokio::test]
async fn a_jira_that_is_down_changes_nothing_of_a_connection() {
    let (house, path) = connected().await;
    let before = house.get(&path).await.json();
    jira_is_down(&house);
    let verify = Ask::new("POST", &format!("{path}/verify")).token(Some(&house.admin));
    assert_problem(&house.send(verify).await, 503, None);
    let proof = json!({ "method": "api_token", "email": "admin@example.com", "token": "sim-admin-token" });
    let answer = house.call("POST", &format!("{path}/reconnect"), &proof).await;
    assert_eq!(answer.json()["code"], "unreachable");
    assert_problem(&answer, 503, None);
    assert_eq!(house.get(&path).await.json(), before);

    // A change that could not be verified can be sent again.
    let change = json!({ "incidents": { "projects": ["SEC"] } });
    assert_problem(&house.call("PATCH", &path, &change).await, 503, None);
    house.world.jira.simulator.clear_faults();
    let changed = house.call("PATCH", &path, &change).await.json();
    assert_eq!(
        (&changed["state"], &changed["incidents"]["projects"][0]["key"]),
        (&json!("active"), &json!("SEC"))
    );
}

#[tokio::test]
async fn what_a_connection_is_for_is_changed_in_parts_and_verified() {
    let (house, path) = connected().await;
    house.world.checks.receive(10);
    let change = json!({ "incidents": { "projects": ["sec"] }, "incident_limits": { "default_days": 5 } });
    let answer = house.call("PATCH", &path, &change).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let changed = answer.json();
    assert_eq!(changed["incidents"]["projects"][0]["id"], "10003");
    assert_eq!(
        (&changed["incident_limits"]["default_days"], &changed["state"]),
        (&json!(5), &json!("active"))
    );
    assert_eq!(changed["change_management"]["keys"], json!(["CHG"]), "what is not given stays");
    assert_eq!(house.world.checks.len(), 2, "it is evaluated with what it is for now");

    let answer = house.call("PATCH", &path, &json!({ "use_cases": ["usage"], "incidents": null })).await;
    let changed = answer.json();
    assert_eq!((&changed["use_cases"], &changed["incidents"]["keys"]), (&json!(["usage"]), &json!(["SEC"])));
    let answer = house.call("PATCH", &path, &json!({ "change_management": { "projects": ["NOPE"] } })).await;
    assert_eq!(answer.json()["state"], "active", "no use case is about it: {}", answer.text());
    let answer = house.call("PATCH", &path, &json!({ "use_cases": ["ticketing"] })).await;
    assert_eq!(answer.json()["problems"][0]["code"], "project_not_found", "{}", answer.text());

    // What has ended can be prepared for connecting again, without a call to Jira.
    expire(&house).await;
    let refused = house.call("PATCH", &path, &json!({ "use_cases": ["usage"] })).await;
    assert_eq!(refused.json()["code"], "credentials_refused", "{}", refused.text());
    assert_problem(&refused, 422, None);
    for _ in 0..2 {
        house.world.time.advance(240);
        post(&house, &format!("{path}/verify")).await;
    }
    let calls = house.world.jira.simulator.journal().len();
    let answer = house.call("PATCH", &path, &json!({ "change_management": { "projects": ["CHG"] } })).await;
    assert_eq!((&answer.json()["state"], answer.status.as_u16()), (&json!("needs_reauth"), 200));
    assert_eq!(house.world.jira.simulator.journal().len(), calls);
}

#[tokio::test]
async fn a_disconnected_connection_has_no_secret_and_is_not_evaluated_until_it_is_connected_again() {
    let (house, path) = connected().await;
    house.world.settle(2).await;
    let webhook = house.send(Ask::new("POST", &format!("{path}/webhook")).token(Some(&house.admin))).await;
    assert_eq!(webhook.status, 201, "{}", webhook.text());
    assert_eq!(house.secrets.names().len(), 2);
    let ended = house.send(Ask::new("DELETE", &path).token(Some(&house.admin))).await;
    assert_eq!((ended.status.as_u16(), &ended.json()["state"]), (200, &json!("disconnected")));
    assert_eq!(ended.json()["next_evaluation_at"], Value::Null);
    assert_eq!(house.secrets.names(), Vec::<String>::new());

    let calls = house.world.jira.simulator.journal().len();
    house.world.time.advance(3700);
    house.world.tick().await;
    house.world.upkeep().run(assay::clock::after(house.world.time.now(), 60)).await.unwrap();
    assert_eq!(
        house.world.jira.simulator.journal().len(),
        calls,
        "Jira was called for a connection that ended"
    );
    let now = outcomes(&house).await;
    assert_eq!(
        (&now[0], &now[4]),
        (&json!("fail"), &json!("fail")),
        "nothing is connected any more: {now:?}"
    );
    assert_eq!(
        now[1..4],
        [Value::Null, Value::Null, Value::Null],
        "there is nothing left that they are about"
    );
    let tasks = house.get("/v1/tasks?state=open").await.json();
    let left: Vec<&Value> = tasks["items"].as_array().unwrap().iter().map(|task| &task["check"]).collect();
    assert_eq!(left, ["B1", "B5"], "its tasks have ended: {tasks}");

    for route in ["verify", "webhook"] {
        let answer = house.send(Ask::new("POST", &format!("{path}/{route}")).token(Some(&house.admin))).await;
        assert_problem(&answer, 409, None);
    }
    assert_eq!(house.secrets.names(), Vec::<String>::new());
    let twice = house.send(Ask::new("DELETE", &path).token(Some(&house.admin))).await;
    assert_eq!(twice.status, 200, "disconnecting is safe to repeat");

    let proof = json!({ "method": "api_token", "email": "admin@example.com", "token": "sim-admin-token" });
    house.world.time.advance(1);
    let again = house.call("POST", &format!("{path}/reconnect"), &proof).await;
    assert_eq!((again.status.as_u16(), &again.json()["state"]), (200, &json!("active")), "{}", again.text());
    house.world.settle(2).await;
    assert_eq!(
        json!(outcomes(&house).await),
        json!(["pass", "fail", "fail", "pass", "pass", null, null, null, null])
    );
}
