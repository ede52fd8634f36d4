//! Whose owner closed an account is erased, with a record that it happened.

use jira_sim::Seed;
use serde_json::json;

use super::support::{account, accounts, id, ingestion, metered_world, next_run, run, slice, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_erased_in_the_next_cycle_and_an_updated_one_is_read_again() {
    let world = metered_world(Seed { accounts: 205, teams: 1, ..Seed::empty() }).await;
    run(&world).await;
    let reported = ingestion(&world).await.report_at.unwrap();
    let cycle = reported.duration_since(world.time.now()).as_secs();
    assert!((6 * 86_400..=7 * 86_400).contains(&cycle), "a week, as Atlassian says: {cycle}");
    assert!(!account(&world, "bulk-4").await.name.is_empty());
    world.jira.simulator.control("POST", "/accounts/bulk-4/close", &json!({})).unwrap();
    for _ in 0..8 {
        next_run(&world).await;
    }
    let erased = account(&world, "bulk-4").await;
    assert!(erased.erased_at.is_some(), "{erased:?}");
    assert_eq!((erased.name.as_str(), erased.email.as_deref()), ("", None));
    assert!(!erased.is_live());
    let others = accounts(&world).await;
    assert_eq!(others.iter().filter(|account| account.erased_at.is_some()).count(), 1);
    // Every account that is stored was reported, 90 at a time.
    let journal = world.jira.simulator.journal();
    let reports = journal.iter().filter(|call| call.path.contains("report-accounts")).count();
    let pages = others.len().div_ceil(90);
    assert_eq!(reports, 2 * pages, "{pages} a cycle");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_reported_by_an_api_token() {
    let world = world(Seed { accounts: 20, ..Seed::empty() }).await;
    run(&world).await;
    let journal = world.jira.simulator.journal();
    assert!(journal.iter().all(|call| !call.path.contains("report-accounts")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_site_that_is_disconnected_no_names_are_kept() {
    let world = world(Seed { accounts: 20, ..Seed::empty() }).await;
    run(&world).await;
    assert!(!account(&world, "bulk-2").await.name.is_empty());
    let connection = id(&world).await;
    Box::pin(world.connector().disconnect(&world.tenant, &connection)).await.unwrap();
    let due_at = ingestion(&world).await.due_at.unwrap();
    world.time.advance(due_at.duration_since(world.time.now()).as_secs().max(0) + 1);
    let ingester = world.ingester();
    ingester.fan_out().await.unwrap();
    while slice(&world, &ingester).await {}
    let forgotten = accounts(&world).await;
    assert!(forgotten.iter().all(|account| account.name.is_empty() && account.email.is_none()));
    assert!(!forgotten.is_empty() && ingestion(&world).await.due_at.is_none());
}
