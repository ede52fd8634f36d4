//! What happens once: remembered requests, attempts to connect, deliveries.

use super::{acme, connection, later, other, start, store};
use crate::clock::after;
use crate::dynamodb::item::number_beside;
use crate::dynamodb::{Begin, Store, keys};
use crate::idempotency::{Answer, REMEMBERED_FOR, RUNNING_FOR, Remembered};
use crate::oauth::Attempt;
use crate::random::CountingRandom;

fn request(body: &str, began: i64) -> Remembered {
    Remembered {
        tenant: acme(),
        key: "key".to_owned(),
        request: body.to_owned(),
        began_at: later(began),
        answer: None,
    }
}

async fn begin(store: &Store, body: &str, now: i64) -> Begin {
    store.begin(&request(body, now), later(now)).await.unwrap()
}

#[tokio::test]
async fn a_repeated_request_waits_for_the_first_and_gets_its_answer() {
    let store = store().await;
    assert_eq!(begin(&store, "a", 0).await, Begin::New);
    assert_eq!(begin(&store, "a", 0).await, Begin::Running, "even at the same moment");
    assert_eq!(begin(&store, "b", 1).await, Begin::OtherRequest);
    let answer = Answer { status: 201, body: "{}".to_owned() };
    store.finish(&acme(), "key", answer.clone()).await.unwrap();
    assert_eq!(begin(&store, "a", 2).await, Begin::Answered(answer.clone()));
    assert_eq!(begin(&store, "b", 2).await, Begin::OtherRequest);
    let elsewhere = Remembered { tenant: other(), ..request("a", 2) };
    assert_eq!(
        store.begin(&elsewhere, later(2)).await.unwrap(),
        Begin::New,
        "another tenant's key is another"
    );

    store.finish(&acme(), "key", Answer { status: 500, body: String::new() }).await.unwrap();
    store.forget(&acme(), "key").await.unwrap();
    assert_eq!(begin(&store, "a", 9999).await, Begin::Answered(answer), "the first answer stays");
}

#[tokio::test]
async fn a_request_that_died_is_taken_over_and_one_that_failed_may_be_repeated() {
    let store = store().await;
    assert_eq!(begin(&store, "a", 0).await, Begin::New);
    assert_eq!(begin(&store, "a", RUNNING_FOR - 1).await, Begin::Running);
    assert_eq!(begin(&store, "b", RUNNING_FOR + 1).await, Begin::OtherRequest);
    assert_eq!(begin(&store, "a", RUNNING_FOR).await, Begin::New);
    assert_eq!(begin(&store, "a", RUNNING_FOR + 1).await, Begin::Running, "now the second one runs");
    store.forget(&acme(), "key").await.unwrap();
    assert_eq!(begin(&store, "b", RUNNING_FOR + 2).await, Begin::New);
}

#[tokio::test]
async fn a_remembered_request_expires_even_before_the_table_removes_it() {
    let store = store().await;
    assert_eq!(begin(&store, "a", 0).await, Begin::New);
    store.finish(&acme(), "key", Answer { status: 200, body: String::new() }).await.unwrap();
    let kept = store.get_item(&keys::request(&acme(), "key")).await.unwrap().unwrap();
    let expires: i64 = number_beside(&kept, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, after(start(), REMEMBERED_FOR).as_second());
    assert!(matches!(begin(&store, "a", REMEMBERED_FOR - 2).await, Begin::Answered(_)));
    assert_eq!(begin(&store, "b", REMEMBERED_FOR).await, Begin::New);
}

#[tokio::test]
async fn finishing_what_is_not_there_makes_nothing() {
    let store = store().await;
    store.finish(&acme(), "key", Answer { status: 200, body: String::new() }).await.unwrap();
    assert_eq!(store.get_item(&keys::request(&acme(), "key")).await.unwrap(), None);
}

#[tokio::test]
async fn an_attempt_to_connect_is_used_once() {
    let store = store().await;
    let (attempt, _) =
        Attempt::begin(&CountingRandom::default(), &connection(&acme(), "con-1"), None, start()).unwrap();
    store.put_attempt(&attempt).await.unwrap();
    let kept = store.get_item(&keys::attempt(&acme(), &attempt.state)).await.unwrap().unwrap();
    let expires: i64 = number_beside(&kept, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, attempt.expires_at.as_second());
    assert_eq!(store.take_attempt(&other(), &attempt.state).await.unwrap(), None);
    assert_eq!(store.take_attempt(&acme(), &attempt.state).await.unwrap(), Some(attempt.clone()));
    assert_eq!(store.take_attempt(&acme(), &attempt.state).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_who_take_an_attempt_at_the_same_time_one_gets_it() {
    let store = store().await;
    let (attempt, _) =
        Attempt::begin(&CountingRandom::default(), &connection(&acme(), "con-1"), None, start()).unwrap();
    store.put_attempt(&attempt).await.unwrap();
    let tenant = acme();
    let takers = (0..8).map(|_| store.take_attempt(&tenant, &attempt.state));
    let taken = futures::future::join_all(takers).await;
    assert_eq!(taken.into_iter().filter(|taken| taken.as_ref().unwrap().is_some()).count(), 1);
}

#[tokio::test]
async fn a_delivery_is_first_once_for_its_tenant_and_site_whatever_its_name() {
    let store = store().await;
    let name = "any text # of a sender / \u{1F600}".repeat(100);
    assert!(store.first_delivery(&acme(), "cloud-1", &name, start()).await.unwrap());
    assert!(!store.first_delivery(&acme(), "cloud-1", &name, start()).await.unwrap());
    assert!(store.first_delivery(&acme(), "cloud-2", &name, start()).await.unwrap());
    assert!(store.first_delivery(&other(), "cloud-1", &name, start()).await.unwrap());
    let kept = store.get_item(&keys::delivery(&acme(), "cloud-1", &name)).await.unwrap().unwrap();
    let expires: i64 = number_beside(&kept, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, start().as_second() + 7 * 24 * 3600);
}
