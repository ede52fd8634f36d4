//! Delivery of webhooks: signing and sending.
//!
//! Nothing leaves this machine: every name is resolved to the loopback address, and an address that is not
//! local is refused.

use std::{net::SocketAddr, time::Duration};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{sync::oneshot, task::JoinSet};
use url::Url;

use super::{
    Hook, HookKind,
    queue::{Flow, Outcome, Queued},
};
use crate::{
    oauth,
    settings::{Settings, WebhookDelivery},
    simulator::Simulator,
};

const TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
/// How long one delivery keeps its place before the next one.
const IN_ORDER: Duration = Duration::from_millis(300);

/// Sends what is due until the task is ended.
pub(crate) async fn run(simulator: Simulator) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(error = %error, "webhooks are not delivered");
            return;
        }
    };
    let mut under_way = JoinSet::new();
    loop {
        tokio::time::sleep(POLL).await;
        while under_way.try_join_next().is_some() {}
        let now = simulator.now();
        let (due, settings) = simulator.with_world(|world| {
            let settings = world.settings.clone();
            let manual = settings.webhook_delivery == WebhookDelivery::Manual;
            let due = if manual { Vec::new() } else { world.webhooks.take_due(now, &settings) };
            (due, settings)
        });
        for queued in due {
            let (done, settled) = oneshot::channel();
            let (simulator, client, settings) = (simulator.clone(), client.clone(), settings.clone());
            under_way.spawn(async move {
                let outcome = send(&client, &settings, &queued, now).await;
                simulator.with_world(|world| world.webhooks.settle(queued, &outcome, simulator.now()));
                // Nobody may be waiting any more.
                let _ = done.send(());
            });
            // One after the other for a receiver that is quick; a slow one does not hold up the rest.
            let _ = tokio::time::timeout(IN_ORDER, settled).await;
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
pub(super) fn address(settings: &Settings, hook: &Hook) -> Result<Url, String> {
    let mut url = Url::parse(&hook.url).map_err(|error| error.to_string())?;
    if let Some(origin) = &settings.webhooks_target {
        let other = Url::parse(origin).map_err(|error| error.to_string())?;
        let path = format!("{}{}", other.path().trim_end_matches('/'), url.path());
        let query = url.query().map(str::to_owned);
        url = other;
        url.set_path(&path);
        url.set_query(query.as_deref());
    }
    Ok(url)
}

/// The headers of an attempt that is made now.
pub(super) fn headers(queued: &Queued, now: Timestamp) -> Vec<(String, String)> {
    let flow = match queued.flow {
        Flow::Primary => "Primary",
        Flow::Secondary => "Secondary",
    };
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", "Atlassian Webhook HTTP Client".to_owned()),
        ("x-atlassian-webhook-identifier", queued.identifier()),
        ("x-atlassian-webhook-flow", flow.to_owned()),
    ];
    if queued.attempt > 0 {
        headers.push(("x-atlassian-webhook-retry", queued.attempt.to_string()));
    }
    match &queued.hook.kind {
        HookKind::Dynamic { client, account, .. } => {
            headers.push(("authorization", format!("Bearer {}", token(client, account, now))));
        }
        HookKind::Admin { secret: Some(secret), .. } => {
            let signature = HEXLOWER.encode(&signed(secret.as_bytes(), queued.body.as_bytes()));
            headers.push(("x-hub-signature", format!("sha256={signature}")));
        }
        HookKind::Admin { secret: None, .. } => {}
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn send(client: &reqwest::Client, settings: &Settings, queued: &Queued, now: Timestamp) -> Outcome {
    let url = address(settings, &queued.hook)?;
    if !oauth::is_local(&url) {
        return Err(format!("{url} is not on this machine"));
    }
    let mut request = client.post(url);
    for (name, value) in headers(queued, now) {
        request = request.header(name, value);
    }
    let answer = request.body(queued.body.clone()).send().await.map_err(|error| error.to_string())?;
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
