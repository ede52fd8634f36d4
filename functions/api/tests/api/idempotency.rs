//! `Idempotency-Key`: a repeated POST does its work once, and is answered as it was the first time.

use std::sync::Arc;

use assay::access::Role;
use assay::dynamodb::Begin;
use assay::idempotency::{REMEMBERED_FOR, RUNNING_FOR, Remembered};
use assay::ids::{digest, fixed};
use assay::sqs::{ChecksRequest, Queue};
use assay_api::{Api, router};
use assay_test_support::http::{Answer, Ask};
use axum::Router;
use jira_sim::Fault;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{House, TENANT, assert_problem, connect_body};

fn token_body() -> Value {
    json!({ "name": "ci", "role": "auditor" })
}

fn setting_body() -> Value {
    json!({ "scope": "all", "connection": "con-1", "project": "SEC", "issue_type": "10100", "mode": "individual" })
}

async fn count(house: &House, list: &str) -> usize {
    house.get(list).await.json()["items"].as_array().unwrap().len()
}

async fn post_as(house: &House, token: &str, path: &str, key: &str, body: &Value) -> Answer {
    house.send(Ask::new("POST", path).token(Some(token)).header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_makes_one_thing_and_shows_no_secret_again() {
    let house = House::start().await;
    house.world.connect().await;
    house.world.set_up_oauth_app().await;
    let oauth = json!({ "method": "oauth", "site": "demo.atlassian.net", "use_cases": ["ticketing"] });
    for (path, body, list, shown_once) in [
        ("/v1/tokens", token_body(), "/v1/tokens", Some("token")),
        ("/v1/connections", connect_body(), "/v1/connections", None),
        ("/v1/connections", oauth, "/v1/connections", Some("authorize_url")),
        ("/v1/connections/con-1/webhook", Value::Null, "/v1/connections", Some("secret")),
        ("/v1/sync-settings", setting_body(), "/v1/sync-settings", None),
    ] {
        let key = format!("key-{path}-{shown_once:?}");
        let first = house.post_once(path, &key, &body).await;
        assert_eq!(first.status, 201, "{path}: {}", first.text());
        assert_eq!(first.header("idempotency-replayed"), "");
        let (made, state) = (count(&house, list).await, house.state().await);
        let again = house.post_once(path, &key, &body).await;
        assert_eq!(house.state().await, state, "{path} wrote again");
        assert_eq!((again.status, count(&house, list).await), (first.status, made), "{path}");
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("content-type"), "application/json");
        let mut expected = first.json();
        if let Some(field) = shown_once {
            let secret = expected[field].as_str().unwrap().to_owned();
            let secret = secret.rsplit(['_', '.', '=']).next().unwrap();
            let stored = serde_json::to_string(&house.world.items().await).unwrap();
            assert!(!stored.contains(secret), "{path}: the table holds {secret}");
            expected[field] = Value::Null;
        }
        assert_eq!(again.json(), expected, "{path}");
    }
}

#[tokio::test]
async fn a_key_that_was_used_for_another_body_is_refused_and_the_first_answer_stays() {
    let house = House::start().await;
    let first = house.post_once("/v1/tokens", "k", &token_body()).await;
    let before = house.state().await;
    let other = json!({ "name": "ci", "role": "admin" });
    let refused = house.post_once("/v1/tokens", "k", &other).await;
    assert_problem(&refused, 422, Some("Idempotency-Key"));
    assert_eq!(refused.json()["type"], "urn:assay:problem:idempotency-key-reused");
    let refused = house.post_once("/v1/tokens", "two words", &other).await;
    assert_problem(&refused, 422, Some("Idempotency-Key"));
    assert_eq!(refused.json()["type"], "urn:assay:problem:idempotency-key-invalid");
    assert_eq!(house.state().await, before);
    assert_eq!(house.post_once("/v1/tokens", "k", &token_body()).await.json()["id"], first.json()["id"]);
    house.world.time.advance(REMEMBERED_FOR + 1);
    assert_eq!(house.post_once("/v1/tokens", "k", &other).await.status, 201, "after a day the key is free");
}

#[tokio::test]
async fn of_two_requests_at_once_with_one_key_one_runs_and_the_other_is_told_to_wait() {
    let house = House::start().await;
    let body = connect_body();
    let post = || house.post_once("/v1/connections", "k", &body);
    let (one, two) = tokio::join!(post(), post());
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text(), two.text());
    assert_problem(if one.status == 409 { &one } else { &two }, 409, None);
    assert_eq!(count(&house, "/v1/connections").await, 1);
    assert_eq!(post().await.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn what_failed_or_was_refused_is_not_remembered() {
    let house = House::start().await;
    let fault = json!({ "path": "*", "times": 100, "kind": "status", "status": 503 });
    house.world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
    let before = house.state().await;
    let answer = house.post_once("/v1/connections", "k", &connect_body()).await;
    assert_problem(&answer, 503, None);
    assert_eq!(answer.json()["code"], "unreachable");
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(house.state().await, before);
    house.world.jira.simulator.clear_faults();

    let mut body = connect_body();
    body["token"] = json!("tomorrows-token");
    let refused = house.post_once("/v1/connections", "k2", &body).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (422, &json!("credentials_refused")));
    assert_eq!(house.state().await, before);
    let token = json!({ "account": "acc-admin", "token": "tomorrows-token" });
    house.world.control_api("POST", "/__sim/tokens", &token).await;
    for (key, body) in [("k", connect_body()), ("k2", body)] {
        let answer = house.post_once("/v1/connections", key, &body).await;
        assert_eq!(answer.status, 201, "{key}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_key_counts_for_one_token_and_one_path_alone() {
    let house = House::start().await;
    let second = house.token(TENANT, Role::Admin).await;
    let foreign = house.token("other", Role::Admin).await;
    let first = house.post_once("/v1/tokens", "k", &token_body()).await.json();
    let other = json!({ "name": "another", "role": "operator" });
    for token in [&second, &foreign] {
        let answer = post_as(&house, token, "/v1/tokens", "k", &other).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_ne!(answer.json()["id"], first["id"]);
        assert_eq!(answer.header("idempotency-replayed"), "");
    }
    let answer = house.post_once("/v1/connections", "k", &connect_body()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test]
async fn a_request_that_died_before_it_did_anything_runs_again_after_its_time() {
    let house = House::start().await;
    let body = token_body();
    let id = house.admin.split('_').nth(2).unwrap();
    let died = Remembered {
        tenant: house.world.tenant.clone(),
        key: fixed(&[id, "POST", "/v1/tokens", "k"]),
        request: digest(body.to_string().as_bytes()),
        began_at: house.world.time.now(),
        answer: None,
    };
    assert_eq!(house.world.store().begin(&died, died.began_at).await.unwrap(), Begin::New);
    let refused = house.post_once("/v1/tokens", "k", &body).await;
    assert_problem(&refused, 409, None);
    assert_eq!(refused.json()["type"], "urn:assay:problem:idempotency-still-running");
    house.world.time.advance(RUNNING_FOR + 1);
    let answer = house.post_once("/v1/tokens", "k", &body).await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (201, ""));
    assert_eq!(house.post_once("/v1/tokens", "k", &body).await.header("idempotency-replayed"), "true");
}

/// A queue at which the process dies: it tells so, and never answers.
#[derive(Default)]
struct Deadly(Notify);

#[async_trait::async_trait]
impl Queue<ChecksRequest> for Deadly {
    async fn send(&self, _: &ChecksRequest, _: Option<u32>) -> assay::Result<()> {
        self.0.notify_one();
        std::future::pending().await
    }

    async fn send_all(&self, messages: &[ChecksRequest], delay: Option<u32>) -> assay::Result<()> {
        self.send(&messages[0], delay).await
    }
}

/// Sends a POST that dies when it has made its thing and asks for what comes next.
async fn die_in(house: &House, path: &str, key: &str, body: &Value) {
    let deadly = Arc::new(Deadly::default());
    let checks = Arc::clone(&deadly) as Arc<dyn Queue<ChecksRequest>>;
    let mut connector = house.world.connector();
    connector.checks = Arc::clone(&checks);
    let (core, sync, usage) =
        (house.world.access.core.clone(), house.world.sync.clone(), house.world.usage.clone());
    let announcer = house.world.announcer();
    let (forge, backlogs) = (house.world.forge.clone(), house.world.backlogs());
    let api = Api { core, connector, forge, announcer, checks, sync, usage, backlogs };
    let router: Router = router(api);
    let ask = Ask::new("POST", path).token(Some(&house.admin)).header("idempotency-key", key).json(body);
    tokio::select! {
        answer = ask.to(&router) => panic!("it did not die: {}", answer.text()),
        () = deadly.0.notified() => {}
    }
}

#[tokio::test]
async fn a_request_that_died_after_it_made_a_connection_makes_the_same_one_when_it_is_repeated() {
    let house = House::start().await;
    die_in(&house, "/v1/connections", "k", &connect_body()).await;
    let made = house.get("/v1/connections").await.json()["items"][0]["id"].clone();
    assert_problem(&house.post_once("/v1/connections", "k", &connect_body()).await, 409, None);
    house.world.time.advance(RUNNING_FOR + 1);
    let answer = house.post_once("/v1/connections", "k", &connect_body()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["id"]), (201, &made), "{}", answer.text());
    assert_eq!(answer.json()["state"], "active");
    assert_eq!(count(&house, "/v1/connections").await, 1);
    assert_eq!(house.world.checks.len(), 2, "what the dead one left undone is done: the first evaluation");
}

#[tokio::test]
async fn a_request_that_died_after_it_made_a_setting_answers_with_that_one_when_it_is_repeated() {
    let house = House::start().await;
    house.world.connect().await;
    die_in(&house, "/v1/sync-settings", "k", &setting_body()).await;
    house.world.time.advance(RUNNING_FOR + 1);
    let answer = house.post_once("/v1/sync-settings", "k", &setting_body()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(count(&house, "/v1/sync-settings").await, 1);
    // Without a key, or with another wish, there is already one.
    let twice = house.call("POST", "/v1/sync-settings", &setting_body()).await;
    assert_problem(&twice, 409, None);
    let mut other = setting_body();
    other["labels"] = json!(["x"]);
    assert_problem(&house.post_once("/v1/sync-settings", "k2", &other).await, 409, None);
}

#[tokio::test]
async fn a_request_that_died_after_it_made_a_token_makes_no_second_one_when_it_is_repeated() {
    let house = House::start().await;
    let first = house.post_once("/v1/tokens", "k", &token_body()).await;
    // Its memory is lost, as if it had died before its answer was remembered.
    house.world.time.advance(REMEMBERED_FOR + 1);
    let tokens = count(&house, "/v1/tokens").await;
    let answer = house.post_once("/v1/tokens", "k", &token_body()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["id"]), (201, &first.json()["id"]));
    assert!(answer.json().get("token").is_none(), "its secret died with the first answer");
    assert_eq!(count(&house, "/v1/tokens").await, tokens);
}

#[tokio::test]
async fn the_key_of_a_connection_that_was_disconnected_makes_no_new_one() {
    let house = House::start().await;
    let made = house.post_once("/v1/connections", "k", &connect_body()).await.json();
    let path = format!("/v1/connections/{}", made["id"].as_str().unwrap());
    let ended = house.send(Ask::new("DELETE", &path).token(Some(&house.admin))).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    house.world.time.advance(REMEMBERED_FOR + 1);
    assert_problem(&house.post_once("/v1/connections", "k", &connect_body()).await, 409, None);
}
