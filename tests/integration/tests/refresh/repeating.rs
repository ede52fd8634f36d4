//! A refresh whose answer or save is lost, or whose function died, is repeated by the tick within Atlassian's leeway,
//! whoever made it: then the connection lives on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use assay::clock::after;
use assay::connection::{Connection, State};
use assay::secret::Secret;
use assay::secrets::SecretStore;
use assay::sqs::ChecksRequest;
use assay_test_support::world::World;
use tokio::sync::Notify;

use super::{EXPIRED, Forgetful, expired, stored};

/// A world with open tickets, whose access token's time is over and whose next evaluation is hours away.
async fn expired_and_not_due() -> (World, Connection) {
    let (world, connection) = expired().await;
    world.sync_all(&connection).await;
    world.tick().await;
    world.settle(2).await;
    world.time.advance(EXPIRED);
    let now = world.time.now();
    let due = after(now, 6 * 3600);
    world.store().set_connection_due(&world.tenant, &connection.id, (now, now), due).await.unwrap();
    let due_at = stored(&world, &connection).await.due_at;
    assert_eq!(due_at, Some(due));
    (world, connection)
}

/// Only time passes, and the tick comes each minute.
async fn assert_lives_on(world: &World, connection: &Connection, what: &str) {
    for _ in 0..30 {
        world.time.advance(60);
        world.tick().await;
    }
    for _ in 0..2 {
        let connection = stored(world, connection).await;
        assert_eq!(connection.state, State::Active, "{what}: {:?}", connection.problems);
        world.access.open(&connection).await.unwrap().myself().await.unwrap();
        world.time.advance(EXPIRED);
    }
}

/// What needs the grant.
#[derive(Clone, Copy, Debug)]
enum Need {
    Verify,
    Upkeep,
    OnDemand,
}

impl Need {
    const ALL: [Self; 3] = [Self::Verify, Self::Upkeep, Self::OnDemand];

    async fn arise(self, world: &World, connection: &Connection) {
        match self {
            Self::Verify => {
                let verified = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await;
                assert!(verified.unwrap_err().retryable());
            }
            Self::Upkeep => {
                world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
            }
            Self::OnDemand => {
                let (tenant, connection) = (world.tenant.clone(), connection.id.clone());
                world.store().hasten_connection(&tenant, &connection, world.time.now()).await.unwrap();
                let request = ChecksRequest::Connection { tenant, connection };
                Box::pin(world.evaluator().evaluate(&request)).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_pair_that_could_not_be_saved_is_replaced_by_the_tick_whoever_had_asked_for_it() {
    for need in Need::ALL {
        let (mut world, connection) = expired_and_not_due().await;
        let inner = Arc::clone(&world.access.secrets);
        world.access.secrets = Arc::new(Forgetful { inner, failures: AtomicU32::new(1) });
        need.arise(&world, &connection).await;
        assert_lives_on(&world, &connection, &format!("{need:?}")).await;
        world.assert_honest();
    }
}

/// Keeps secrets as another store does; who puts the first one dies of it.
struct Deadly {
    inner: Arc<dyn SecretStore>,
    dead: AtomicBool,
    died: Notify,
}

#[async_trait::async_trait]
impl SecretStore for Deadly {
    async fn get(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get(name).await
    }

    async fn get_fresh(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get_fresh(name).await
    }

    async fn put(&self, name: &str, secret: &Secret) -> assay::Result<()> {
        if !self.dead.swap(true, Ordering::SeqCst) {
            self.died.notify_one();
            return std::future::pending().await;
        }
        self.inner.put(name, secret).await
    }

    async fn delete(&self, name: &str) -> assay::Result<()> {
        self.inner.delete(name).await
    }
}

#[tokio::test]
async fn a_function_that_died_between_the_answer_and_the_save_is_made_good_by_the_tick() {
    for need in Need::ALL {
        let (mut world, connection) = expired_and_not_due().await;
        let inner = Arc::clone(&world.access.secrets);
        let deadly = Arc::new(Deadly { inner, dead: AtomicBool::new(false), died: Notify::new() });
        world.access.secrets = Arc::clone(&deadly) as Arc<dyn SecretStore>;
        tokio::select! {
            () = need.arise(&world, &connection) => panic!("{need:?}: nothing was refreshed"),
            () = deadly.died.notified() => {}
        }
        assert_lives_on(&world, &connection, &format!("{need:?}")).await;
    }
}
