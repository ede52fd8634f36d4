use super::{acme, connection, connection_id, later, other, start, store};
use crate::connection::{Account, Lease, State};
use crate::dynamodb::keys;
use crate::error::Kind;
use crate::ids::AccountId;

#[tokio::test]
async fn a_connection_is_read_back_as_it_was_put_and_by_its_tenant_only() {
    let store = store().await;
    let mut it = connection(&acme(), "con-1");
    it.use_cases = crate::connection::UseCase::ALL.into();
    it.incident_limits.days_by_priority.insert("1".to_owned(), 2);
    it.verified(Account { id: AccountId::parse("acc-1").unwrap(), time_zone: None }, vec![], start());
    store.put_new_connection(&it).await.unwrap();
    assert_eq!(store.connection(&acme(), &it.id).await.unwrap(), Some(it.clone()));
    assert_eq!(store.connection(&other(), &it.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_connection_is_made_once_and_making_it_again_is_no_conflict_with_itself() {
    let store = store().await;
    let it = connection(&acme(), "con-1");
    store.put_new_connection(&it).await.unwrap();
    store.put_new_connection(&it).await.unwrap();
    let mut different = it.clone();
    different.state = State::Active;
    let error = store.put_new_connection(&different).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Conflict, "{error}");
    assert!(error.to_string().contains("acme#connection connection#con-1"), "{error}");
    assert_eq!(store.connection(&acme(), &it.id).await.unwrap(), Some(it));
}

#[tokio::test]
async fn the_second_of_two_savers_is_told_of_the_conflict_and_changes_nothing() {
    let store = store().await;
    let mut first = connection(&acme(), "con-1");
    store.put_new_connection(&first).await.unwrap();
    let mut second = first.clone();
    first.state = State::Active;
    store.save_connection(&mut first).await.unwrap();
    assert_eq!(first.version, 1);
    second.state = State::Degraded;
    assert_eq!(store.save_connection(&mut second).await.unwrap_err().kind(), &Kind::Conflict);
    assert_eq!((second.version, second.state), (0, State::Degraded), "the loser keeps what it had");
    assert_eq!(store.connection(&acme(), &first.id).await.unwrap(), Some(first.clone()));
    store.save_connection(&mut first).await.unwrap();
    assert_eq!(first.version, 2);
}

#[tokio::test]
async fn a_save_whose_answer_was_lost_may_be_repeated() {
    let store = store().await;
    let mut sent = connection(&acme(), "con-1");
    store.put_new_connection(&sent).await.unwrap();
    let mut repeated = sent.clone();
    store.save_connection(&mut sent).await.unwrap();
    store.save_connection(&mut repeated).await.unwrap();
    assert_eq!(repeated.version, 1);
}

#[tokio::test]
async fn a_connection_that_is_not_there_cannot_be_saved() {
    let error = store().await.save_connection(&mut connection(&acme(), "con-1")).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Conflict, "{error}");
}

#[tokio::test]
async fn one_refreshes_at_a_time_until_it_gives_back_or_its_time_ends() {
    let store = store().await;
    let (tenant, id) = (acme(), connection_id("con-1"));
    store.put_new_connection(&connection(&tenant, "con-1")).await.unwrap();
    let take = async |owner: &str, now: i64| {
        store.take_refresh_lease(&tenant, &id, owner, later(now + 30), later(now)).await.unwrap()
    };
    assert!(take("a", 0).await);
    assert!(!take("b", 29).await, "a has it");
    assert!(take("a", 10).await, "its owner renews it");
    assert!(!take("b", 39).await);
    assert!(take("b", 40).await, "it ended");
    store.release_refresh_lease(&tenant, &id, "a").await.unwrap();
    assert!(!take("a", 41).await, "only its owner gives it back");
    store.release_refresh_lease(&tenant, &id, "b").await.unwrap();
    store.release_refresh_lease(&tenant, &id, "b").await.unwrap();
    let given_back = store.connection(&tenant, &id).await.unwrap().unwrap();
    assert_eq!((given_back.refresh_lease, given_back.version), (None, 4));
    assert!(take("c", 41).await);
    let lease = store.connection(&tenant, &id).await.unwrap().unwrap().refresh_lease;
    assert_eq!(lease, Some(Lease { owner: "c".to_owned(), until: later(71) }));
}

#[tokio::test]
async fn nobody_refreshes_what_is_not_there() {
    let store = store().await;
    let id = connection_id("con-1");
    assert!(!store.take_refresh_lease(&acme(), &id, "a", later(30), later(0)).await.unwrap());
    assert!(!store.claim_due_connection(&acme(), &id, later(0), later(60)).await.unwrap());
    store.release_refresh_lease(&acme(), &id, "a").await.unwrap();
    assert_eq!(store.connection(&acme(), &id).await.unwrap(), None);
}

#[tokio::test]
async fn a_lease_or_a_turn_is_never_saved_over_by_who_read_before_it() {
    let store = store().await;
    let (tenant, id) = (acme(), connection_id("con-1"));
    let mut it = connection(&tenant, "con-1");
    it.due_at = Some(start());
    store.put_new_connection(&it).await.unwrap();
    let mut stale = it.clone();
    assert!(store.take_refresh_lease(&tenant, &id, "a", later(30), start()).await.unwrap());
    assert_eq!(store.save_connection(&mut stale).await.unwrap_err().kind(), &Kind::Conflict);

    let mut read = store.connection(&tenant, &id).await.unwrap().unwrap();
    let mut stale = read.clone();
    store.save_connection(&mut read).await.unwrap();
    assert!(
        !store.take_refresh_lease(&tenant, &id, "b", later(30), later(1)).await.unwrap(),
        "a save of the whole keeps the lease"
    );
    assert!(store.claim_due_connection(&tenant, &id, start(), later(3600)).await.unwrap());
    assert_eq!(store.save_connection(&mut stale).await.unwrap_err().kind(), &Kind::Conflict);

    let mut read = store.connection(&tenant, &id).await.unwrap().unwrap();
    assert_eq!(read.due_at, Some(later(3600)));
    read.disconnect();
    assert!(read.refresh_lease.is_some(), "whoever disconnects still has secrets to delete");
    read.refresh_lease = None;
    store.save_connection(&mut read).await.unwrap();
    assert!(
        store.take_refresh_lease(&tenant, &id, "b", later(30), later(1)).await.unwrap(),
        "a save without the lease ends it"
    );
}

#[tokio::test]
async fn only_what_is_due_is_found_and_its_turn_is_taken_once() {
    let store = store().await;
    let tenant = acme();
    for (id, due_at) in [("con-1", Some(later(10))), ("con-2", Some(later(20))), ("con-3", None)] {
        let mut it = connection(&tenant, id);
        it.due_at = due_at;
        store.put_new_connection(&it).await.unwrap();
    }
    let due = async |now: i64| {
        let mut found = vec![];
        for shard in 0..keys::SHARDS {
            found.extend(store.due_connections(shard, later(now), 10).await.unwrap());
        }
        found
    };
    assert_eq!(due(9).await, vec![]);
    let first = (tenant.clone(), connection_id("con-1"), later(10));
    assert_eq!(due(10).await, vec![first.clone()], "due at its very millisecond");
    assert_eq!(due(1_000_000).await.len(), 2, "what is not due at all is not in the index");

    let (_, id, at) = first;
    assert!(store.claim_due_connection(&tenant, &id, at, later(100)).await.unwrap());
    assert!(!store.claim_due_connection(&tenant, &id, at, later(100)).await.unwrap(), "taken already");
    assert_eq!(due(99).await.len(), 1);
    assert_eq!(due(100).await.len(), 2);

    let mut ended = store.connection(&tenant, &id).await.unwrap().unwrap();
    ended.disconnect();
    store.save_connection(&mut ended).await.unwrap();
    assert_eq!(due(1_000_000).await.len(), 1, "it has left the index");
    assert!(!store.claim_due_connection(&tenant, &id, later(100), later(200)).await.unwrap());
}

#[tokio::test]
async fn what_is_due_longest_comes_first_and_no_more_than_asked_for() {
    let store = store().await;
    let tenant = acme();
    let shard = keys::shard(&tenant, "con-0");
    let in_shard: Vec<String> = (0..1000)
        .map(|n| format!("con-{n}"))
        .filter(|id| keys::shard(&tenant, id) == shard)
        .take(3)
        .collect();
    for (id, at) in in_shard.iter().zip([30, 10, 20]) {
        let mut it = connection(&tenant, id);
        it.due_at = Some(later(at));
        store.put_new_connection(&it).await.unwrap();
    }
    let due = store.due_connections(shard, later(60), 2).await.unwrap();
    let ids: Vec<&str> = due.iter().map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(ids, [&in_shard[1], &in_shard[2]]);
}

#[tokio::test]
async fn news_during_an_evaluation_is_looked_at_when_its_rest_is_over() {
    let store = store().await;
    let (tenant, id) = (acme(), connection_id("con-1"));
    let mut it = connection(&tenant, "con-1");
    it.due_at = Some(later(330));
    store.put_new_connection(&it).await.unwrap();
    let evaluated = crate::connection::Evaluated { started_at: later(0), points: 1500, every: 3600 };
    let due_at = async || store.connection(&tenant, &id).await.unwrap().unwrap();
    store.end_evaluation(&tenant, &id, &evaluated, later(20), later(3600)).await.unwrap();
    let read = due_at().await;
    assert_eq!((read.due_at, read.evaluated), (Some(later(3600)), Some(evaluated)), "its claim is no news");
    store.hasten_connection(&tenant, &id, later(10)).await.unwrap();
    let evaluated = crate::connection::Evaluated { points: 3000, ..evaluated };
    store.end_evaluation(&tenant, &id, &evaluated, later(20), later(3600)).await.unwrap();
    let read = due_at().await;
    assert_eq!(
        (read.due_at, read.evaluated),
        (Some(later(200)), Some(evaluated)),
        "200 seconds for 3000 points"
    );
    let mut ended = read;
    ended.disconnect();
    store.save_connection(&mut ended).await.unwrap();
    store.end_evaluation(&tenant, &id, &evaluated, later(20), later(3600)).await.unwrap();
    assert_eq!(due_at().await.due_at, None, "what was disconnected meanwhile is not due");
}
