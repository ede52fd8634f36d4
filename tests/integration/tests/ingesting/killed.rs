//! A run that dies anywhere, again and again, loses no day, no account and no group, and doubles none.

use assay::ids::ConnectionId;
use assay::ingestion::Stage;
use assay::sqs::UsageRequest;
use assay_test_support::killed::Killed;
use assay_test_support::world::World;
use jira_sim::Seed;
use proptest::prelude::*;

use super::support::{accounts, difference, ingestion, knowable_days, run, stored_days, world};

/// Begins slices that die after so many polls each, then lets the run come to its end. Returns the stages in which they
/// died.
async fn die(world: &World, lives: &[u32]) -> Vec<Stage> {
    let (tenant, id) = (world.tenant.clone(), ConnectionId::parse("con-1").unwrap());
    let ingester = world.ingester();
    let mut died_in = Vec::new();
    for polls in lives {
        ingester.fan_out().await.unwrap();
        world.usage.lose_everything();
        let slice = Box::pin(ingester.ingest(&tenant, &id));
        if let Some(ended) = (Killed { inner: slice, polls: *polls }).await {
            ended.unwrap();
        }
        // Its lease ends, and the tick finds the ingestion due again.
        world.time.advance(500);
        let stage = ingestion(world).await.stage;
        if stage == Stage::Idle {
            return died_in;
        }
        died_in.push(stage);
    }
    ingester.usage.send(&UsageRequest::Ingest { tenant, connection: id }, None).await.unwrap();
    run(world).await;
    died_in
}

/// What a run that was never interrupted stores of accounts.
fn told(accounts: &[assay::account::Account]) -> Vec<String> {
    let line = |account: &assay::account::Account| {
        format!("{} {:?} {:?} {:?}", account.id, account.groups, account.products, account.removed_at)
    };
    accounts.iter().map(line).collect()
}

fn seed() -> Seed {
    Seed { tasks: 260, accounts: 130, teams: 3, activity: true, ..Seed::empty() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_is_killed_anywhere_loses_and_doubles_nothing(
        lives in prop::collection::vec(2_u32..60, 30..90)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let calm = world(seed()).await;
            run(&calm).await;
            let world = world(seed()).await;
            // Small pages, so that there are many boundaries to die at.
            world.jira.simulator.set(|settings| settings.search_page_cap = Some(9));
            let died_in = die(&world, &lives).await;
            assert!(!died_in.is_empty(), "no life was short enough");
            let ended = ingestion(&world).await;
            let expected = knowable_days(&world, ended.activity.since.unwrap(), &ended.zone);
            assert_eq!(difference(&stored_days(&world).await, &expected), None);
            assert_eq!(told(&accounts(&world).await), told(&accounts(&calm).await));
        });
    }
}
