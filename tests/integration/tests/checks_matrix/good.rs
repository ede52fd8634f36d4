//! What a good reading says, and what none of them may be taken for.

use assay::check::Outcome;
use assay::task;
use assay_test_support::world::World;
use jira_sim::{Options, Seed};
use serde_json::json;

use super::support::{ABOUT_TENANT, NEXT, READ, TASKS};

#[tokio::test]
async fn a_flickering_index_resolves_no_task_that_still_fails() {
    let world = World::start().await;
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.rest().await;
    for flicker in [1, 2, 3] {
        world.jira.simulator.set(|settings| settings.flicker = flicker);
        // The index loses what changed lately: a person writes to the very issues that fail.
        for task in world.tasks().await {
            let path = format!("/rest/api/3/issue/{}", task.subject.id);
            world.as_person("PUT", &path, Some(json!({ "fields": { "labels": ["seen"] } }))).await;
        }
        world.time.advance(5);
        world.reevaluate().await;
        assert!(world.tasks().await.iter().all(|task| task.state == task::State::Open), "flicker {flicker}");
        world.time.advance(NEXT);
    }
    world.assert_one_issue_for_each_of(TASKS, "flicker").await;
    world.assert_honest();
}

#[tokio::test]
async fn a_good_reading_passes_and_a_really_empty_one_says_so_for_each_check() {
    let seed = Seed {
        change_tickets: 6,
        change_unassigned: 0,
        incidents: 4,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = World::with(Options { seed, ..Options::default() }).await;
    world.connect().await;
    world.evaluate().await;
    for check in READ.into_iter().chain(ABOUT_TENANT) {
        let result = world.result(check).await;
        assert_eq!(result.outcome, Outcome::Pass, "{check}: {}", result.because);
        assert!(result.evidence.coverage.gaps.is_empty(), "{check}");
    }
    world.assert_honest();

    let seed = Seed {
        change_tickets: 0,
        change_unassigned: 0,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = World::with(Options { seed, ..Options::default() }).await;
    world.connect().await;
    world.evaluate().await;
    let expected = [
        ("B1", Outcome::Pass),
        ("B2", Outcome::NotApplicable),
        ("B3", Outcome::NotApplicable),
        ("B4", Outcome::Fail),
        ("B5", Outcome::Pass),
    ];
    for (check, outcome) in expected {
        let result = world.result(check).await;
        assert_eq!(result.outcome, outcome, "{check}: {}", result.because);
        assert!(result.evidence.coverage.gaps.is_empty(), "{check}");
    }
    world.assert_honest();
}

#[tokio::test]
async fn a_tenant_without_a_connection_fails_the_checks_about_connections() {
    let world = World::start().await;
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    world.time.advance(1);
    world.evaluator().fan_out().await.unwrap();
    world.evaluate().await;
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
}
