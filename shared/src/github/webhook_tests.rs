use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Delivery, Signing};
use crate::clock::after;
use crate::github::scripted::{noon, pull};
use crate::pull::PullState;
use crate::secret::Secret;

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
}

#[test]
fn the_signature_is_that_of_githubs_own_example() {
    // docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation".
    let signing = Signing { current: Secret::new("It's a Secret to Everybody"), old: Vec::new() };
    let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    signing.verify(Some(header), b"Hello, World!", noon()).unwrap();
    signing.verify(Some(header), b"Hello, World?", noon()).unwrap_err();
}

#[test]
fn the_old_secret_counts_until_its_time_is_over() {
    let first = Signing { current: Secret::new("one"), old: Vec::new() };
    let second = first.replaced(Secret::new("two"), after(noon(), 86_400), noon());
    let body = b"{}";
    for (secret, seconds, is_good) in [
        ("one", 0, true),
        ("two", 0, true),
        ("one", 86_399, true),
        ("one", 86_400, false),
        ("two", 90_000, true),
        ("three", 0, false),
        ("", 0, false),
    ] {
        let verified = second.verify(Some(&signature(secret, body)), body, after(noon(), seconds));
        assert_eq!(verified.is_ok(), is_good, "{secret} {seconds}");
    }
    assert!(second.verify(None, body, noon()).is_err());
    assert!(second.verify(Some("sha1=00"), body, noon()).is_err());
    let later = after(noon(), 90_000);
    let third = second.replaced(Secret::new("three"), after(later, 86_400), later);
    assert_eq!(third.old.len(), 1, "what is over is not kept");
    assert_eq!(Signing::parse(&third.to_secret().unwrap()).unwrap(), third);
}

fn read(event: &str, action: &str, pull: &Value) -> crate::Result<Delivery> {
    let body = json!({ "action": action, "number": 12, "pull_request": pull, "sender": { "login": "octo" } });
    Delivery::parse(Some(event), body.to_string().as_bytes())
}

#[test]
fn a_delivery_tells_of_its_pull_request_or_does_not_concern_us() {
    let good = pull("closed", json!("2026-06-15T11:00:00Z"), json!("text"));
    for action in ["opened", "edited", "closed", "reopened", "synchronize", "ready_for_review"] {
        let Ok(Delivery::Pull(read)) = read("pull_request", action, &good) else { panic!("{action}") };
        assert_eq!(read.pull.state, PullState::Merged);
    }
    for (event, action) in
        [("pull_request", "labeled"), ("pull_request", ""), ("push", "opened"), ("issues", "opened")]
    {
        assert!(matches!(read(event, action, &good), Ok(Delivery::Other)), "{event} {action}");
    }
    assert!(matches!(Delivery::parse(Some("ping"), b"{\"zen\":\"x\"}"), Ok(Delivery::Ping)));
    assert!(matches!(Delivery::parse(None, b"{}"), Ok(Delivery::Other)));
}

#[test]
fn a_delivery_that_makes_no_sense_is_refused_by_its_place_and_without_its_content() {
    let good = pull("open", Value::Null, Value::Null);
    let with = |part: &str, value: Value| {
        let mut bad = good.clone();
        bad[part] = value;
        bad
    };
    for bad in [
        with("state", json!("secret words")),
        with("html_url", json!("javascript:secret words")),
        with("html_url", json!("http://evil.example/secret words")),
        with("html_url", json!(format!("https://{}", "x".repeat(600)))),
        with("updated_at", json!("secret words")),
        with("number", json!(0)),
        with("number", json!(-1)),
        with("base", json!({ "repo": { "full_name": "../secret words" } })),
        with("head", Value::Null),
        json!("secret words"),
    ] {
        let error = read("pull_request", "opened", &bad).unwrap_err();
        assert!(!error.chain().contains("secret words"), "{}", error.chain());
    }
    for body in [&b"payload=%7B%7D"[..], b"", b"{", b"\xff"] {
        assert!(Delivery::parse(Some("pull_request"), body).is_err());
    }
}
