//! The table, in an embedded engine that is checked against the real `DynamoDB`.

mod counting;
mod meddling;
mod refusing;

use assay::dynamodb::{Store, create_table};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;

pub use counting::{Counts, Operations};

/// The table's name.
pub const TABLE: &str = "assay";

/// An engine of its own with an empty table; it answers until the test's runtime ends. Returns its address, too, so that
/// other processes can reach it.
pub async fn serve() -> (Store, String) {
    let address = begin();
    let client = client(&address, Operations::default());
    create_table(&client, TABLE).await.expect("the table");
    (Store::new(client, TABLE), address)
}

/// A client of an engine of its own, without any table.
pub fn engine() -> Client {
    client(&begin(), Operations::default())
}

fn begin() -> String {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    // Connections inherit it; without it each answer waits for the client's delayed acknowledgement.
    socket.set_nodelay(true).expect("no delay");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free loopback port");
    let listener = socket.listen(64).expect("a listener");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    let database = dynoxide::Database::memory().expect("an engine in memory");
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    address
}

/// A store on the engine at `address`.
pub fn reach(address: &str) -> Store {
    reach_counted(address, &Operations::default())
}

/// A store on the engine at `address` whose operations are counted.
pub fn reach_counted(address: &str, operations: &Operations) -> Store {
    Store::new(client(address, operations.clone()), TABLE)
}

/// A store on the engine at `address` whose updates are changed on their way.
pub fn reach_meddling(address: &str, change: fn(&mut UpdateItemInput)) -> Store {
    let config = config(address).interceptor(meddling::Meddling(change)).build();
    Store::new(Client::from_conf(config), TABLE)
}

/// A store on the engine at `address` whose writes of single items fail where `refuses` says so of their partition key: puts if
/// `puts`, updates if not.
pub fn reach_refusing(address: &str, puts: bool, refuses: fn(&str) -> bool) -> Store {
    let config = config(address).interceptor(refusing::Refusing { puts, refuses }).build();
    Store::new(Client::from_conf(config), TABLE)
}

/// Every item in the table of the engine at `address`, as JSON, in the order of the keys.
pub async fn items(address: &str) -> Vec<serde_json::Value> {
    let mut pages =
        client(address, Operations::default()).scan().table_name(TABLE).into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        let item: serde_json::Value =
            serde_dynamo::from_item(item.expect("the engine answers")).expect("an item is JSON");
        items.push(item);
    }
    items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
    items
}

fn client(address: &str, operations: Operations) -> Client {
    Client::from_conf(config(address).interceptor(operations).build())
}

fn config(address: &str) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .endpoint_url(address)
}
