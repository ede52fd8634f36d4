//! Single sign-on.

use super::{acme, other, start, store};
use crate::access::{ApiToken, Role};
use crate::console::LinkText;
use crate::random::CountingRandom;
use crate::single_sign_on::{SignOnAttempt, SingleSignOn};

fn setting() -> SingleSignOn {
    SingleSignOn {
        tenant: acme(),
        issuer: "https://login.example.com".to_owned(),
        client_id: "assay".to_owned(),
        has_secret: false,
        scopes: Vec::new(),
        role_claim: "groups".to_owned(),
        roles: [("grc".to_owned(), Role::Admin)].into(),
        set_by: "first".to_owned(),
        updated_at: start(),
    }
}

#[tokio::test]
async fn how_people_sign_in_is_their_tenants_and_an_attempt_is_used_once() {
    let store = store().await;
    store.put_single_sign_on(&setting()).await.unwrap();
    let changed = SingleSignOn { client_id: "other".to_owned(), ..setting() };
    store.put_single_sign_on(&changed).await.unwrap();
    assert_eq!(store.single_sign_on(&acme()).await.unwrap(), Some(changed));
    assert_eq!(store.single_sign_on(&other()).await.unwrap(), None);
    let (attempt, state, _) =
        SignOnAttempt::begin(&CountingRandom::default(), &setting(), "/", start()).unwrap();
    store.put_sign_on_attempt(&attempt).await.unwrap();
    let state = LinkText::parse(state.expose()).unwrap();
    let foreign = LinkText { tenant: other(), ..state.clone() };
    assert_eq!(store.take_sign_on_attempt(&foreign).await.unwrap(), None);
    assert_eq!(store.take_sign_on_attempt(&state).await.unwrap(), Some(attempt));
    assert_eq!(store.take_sign_on_attempt(&state).await.unwrap(), None);
    store.delete_single_sign_on(&acme()).await.unwrap();
    store.delete_single_sign_on(&acme()).await.unwrap();
    assert_eq!(store.single_sign_on(&acme()).await.unwrap(), None);
}

#[tokio::test]
async fn a_subjects_token_follows_its_claims_until_it_is_revoked() {
    let store = store().await;
    let random = CountingRandom::default();
    let token = |role| setting().token(&random, "s-1", &serde_json::json!({}), role, start()).unwrap();
    let first = store.put_sign_on_token(&token(Role::Auditor)).await.unwrap().unwrap();
    let again = store.put_sign_on_token(&token(Role::Admin)).await.unwrap().unwrap();
    assert_eq!(again, ApiToken { role: Role::Admin, ..first.clone() }, "all else stays as it was");
    store.revoke_token(&acme(), &first.id, start()).await.unwrap();
    assert_eq!(store.put_sign_on_token(&token(Role::Admin)).await.unwrap(), None);
    assert!(store.token(&acme(), &first.id).await.unwrap().unwrap().revoked_at.is_some());
}
