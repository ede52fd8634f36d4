//! The receiver is a real server on another port.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request, routing::post};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Jira, consent, text};

type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

struct Receiver {
    url: String,
    received: Received,
    status: Arc<Mutex<StatusCode>>,
}

async fn receiver() -> Receiver {
    let received = Received::default();
    let status = Arc::new(Mutex::new(StatusCode::OK));
    let (kept, answer) = (Arc::clone(&received), Arc::clone(&status));
    let handler = move |request: Request| async move {
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        kept.lock().unwrap().push((parts.headers, String::from_utf8(bytes.to_vec()).unwrap()));
        *answer.lock().unwrap()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hooks", post(handler))).await });
    Receiver { url, received, status }
}

impl Receiver {
    /// Waits for `count` deliveries, and a little for one too many.
    async fn wait(&self, count: usize) -> Vec<(HeaderMap, Value)> {
        for _ in 0..100 {
            if self.received.lock().unwrap().len() >= count {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        let received = self.received.lock().unwrap();
        assert_eq!(received.len(), count);
        received
            .iter()
            .map(|(headers, body)| (headers.clone(), serde_json::from_str(body).unwrap()))
            .collect()
    }
}

const SCOPES: &str = "read:jira-work manage:jira-webhook";

async fn register(jira: &Jira, url: &str, webhooks: Value) -> (String, Value) {
    let tokens = consent(jira, SCOPES).await;
    let access = text(&tokens["access_token"]).to_owned();
    let body = json!({ "url": url, "webhooks": webhooks });
    let reply = jira.send(jira.client.post(jira.gateway("/webhook")).bearer_auth(&access).json(&body)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    (access, reply.json()["webhookRegistrationResult"].clone())
}

fn hook(filter: &str) -> Value {
    json!([{ "events": ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"], "jqlFilter": filter }])
}

#[tokio::test]
async fn a_dynamic_webhook_is_signed_with_the_apps_secret_and_carries_plain_text() {
    let jira = Jira::demo().await;
    let receiver = receiver().await;
    let (_, result) = register(&jira, &receiver.url, hook("project = SEC")).await;
    let id = result[0]["createdWebhookId"].clone();
    jira.create("CHG", "not asked for").await;
    let mut fields = crate::support::task("SEC", "asked for");
    fields["description"] = crate::support::document("plain words");
    jira.post("/issue", json!({ "fields": fields })).await;
    jira.advance(1);
    let deliveries = receiver.wait(1).await;
    let (headers, body) = &deliveries[0];
    assert_eq!(body["webhookEvent"], "jira:issue_created");
    assert_eq!(body["matchedWebhookIds"], json!([id]));
    assert_eq!(body["issue"]["fields"]["description"], "plain words");
    assert!(text(&body["issue"]["self"]).starts_with("https://demo.atlassian.net/rest/api/2/issue/"));
    assert!(body["user"].get("emailAddress").is_none());
    let token = headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sim-client-secret").unwrap();
    mac.update(signed.as_bytes());
    assert!(mac.verify_slice(&BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap()).is_ok());
}

#[tokio::test]
async fn an_admin_webhook_has_an_hmac_over_its_bytes_and_hides_its_secret() {
    let jira = Jira::demo().await;
    let receiver = receiver().await;
    let url = format!("{}/rest/webhooks/1.0/webhook", jira.running.site_url("demo.atlassian.net"));
    let body = json!({
        "name": "ours", "url": receiver.url, "events": ["jira:issue_updated"], "secret": "a secret",
        "filters": { "issue-related-events-section": "project = CHG" },
    });
    let request = jira.client.post(&url).basic_auth("admin@example.com", Some("sim-admin-token")).json(&body);
    let registered = jira.send(request).await;
    assert_eq!((registered.status, registered.json()["isSigned"].clone()), (201, json!(true)));
    assert!(!registered.text.contains("a secret"));
    let ordinary =
        jira.client.post(&url).basic_auth("account-1@example.com", Some("sim-token-1")).json(&body);
    assert_eq!(jira.send(ordinary).await.status, 403);
    jira.put("/issue/CHG-1", json!({ "fields": { "summary": "changed" } })).await;
    jira.advance(1);
    receiver.wait(1).await;
    let (headers, body) = receiver.received.lock().unwrap()[0].clone();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a secret").unwrap();
    mac.update(body.as_bytes());
    let expected = format!("sha256={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()));
    assert_eq!(headers["x-hub-signature"], expected);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["changelog"]["items"][0]["toString"], "changed");
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_later_under_the_same_name_and_a_refused_one_is_lost() {
    let jira = Jira::demo().await;
    let receiver = receiver().await;
    register(&jira, &receiver.url, hook("project = SEC")).await;
    *receiver.status.lock().unwrap() = StatusCode::SERVICE_UNAVAILABLE;
    jira.create("SEC", "a task").await;
    jira.advance(1);
    let first = receiver.wait(1).await;
    *receiver.status.lock().unwrap() = StatusCode::BAD_REQUEST;
    jira.advance(900);
    let second = receiver.wait(2).await;
    let name = "x-atlassian-webhook-identifier";
    assert_eq!(first[0].0[name], second[1].0[name]);
    assert!(first[0].0.get("x-atlassian-webhook-retry").is_none());
    assert_eq!(second[1].0["x-atlassian-webhook-retry"], "1");
    jira.advance(900);
    receiver.wait(2).await;
}

#[tokio::test]
async fn deliveries_can_come_twice_and_in_the_wrong_order() {
    let jira = Jira::demo().await;
    let receiver = receiver().await;
    register(&jira, &receiver.url, hook("project = SEC")).await;
    jira.simulator().set(|settings| {
        settings.webhook_duplicates = true;
        settings.webhook_reorder = true;
    });
    let key = jira.create("SEC", "a task").await;
    jira.put(&format!("/issue/{key}"), json!({ "fields": { "summary": "later" } })).await;
    jira.advance(1);
    let events: Vec<Value> =
        receiver.wait(4).await.into_iter().map(|(_, body)| body["webhookEvent"].clone()).collect();
    assert_eq!(
        events,
        ["jira:issue_updated", "jira:issue_updated", "jira:issue_created", "jira:issue_created"]
    );
}

#[tokio::test]
async fn a_dynamic_webhook_ends_after_thirty_days_unless_it_is_refreshed() {
    let jira = Jira::demo().await;
    let receiver = receiver().await;
    let (_, result) = register(&jira, &receiver.url, hook("project = SEC")).await;
    jira.advance(29 * 86_400);
    let tokens = consent(&jira, SCOPES).await;
    let access = text(&tokens["access_token"]);
    let body = json!({ "webhookIds": [result[0]["createdWebhookId"], 77] });
    let request = jira.client.put(jira.gateway("/webhook/refresh")).bearer_auth(access).json(&body);
    let until = jira.send(request).await.json()["expirationDate"].as_i64().unwrap();
    assert_eq!(until, jira.simulator().now().as_millisecond() + 30 * 86_400_000);
    jira.advance(29 * 86_400);
    jira.create("SEC", "in time").await;
    jira.advance(1);
    receiver.wait(1).await;
    jira.advance(86_400);
    jira.create("SEC", "too late").await;
    jira.advance(1);
    receiver.wait(1).await;
}

#[tokio::test]
async fn registration_is_for_apps_only_and_a_200_can_hold_failures() {
    let jira = Jira::demo().await;
    let body = json!({ "url": "http://127.0.0.1:9/hooks", "webhooks": hook("project = SEC") });
    assert_eq!(jira.post("/webhook", body).await.status, 403);
    let (access, result) = register(&jira, "http://127.0.0.1:9/hooks", hook("summary ~ x")).await;
    assert_eq!(result[0]["errors"][0], "The clause summary is unsupported");
    let many: Vec<Value> = (0..6).map(|_| hook("project = SEC")[0].clone()).collect();
    let body = json!({ "url": "http://127.0.0.1:9/hooks", "webhooks": many });
    let request = jira.client.post(jira.gateway("/webhook")).bearer_auth(&access).json(&body);
    let result = jira.send(request).await.json();
    assert!(result["webhookRegistrationResult"][5]["errors"].is_array(), "five per app and user");
    let listed = jira.send(jira.client.get(jira.gateway("/webhook")).bearer_auth(&access)).await.json();
    assert_eq!(listed["values"].as_array().unwrap().len(), 5);
    let failed = jira.send(jira.client.get(jira.gateway("/webhook/failed")).bearer_auth(&access)).await;
    assert_eq!(failed.status, 403);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_holds_up_nobody_else() {
    let jira = Jira::demo().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let quick = receiver().await;
    let hooks = format!("{}/rest/webhooks/1.0/webhook", jira.running.site_url("demo.atlassian.net"));
    for url in [format!("http://{}/hooks", silent.local_addr().unwrap()), quick.url.clone()] {
        let body = json!({ "name": "ours", "url": url, "events": ["jira:issue_created"] });
        let request = jira.client.post(&hooks).basic_auth("admin@example.com", Some("sim-admin-token"));
        assert_eq!(jira.send(request.json(&body)).await.status, 201);
    }
    jira.create("SEC", "a task").await;
    jira.advance(1);
    quick.wait(1).await;
    let state = jira.simulator().control("GET", "/webhooks", &json!(null)).unwrap();
    assert_eq!(state["in_flight"], 1, "the silent one is still waited for");
}
