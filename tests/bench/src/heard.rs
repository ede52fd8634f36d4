//! A status change in Jira → its task is updated: through the webhook's handler, the queue and the worker, in one process.
//!
//! What is measured is the time that our code takes, with the table's engine and the simulator on this machine. Jira's own
//! delay before it delivers, the network, and the queue's are not in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assay::operations::hearing::Hearing;
use assay::sqs::{Queue, SyncRequest};
use assay::task;
use assay_test_support::http::Ask;
use assay_test_support::table::{Operations, reach_counted};
use assay_test_support::world::{PUBLIC_URL, World};
use axum::Router;
use jira_sim::{Options, Seed, WebhookDelivery};
use serde_json::json;

use crate::life::work_off;
use crate::prices::{TENANTS, dollars};
use crate::work::{self, Told, as_float};
use crate::{say, table};

/// Changes of a status that are measured.
const CHANGES: u64 = 200;

/// Changes of a tenant's tickets by people in a month.
const IN_A_MONTH: f64 = 100.0;

/// The simulator's id of the status that ends the workflow of `SEC`.
const DONE: &str = "10003";

/// Headers by which a delivery is verified and known again.
const HEADERS: [&str; 3] = ["content-type", "authorization", "x-atlassian-webhook-identifier"];

/// Measures and prints.
pub async fn report() {
    let (world, operations) = world_with_tickets().await;
    let receiver = receiver(&world);
    let before = world.jira.simulator.journal().len();
    let _ = operations.take();
    let (mut took, mut messages) = (Vec::new(), 0);
    for ticket in world.tickets().await {
        let Some(issue) = ticket.state.issue() else { continue };
        let closed = json!({ "issue": issue.key, "status": DONE });
        world.jira.simulator.edit_project("SEC", "status", &closed).expect("a person closes the issue");
        world.time.advance(1);
        let (time, sent) = deliver(&world, &receiver).await;
        took.push(time);
        messages += sent;
    }
    let counts = operations.take();
    let calls = work::calls_since(&world, before);
    let done = world.tasks().await.iter().filter(|task| task.state == task::State::Completed).count();
    say(&format!("{} changes, {done} tasks completed: {}", took.len(), work::summary(&calls)));
    let seconds = took.iter().sum::<Duration>().as_secs_f64();
    let told = Told { seconds, counts, ..Told::default() };
    took.sort();
    let changes = as_float(took.len().max(1) as u64);
    let messages = as_float(messages as u64);
    // Each delivery starts the receiver, each message the worker.
    let usage = told.usage(calls.len(), changes + messages, messages);
    let at = |part: usize| {
        let found = took.get((took.len() * part / 100).min(took.len().saturating_sub(1)));
        found.map_or("?".to_owned(), |it| format!("{:.1} ms", it.as_secs_f64() * 1000.0))
    };
    let row = vec![
        format!("{} changes, {done} tasks updated", took.len()),
        at(50),
        at(99),
        format!("{:.2}", as_float(calls.len() as u64) / changes),
        format!("{:.2}", as_float(work::points(&calls)) / changes),
        format!("{:.2}", as_float(told.writes()) / changes),
        dollars(usage.price(IN_A_MONTH / changes)),
    ];
    let price = format!("price, {TENANTS:.0} tenants and a month of {IN_A_MONTH:.0} changes");
    let heads =
        ["status change in Jira → task", "p50", "p99", "calls to Jira", "points", "items written", &price];
    let title = "Heard from Jira: webhook's handler, queue and worker in one process; time in our code, table and simulator only";
    table::print(title, &heads, &[row]);
}

/// A world that is connected by consent, whose tickets are open and whose webhooks wait to be delivered.
async fn world_with_tickets() -> (World, Operations) {
    let seed = Seed {
        change_tickets: CHANGES,
        change_unassigned: CHANGES,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let mut world = World::with(Options { seed, ..Options::default() }).await;
    let operations = Operations::default();
    world.access.core.store = reach_counted(&world.table_address, &operations);
    world.jira.simulator.set(|settings| {
        settings.burst = jira_sim::Burst { get: 0, post: 0, put: 0, delete: 0 };
        settings.quota = None;
        settings.bulk_cost_limit = None;
        settings.index_lag_seconds = 0.0;
        settings.webhook_delivery = WebhookDelivery::Manual;
    });
    let connection = world.connect_by_consent().await;
    world.sync_all(&connection).await;
    world.connector().listen(&world.tenant, &connection.id).await.expect("the webhook is brought up to date");
    world.evaluate().await;
    work_off(&world).await;
    // Of the issues' creation.
    world.time.advance(1);
    for delivery in world.jira.simulator.due_deliveries() {
        world.jira.simulator.settle_delivery(delivery, Some(204));
    }
    (world, operations)
}

fn receiver(world: &World) -> Router {
    assay_receive_webhooks::router(Hearing {
        core: world.access.core.clone(),
        secrets: world.secrets(),
        sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
        refreshed: Arc::default(),
    })
}

/// Hands what is due to the receiver, and its messages to the worker: how long that took, and how many messages there were.
async fn deliver(world: &World, receiver: &Router) -> (Duration, usize) {
    let due = world.jira.simulator.due_deliveries();
    let begun = Instant::now();
    let mut statuses = Vec::new();
    for delivery in &due {
        let path = delivery.url.strip_prefix(PUBLIC_URL).unwrap_or(&delivery.url);
        let ask = HEADERS.into_iter().fold(Ask::new("POST", path), |ask, name| match delivery.header(name) {
            Some(value) => ask.header(name, value),
            None => ask,
        });
        statuses.push(ask.bytes(delivery.body.clone()).to(receiver).await.status.as_u16());
    }
    let messages = work_off(world).await;
    let took = begun.elapsed();
    for (delivery, status) in due.into_iter().zip(statuses) {
        world.jira.simulator.settle_delivery(delivery, Some(status));
    }
    (took, messages)
}
