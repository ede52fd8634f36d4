//! Acting: what people have Assay change in Jira is carried out, each thing after a dry run, and read back.
//!
//! One worker at a time has an action, by a lease in its record that is longer than the function's time-out. What it is
//! about to do is written before Jira is told, and what is so already is not done again, so that it may die anywhere and
//! another one goes on. Its state is told in [`crate::action`].

pub mod asking;
mod guarding;
mod issues;
mod running;
mod scene;
mod site;
mod users;

use std::sync::Arc;

use jiff::Timestamp;

use super::Core;
use super::session::{Deadline, JiraAccess};
use crate::action::{Action, MOST_ATTEMPTS, State, is_lease_over};
use crate::clock::after;
use crate::error::Kind;
use crate::ids::{ActionId, TenantId};
use crate::jira::error::{JiraError, Kind as JiraKind};
use crate::notification::{Kind as Notice, Notification, Subject};
use crate::sqs::{Queue, UsageRequest};
use crate::{Error, Result};

pub use site::{JiraSites, Site, Sites};
pub use users::Door;

/// How long an action is one worker's alone, in seconds: longer than the function's time-out.
const LEASE: i64 = 360;

/// After how many seconds the tick asks again for an action whose worker left no word.
const CLAIM: i64 = 420;

/// How many are claimed by one tick from one shard.
const CLAIMS_A_SHARD: usize = 100;

/// The shortest and the longest wait before an action is tried again, in seconds.
const SHORTEST_WAIT: i64 = 30;
const LONGEST_WAIT: i64 = 3600;

/// How many points one action may cost: reads of a few groups' members, and some changes.
const POINTS: u64 = 500;

/// Carries actions out.
#[derive(Clone)]
pub struct Actor {
    /// Table, time, randomness.
    pub core: Core,
    /// Opens sites to change them.
    pub sites: Arc<dyn Sites>,
    /// Where actions are asked for.
    pub usage: Arc<dyn Queue<UsageRequest>>,
    /// When the running invocation must be over.
    pub deadline: Deadline,
}

/// Why an action did not go on.
#[derive(Debug)]
enum Stopped {
    /// It may not be carried out, for this reason.
    Refused(String),
    /// It cannot be carried out, for this reason.
    Failed(String),
    /// It may work later.
    Later {
        /// Why not now.
        why: String,
        /// Seconds to wait at least.
        wait: i64,
        /// Whether this was an attempt of its own; it is not where another one had the turn, or points were short.
        counts: bool,
    },
    /// The table failed.
    Table(Error),
}

impl From<JiraError> for Stopped {
    fn from(error: JiraError) -> Self {
        match &error.kind {
            JiraKind::ScopeMissing | JiraKind::Forbidden | JiraKind::NotFound | JiraKind::Refused { .. } => {
                Self::Failed(error.with_advice())
            }
            JiraKind::Limited { .. } => {
                Self::Later { why: error.to_string(), wait: error.wait(), counts: false }
            }
            JiraKind::Unauthorized
            | JiraKind::Unavailable { .. }
            | JiraKind::NotSent
            | JiraKind::InDoubt
            | JiraKind::Malformed { .. }
            | JiraKind::TooLarge
            | JiraKind::Redirected { .. } => {
                Self::Later { why: error.to_string(), wait: error.wait(), counts: true }
            }
        }
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Table(error)
    }
}

impl Actor {
    /// What carries actions out in Jira.
    pub fn over_jira(jira: JiraAccess, usage: Arc<dyn Queue<UsageRequest>>) -> Self {
        Self {
            core: jira.core.clone(),
            deadline: jira.deadline.clone(),
            usage,
            sites: Arc::new(JiraSites { jira }),
        }
    }

    /// The tick: claims every action that is due, and asks for it. Returns how many.
    pub async fn fan_out(&self) -> Result<usize> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let mut asked = 0;
        for shard in crate::dynamodb::keys::shards() {
            let mut requests = Vec::new();
            for (tenant, action, due_at) in store.due_actions(shard, now, CLAIMS_A_SHARD).await? {
                if store.claim_due_action(&tenant, &action, due_at, after(now, CLAIM)).await? {
                    requests.push(UsageRequest::Act { tenant, action });
                }
            }
            self.usage.send_all(&requests, None).await?;
            asked += requests.len();
        }
        Ok(asked)
    }

    /// Carries an action out as far as it goes now. One that is not there, has nothing to do, or is another worker's is
    /// left as it is.
    ///
    /// # Errors
    /// When the table could not be read or written; what was done stays, and is not done twice.
    pub async fn act(&self, tenant: &TenantId, id: &ActionId) -> Result<()> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let Some(mut action) = store.action(tenant, id).await? else { return Ok(()) };
        if !action.state.is_at_work() {
            // A worker may have died before it told people.
            return self.tell(&action).await;
        }
        if !is_lease_over(&action, now) {
            return Ok(());
        }
        action.attempts += 1;
        lease(&mut action, now);
        match store.claim_action(&mut action).await {
            Err(error) if *error.kind() == Kind::Conflict => return Ok(()),
            claimed => claimed?,
        }
        // Boxed, since it is a deep tree of futures.
        let stopped = Box::pin(self.carry_out(&mut action)).await.err();
        match stopped {
            None => {}
            Some(Stopped::Table(error)) => return Err(error),
            Some(stopped) => self.stop(&mut action, stopped).await?,
        }
        self.tell(&action).await
    }

    /// One state after the other, as far as it goes.
    async fn carry_out(&self, action: &mut Action) -> Result<(), Stopped> {
        loop {
            match action.state {
                State::Planned => self.dry_run(action).await?,
                State::Approved => {
                    action.go_to(State::Running, self.core.clock.now());
                    self.save(action).await?;
                }
                State::Running => self.run(action).await?,
                State::AwaitingApproval | State::Done | State::Failed | State::Refused | State::Undone => {
                    return Ok(());
                }
            }
        }
    }

    /// Saves an action; one that goes on stays this worker's.
    async fn save(&self, action: &mut Action) -> Result<()> {
        if action.state.is_at_work() {
            lease(action, self.core.clock.now());
        }
        self.core.store.save_action(action).await
    }

    /// Writes down why an action did not go on.
    async fn stop(&self, action: &mut Action, stopped: Stopped) -> Result<()> {
        let now = self.core.clock.now();
        let has_changed = action.steps.iter().any(|step| step.done_at.is_some() || step.is_in_doubt());
        match stopped {
            Stopped::Refused(why) if !has_changed => action.refuse(&why, now),
            Stopped::Refused(why) | Stopped::Failed(why) => action.fail(&why, now),
            Stopped::Later { why, counts: true, .. } if action.attempts >= MOST_ATTEMPTS => {
                action.fail(&format!("it was tried {MOST_ATTEMPTS} times; the last time: {why}"), now);
            }
            Stopped::Later { why, wait, counts } => {
                if !counts {
                    action.attempts = action.attempts.saturating_sub(1);
                }
                let growing = SHORTEST_WAIT << action.attempts.min(7);
                let wait = wait.max(growing).clamp(SHORTEST_WAIT, LONGEST_WAIT);
                action.note(now, "worker", "waits", &why);
                action.problem = Some(why);
                action.leased_until = None;
                action.due_at = Some(after(now, wait));
            }
            Stopped::Table(error) => return Err(error),
        }
        self.core.store.save_action(action).await?;
        self.ask_again(action).await
    }

    /// Asks for an action that is due soon; the tick asks for those that are due later.
    async fn ask_again(&self, action: &Action) -> Result<()> {
        let Some(due_at) = action.due_at else { return Ok(()) };
        let wait = crate::clock::seconds_between(self.core.clock.now(), due_at).max(0);
        match u32::try_from(wait) {
            Ok(wait) if wait <= crate::sqs::LONGEST_DELAY => {
                let request = UsageRequest::Act { tenant: action.tenant.clone(), action: action.id.clone() };
                self.usage.send(&request, Some(wait)).await
            }
            _ => Ok(()),
        }
    }

    /// Tells people that an action waits for a second one of them, once for all of a campaign.
    async fn tell(&self, action: &Action) -> Result<()> {
        if action.state != State::AwaitingApproval || !action.needs_second_person() {
            return Ok(());
        }
        let (subject, what) = match &action.campaign {
            Some(id) => (Subject::Campaign(id.clone()), format!("revocations of access review {id} wait")),
            None => (Subject::Action(action.id.clone()), format!("action {} waits", action.id)),
        };
        let text = format!(
            "{what} for another person than the one who asked: look at `GET /v1/actions?state=awaiting_approval`, then approve or decline"
        );
        let now = self.core.clock.now();
        let begun = Notification::begin(&action.tenant, Notice::ApprovalNeeded, subject, text, now)?;
        self.core.store.notify(&begun).await.map(|_| ())
    }
}

/// Makes an action this worker's alone.
fn lease(action: &mut Action, now: Timestamp) {
    action.leased_until = Some(after(now, LEASE));
    action.due_at = Some(after(now, CLAIM));
}
