//! What the main job costs: a check run over 10,000 change tickets, the same again when nothing changed, and 1,000 new
//! tickets.
//!
//! The work runs in a process of its own, so that its memory is not the simulator's; simulator and table stay in this one.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Instant;

use assay::connection::{Scope, UseCase};
use assay::ids::ConnectionId;
use assay::operations::connecting::Wish;
use assay::sqs::{ChecksRequest, Queue};
use assay_test_support::table::{Counts, Operations};
use assay_test_support::world::{World, token_proof, wish};
use jiff::Timestamp;
use jira_sim::{Options, Seed};
use tokio::process::Command;

use crate::prices::{self, JIRA_CALL, TABLE_CALL, TENANTS, Use, dollars};
use crate::{findings, ingesting, say, startup, table};

/// Change tickets of the check run.
const CHANGE_TICKETS: u64 = 10_000;

/// Issues on a page of search with the few fields that a check reads. It is the simulator's: Atlassian says "up to
/// 5,000" and gives fewer the more fields are asked for (jira-facts 4.1).
const PAGE: u64 = 1_000;

/// Calls of a reading beside its pages: the count that its pages are compared with, and the account's permissions.
const BESIDE_PAGES: u64 = 2;

/// New tickets.
const TICKETS: u64 = 1_000;

/// Check runs of a tenant in a month: one an hour.
const RUNS: f64 = 24.0 * 30.0;

/// New tickets of a tenant in a month.
const NEW_TICKETS: f64 = 100.0;

/// What a child process told of its work.
#[derive(Debug, Default)]
pub struct Told {
    /// Seconds that it took here.
    pub seconds: f64,
    /// Seconds of the processor that it took.
    pub processor_seconds: f64,
    /// The most memory that the process had, in KiB.
    pub peak_kib: u32,
    /// Its clock at the end.
    pub now: Option<Timestamp>,
    /// What was done to the table.
    pub counts: Counts,
}

impl Told {
    /// Items written.
    pub fn writes(&self) -> u64 {
        self.counts.writes.values().sum()
    }

    /// Items of a kind that were written.
    pub fn writes_of(&self, kind: &str) -> u64 {
        let of_kind = self.counts.writes.iter().filter(|(what, _)| what.ends_with(&format!(" {kind}")));
        of_kind.map(|(_, count)| count).sum()
    }

    /// What it uses of AWS, where every call takes as long as `prices` says and nothing is done at once with another.
    pub fn usage(&self, calls: usize, starts: f64, messages: f64) -> Use {
        let table_calls = self.writes() + self.counts.reads.values().sum::<u64>();
        Use {
            write_units: self.counts.write_units,
            read_units: self.counts.read_units,
            seconds: self.seconds + as_float(calls as u64) * JIRA_CALL + as_float(table_calls) * TABLE_CALL,
            starts,
            messages,
        }
    }

    /// The writes by operation and kind.
    pub fn spelled_out(&self) -> String {
        let each = self.counts.writes.iter().map(|(what, count)| format!("{count} × {what}"));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// Measures and prints.
pub async fn report() {
    let mut rows = Vec::new();
    check_runs(&mut rows).await;
    new_tickets(&mut rows).await;
    let price = format!("price, {TENANTS:.0} tenants and a month");
    let heads = [
        "work",
        "calls to Jira",
        "target",
        "points",
        "items written",
        "target",
        "write units",
        "time here",
        "peak memory of the worker",
        "in a month, each tenant",
        &price,
    ];
    table::print("Work, against the simulator on this machine", &heads, &rows);
    say(&format!(
        "Prices: US East; a function's time is what it took here and {JIRA_CALL} s for each call to Jira, {TABLE_CALL} s for each to the table, \
         at {} GB.\n",
        prices::MEMORY
    ));
}

/// The checks about change tickets alone, so that every call counted is one of theirs.
async fn check_runs(rows: &mut Vec<Vec<String>>) {
    let seed = Seed {
        change_tickets: CHANGE_TICKETS,
        change_unassigned: 0,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let only_changes =
        Wish { use_cases: BTreeSet::from([UseCase::Ticketing]), incidents: Scope::default(), ..wish() };
    let world = world(seed, only_changes).await;
    let least = CHANGE_TICKETS.div_ceil(PAGE) + BESIDE_PAGES;
    for (what, times) in [("first", 1.0), ("nothing changed", RUNS - 1.0)] {
        let before = world.jira.simulator.journal().len();
        let told = run_child(&world, "check-run").await;
        let calls = calls_since(&world, before);
        say(&format!("check run, {what}: {}; {}", summary(&calls), told.spelled_out()));
        let usage = told.usage(calls.len(), 1.0, 1.0);
        rows.push(vec![
            format!("checks over {CHANGE_TICKETS} change tickets, {what}"),
            calls.len().to_string(),
            format!("≤ {least}"),
            points(&calls).to_string(),
            told.writes().to_string(),
            String::new(),
            format!("{:.1}", told.counts.write_units),
            format!("{:.2} s", told.seconds),
            format!("{:.1} MiB (target ≤ 64)", f64::from(told.peak_kib) / 1024.0),
            format!("{times:.0} runs"),
            dollars(usage.price(times)),
        ]);
        world.time.advance(3600);
    }
}

async fn new_tickets(rows: &mut Vec<Vec<String>>) {
    let seed = Seed {
        change_tickets: TICKETS,
        change_unassigned: TICKETS,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = world(seed, wish()).await;
    let planned = run_child(&world, "plan").await;
    let before = world.jira.simulator.journal().len();
    let told = run_child(&world, "work").await;
    let calls = calls_since(&world, before);
    let made = world.issues_in("SEC").len() as u64;
    say(&format!("{made} new tickets, planning: {}", planned.spelled_out()));
    say(&format!("{made} new tickets, working: {}; {}", summary(&calls), told.spelled_out()));
    let each = |count: u64| as_float(count) / as_float(made.max(1));
    let of_ticket = planned.writes_of("ticket") + told.writes_of("ticket");
    let part = NEW_TICKETS / as_float(made.max(1));
    let messages = as_float(made);
    let usage = told.usage(calls.len(), messages / 50.0, messages);
    rows.push(vec![
        format!("{made} new tickets"),
        calls.len().to_string(),
        "≤ 25".to_owned(),
        points(&calls).to_string(),
        format!("{:.2} a ticket", each(of_ticket)),
        "≤ 3 a ticket".to_owned(),
        format!("{:.1} a ticket", told.counts.write_units / as_float(made.max(1))),
        format!("{:.2} s", told.seconds),
        format!("{:.1} MiB", f64::from(told.peak_kib) / 1024.0),
        format!("{NEW_TICKETS:.0} tickets"),
        dollars(usage.price(part)),
    ]);
    rows.push(vec![
        format!("planning them: {made} tasks and tickets"),
        String::new(),
        String::new(),
        String::new(),
        format!("{:.2} a task", each(planned.writes_of("task"))),
        String::new(),
        format!("{:.1} a ticket", planned.counts.write_units / as_float(made.max(1))),
        format!("{:.2} s", planned.seconds),
        format!("{:.1} MiB", f64::from(planned.peak_kib) / 1024.0),
        format!("{NEW_TICKETS:.0} tickets"),
        // The check run that finds them is priced above.
        dollars(planned.usage(0, 0.0, 0.0).price(part)),
    ]);
}

/// A world whose limits are those of an API token, which points do not bind, with a connection that was never read.
pub async fn world(seed: Seed, wish: Wish) -> World {
    let world = World::with(Options { seed, ..Options::default() }).await;
    world.jira.simulator.set(|settings| {
        settings.burst = jira_sim::Burst { get: 0, post: 0, put: 0, delete: 0 };
        settings.bulk_cost_limit = None;
        settings.index_lag_seconds = 0.0;
    });
    let id = ConnectionId::parse("con-1").expect("an id");
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.expect("a tenant");
    let begun = world.connector().begin(&world.tenant, id.clone(), wish, token_proof()).await;
    begun.map_err(|failure| format!("{failure:?}")).expect("connecting by token works");
    let connection =
        world.store().connection(&world.tenant, &id).await.expect("the table").expect("it is there");
    world.sync_all(&connection).await;
    world
}

/// The calls to Jira after the first `before`: operation and points.
pub fn calls_since(world: &World, before: usize) -> Vec<(String, u64)> {
    world
        .jira
        .simulator
        .journal()
        .into_iter()
        .skip(before)
        .map(|call| (call.operation, u64::from(call.points)))
        .collect()
}

/// The points of calls.
pub fn points(calls: &[(String, u64)]) -> u64 {
    calls.iter().map(|(_, points)| points).sum()
}

/// Calls by operation, for people.
pub fn summary(calls: &[(String, u64)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (operation, _) in calls {
        *counts.entry(operation).or_default() += 1;
    }
    counts.iter().map(|(operation, count)| format!("{count} × {operation}")).collect::<Vec<_>>().join(", ")
}

/// What this program tells with these arguments, in a process of its own.
pub async fn told_by(arguments: &[&str]) -> String {
    let own = std::env::current_exe().expect("this program's path");
    let output =
        Command::new(own).args(arguments).stderr(Stdio::inherit()).output().await.expect("a child process");
    assert!(output.status.success(), "{arguments:?} failed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Does `what` in a process of its own, with the simulator and the table of `world`.
pub async fn run_child(world: &World, what: &str) -> Told {
    let now = world.time.now().to_string();
    let text = told_by(&["--child", what, &world.jira.url(), &world.table_address, &now]).await;
    let mut told = Told::default();
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        match name.split_once(':') {
            None if name == "seconds" => told.seconds = value.parse().expect("a number"),
            None if name == "processor_seconds" => {
                told.processor_seconds = value.parse().expect("a number");
            }
            None if name == "now" => told.now = value.parse().ok(),
            None if name == "peak_kib" => told.peak_kib = value.parse().expect("a number"),
            None if name == "write_units" => told.counts.write_units = value.parse().expect("a number"),
            None if name == "read_units" => told.counts.read_units = value.parse().expect("a number"),
            Some(("write", what)) => {
                told.counts.writes.insert(what.to_owned(), value.parse().expect("a number"));
            }
            Some(("read", what)) => {
                told.counts.reads.insert(what.to_owned(), value.parse().expect("a number"));
            }
            _ => {}
        }
    }
    told
}

/// The worker's process: `check-run`, `plan`, `work`, `ingest`, `report` or `report-again`, on a simulator and a table that are there already.
pub async fn child(arguments: &[String]) {
    let [what, jira, table, now] = arguments else { panic!("usage: --child WORK JIRA TABLE NOW") };
    let operations = Operations::default();
    let mut world = World::join(jira, table, &operations, now.parse().expect("a time")).await;
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
    } else if what == "ingest" {
        Box::pin(ingesting::work(&mut world)).await;
    } else if what == "report" {
        Box::pin(findings::send_first(&world)).await;
    } else if what == "report-again" {
        Box::pin(findings::send_again(&world)).await;
    } else {
        world.evaluator().evaluate(&request).await.expect("an evaluation");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let counts = operations.take();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    say(&format!("seconds={seconds}"));
    say(&format!("processor_seconds={}", processor_seconds()));
    say(&format!("now={}", world.time.now()));
    say(&format!("peak_kib={}", startup::field(&status, "VmHWM:").unwrap_or_default()));
    say(&format!("write_units={}\nread_units={}", counts.write_units, counts.read_units));
    for (what, count) in counts.writes {
        say(&format!("write:{what}={count}"));
    }
    for (what, count) in counts.reads {
        say(&format!("read:{what}={count}"));
    }
}

/// Seconds of the processor that this process took so far, by the kernel's hundredths.
pub fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // What follows the name, which may hold anything; user and system time are the 12th and 13th of it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let hundredths: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    as_float(hundredths) / 100.0
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "counts of a few millions")]
pub fn as_float(count: u64) -> f64 {
    count as f64
}
