use std::collections::{BTreeMap, BTreeSet};

use assay::account::Account;
use assay::connection::UseCase;
use assay::ids::{AccountId, ConnectionId};
use assay::ingestion::{Ingestion, Stage};
use assay::operations::connecting::Wish;
use assay::operations::ingesting::Ingester;
use assay::sqs::UsageRequest;
use assay_test_support::world::{SITE, World, token_proof, wish};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jira_sim::{ActivityEvent, ActivityKind, Options, Seed};

/// Slices after which a run has gone astray.
const MOST_SLICES: usize = 400;

/// A world with a connection that reviews access and measures use, and whose ingestion is due.
pub(super) async fn world(seed: Seed) -> World {
    let world = World::with(Options { seed, ..Options::default() }).await;
    let id = ConnectionId::parse("con-1").unwrap();
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    Box::pin(world.connector().begin(&world.tenant, id, usage_wish(), token_proof())).await.unwrap();
    world.evaluate().await;
    world
}

/// The same, connected by consent, so that points bind it.
pub(super) async fn metered_world(seed: Seed) -> World {
    let world = World::with(Options { seed, ..Options::default() }).await;
    Box::pin(world.connect_by_consent_for(usage_wish())).await;
    world.evaluate().await;
    world
}

fn usage_wish() -> Wish {
    Wish { use_cases: BTreeSet::from([UseCase::AccessReview, UseCase::Usage]), ..wish() }
}

/// The one connection.
pub(super) async fn id(world: &World) -> ConnectionId {
    let all = world.store().all_connections(&world.tenant).await.unwrap();
    assert_eq!(all.len(), 1);
    all[0].id.clone()
}

/// The ingestion.
pub(super) async fn ingestion(world: &World) -> Ingestion {
    world.store().ingestion(&world.tenant, &id(world).await).await.unwrap().unwrap()
}

/// Does one slice of what the queue asks for. Returns whether there was anything asked for.
pub(super) async fn slice(world: &World, ingester: &Ingester) -> bool {
    let [request] = &world.usage.receive(1)[..] else { return false };
    let UsageRequest::Ingest { tenant, connection } = request else { panic!("{request:?}") };
    Box::pin(ingester.ingest(tenant, connection)).await.unwrap();
    true
}

/// Moves the clock to where the run goes on. Returns false when it is at its end.
pub(super) async fn wait(world: &World, ingester: &Ingester) -> bool {
    let ingestion = ingestion(world).await;
    if ingestion.stage == Stage::Idle {
        return false;
    }
    let next = world.usage.next_at().into_iter().chain(ingestion.due_at).min().unwrap();
    world.time.advance(next.duration_since(world.time.now()).as_secs().max(0) + 1);
    ingester.fan_out().await.unwrap();
    true
}

/// Carries a run through, from the tick to its end, waiting in virtual time where it waits.
pub(super) async fn run(world: &World) -> Ingestion {
    let ingester = world.ingester();
    ingester.fan_out().await.unwrap();
    for _ in 0..MOST_SLICES {
        if !slice(world, &ingester).await && !wait(world, &ingester).await {
            return ingestion(world).await;
        }
    }
    panic!("the run does not come to its end: {:?}", ingestion(world).await);
}

/// Moves the clock to the next run and carries it through.
pub(super) async fn next_run(world: &World) -> Ingestion {
    let due_at = ingestion(world).await.due_at.unwrap();
    world.time.advance(due_at.duration_since(world.time.now()).as_secs().max(0) + 1);
    run(world).await
}

/// All stored accounts.
pub(super) async fn accounts(world: &World) -> Vec<Account> {
    let id = id(world).await;
    let (mut all, mut behind) = (Vec::new(), None);
    loop {
        let (some, next) = world.store().accounts_behind(&world.tenant, &id, behind.as_ref()).await.unwrap();
        all.extend(some);
        match next {
            Some(next) => behind = Some(next),
            None => return all,
        }
    }
}

/// The stored account with this id.
pub(super) async fn account(world: &World, account: &str) -> Account {
    let connection = id(world).await;
    let id = AccountId::parse(account).unwrap();
    world.store().account(&world.tenant, &connection, &id).await.unwrap().unwrap()
}

/// Active days by account.
pub(super) type Days = BTreeMap<String, BTreeSet<Date>>;

/// The days that are stored.
pub(super) async fn stored_days(world: &World) -> Days {
    let id = id(world).await;
    let zone = ingestion(world).await.zone;
    let (mut days, mut behind) = (Days::new(), None);
    loop {
        let (months, next) =
            world.store().active_months_behind(&world.tenant, &id, &zone, behind).await.unwrap();
        for month in &months {
            days.entry(month.account.to_string()).or_default().extend(month.dates());
        }
        match next {
            Some(next) => behind = Some(next),
            None => return days,
        }
    }
}

/// What of an item can still be seen in Jira: who made it, and who changed it last.
#[derive(Default)]
struct Item {
    made: Option<ActivityEvent>,
    changed: Option<ActivityEvent>,
    gone: bool,
}

/// The oracle: the days that can be known now, from the simulator's journal of events alone.
pub(super) fn knowable_days(world: &World, since: Timestamp, zone: &str) -> Days {
    let mut items: BTreeMap<(bool, u64), Item> = BTreeMap::new();
    let mut plain = Vec::new();
    let mut gone_issues = BTreeSet::new();
    for event in world.jira.simulator.activity(SITE) {
        let is_worklog = matches!(
            event.what,
            ActivityKind::WorklogCreated | ActivityKind::WorklogEdited | ActivityKind::WorklogDeleted
        );
        let item = (is_worklog, event.item);
        match event.what {
            ActivityKind::IssueCreated | ActivityKind::IssueChanged => plain.push(event),
            ActivityKind::IssueDeleted => {
                gone_issues.insert(event.issue);
            }
            ActivityKind::CommentCreated | ActivityKind::WorklogCreated => {
                items.entry(item).or_default().made = Some(event);
            }
            ActivityKind::CommentEdited | ActivityKind::WorklogEdited => {
                items.entry(item).or_default().changed = Some(event);
            }
            ActivityKind::CommentDeleted | ActivityKind::WorklogDeleted => {
                items.entry(item).or_default().gone = true;
            }
        }
    }
    let kept = items.into_values().filter(|item| !item.gone);
    let seen = kept.flat_map(|item| [item.made, item.changed]).flatten();
    let mut days = Days::new();
    let zone = TimeZone::get(zone).unwrap();
    for event in plain.into_iter().chain(seen) {
        let at = Timestamp::from_millisecond(event.at).unwrap();
        let is_person = !["acc-admin", "acc-app", "anonymous"].contains(&event.account.as_str());
        if is_person && at >= since && !gone_issues.contains(&event.issue) && !event.restricted {
            days.entry(event.account).or_default().insert(at.to_zoned(zone.clone()).date());
        }
    }
    days
}

/// The first difference between two sets of days, in words; none if they are the same.
pub(super) fn difference(stored: &Days, expected: &Days) -> Option<String> {
    let accounts: BTreeSet<&String> = stored.keys().chain(expected.keys()).collect();
    accounts.into_iter().find_map(|account| {
        let of = |days: &Days| days.get(account).cloned().unwrap_or_default();
        let (stored, expected) = (of(stored), of(expected));
        let (more, less): (Vec<_>, Vec<_>) =
            (stored.difference(&expected).collect(), expected.difference(&stored).collect());
        (stored != expected).then(|| format!("{account}: too many {more:?}, lost {less:?}"))
    })
}

/// Does something by hand in Jira as an account.
pub(super) fn act(
    world: &World,
    by: &str,
    method: &str,
    path: &str,
    body: &serde_json::Value,
) -> serde_json::Value {
    let ask = serde_json::json!({ "by": by, "method": method, "path": path, "body": body });
    let answer = world.jira.simulator.control("POST", "/act", &ask).unwrap();
    assert!(answer["status"].as_u64().unwrap() < 300, "{by} {method} {path}: {answer}");
    answer["body"].clone()
}
