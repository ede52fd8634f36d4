//! What an ingestion costs: the first run and the run of the next day, at 1,000 to 1,000,000 issues.
//!
//! A site of a size has a tenth as many accounts as issues, all of them in the group of everybody and a hundred in each
//! team. Half of the issues were last changed in the 30 days that the first run reads: by three people each, with up to six
//! changes and two comments, and a worklog in every eighth. Before the next day's run, people work on a hundredth of the
//! issues, a hundredth of the accounts get other names, and one account comes.
//!
//! Assay runs in a process of its own, as in [`crate::work`], in slices as long as the function's. Its clock goes on with
//! each call to Jira as in AWS ([`JIRA_CALL`]), so that slices end as they do there; the table's calls take no
//! virtual time. What is stored in the end is compared with the simulator's journal of events and its accounts.
//!
//! [`least`] says what the least possible calls are.

mod day;
mod least;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use assay::connection::UseCase;
use assay::ids::ConnectionId;
use assay::ingestion::Ingestion;
use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use assay::operations::connecting::Wish;
use assay::quota::POINTS_AN_HOUR;
use assay_test_support::ingestion::{
    accounts, difference, ingestion, knowable_days, run_in_slices, stored_days,
};
use assay_test_support::time::Time;
use assay_test_support::world::{World, token_proof, wish};
use jira_sim::{Options, Seed};

use crate::prices::{JIRA_CALL, TABLE_CALL};
use crate::work::{self, Told, as_float};
use crate::{say, table};

/// Sizes that are measured with everything else. The largest, [`LARGEST`], takes too long for that.
pub const SIZES: [u64; 3] = [1_000, 10_000, 100_000];

/// The size that requirement D8 names.
pub const LARGEST: u64 = 1_000_000;

/// Issues for each account.
const ISSUES_AN_ACCOUNT: u64 = 10;

/// Accounts in each team.
const ACCOUNTS_A_TEAM: usize = 100;

/// Accounts that have a name of their own in the simulator's demo site.
const NAMED: [&str; 14] = [
    "acc-1",
    "acc-2",
    "acc-3",
    "acc-4",
    "acc-5",
    "acc-6",
    "acc-7",
    "acc-8",
    "acc-9",
    "acc-admin",
    "acc-app",
    "acc-customer",
    "acc-inactive",
    "acc-service",
];

/// Seconds of a slice: what the function has, less what it keeps back.
const SLICE: i64 = 280;

/// Which part of the hour's points a first run may use, in percent: the share of what is filled in.
const SHARE: u64 = 82;

/// Hours within which the first run must end, by requirement D8.
const HOURS: f64 = 24.0;

/// A run that was measured.
struct Run {
    calls: u64,
    points: u64,
    least: u64,
    slices: u64,
    told: Told,
    /// Seconds of the processor that simulator and table took meanwhile.
    others_seconds: f64,
    /// `complete`, or what differs.
    stored: String,
}

/// Measures sites of these sizes and prints.
pub async fn report(sizes: &[u64]) {
    let (mut rows, mut hours) = (Vec::new(), Vec::new());
    let mut before: Option<[Run; 2]> = None;
    for size in sizes {
        let runs = Box::pin(measure(*size)).await;
        for (place, name) in ["first", "daily"].into_iter().enumerate() {
            rows.push(row(*size, name, &runs[place], before.as_ref().map(|before| &before[place])));
        }
        hours.push(hours_of(*size, &runs[0]));
        before = Some(runs);
    }
    let heads = [
        "issues",
        "accounts",
        "run",
        "calls to Jira",
        "least possible",
        "ratio",
        "points",
        "slices",
        "items written",
        "write units",
        "calls to the table",
        "time here",
        "processor: worker",
        "simulator and table",
        "peak memory of the worker",
        "growth of calls, points, writes, the worker's processor time, memory",
        "stored",
    ];
    table::print("Ingestion, against the simulator on this machine", &heads, &rows);
    for line in hours {
        say(&line);
    }
    if !sizes.contains(&LARGEST) {
        say(&format!(
            "{LARGEST} issues take more than six minutes: `assay-bench --ingesting` measures them, too"
        ));
    }
    say("");
}

fn row(size: u64, name: &str, run: &Run, before: Option<&Run>) -> Vec<String> {
    let figures = |run: &Run| {
        let counts = [run.calls, run.points, run.told.writes()].map(as_float);
        [counts[0], counts[1], counts[2], run.told.processor_seconds, f64::from(run.told.peak_kib)]
    };
    let growth = before.map(|before| {
        let pairs = figures(run).into_iter().zip(figures(before));
        pairs.map(|(now, before)| format!("×{:.1}", now / before)).collect::<Vec<_>>().join(" ")
    });
    let reads: u64 = run.told.counts.reads.values().sum();
    vec![
        size.to_string(),
        accounts_of(size).to_string(),
        name.to_owned(),
        run.calls.to_string(),
        run.least.to_string(),
        format!("{:.2}", as_float(run.calls) / as_float(run.least)),
        run.points.to_string(),
        run.slices.to_string(),
        run.told.writes().to_string(),
        format!("{:.0}", run.told.counts.write_units),
        (reads + run.told.writes()).to_string(),
        format!("{:.1} s", run.told.seconds),
        format!("{:.1} s", run.told.processor_seconds),
        format!("{:.1} s", run.others_seconds),
        format!("{:.1} MiB", f64::from(run.told.peak_kib) / 1024.0),
        growth.unwrap_or_default(),
        run.stored.clone(),
    ]
}

/// How long the first run needs for its points, and for its calls where nothing is done at once with another.
fn hours_of(size: u64, first: &Run) -> String {
    let hours = as_float(first.points) / as_float(POINTS_AN_HOUR * SHARE / 100);
    let all = as_float(first.points) / as_float(POINTS_AN_HOUR);
    let verdict = if hours <= HOURS { "within" } else { "NOT within" };
    let reads: u64 = first.told.counts.reads.values().sum();
    let waited = as_float(first.calls) * JIRA_CALL + as_float(first.told.writes() + reads) * TABLE_CALL;
    format!(
        "{size} issues: the points of the first run need {hours:.1} h at {SHARE} % of {POINTS_AN_HOUR} an hour, {verdict} the \
         {HOURS:.0} h of D8 ({all:.1} h at all of them); its calls take at most {:.1} h at {JIRA_CALL} s to Jira and {TABLE_CALL} s to the table, one by one",
        waited / 3600.0
    )
}

fn accounts_of(size: u64) -> usize {
    usize::try_from(size / ISSUES_AN_ACCOUNT).expect("a size")
}

/// The first run, and that of the next day.
async fn measure(size: u64) -> [Run; 2] {
    let accounts = accounts_of(size);
    let world = begin(size).await;
    let mut expected: BTreeMap<String, String> =
        (1..=accounts).map(|number| (format!("bulk-{number}"), format!("Bulk account {number}"))).collect();
    let first = carry_out(&world, size, "first", None, &expected).await;
    let ended = ingestion(&world).await;
    world.time.advance(6 * 3600);
    day::pass(&world, size, accounts, &mut expected);
    let due_at = ended.due_at.expect("it is due again");
    world.time.advance(due_at.duration_since(world.time.now()).as_secs().max(0) + 1);
    let daily = carry_out(&world, size, "daily", Some(&ended), &expected).await;
    [first, daily]
}

/// A site of a size, connected by API token, which points do not bind, for access reviews and usage.
async fn begin(size: u64) -> World {
    let accounts = accounts_of(size);
    let teams = accounts.div_ceil(ACCOUNTS_A_TEAM);
    let seed = Seed { tasks: size, accounts, teams, activity: true, ..Seed::empty() };
    let world = World::with(Options { seed, ..Options::default() }).await;
    world.jira.simulator.set(|settings| {
        settings.burst = jira_sim::Burst { get: 0, post: 0, put: 0, delete: 0 };
    });
    let id = connection();
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.expect("a tenant");
    let wish = Wish { use_cases: BTreeSet::from([UseCase::AccessReview, UseCase::Usage]), ..wish() };
    let begun = Box::pin(world.connector().begin(&world.tenant, id, wish, token_proof())).await;
    begun.map_err(|failure| format!("{failure:?}")).expect("connecting by token works");
    world.evaluate().await;
    world
}

fn connection() -> ConnectionId {
    ConnectionId::parse("con-1").expect("an id")
}

/// Carries a run out and looks at what it left; `earlier` is the ingestion after the run before.
async fn carry_out(
    world: &World,
    size: u64,
    name: &str,
    earlier: Option<&Ingestion>,
    expected: &BTreeMap<String, String>,
) -> Run {
    let before = world.jira.simulator.journal().len();
    let begun = work::processor_seconds();
    let told = work::run_child(world, "ingest").await;
    let others_seconds = work::processor_seconds() - begun;
    let now = told.now.expect("the worker says what its time is");
    world.time.advance(now.duration_since(world.time.now()).as_secs().max(0));
    let calls = work::calls_since(world, before);
    let ended = ingestion(world).await;
    say(&format!("{size} issues, {name}: {}; {}", work::summary(&calls), told.spelled_out()));
    let (made, points) = (calls.len() as u64, work::points(&calls));
    if (ended.cost.calls, ended.cost.points) != (made, points) {
        say(&format!(
            "{size} issues, {name}: Assay counts {} calls and {} points, Jira {made} and {points}",
            ended.cost.calls, ended.cost.points
        ));
    }
    let least = least::calls(world, earlier.map(|earlier| &earlier.activity), &ended.activity).await;
    let stored = compare(world, &ended, expected).await;
    Run { calls: made, points, least, slices: ended.cost.slices, told, others_seconds, stored }
}

/// Whether all is stored that Jira holds: `complete`, or what differs.
async fn compare(world: &World, ended: &Ingestion, names: &BTreeMap<String, String>) -> String {
    if let Some(gap) = ended.sources.values().find_map(|source| source.gaps.first()) {
        return format!("a gap: {gap:?}");
    }
    let stored = accounts(world).await;
    let ids: BTreeSet<&str> = stored.iter().map(|account| account.id.as_str()).collect();
    let expected: BTreeSet<&str> = names.keys().map(String::as_str).chain(NAMED).collect();
    if let Some(id) = ids.symmetric_difference(&expected).next() {
        return format!("{} accounts instead of {}, such as {id}", ids.len(), expected.len());
    }
    let other = stored.iter().find(|account| {
        let name = names.get(account.id.as_str());
        account.removed_at.is_some() || name.is_some_and(|name| *name != account.name)
    });
    if let Some(account) = other {
        return format!("account {} is stored as {:?}", account.id, account.name);
    }
    let since = ended.activity.since.expect("activity was read");
    let expected = knowable_days(world, since, &ended.zone);
    match difference(&stored_days(world).await, &expected) {
        None => "complete".to_owned(),
        Some(difference) => difference,
    }
}

/// The worker's part: carries the run out that is due.
pub async fn work(world: &mut World) {
    let sender = Arc::clone(&world.access.sender);
    world.access.sender = Arc::new(Slow { sender, time: world.time.clone(), spent: AtomicI64::new(0) });
    run_in_slices(world, Some(SLICE)).await;
}

/// A sender with which each call takes [`JIRA_CALL`] seconds of virtual time.
struct Slow {
    sender: Arc<dyn Sender>,
    time: Time,
    /// Milliseconds that have not passed yet, since the clock knows seconds only.
    spent: AtomicI64,
}

#[async_trait::async_trait]
impl Sender for Slow {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second in milliseconds")]
        let call = (JIRA_CALL * 1000.0) as i64;
        let spent = self.spent.fetch_add(call, Ordering::Relaxed) + call;
        if spent >= 1000 {
            self.spent.fetch_sub(spent / 1000 * 1000, Ordering::Relaxed);
            self.time.advance(spent / 1000);
        }
        self.sender.send(request).await
    }
}
