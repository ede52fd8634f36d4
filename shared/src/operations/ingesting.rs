//! Ingesting: the directory and the activity of a connection, read in slices that may stop and be repeated anywhere.
//!
//! A slice takes the lease in the ingestion's record, does one unit after the other, and saves the stage after each. A unit
//! may be done again, and writes then what it wrote before: that is all that a crash between two writes needs. The slice
//! ends when the function's time or the hour's points do; it leaves a message to go on, and if that is lost, the tick finds
//! the ingestion due.
//!
//! | Jira | then |
//! |---|---|
//! | asks to wait, or the hour's points are short | the slice ends, and the next one begins when that is over |
//! | fails so that every call would | as above, eight times in a row at most; then the source is left as it is stored, with a gap that says why |
//! | refuses this one source | the source is left as it is stored, with a gap, and the next one is read |

mod activity;
mod directory;
mod groups;
mod matching;
mod organisation;
mod products;
mod reporting;
mod roles;
mod settling;
mod slice;

use std::sync::Arc;

pub use matching::match_again;

use jiff::Timestamp;

use super::session::JiraAccess;
use crate::clock::{after, seconds_between};
use crate::connection::{Connection, State, UseCase};
use crate::error::Kind;
use crate::ids::{ConnectionId, TenantId};
use crate::ingestion::{ActivityReached, Cost, EVERY, Ingestion, Stage};
use crate::jira::error::JiraError;
use crate::sqs::{Queue, UsageRequest};
use crate::{Error, Result};

/// How long a slice is one worker's alone, in seconds: longer than the function's time-out.
const LEASE: i64 = 360;

/// After how many seconds the tick asks again for an ingestion whose slice left no word.
const CLAIM: i64 = 420;

/// After how many seconds a connection that cannot be used is looked at again.
const UNUSABLE: i64 = 3600;

/// After how many seconds a slice that failed for a reason of ours is followed by the next.
const FAILED: i64 = 300;

/// How often in a row a stage may fail before its source is left as it is.
const FAILURES: u32 = 8;

/// How many points a unit may cost; it is not begun when they are short.
const POINTS_A_UNIT: u64 = 4_000;

/// Seconds that must be left for a unit to be begun.
const SECONDS_A_UNIT: i64 = 60;

/// How many are claimed by one tick from one shard.
const CLAIMS_A_SHARD: usize = 100;

/// Reads directories and activity.
#[derive(Clone)]
pub struct Ingester {
    /// Opens sessions.
    pub jira: JiraAccess,
    /// Where slices are asked for.
    pub usage: Arc<dyn Queue<UsageRequest>>,
}

/// Why a unit did not come to its end.
#[derive(Debug)]
enum Stopped {
    /// Jira failed in a way that concerns every call.
    Jira(JiraError),
    /// The table or something of ours failed.
    Failed(Error),
}

impl From<JiraError> for Stopped {
    fn from(error: JiraError) -> Self {
        Self::Jira(error)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What a unit gives: the stage that comes next.
type Next = std::result::Result<Stage, Stopped>;

/// One slice of a run.
struct Slice<'a> {
    ingester: &'a Ingester,
    connection: &'a Connection,
    ingestion: Ingestion,
    /// The groups by id, once they are needed.
    groups: Option<Vec<crate::directory::Group>>,
    /// The projects by id, once they are needed.
    projects: Option<Vec<crate::jira::directory::ListedProject>>,
    /// The accounts beyond the site's list that Jira was asked for.
    asked_for: std::collections::BTreeSet<crate::ids::AccountId>,
    /// What all lists say together, once it is needed.
    joined: Option<settling::Joined>,
    /// Records of nobody among the members read of the present group.
    nobodies: u64,
    /// How many members Jira counted at the first page of the present group; none if that was another slice's.
    counted_first: Option<u64>,
    /// The people of the list, once they are needed.
    people: Option<crate::matching::Index>,
    /// The seats counted so far.
    seats: settling::Seats,
    /// Where the search of changed issues goes on.
    paging: activity::Paging,
}

impl Ingester {
    /// The tick: claims every ingestion that is due, and asks for its next slice. Returns how many.
    pub async fn fan_out(&self) -> Result<usize> {
        let (store, now) = (&self.jira.core.store, self.jira.core.clock.now());
        let mut asked = 0;
        for shard in crate::dynamodb::keys::shards() {
            let mut requests = Vec::new();
            for (tenant, connection, due_at) in store.due_ingestions(shard, now, CLAIMS_A_SHARD).await? {
                if store.claim_due_ingestion(&tenant, &connection, due_at, after(now, CLAIM)).await? {
                    requests.push(UsageRequest::Ingest { tenant, connection });
                }
            }
            self.usage.send_all(&requests, None).await?;
            asked += requests.len();
        }
        Ok(asked)
    }

    /// Carries out one slice, and asks for the next one if there is more to do.
    pub async fn ingest(&self, tenant: &TenantId, id: &ConnectionId) -> Result<()> {
        let store = &self.jira.core.store;
        let Some(mut ingestion) = store.ingestion(tenant, id).await? else { return Ok(()) };
        let now = self.jira.core.clock.now();
        if ingestion.leased_until.is_some_and(|until| until > now) {
            tracing::info!(%tenant, connection = %id, "another worker carries the ingestion out");
            return Ok(());
        }
        if ingestion.paused_until.is_some_and(|until| until > now) {
            return Ok(());
        }
        let connection = store.connection(tenant, id).await?;
        let Some(connection) = connection.filter(wants_ingestion) else {
            // Nobody reports these accounts to Atlassian any more: what is personal about them goes.
            let is_forgotten = self.forget_accounts(tenant, id).await?;
            ingestion.due_at = (!is_forgotten).then(|| after(now, CLAIM));
            return store.save_ingestion(&mut ingestion).await;
        };
        if !connection.state.usable() {
            ingestion.problem = Some(format!(
                "connection {id} cannot be used in its present state; connect it again, and the ingestion goes on"
            ));
            ingestion.due_at = Some(after(now, UNUSABLE));
            return store.save_ingestion(&mut ingestion).await;
        }
        if ingestion.stage == Stage::Idle && ingestion.next_run_at.is_some_and(|at| at > now) {
            // A message that came late, or twice: the run that it was about is over.
            ingestion.due_at = ingestion.next_run_at;
            return store.save_ingestion(&mut ingestion).await;
        }
        if ingestion.stage == Stage::Idle || is_outdated(&ingestion, now) {
            let policy = store.access_policy(tenant, id).await?;
            begin(&mut ingestion, policy.zone, now);
        }
        ingestion.cost.slices += 1;
        ingestion.leased_until = Some(after(now, LEASE));
        ingestion.due_at = Some(after(now, CLAIM));
        match store.save_ingestion(&mut ingestion).await {
            Err(error) if *error.kind() == Kind::Conflict => return Ok(()),
            saved => saved?,
        }
        let mut slice = Slice {
            ingester: self,
            connection: &connection,
            ingestion,
            groups: None,
            projects: None,
            asked_for: std::collections::BTreeSet::new(),
            joined: None,
            nobodies: 0,
            counted_first: None,
            people: None,
            seats: settling::Seats::default(),
            paging: activity::Paging::default(),
        };
        match Box::pin(slice.work()).await {
            Ok(wait) => self.end(slice.ingestion, wait).await,
            Err(error) => {
                // Whoever comes next need not wait until the lease is over. If this fails, too, they do.
                if let Err(second) = self.end(slice.ingestion, Some(FAILED)).await {
                    tracing::warn!(error = second.chain(), "could not give the lease back");
                }
                Err(error)
            }
        }
    }

    /// Gives the lease back, and asks for the next slice in `wait` seconds, if there is one.
    async fn end(&self, mut ingestion: Ingestion, wait: Option<i64>) -> Result<()> {
        let now = self.jira.core.clock.now();
        ingestion.leased_until = None;
        ingestion.paused_until = None;
        let delay = match wait {
            None => {
                let began_at = ingestion.began_at.unwrap_or(now);
                ingestion.next_run_at = Some(after(began_at, EVERY).max(after(now, 60)));
                ingestion.due_at = ingestion.next_run_at;
                None
            }
            Some(wait) => {
                ingestion.paused_until = (wait > 0).then(|| after(now, wait));
                ingestion.due_at = Some(after(now, wait + 120));
                Some(u32::try_from(wait).unwrap_or(u32::MAX))
            }
        };
        let (tenant, connection) = (ingestion.tenant.clone(), ingestion.id.clone());
        self.jira.core.store.save_ingestion(&mut ingestion).await?;
        // A wait that is longer than a queue's is left to the tick.
        match delay.filter(|delay| *delay <= crate::sqs::LONGEST_DELAY) {
            Some(delay) => self.usage.send(&UsageRequest::Ingest { tenant, connection }, Some(delay)).await,
            None => Ok(()),
        }
    }
}

/// Whether a connection's use cases need an ingestion, and it was not ended.
pub fn wants_ingestion(connection: &Connection) -> bool {
    let ended = matches!(connection.state, State::Disconnected | State::Pending);
    let wanted = [UseCase::AccessReview, UseCase::Usage];
    !ended && wanted.iter().any(|use_case| connection.use_cases.contains(use_case))
}

/// Whether a run began so long ago, and did not put the accounts together yet, that what it read must not be taken for what
/// is: the connection could not be used meanwhile.
fn is_outdated(ingestion: &Ingestion, now: Timestamp) -> bool {
    let is_reading = match &ingestion.stage {
        Stage::Users { .. }
        | Stage::Groups
        | Stage::Members { .. }
        | Stage::Products
        | Stage::Roles { .. }
        | Stage::Organisation { .. }
        | Stage::Settle { .. } => true,
        Stage::Idle
        | Stage::Match { .. }
        | Stage::Report { .. }
        | Stage::Changes
        | Stage::Worklogs
        | Stage::DeletedWorklogs
        | Stage::Count { .. } => false,
    };
    is_reading && ingestion.began_at.is_some_and(|at| seconds_between(at, now) > EVERY)
}

/// Begins a run. Where the time zone is another one now, activity is read anew: days of one are no days of the other.
fn begin(ingestion: &mut Ingestion, zone: Option<String>, now: Timestamp) {
    if let Some(zone) = zone.filter(|zone| *zone != ingestion.zone) {
        ingestion.zone = zone;
        ingestion.activity = ActivityReached::default();
    }
    ingestion.stage = Stage::FIRST;
    ingestion.began_at = Some(now);
    ingestion.cost = Cost::default();
    ingestion.failures = 0;
    ingestion.problem = None;
    ingestion.activity.changes_until = None;
}

/// When the present run of an ingestion may be expected to end, by how far it came in the issues that it reads; none
/// when that cannot be told.
pub fn expected_end(ingestion: &Ingestion, now: Timestamp) -> Option<Timestamp> {
    let began_at = ingestion.began_at?;
    let expected = ingestion.activity.changes_expected?;
    let read = ingestion.activity.changes_read;
    if ingestion.stage != Stage::Changes || read == 0 {
        return None;
    }
    let spent = seconds_between(began_at, now).max(1);
    let left = i64::try_from(
        u128::from(expected.saturating_sub(read)) * u128::from(spent.unsigned_abs()) / u128::from(read),
    )
    .ok()?;
    Some(after(now, left))
}
