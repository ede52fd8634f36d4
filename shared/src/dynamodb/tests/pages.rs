use data_encoding::BASE64URL_NOPAD;

use super::{acme, connection, other, store, task};
use crate::dynamodb::{LONGEST_PAGE, Store, TaskFilter, TicketFilter};
use crate::error::Kind;

async fn ten_connections(store: &Store) {
    for number in 0..10 {
        store.put_new_connection(&connection(&acme(), &format!("con-{number}"))).await.unwrap();
    }
}

fn is_refused<T: std::fmt::Debug>(result: crate::Result<T>) -> bool {
    matches!(result.unwrap_err().kind(), Kind::Invalid { field } if field == "cursor")
}

#[tokio::test]
async fn pages_of_any_size_make_the_whole_list() {
    let store = store().await;
    ten_connections(&store).await;
    let all = store.all_connections(&acme()).await.unwrap();
    assert_eq!(all.len(), 10);
    for limit in [1, 3, 5, 9, 10, 11, LONGEST_PAGE] {
        let (mut read, mut cursor) = (vec![], None);
        loop {
            let page = store.list_connections(&acme(), cursor.as_deref(), limit).await.unwrap();
            assert!(
                !page.items.is_empty(),
                "no page is empty when the list's size is a multiple of the limit"
            );
            read.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(read, all, "by {limit}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_tenant_reads_nothing_of_theirs() {
    let store = store().await;
    ten_connections(&store).await;
    store.put_new_connection(&connection(&other(), "con-9")).await.unwrap();
    let cursor = store.list_connections(&acme(), None, 3).await.unwrap().next;
    let page = store.list_connections(&other(), cursor.as_deref(), 10).await.unwrap();
    assert!(page.items.iter().all(|connection| connection.tenant == other()));
    assert_eq!(page.items.len(), 1);
}

#[tokio::test]
async fn a_cursor_of_another_list_or_of_no_list_is_refused() {
    let store = store().await;
    ten_connections(&store).await;
    for result in store.save_tasks(&[task(&acme(), "B2-1"), task(&acme(), "B2-2")]).await {
        result.unwrap();
    }
    let cursor = store.list_connections(&acme(), None, 3).await.unwrap().next.unwrap();
    assert!(is_refused(store.list_tokens(&acme(), Some(&cursor), 3).await));
    assert!(is_refused(store.list_tasks(&acme(), TaskFilter::default(), Some(&cursor), 3).await));
    assert!(is_refused(store.list_tickets(&acme(), &TicketFilter::default(), Some(&cursor), 3).await));
    let tasks = store.list_tasks(&acme(), TaskFilter::default(), None, 1).await.unwrap().next.unwrap();
    let of_b3 = TaskFilter { check: Some(crate::check::CheckId::B3), state: None };
    assert!(is_refused(store.list_tasks(&acme(), of_b3, Some(&tasks), 1).await));
    for text in ["", "connection#", "connection#a\u{0}", "connection", "con-1", "other#connection#con-1"] {
        let cursor = BASE64URL_NOPAD.encode(text.as_bytes());
        assert!(is_refused(store.list_connections(&acme(), Some(&cursor), 3).await), "{text:?}");
    }
    for cursor in ["?", "connection#con-1", "Zg==", &BASE64URL_NOPAD.encode(&[0xff, 0xfe])] {
        assert!(is_refused(store.list_connections(&acme(), Some(cursor), 3).await), "{cursor:?}");
    }
    let long = BASE64URL_NOPAD.encode(format!("connection#{}", "a".repeat(2000)).as_bytes());
    assert!(is_refused(store.list_connections(&acme(), Some(&long), 3).await));
}

#[tokio::test]
async fn a_page_of_no_items_or_of_too_many_is_refused() {
    let store = store().await;
    for limit in [0, LONGEST_PAGE + 1, usize::MAX] {
        let error = store.list_connections(&acme(), None, limit).await.unwrap_err();
        assert_eq!(error.kind(), &Kind::Invalid { field: "limit".to_owned() });
    }
}
