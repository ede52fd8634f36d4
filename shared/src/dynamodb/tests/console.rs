//! Sessions of the console.

use super::{acme, other, start, store};
use crate::access::{ApiToken, Role};
use crate::console::{Session, VALID_FOR};
use crate::dynamodb::item::number_beside;
use crate::dynamodb::keys;
use crate::random::CountingRandom;

#[tokio::test]
async fn a_session_is_its_tenants_until_it_is_ended_and_the_table_forgets_it_by_itself() {
    let store = store().await;
    let random = CountingRandom::default();
    let (token, _) = ApiToken::issue(&random, &acme(), "x", Role::Auditor, "iam", start()).unwrap();
    let (session, _) = Session::begin(&random, &token, start()).unwrap();
    store.put_session(&session).await.unwrap();
    store.put_session(&session).await.unwrap();
    let item = store.get_item(&keys::session(&acme(), &session.id)).await.unwrap().unwrap();
    let expires: i64 = number_beside(&item, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, start().as_second() + VALID_FOR);
    let another = Session { digest: "x".to_owned(), ..session.clone() };
    assert_eq!(store.put_session(&another).await.unwrap_err().kind(), &crate::error::Kind::Conflict);
    assert_eq!(store.session(&other(), &session.id).await.unwrap(), None);
    store.delete_session(&other(), &session.id).await.unwrap();
    assert_eq!(store.session(&acme(), &session.id).await.unwrap(), Some(session.clone()));
    store.delete_session(&acme(), &session.id).await.unwrap();
    store.delete_session(&acme(), &session.id).await.unwrap();
    assert_eq!(store.session(&acme(), &session.id).await.unwrap(), None);
}
