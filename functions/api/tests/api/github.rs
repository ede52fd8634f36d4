//! Setting GitHub up: what is entered is tried, kept as a secret, and never said again.

use assay_test_support::http::Ask;
use github_sim::{APP_KEY, OTHER_KEY, Options, Running, Simulator, Token};
use jira_sim::ClockBase;
use serde_json::{Value, json};

use crate::input::assert_blamed;
use crate::support::{House, assert_problem};

/// A token that GitHub knows.
const TOKEN: &str = "github_pat_known";

/// GitHub with one token, and the App.
pub async fn simulator(now: jiff::Timestamp) -> Running {
    let options = Options { clock: ClockBase::Manual(now), ..Options::default() };
    let running = Simulator::new(options).start().await.unwrap();
    running.simulator.add_token(Token {
        token: TOKEN.to_owned(),
        login: "octo".to_owned(),
        permissions: [("pull_requests".to_owned(), "write".to_owned())].into(),
        repositories: None,
        expires: None,
    });
    running
}

/// What sets GitHub up.
pub fn body() -> Value {
    json!({ "token": TOKEN })
}

#[tokio::test]
async fn a_token_is_tried_kept_and_never_said_again_and_the_webhooks_secret_is_said_once() {
    let house = House::start().await;
    let before = house.get("/v1/github").await.json();
    assert_eq!((&before["set_up"], &before["method"]), (&json!(false), &Value::Null));
    assert_eq!(before["webhook_url"], "http://assay.localhost/webhooks/acme/github");
    let made = house.call("PUT", "/v1/github", &body()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["set_up"], &made["method"], &made["name"]),
        (&json!(true), &json!("token"), &json!("octo"))
    );
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.len() >= 40);
    let shown = house.get("/v1/github").await.json();
    assert_eq!((&shown["secret"], &shown["trouble"]), (&Value::Null, &Value::Null));
    let again = house.call("PUT", "/v1/github", &body()).await.json();
    assert_eq!(again["secret"], Value::Null, "it stays, and is not said again");
    let said = house.said.lock().unwrap().join("\n");
    assert_eq!((said.matches(TOKEN).count(), said.matches(&secret).count()), (0, 1));
    let items = format!("{:?}", house.world.items().await);
    assert!(!items.contains(TOKEN) && !items.contains(&secret));
    assert_eq!(house.secrets.names(), ["acme/github/access", "acme/github/webhook"]);
}

#[tokio::test]
async fn a_new_secret_lets_the_old_one_count_for_a_day_and_deleting_deletes_both() {
    let house = House::start().await;
    let ask = || Ask::new("POST", "/v1/github/webhook-secret").token(Some(&house.admin));
    assert_problem(&house.send(ask()).await, 404, None);
    let first = house.call("PUT", "/v1/github", &body()).await.json();
    house.world.time.advance(60);
    let made = house.send(ask().header("idempotency-key", "one")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let second = made.json();
    assert_ne!(first["secret"], second["secret"]);
    assert_eq!(second["old_secret_until"], "2026-06-16T12:01:00Z");
    let repeated = house.send(ask().header("idempotency-key", "one")).await.json();
    assert_eq!((&repeated["secret"], &repeated["secret_made_at"]), (&Value::Null, &second["secret_made_at"]));
    house.world.time.advance(24 * 3600);
    assert_eq!(house.get("/v1/github").await.json()["old_secret_until"], Value::Null);
    for _ in 0..2 {
        let answer = house.send(Ask::new("DELETE", "/v1/github").token(Some(&house.admin))).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (204, ""));
    }
    assert_eq!(house.secrets.names(), Vec::<String>::new());
    assert_eq!(house.get("/v1/github").await.json()["set_up"], false);
}

#[tokio::test]
async fn an_app_proves_itself_by_its_key() {
    let house = House::start().await;
    let app = |key: &str| json!({ "app_id": "123456", "private_key": key });
    let made = house.call("PUT", "/v1/github", &app(APP_KEY)).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    assert_eq!((&made["method"], &made["name"]), (&json!("app"), &json!("assay-simulated")));
    assert_eq!((&made["app_id"], &made["reaches"]), (&json!("123456"), &json!(["acme"])));
    let refused = house.call("PUT", "/v1/github", &app(OTHER_KEY)).await;
    assert_problem(&refused, 422, Some("private_key"));
    assert!(refused.json()["detail"].as_str().unwrap().contains("401"), "{}", refused.text());
    assert!(!house.said.lock().unwrap().join("\n").contains("PRIVATE KEY"));
}

#[tokio::test]
async fn what_is_entered_wrongly_is_named_and_nothing_is_kept() {
    let house = House::start().await;
    let url = |url: &str| json!({ "token": TOKEN, "api_url": url });
    let both = json!({ "token": TOKEN, "app_id": "1", "private_key": APP_KEY });
    let mut cases = vec![
        (json!({}), "token"),
        (both, "token"),
        (json!({ "token": "" }), "token"),
        (json!({ "token": "a b" }), "token"),
        (json!({ "token": "x".repeat(600) }), "token"),
        (json!({ "token": 5 }), "token"),
        (json!({ "token": "ghp_unknown" }), "token"),
        (json!({ "app_id": "1" }), "private_key"),
        (json!({ "private_key": APP_KEY }), "app_id"),
        (json!({ "app_id": "1", "private_key": "no key" }), "private_key"),
        (json!({ "app_id": "a b", "private_key": APP_KEY }), "app_id"),
        (json!({ "app_id": "99", "private_key": APP_KEY }), "private_key"),
    ];
    let long = format!("https://github.example.com/{}", "x".repeat(400));
    for bad in [
        "",
        "github.example.com",
        "ftp://github.example.com",
        "http://github.example.com/api/v3",
        "https://user@github.example.com",
        "https://10.0.0.1/api/v3",
        "https://github",
        "https://github.example.com?x",
        long.as_str(),
    ] {
        cases.push((url(bad), "api_url"));
    }
    let cases = cases.into_iter().map(|(body, field)| ("PUT", "/v1/github", body, field)).collect();
    assert_blamed(&house, cases).await;
}

#[tokio::test]
async fn a_github_that_cannot_be_reached_is_said_so_and_nothing_is_kept() {
    let mut house = House::start().await;
    let before = house.state().await;
    let nowhere = json!({ "token": TOKEN, "api_url": "http://127.0.0.1:9" });
    assert_problem(&house.call("PUT", "/v1/github", &nowhere).await, 422, Some("api_url"));
    house.github = simulator(house.world.time.now()).await;
    let answer = house.call("PUT", "/v1/github", &body()).await;
    assert_problem(&answer, 503, None);
    assert_eq!(house.state().await, before);
}
