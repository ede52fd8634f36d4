//! Webhooks: what comes up, signed over the raw bytes, and handed over by the server or by the test.
//!
//! Headers: <https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers>. GitHub tries each delivery
//! once, waits ten seconds for the answer, and sends again only when somebody asks, with the same `X-GitHub-Delivery`.

use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    shapes,
    simulator::Simulator,
    state::{APP, INSTALLATION, Pull, Repository, World},
};

/// How long GitHub waits for an answer.
const WAIT: Duration = Duration::from_secs(10);

/// Where webhooks go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) url: String,
    #[serde(skip)]
    pub(crate) secret: String,
    /// A repository's own hook, by its full name; otherwise the App's.
    pub(crate) repository: Option<String>,
}

/// One webhook as it is sent: headers and raw bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where it goes.
    pub url: String,
    /// In the order of sending.
    pub headers: Vec<(String, String)>,
    /// What was signed.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} {}", self.header("X-GitHub-Event"), self.action(), self.guid())
    }
}

/// `X-Hub-Signature-256` of these bytes.
pub fn sign(secret: &str, body: &[u8]) -> String {
    // A key of any length is one.
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok().map(|mut mac| {
        mac.update(body);
        HEXLOWER.encode(&mac.finalize().into_bytes())
    });
    format!("sha256={}", mac.unwrap_or_default())
}

impl Delivery {
    /// A header's text, by its name in any case; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// `X-GitHub-Delivery`.
    pub fn guid(&self) -> &str {
        self.header("X-GitHub-Delivery")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// `action` of the body; empty for `ping`.
    pub fn action(&self) -> String {
        self.json()["action"].as_str().unwrap_or_default().to_owned()
    }

    /// The same with another value for a header; a new one is added.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without a header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The same, signed with another secret: an old one, or a forger's.
    #[must_use]
    pub fn signed_with(self, secret: &str) -> Self {
        let signature = sign(secret, &self.body);
        self.with_header("X-Hub-Signature-256", &signature)
    }

    /// The same with other bytes under the signature of the first ones.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// The payload of a `pull_request` event.
fn payload(repo: &Repository, pull: &Pull, action: &str, sender: &str, extra: &Value) -> Value {
    let mut payload = json!({
        "action": action,
        "number": pull.number,
        "pull_request": shapes::pull(repo, pull),
        "repository": shapes::repository(repo),
        "sender": shapes::user(sender),
    });
    for (name, value) in extra.as_object().into_iter().flatten() {
        payload[name] = value.clone();
    }
    payload
}

/// Tells every hook that wants to know of something that happened to a pull request.
pub(crate) fn publish(
    world: &mut World,
    full_name: &str,
    number: u64,
    action: &str,
    sender: &str,
    extra: &Value,
) {
    let Some(repo) = world.repository(full_name) else { return };
    let Some(pull) = repo.pulls.get(&number) else { return };
    let payload = payload(repo, pull, action, sender, extra);
    let (full_name, installed) = (repo.full_name.clone(), repo.installed && world.installation.is_some());
    let wanted = |hook: &&Hook| match &hook.repository {
        Some(repository) => *repository == full_name,
        None => installed,
    };
    let hooks: Vec<Hook> = world.hooks.iter().filter(wanted).cloned().collect();
    for hook in hooks {
        queue(world, &hook, "pull_request", payload.clone());
    }
}

/// What GitHub sends when a hook is made.
pub(crate) fn ping(world: &mut World, hook: &Hook) {
    let kind = if hook.repository.is_some() { "Repository" } else { "App" };
    let mut payload = json!({
        "zen": "Keep it logically awesome.",
        "hook_id": hook.id,
        "hook": {
            "type": kind,
            "id": hook.id,
            "name": "web",
            "active": true,
            "events": ["pull_request"],
            "config": { "content_type": "json", "insecure_ssl": "0", "secret": "********", "url": hook.url },
            "updated_at": "2026-06-15T12:00:00Z",
            "created_at": "2026-06-15T12:00:00Z",
        },
    });
    match hook.repository.as_ref().and_then(|full_name| world.repository(full_name)) {
        Some(repo) => {
            payload["repository"] = shapes::repository(repo);
            payload["sender"] = shapes::user(repo.owner());
        }
        None => payload["hook"]["app_id"] = json!(APP.0),
    }
    queue(world, hook, "ping", payload);
}

fn queue(world: &mut World, hook: &Hook, event: &str, mut payload: Value) {
    let number = world.take_id();
    let (target, target_id) = match hook.repository.as_ref().and_then(|name| world.repository(name)) {
        Some(repo) => ("repository", repo.id),
        None => ("integration", APP.0),
    };
    if target == "integration" && event != "ping" {
        payload["installation"] = json!({
            "id": INSTALLATION,
            "node_id": data_encoding::BASE64.encode(format!("23:IntegrationInstallation{INSTALLATION}").as_bytes()),
        });
    }
    let body = payload.to_string().into_bytes();
    let header = |name: &str, value: String| (name.to_owned(), value);
    let headers = vec![
        header("Content-Type", "application/json".to_owned()),
        header("Accept", "*/*".to_owned()),
        header("User-Agent", "GitHub-Hookshot/abcd123".to_owned()),
        header("X-GitHub-Delivery", guid(number)),
        header("X-GitHub-Event", event.to_owned()),
        header("X-GitHub-Hook-ID", hook.id.to_string()),
        header("X-GitHub-Hook-Installation-Target-ID", target_id.to_string()),
        header("X-GitHub-Hook-Installation-Target-Type", target.to_owned()),
        header("X-Hub-Signature-256", sign(&hook.secret, &body)),
    ];
    let delivery = Delivery { url: hook.url.clone(), headers, body };
    world.waiting.push(delivery.clone());
    world.deliveries.push(delivery);
}

/// A GUID that is the same in each run of a test.
fn guid(number: u64) -> String {
    let digest = Sha256::digest(number.to_be_bytes());
    let hex = HEXLOWER.encode(&digest[..16]);
    format!("{}-{}-11f0-{}-{}", &hex[..8], &hex[8..12], &hex[16..20], &hex[20..32])
}

/// Sends a delivery to an address on this machine; the status that was answered, `None` = no answer in ten seconds.
pub(crate) async fn send(delivery: &Delivery) -> Option<u16> {
    let url = url::Url::parse(&delivery.url).ok()?;
    if !matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
        tracing::warn!("a webhook for another machine was not sent");
        return None;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(WAIT)
        .no_proxy()
        .build()
        .ok()?;
    let mut request = client.post(url).body(delivery.body.clone());
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    request.send().await.ok().map(|answer| answer.status().as_u16())
}

/// Sends what waits, for as long as the server runs and delivery is automatic.
pub(crate) async fn run(simulator: Simulator) {
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if simulator.settings().webhook_delivery == crate::WebhookDelivery::Automatic {
            for delivery in simulator.take_deliveries() {
                send(&delivery).await;
            }
        }
    }
}
