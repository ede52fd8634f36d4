//! What people say of a finding: that its risk is accepted for a time, or no longer.

use jiff::civil::Date;

use super::Findings;
use crate::Result;
use crate::dynamodb::Accepted;
use crate::finding::Acceptance;
use crate::finding::acceptance::check_until;
use crate::ids::{TaskId, TenantId};
use crate::task::Task;

impl Findings {
    /// Accepts the risk of a finding. Safe to repeat.
    ///
    /// # Errors
    /// `Invalid` when the day is over or too far away; `Conflict` when the finding is resolved.
    pub async fn accept(
        &self,
        tenant: &TenantId,
        id: &TaskId,
        (until, why): (Date, &str),
        by: &str,
    ) -> Result<Task> {
        let core = &self.planner.core;
        let now = core.clock.now();
        let policy = core.store.finding_policy(tenant).await?;
        check_until(until, policy.today(now))?;
        // First when it ends, so that no acceptance is without an end; one that never began is forgotten on that day.
        let accepted = Accepted { until, task: id.clone() };
        if core.store.task(tenant, id).await?.is_some_and(|task| task.finding.is_some()) {
            core.store.note_acceptance(tenant, &accepted).await?;
        }
        let acceptance = Acceptance { until, why: why.to_owned(), by: by.to_owned(), at: now };
        let task = self.change_task(tenant, id, |task| task.accept(acceptance.clone(), now)).await?;
        // Once more: its last day may have ended, and been dealt with, before it was written.
        core.store.note_acceptance(tenant, &accepted).await?;
        Ok(task)
    }

    /// Takes the acceptance of a finding's risk back. Safe to repeat.
    pub async fn withdraw(&self, tenant: &TenantId, id: &TaskId) -> Result<Task> {
        let core = &self.planner.core;
        let now = core.clock.now();
        let policy = core.store.finding_policy(tenant).await?;
        self.change_task(tenant, id, |task| Ok(task.withdraw(&policy, now))).await
    }
}
