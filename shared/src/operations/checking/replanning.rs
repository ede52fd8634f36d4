//! Planning anew after sync settings were changed.

use std::sync::Arc;

use super::super::finishing::Finisher;
use super::Evaluator;
use crate::Result;
use crate::check::CheckId;
use crate::dynamodb::LONGEST_PAGE;
use crate::ids::TenantId;

impl Evaluator {
    /// Plans all of a tenant's tickets, because its settings changed; and carries out what the changes ask of tickets
    /// besides. What fails for one check or setting keeps no other one waiting.
    pub(super) async fn plan_all(&self, tenant: &TenantId) -> Result<()> {
        let store = &self.jira.core.store;
        let settings = store.settings(tenant).await?;
        let (enabled, disabled): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.enabled);
        let mut failed = None;
        let finisher = Finisher { jira: self.jira.clone(), sync: Arc::clone(&self.planner.sync) };
        let deadline = self.jira.deadline.at();
        if let Err(error) = finisher.finish_all(disabled, deadline).await {
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
        if let Err(error) = self.plan_findings(tenant).await {
            tracing::error!(%tenant, error = error.chain(), "could not plan the tickets of findings");
            failed = Some(error);
        }
        if let Err(error) = finisher.finish_all(enabled, deadline).await {
            failed = Some(error);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Plans the tickets of all findings, page by page.
    async fn plan_findings(&self, tenant: &TenantId) -> Result<()> {
        let mut cursor = None;
        loop {
            let store = &self.jira.core.store;
            let page = store.list_findings(tenant, None, |_| true, cursor.as_deref(), LONGEST_PAGE).await?;
            self.planner.plan_stored(tenant, &page.items).await?;
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }
}
