//! Delivery of webhooks: signing, sending, and trying again.
//!
//! Nothing leaves this machine: every name is resolved to the loopback address, and an address that is not
//! local is refused.

use std::{net::SocketAddr, time::Duration};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::{Hook, HookKind, Webhooks};
use crate::{clock::plus_seconds, oauth, settings::Settings, simulator::Simulator};

const MOST_ATTEMPTS: u32 = 6;
/// Jira waits 5 to 15 minutes before it tries again.
const RETRY_SECONDS: i64 = 600;
const TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// One webhook on its way.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// The same for all attempts and duplicates.
    pub(crate) identifier: String,
    pub(crate) hook: Hook,
    pub(crate) event: &'static str,
    pub(crate) body: String,
    pub(crate) due: Timestamp,
    pub(crate) attempt: u32,
}

/// What became of an attempt: the receiver's status, or why there is none.
pub(crate) type Outcome = Result<u16, String>;

impl Webhooks {
    /// The deliveries that are due, in the order in which they are to be sent.
    fn take_due(&mut self, now: Timestamp, reorder: bool) -> Vec<Delivery> {
        let (mut due, later): (Vec<_>, Vec<_>) =
            self.waiting.drain(..).partition(|delivery| delivery.due <= now);
        self.waiting = later;
        if reorder {
            due.reverse();
        }
        due
    }

    fn settle(&mut self, mut delivery: Delivery, outcome: &Outcome, now: Timestamp) {
        // Other 4xx are lost for good.
        let again = match outcome {
            Ok(status) => matches!(status, 408 | 409 | 425 | 429 | 500..),
            Err(_) => true,
        };
        delivery.attempt += 1;
        let retried = again && delivery.attempt < MOST_ATTEMPTS;
        self.log.push(json!({
            "webhook": delivery.hook.id,
            "event": delivery.event,
            "identifier": delivery.identifier,
            "attempt": delivery.attempt,
            "status": outcome.as_ref().ok(),
            "error": outcome.as_ref().err(),
            "retried": retried,
        }));
        if retried {
            delivery.due = plus_seconds(now, RETRY_SECONDS);
            self.waiting.push(delivery);
        }
    }
}

/// Sends what is due until the task is ended.
pub(crate) async fn run(simulator: Simulator) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(error = %error, "webhooks are not delivered");
            return;
        }
    };
    loop {
        tokio::time::sleep(POLL).await;
        let now = simulator.now();
        let (due, settings) = simulator.with_world(|world| {
            let reorder = world.settings.webhook_reorder;
            (world.webhooks.take_due(now, reorder), world.settings.clone())
        });
        for delivery in due {
            let outcome = send(&client, &settings, &delivery, now).await;
            simulator.with_world(|world| world.webhooks.settle(delivery, &outcome, now));
        }
    }
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Whoever was first to choose a provider for the process has chosen well enough.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(std::sync::Arc::new(Loopback))
        .build()
}

/// Every name is this machine.
struct Loopback;

impl reqwest::dns::Resolve for Loopback {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async {
            let address = SocketAddr::from(([127, 0, 0, 1], 0));
            Ok(Box::new(std::iter::once(address)) as reqwest::dns::Addrs)
        })
    }
}

/// The registered address, at the other origin if there is a setting for it.
fn target(settings: &Settings, hook: &Hook) -> Result<Url, String> {
    let mut url = Url::parse(&hook.url).map_err(|error| error.to_string())?;
    if let Some(origin) = &settings.webhooks_target {
        let other = Url::parse(origin).map_err(|error| error.to_string())?;
        let path = format!("{}{}", other.path().trim_end_matches('/'), url.path());
        let query = url.query().map(str::to_owned);
        url = other;
        url.set_path(&path);
        url.set_query(query.as_deref());
    }
    if oauth::is_local(&url) { Ok(url) } else { Err(format!("{url} is not on this machine")) }
}

async fn send(client: &reqwest::Client, settings: &Settings, delivery: &Delivery, now: Timestamp) -> Outcome {
    let url = target(settings, &delivery.hook)?;
    let mut request = client
        .post(url)
        .header("content-type", "application/json")
        .header("user-agent", "Atlassian Webhook HTTP Client")
        .header("x-atlassian-webhook-identifier", &delivery.identifier)
        .header("x-atlassian-webhook-flow", "Primary");
    if delivery.attempt > 0 {
        request = request.header("x-atlassian-webhook-retry", delivery.attempt.to_string());
    }
    match &delivery.hook.kind {
        HookKind::Dynamic { client, account, .. } => {
            request = request.bearer_auth(token(client, account, now));
        }
        HookKind::Admin { secret: Some(secret), .. } => {
            let signature = HEXLOWER.encode(&signed(secret.as_bytes(), delivery.body.as_bytes()));
            request = request.header("x-hub-signature", format!("sha256={signature}"));
        }
        HookKind::Admin { secret: None, .. } => {}
    }
    let answer = request.body(delivery.body.clone()).send().await.map_err(|error| error.to_string())?;
    Ok(answer.status().as_u16())
}

/// HMAC-SHA256.
pub(crate) fn signed(key: &[u8], message: &[u8]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of every length.
        Err(_) => Vec::new(),
    }
}

/// A JWT (HS256) with the app's client secret. Its claims are not documented; these are the usual ones.
fn token(client: &str, account: &str, now: Timestamp) -> String {
    let secret = if client == oauth::SERVICE_ID { oauth::SERVICE_SECRET } else { oauth::CLIENT_SECRET };
    let encode = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let head = encode(json!({ "typ": "JWT", "alg": "HS256" }));
    let claims = encode(json!({
        "iss": client,
        "sub": account,
        "iat": now.as_second(),
        "exp": now.as_second() + 180,
    }));
    let text = format!("{head}.{claims}");
    let signature = BASE64URL_NOPAD.encode(&signed(secret.as_bytes(), text.as_bytes()));
    format!("{text}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_of_atlassians_test_vector_is_theirs() {
        let signature = HEXLOWER.encode(&signed(b"It's a Secret to Everybody", b"Hello World!"));
        assert_eq!(signature, "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9");
    }
}
