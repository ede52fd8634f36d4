//! What the audit log and the function's log say of the console.

use std::io::Write;
use std::sync::{Arc, Mutex};

use assay::access::Role;
use assay::ids::TokenId;
use assay_test_support::http::Ask;
use assay_test_support::world::PUBLIC_URL;
use lambda_http::Context;
use serde_json::{Value, json};

use super::support::{House, TENANT};

fn id_of(token: &str) -> &str {
    token.split('_').nth(2).unwrap()
}

#[tokio::test]
async fn what_was_done_in_a_session_is_in_the_audit_log_with_the_session_and_its_request() {
    let house = House::with_tasks().await;
    let token = house.token(TENANT, Role::Operator).await;
    let browser = house.browser();
    let mut context = Context::default();
    let mut post = async |number: u8, path: &str, fields: &[(&str, &str)]| {
        context.request_id = format!("request-{number}");
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let ask = Ask::new("POST", path).header("origin", PUBLIC_URL).bytes(body).beside(context.clone());
        let answer = browser.send(ask).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    };
    post(1, "/sign-in", &[("token", &token)]).await;
    let session = browser.session();
    browser.page("/checks/B1").await;
    let mark = browser.mark.lock().unwrap().clone();
    post(2, "/checks/B1/run", &[("csrf", &mark)]).await;
    post(3, "/sign-out", &[("csrf", &mark)]).await;
    let log = house.call("GET", &format!("/v1/audit-log?token={}", id_of(&token)), &Value::Null).await.json();
    let log = log["items"].as_array().unwrap();
    assert_eq!(log.len(), 3, "{log:?}");
    for (what, request, made) in [
        ("sign-in to the console", "request-1", json!(session)),
        ("POST /v1/checks/{id}/runs", "request-2", Value::Null),
        ("sign-out of the console", "request-3", Value::Null),
    ] {
        let entry = log.iter().find(|entry| entry["what"] == what).unwrap_or_else(|| panic!("{what}"));
        let said = ["session", "request", "made", "name", "role", "verdict"].map(|field| &entry[field]);
        let expected =
            [json!(session), json!(request), made, json!("test"), json!("operator"), json!("done")];
        assert_eq!(said.map(Clone::clone), expected, "{what}");
    }
    let secret = browser.cookies.lock().unwrap().get("assay").cloned();
    assert_eq!(secret, None, "the session is over");
}

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

#[tokio::test]
async fn a_refused_sign_in_is_logged_with_its_token_if_there_is_one_and_without_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let house = House::start().await;
    let token = house.token(TENANT, Role::Admin).await;
    let secret = token.rsplit('_').next().unwrap().to_owned();
    house
        .world
        .store()
        .revoke_token(&house.world.tenant, &TokenId::parse(id_of(&token)).unwrap(), house.world.time.now())
        .await
        .unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let misplaced = format!("assay_acme_{secret}_x");
    for text in [token.as_str(), &misplaced, "pasted-password"] {
        assert_eq!(house.browser().submit("/sign-in", &[("token", text)]).await.status, 422);
    }
    let said = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    let refused: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["fields"]["message"].as_str().unwrap().starts_with("refused to sign in"))
        .collect();
    assert_eq!(refused.len(), 3, "{said}");
    let first = &refused[0]["fields"];
    assert_eq!((&first["tenant"], &first["token"]), (&json!(TENANT), &json!(id_of(&token))), "{first}");
    assert!(refused.iter().all(|line| line["level"] == "WARN") && refused[1]["fields"]["token"].is_null());
    assert!(!said.contains(&secret) && !said.contains("pasted-password"), "{said}");
}
