use std::collections::BTreeSet;

use assay::account::Account;
use assay::connection::UseCase;
use assay::ids::{AccountId, ConnectionId};
use assay::ingestion::Ingestion;
use assay::operations::connecting::Wish;
pub(super) use assay_test_support::ingestion::{
    accounts, act, difference, id, ingestion, knowable_days, run, slice, stored_days,
};
use assay_test_support::world::{World, token_proof, wish};
use jira_sim::{Options, Seed};

/// A world with a connection that reviews access and measures use, and whose ingestion is due.
pub(super) async fn world(seed: Seed) -> World {
    let world = World::with(Options { seed, ..Options::default() }).await;
    let id = ConnectionId::parse("con-1").unwrap();
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    Box::pin(world.connector().begin(&world.tenant, id, usage_wish(), token_proof())).await.unwrap();
    world.evaluate().await;
    world
}

/// The same, connected by consent, so that points bind it.
pub(super) async fn metered_world(seed: Seed) -> World {
    let world = World::with(Options { seed, ..Options::default() }).await;
    Box::pin(world.connect_by_consent_for(usage_wish())).await;
    world.evaluate().await;
    world
}

fn usage_wish() -> Wish {
    Wish { use_cases: BTreeSet::from([UseCase::AccessReview, UseCase::Usage]), ..wish() }
}

/// Moves the clock to the next run and carries it through.
pub(super) async fn next_run(world: &World) -> Ingestion {
    let due_at = ingestion(world).await.due_at.unwrap();
    world.time.advance(due_at.duration_since(world.time.now()).as_secs().max(0) + 1);
    run(world).await
}

/// The stored account with this id.
pub(super) async fn account(world: &World, account: &str) -> Account {
    let connection = id(world).await;
    let id = AccountId::parse(account).unwrap();
    world.store().account(&world.tenant, &connection, &id).await.unwrap().unwrap()
}
