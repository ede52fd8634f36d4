//! Points: a run stays within its share of the hour's, waits for the next hour, and leaves the rest to people.

use assay::ingestion::Stage;
use assay::quota::{POINTS_AN_HOUR, Priority, hour_of};
use jira_sim::Seed;

use super::support::{difference, id, ingestion, knowable_days, metered_world, run, slice, stored_days};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_spent_its_points_goes_on_at_the_hour_and_loses_nothing() {
    let world = metered_world(Seed { tasks: 300, accounts: 40, activity: true, ..Seed::empty() }).await;
    let connection = id(&world).await;
    let ingester = world.ingester();
    ingester.fan_out().await.unwrap();
    // Others spent so much of this hour that nothing is left for filling in history.
    let now = world.time.now();
    world.store().add_points(&world.tenant, &connection, hour_of(now), 51_500).await.unwrap();
    assert!(slice(&world, &ingester).await);
    let waiting = ingestion(&world).await;
    assert_ne!(waiting.stage, Stage::Idle);
    let until = waiting.paused_until.unwrap();
    assert_eq!(until, hour_of(until), "it waits to the top of the hour");
    assert!(waiting.problem.unwrap().contains("points"));
    let quota = world.store().quota(&world.tenant, &connection, now).await.unwrap();
    assert_eq!(quota.wait(Priority::UserAction, 100, true, now), None, "a person need not wait");
    let ended = run(&world).await;
    assert!(world.time.now() >= until);
    let expected = knowable_days(&world, ended.activity.since.unwrap(), &ended.zone);
    assert_eq!(difference(&stored_days(&world).await, &expected), None);
    assert!(ended.cost.points < POINTS_AN_HOUR);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jira_asks_to_wait_is_waited() {
    let world = metered_world(Seed { tasks: 60, accounts: 40, activity: true, ..Seed::empty() }).await;
    let limited = serde_json::json!({
        "path": "searchAndReconsileIssuesUsingJqlPost", "kind": "status", "status": 429,
        "reason": "jira-quota-tenant-based", "retry_after": 1200, "times": 1
    });
    world.jira.simulator.add_fault(serde_json::from_value(limited).unwrap());
    let began = world.time.now();
    let ended = run(&world).await;
    assert!(world.time.now().duration_since(began).as_secs() >= 1200);
    let expected = knowable_days(&world, ended.activity.since.unwrap(), &ended.zone);
    assert_eq!(difference(&stored_days(&world).await, &expected), None);
}
