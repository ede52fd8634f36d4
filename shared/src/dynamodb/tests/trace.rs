use super::{acme, later, other, store, ticket};
use crate::dynamodb::Store;
use crate::error::Kind;
use crate::ids::TenantId;
use crate::ticket::{TRACE_IN_RECORD, Ticket};
use crate::trace::Entry;

fn add(ticket: &mut Ticket, count: usize, next: &mut usize) {
    for _ in 0..count {
        ticket.record(Entry::new(later(0), "worker", next.to_string(), "why"));
        *next += 1;
    }
}

async fn whole(store: &Store, tenant: &TenantId, ticket: &Ticket, limit: usize) -> Vec<usize> {
    let (mut entries, mut cursor) = (vec![], None);
    loop {
        let page = store.trace(tenant, &ticket.id, cursor.as_deref(), limit).await.unwrap();
        assert!(page.items.len() == limit || page.next.is_none(), "only the last page is short");
        entries.extend(page.items.iter().map(|entry| entry.what.parse::<usize>().unwrap()));
        cursor = page.next;
        if cursor.is_none() {
            return entries;
        }
    }
}

async fn put(store: &Store) -> Ticket {
    let it = ticket(&acme(), "tkt-1");
    assert!(store.put_new_tickets(std::slice::from_ref(&it)).await.remove(0).unwrap());
    store.ticket(&acme(), &it.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_long_trace_is_whole_in_order_and_the_record_stays_small() {
    let store = store().await;
    let mut it = put(&store).await;
    let mut next = 0;
    for count in [1, 59, 1, 1, 40, 70, 3] {
        add(&mut it, count, &mut next);
        store.save_ticket(&mut it).await.unwrap();
        assert!(it.trace.len() <= TRACE_IN_RECORD);
        assert_eq!(store.ticket(&acme(), &it.id).await.unwrap(), Some(it.clone()));
        assert_eq!(whole(&store, &acme(), &it, 200).await, (0..next).collect::<Vec<_>>());
    }
    for limit in [3, 30, 31, 60] {
        assert_eq!(whole(&store, &acme(), &it, limit).await, (0..next).collect::<Vec<_>>(), "by {limit}");
    }
    assert_eq!(store.trace(&other(), &it.id, None, 10).await.unwrap_err().kind(), &Kind::NotFound);
}

#[tokio::test]
async fn a_conflict_loses_no_entry_of_either_side() {
    let store = store().await;
    let mut winner = put(&store).await;
    let mut next = 0;
    add(&mut winner, TRACE_IN_RECORD, &mut next);
    store.save_ticket(&mut winner).await.unwrap();
    let mut loser = winner.clone();
    add(&mut winner, 1, &mut next);
    add(&mut loser, 1, &mut 1000);
    store.save_ticket(&mut winner).await.unwrap();
    let before = loser.clone();
    assert_eq!(store.save_ticket(&mut loser).await.unwrap_err().kind(), &Kind::Conflict);
    assert_eq!(loser, before, "the loser's trace is as it was");
    assert_eq!(whole(&store, &acme(), &winner, 200).await, (0..next).collect::<Vec<_>>());
}

#[tokio::test]
async fn reading_on_after_entries_have_moved_skips_and_repeats_none() {
    let store = store().await;
    let mut it = put(&store).await;
    let mut next = 0;
    add(&mut it, 50, &mut next);
    store.save_ticket(&mut it).await.unwrap();
    let first = store.trace(&acme(), &it.id, None, 40).await.unwrap();
    add(&mut it, 30, &mut next);
    store.save_ticket(&mut it).await.unwrap();
    add(&mut it, 40, &mut next);
    store.save_ticket(&mut it).await.unwrap();
    let second = store.trace(&acme(), &it.id, first.next.as_deref(), 200).await.unwrap();
    let read: Vec<usize> =
        first.items.iter().chain(&second.items).map(|entry| entry.what.parse().unwrap()).collect();
    assert_eq!(read, (0..120).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_ticket_that_is_not_there_has_no_trace_to_save() {
    let store = store().await;
    let mut it = ticket(&acme(), "tkt-1");
    add(&mut it, TRACE_IN_RECORD + 1, &mut 0);
    assert_eq!(store.save_ticket(&mut it).await.unwrap_err().kind(), &Kind::Conflict);
    assert_eq!(it.trace.len(), TRACE_IN_RECORD + 1);
}
