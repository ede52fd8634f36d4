//! The webhook of a connection by OAuth: registered, kept alive, ended; and what happens when it cannot be.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assay::check::Outcome;
use assay::clock::after;
use assay::connection::{Connection, ProblemCode, State, UseCase};
use assay::ids::ConnectionId;
use assay::operations::connecting::{Begun, Proof, Wish};
use assay::secret::Secret;
use assay_test_support::world::{World, wish};
use jira_sim::{Fault, FaultKind};
use serde_json::{Value, json};

const DAY: i64 = 24 * 3600;

async fn connected() -> (World, Connection) {
    let world = World::start().await;
    let connection = world.connect_by_consent().await;
    (world, connection)
}

/// The webhooks that the simulator has.
fn hooks(world: &World) -> Vec<Value> {
    let told = world.jira.simulator.control("GET", "/webhooks", &Value::Null).unwrap();
    told["webhooks"].as_array().unwrap().clone()
}

async fn stored(world: &World, connection: &Connection) -> Connection {
    world.store().connection(&world.tenant, &connection.id).await.unwrap().unwrap()
}

/// An hour passes, and upkeep comes.
async fn upkeep(world: &World) {
    world.time.advance(3601);
    world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
}

#[tokio::test]
async fn connecting_registers_one_webhook_for_the_projects_and_upkeep_finds_it_as_it_should_be() {
    let (world, connection) = connected().await;
    let registered = hooks(&world);
    assert_eq!(registered.len(), 1);
    assert_eq!(registered[0]["url"], "http://assay.localhost/webhooks/acme");
    assert_eq!(registered[0]["jqlFilter"], "project in (10001, 10002)");
    let events = json!(["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"]);
    assert_eq!(registered[0]["events"], events);
    let webhook = connection.webhook.clone().unwrap();
    assert_eq!(json!(webhook.ids), json!([registered[0]["id"]]));
    assert_eq!(webhook.expires_at, after(world.time.now(), 30 * DAY));
    upkeep(&world).await;
    assert_eq!(hooks(&world), registered);
    assert_eq!((world.calls("registerDynamicWebhooks"), world.calls("refreshWebhooks")), (1, 0));
    world.assert_honest();
}

#[tokio::test]
async fn the_webhook_follows_what_the_connection_is_about_and_where_its_tickets_are() {
    let (world, connection) = connected().await;
    let narrower = Wish { use_cases: [UseCase::Ticketing].into(), site: None, ..wish() };
    let changed = world.connector().change(stored(&world, &connection).await, narrower).await.unwrap();
    assert_eq!(changed.webhook.unwrap().filter, "project in (10001)");
    assert_eq!(hooks(&world).len(), 1, "the one before is gone");
    world.sync_all(&connection).await;
    upkeep(&world).await;
    let registered = hooks(&world);
    assert_eq!((registered.len(), &registered[0]["jqlFilter"]), (1, &json!("project in (10001, 10003)")));
    assert_eq!(json!(stored(&world, &connection).await.webhook.unwrap().ids), json!([registered[0]["id"]]));
    world.assert_honest();
}

#[tokio::test]
async fn the_webhook_tells_of_a_new_sync_settings_project_as_soon_as_the_setting_is_saved() {
    let (world, connection) = connected().await;
    world.evaluate().await;
    world.sync_all(&connection).await;
    // As the API does after it has saved a setting.
    Box::pin(world.connector().listen(&world.tenant, &connection.id)).await.unwrap();
    let registered = hooks(&world);
    assert_eq!(registered.len(), 1, "the one before is gone");
    assert_eq!(registered[0]["jqlFilter"], "project in (10001, 10002, 10003)");
    world.assert_honest();
}

#[tokio::test]
async fn the_webhook_is_refreshed_before_it_ends_and_registered_again_when_jira_has_lost_it() {
    let (world, connection) = connected().await;
    for _ in 0..3 {
        world.time.advance(25 * DAY);
        upkeep(&world).await;
        let until = stored(&world, &connection).await.webhook.unwrap().expires_at;
        assert!(until > after(world.time.now(), 10 * DAY), "{until}");
    }
    assert_eq!((world.calls("refreshWebhooks"), world.calls("registerDynamicWebhooks")), (3, 1));
    let token = stored_token(&world, &connection).await;
    delete_all(&world, &token).await;
    assert!(hooks(&world).is_empty());
    upkeep(&world).await;
    assert_eq!(hooks(&world).len(), 1);
    assert_eq!(
        json!(stored(&world, &connection).await.webhook.unwrap().ids),
        json!([hooks(&world)[0]["id"]])
    );
    world.assert_honest();
}

async fn stored_token(world: &World, connection: &Connection) -> String {
    let credentials = world.access.fresh_credentials(connection).await.unwrap();
    credentials.authorization().unwrap().expose().to_owned()
}

async fn delete_all(world: &World, authorization: &str) {
    let ids: Vec<Value> = hooks(world).iter().map(|hook| hook["id"].clone()).collect();
    let cloud = assay_test_support::world::CLOUD_ID;
    let url = format!("{}/ex/jira/{cloud}/rest/api/3/webhook", world.jira.url());
    let request =
        reqwest::Client::builder().build().unwrap().delete(url).header("authorization", authorization);
    let request = request.header("content-type", "application/json");
    let answer = request.body(json!({ "webhookIds": ids }).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 202);
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_is_adopted_and_not_doubled() {
    let world = World::start().await;
    world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, "registerDynamicWebhooks"));
    let connection = world.connect_by_consent().await;
    assert_eq!((connection.state, connection.webhook), (State::Active, None));
    let connection = stored(&world, &world.store().all_connections(&world.tenant).await.unwrap()[0]).await;
    assert_eq!(connection.webhook_problem.as_ref().unwrap().code, ProblemCode::WebhookMissing);
    let registered = hooks(&world);
    assert_eq!(registered.len(), 1, "it had its effect");
    upkeep(&world).await;
    let connection = stored(&world, &connection).await;
    assert_eq!(json!(connection.webhook.unwrap().ids), json!([registered[0]["id"]]));
    assert_eq!(connection.webhook_problem, None);
    assert_eq!(hooks(&world).len(), 1);
}

#[tokio::test]
async fn a_webhook_that_jira_does_not_take_is_told_and_degrades_nothing() {
    let world = World::start().await;
    let fault = Fault { times: 2, ..Fault::once(FaultKind::Status, "registerDynamicWebhooks") };
    world.jira.simulator.add_fault(Fault { status: Some(400), ..fault });
    let connection = world.connect_by_consent().await;
    assert_eq!((connection.state, connection.problems.len()), (State::Active, 0));
    let problem = connection.webhook_problem.clone().unwrap();
    assert_eq!(problem.code, ProblemCode::WebhookMissing);
    assert!(problem.mend.contains("OAuth app"), "{}", problem.mend);
    world.tick().await;
    assert_ne!(world.outcome("B2").await, Outcome::CannotTell);
    assert_eq!(world.outcome("B5").await, Outcome::Pass);
    upkeep(&world).await;
    assert_eq!(stored(&world, &connection).await.webhook_problem, Some(problem), "tried again");
    upkeep(&world).await;
    let connection = stored(&world, &connection).await;
    assert!(connection.webhook.is_some() && connection.webhook_problem.is_none());
}

#[tokio::test]
async fn disconnecting_deletes_the_webhook_before_the_secret_goes() {
    let (world, connection) = connected().await;
    assert_eq!(hooks(&world).len(), 1);
    let ended = world.connector().disconnect(&world.tenant, &connection.id).await.unwrap();
    assert_eq!((ended.state, ended.webhook), (State::Disconnected, None));
    assert!(hooks(&world).is_empty());
    world.assert_honest();
}

#[tokio::test]
async fn a_jira_that_is_down_holds_up_no_disconnecting() {
    let (world, connection) = connected().await;
    let fault = Fault { times: 1000, status: Some(503), ..Fault::once(FaultKind::Status, "*") };
    world.jira.simulator.add_fault(fault);
    let before = world.time.now();
    let ended = world.connector().disconnect(&world.tenant, &connection.id).await.unwrap();
    assert_eq!(ended.state, State::Disconnected);
    assert!(world.time.now() <= after(before, 10), "it waited too long");
}

#[tokio::test]
async fn changing_to_another_method_deletes_the_webhook() {
    let (world, connection) = connected().await;
    let again =
        world.connector().reconnect(connection, assay_test_support::world::token_proof()).await.unwrap();
    let Begun::Connected(again) = again else { panic!("a token needs no consent") };
    assert_eq!((again.state, again.webhook), (State::Active, None));
    assert!(hooks(&world).is_empty());
}

#[tokio::test]
async fn without_the_scope_nothing_is_asked_about_webhooks() {
    let world = World::start().await;
    world.set_up_oauth_app().await;
    let wish = Wish { use_cases: [UseCase::IncidentManagement].into(), ..wish() };
    let (connector, id) = (world.connector(), ConnectionId::parse("con-oauth").unwrap());
    let begun = connector.begin(&world.tenant, id, wish, Proof::Consent(None)).await.unwrap();
    let Begun::Consent(_, link) = begun else { panic!("consent needs a link") };
    let departure = connector.depart(link.split_once("link=").unwrap().1).await.unwrap();
    let (code, state) = world.approve(&departure.location).await;
    let (cookie, code) = (departure.cookie.expose(), Secret::new(code));
    let connection = Box::pin(connector.arrive(&state, Some(cookie), Ok(&code))).await.unwrap();
    assert_eq!((connection.state, connection.webhook), (State::Active, None));
    upkeep(&world).await;
    let asked = world.jira.simulator.journal();
    assert!(!asked.iter().any(|call| call.operation.to_lowercase().contains("webhook")));
    world.assert_honest();
}
