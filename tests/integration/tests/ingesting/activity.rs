use jira_sim::Seed;

use super::support::{difference, knowable_days, run, stored_days, world};

#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_thirty_days_are_those_of_the_journal_to_the_last_entry() {
    let world = world(Seed { tasks: 700, accounts: 60, activity: true, ..Seed::empty() }).await;
    let ended = run(&world).await;
    let expected = knowable_days(&world, ended.activity.since.unwrap(), &ended.zone);
    assert!(expected.len() > 30, "{}", expected.len());
    assert_eq!(difference(&stored_days(&world).await, &expected), None);
    assert_eq!(world.jira.simulator.violations(), []);
}
