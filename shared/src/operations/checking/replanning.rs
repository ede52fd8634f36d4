//! Planning anew after sync settings were changed.

use std::sync::Arc;

use super::super::finishing::Finisher;
use super::Evaluator;
use crate::Result;
use crate::check::CheckId;
use crate::dynamodb::LONGEST_PAGE;
use crate::ids::{TaskId, TenantId};
use crate::sqs::ChecksRequest;

impl Evaluator {
    /// Plans all of a tenant's tickets, because its settings changed; and carries out what the changes ask of tickets
    /// besides. What fails for one check or setting keeps no other one waiting. Where time is up, the rest is asked for anew.
    pub(super) async fn plan_all(&self, tenant: &TenantId) -> Result<()> {
        let store = &self.jira.core.store;
        let settings = store.settings(tenant).await?;
        let (enabled, disabled): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.enabled);
        let mut failed = None;
        if let Err(error) = self.finisher().finish_all(disabled, self.jira.deadline.at()).await {
            failed = Some(error);
        }
        for check in CheckId::ALL {
            let planned = async {
                let tasks = store.tasks_of(tenant, check).await?;
                self.planner.plan_stored(tenant, &tasks).await
            };
            if let Err(error) = planned.await {
                tracing::error!(%tenant, %check, error = error.chain(), "could not plan the tickets of a check");
                failed = Some(error);
            }
        }
        match self.plan_findings(tenant, None).await {
            Ok(true) => {}
            // What is asked of the tickets of enabled settings follows behind the last page.
            Ok(false) => return failed.map_or(Ok(()), Err),
            Err(error) => {
                tracing::error!(%tenant, error = error.chain(), "could not plan the tickets of findings");
                failed = Some(error);
            }
        }
        if let Err(error) = self.finisher().finish_all(enabled, self.jira.deadline.at()).await {
            failed = Some(error);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Goes on with a plan of findings for which there was no time, and then with what was to follow.
    pub(super) async fn plan_on(&self, tenant: &TenantId, cursor: &str) -> Result<()> {
        if !self.plan_findings(tenant, Some(cursor.to_owned())).await? {
            return Ok(());
        }
        let settings = self.jira.core.store.settings(tenant).await?;
        let enabled: Vec<_> = settings.iter().filter(|setting| setting.enabled).collect();
        self.finisher().finish_all(enabled, self.jira.deadline.at()).await
    }

    /// Plans the tickets of some findings: of each page of the list, where it begins and which ones. One page at least; the
    /// rest is asked for anew where time is up.
    pub(super) async fn plan_pages(
        &self,
        tenant: &TenantId,
        pages: Vec<(Option<String>, Vec<TaskId>)>,
    ) -> Result<()> {
        for (number, (cursor, ids)) in pages.into_iter().enumerate() {
            if let (true, true, Some(cursor)) = (number > 0, self.is_late(), cursor) {
                return self.ask_on(tenant, cursor).await;
            }
            let tasks = self.jira.core.store.tasks_by_id(tenant, &ids).await?;
            self.planner.plan_stored(tenant, &tasks).await?;
        }
        Ok(())
    }

    /// Plans the tickets of all findings behind a cursor, page by page. Returns whether that was all; if not, time is up, and
    /// the rest is asked for anew.
    async fn plan_findings(&self, tenant: &TenantId, mut cursor: Option<String>) -> Result<bool> {
        loop {
            let store = &self.jira.core.store;
            let page = store.list_findings(tenant, None, |_| true, cursor.as_deref(), LONGEST_PAGE).await?;
            self.planner.plan_stored(tenant, &page.items).await?;
            let Some(next) = page.next else { return Ok(true) };
            if self.is_late() {
                self.ask_on(tenant, next).await?;
                return Ok(false);
            }
            cursor = Some(next);
        }
    }

    async fn ask_on(&self, tenant: &TenantId, cursor: String) -> Result<()> {
        self.checks.send(&ChecksRequest::PlanOn { tenant: tenant.clone(), cursor }, Some(1)).await
    }

    fn is_late(&self) -> bool {
        self.jira.deadline.at().is_some_and(|deadline| self.jira.core.clock.now() >= deadline)
    }

    fn finisher(&self) -> Finisher {
        Finisher { jira: self.jira.clone(), sync: Arc::clone(&self.planner.sync) }
    }
}
