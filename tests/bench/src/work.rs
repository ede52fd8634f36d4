//! What the main job costs: a check run over 10,000 change tickets, and 1,000 new tickets.
//!
//! The work runs in a process of its own, so that its memory is not the simulator's; simulator and table stay in this one.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Instant;

use assay::ids::ConnectionId;
use assay::sqs::{ChecksRequest, Queue};
use assay_test_support::table::Operations;
use assay_test_support::world::World;
use jira_sim::{Options, Seed};
use tokio::process::Command;

use crate::{say, startup, table};

/// Change tickets of the check run.
const CHANGE_TICKETS: u64 = 10_000;

/// New tickets.
const TICKETS: u64 = 1_000;

/// What was measured, for the costs.
#[derive(Debug, Default)]
pub struct Measured {
    /// Table writes of a check run where nothing changed.
    pub writes_a_check_run: f64,
    /// Table writes of one new ticket, its task included.
    pub writes_a_ticket: f64,
    /// Seconds of a function's time for a check run.
    pub seconds_a_check_run: f64,
}

/// What a child process told of its work.
#[derive(Debug, Default)]
struct Told {
    seconds: f64,
    peak_kib: u32,
    operations: BTreeMap<String, u64>,
}

impl Told {
    fn writes(&self) -> u64 {
        let is_write = |name: &&String| {
            ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"]
                .contains(&name.as_str())
        };
        self.operations.iter().filter(|(name, _)| is_write(name)).map(|(_, count)| count).sum()
    }
}

/// Measures and prints.
pub async fn report() -> Measured {
    let mut measured = Measured::default();
    let mut rows = Vec::new();
    check_run(&mut rows, &mut measured).await;
    new_tickets(&mut rows, &mut measured).await;
    let heads =
        ["work", "calls to Jira", "target", "points", "table writes", "time", "peak memory of the worker"];
    table::print("Work, against the simulator on this machine", &heads, &rows);
    measured
}

async fn check_run(rows: &mut Vec<Vec<String>>, measured: &mut Measured) {
    let seed = Seed { change_tickets: CHANGE_TICKETS, change_unassigned: 0, ..Seed::default() };
    let world = world(seed).await;
    let before = world.jira.simulator.journal().len();
    let told = run_child(&world, "check-run").await;
    let calls = calls_since(&world, before);
    let reading: Vec<&(String, u64)> = calls.iter().filter(|(name, _)| name.starts_with("search")).collect();
    let points: u64 = calls.iter().map(|(_, points)| points).sum();
    // Pages of search for the change tickets and for the incidents; permission and count for each of the two readings.
    say(&format!("check run: {}", summary(&calls)));
    let least = reading.len();
    rows.push(vec![
        format!("checks B2, B3, B4 over {CHANGE_TICKETS} change tickets"),
        calls.len().to_string(),
        format!("least possible ({least} pages) + 2 a reading"),
        points.to_string(),
        told.writes().to_string(),
        format!("{:.2} s", told.seconds),
        format!("{:.1} MiB (target ≤ 64)", f64::from(told.peak_kib) / 1024.0),
    ]);
    measured.seconds_a_check_run = told.seconds;
    measured.writes_a_check_run = as_float(told.writes());
}

async fn new_tickets(rows: &mut Vec<Vec<String>>, measured: &mut Measured) {
    let seed = Seed {
        change_tickets: TICKETS,
        change_unassigned: TICKETS,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = world(seed).await;
    let planned = run_child(&world, "plan").await;
    let before = world.jira.simulator.journal().len();
    let told = run_child(&world, "work").await;
    let calls = calls_since(&world, before);
    say(&format!("new tickets: {}", summary(&calls)));
    let made = world.issues_in("SEC").len() as u64;
    let points: u64 = calls.iter().map(|(_, points)| points).sum();
    let writes = planned.operations.get("PutItem").copied().unwrap_or_default().max(told.writes());
    // One put when it is planned, and the worker's writes.
    let each = as_float(TICKETS + told.writes()) / as_float(made.max(1));
    rows.push(vec![
        format!("{made} new tickets"),
        calls.len().to_string(),
        "≤ 25".to_owned(),
        points.to_string(),
        format!(
            "{each:.2} a ticket (target ≤ 3); its task {:.2}",
            as_float(writes.min(planned.writes()) - TICKETS.min(planned.writes())) / as_float(made.max(1))
        ),
        format!("{:.2} s", told.seconds),
        format!("{:.1} MiB", f64::from(told.peak_kib) / 1024.0),
    ]);
    measured.writes_a_ticket = as_float(planned.writes() + told.writes()) / as_float(made.max(1));
}

/// A world whose limits are those of an API token, which points do not bind, with a connection that was never read.
async fn world(seed: Seed) -> World {
    let world = World::with(Options { seed, ..Options::default() }).await;
    world.jira.simulator.set(|settings| {
        settings.burst = jira_sim::Burst { get: 0, post: 0, put: 0, delete: 0 };
        settings.bulk_cost_limit = None;
        settings.index_lag_seconds = 0.0;
    });
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world
}

fn calls_since(world: &World, before: usize) -> Vec<(String, u64)> {
    world
        .jira
        .simulator
        .journal()
        .into_iter()
        .skip(before)
        .map(|call| (call.operation, u64::from(call.points)))
        .collect()
}

fn summary(calls: &[(String, u64)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (operation, _) in calls {
        *counts.entry(operation).or_default() += 1;
    }
    counts.iter().map(|(operation, count)| format!("{count} × {operation}")).collect::<Vec<_>>().join(", ")
}

async fn run_child(world: &World, what: &str) -> Told {
    let own = std::env::current_exe().expect("this program's path");
    let now = world.time.now().to_string();
    let arguments = ["--child", what, &world.jira.url(), &world.table_address, &now].map(ToOwned::to_owned);
    let output =
        Command::new(own).args(arguments).stderr(Stdio::inherit()).output().await.expect("a child process");
    assert!(output.status.success(), "the worker failed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut told = Told::default();
    for line in text.lines() {
        match line.split_once('=') {
            Some(("seconds", value)) => told.seconds = value.parse().unwrap_or_default(),
            Some(("peak_kib", value)) => told.peak_kib = value.parse().unwrap_or_default(),
            Some((operation, value)) => {
                told.operations.insert(operation.to_owned(), value.parse().unwrap_or_default());
            }
            None => {}
        }
    }
    told
}

/// The worker's process: `check-run`, `plan` or `work`, on a simulator and a table that are there already.
pub async fn child(arguments: &[String]) {
    let [what, jira, table, now] = arguments else { panic!("usage: --child WORK JIRA TABLE NOW") };
    let operations = Operations::default();
    let world = World::join(jira, table, &operations, now.parse().expect("a time")).await;
    let connection = ConnectionId::parse("con-1").expect("an id");
    let request = ChecksRequest::Connection { tenant: world.tenant.clone(), connection };
    if what == "work" {
        let tickets = world.tickets().await;
        let requests: Vec<_> = tickets
            .iter()
            .map(|ticket| assay::sqs::SyncRequest {
                tenant: ticket.tenant.clone(),
                ticket: ticket.id.clone(),
            })
            .collect();
        world.sync.send_all(&requests, None).await.expect("sync requests");
    }
    operations.take();
    let begun = Instant::now();
    if what == "work" {
        world.work().await;
    } else {
        world.evaluator().evaluate(&request).await.expect("an evaluation");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    say(&format!("seconds={seconds}"));
    say(&format!("peak_kib={}", startup::field(&status, "VmHWM:").unwrap_or_default()));
    for (operation, count) in operations.take() {
        say(&format!("{operation}={count}"));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
fn as_float(count: u64) -> f64 {
    count as f64
}
