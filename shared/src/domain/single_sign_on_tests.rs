use serde_json::json;

use super::{BrowserSecret, SignOnAttempt, SingleSignOn, VALID_FOR};
use crate::access::Role;
use crate::clock::after;
use crate::ids::TenantId;
use crate::random::CountingRandom;

fn now() -> jiff::Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn setting(claim: &str) -> SingleSignOn {
    SingleSignOn {
        tenant: TenantId::parse("acme").unwrap(),
        issuer: "https://login.example.com".to_owned(),
        client_id: "assay".to_owned(),
        has_secret: true,
        scopes: vec!["email".to_owned()],
        role_claim: claim.to_owned(),
        roles: [("grc".to_owned(), Role::Admin), ("audit".to_owned(), Role::Auditor)].into(),
        set_by: "token".to_owned(),
        updated_at: now(),
    }
}

#[test]
fn the_highest_role_of_the_claim_counts_and_no_listed_value_gives_none() {
    for (claim, claims, expected) in [
        ("groups", json!({ "groups": ["audit", "grc", "other"] }), Some(Role::Admin)),
        ("groups", json!({ "groups": "audit" }), Some(Role::Auditor)),
        ("groups", json!({ "groups": ["AUDIT", "grcx"] }), None),
        ("groups", json!({ "groups": [] }), None),
        ("groups", json!({ "groups": { "grc": true } }), None),
        ("groups", json!({}), None),
        ("realm.roles", json!({ "realm": { "roles": ["grc"] } }), Some(Role::Admin)),
        ("https://x.example/roles", json!({ "https://x.example/roles": ["audit"] }), Some(Role::Auditor)),
        ("a.b", json!({ "a.b": ["audit"], "a": { "b": ["grc"] } }), Some(Role::Auditor)),
    ] {
        assert_eq!(setting(claim).role_of(&claims), expected, "{claims}");
    }
}

#[test]
fn a_subject_of_an_issuer_has_one_token_whatever_else_it_is_called() {
    let random = CountingRandom::default();
    let token = |setting: &SingleSignOn, subject: &str, claims| {
        setting.token(&random, subject, &claims, Role::Auditor, now()).unwrap()
    };
    let one = token(&setting("groups"), "s-1", json!({ "email": "ann@example.com" }));
    let renamed = token(&setting("groups"), "s-1", json!({ "preferred_username": "\u{7}ann" }));
    assert_eq!(one.id, renamed.id);
    assert_eq!((one.name.as_str(), renamed.name.as_str()), ("ann@example.com", "ann"));
    assert_eq!(one.vouched_by.as_deref(), Some("token"));
    assert_ne!(token(&setting("groups"), "s-2", json!({})).id, one.id);
    let elsewhere = SingleSignOn { issuer: "https://other.example.com".to_owned(), ..setting("groups") };
    assert_ne!(token(&elsewhere, "s-1", json!({})).id, one.id);
}

#[test]
fn only_the_browser_that_began_may_complete_in_time_and_at_the_same_service() {
    let random = CountingRandom::default();
    let set = setting("groups");
    let (attempt, state, browser) = SignOnAttempt::begin(&random, &set, "/checks", now()).unwrap();
    assert!(state.expose().starts_with("acme.") && !format!("{attempt:?}").contains(browser.expose()));
    assert!(attempt.may_complete(&set, &browser, after(now(), VALID_FOR - 1)).is_ok());
    assert!(attempt.may_complete(&set, &browser, after(now(), VALID_FOR)).is_err());
    assert!(attempt.may_complete(&set, &BrowserSecret::new("x"), now()).is_err());
    let other = SingleSignOn { issuer: "https://other.example.com".to_owned(), ..set };
    assert!(attempt.may_complete(&other, &browser, now()).is_err());
    assert_ne!(browser.nonce(), browser.verifier().expose());
    assert_eq!(browser.verifier().expose().len(), 64);
}
