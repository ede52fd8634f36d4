//! What stands in the table, and what becomes of items and answers that are not as they should be.

use super::{TABLE, acme, client, connection, connection_id, later, start, store, ticket};
use crate::dynamodb::item::{item, text};
use crate::dynamodb::keys::{self, DueKind};
use crate::dynamodb::write::Change;
use crate::dynamodb::{Store, create_table};
use crate::error::Kind;

/// Puts an item under a connection's key that no version of this library wrote.
async fn put_strange(store: &Store, id: &str, record: aws_sdk_dynamodb::types::AttributeValue) {
    let key = keys::connection(&acme(), &connection_id(id));
    let due = keys::due_partition(DueKind::Connection, keys::shard(&acme(), id));
    let beside = vec![
        (keys::DUE_PK, Some(text(due))),
        (keys::DUE_SK, Some(text(keys::due_sort(start(), &acme(), id)))),
    ];
    store.put(item(&key, record, beside), Change::new("", "attribute_not_exists(#pk)"), &key).await.unwrap();
}

#[tokio::test]
async fn every_key_begins_with_its_tenant() {
    let store = store().await;
    let mut it = connection(&acme(), "con-1");
    it.due_at = Some(start());
    store.put_new_connection(&it).await.unwrap();
    let kept = store.get_item(&keys::connection(&acme(), &it.id)).await.unwrap().unwrap();
    let attribute = |name: &str| kept[name].as_s().unwrap().as_str();
    assert_eq!((attribute("pk"), attribute("sk")), ("acme#connection", "connection#con-1"));
    assert_eq!(attribute("due_sk"), "001767225600500#acme#con-1");
    let (partition, shard) = attribute("due_pk").split_once('#').unwrap();
    assert_eq!(partition, "connection");
    assert!(shard.parse::<u8>().unwrap() < keys::SHARDS);
}

#[tokio::test]
async fn an_item_that_is_not_what_it_should_be_is_an_error_that_names_it() {
    let store = store().await;
    put_strange(&store, "con-1", text("nonsense")).await;
    let error = store.connection(&acme(), &connection_id("con-1")).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Internal);
    assert!(error.to_string().contains("acme#connection connection#con-1"), "{error}");
    assert!(error.chain().len() > error.to_string().len(), "the cause is for the log: {}", error.chain());
    let error = store.all_connections(&acme()).await.unwrap_err();
    assert!(error.to_string().contains("connection#con-1"), "{error}");
}

#[tokio::test]
async fn a_bad_item_does_not_hold_up_others_that_are_due() {
    let store = store().await;
    let shard = keys::shard(&acme(), "con-0");
    let good = (1..1000).map(|n| format!("con-{n}")).find(|id| keys::shard(&acme(), id) == shard).unwrap();
    put_strange(&store, "con-0", text("nonsense")).await;
    let mut it = connection(&acme(), &good);
    it.due_at = Some(later(1));
    store.put_new_connection(&it).await.unwrap();
    let due = store.due_connections(shard, later(1), 1).await.unwrap();
    assert_eq!(due, vec![(acme(), it.id, later(1))]);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_our_fault_and_one_that_does_not_answer_is_not() {
    let store = store().await;
    let elsewhere = Store::new(store.client.clone(), "another");
    let error = elsewhere.connection(&acme(), &connection_id("con-1")).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Internal, "{}", error.chain());
    let mut it = ticket(&acme(), "tkt-1");
    assert_eq!(elsewhere.save_ticket(&mut it).await.unwrap_err().kind(), &Kind::Internal);

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let silent = Store::new(client(&address), TABLE);
    let error = silent.connection(&acme(), &connection_id("con-1")).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Unavailable, "{}", error.chain());
    assert!(error.to_string().contains("read acme#connection connection#con-1"), "{error}");
    assert_eq!(silent.save_ticket(&mut it).await.unwrap_err().kind(), &Kind::Unavailable);
}

#[tokio::test]
async fn the_table_is_made_once() {
    let store = store().await;
    let error = create_table(&store.client, TABLE).await.unwrap_err();
    assert!(error.to_string().contains(TABLE), "{error}");
}
