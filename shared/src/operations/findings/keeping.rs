//! What is left to do: sweeps that were cut, acceptances that end, due dates after a change of the policy.

use super::Findings;
use crate::Result;
use crate::clock::after;
use crate::dynamodb::LONGEST_PAGE;
use crate::error::Kind;
use crate::finding::policy::FindingPolicy;
use crate::finding::report::{OPEN_FOR, ReportState};
use crate::ids::TenantId;
use crate::task::{State, Task};

impl Findings {
    /// Does what is left for a tenant, until time is up. What fails in one part keeps no other waiting.
    pub async fn keep(&self, tenant: &TenantId) -> Result<()> {
        let ended = self.end_acceptances(tenant).await;
        let swept = self.sweep_on(tenant).await;
        let followed = self.follow_policy(tenant).await;
        ended.and(swept).and(followed)
    }

    /// Goes on with the sweeps of a tenant.
    async fn sweep_on(&self, tenant: &TenantId) -> Result<()> {
        let store = &self.planner.core.store;
        for sweep in store.sweeps(tenant, None).await? {
            if self.is_late() {
                return Ok(());
            }
            let report = self.sweep(tenant, &sweep.source, &sweep.report).await?;
            // Its last batch never came, or its first was never taken in.
            let is_forsaken = report.as_ref().is_none_or(|report| report.state == ReportState::Receiving)
                && after(sweep.noted_at, OPEN_FOR) < self.planner.core.clock.now();
            if is_forsaken {
                self.heard_no_more(tenant, &sweep, report).await?;
                store.end_sweep(tenant, &sweep.source, &sweep.report).await?;
            }
        }
        Ok(())
    }

    /// Opens what was accepted until a day that is over.
    async fn end_acceptances(&self, tenant: &TenantId) -> Result<()> {
        let core = &self.planner.core;
        loop {
            let now = core.clock.now();
            let policy = core.store.finding_policy(tenant).await?;
            let ended = core.store.ended_acceptances(tenant, policy.today(now)).await?;
            if ended.is_empty() {
                return Ok(());
            }
            for accepted in ended {
                if self.is_late() {
                    return Ok(());
                }
                let end = |task: &mut Task| Ok(task.end_acceptance(&policy, now));
                match self.change_task(tenant, &accepted.task, end).await {
                    Err(error) if *error.kind() != Kind::NotFound => return Err(error),
                    Ok(_) | Err(_) => core.store.forget_acceptance(tenant, &accepted).await?,
                }
            }
        }
    }

    /// Brings the due dates of findings in line with a policy that was changed.
    async fn follow_policy(&self, tenant: &TenantId) -> Result<()> {
        let core = &self.planner.core;
        let mut policy = core.store.finding_policy(tenant).await?;
        while let Some(cursor) = policy.unfinished.clone() {
            if self.is_late() {
                return Ok(());
            }
            let is_left = |task: &Task| task.state != State::Resolved;
            let cursor = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
            let page = core.store.list_findings(tenant, None, is_left, cursor, LONGEST_PAGE).await?;
            self.follow_page(tenant, &policy, page.items).await?;
            policy.unfinished = page.next;
            match core.store.save_finding_policy(&mut policy).await {
                // It was changed again: then it is begun anew.
                Err(error) if *error.kind() == Kind::Conflict => {
                    policy = core.store.finding_policy(tenant).await?;
                }
                saved => saved?,
            }
        }
        Ok(())
    }

    async fn follow_page(&self, tenant: &TenantId, policy: &FindingPolicy, tasks: Vec<Task>) -> Result<()> {
        let now = self.planner.core.clock.now();
        let mut changed = Vec::new();
        for mut task in tasks {
            if task.follow(policy, now) {
                changed.push(task);
            }
        }
        for id in self.write_tasks(tenant, changed, Vec::new()).await? {
            self.change_task(tenant, &id, |task| Ok(task.follow(policy, now))).await?;
        }
        Ok(())
    }
}
