//! 10,000 tasks planned in memory: the planner alone, without table and Jira, in a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use assay::check::CheckId;
use assay::ids::{
    AccountId, ConnectionId, IssueTypeId, ProjectId, RunId, SettingId, TaskId, TenantId, TicketId,
};
use assay::plan::{Plan, plan};
use assay::sync_setting::{ClosureRule, GonePolicy, Mode, ReopenRule, Scope, SyncSetting};
use assay::task::{State, Subject, Task};
use assay::ticket::Ticket;
use jiff::Timestamp;

use crate::prices::{TENANTS, Use, dollars};
use crate::{say, startup, table, work};

/// Tasks that are planned.
const TASKS: usize = 10_000;

/// How often a tenant's tasks are all planned again in a month: with each check run.
const TIMES: f64 = 24.0 * 30.0;

/// What is planned: its name, the mode, and among how many people the tasks are shared out; nobody has any if 0.
const KINDS: [(&str, Mode, usize); 3] = [
    ("individual", Mode::Individual, 0),
    ("batch, 100 assignees", Mode::Batch, 100),
    ("batch, assigned to nobody", Mode::Batch, 0),
];

/// Measures and prints.
pub async fn report() {
    let mut rows = Vec::new();
    for (name, ..) in KINDS {
        let told = told_by_child(&["--plan", name]).await;
        let figure = |what: &str| told.get(what).copied().unwrap_or(f64::NAN);
        let usage = Use { seconds: figure("again"), ..Use::default() };
        rows.push(vec![
            name.to_owned(),
            format!("{:.0}", figure("tickets")),
            format!("{:.0} ms", figure("first") * 1000.0),
            format!("{:.0} ms", figure("again") * 1000.0),
            format!("{:.0}", figure("changes")),
            format!("{:.1} MiB", figure("peak_kib") / 1024.0),
            dollars(usage.price(TIMES)),
        ]);
    }
    let price = format!("price, {TENANTS:.0} tenants and a month of {TIMES:.0} times");
    let heads = [
        "mode",
        "tickets",
        "time, first",
        "time, nothing changed",
        "changes then",
        "peak memory, tasks and tickets included",
        &price,
    ];
    table::print(&format!("{TASKS} tasks planned in memory"), &heads, &rows);
}

/// The figures that this program prints with these arguments, in a process of its own.
pub async fn told_by_child(arguments: &[&str]) -> BTreeMap<String, f64> {
    let text = work::told_by(arguments).await;
    let figures = text.lines().filter_map(|line| line.split_once('='));
    figures.filter_map(|(what, figure)| Some((what.to_owned(), figure.parse().ok()?))).collect()
}

/// The process that plans what `name` says, and tells of it.
pub fn child(name: &str) {
    let (_, mode, people) = KINDS.into_iter().find(|(known, ..)| *known == name).expect("a kind of planning");
    let now = "2026-06-15T12:00:00Z".parse().expect("a time");
    let tenant = TenantId::parse("acme").expect("an id");
    let settings = [setting(&tenant, mode, now)];
    let mut tasks: Vec<Task> = (0..TASKS).map(|number| task(&tenant, number, people, now)).collect();
    let decide = |tasks: &[Task], tickets: &[Ticket]| -> (Plan, f64) {
        let begun = Instant::now();
        let planned = plan(&tenant, tasks, &settings, tickets, None, now).expect("a plan");
        (planned, begun.elapsed().as_secs_f64())
    };
    let (planned, first) = decide(&tasks, &[]);
    let mut links: BTreeMap<TaskId, TicketId> =
        planned.links.into_iter().map(|link| (link.task, link.to)).collect();
    for task in &mut tasks {
        task.ticket = links.remove(&task.id);
    }
    let (nothing, again) = decide(&tasks, &planned.new);
    let changes = nothing.new.len() + nothing.changed.len() + nothing.links.len();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = startup::field(&status, "VmHWM:").unwrap_or_default();
    say(&format!(
        "tickets={}\nfirst={first}\nagain={again}\nchanges={changes}\npeak_kib={peak}",
        planned.new.len()
    ));
}

fn task(tenant: &TenantId, number: usize, people: usize, now: Timestamp) -> Task {
    let key = format!("CHG-{number}");
    let assignee =
        (people > 0).then(|| AccountId::parse(&format!("acc-{}", number % people)).expect("an id"));
    Task {
        tenant: tenant.clone(),
        id: TaskId::parse(&format!("B2-{number}")).expect("an id"),
        check: CheckId::B2,
        connection: Some(ConnectionId::parse("con-1").expect("an id")),
        subject: Subject {
            id: number.to_string(),
            title: format!("Change {number} of the payment service"),
            url: format!("https://acme.atlassian.net/browse/{key}"),
            key: key.clone(),
        },
        title: format!("Assign change ticket {key}"),
        why: "it has no assignee".to_owned(),
        finding: None,
        assignee,
        due_at: now,
        state: State::Open,
        generation: 1,
        opened_by: RunId::parse("run-1").expect("an id"),
        opened_at: now,
        resolved_at: None,
        completion: None,
        held: false,
        edited: BTreeSet::new(),
        ticket: None,
        updated_at: now,
        version: 1,
    }
}

fn setting(tenant: &TenantId, mode: Mode, now: Timestamp) -> SyncSetting {
    SyncSetting {
        tenant: tenant.clone(),
        id: SettingId::parse("set-all").expect("an id"),
        scope: Scope::All,
        connection: ConnectionId::parse("con-1").expect("an id"),
        project: ProjectId::parse("10003").expect("an id"),
        project_key: "SEC".to_owned(),
        issue_type: IssueTypeId::parse("10100").expect("an id"),
        issue_type_name: "Task".to_owned(),
        epic: None,
        labels: vec!["compliance".to_owned()],
        mode,
        configuration: None,
        closure_rule: ClosureRule::All,
        done_status: None,
        reopen_rule: ReopenRule::Both,
        gone_policy: GonePolicy::Ask,
        enabled: true,
        disabled: None,
        quarantine: None,
        unfinished: None,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}
