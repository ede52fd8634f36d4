//! Worlds whose tickets are open, and what people and the API do in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assay::clock::after;
use assay::ids::TaskId;
use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use assay::operations::hearing::{Heard, Hearing, Received};
use assay::operations::planning::Planner;
use assay::sqs::{ChecksRequest, Queue, SyncRequest};
use assay::sync_setting::{Disabled, Retirement, SyncSetting};
use assay::task::Task;
use assay::ticket::Ticket;
use assay_test_support::world::World;
use jiff::Timestamp;
use jira_sim::{Delivery, Options, Seed, WebhookDelivery};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// The ids of SEC's statuses.
pub const TO_DO: &str = "10000";
/// The done status of SEC.
pub const DONE: &str = "10003";

/// A site with so many change tickets without assignee, among others, and as many incidents overdue.
pub fn sites(unassigned: u64, overdue: u64) -> Options {
    let seed = Seed {
        change_tickets: unassigned + 2,
        change_unassigned: unassigned,
        incidents: overdue,
        incidents_overdue: overdue,
        ..Seed::default()
    };
    Options { seed, ..Options::default() }
}

/// A world connected by token whose tasks, one for each unassigned change ticket, have their tickets; the setting was
/// changed by `choose` before.
pub async fn opened_as(unassigned: u64, choose: impl FnOnce(&mut SyncSetting)) -> World {
    let world = World::with(sites(unassigned, 0)).await;
    let connection = Box::pin(world.connect()).await;
    world.sync_all(&connection).await;
    set(&world, choose).await;
    Box::pin(world.evaluate()).await;
    Box::pin(world.rest()).await;
    world
}

/// The same with the setting as it is: one ticket for each task, both reopen, what is gone is created again.
pub async fn opened(unassigned: u64) -> World {
    opened_as(unassigned, |_| ()).await
}

/// The same, connected by OAuth, with a webhook whose deliveries the test hands over itself.
pub async fn listening_as(unassigned: u64, choose: impl FnOnce(&mut SyncSetting)) -> World {
    let world = World::with(sites(unassigned, 0)).await;
    world.jira.simulator.set(|settings| settings.webhook_delivery = WebhookDelivery::Manual);
    let connection = Box::pin(world.connect_by_consent()).await;
    world.sync_all(&connection).await;
    set(&world, choose).await;
    // The webhook follows the setting to its project.
    world.time.advance(3601);
    upkeep(&world).await;
    Box::pin(world.reevaluate()).await;
    Box::pin(world.rest()).await;
    deliver(&world, deliveries(&world)).await;
    Box::pin(world.rest()).await;
    world
}

/// Changes the one sync setting and plans what follows, as saving it by the API does.
pub async fn set(world: &World, choose: impl FnOnce(&mut SyncSetting)) {
    let mut setting = world.settings().await.remove(0);
    choose(&mut setting);
    setting.updated_at = world.time.now();
    world.store().save_setting(&mut setting).await.unwrap();
    let plan = ChecksRequest::Plan { tenant: world.tenant.clone() };
    world.checks.send(&plan, None).await.unwrap();
    Box::pin(world.evaluate()).await;
}

/// The one sync setting.
pub async fn setting(world: &World) -> SyncSetting {
    world.settings().await.remove(0)
}

/// A person disables the setting by the API; what follows is done as far as it is due.
pub async fn disable(world: &World, tickets: Retirement) {
    let at = world.time.now();
    set(world, |setting| setting.disable(Disabled { tickets, by: "tok-1".to_owned(), at })).await;
    Box::pin(world.work()).await;
}

/// The deliveries that are due, in the order that the simulator gives them.
pub fn deliveries(world: &World) -> Vec<Delivery> {
    world.time.advance(1);
    world.jira.simulator.due_deliveries()
}

/// Hands deliveries to the receiver, as the function does.
pub async fn deliver(world: &World, deliveries: Vec<Delivery>) -> Vec<Heard> {
    let hearing = Hearing {
        core: world.access.core.clone(),
        secrets: world.secrets(),
        sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
        refreshed: Arc::default(),
    };
    let mut heard = Vec::new();
    for delivery in deliveries {
        let received = Received {
            tenant: world.tenant.clone(),
            connection: None,
            authorization: delivery.header("authorization"),
            signature: None,
            identifier: delivery.header("x-atlassian-webhook-identifier"),
            body: delivery.body.as_bytes(),
        };
        heard.push(hearing.take(&received).await.unwrap());
        world.jira.simulator.settle_delivery(delivery, Some(200));
    }
    heard
}

/// Hears what is due and works on it, once.
pub async fn hear(world: &World) {
    deliver(world, deliveries(world)).await;
    Box::pin(world.work()).await;
}

async fn upkeep(world: &World) {
    Box::pin(world.upkeep().run(after(world.time.now(), 270))).await.unwrap();
}

/// The comparison that upkeep makes where no webhook tells, and what follows from it at once.
pub async fn compare(world: &World) {
    world.time.advance(301);
    upkeep(world).await;
    Box::pin(world.work()).await;
}

/// Two minutes later all checks are evaluated, and everything comes to rest.
pub async fn evaluate(world: &World) {
    world.time.advance(120);
    Box::pin(world.reevaluate()).await;
    Box::pin(world.rest()).await;
}

/// A person does something by the REST API of Jira.
pub fn act(world: &World, by: &str, method: &str, path: &str, body: &Value) -> Value {
    let deed = json!({ "by": by, "method": method, "path": path, "body": body });
    let done = world.jira.simulator.control("POST", "/act", &deed).unwrap();
    assert!(done["status"].as_u64().is_some_and(|status| status < 300), "{method} {path}: {done}");
    done["body"].clone()
}

/// An edit of the project SEC by the control API; of issues, it is `acc-1` who makes it.
pub fn edit_sec(world: &World, edit: &str, body: &Value) {
    world.jira.simulator.edit_project("SEC", edit, body).unwrap();
}

/// `acc-1` brings an issue of SEC to a status, whatever the workflow says.
pub fn move_to(world: &World, key: &Value, status: &str) {
    edit_sec(world, "status", &json!({ "issue": key, "status": status }));
}

/// `acc-2` gives every change ticket an assignee, so that the check passes.
pub fn mend(world: &World) {
    for issue in world.issues_in("CHG").into_iter().filter(|issue| issue["assignee"].is_null()) {
        let path = format!("/issue/{}/assignee", issue["key"].as_str().unwrap());
        act(world, "acc-2", "PUT", &path, &json!({ "accountId": "acc-2" }));
    }
}

/// `acc-2` creates a change ticket that nobody answers for.
pub fn create_failing(world: &World) {
    let fields = json!({
        "project": { "key": "CHG" },
        "issuetype": { "id": "10103" },
        "summary": "A change that nobody answers for",
    });
    act(world, "acc-2", "POST", "/issue", &json!({ "fields": fields }));
}

/// The issues of SEC that are there and not done.
pub fn live(world: &World) -> Vec<Value> {
    let is_live = |issue: &Value| issue["status_category"] != "done" && issue["archived"] != true;
    world.issues_in("SEC").into_iter().filter(is_live).collect()
}

/// The one issue in SEC that is not done; fails if there is another number.
#[track_caller]
pub fn the_live(world: &World) -> Value {
    let mut live = live(world);
    assert_eq!(live.len(), 1, "{live:#?}");
    live.remove(0)
}

/// The issue with this key or id, wherever it is.
pub fn issue(world: &World, key: &Value) -> Value {
    let all = world.jira.simulator.issues();
    all.into_iter().find(|issue| issue["key"] == *key || issue["id"] == *key).unwrap()
}

/// Who changed a field of an issue and to what, oldest first.
pub fn changes(issue: &Value, field: &str) -> Vec<(String, Value)> {
    let history = issue["history"].as_array().unwrap();
    let of_field = history.iter().filter(|line| line["field"] == field);
    of_field.map(|line| (line["author"].as_str().unwrap().to_owned(), line["to"].clone())).collect()
}

/// All fields of an issue that our account changed since it was created, by name.
pub fn written_by_us(issue: &Value) -> Vec<String> {
    let history = issue["history"].as_array().unwrap();
    let ours = history.iter().filter(|line| line["author"] == "acc-admin");
    ours.map(|line| line["field"].as_str().unwrap().to_owned()).collect()
}

/// The one task.
pub async fn task(world: &World) -> Task {
    let mut tasks = world.tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    tasks.remove(0)
}

/// The ticket that stands for a task.
pub async fn ticket_of(world: &World, task: &Task) -> Ticket {
    let id = task.ticket.as_ref().unwrap();
    world.store().ticket(&world.tenant, id).await.unwrap().unwrap()
}

/// The ticket that stands for the one task.
pub async fn ticket(world: &World) -> Ticket {
    ticket_of(world, &task(world).await).await
}

/// Changes a task and plans what follows, as the API does.
pub async fn change(world: &World, id: &TaskId, change: impl Fn(&mut Task, Timestamp) -> bool) {
    let mut task = world.store().task(&world.tenant, id).await.unwrap().unwrap();
    if change(&mut task, world.time.now()) {
        world.store().save_tasks(std::slice::from_ref(&task)).await.pop().unwrap().unwrap();
    }
    let task = world.store().task(&world.tenant, id).await.unwrap().unwrap();
    let sync = Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>;
    let planner = Planner { core: world.access.core.clone(), sync };
    planner.plan_stored(&world.tenant, std::slice::from_ref(&task)).await.unwrap();
}

/// A person completes a task by the API.
pub async fn complete(world: &World, id: &TaskId) {
    change(world, id, |task, now| task.complete("tok-1", "done", now)).await;
}

/// A person asks by the API that a ticket be tried again now.
pub async fn retry(world: &World, mut ticket: Ticket) {
    assert!(ticket.hasten("tok-1", world.time.now()), "{ticket:#?}");
    world.store().save_ticket(&mut ticket).await.unwrap();
    let request = SyncRequest { tenant: world.tenant.clone(), ticket: ticket.id.clone() };
    world.sync.send(&request, None).await.unwrap();
    Box::pin(world.work()).await;
}

/// A worker takes what is due and dies when Jira has answered the `count`th request that `is_it`; the messages come again
/// after their visibility time-out.
pub async fn die_after(world: &World, count: u32, is_it: impl Fn(&Request) -> bool + Send + Sync + 'static) {
    let death = Arc::new(Notify::new());
    let mut worker = world.worker();
    let inner = Arc::clone(&worker.jira.sender);
    let left = AtomicU32::new(count);
    worker.jira.sender = Arc::new(Mortal { inner, left, is_it: Box::new(is_it), death: Arc::clone(&death) });
    let requests = world.sync.receive(50);
    let deadline = after(world.time.now(), 45);
    tokio::select! {
        _ = worker.run(&requests, deadline) => panic!("the worker survived"),
        () = death.notified() => {}
    }
    world.sync.send_all(&requests, Some(360)).await.unwrap();
}

/// Never comes back with a certain answer.
struct Mortal {
    inner: Arc<dyn Sender>,
    left: AtomicU32,
    is_it: Box<dyn Fn(&Request) -> bool + Send + Sync>,
    death: Arc<Notify>,
}

#[async_trait::async_trait]
impl Sender for Mortal {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let is_it = (self.is_it)(&request);
        let answer = self.inner.send(request).await;
        if is_it && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
        answer
    }
}
