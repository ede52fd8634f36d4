//! A world with a configuration for the project VULN, and findings.

use std::sync::Arc;

use assay::clock::after;
use assay::finding::{self, Finding, Severity};
use assay::ids::TaskId;
use assay::mapping::sample;
use assay::notification::{Kind, Notification};
use assay::operations::planning::Planner;
use assay::sqs::{Queue, SyncRequest};
use assay::sync_setting::SyncSetting;
use assay::task::Task;
use assay::ticket::Ticket;
use assay_test_support::configured::configure;
use assay_test_support::world::World;
use jira_sim::{Options, Seed};
use serde_json::Value;

/// A world in which findings become tickets of VULN, one each.
pub async fn configured() -> World {
    configured_as(|_| ()).await
}

/// The same with a setting that was changed by `choose` before it was saved.
pub async fn configured_as(choose: impl FnOnce(&mut SyncSetting)) -> World {
    let seed = Seed { every_field: true, ..Seed::empty() };
    let world = World::with(Options { seed, ..Options::default() }).await;
    let connection = Box::pin(world.connect()).await;
    let setting = world.sync_all(&connection).await;
    Box::pin(configure(&world, setting, choose)).await;
    world
}

/// A finding of the scanner that nobody planned yet.
pub fn finding(world: &World, fingerprint: &str, choose: impl FnOnce(&mut Finding)) -> Task {
    let mut task = sample::task(&world.tenant, world.time.now()).unwrap();
    task.due_at = after(world.time.now(), 30 * 24 * 3600);
    let finding = task.finding.as_mut().unwrap();
    fingerprint.clone_into(&mut finding.fingerprint);
    finding.title = format!("Vulnerability {fingerprint}");
    finding.severity = Severity::High;
    choose(finding);
    task.title.clone_from(&finding.title);
    task.id = finding::id(&world.tenant, &finding.source, fingerprint).unwrap();
    task
}

/// A scanner finds something, and it is planned.
pub async fn find(world: &World, fingerprint: &str) -> TaskId {
    let task = finding(world, fingerprint, |_| ());
    world.store().save_tasks(std::slice::from_ref(&task)).await.pop().unwrap().unwrap();
    plan(world, &task.id).await;
    task.id
}

/// Changes a finding's task, and has it planned.
pub async fn change(world: &World, id: &TaskId, change: impl FnOnce(&mut Task)) {
    let mut task = world.store().task(&world.tenant, id).await.unwrap().unwrap();
    change(&mut task);
    world.store().save_tasks(std::slice::from_ref(&task)).await.pop().unwrap().unwrap();
    plan(world, id).await;
}

pub async fn plan(world: &World, id: &TaskId) {
    let task = world.store().task(&world.tenant, id).await.unwrap().unwrap();
    let sync = Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>;
    let planner = Planner { core: world.access.core.clone(), sync };
    Box::pin(planner.plan_stored(&world.tenant, std::slice::from_ref(&task))).await.unwrap();
}

/// The ticket of a finding.
pub async fn ticket_of(world: &World, id: &TaskId) -> Ticket {
    let task = world.store().task(&world.tenant, id).await.unwrap().unwrap();
    world.store().ticket(&world.tenant, &task.ticket.unwrap()).await.unwrap().unwrap()
}

/// The issue of a finding as the simulator has it.
pub async fn issue_of(world: &World, id: &TaskId) -> Value {
    let key = ticket_of(world, id).await.state.issue().unwrap().key.clone();
    world.issues_in("VULN").into_iter().find(|issue| issue["key"] == key).unwrap()
}

/// A field of an issue as Jira tells it.
pub async fn field(world: &World, issue: &Value, id: &str) -> Value {
    let path = format!("/rest/api/3/issue/{}", issue["key"].as_str().unwrap());
    world.as_person("GET", &path, None).await["fields"][id].clone()
}

/// Edits VULN, as its administrator would.
pub fn edit(world: &World, edit: &str, body: &Value) {
    world.jira.simulator.edit_project("VULN", edit, body).unwrap();
}

/// Time passes with upkeep every five minutes, and what follows from it is done.
pub async fn pass(world: &World, seconds: i64) {
    Box::pin(world.pass(seconds)).await;
    Box::pin(world.work()).await;
}

/// The one configuration.
pub async fn configuration(world: &World) -> SyncSetting {
    world.settings().await.remove(0)
}

/// What the tenant was told.
pub async fn told(world: &World) -> Vec<Notification> {
    world.store().list_notifications(&world.tenant, None, 100).await.unwrap().items
}

/// Fails unless one thing was told, that the configuration is quarantined, with these words; and whether it is over.
pub async fn assert_told_once(world: &World, words: &str, is_over: bool) {
    let told = told(world).await;
    assert_eq!(told.len(), 1, "{words}: {told:#?}");
    assert_eq!((told[0].kind, told[0].times), (Kind::ConfigurationQuarantined, 1), "{words}");
    assert!(told[0].text.contains(words) && told[0].text.contains("VULN"), "{words}: {}", told[0].text);
    assert_eq!(told[0].recovered_at.is_some(), is_over, "{words}");
}
