//! The overview: from nothing to everything.

use assay::access::Role;
use assay::clock::after;
use assay::ids::{ConnectionId, TicketId};
use assay::quota::hour_of;
use assay::sqs::{Queue, SyncRequest};
use serde_json::json;

use super::support::{House, between, main_of};

#[tokio::test]
async fn a_newcomer_sees_the_next_step() {
    let house = House::start().await;
    let admin = house.signed_in(Role::Admin).await.page("/").await;
    insta::assert_snapshot!("overview_empty", main_of(&admin));
    let reader = house.signed_in(Role::Auditor).await.page("/").await;
    assert!(reader.contains("An admin can connect one.") && !reader.contains("href=\"/connect\""));
    house.world.connect().await;
    let page = house.signed_in(Role::Auditor).await.page("/").await;
    assert!(page.contains("The first evaluation goes on") && page.contains("/connections/con-1"), "{page}");
}

#[tokio::test]
async fn before_anything_was_evaluated_nothing_is_said_of_what_fails() {
    let house = House::start().await;
    house.world.connect().await;
    let page = house.signed_in(Role::Auditor).await.page("/").await;
    assert!(page.contains("The first evaluation goes on"), "{page}");
    assert!(!page.contains("What fails now") && !page.contains("No check fails"), "{page}");
}

#[tokio::test]
async fn everything_is_told_at_a_glance() {
    let house = House::with_tasks().await;
    let connection = house.world.store().all_connections(&house.world.tenant).await.unwrap().remove(0);
    house.world.sync_all(&connection).await;
    house.world.reevaluate().await;
    house.world.rest().await;
    let page = house.signed_in(Role::Auditor).await.page("/").await;
    insta::assert_snapshot!("overview", main_of(&page));
    let summary = house.call("GET", "/v1/tickets/summary", &serde_json::Value::Null).await.json();
    assert!(page.contains(&format!("<b>{}</b> open", summary["open"])), "{page}");
    assert!(page.contains("Checks by day") && page.contains("role=\"img\""), "{page}");
}

#[tokio::test]
async fn what_waits_in_the_queues_is_told_and_what_was_given_up() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/").await;
    assert!(page.contains("What waits in the queues") && !page.contains("in vain"), "{page}");
    let tenant = house.world.tenant.clone();
    let request = SyncRequest { tenant, ticket: TicketId::parse("tkt-1").unwrap() };
    for _ in 0..3 {
        house.world.parked.send(&request, None).await.unwrap();
    }
    let page = browser.page("/").await;
    assert!(
        page.contains("<td class=\"number\">3</td></tr>") && page.contains("five times in vain"),
        "{page}"
    );
}

#[tokio::test]
async fn what_ends_and_what_jira_holds_back_is_told_ahead() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    assert!(browser.page("/").await.contains("No token, key or approval ends within 30 days."));
    let proof = json!({
        "method": "api_token", "email": "admin@example.com", "token": "sim-admin-token",
        "token_ends_on": "2026-06-20",
    });
    house.call("POST", "/v1/connections/con-1/reconnect", &proof).await;
    let page = browser.page("/").await;
    assert!(page.contains("5 days left") && page.contains("API token of"), "{page}");
    let (store, tenant, now) = (house.world.store(), &house.world.tenant, house.world.time.now());
    let id = ConnectionId::parse("con-1").unwrap();
    store.add_points(tenant, &id, hour_of(now), 10).await.unwrap();
    store.pause(tenant, &id, after(now, 600)).await.unwrap();
    let page = browser.page("/").await;
    assert!(page.contains("Jira asked to pause") && page.contains("in 10 minutes"), "{page}");
}

#[tokio::test]
async fn of_many_connections_those_that_need_somebody_are_shown_and_all_can_be_paged() {
    let house = House::with_tasks().await;
    let store = house.world.store();
    let one = store.all_connections(&house.world.tenant).await.unwrap().remove(0);
    for number in 0..120 {
        let id = ConnectionId::parse(&format!("con-1{number:03}")).unwrap();
        let mut connection = assay::connection::Connection { id, ..one.clone() };
        match number {
            // The first are over, and the last is lost.
            0..60 => connection.state = assay::connection::State::Disconnected,
            119 => connection.state = assay::connection::State::NeedsReauth,
            _ => {}
        }
        store.put_new_connection(&connection).await.unwrap();
    }
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/").await;
    assert!(page.contains("A connection must be connected again") && page.contains("con-1119"), "{page}");
    assert!(page.contains("<a href=\"/connections\">All connections</a>"), "{page}");
    let (mut path, mut pages, mut seen) = ("/connections".to_owned(), 0, 0);
    loop {
        let page = browser.page(&path).await;
        seen += page.matches("<tr><th scope=\"row\">").count();
        pages += 1;
        match between(&page, "class=\"button\" href=\"", "\" rel=\"next\"") {
            Some(next) => path = next.replace("&#38;", "&"),
            None => break,
        }
    }
    assert_eq!((pages, seen), (3, 121));
}

#[tokio::test]
async fn a_connection_that_is_lost_is_the_first_thing_that_is_seen() {
    let house = House::with_tasks().await;
    let store = house.world.store();
    let id = ConnectionId::parse("con-1").unwrap();
    let mut connection = store.connection(&house.world.tenant, &id).await.unwrap().unwrap();
    connection.lost(assay::connection::Problem::new(
        assay::connection::ProblemCode::CredentialsRefused,
        "Jira refuses the token",
        "enter a new one",
    ));
    store.save_connection(&mut connection).await.unwrap();
    let page = house.signed_in(Role::Auditor).await.page("/").await;
    assert!(page.contains("A connection must be connected again"), "{page}");
    assert!(page.contains("Jira refuses the token: enter a new one"), "{page}");
}
