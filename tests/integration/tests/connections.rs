//! What a connection is made of holds together: its record, its secret, its turn, its lease, its app and its projects.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use assay::clock::after;
use assay::connection::{Connection, ProblemCode, State, UseCase};
use assay::dynamodb::Store;
use assay::error::Kind;
use assay::ids::{CloudId, ConnectionId};
use assay::jira::{OauthApp, Sender};
use assay::operations::connecting::{Begun, Failure, Proof, Wish};
use assay::secret::Secret;
use assay::secrets::SecretStore;
use assay::site::SiteDomain;
use assay_test_support::misfortune::Tampering;
use assay_test_support::world::{CLOUD_ID, World, token_proof, wish};
use serde_json::json;
use tokio::sync::Notify;

async fn stored(world: &World, id: &str) -> Option<Connection> {
    let id = ConnectionId::parse(id).unwrap();
    world.store().connection(&world.tenant, &id).await.unwrap()
}

/// Connects by consent as `wish` says.
async fn consent(world: &World, id: &str, wish: Wish) -> Result<Connection, Failure> {
    world.set_up_oauth_app().await;
    let (connector, id) = (world.connector(), ConnectionId::parse(id).unwrap());
    let begun = connector.begin(&world.tenant, id, wish, Proof::Consent(None)).await?;
    let Begun::Consent(_, link) = begun else { panic!("consent needs a link") };
    let departure = connector.depart(link.split_once("link=").unwrap().1).await?;
    let (code, state) = world.approve(&departure.location).await;
    Box::pin(connector.arrive(&state, Some(departure.cookie.expose()), Ok(&Secret::new(code)))).await
}

/// Keeps secrets as another store does; what happens meanwhile is watched.
struct Watched {
    inner: Arc<dyn SecretStore>,
    store: Store,
    /// Whether whoever puts a secret dies of it.
    deadly: AtomicBool,
    died: Notify,
    /// Whether the connection's lease was held when a secret was deleted.
    leased: Mutex<Vec<bool>>,
}

#[async_trait::async_trait]
impl SecretStore for Watched {
    async fn get(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get(name).await
    }

    async fn get_fresh(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get_fresh(name).await
    }

    async fn put(&self, name: &str, secret: &Secret) -> assay::Result<()> {
        if self.deadly.load(Ordering::SeqCst) {
            self.died.notify_one();
            return std::future::pending().await;
        }
        self.inner.put(name, secret).await
    }

    async fn delete(&self, name: &str) -> assay::Result<()> {
        let (tenant, id) = ("acme".to_owned().try_into()?, "con-1".to_owned().try_into()?);
        let connection = self.store.connection(&tenant, &id).await?;
        self.leased.lock().unwrap().push(connection.unwrap().refresh_lease.is_some());
        self.inner.delete(name).await
    }
}

fn watch(world: &mut World) -> Arc<Watched> {
    let watched = Arc::new(Watched {
        inner: Arc::clone(&world.access.secrets),
        store: world.store().clone(),
        deadly: AtomicBool::new(false),
        died: Notify::new(),
        leased: Mutex::default(),
    });
    world.access.secrets = Arc::clone(&watched) as Arc<dyn SecretStore>;
    watched
}

#[tokio::test]
async fn a_secret_has_a_record_and_a_connection_its_turn_whenever_the_function_dies() {
    let mut world = World::start().await;
    let watched = watch(&mut world);
    watched.deadly.store(true, Ordering::SeqCst);
    tokio::select! {
        _ = world.connect_as("con-1", token_proof()) => panic!("no secret was put"),
        () = watched.died.notified() => {}
    }
    let pending = stored(&world, "con-1").await.expect("the record comes before the secret");
    assert_eq!((pending.state, pending.due_at), (State::Pending, None));
    let mut turns = Vec::new();
    for shard in assay::dynamodb::keys::shards() {
        turns.extend(world.store().due_comparisons(shard, world.time.now(), 10).await.unwrap());
    }
    assert_eq!(turns.len(), 1, "the tenant's turn comes before the connection");
    // Whoever asks again completes it.
    watched.deadly.store(false, Ordering::SeqCst);
    world.time.advance(91);
    Box::pin(world.connector().reconnect(pending, token_proof())).await.unwrap();
    assert_eq!(stored(&world, "con-1").await.unwrap().state, State::Active);
}

#[tokio::test]
async fn secrets_that_a_function_left_behind_when_it_died_are_deleted_by_upkeep_once() {
    let mut world = World::start().await;
    let watched = watch(&mut world);
    let connection = world.connect().await;
    // It died between the record and the secrets.
    world.access.change_connection(&world.tenant, &connection.id, Connection::disconnect).await.unwrap();
    assert!(world.access.fresh_credentials(&connection).await.is_ok());
    for _ in 0..3 {
        world.time.advance(3601);
        world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
    }
    let error = world.access.fresh_credentials(&connection).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::NeedsReauth);
    assert_eq!(watched.leased.lock().unwrap().len(), 3, "three secrets, each deleted once");
    assert!(!stored(&world, "con-1").await.unwrap().leaves_secrets);
}

#[tokio::test]
async fn the_lease_is_held_until_the_last_secret_of_a_disconnected_connection_is_deleted() {
    let mut world = World::start().await;
    let watched = watch(&mut world);
    let connection = world.connect().await;
    world.connector().disconnect(&world.tenant, &connection.id).await.unwrap();
    assert_eq!(*watched.leased.lock().unwrap(), [true, true, true]);
    let ended = stored(&world, "con-1").await.unwrap();
    assert_eq!((ended.refresh_lease, ended.leaves_secrets), (None, false));
}

#[tokio::test]
async fn only_the_stored_grant_is_ever_refreshed_never_one_that_was_just_given() {
    let mut world = World::start().await;
    let wish = Wish { use_cases: [UseCase::IncidentManagement].into(), ..wish() };
    let connection = consent(&world, "con-1", wish).await.unwrap();
    let sender = Arc::new(Tampering::of(Arc::clone(&world.access.sender)));
    world.access.sender = Arc::clone(&sender) as Arc<dyn Sender>;
    sender.begin(|url, mut answer| {
        if url.ends_with("/oauth/token") {
            let text = String::from_utf8(answer.body).unwrap();
            answer.body = text.replace("3600", "120").into_bytes();
        }
        answer
    });
    // The stored one is too old as well: were it taken for the new one, it would be refreshed.
    world.time.advance(3700);
    let before = world.calls("token");
    let again = world.reconnect_by_consent(&connection).await;
    assert_eq!(again.state, State::Active, "{:?}", again.problems);
    assert_eq!(world.calls("token") - before, 1, "the code was exchanged, and nothing else");
}

#[tokio::test]
async fn a_grant_is_not_shown_by_another_app_than_the_one_it_was_given_to() {
    let world = World::start().await;
    let connection = world.connect_by_consent().await;
    world.evaluate().await;
    let another = OauthApp { client_id: "another-app".to_owned(), client_secret: Secret::new("secret") };
    world.access.store_oauth_app(&world.tenant, &another).await.unwrap();
    world.time.advance(3700);
    let before = world.calls("token");
    let error = world.access.open(&connection).await.err().unwrap();
    assert!(error.retryable(), "{}", error.chain());
    let degraded = stored(&world, connection.id.as_str()).await.unwrap();
    assert_eq!((degraded.state, degraded.problems[0].code), (State::Degraded, ProblemCode::OauthApp));
    assert!(degraded.problems[0].mend.contains("sim-client"), "{}", degraded.problems[0].mend);
    assert_eq!(world.calls("token"), before, "nothing was exchanged");
    world.set_up_oauth_app().await;
    let verified = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
    assert_eq!(verified.state, State::Active, "{:?}", verified.problems);
}

#[tokio::test]
async fn a_cloud_id_of_another_granted_site_than_the_one_that_was_typed_is_refused() {
    let world = World::start().await;
    let odd = Wish {
        site: SiteDomain::parse("other.atlassian.net").ok(),
        cloud_id: CloudId::parse(CLOUD_ID).ok(),
        ..wish()
    };
    match consent(&world, "con-1", odd).await {
        Err(Failure::Problem(problem)) => {
            assert_eq!(problem.code, ProblemCode::WrongDomain, "{}", problem.what);
            assert!(problem.what.contains("demo.atlassian.net"), "{}", problem.what);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(stored(&world, "con-1").await.unwrap().state, State::Pending);
}

#[tokio::test]
async fn a_project_whose_key_was_changed_is_found_by_its_id_and_the_stored_key_follows() {
    let world = World::start().await;
    let connection = world.connect().await;
    let edit = json!({ "key": "RFC" });
    world.jira.simulator.edit_project("CHG", "rename", &edit).unwrap();
    let verified = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
    assert_eq!(verified.state, State::Active, "{:?}", verified.problems);
    assert_eq!(verified.change_management.keys, ["RFC"]);
    assert_eq!(verified.change_management.projects, {
        let mut projects = connection.change_management.projects.clone();
        projects[0].key = "RFC".to_owned();
        projects[0].name.clone_from(&verified.change_management.projects[0].name);
        projects
    });
    assert_eq!(stored(&world, "con-1").await.unwrap().change_management.keys, ["RFC"]);
    world.assert_honest();
}
