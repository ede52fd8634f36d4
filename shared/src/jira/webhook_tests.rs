use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Delivery, Event, verify_hmac, verify_jwt};
use crate::clock::after;
use crate::secret::Secret;

const VECTOR: &str = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

fn secret() -> Secret {
    Secret::new("It's a Secret to Everybody")
}

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn token(head: &Value, claims: &Value, secret: &Secret) -> String {
    let encode = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    let signed = format!("{}.{}", encode(head.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

#[test]
fn a_signature_by_jira_is_accepted() {
    assert!(verify_hmac(&secret(), Some(VECTOR), b"Hello World!").is_ok());
    let upper = VECTOR.replace("a4771c39", "A4771C39");
    assert!(verify_hmac(&secret(), Some(&upper), b"Hello World!").is_ok());
}

#[test]
fn every_other_signature_is_refused() {
    let truncated = &VECTOR[..VECTOR.len() - 2];
    for header in [
        None,
        Some(""),
        Some("sha256="),
        Some("sha256=zz"),
        Some(truncated),
        Some("sha1=a4771c39fbe90f317c7824e83ddef3caae9cb3d9"),
        Some("none="),
        Some(&VECTOR[7..]),
    ] {
        assert!(verify_hmac(&secret(), header, b"Hello World!").is_err(), "{header:?}");
    }
    assert!(verify_hmac(&secret(), Some(VECTOR), b"Hello World?").is_err());
    assert!(verify_hmac(&Secret::new("other"), Some(VECTOR), b"Hello World!").is_err());
    assert!(verify_hmac(&Secret::new(""), Some(VECTOR), b"Hello World!").is_err());
}

#[test]
fn a_token_signed_with_the_apps_secret_is_accepted_and_read() {
    let cloud = "11111111-2222-4333-8444-555555555555";
    let claims = json!({
        "iss": "sim-client", "exp": after(now(), 180).as_second(), "context": { "cloudId": cloud },
    });
    let header = format!("Bearer {}", token(&json!({ "alg": "HS256", "typ": "JWT" }), &claims, &secret()));
    let read = verify_jwt(Some(&header), &secret(), now()).unwrap();
    assert_eq!((read.issuer.as_deref(), read.cloud_id.unwrap().as_str()), (Some("sim-client"), cloud));
    assert_eq!(read.expires_at, after(now(), 180));
}

#[test]
fn every_other_token_is_refused() {
    let fine = json!({ "alg": "HS256" });
    let claims = json!({ "exp": after(now(), 180).as_second() });
    let good = token(&fine, &claims, &secret());
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    let none = token(&json!({ "alg": "none" }), &claims, &secret());
    let other_algorithm = token(&json!({ "alg": "HS512" }), &claims, &secret());
    let expired = token(&fine, &json!({ "exp": after(now(), -60).as_second() }), &secret());
    let endless = token(&fine, &json!({ "iss": "x" }), &secret());
    let other_secret = token(&fine, &claims, &Secret::new("other"));
    let long = format!("{}{good}", "x".repeat(9000));
    for bad in [&unsigned, &none, &other_algorithm, &expired, &endless, &other_secret, &long] {
        assert!(verify_jwt(Some(&format!("Bearer {bad}")), &secret(), now()).is_err(), "{bad}");
    }
    for header in [None, Some(""), Some("Bearer "), Some("Bearer x"), Some("Bearer a.b"), Some(good.as_str())]
    {
        assert!(verify_jwt(header, &secret(), now()).is_err(), "{header:?}");
    }
    assert!(
        verify_jwt(Some(&format!("bearer {good}")), &secret(), now()).is_ok(),
        "the scheme's case is free"
    );
    let empty = token(&fine, &claims, &Secret::new(""));
    assert!(verify_jwt(Some(&format!("Bearer {empty}")), &Secret::new(""), now()).is_err());
}

#[test]
fn a_delivery_tells_what_happened_to_which_issue() {
    let body = json!({
        "timestamp": 1_772_359_200_000_i64, "webhookEvent": "jira:issue_updated",
        "user": { "accountId": "acc-1", "displayName": "Account 1" },
        "issue": { "id": "10007", "key": "SEC-7", "self": "https://demo.atlassian.net/rest/api/2/issue/10007" },
        "changelog": { "id": "10124", "items": [] }, "matchedWebhookIds": [1],
    });
    let delivery = Delivery::parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(delivery.event, Event::IssueUpdated);
    assert_eq!(delivery.issue.unwrap().as_str(), "10007");
    assert_eq!(delivery.key.as_deref(), Some("SEC-7"));
    assert_eq!(delivery.account.unwrap().as_str(), "acc-1");
    assert_eq!(delivery.at, Some(now()));
    assert_eq!(delivery.change.as_deref(), Some("10124"));
    assert_eq!(delivery.host.as_deref(), Some("demo.atlassian.net"));
}

#[test]
fn a_delivery_may_lack_everything_but_its_event() {
    let delivery = Delivery::parse(br#"{"webhookEvent":"comment_deleted"}"#).unwrap();
    assert_eq!(delivery.event, Event::Other("comment_deleted".to_owned()));
    assert_eq!((delivery.issue, delivery.account, delivery.at, delivery.change), (None, None, None, None));
}

#[test]
fn jiras_other_spellings_are_read_too() {
    let body = json!({
        "webhookEvent": "jira:issue_deleted", "timestamp": "1772359200000",
        "user": { "accoundId": "acc-2" }, "issue": { "id": 10007, "self": "not an address" },
        "changelog": { "id": 3 },
    });
    let delivery = Delivery::parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(delivery.issue.unwrap().as_str(), "10007");
    assert_eq!(delivery.account.unwrap().as_str(), "acc-2");
    assert_eq!((delivery.at, delivery.change.as_deref(), delivery.host), (Some(now()), Some("3"), None));
    let comment =
        json!({ "webhookEvent": "comment_created", "comment": { "author": { "accountId": "acc-3" } } });
    let delivery = Delivery::parse(comment.to_string().as_bytes()).unwrap();
    assert_eq!(delivery.account.unwrap().as_str(), "acc-3");
}

#[test]
fn a_body_that_is_no_delivery_is_refused_by_its_path() {
    for (body, path) in
        [("<html>", "$"), ("", "$"), ("[]", "$"), (r#"{"webhookEvent":7}"#, "webhookEvent"), ("{}", "$")]
    {
        let error = Delivery::parse(body.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(&format!("at {path}:")), "{body}: {error}");
    }
}
