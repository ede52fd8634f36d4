//! What a page of the console costs: time in the function, calls to the table, bytes on the wire; for a tenant with 10 rows
//! of each kind that a page lists, and for one with 10,000.
//!
//! [`filling`] brings the rows about. The console runs in a process of its own, as Assay does in [`crate::work`], with the
//! API inside as always; table and simulator stay in this one. A page is opened as a browser opens it, signed in as an
//! administrator, first twice unmeasured, so that what is measured is warm. Of a list its first page is opened, and one a
//! hundred pages further, by the links that the pages have.
//!
//! The time is from the request's coming into the function's router to the last byte of its packed answer. The table in it
//! is the embedded engine behind a loopback port; no network, no Lambda and no API Gateway are.

mod filling;
mod house;

use std::time::Instant;

use assay_test_support::table::Operations;
use assay_test_support::world::World;
use serde::{Deserialize, Serialize};

use self::house::Browser;
use crate::prices::{TABLE_CALL, TENANTS, Use, dollars};
use crate::work::{self, as_float};
use crate::{say, startup, table};

/// Rows of each kind.
const SIZES: [usize; 2] = [10, 10_000];

/// How often each page is opened and measured.
const RUNS: usize = 15;

/// How many pages further into a list it is looked.
const FURTHER: usize = 100;

/// How often a tenant's people open each page in a month.
const VIEWS: f64 = 1_000.0;

/// Where a page is.
enum At {
    /// There.
    Path(&'static str),
    /// Where the first link that begins so leads to, on the page there.
    Link(&'static str, &'static str),
}

/// The pages: what each is, and where.
const PAGES: [(&str, At); 41] = [
    ("overview", At::Path("/")),
    ("connections", At::Path("/connections")),
    ("a connection", At::Path("/connections/con-1")),
    ("checks", At::Path("/checks")),
    ("a check and its runs", At::Path("/checks/B2")),
    ("a run and what failed", At::Link("/checks/B2", "/checks/B2/runs/")),
    ("tasks", At::Path("/tasks")),
    ("tasks, by a text that one has", At::Path("/tasks?text=CVE-2026-00009")),
    ("a task", At::Link("/tasks", "/tasks/")),
    ("tickets", At::Path("/tickets")),
    ("tickets, parked", At::Path("/tickets?waits=parked")),
    ("a ticket", At::Link("/tickets", "/tickets/")),
    ("sync settings", At::Path("/sync-settings")),
    ("people", At::Path("/people")),
    ("people, by a text that one has", At::Path("/people?q=bulk-9%40example.com")),
    ("a person", At::Link("/people", "/people/per-")),
    ("accounts", At::Path("/accounts?connection=con-1")),
    ("accounts, by a text that one has", At::Path("/accounts?connection=con-1&q=bulk-9%40example.com")),
    ("accounts, privileged", At::Path("/accounts?connection=con-1&access=privileged")),
    ("an account", At::Path("/accounts/con-1/bulk-9")),
    ("groups", At::Path("/groups?connection=con-1")),
    ("a group and its members", At::Link("/groups?connection=con-1", "/groups/con-1/")),
    ("campaigns", At::Path("/campaigns")),
    ("a campaign and its items", At::Link("/campaigns", "/campaigns/cmp-")),
    ("usage", At::Path("/usage")),
    ("heat map, 30 days", At::Path("/usage/con-1")),
    ("heat map, a year", At::Path("/usage/con-1?days=366")),
    ("licences", At::Path("/licences/con-1")),
    ("who holds a licence", At::Path("/licences/con-1/jira-software")),
    ("who holds one unused", At::Path("/licences/con-1/jira-software?unused_days=30")),
    ("vulnerabilities", At::Path("/vulnerabilities")),
    ("a vulnerability", At::Link("/vulnerabilities", "/vulnerabilities/B9-")),
    ("pull requests", At::Path("/pull-requests")),
    ("a pull request", At::Link("/pull-requests", "/pull-requests/pul-")),
    ("notifications", At::Path("/notifications")),
    ("actions", At::Path("/actions")),
    ("an action", At::Link("/actions", "/actions/act-")),
    ("tokens", At::Path("/tokens")),
    ("audit log", At::Path("/audit-log")),
    ("form: a new action", At::Path("/actions/new?what=change_access&connection=con-1")),
    ("form: a new campaign", At::Path("/campaigns/new?connection=con-1")),
];

/// What opening a page took.
#[derive(Debug, Deserialize, Serialize)]
struct Opened {
    /// Which it is.
    page: String,
    /// Seconds, of the run in the middle and of the slowest.
    median: f64,
    slowest: f64,
    /// Seconds of the processor, on average.
    processor: f64,
    /// Calls to the table.
    calls: u64,
    /// Read units of the table.
    read_units: f64,
    /// Bytes of the page, and of the answer.
    bytes: usize,
    sent: usize,
}

/// What a process told at its end.
#[derive(Debug, Default)]
struct Told {
    opened: Vec<Opened>,
    /// The most memory that it had, in KiB.
    peak_kib: u32,
}

/// Measures and prints.
pub async fn report() {
    let mut told = Vec::new();
    for rows in SIZES {
        let begun = Instant::now();
        let (world, token) = Box::pin(filling::filled(rows)).await;
        say(&format!("{rows} rows of each kind were made in {:.0} s", begun.elapsed().as_secs_f64()));
        let now = world.time.now().to_string();
        let output =
            work::told_by(&["--pages-of", &world.jira.url(), &world.table_address, &now, &token]).await;
        told.push(read(&output));
    }
    let mut rows = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for opened in told.iter().rev().flat_map(|told| &told.opened) {
        if !names.contains(&opened.page.as_str()) {
            names.push(&opened.page);
        }
    }
    for name in names {
        for (size, told) in SIZES.iter().zip(&told) {
            rows.extend(told.opened.iter().filter(|it| it.page == name).map(|it| row(*size, it)));
        }
    }
    let price = format!("price, {TENANTS:.0} tenants and {VIEWS:.0} views a month");
    let heads = [
        "page",
        "rows",
        "time, median",
        "slowest",
        "processor",
        "calls to the table",
        "read units",
        "HTML",
        "sent",
        &price,
    ];
    let title = format!(
        "Pages of the console, {RUNS} times each, warm; the time includes the embedded table behind a loopback port, and no network"
    );
    table::print(&title, &heads, &rows);
    for (size, told) in SIZES.iter().zip(&told) {
        say(&format!(
            "peak memory of the process that shows them, {size} rows: {:.1} MiB",
            f64::from(told.peak_kib) / 1024.0
        ));
    }
    say("");
}

fn read(output: &str) -> Told {
    let mut told = Told::default();
    for line in output.lines() {
        if let Some(peak) = line.strip_prefix("peak_kib=") {
            told.peak_kib = peak.parse().expect("a number");
        } else {
            told.opened.push(serde_json::from_str(line).expect("what a page took"));
        }
    }
    told
}

fn row(rows: usize, it: &Opened) -> Vec<String> {
    let milliseconds = |seconds: f64| format!("{:.1} ms", seconds * 1000.0);
    let kilobytes = |bytes: usize| format!("{:.1} kB", as_float(bytes as u64) / 1000.0);
    let seconds = it.processor + as_float(it.calls) * TABLE_CALL;
    let usage = Use { read_units: it.read_units, seconds, starts: 1.0, ..Use::default() };
    vec![
        it.page.clone(),
        rows.to_string(),
        milliseconds(it.median),
        milliseconds(it.slowest),
        milliseconds(it.processor),
        it.calls.to_string(),
        format!("{:.1}", it.read_units),
        kilobytes(it.bytes),
        kilobytes(it.sent),
        dollars(usage.price(VIEWS)),
    ]
}

/// The process that shows the pages: of a tenant whose simulator and table are there already.
pub async fn child(arguments: &[String]) {
    let [jira, table, now, token] = arguments else { panic!("usage: --pages-of JIRA TABLE NOW TOKEN") };
    let operations = Operations::default();
    let world = World::join(jira, table, &operations, now.parse().expect("a time")).await;
    let browser = Browser::sign_in(&world, token).await;
    for (name, at) in &PAGES {
        let Some(path) = place(&browser, at).await else { continue };
        measure(&browser, &operations, name, &path).await;
        let (mut last, mut further) = (path, 0);
        while further < FURTHER {
            let page = browser.open(&last, false).await.text();
            let Some(next) = house::next(&page) else { break };
            (last, further) = (next, further + 1);
        }
        if further > 0 {
            measure(&browser, &operations, &format!("{name}, page {}", further + 1), &last).await;
        }
    }
    let mut assets: Vec<String> = house::links(&browser.open("/", false).await.text()).collect();
    assets.retain(|path| path.starts_with("/assets/"));
    for path in assets {
        measure(&browser, &operations, &path, &path).await;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    say(&format!("peak_kib={}", startup::field(&status, "VmHWM:").unwrap_or_default()));
}

/// The path of a page; none where the page that would link to it does not.
async fn place(browser: &Browser, at: &At) -> Option<String> {
    match at {
        At::Path(path) => Some((*path).to_owned()),
        At::Link(from, begins) => {
            let page = browser.open(from, false).await.text();
            house::links(&page).find(|link| link.starts_with(begins))
        }
    }
}

/// Opens a page again and again, and says what it took.
async fn measure(browser: &Browser, operations: &Operations, name: &str, path: &str) {
    browser.open(path, true).await;
    let bytes = browser.open(path, false).await.body.len();
    operations.take();
    let (mut times, mut sent) = (Vec::new(), 0);
    let before = processor_seconds();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let answer = browser.open(path, true).await;
        times.push(begun.elapsed().as_secs_f64());
        sent = answer.body.len();
    }
    let runs = as_float(RUNS as u64);
    let processor = (processor_seconds() - before) / runs;
    let counts = operations.take();
    let calls = counts.reads.values().chain(counts.writes.values()).sum::<u64>() / RUNS as u64;
    times.sort_by(f64::total_cmp);
    let opened = Opened {
        page: name.to_owned(),
        median: times[RUNS / 2],
        slowest: times[RUNS - 1],
        processor,
        calls,
        read_units: counts.read_units / runs,
        bytes,
        sent,
    };
    say(&serde_json::to_string(&opened).expect("figures are JSON"));
}

/// Seconds of the processor that this process's first thread took so far, by the kernel's own account: the one that shows the
/// pages.
fn processor_seconds() -> f64 {
    let account = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = account.split_whitespace().next().and_then(|taken| taken.parse().ok());
    as_float(nanoseconds.unwrap_or_default()) / 1e9
}
