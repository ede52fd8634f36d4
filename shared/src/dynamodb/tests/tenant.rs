use super::{acme, later, other, start, store};
use crate::dynamodb::keys;

#[tokio::test]
async fn a_tenant_is_put_once_is_due_and_its_turn_is_taken_once() {
    let store = store().await;
    assert!(store.put_tenant_if_new(&acme(), start()).await.unwrap());
    assert!(!store.put_tenant_if_new(&acme(), later(50)).await.unwrap());
    assert!(store.put_tenant_if_new(&other(), later(50)).await.unwrap());
    let due = async |now: i64| {
        let mut found = vec![];
        for shard in 0..keys::SHARDS {
            found.extend(store.due_tenants(shard, later(now), 10).await.unwrap());
        }
        found
    };
    assert_eq!(due(0).await, vec![(acme(), start())]);
    assert!(store.claim_due_tenant(&acme(), start(), later(3600)).await.unwrap());
    assert!(!store.claim_due_tenant(&acme(), start(), later(3600)).await.unwrap());
    assert_eq!(due(49).await, vec![]);
    store.set_tenant_due(&acme(), later(5)).await.unwrap();
    assert_eq!(due(49).await, vec![(acme(), later(5))]);
    assert!(
        !store.claim_due_tenant(&acme(), later(3600), later(7200)).await.unwrap(),
        "it is due earlier now"
    );
    assert!(store.claim_due_tenant(&acme(), later(5), later(7200)).await.unwrap());
}

#[tokio::test]
async fn a_tenant_may_be_made_due_before_it_was_put() {
    let store = store().await;
    store.set_tenant_due(&acme(), start()).await.unwrap();
    assert!(!store.put_tenant_if_new(&acme(), later(50)).await.unwrap());
    let shard = keys::shard(&acme(), "acme");
    assert_eq!(store.due_tenants(shard, start(), 1).await.unwrap(), vec![(acme(), start())]);
    assert!(!store.claim_due_tenant(&other(), start(), later(1)).await.unwrap());
}

#[tokio::test]
async fn news_during_an_evaluation_of_a_tenant_is_not_written_over() {
    let store = store().await;
    let due = async || {
        let shard = keys::shard(&acme(), "acme");
        let due = store.due_tenants(shard, later(1_000_000), 10).await.unwrap();
        due.into_iter().map(|(_, at)| at).collect::<Vec<_>>()
    };
    let end =
        async || store.end_tenant_evaluation(&acme(), (later(0), later(20)), later(3600)).await.unwrap();
    end().await;
    assert_eq!(due().await, [later(3600)], "put, since it was not there");
    store.set_tenant_due(&acme(), later(330)).await.unwrap();
    end().await;
    assert_eq!(due().await, [later(3600)], "its claim is no news");
    store.set_tenant_due(&acme(), later(10)).await.unwrap();
    end().await;
    assert_eq!(due().await, [later(10)]);
}
