//! Nobody who needs the grant outlives the invocation, and what was won is not thrown away at its end.

use assay::clock::after;
use assay::error::Kind;
use assay_test_support::misfortune::Misfortune;
use assay_test_support::table::{self, Operations};

use super::{exchanges, expired, stored};

#[tokio::test]
async fn whoever_waits_for_the_lease_of_another_gives_up_in_time() {
    let (world, connection) = expired().await;
    let now = world.time.now();
    let taken =
        world.store().take_refresh_lease(&world.tenant, &connection.id, "busy", after(now, 85), now).await;
    assert!(taken.unwrap());
    let deadline = after(now, 20);
    world.access.deadline.set(deadline);
    let error = world.access.open(&connection).await.err().unwrap();
    assert_eq!(error.kind(), &Kind::Unavailable, "{}", error.chain());
    assert!(world.time.now() < deadline, "{}", world.time.now());
    // Disconnecting needs the lease, too.
    let now = world.time.now();
    world.access.deadline.set(after(now, 20));
    let error = world.connector().disconnect(&world.tenant, &connection.id).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Unavailable, "{}", error.chain());
    assert!(world.time.now() < after(now, 20), "{}", world.time.now());
    assert_eq!(exchanges(&world), 0);
}

#[tokio::test]
async fn no_exchange_is_begun_that_could_not_be_ended() {
    let (world, connection) = expired().await;
    world.access.deadline.set(after(world.time.now(), 4));
    let error = world.access.open(&connection).await.err().unwrap();
    assert_eq!(error.kind(), &Kind::Unavailable, "{}", error.chain());
    assert_eq!(exchanges(&world), 0);
    world.access.deadline.set(after(world.time.now(), 200));
    world.access.open(&connection).await.unwrap().myself().await.unwrap();
}

#[tokio::test]
async fn a_call_to_jira_ends_with_the_invocation_whoever_makes_it() {
    let (world, connection) = expired().await;
    world.access.open(&connection).await.unwrap();
    let fault = Misfortune::limited(Some("jira-burst-based"), Some(20)).fault("*", 1000);
    world.jira.simulator.add_fault(fault);
    let deadline = after(world.time.now(), 30);
    world.access.deadline.set(deadline);
    Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap_err();
    assert!(world.time.now() <= deadline, "{}", world.time.now());
}

#[tokio::test]
async fn a_lease_that_could_not_be_given_back_does_not_spoil_the_refresh() {
    let (mut world, connection) = expired().await;
    // The third update of a refresh, after the lease and the due time, gives the lease back.
    let operations = Operations::failing("UpdateItem", 3);
    world.access.core.store = table::reach_counted(&world.table_address, &operations);
    world.access.open(&connection).await.unwrap().myself().await.unwrap();
    let kept = stored(&world, &connection).await;
    assert!(kept.refresh_lease.is_some(), "it was not given back");
    assert_eq!(exchanges(&world), 1);
}
