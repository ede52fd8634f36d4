//! Deliveries of GitHub.

use assay::github::webhook::Signing;
use assay::pull::{Forge, Method};
use assay::secret::Secret;
use assay::secrets::github_webhook_name;
use assay_test_support::http::{Answer, Ask};
use serde_json::{Value, json};

use crate::support::{House, signature};

const PATH: &str = "/webhooks/acme/github";
const SECRET: &str = "the secret that was made";

/// A house in which GitHub is set up.
async fn house() -> House {
    let house = House::start().await;
    let now = house.world.time.now();
    let mut forge = Forge {
        tenant: house.world.tenant.clone(),
        method: Method::Token,
        name: "octo".to_owned(),
        app_id: None,
        api_url: None,
        reaches: Vec::new(),
        reaches_more: false,
        secret_made_at: now,
        old_secret_until: None,
        delivered_at: None,
        trouble: None,
        limit: None,
        limited_until: None,
        verified_at: now,
        version: 0,
    };
    house.world.store().save_forge(&mut forge).await.unwrap();
    let signing = Signing { current: Secret::new(SECRET), old: Vec::new() };
    let name = github_webhook_name(&house.world.tenant);
    house.world.secrets().put(&name, &signing.to_secret().unwrap()).await.unwrap();
    house
}

fn pull(action: &str) -> Vec<u8> {
    let pull = json!({
        "number": 12, "html_url": "https://github.com/acme/shop/pull/12", "title": "SEC-1", "body": null,
        "state": "open", "merged_at": null, "merged": false,
        "created_at": "2026-06-15T10:00:00Z", "updated_at": "2026-06-15T11:00:00Z",
        "head": { "ref": "fix" }, "base": { "repo": { "full_name": "acme/shop" } },
    });
    json!({ "action": action, "number": 12, "pull_request": pull }).to_string().into_bytes()
}

fn ask(path: &str, event: &str, bytes: &[u8]) -> Ask {
    Ask::new("POST", path)
        .header("content-type", "application/json")
        .header("x-github-event", event)
        .header("x-github-delivery", "d-1")
        .bytes(bytes)
}

async fn signed(house: &House, event: &str, bytes: &[u8]) -> Answer {
    let ask = ask(PATH, event, bytes).header("x-hub-signature-256", &signature(SECRET, bytes));
    house.deliver(ask).await
}

#[tokio::test]
async fn what_is_signed_is_answered_and_a_ping_is_greeted() {
    let house = house().await;
    for (event, bytes, status) in [
        ("ping", b"{\"zen\":\"x\"}".to_vec(), 200),
        ("pull_request", pull("opened"), 204),
        ("pull_request", pull("labeled"), 204),
        ("push", b"{}".to_vec(), 204),
        ("issues", b"no json".to_vec(), 204),
        ("pull_request", b"no json".to_vec(), 400),
        ("pull_request", b"payload=%7B%7D".to_vec(), 400),
        ("pull_request", b"{\"action\":\"opened\"}".to_vec(), 400),
    ] {
        let answer = signed(&house, event, &bytes).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (status, ""), "{event}");
    }
    let forge = house.world.store().forge(&house.world.tenant).await.unwrap().unwrap();
    assert_eq!(forge.delivered_at, Some(house.world.time.now()));
}

#[tokio::test]
async fn who_knows_no_secret_learns_nothing_and_changes_nothing() {
    let house = house().await;
    let before = house.world.items().await;
    let bytes = pull("opened");
    let good = signature(SECRET, &bytes);
    for header in [
        "",
        "sha256=",
        "sha256=zz",
        &signature("another", &bytes),
        &good.replace("sha256=", "sha1="),
        &good[..70],
    ] {
        let answer =
            house.deliver(ask(PATH, "pull_request", &bytes).header("x-hub-signature-256", header)).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (401, ""), "{header}");
    }
    // The older header does not count, nor does a token.
    for (name, value) in [("x-hub-signature", good.as_str()), ("authorization", "Bearer x")] {
        assert_eq!(
            house.deliver(ask(PATH, "pull_request", &bytes).header(name, value)).await.status,
            401,
            "{name}"
        );
    }
    for path in
        ["/webhooks/nobody/github", "/webhooks/ACME/github", "/webhooks/%00/github", "/webhooks/other/github"]
    {
        let ask = ask(path, "pull_request", &bytes).header("x-hub-signature-256", &good);
        assert_eq!(house.deliver(ask).await.status, 401, "{path}");
    }
    assert_eq!(house.world.items().await, before);
}

#[tokio::test]
async fn a_secret_that_was_replaced_a_moment_ago_is_read_anew() {
    let house = house().await;
    let bytes = pull("opened");
    assert_eq!(signed(&house, "pull_request", &bytes).await.status, 204);
    let signing = Signing { current: Secret::new("another"), old: Vec::new() };
    let name = github_webhook_name(&house.world.tenant);
    house.world.secrets().put(&name, &signing.to_secret().unwrap()).await.unwrap();
    let again =
        ask(PATH, "pull_request", &bytes).header("x-hub-signature-256", &signature("another", &bytes));
    assert_eq!(house.deliver(again).await.status, 204);
    assert_eq!(signed(&house, "pull_request", &bytes).await.status, 401);
}

#[tokio::test]
async fn only_a_post_that_is_not_too_large_is_read() {
    let house = house().await;
    assert_eq!(house.deliver(Ask::new("GET", PATH)).await.status, 405);
    let large = json!({ "filler": "x".repeat(1024 * 1024) }).to_string().into_bytes();
    assert_eq!(signed(&house, "ping", &large).await.status, 413);
    let deep = Value::String("[".repeat(5000)).to_string().into_bytes();
    assert_eq!(signed(&house, "pull_request", &deep).await.status, 400);
}
