//! A rotating refresh token dies if two refreshes race, or if its successor is lost. Neither happens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "refresh/in_time.rs"]
mod in_time;
#[path = "refresh/repeating.rs"]
mod repeating;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay::check::Outcome;
use assay::clock::after;
use assay::connection::{Connection, ProblemCode, State};
use assay::error::Kind;
use assay::jira::http::{Request, Response, SendError};
use assay::jira::{Sender, Sleeper};
use assay::operations::connecting::Proof;
use assay::secret::Secret;
use assay::secrets::SecretStore;
use assay_test_support::misfortune::{Impatient, Misfortune};
use assay_test_support::world::World;
use jira_sim::{Fault, FaultKind};

/// Longer than an access token lives, in seconds.
const EXPIRED: i64 = 3700;

/// How long the leeway of a rotated token is, in seconds.
const LEEWAY: i64 = 600;

/// A world that is connected by consent, with an access token whose time is over.
async fn expired() -> (World, Connection) {
    let mut world = World::start().await;
    world.access.sender = Arc::new(Impatient(Arc::clone(&world.access.sender)));
    let connection = world.connect_by_consent().await;
    assert_eq!(connection.state, State::Active, "{:?}", connection.problems);
    world.evaluate().await;
    world.time.advance(EXPIRED);
    (world, connection)
}

/// How many exchanges of a refresh token Atlassian has seen, answered or not. The first exchange is that of the code.
fn exchanges(world: &World) -> usize {
    world.calls("token") - 1
}

async fn stored(world: &World, connection: &Connection) -> Connection {
    world.store().connection(&world.tenant, &connection.id).await.unwrap().unwrap()
}

/// Lets others have their turn without moving time: so many wait at once here that time would fly.
struct Still;

#[async_trait::async_trait]
impl Sleeper for Still {
    async fn sleep(&self, _: Duration) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

/// Opens so many sessions at once.
async fn open_at_once(world: &mut World, connection: &Connection, sessions: usize) -> Vec<assay::Result<()>> {
    world.access.sleeper = Arc::new(Still);
    let mut open = tokio::task::JoinSet::new();
    for _ in 0..sessions {
        let (access, connection) = (world.access.clone(), connection.clone());
        open.spawn(async move {
            let client = access.open(&connection).await?;
            client.myself().await?;
            Ok(())
        });
    }
    open.join_all().await
}

#[tokio::test]
async fn twenty_that_need_an_expired_grant_at_once_make_one_exchange_and_all_get_through() {
    let (mut world, connection) = expired().await;
    let results = open_at_once(&mut world, &connection, 20).await;
    for result in results {
        result.unwrap();
    }
    assert_eq!(exchanges(&world), 1);
    assert_eq!(stored(&world, &connection).await.refresh_lease, None);
    world.assert_honest();
}

#[tokio::test]
async fn twenty_that_find_the_grant_dead_at_once_ask_once_and_are_all_told_so() {
    let (mut world, connection) = expired().await;
    world.revoke("acc-admin").await;
    let results = open_at_once(&mut world, &connection, 20).await;
    for result in results {
        assert!(matches!(result.unwrap_err().kind(), Kind::NeedsReauth));
    }
    assert_eq!(exchanges(&world), 1, "a grant that has ended is not asked for again");
    let connection = stored(&world, &connection).await;
    assert_eq!((connection.state, connection.problems.len()), (State::NeedsReauth, 1));
    assert_eq!(connection.problems[0].code, ProblemCode::GrantEnded);
    assert_eq!(connection.refresh_lease, None);
    // And nothing that comes later asks again.
    world.access.open(&connection).await.err().unwrap();
    world.time.advance(EXPIRED);
    world.tick().await;
    assert_eq!(exchanges(&world), 1);
}

/// Keeps secrets as another store does, but fails to put a few times.
struct Forgetful {
    inner: Arc<dyn SecretStore>,
    failures: AtomicU32,
}

#[async_trait::async_trait]
impl SecretStore for Forgetful {
    async fn get(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get(name).await
    }

    async fn get_fresh(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get_fresh(name).await
    }

    async fn put(&self, name: &str, secret: &Secret) -> assay::Result<()> {
        let fails = |left: u32| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(assay::Error::unavailable("the secret could not be put"));
        }
        self.inner.put(name, secret).await
    }

    async fn delete(&self, name: &str) -> assay::Result<()> {
        self.inner.delete(name).await
    }
}

#[tokio::test]
async fn a_pair_that_could_not_be_saved_is_replaced_within_the_leeway_and_the_connection_lives() {
    let (mut world, connection) = expired().await;
    let inner = Arc::clone(&world.access.secrets);
    world.access.secrets = Arc::new(Forgetful { inner, failures: AtomicU32::new(1) });
    let error = world.access.open(&connection).await.err().unwrap();
    assert!(error.retryable(), "{}", error.chain());
    assert_eq!(stored(&world, &connection).await.state, State::Active);
    world.time.advance(LEEWAY - 60);
    world.access.open(&connection).await.unwrap().myself().await.unwrap();
    assert_eq!(exchanges(&world), 2);
    // The successor is kept: the next refreshes need no leeway.
    for _ in 0..3 {
        world.time.advance(EXPIRED);
        world.access.open(&connection).await.unwrap().myself().await.unwrap();
    }
    assert_eq!(stored(&world, &connection).await.state, State::Active);
    world.assert_honest();
}

#[tokio::test]
async fn a_pair_that_was_lost_for_longer_than_the_leeway_ends_the_connection_and_says_so() {
    let (mut world, connection) = expired().await;
    let inner = Arc::clone(&world.access.secrets);
    world.access.secrets = Arc::new(Forgetful { inner, failures: AtomicU32::new(1) });
    world.access.open(&connection).await.err().unwrap();
    world.time.advance(LEEWAY + 60);
    let error = world.access.open(&connection).await.err().unwrap();
    assert!(matches!(error.kind(), Kind::NeedsReauth), "{}", error.chain());
    assert_eq!(stored(&world, &connection).await.state, State::NeedsReauth);
}

#[tokio::test]
async fn an_exchange_whose_answer_is_lost_or_spoiled_is_made_again_within_the_leeway() {
    for misfortune in Misfortune::in_doubt() {
        for times in [1, 2, 5] {
            let (world, connection) = expired().await;
            world.jira.simulator.add_fault(misfortune.fault("token", times));
            let what = format!("{}, {times} times", misfortune.name);
            let mut tries = 0;
            while let Err(error) = world.access.open(&connection).await {
                assert!(error.retryable(), "{what}: {}", error.chain());
                assert_eq!(stored(&world, &connection).await.state, State::Active, "{what}");
                tries += 1;
                assert!(tries < 5, "{what}: {}", error.chain());
                world.time.advance(60);
            }
            world.access.open(&connection).await.unwrap().myself().await.unwrap();
            world.time.advance(EXPIRED);
            world.access.open(&connection).await.unwrap().myself().await.unwrap();
            assert_eq!(stored(&world, &connection).await.state, State::Active, "{what}");
        }
    }
}

#[tokio::test]
async fn an_exchange_that_is_limited_or_answered_by_something_in_between_ends_nothing() {
    let mut misfortunes = Misfortune::limits();
    misfortunes.extend([Misfortune::status(403, None), Misfortune::status(404, None), Misfortune::html(403)]);
    for misfortune in misfortunes {
        let (world, connection) = expired().await;
        world.jira.simulator.add_fault(misfortune.fault("token", 2));
        let error = world.access.open(&connection).await.err().unwrap();
        assert!(error.retryable(), "{}: {}", misfortune.name, error.chain());
        assert_eq!(stored(&world, &connection).await.state, State::Active, "{}", misfortune.name);
        world.jira.simulator.clear_faults();
        world.access.open(&connection).await.unwrap().myself().await.unwrap();
    }
}

#[tokio::test]
async fn a_refresh_whose_worker_died_with_the_lease_is_made_by_another_when_the_lease_ends() {
    let (world, connection) = expired().await;
    let now = world.time.now();
    let until = after(now, 45);
    let taken = world.store().take_refresh_lease(&world.tenant, &connection.id, "dead", until, now).await;
    assert!(taken.unwrap());
    world.access.open(&connection).await.unwrap().myself().await.unwrap();
    assert!(world.time.now() >= until, "it waited for the lease to end");
    assert_eq!(exchanges(&world), 1);
    assert_eq!(stored(&world, &connection).await.refresh_lease, None);
}

/// Refuses what carries the authorization that was revoked; passes on everything else.
struct Revoking {
    inner: Arc<dyn Sender>,
    last: Mutex<Option<Secret>>,
    revoked: Mutex<Option<Secret>>,
}

impl Revoking {
    fn of(inner: Arc<dyn Sender>) -> Self {
        Self { inner, last: Mutex::default(), revoked: Mutex::default() }
    }

    /// Revokes the access token that was used last.
    fn revoke(&self) {
        self.revoked.lock().unwrap().clone_from(&self.last.lock().unwrap());
    }
}

#[async_trait::async_trait]
impl Sender for Revoking {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        if request.authorization.is_some() {
            self.last.lock().unwrap().clone_from(&request.authorization);
            if *self.revoked.lock().unwrap() == request.authorization {
                return Ok(Response { status: 401, headers: BTreeMap::new(), body: b"{}".to_vec() });
            }
        }
        self.inner.send(request).await
    }
}

#[tokio::test]
async fn an_access_token_that_was_revoked_before_its_time_is_replaced_once_and_the_checks_come_back() {
    let (mut world, connection) = expired().await;
    let sender = Arc::new(Revoking::of(Arc::clone(&world.access.sender)));
    world.access.sender = Arc::clone(&sender) as Arc<dyn Sender>;
    world.tick().await;
    assert_eq!(exchanges(&world), 1);
    sender.revoke();
    world.time.advance(EXPIRED / 2);
    world.reevaluate().await;
    assert_eq!(stored(&world, &connection).await.state, State::Active);
    assert_eq!(exchanges(&world), 2, "the refused token was replaced although its time was not over");
    for check in ["B2", "B3", "B4"] {
        assert_eq!(
            world.outcome(check).await,
            Outcome::CannotTell,
            "{check} was read with the revoked token"
        );
    }
    world.time.advance(60);
    world.reevaluate().await;
    assert_eq!(exchanges(&world), 2);
    for check in ["B2", "B3", "B4"] {
        assert_ne!(world.outcome(check).await, Outcome::CannotTell, "{check}");
    }
}

#[tokio::test]
async fn a_worker_whose_access_token_was_revoked_replaces_it_and_the_tickets_are_created_later() {
    let (mut world, connection) = expired().await;
    let sender = Arc::new(Revoking::of(Arc::clone(&world.access.sender)));
    world.access.sender = Arc::clone(&sender) as Arc<dyn Sender>;
    world.sync_all(&connection).await;
    world.reevaluate().await;
    assert_eq!(exchanges(&world), 1);
    sender.revoke();
    world.rest().await;
    assert_eq!(stored(&world, &connection).await.state, State::Active);
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    assert_eq!(world.issues_in("SEC").len(), 5);
}

#[tokio::test]
async fn whoever_connects_again_by_consent_gets_the_checks_and_tickets_back() {
    let (world, connection) = expired().await;
    world.sync_all(&connection).await;
    world.revoke("acc-admin").await;
    world.tick().await;
    assert_eq!(stored(&world, &connection).await.state, State::NeedsReauth);
    for check in ["B2", "B3", "B4"] {
        assert_eq!(world.outcome(check).await, Outcome::CannotTell, "{check}");
    }
    world.time.advance(EXPIRED);
    world.tick().await;
    for check in ["B1", "B5"] {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
    assert!(world.issues_in("SEC").is_empty());
    let again = world.reconnect_by_consent(&stored(&world, &connection).await).await;
    assert_eq!((again.state, again.problems.len()), (State::Active, 0));
    world.time.advance(120);
    world.rest().await;
    for check in ["B1", "B4", "B5"] {
        assert_eq!(world.outcome(check).await, Outcome::Pass, "{check}");
    }
    for check in ["B2", "B3"] {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    let open = world.tickets().await.iter().filter(|ticket| ticket.state.word() == "open").count();
    assert_eq!(open, 5, "three change tickets and two incidents");
    world.assert_honest();
}

#[tokio::test]
async fn a_grant_whose_app_was_entered_wrongly_lives_again_once_the_app_is_right() {
    let (world, connection) = expired().await;
    let wrong =
        assay::jira::OauthApp { client_id: "sim-client".to_owned(), client_secret: Secret::new("mistyped") };
    world.access.store_oauth_app(&world.tenant, &wrong).await.unwrap();
    world.access.open(&connection).await.err().unwrap();
    let lost = stored(&world, &connection).await;
    assert_eq!((lost.state, lost.problems[0].code), (State::Degraded, ProblemCode::OauthApp));
    world.set_up_oauth_app().await;
    let verified = world.connector().verify(&world.tenant, &connection.id).await.unwrap();
    assert_eq!(verified.state, State::Active, "{:?}", verified.problems);
    world.access.open(&verified).await.unwrap().myself().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_was_lost_while_consent_was_exchanged_leaves_the_connection_to_be_begun_again() {
    let world = World::start().await;
    world.set_up_oauth_app().await;
    world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, "token"));
    let begun = world.connect_as("con-1", Proof::Consent(None)).await.unwrap();
    assert_eq!(begun.state, State::Pending);
    world.jira.simulator.clear_faults();
    let connected = world.reconnect_by_consent(&begun).await;
    assert_eq!(connected.state, State::Active);
}
