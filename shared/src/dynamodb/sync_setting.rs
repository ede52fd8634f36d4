//! Sync settings.

use super::Store;
use super::keys;
use super::write::Change;
use crate::Result;
use crate::ids::{SettingId, TenantId};
use crate::sync_setting::SyncSetting;

impl Store {
    /// Puts a new setting with the version it has, so that it can be saved right after.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very setting | nothing; success |
    /// | another one with this id, that is, for this scope | nothing; `Conflict` |
    pub async fn put_new_setting(&self, setting: &SyncSetting) -> Result<()> {
        let key = keys::setting(&setting.tenant, &setting.id);
        self.make(&key, setting, Vec::new()).await
    }

    /// Saves a setting, and raises its version here and in the table.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the same version | replaced, version + 1 |
    /// | what this call writes | nothing; success, the answer to a first attempt was lost |
    /// | another version, or nothing | nothing; `Conflict` |
    pub async fn save_setting(&self, setting: &mut SyncSetting) -> Result<()> {
        let next = SyncSetting { version: setting.version + 1, ..setting.clone() };
        let key = keys::setting(&setting.tenant, &setting.id);
        self.replace(&key, &next, setting.version, Vec::new()).await?;
        setting.version = next.version;
        Ok(())
    }

    /// The setting with this id.
    pub async fn setting(&self, tenant: &TenantId, id: &SettingId) -> Result<Option<SyncSetting>> {
        self.get(&keys::setting(tenant, id)).await
    }

    /// All settings of a tenant.
    pub async fn settings(&self, tenant: &TenantId) -> Result<Vec<SyncSetting>> {
        self.all(&keys::settings(tenant)).await
    }

    /// Deletes a setting, whatever its version. Returns whether it was there.
    pub async fn delete_setting(&self, tenant: &TenantId, id: &SettingId) -> Result<bool> {
        Ok(self.delete(&keys::setting(tenant, id), Change::default()).await?.is_some())
    }
}
