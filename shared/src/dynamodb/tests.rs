//! The store against an embedded engine that is checked against the real `DynamoDB`; nothing here is a twin by hand.

mod access;
mod announcing;
mod audit;
mod campaign;
mod check;
mod connection;
mod console;
mod once;
mod pages;
mod person;
mod posture;
mod pull;
mod quota;
mod single_sign_on;
mod stored;
mod sync_setting;
mod task;
mod tenant;
mod ticket;
mod trace;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use jiff::Timestamp;

use super::{Store, create_table};
use crate::clock::after;
use crate::connection::{Connection, Method};
use crate::ids::{ConnectionId, RunId, SettingId, TaskId, TenantId, TicketId};
use crate::site::SiteDomain;
use crate::task::{Subject, Task};
use crate::ticket::{Content, Ticket};

const TABLE: &str = "assay";

/// A store of its own on an empty table, served on a loopback port until the test's runtime ends.
async fn store() -> Store {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    // Connections inherit it; without it each answer waits for the client's delayed acknowledgement.
    socket.set_nodelay(true).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(64).unwrap();
    let address = listener.local_addr().unwrap();
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    let store = Store::new(client(&format!("http://{address}")), TABLE);
    create_table(&store.client, TABLE).await.unwrap();
    store
}

/// A client of the engine at `address`, which asks once only, so that failures come at once.
fn client(address: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .endpoint_url(address)
        .build();
    Client::from_conf(config)
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00.5Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    after(start(), seconds)
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn other() -> TenantId {
    TenantId::parse("other").unwrap()
}

fn connection_id(text: &str) -> ConnectionId {
    ConnectionId::parse(text).unwrap()
}

fn ticket_id(text: &str) -> TicketId {
    TicketId::parse(text).unwrap()
}

fn connection(tenant: &TenantId, id: &str) -> Connection {
    let site = SiteDomain::parse("acme.atlassian.net").unwrap();
    Connection::begin(tenant.clone(), connection_id(id), Method::ApiToken, site, start())
}

fn task(tenant: &TenantId, id: &str) -> Task {
    let check = id[..2].parse().unwrap();
    Task {
        tenant: tenant.clone(),
        id: TaskId::parse(id).unwrap(),
        check,
        connection: Some(connection_id("con-1")),
        subject: Subject {
            id: id.to_owned(),
            key: "CHG-1".to_owned(),
            title: "A change".to_owned(),
            url: String::new(),
        },
        title: "Assign change ticket CHG-1".to_owned(),
        why: "it has no assignee".to_owned(),
        finding: None,
        assignee: None,
        due_at: later(600),
        state: crate::task::State::Open,
        generation: 1,
        opened_by: RunId::parse("run-1").unwrap(),
        opened_at: start(),
        resolved_at: None,
        completion: None,
        held: false,
        edited: std::collections::BTreeSet::new(),
        ticket: None,
        updated_at: start(),
        version: 0,
    }
}

fn ticket(tenant: &TenantId, id: &str) -> Ticket {
    Ticket {
        tenant: tenant.clone(),
        id: ticket_id(id),
        setting: SettingId::parse("set-all").unwrap(),
        connection: connection_id("con-1"),
        cloud_id: None,
        project: crate::ids::ProjectId::parse("10003").unwrap(),
        issue_type: crate::ids::IssueTypeId::parse("10100").unwrap(),
        tasks: vec![TaskId::parse("B2-1").unwrap()],
        content: Content::of_checked(&task(tenant, "B2-1"), &["compliance".to_owned()], None),
        due_at: Some(later(120)),
        trace: vec![],
        ..crate::plan::tests_support::ticket(start())
    }
}
