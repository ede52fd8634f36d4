//! Sessions of the console, and links that begin one.

use super::{acme, other, start, store};
use crate::access::{ApiToken, Role};
use crate::console::{LINK_VALID_FOR, LinkText, Session, SignInLink, VALID_FOR, Way};
use crate::dynamodb::item::number_beside;
use crate::dynamodb::keys;
use crate::random::CountingRandom;

#[tokio::test]
async fn a_session_is_its_tenants_until_it_is_ended_and_the_table_forgets_it_by_itself() {
    let store = store().await;
    let random = CountingRandom::default();
    let (token, _) = ApiToken::issue(&random, &acme(), "x", Role::Auditor, "iam", start()).unwrap();
    let (session, _) = Session::begin(&random, &token, Way::Token, start()).unwrap();
    store.put_session(&session).await.unwrap();
    store.put_session(&session).await.unwrap();
    let item = store.get_item(&keys::session(&acme(), &session.id)).await.unwrap().unwrap();
    let expires: i64 = number_beside(&item, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, start().as_second() + VALID_FOR);
    let another = Session { digest: "x".to_owned(), ..session.clone() };
    assert_eq!(store.put_session(&another).await.unwrap_err().kind(), &crate::error::Kind::Conflict);
    assert_eq!(store.session(&other(), &session.id).await.unwrap(), None);
    let (second, _) = Session::begin(&random, &token, Way::Token, start()).unwrap();
    store.put_session(&second).await.unwrap();
    let (stranger, _) = ApiToken::issue(&random, &acme(), "y", Role::Auditor, "iam", start()).unwrap();
    store.put_session(&Session::begin(&random, &stranger, Way::Link, start()).unwrap().0).await.unwrap();
    let page = store.list_sessions(&acme(), &token.id, None, 1).await.unwrap();
    let rest = store.list_sessions(&acme(), &token.id, page.next.as_deref(), 1).await.unwrap();
    let ids: Vec<_> = page.items.iter().chain(&rest.items).map(|session| session.id.clone()).collect();
    assert_eq!(ids, [session.id.clone(), second.id], "those of this token alone");
    assert_eq!(store.list_sessions(&other(), &token.id, None, 1).await.unwrap().items, []);
    store.delete_session(&other(), &session.id).await.unwrap();
    assert_eq!(store.session(&acme(), &session.id).await.unwrap(), Some(session.clone()));
    store.delete_session(&acme(), &session.id).await.unwrap();
    store.delete_session(&acme(), &session.id).await.unwrap();
    assert_eq!(store.session(&acme(), &session.id).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_who_use_a_link_at_the_same_time_one_gets_in() {
    let store = store().await;
    let random = CountingRandom::default();
    let (link, text) = SignInLink::make(&random, &acme(), Role::Admin, "x", "iam", start()).unwrap();
    store.put_link(&link).await.unwrap();
    let text = LinkText::parse(text.expose()).unwrap();
    let item = store.get_item(&keys::link(&acme(), &link.digest)).await.unwrap().unwrap();
    let expires: i64 = number_beside(&item, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, start().as_second() + LINK_VALID_FOR);
    let foreign = LinkText { tenant: other(), ..text.clone() };
    assert_eq!(store.take_link(&foreign).await.unwrap(), None);
    assert_eq!(store.link(&text).await.unwrap(), Some(link.clone()), "looking does not use it up");
    let takers = (0..8).map(|_| store.take_link(&text));
    let taken: Vec<_> =
        futures::future::join_all(takers).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken, [link]);
    assert_eq!(store.link(&text).await.unwrap(), None);
}
