//! One slice of a run: unit after unit, until there is nothing left to do or a reason to stop.

use jiff::Timestamp;

use super::{FAILED, FAILURES, Next, POINTS_A_UNIT, SECONDS_A_UNIT, Slice, Stopped, UNUSABLE};
use crate::connection::UseCase;
use crate::error::Kind;
use crate::evidence::Gap;
use crate::ids::{ConnectionId, TenantId};
use crate::ingestion::{Source, Stage};
use crate::jira::Client;
use crate::jira::error::JiraError;
use crate::quota::Priority;
use crate::{Error, Result};

impl Slice<'_> {
    /// Does units until there is nothing left to do, or a reason to stop. Returns after how many seconds to go on; none
    /// when the run is at its end.
    pub(super) async fn work(&mut self) -> Result<Option<i64>> {
        let jira = &self.ingester.jira;
        loop {
            let now = jira.core.clock.now();
            if self.ingestion.stage == Stage::Idle {
                return Ok(None);
            }
            if !jira.deadline.leaves(SECONDS_A_UNIT, now) {
                return Ok(Some(0));
            }
            let opened = jira.open_within_quota(self.connection, Priority::Backfill, POINTS_A_UNIT).await;
            let client = match opened {
                Ok(client) => client,
                Err(error) => return self.postpone(error),
            };
            let outcome = Box::pin(self.unit(&client)).await;
            let meter = client.meter();
            self.ingestion.cost.calls += meter.calls;
            self.ingestion.cost.points += meter.points;
            jira.book(self.connection, &client).await?;
            match outcome {
                Ok(next) => {
                    self.ingestion.failures = 0;
                    self.ingestion.problem = None;
                    self.ingestion.stage = next;
                    self.save().await?;
                }
                // What the table refuses, it refuses again: that must not keep the other stages waiting for ever.
                Err(Stopped::Failed(error))
                    if !error.retryable() && self.ingestion.stage.source().is_some() =>
                {
                    tracing::error!(error = error.chain(), "a stage failed");
                    self.ingestion.problem = Some(error.to_string());
                    let gap = Gap::Unavailable { detail: error.to_string() };
                    if let Some(wait) = self.count_failure(gap, FAILED) {
                        return Ok(Some(wait));
                    }
                    self.save().await?;
                }
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Jira(error)) => {
                    if let Some(wait) = self.failed(&error) {
                        return Ok(Some(wait));
                    }
                    self.save().await?;
                }
            }
        }
    }

    /// Jira failed so that every call would. Returns how long to wait before the stage is tried again; none when it was
    /// tried often enough, and the source is left as it is.
    fn failed(&mut self, error: &JiraError) -> Option<i64> {
        self.ingestion.problem = Some(error.with_advice());
        let wait = error.wait();
        if matches!(error.kind, crate::jira::error::Kind::Limited { .. }) {
            return Some(wait);
        }
        self.count_failure(Gap::from(error), wait)
    }

    /// Counts a failure of the stage. Returns how long to wait before it is tried again; none when that was often enough, and
    /// its source is left as it is stored. What reads only what is stored is never left.
    fn count_failure(&mut self, gap: Gap, wait: i64) -> Option<i64> {
        self.ingestion.failures += 1;
        let source = self.ingestion.stage.source();
        let Some(source) = source.filter(|_| self.ingestion.failures >= FAILURES) else { return Some(wait) };
        self.ingestion.failures = 0;
        self.ingestion.source(source).lacks(gap);
        self.ingestion.stage = self.stage_behind();
        None
    }

    /// The stage behind the present one. Who is only reviewed is not watched: activity is read where the use case is
    /// chosen.
    pub(super) fn stage_behind(&self) -> Stage {
        match self.ingestion.stage.next() {
            Stage::Changes if !self.connection.use_cases.contains(&UseCase::Usage) => {
                Stage::Count { behind: None }
            }
            next => next,
        }
    }

    /// No client could be had. Returns how long to wait.
    fn postpone(&mut self, error: Error) -> Result<Option<i64>> {
        let wait = match error.kind() {
            Kind::Limited { retry_after } => i64::from(*retry_after),
            Kind::Unavailable => 60,
            Kind::NeedsReauth | Kind::Conflict => UNUSABLE,
            _ => return Err(error),
        };
        self.ingestion.problem = Some(error.to_string());
        Ok(Some(wait))
    }

    /// Saves how far the run came. Somebody else's save since is an error: it ends the slice, and nothing is lost by that.
    async fn save(&mut self) -> Result<()> {
        self.ingester.jira.core.store.save_ingestion(&mut self.ingestion).await
    }

    /// Does one unit of the present stage.
    async fn unit(&mut self, client: &Client) -> Next {
        let stage = self.ingestion.stage.clone();
        match stage {
            Stage::Idle => Ok(Stage::Idle),
            Stage::Users { start, kept } => self.users(client, start, kept).await,
            Stage::Groups => self.groups(client).await,
            Stage::Members { behind, start, kept } => self.members(client, behind, start, kept).await,
            Stage::Products => self.products(client).await,
            Stage::Roles { behind } => self.roles(client, behind).await,
            Stage::Organisation { cursor } => self.organisation(cursor).await,
            Stage::Settle { behind } => self.settle(client, behind).await,
            Stage::Match { behind } => self.match_people(behind).await,
            Stage::Changes => self.changes(client).await,
            Stage::Worklogs => self.worklogs(client).await,
            Stage::DeletedWorklogs => self.deleted_worklogs(client).await,
            Stage::Count { behind } => self.count(behind).await,
            Stage::Report { behind } => self.report(client, behind).await,
        }
    }

    /// A source refused: it is left as it is stored, with a gap, and the next stage begins. What concerns every call
    /// stops the slice.
    pub(super) fn left(&mut self, source: Source, error: JiraError) -> Next {
        if error.concerns_every_call() {
            return Err(Stopped::Jira(error));
        }
        self.ingestion.source(source).lacks(Gap::from(&error));
        tracing::warn!(source = source.words(), error = %error, "a source is left as it is stored");
        Ok(self.stage_behind())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ingester.jira.core.clock.now()
    }

    pub(super) fn store(&self) -> &crate::dynamodb::Store {
        &self.ingester.jira.core.store
    }

    pub(super) fn tenant(&self) -> &TenantId {
        &self.connection.tenant
    }

    pub(super) fn id(&self) -> &ConnectionId {
        &self.connection.id
    }
}
