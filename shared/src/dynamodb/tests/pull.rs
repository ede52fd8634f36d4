use super::{acme, later, other, start, store, ticket_id};
use crate::error::Kind;
use crate::pull::{Forge, Limit, Method, Pull, PullId, PullState, Remediation, Trouble};

fn pull(number: u64) -> Pull {
    Pull {
        url: format!("https://github.com/acme/shop/pull/{number}"),
        title: "Fix".to_owned(),
        repository: "acme/shop".to_owned(),
        number,
        state: PullState::Open,
        changed_at: start(),
        opened_at: None,
    }
}

#[tokio::test]
async fn a_pull_request_is_saved_by_version_listed_and_due() {
    let store = store().await;
    let mut one = Remediation::new(&acme(), pull(1), start());
    store.save_remediation(&mut one).await.unwrap();
    let mut twin = Remediation::new(&acme(), pull(1), start());
    assert_eq!(store.save_remediation(&mut twin).await.unwrap_err().kind(), &Kind::Conflict);
    let mut stale = one.clone();
    one.pull.state = PullState::Merged;
    store.save_remediation(&mut one).await.unwrap();
    assert_eq!(store.save_remediation(&mut stale).await.unwrap_err().kind(), &Kind::Conflict);
    assert_eq!(store.remediation(&acme(), &one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.remediation(&other(), &one.id).await.unwrap(), None);
    assert_eq!(store.list_remediations(&acme(), None, 10).await.unwrap().items, vec![one.clone()]);
    assert_eq!(store.list_remediations(&other(), None, 10).await.unwrap().items, vec![]);

    let due_at = one.due_at.unwrap();
    let due = |now| {
        let store = &store;
        async move {
            let mut all = Vec::new();
            for shard in super::super::keys::shards() {
                all.extend(store.due_pulls(shard, now, 10).await.unwrap());
            }
            all
        }
    };
    assert_eq!(due(start()).await, vec![]);
    assert_eq!(due(due_at).await, vec![(acme(), one.id.clone(), due_at)]);
    assert!(store.claim_due_pull(&acme(), &one.id, due_at, later(9000)).await.unwrap());
    assert!(!store.claim_due_pull(&acme(), &one.id, due_at, later(9000)).await.unwrap(), "one may win");
    assert_eq!(due(due_at).await, vec![]);
    let mut ended = store.remediation(&acme(), &one.id).await.unwrap().unwrap();
    ended.due_at = None;
    store.save_remediation(&mut ended).await.unwrap();
    assert_eq!(due(later(99_999)).await, vec![]);
}

#[tokio::test]
async fn keys_and_reverts_are_found_by_what_they_are_of() {
    let store = store().await;
    for ticket in ["tkt-2", "tkt-1", "tkt-2"] {
        store.put_key(&acme(), "SEC-1", &ticket_id(ticket)).await.unwrap();
    }
    assert_eq!(
        store.tickets_of_key(&acme(), "SEC-1").await.unwrap(),
        [ticket_id("tkt-1"), ticket_id("tkt-2")]
    );
    assert_eq!(store.tickets_of_key(&acme(), "SEC-12").await.unwrap(), []);
    assert_eq!(store.tickets_of_key(&other(), "SEC-1").await.unwrap(), []);
    let (one, two) = (PullId::of("https://x.example/1"), PullId::of("https://x.example/2"));
    for _ in 0..2 {
        store.put_revert(&acme(), &one, &two, start()).await.unwrap();
    }
    assert_eq!(store.reverts_of(&acme(), &one).await.unwrap(), std::slice::from_ref(&two));
    assert_eq!(store.reverts_of(&acme(), &two).await.unwrap(), []);
    assert_eq!(store.reverts_of(&other(), &one).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_noted_of_github_is_noted_only_while_it_is_set_up() {
    let store = store().await;
    let trouble = Trouble { what: "down".to_owned(), mend: "wait".to_owned(), since: start() };
    let limit = Limit { remaining: 7, resets_at: later(60) };
    store.note_delivered(&acme(), start()).await.unwrap();
    store.note_forge(&acme(), Some(&trouble), Some(limit), Some(later(60))).await.unwrap();
    assert_eq!(store.forge(&acme()).await.unwrap(), None);
    let mut forge = Forge {
        tenant: acme(),
        method: Method::Token,
        name: "octo".to_owned(),
        app_id: None,
        api_url: None,
        reaches: vec!["acme/shop".to_owned()],
        reaches_more: false,
        secret_made_at: start(),
        old_secret_until: None,
        delivered_at: None,
        trouble: None,
        limit: None,
        limited_until: None,
        verified_at: start(),
        version: 0,
    };
    let mut twin = Forge { name: "other".to_owned(), ..forge.clone() };
    store.save_forge(&mut forge).await.unwrap();
    assert_eq!(store.save_forge(&mut twin).await.unwrap_err().kind(), &Kind::Conflict);
    store.note_delivered(&acme(), later(5)).await.unwrap();
    store.note_forge(&acme(), Some(&trouble), Some(limit), Some(later(60))).await.unwrap();
    let noted = store.forge(&acme()).await.unwrap().unwrap();
    assert_eq!(
        (noted.delivered_at, noted.trouble, noted.limit, noted.limited_until),
        (Some(later(5)), Some(trouble), Some(limit), Some(later(60)))
    );
    store.note_forge(&acme(), None, None, None).await.unwrap();
    assert_eq!(store.forge(&acme()).await.unwrap().unwrap().trouble, None);
    for _ in 0..2 {
        store.delete_forge(&acme()).await.unwrap();
    }
    assert_eq!(store.forge(&acme()).await.unwrap(), None);
}
