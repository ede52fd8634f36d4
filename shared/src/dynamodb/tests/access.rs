use super::{acme, later, other, start, store};
use crate::access::{ApiToken, Role};
use crate::error::Kind;
use crate::ids::TokenId;
use crate::random::CountingRandom;

#[tokio::test]
async fn a_token_is_kept_without_its_secret_and_revoked_once() {
    let store = store().await;
    let random = CountingRandom::default();
    let (token, shown) = ApiToken::issue(&random, &acme(), "ci", Role::Admin, "iam", start()).unwrap();
    store.put_token(&token).await.unwrap();
    assert_eq!(store.token(&acme(), &token.id).await.unwrap(), Some(token.clone()));
    assert_eq!(store.token(&other(), &token.id).await.unwrap(), None);
    let secret = shown.expose().rsplit('_').next().unwrap();
    let kept = store.get_item(&crate::dynamodb::keys::token(&acme(), &token.id)).await.unwrap();
    assert!(!format!("{kept:?}").contains(secret));

    store.revoke_token(&acme(), &token.id, later(5)).await.unwrap();
    store.revoke_token(&acme(), &token.id, later(9)).await.unwrap();
    let revoked = store.token(&acme(), &token.id).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(later(5)), "the first revocation's time stays");
    assert_eq!(store.list_tokens(&acme(), None, 10).await.unwrap().items, vec![revoked]);
    assert_eq!(store.list_tokens(&other(), None, 10).await.unwrap().items, vec![]);
}

#[tokio::test]
async fn a_token_of_nobody_or_of_another_tenant_cannot_be_revoked() {
    let store = store().await;
    let (token, _) =
        ApiToken::issue(&CountingRandom::default(), &acme(), "ci", Role::Admin, "iam", start()).unwrap();
    store.put_token(&token).await.unwrap();
    for (tenant, id) in [(other(), token.id.clone()), (acme(), TokenId::parse("none").unwrap())] {
        assert_eq!(store.revoke_token(&tenant, &id, start()).await.unwrap_err().kind(), &Kind::NotFound);
    }
    let clash = ApiToken { role: Role::Auditor, ..token.clone() };
    assert_eq!(store.put_token(&clash).await.unwrap_err().kind(), &Kind::Conflict);
    assert_eq!(store.token(&acme(), &token.id).await.unwrap(), Some(token));
}
