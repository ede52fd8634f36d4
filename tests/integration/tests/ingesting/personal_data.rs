//! Whose owner closed an account is erased, with a record that it happened.

use jira_sim::Seed;
use serde_json::json;

use super::support::{account, accounts, ingestion, metered_world, next_run, run, world};

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
