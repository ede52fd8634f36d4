//! What findings cost: a full report of 1,000 into a project that demands six custom fields, their tickets, and the same
//! report again, an hour and a day later, when nothing has changed.
//!
//! A report comes in two batches, as the API takes them in. As in [`crate::work`], Assay runs in a process of its own, and
//! simulator and table stay in this one. The day is measured since a finding that is still there is noted as seen once a
//! day ([`assay::finding::taking`]), so that the first report of a day writes every task.
//!
//! Of a ticket, four items are written: it is planned, its issue is claimed and created, and the issue's key is noted, by
//! which pull requests name it.
//!
//! The least possible calls for tickets are those that create them, 50 issues each: whoever knows beforehand what the
//! project demands needs no other (jira-facts 4.2).

use std::sync::Arc;

use assay::finding::incoming::Incoming;
use assay::finding::report::{FINDINGS_IN_BATCH, Part};
use assay::finding::{Package, Severity};
use assay::ids::ReportId;
use assay::operations::findings::{Findings, Received, Taken};
use assay::operations::planning::Planner;
use assay::sqs::{Queue, SyncRequest};
use assay_test_support::configured::configure;
use assay_test_support::world::{World, wish};
use jira_sim::Seed;

use crate::prices::{TENANTS, dollars};
use crate::work::{self, Told, as_float};
use crate::{say, table};

/// Findings of a report.
const FINDINGS: usize = 1_000;

/// Issues that one call creates.
const AT_ONCE: usize = 50;

/// The most calls for the tickets.
const MOST_CALLS: usize = 25;

/// New findings of a tenant in a month.
const NEW_FINDINGS: f64 = 100.0;

/// Days of a month, on each of which a scanner reports.
const DAYS: f64 = 30.0;

/// Reports of a scanner on one day: one an hour.
const A_DAY: f64 = 24.0;

/// A row of the table to be.
struct Step<'a> {
    name: &'a str,
    /// The calls to Jira: operation and points.
    calls: Vec<(String, u64)>,
    /// How many there may be, and the least possible, where there must be any.
    target: String,
    least: usize,
    /// Events that start a function, and messages.
    starts: f64,
    messages: f64,
    /// How often it happens in a month, in words and as a number.
    month: String,
    times: f64,
}

/// Measures and prints.
pub async fn report() {
    let seed = Seed { every_field: true, ..Seed::empty() };
    let world = work::world(seed, wish()).await;
    let setting = world.settings().await.remove(0);
    Box::pin(configure(&world, setting, |_| ())).await;
    let batches = as_float(FINDINGS.div_ceil(FINDINGS_IN_BATCH) as u64);
    let all = as_float(FINDINGS as u64);
    let mut rows = Vec::new();

    let new = Step {
        name: "first report",
        calls: Vec::new(),
        target: "0".to_owned(),
        least: 0,
        starts: batches,
        messages: 0.0,
        month: format!("{NEW_FINDINGS:.0} new findings"),
        times: NEW_FINDINGS / all,
    };
    let (told, calls) = run(&world, "report").await;
    rows.push(row(&Step { calls, ..new }, &told));

    let (told, calls) = run(&world, "work").await;
    let made = world.issues_in("VULN").len();
    let tickets = Step {
        name: &format!("its {made} tickets, six required fields each"),
        calls,
        target: format!("≤ {MOST_CALLS}"),
        least: made.div_ceil(AT_ONCE),
        starts: all / as_float(AT_ONCE as u64),
        messages: all,
        month: format!("{NEW_FINDINGS:.0} new findings"),
        times: NEW_FINDINGS / all,
    };
    rows.push(row(&tickets, &told));

    for (name, later, times) in [
        ("the same an hour later, and what follows", 3600, DAYS * (A_DAY - 1.0)),
        ("the same a day later, and what follows", 24 * 3600, DAYS),
    ] {
        world.time.advance(later);
        let (told, calls) = run(&world, "report-again").await;
        let again = Step {
            name,
            calls,
            target: "0".to_owned(),
            least: 0,
            starts: batches,
            messages: 0.0,
            month: format!("{times:.0} reports"),
            times,
        };
        rows.push(row(&again, &told));
    }
    let price = format!("price, {TENANTS:.0} tenants and a month");
    let heads = [
        "report",
        "calls to Jira",
        "target",
        "× the least possible",
        "points",
        "items written",
        "tasks",
        "tickets and their keys",
        "write units",
        "calls to the table",
        "time here",
        "peak memory of the worker",
        "in a month, each tenant",
        &price,
    ];
    let title = format!(
        "{FINDINGS} findings in {batches:.0} batches, into a project with six required custom fields, against the simulator"
    );
    table::print(&title, &heads, &rows);
}

/// What a process that does `what` told, and its calls to Jira.
async fn run(world: &World, what: &str) -> (Told, Vec<(String, u64)>) {
    let before = world.jira.simulator.journal().len();
    let told = work::run_child(world, what).await;
    let calls = work::calls_since(world, before);
    say(&format!("{FINDINGS} findings, {what}: {}; {}", work::summary(&calls), told.spelled_out()));
    (told, calls)
}

fn row(step: &Step<'_>, told: &Told) -> Vec<String> {
    let count = step.calls.len();
    let ratio = as_float(count as u64) / as_float(step.least as u64);
    let reads: u64 = told.counts.reads.values().sum();
    let usage = told.usage(count, step.starts, step.messages);
    vec![
        step.name.to_owned(),
        count.to_string(),
        step.target.clone(),
        if step.least > 0 { format!("{ratio:.2} × {}", step.least) } else { String::new() },
        work::points(&step.calls).to_string(),
        told.writes().to_string(),
        told.writes_of("task").to_string(),
        told.writes_of("ticket").to_string(),
        format!("{:.0}", told.counts.write_units),
        (reads + told.writes()).to_string(),
        format!("{:.2} s", told.seconds),
        format!("{:.1} MiB", f64::from(told.peak_kib) / 1024.0),
        step.month.clone(),
        dollars(usage.price(step.times)),
    ]
}

/// The worker's part: a report of which every finding is new, for which tickets are planned.
pub async fn send_first(world: &World) {
    let created: u64 = send(world, FINDINGS).await.iter().map(|taken| taken.created).sum();
    assert_eq!(created, FINDINGS as u64, "not every finding is new");
}

/// The worker's part: a report in which nothing is new, and what the queue then asks for, if anything.
pub async fn send_again(world: &World) {
    let taken = send(world, FINDINGS).await;
    let unchanged: u64 = taken.iter().map(|taken| taken.unchanged).sum();
    let resolved = taken.last().map_or(0, |taken| taken.resolved);
    assert_eq!((unchanged, resolved), (FINDINGS as u64, 0), "something changed");
    world.work().await;
}

/// Sends a full report of so many findings, batch by batch.
pub async fn send(world: &World, count: usize) -> Vec<Taken> {
    let sync = Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>;
    let findings = Findings { planner: Planner { core: world.access.core.clone(), sync }, deadline: None };
    let id = ReportId::parse(&format!("nightly-{}", world.time.now().as_second())).expect("an id");
    let all: Vec<(u64, Incoming)> = (0..count).map(|number| (number as u64, incoming(number))).collect();
    let last = u32::try_from(count.div_ceil(FINDINGS_IN_BATCH)).expect("a number");
    let mut taken = Vec::new();
    for (batch, some) in (1..).zip(all.chunks(FINDINGS_IN_BATCH)) {
        let batches = (batch == last).then_some(last);
        let received = Received {
            source: "trivy".to_owned(),
            part: Some(Part { id: id.clone(), full: true, asset: None, batch, batches }),
            findings: some.to_vec(),
            rejected: Vec::new(),
        };
        let received = Box::pin(findings.receive(&world.tenant, received)).await;
        taken.push(received.expect("the batch is taken in"));
    }
    taken
}

/// A finding with texts as long as scanners of packages write them.
fn incoming(number: usize) -> Incoming {
    let (rule, package) = (format!("CVE-2026-{number:05}"), format!("library-{}", number % 200));
    let description = format!(
        "{package} before 2.4.{number} does not check the length of what it is given before it is copied, so that whoever \
         may send it a request can make it read behind the end of a buffer, and end the process or learn what is kept there. "
    );
    let incoming = Incoming {
        fingerprint: format!("{rule}:{package}"),
        title: format!("{rule}: {package} reads behind the end of a buffer"),
        description: description.repeat(3).trim_end().to_owned(),
        fix: format!("Update {package} to 2.4.{number} or later."),
        severity: Severity::ALL[number % Severity::ALL.len()],
        score: number.is_multiple_of(2).then_some(75),
        rule: rule.clone(),
        advisory: rule.clone(),
        asset: format!("registry.example.com/shop/service-{}", number % 20),
        location: None,
        package: Some(Package { name: package, version: "2.3.9".to_owned(), ..Package::default() }),
        links: vec![format!("https://avd.example.com/nvd/{rule}")],
    };
    incoming.checked().expect("the finding keeps the rules")
}
