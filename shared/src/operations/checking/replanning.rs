//! Planning anew after sync settings were changed.

use std::sync::Arc;

use super::super::finishing::Finisher;
use super::Evaluator;
use crate::check::CheckId;
use crate::ids::TenantId;
use crate::sync_setting::SyncSetting;
use crate::{Error, Result};

impl Evaluator {
    /// Plans all of a tenant's tickets, because its settings changed; and carries out what the changes ask of tickets
    /// besides. What fails for one check or setting keeps no other one waiting.
    pub(super) async fn plan_all(&self, tenant: &TenantId) -> Result<()> {
        let store = &self.jira.core.store;
        let settings = store.settings(tenant).await?;
        let (enabled, disabled): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.enabled);
        let mut failed = None;
        self.finish_all(tenant, &disabled, &mut failed).await;
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
        self.finish_all(tenant, &enabled, &mut failed).await;
        failed.map_or(Ok(()), Err)
    }

    async fn finish_all(&self, tenant: &TenantId, settings: &[&SyncSetting], failed: &mut Option<Error>) {
        let finisher = Finisher { jira: self.jira.clone(), sync: Arc::clone(&self.planner.sync) };
        for setting in settings {
            if let Err(error) = finisher.finish(tenant, &setting.id, self.jira.deadline.at()).await {
                tracing::error!(%tenant, setting = %setting.id, error = error.chain(), "could not finish the change of a sync setting");
                *failed = Some(error);
            }
        }
    }
}
