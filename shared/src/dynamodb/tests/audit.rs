use jiff::Timestamp;

use super::{acme, other, store};
use crate::audit::{Change, Entry, KEPT_FOR, Outcome, Verdict, Who};
use crate::clock::after;
use crate::dynamodb::item::number_beside;
use crate::dynamodb::{AuditFilter, Store, keys};
use crate::ids::{AuditId, TenantId};

const DAY: i64 = 24 * 3600;

fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

fn entry(tenant: &TenantId, id: usize, by: &str, at: Timestamp) -> Entry {
    let who = Who { by: by.to_owned(), name: Some("ci".to_owned()), ..Who::direct() };
    let change = Change::new(who, "PATCH /v1/tasks/{id}").with("id", "B2-1");
    Entry::of(tenant.clone(), AuditId::parse(&format!("{id:04}")).unwrap(), at, change)
}

/// All entries by id, read in pages of `limit`, and how many pages there were.
async fn whole(store: &Store, filter: &AuditFilter<'_>, limit: usize) -> (Vec<usize>, usize) {
    let (mut ids, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.list_audit_entries(&acme(), filter, now(), cursor.as_deref(), limit).await.unwrap();
        assert!(page.items.len() <= limit);
        ids.extend(page.items.iter().map(|entry| entry.id.as_str().parse::<usize>().unwrap()));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            return (ids, pages);
        }
    }
}

#[tokio::test]
async fn entries_come_newest_first_across_months_in_pages_of_any_size_each_once() {
    let store = store().await;
    // Months without any lie between; the first moment of a month has several; the ninth is of the future, by a second clock.
    let month: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let moments = [
        after(now(), 30),
        now(),
        after(now(), -DAY),
        after(month, 1),
        month,
        month,
        month,
        after(month, -1),
        after(now(), -300 * DAY),
        after(now(), -399 * DAY),
    ];
    let many = moments.len();
    for (place, at) in moments.into_iter().enumerate() {
        // At one moment the higher id comes first.
        let id = many - place;
        store.put_audit_entry(&entry(&acme(), id, "tok-1", at)).await.unwrap();
    }
    store.put_audit_entry(&entry(&other(), 99, "tok-1", now())).await.unwrap();
    // The table has not yet removed what is no longer kept.
    store.put_audit_entry(&entry(&acme(), 98, "tok-1", after(now(), -401 * DAY))).await.unwrap();
    let all: Vec<usize> = (1..=many).rev().collect();
    for limit in [1, 2, 3, 7, many, 200] {
        let (ids, pages) = whole(&store, &AuditFilter::default(), limit).await;
        assert_eq!(ids, all, "in pages of {limit}");
        assert!(pages <= many.div_ceil(limit) + 1, "{pages} pages of {limit}");
        let by = AuditFilter { by: Some("tok-1"), ..AuditFilter::default() };
        assert_eq!(whole(&store, &by, limit).await.0, all, "filtered, in pages of {limit}");
    }
    for (since, until, expected) in [
        (Some(month), None, 4..=many),
        (None, Some(month), 1..=3),
        (Some(after(month, -1)), Some(after(month, 1)), 3..=6),
        (Some(after(now(), -1)), Some(after(now(), 3600)), 9..=10),
        (None, Some(after(now(), 3600)), 1..=many),
        (Some(after(now(), -9999 * DAY)), Some(after(now(), -398 * DAY)), 1..=1),
    ] {
        for limit in [2, 200] {
            let filter = AuditFilter { since, until, by: None };
            let expected: Vec<usize> = expected.clone().rev().collect();
            assert_eq!(whole(&store, &filter, limit).await.0, expected, "{since:?} {until:?} by {limit}");
        }
    }
    let nothing = AuditFilter { since: Some(now()), until: Some(month), by: None };
    assert_eq!(whole(&store, &nothing, 10).await, (vec![], 1));
}

#[tokio::test]
async fn a_filtered_list_goes_on_behind_all_that_it_looked_at() {
    let store = store().await;
    let mut expected = Vec::new();
    for id in 0..1200 {
        let by = if id % 400 == 7 { "tok-seldom" } else { "tok-often" };
        store
            .put_audit_entry(&entry(&acme(), id, by, after(now(), -i64::try_from(id).unwrap())))
            .await
            .unwrap();
        if by == "tok-seldom" {
            expected.push(id);
        }
    }
    let seldom = AuditFilter { by: Some("tok-seldom"), ..AuditFilter::default() };
    for limit in [1, 2, 50] {
        assert_eq!(whole(&store, &seldom, limit).await.0, expected, "in pages of {limit}");
    }
}

#[tokio::test]
async fn the_first_outcome_stays_and_none_is_made_without_an_entry() {
    let store = store().await;
    let begun = entry(&acme(), 1, "tok-1", now());
    store.end_audit_entry(&begun, &Outcome::answered(now(), 200)).await.unwrap();
    let (everything, tenant) = (AuditFilter::default(), acme());
    let list = || store.list_audit_entries(&tenant, &everything, now(), None, 10);
    assert!(list().await.unwrap().items.is_empty());
    store.put_audit_entry(&begun).await.unwrap();
    store.put_audit_entry(&begun).await.unwrap();
    assert_eq!(list().await.unwrap().items, std::slice::from_ref(&begun));
    assert_eq!(begun.verdict(), Verdict::Unknown);
    let first = Outcome::answered(after(now(), 1), 403).because(Some("Not allowed"));
    store.end_audit_entry(&begun, &first).await.unwrap();
    store.end_audit_entry(&begun, &Outcome::answered(after(now(), 2), 200)).await.unwrap();
    let ended = list().await.unwrap().items;
    assert_eq!(ended, [Entry { outcome: Some(first), ..begun.clone() }]);
    assert_eq!(ended[0].verdict(), Verdict::Refused);
    let kept = store.get_item(&keys::audit_entry(&acme(), begun.at, &begun.id)).await.unwrap().unwrap();
    let expires: i64 = number_beside(&kept, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, after(now(), KEPT_FOR).as_second());
}

#[tokio::test]
async fn a_cursor_that_this_list_did_not_give_is_refused() {
    let (store, everything, tenant) = (store().await, AuditFilter::default(), acme());
    for text in [
        "entry#",
        "entry#1#a",
        "entry#00000000000000x",
        "entry#999999999999999999#a",
        "task#000000000000001#a",
    ] {
        let cursor = crate::dynamodb::page::cursor_of(text);
        let error =
            store.list_audit_entries(&tenant, &everything, now(), Some(&cursor), 10).await.unwrap_err();
        assert!(matches!(error.kind(), crate::error::Kind::Invalid { field } if field == "cursor"), "{text}");
    }
    // One of another time is harmless.
    for text in ["entry#000000000000000#a", "entry#200000000000000#a"] {
        let cursor = crate::dynamodb::page::cursor_of(text);
        let page = store.list_audit_entries(&tenant, &everything, now(), Some(&cursor), 10).await.unwrap();
        assert_eq!(page.items, []);
    }
}
