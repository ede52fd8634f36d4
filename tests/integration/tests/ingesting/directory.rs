use assay::account::AccountKind;
use assay::ingestion::Source;
use jira_sim::Seed;
use serde_json::json;

use super::support::{account, accounts, ingestion, next_run, run, world};

#[tokio::test(flavor = "multi_thread")]
async fn every_account_is_listed_with_its_groups_and_products() {
    let world = world(Seed { accounts: 2345, teams: 3, ..Seed::empty() }).await;
    let ended = run(&world).await;
    for source in [Source::Users, Source::Groups, Source::Members, Source::Products, Source::Roles] {
        assert!(ended.is_complete(source), "{source:?}: {:?}", ended.sources.get(&source));
    }
    let all = accounts(&world).await;
    let bulk = all.iter().filter(|account| account.id.as_str().starts_with("bulk-")).count();
    assert_eq!(bulk, 2345);
    assert_eq!(ended.sources[&Source::Users].read, all.len() as u64);
    let one = all.iter().find(|account| account.id.as_str() == "bulk-7").unwrap();
    assert_eq!(one.kind, AccountKind::Human);
    assert!(!one.groups.is_empty() && !one.products.is_empty(), "{:?} {:?}", one.groups, one.products);
    assert_eq!(world.jira.simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_writes_only_what_changed() {
    let world = world(Seed { accounts: 300, teams: 2, ..Seed::empty() }).await;
    let first = run(&world).await;
    assert!(first.cost.writes >= 300, "{:?}", first.cost);
    let again = next_run(&world).await;
    assert_eq!(again.cost.writes, 0, "nothing changed");
    world.jira.simulator.control("POST", "/accounts/bulk-3", &json!({ "name": "Another Name" })).unwrap();
    let third = next_run(&world).await;
    assert_eq!(third.cost.writes, 1);
    assert_eq!(account(&world, "bulk-3").await.name, "Another Name");
    assert_eq!(ingestion(&world).await.failures, 0);
}
