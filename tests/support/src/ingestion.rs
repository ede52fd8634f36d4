//! A connection's ingestion in a world: carried through in virtual time, and judged by the simulator's journal of events.
//!
//! The journal is what no REST call reads. It is gone through twice and never kept, so that a million issues need no more
//! memory than the days of their people.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use assay::account::Account;
use assay::clock::after;
use assay::ids::ConnectionId;
use assay::ingestion::{Ingestion, Stage};
use assay::operations::ingesting::Ingester;
use assay::sqs::UsageRequest;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jira_sim::ActivityKind;
use serde_json::{Value, json};

use crate::world::{SITE, World};

/// Slices after which a run has gone astray.
const MOST_SLICES: usize = 2000;

/// Who is no person of the site: the connection's own account, an app, and nobody in particular.
const NO_PEOPLE: [&str; 3] = ["acc-admin", "acc-app", "anonymous"];

/// Active days by account.
pub type Days = BTreeMap<String, BTreeSet<Date>>;

/// The one connection.
pub async fn id(world: &World) -> ConnectionId {
    let all = world.store().all_connections(&world.tenant).await.expect("the table");
    assert_eq!(all.len(), 1);
    all[0].id.clone()
}

/// The ingestion.
pub async fn ingestion(world: &World) -> Ingestion {
    let found = world.store().ingestion(&world.tenant, &id(world).await).await.expect("the table");
    found.expect("the ingestion is there")
}

/// Does one slice of what the queue asks for. Returns whether there was anything.
pub async fn slice(world: &World, ingester: &Ingester) -> bool {
    let [request] = &world.usage.receive(1)[..] else { return false };
    let UsageRequest::Ingest { tenant, connection } = request else { panic!("{request:?}") };
    let done = Box::pin(ingester.ingest(tenant, connection)).await;
    done.unwrap_or_else(|error| panic!("{}", error.chain()));
    true
}

/// Moves the clock to where the run goes on. Returns false when it is at its end.
async fn wait(world: &World, ingester: &Ingester) -> bool {
    let ingestion = ingestion(world).await;
    if ingestion.stage == Stage::Idle {
        return false;
    }
    let next = world.usage.next_at().into_iter().chain(ingestion.due_at).min().expect("it goes on");
    world.time.advance(next.duration_since(world.time.now()).as_secs().max(0) + 1);
    ingester.fan_out().await.expect("a tick");
    true
}

/// Carries a run through, from the tick to its end, waiting in virtual time where it waits.
pub async fn run(world: &World) -> Ingestion {
    run_in_slices(world, None).await
}

/// The same, where each slice must be over after so many seconds of virtual time.
pub async fn run_in_slices(world: &World, seconds: Option<i64>) -> Ingestion {
    let ingester = world.ingester();
    ingester.fan_out().await.expect("a tick");
    for _ in 0..MOST_SLICES {
        if let Some(seconds) = seconds {
            world.access.deadline.set(after(world.time.now(), seconds));
        }
        if !slice(world, &ingester).await && !wait(world, &ingester).await {
            return ingestion(world).await;
        }
    }
    panic!("the run does not come to its end: {:?}", ingestion(world).await);
}

/// All stored accounts.
pub async fn accounts(world: &World) -> Vec<Account> {
    let id = id(world).await;
    let (mut all, mut behind) = (Vec::new(), None);
    loop {
        let found = world.store().accounts_behind(&world.tenant, &id, behind.as_ref()).await;
        let (some, next) = found.expect("the table");
        all.extend(some);
        match next {
            Some(next) => behind = Some(next),
            None => return all,
        }
    }
}

/// The days that are stored.
pub async fn stored_days(world: &World) -> Days {
    let (id, zone) = (id(world).await, ingestion(world).await.zone);
    let (mut days, mut behind) = (Days::new(), None);
    loop {
        let found = world.store().active_months_behind(&world.tenant, &id, &zone, behind).await;
        let (months, next) = found.expect("the table");
        for month in &months {
            days.entry(month.account.to_string()).or_default().extend(month.dates());
        }
        match next {
            Some(next) => behind = Some(next),
            None => return days,
        }
    }
}

/// What the events of the journal leave to be seen: of a comment or worklog, who made it and who changed it last, while
/// it is there and its issue is.
#[derive(Default)]
struct Seen {
    gone_issues: HashSet<u64>,
    gone_items: HashSet<(bool, u64)>,
    /// The place in the journal of the last change of each comment and worklog that was changed.
    last_changes: HashMap<(bool, u64), usize>,
}

/// The comment or worklog that an event is about.
fn item_of(event: &jira_sim::ActivityEvent) -> (bool, u64) {
    let is_worklog = matches!(
        event.what,
        ActivityKind::WorklogCreated | ActivityKind::WorklogEdited | ActivityKind::WorklogDeleted
    );
    (is_worklog, event.item)
}

impl Seen {
    fn of(world: &World) -> Self {
        let mut seen = Self::default();
        for (place, event) in world.jira.simulator.activity(SITE).enumerate() {
            match event.what {
                ActivityKind::IssueDeleted => {
                    seen.gone_issues.insert(event.issue);
                }
                ActivityKind::CommentDeleted | ActivityKind::WorklogDeleted => {
                    seen.gone_items.insert(item_of(&event));
                }
                ActivityKind::CommentEdited | ActivityKind::WorklogEdited => {
                    seen.last_changes.insert(item_of(&event), place);
                }
                ActivityKind::IssueCreated
                | ActivityKind::IssueChanged
                | ActivityKind::CommentCreated
                | ActivityKind::WorklogCreated => {}
            }
        }
        seen
    }

    /// Whether what happened at `place` of the journal can still be seen in Jira.
    fn shows(&self, place: usize, event: &jira_sim::ActivityEvent) -> bool {
        let item = item_of(event);
        let is_shown = match event.what {
            ActivityKind::IssueCreated | ActivityKind::IssueChanged => true,
            ActivityKind::CommentCreated | ActivityKind::WorklogCreated => !self.gone_items.contains(&item),
            ActivityKind::CommentEdited | ActivityKind::WorklogEdited => {
                !self.gone_items.contains(&item) && self.last_changes.get(&item) == Some(&place)
            }
            ActivityKind::IssueDeleted | ActivityKind::CommentDeleted | ActivityKind::WorklogDeleted => false,
        };
        is_shown && !event.restricted && !self.gone_issues.contains(&event.issue)
    }
}

/// The oracle: the days that can be known now, from the simulator's journal of events alone.
pub fn knowable_days(world: &World, since: Timestamp, zone: &str) -> Days {
    let zone = TimeZone::get(zone).expect("a time zone");
    let seen = Seen::of(world);
    let mut days = Days::new();
    for (place, event) in world.jira.simulator.activity(SITE).enumerate() {
        let at = Timestamp::from_millisecond(event.at).expect("a time");
        if at >= since && !NO_PEOPLE.contains(&event.account.as_str()) && seen.shows(place, &event) {
            days.entry(event.account).or_default().insert(at.to_zoned(zone.clone()).date());
        }
    }
    days
}

/// The first difference between two sets of days, in words; none if they are the same.
pub fn difference(stored: &Days, expected: &Days) -> Option<String> {
    let none = BTreeSet::new();
    let accounts: BTreeSet<&String> = stored.keys().chain(expected.keys()).collect();
    accounts.into_iter().find_map(|account| {
        let (stored, expected) =
            (stored.get(account).unwrap_or(&none), expected.get(account).unwrap_or(&none));
        let more: Vec<_> = stored.difference(expected).collect();
        let less: Vec<_> = expected.difference(stored).collect();
        (stored != expected).then(|| format!("{account}: too many {more:?}, lost {less:?}"))
    })
}

/// Does something by hand in Jira as an account.
pub fn act(world: &World, by: &str, method: &str, path: &str, body: &Value) -> Value {
    let ask = json!({ "by": by, "method": method, "path": path, "body": body });
    let answer = world.jira.simulator.control("POST", "/act", &ask).expect("it can be asked");
    let is_done = answer["status"].as_u64().is_some_and(|status| status < 300);
    assert!(is_done, "{by} {method} {path}: {answer}");
    answer["body"].clone()
}
