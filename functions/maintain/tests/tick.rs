//! A tick: what was missed is asked for again.

use std::time::{Duration, SystemTime};

use assay_maintain::Maintain;
use assay_test_support::table;
use assay_test_support::world::World;

/// When Lambda would end a function that starts now.
fn deadline(world: &World) -> SystemTime {
    SystemTime::from(world.time.now()) + Duration::from_mins(5)
}

#[tokio::test]
async fn tickets_whose_messages_were_lost_are_asked_for_again() {
    let world = World::start().await;
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.evaluate().await;
    let lost = world.sync.receive(100).len();
    assert!(lost > 0, "tickets are planned");
    world.time.advance(3600);

    let done = Maintain { upkeep: world.upkeep(), announcer: world.announcer() }
        .handle(deadline(&world))
        .await
        .unwrap();
    assert_eq!(done["asked"], lost);
    assert_eq!(world.sync.len(), lost);
    world.work().await;
    assert_eq!(world.issues_in("SEC").len(), lost);

    let done = Maintain { upkeep: world.upkeep(), announcer: world.announcer() }
        .handle(deadline(&world))
        .await
        .unwrap();
    assert_eq!(done["asked"], 0, "what is settled is left alone");
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_an_error_that_the_alarm_counts() {
    let world = World::start().await;
    let mut upkeep = world.upkeep();
    upkeep.jira.core.store = table::reach("http://127.0.0.1:9");
    assert!(Maintain { upkeep, announcer: world.announcer() }.handle(deadline(&world)).await.is_err());
}
