//! Worlds into which findings are reported.

use std::sync::Arc;

use assay::check::{CheckId, CheckRun};
use assay::clock::after;
use assay::configuration::{Configuration, Grouping, PullRules};
use assay::finding::incoming::Incoming;
use assay::finding::report::Part;
use assay::finding::{Severity, id};
use assay::ids::{ReportId, SettingId, TaskId};
use assay::mapping::Mapping;
use assay::operations::findings::{Findings, Received, Rejected, Taken};
use assay::operations::planning::Planner;
use assay::sqs::{ChecksRequest, Queue, SyncRequest};
use assay::sync_setting::{Scope, SyncSetting};
use assay::task::{State, Task};
use assay_test_support::world::World;
use jira_sim::{Options, Seed};

pub(super) const SOURCE: &str = "trivy";
pub(super) const DAY: i64 = 24 * 3600;

/// A world in which no check but those about findings has a task.
pub(super) async fn start() -> World {
    let seed = Seed {
        change_tickets: 2,
        change_unassigned: 0,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    World::with(Options { seed, ..Options::default() }).await
}

pub(super) fn findings(world: &World) -> Findings {
    let sync = Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>;
    Findings { planner: Planner { core: world.access.core.clone(), sync }, deadline: None }
}

/// A finding of high severity with this number.
pub(super) fn incoming(number: u32) -> Incoming {
    Incoming {
        fingerprint: format!("f-{number}"),
        title: format!("Finding {number}"),
        description: "what it is".to_owned(),
        fix: "update it".to_owned(),
        severity: Severity::High,
        score: None,
        rule: format!("CVE-2026-{number}"),
        advisory: String::new(),
        asset: "shop/api".to_owned(),
        location: None,
        package: None,
        links: vec!["https://example.com/1".to_owned()],
    }
}

/// A batch of a full report.
pub(super) fn part(report: &str, batch: u32, batches: Option<u32>) -> Part {
    Part { id: ReportId::parse(report).unwrap(), full: true, asset: None, batch, batches }
}

pub(super) fn received(part: Option<Part>, numbers: impl IntoIterator<Item = u32>) -> Received {
    let findings = (0..).zip(numbers.into_iter().map(incoming)).collect();
    Received { source: SOURCE.to_owned(), part, findings, rejected: Vec::new() }
}

/// A finding of this asset that was refused.
pub(super) fn rejected(asset: Option<&str>) -> Rejected {
    let (field, reason) = ("title".to_owned(), "none".to_owned());
    Rejected { index: 1, field, reason, asset: asset.map(ToOwned::to_owned) }
}

pub(super) async fn receive(
    world: &World,
    part: Option<Part>,
    numbers: impl IntoIterator<Item = u32>,
) -> Taken {
    findings(world).receive(&world.tenant, received(part, numbers)).await.unwrap()
}

/// A full report in one batch.
pub(super) async fn report(world: &World, name: &str, numbers: impl IntoIterator<Item = u32>) -> Taken {
    receive(world, Some(part(name, 1, Some(1))), numbers).await
}

pub(super) fn task_id(world: &World, number: u32) -> TaskId {
    id(&world.tenant, SOURCE, &format!("f-{number}")).unwrap()
}

pub(super) async fn task(world: &World, number: u32) -> Task {
    world.store().task(&world.tenant, &task_id(world, number)).await.unwrap().unwrap()
}

pub(super) async fn states(world: &World, numbers: impl IntoIterator<Item = u32>) -> Vec<State> {
    let mut states = Vec::new();
    for number in numbers {
        states.push(task(world, number).await.state);
    }
    states
}

/// One run of upkeep.
pub(super) async fn upkeep(world: &World) {
    Box::pin(world.upkeep().run(after(world.time.now(), 270))).await.unwrap();
}

/// Lets time pass, with upkeep, and tickets follow.
pub(super) async fn pass(world: &World, seconds: i64) {
    Box::pin(world.pass(seconds)).await;
    Box::pin(world.work()).await;
}

/// Connects the site and saves a configuration for all findings into `SEC`.
pub(super) async fn configured(world: &World) -> SyncSetting {
    let connection = Box::pin(world.connect()).await;
    let mut setting = world.sync_all(&connection).await;
    // No setting but the one to come, so that every ticket is a finding's.
    world.store().delete_setting(&world.tenant, &setting.id).await.unwrap();
    let now = world.time.now();
    let configuration = Configuration {
        name: "all".to_owned(),
        position: 1,
        routes: Vec::new(),
        grouping: Grouping::None,
        mapping: Mapping::default(),
        pulls: PullRules::default(),
        watched_at: None,
    };
    setting.id = SettingId::parse("set-findings").unwrap();
    setting.scope = Scope::Findings;
    setting.configuration = Some(Box::new(configuration));
    setting.created_at = now;
    setting.version = 0;
    world.store().put_new_setting(&setting).await.unwrap();
    setting
}

/// The tenant's part of check B9 as it was evaluated last.
pub(super) async fn evaluated(world: &World) -> Option<CheckRun> {
    let request = ChecksRequest::Tenant { tenant: world.tenant.clone() };
    Box::pin(world.evaluator().evaluate(&request)).await.unwrap();
    let latest = world.store().latest_results(&world.tenant).await.unwrap();
    latest.into_iter().find(|run| run.check == CheckId::B9 && run.connection.is_none())
}
