//! What stands behind an address that notifications go to: Slack's incoming webhook, and a receiver of signed webhooks.
//!
//! It reads a request, plays the mood that the test set, judges the message as the real receiver would, and remembers
//! what came and what it answered. Each receiver has a port of its own on 127.0.0.1.

mod slack;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use jira_sim::{Cut, answer_all};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The most bytes of a body; more is answered 413.
const MOST_BODY_BYTES: usize = 1024 * 1024;
/// The path of Slack's hook, as `https://hooks.slack.com` has it. The last part is the secret.
const SLACK_PATH: &str = "/services/T00000000/B00000000/simulated0secret";
/// The path of the receiver of signed webhooks.
const HOOK_PATH: &str = "/hook";

/// How a receiver answers until the test says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// This status for everything, and nothing is taken.
    Down(u16),
    /// The connection closes before anything is taken.
    Unreachable,
    /// The message is taken and the connection closes without an answer.
    AnswerLost,
    /// 429 with `Retry-After` in seconds, and nothing is taken. Slack allows a message a second.
    TooMany(u64),
    /// The hook was taken away: Slack answers 404 `no_service`, the other receiver 410.
    Gone,
    /// The right answer after so long.
    Slow(Duration),
    /// 302 to another address, and nothing is taken.
    Redirect,
}

/// One request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The path, with the query if there was one.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes of the body.
    pub body: Vec<u8>,
    /// What was answered; 0 = the connection was closed without an answer.
    pub status: u16,
    /// Whether the message was taken, whatever the sender saw of it.
    pub taken: bool,
}

impl Received {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header's text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether one of the signatures is by this secret, as Standard Webhooks says: over the id, the time and the raw
    /// body (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
    pub fn signed_by(&self, secret: &str) -> bool {
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let right = sign(secret, id, time, &self.body);
        !id.is_empty()
            && !time.is_empty()
            && self.header("webhook-signature").split(' ').any(|given| given == right)
    }
}

/// The signature of Standard Webhooks: `v1,` and the base64 of the HMAC-SHA-256 over `{id}.{timestamp}.{body}`. The key
/// is what follows `whsec_` in base64; a secret without the prefix is the key itself.
pub fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => BASE64.decode(encoded.as_bytes()).expect("a secret in base64"),
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// A receiver; it stops when this is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    mood: Mood,
    secrets: Vec<String>,
    received: Vec<Received>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// A receiver on a free port, which is well.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let task = tokio::spawn(async move {
            answer_all(listener, router, std::future::pending()).await.expect("the receiver answers");
        });
        Self { address, shared, task }
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of Slack's incoming webhook. Its last part is secret.
    pub fn slack_url(&self) -> String {
        format!("{}{SLACK_PATH}", self.url())
    }

    /// The address of the receiver of signed webhooks.
    pub fn hook_url(&self) -> String {
        format!("{}{HOOK_PATH}", self.url())
    }

    /// From now on it answers like this.
    pub fn set(&self, mood: Mood) {
        self.with(|shared| shared.mood = mood);
    }

    /// From now on signed webhooks must be signed by one of these secrets, else 401. No secret = none is checked.
    pub fn expect_secrets(&self, secrets: &[&str]) {
        self.with(|shared| shared.secrets = secrets.iter().map(|&secret| secret.to_owned()).collect());
    }

    /// Every request since the start or the last [`Receiver::forget`], in order, also those that were refused.
    pub fn received(&self) -> Vec<Received> {
        self.with(|shared| shared.received.clone())
    }

    /// What was taken of it: the messages that a person would see.
    pub fn taken(&self) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.taken).collect()
    }

    /// Forgets what came.
    pub fn forget(&self) {
        self.with(|shared| shared.received.clear());
    }

    fn with<Given>(&self, work: impl FnOnce(&mut Shared) -> Given) -> Given {
        work(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A status, a text, and whether the message was taken.
type Verdict = (u16, &'static str, bool);

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let (body, too_large) = match to_bytes(body, MOST_BODY_BYTES).await {
        Ok(body) => (body.to_vec(), false),
        Err(_) => (Vec::new(), true),
    };
    let (mood, text, status) = {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let mut received = Received { path, headers: parts.headers, body, status: 0, taken: false };
        let (mut status, text, taken) = if too_large {
            (413, "too_large", false)
        } else {
            judged(shared.mood, parts.method.as_str(), &received, &shared.secrets)
        };
        if matches!(shared.mood, Mood::Unreachable | Mood::AnswerLost) {
            cut.close();
            status = 0;
        }
        (received.status, received.taken) = (status, taken);
        shared.received.push(received);
        (shared.mood, text, status)
    };
    if let Mood::Slow(wait) = mood {
        tokio::time::sleep(wait).await;
    }
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    match mood {
        Mood::TooMany(seconds) => {
            headers.insert("retry-after", seconds.into());
        }
        Mood::Redirect => {
            headers.insert("location", "http://127.0.0.1:1/elsewhere".parse().expect("a location"));
        }
        _ => {}
    }
    response
}

fn judged(mood: Mood, method: &str, received: &Received, secrets: &[String]) -> Verdict {
    let slack = received.path == SLACK_PATH;
    match mood {
        Mood::Down(status) => (status, "down", false),
        Mood::Unreachable => (0, "", false),
        Mood::TooMany(_) => (429, "rate_limited", false),
        Mood::Gone if slack => (404, "no_service", false),
        Mood::Gone => (410, "gone", false),
        Mood::Redirect => (302, "", false),
        Mood::Well | Mood::AnswerLost | Mood::Slow(_) if slack => slack::judged(method, received),
        Mood::Well | Mood::AnswerLost | Mood::Slow(_) => hooked(method, received, secrets),
    }
}

/// What a receiver of Standard Webhooks answers. The age of a timestamp is the test's to judge, whose time is virtual.
fn hooked(method: &str, received: &Received, secrets: &[String]) -> Verdict {
    if received.path != HOOK_PATH {
        return (404, "no_such_hook", false);
    }
    if method != "POST" {
        return (405, "not_a_post", false);
    }
    let whole = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    if whole.iter().any(|name| received.header(name).is_empty()) {
        return (400, "headers_missing", false);
    }
    if received.header("webhook-timestamp").parse::<i64>().is_err() {
        return (400, "timestamp_not_in_seconds", false);
    }
    if !secrets.is_empty() && !secrets.iter().any(|secret| received.signed_by(secret)) {
        return (401, "wrong_signature", false);
    }
    (204, "", true)
}

#[cfg(test)]
#[path = "receiver/receiver_tests.rs"]
mod tests;
