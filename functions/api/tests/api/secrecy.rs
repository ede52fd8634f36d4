//! No secret is said, logged, or kept anywhere but where secrets are kept.

use std::io::Write;
use std::sync::{Arc, Mutex};

use assay_test_support::http::Ask;
use assay_test_support::world::SITE;
use jira_sim::Fault;
use serde_json::{Value, json};

use crate::support::{House, connect_body};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Everything that this thread logs at the level that the functions log at, until the guard is dropped.
    fn of_this_thread() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

fn service_account(secret: &str) -> Value {
    json!({
        "method": "service_account", "site": SITE, "use_cases": ["ticketing"],
        "client_id": "sim-service", "client_secret": secret, "change_management": { "projects": ["CHG"] },
    })
}

#[tokio::test]
async fn no_secret_is_in_an_answer_a_log_line_an_item_or_a_message() {
    let (log, _guard) = Log::of_this_thread();
    let house = House::start().await;
    house.world.set_up_oauth_app().await;
    let expired = json!({ "account": "acc-admin", "token": "expired-token", "expires": 1 });
    house.world.control_api("POST", "/__sim/tokens", &expired).await;
    let mut scoped = connect_body();
    (scoped["method"], scoped["token"]) = (json!("scoped_api_token"), json!("sim-scoped-token"));
    let mut wrong_kind = connect_body();
    wrong_kind["token"] = json!("sim-scoped-token");
    let mut ended = connect_body();
    ended["token"] = json!("expired-token");
    let app = json!({ "client_id": "sim-client", "client_secret": "sim-client-secret" });
    let oauth = json!({ "method": "oauth", "site": SITE, "use_cases": ["ticketing"] });

    assert_eq!(house.call("PUT", "/v1/oauth-app", &app).await.status, 200);
    let bodies = [connect_body(), scoped, service_account("sim-service-secret"), oauth, wrong_kind, ended];
    for (number, body) in bodies.iter().chain([&service_account("mistyped-secret")]).enumerate() {
        for _ in 0..2 {
            house.post_once("/v1/connections", &format!("key-{number}"), body).await;
        }
    }
    // Faults in the middle of it, so that errors have something to quote.
    for kind in ["html", "truncated", "answer_lost", "reset"] {
        let fault = json!({ "path": "*", "times": 3, "kind": kind });
        house.world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
        for body in &bodies {
            house.call("POST", "/v1/connections", body).await;
        }
        house.world.jira.simulator.clear_faults();
    }
    let path = format!(
        "/v1/connections/{}",
        house.get("/v1/connections").await.json()["items"][0]["id"].as_str().unwrap()
    );
    house.post_once(&format!("{path}/webhook"), "key-webhook", &Value::Null).await;
    let webhook = house.call("POST", &format!("{path}/webhook"), &json!({})).await.json();
    let made =
        house.post_once("/v1/tokens", "key-token", &json!({ "name": "ci", "role": "admin" })).await.json();
    let link = house.post_once("/v1/sign-in-links", "key-link", &json!({ "role": "admin" })).await.json();
    let other = Ask::new("GET", "/v1/connections").token(Some("assay_acme_mistyped_tokenthatiswrong"));
    house.send(other).await;
    // Messages are read before they are worked off.
    let messages = format!("{:?}", house.world.checks.receive(1000));
    house.world.evaluator().fan_out().await.unwrap();
    house.world.evaluate().await;
    house.send(Ask::new("DELETE", &path).token(Some(&house.admin))).await;
    let items = serde_json::to_string(&house.world.items().await).unwrap();

    let said = house.said.lock().unwrap().clone();
    assert!(said.len() > 40 && items.len() > 1000 && messages.len() > 100, "too little was looked at");
    assert!(log.text().contains("request could not be done now"), "nothing was logged: {}", log.text());
    let secret_of = |token: &str| token.rsplit('_').next().unwrap().to_owned();
    let token = made["token"].as_str().unwrap();
    let link = link["link"].as_str().unwrap().rsplit('.').next().unwrap();
    for (secret, times_said) in [
        ("sim-admin-token", 0),
        ("sim-scoped-token", 0),
        ("expired-token", 0),
        ("sim-service-secret", 0),
        ("mistyped-secret", 0),
        ("sim-client-secret", 0),
        ("tokenthatiswrong", 0),
        ("admin@example.com", 0),
        // Access tokens as the simulator writes them, and the header of API tokens.
        ("access-", 0),
        ("YWRtaW5AZXhhbXBsZS5jb206", 0),
        (secret_of(&house.admin).as_str(), 0),
        // Shown once, and not again.
        (secret_of(token).as_str(), 1),
        (webhook["secret"].as_str().unwrap(), 1),
        (link, 1),
    ] {
        let count = said.iter().filter(|answer| answer.contains(secret)).count();
        assert_eq!(count, times_said, "{secret} was said");
        for (place, text) in [("the table", &items), ("a message", &messages), ("the log", &log.text())] {
            assert!(!text.contains(secret), "{secret} is in {place}: {}", around(text, secret));
        }
    }
}

/// The text before and behind what was found.
fn around(text: &str, found: &str) -> String {
    let at = text.find(found).unwrap_or_default();
    let (start, end) = (at.saturating_sub(200), (at + 200).min(text.len()));
    String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned()
}
