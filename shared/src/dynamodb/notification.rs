//! Notifications: one for each cause.

use jiff::Timestamp;

use super::Store;
use super::keys;
use super::page::{Order, Page};
use crate::Result;
use crate::error::Kind as ErrorKind;
use crate::ids::TenantId;
use crate::notification::{Kind, Notification, Subject, id};

impl Store {
    /// Notes that a cause began, and says whether that is new.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put; true |
    /// | one whose cause lasts | nothing; false |
    /// | one whose cause was over | begins anew; true |
    pub async fn notify(&self, begun: &Notification) -> Result<bool> {
        let key = keys::notification(&begun.tenant, &begun.id);
        if self.put_new(&key, begun, Vec::new()).await? {
            return Ok(true);
        }
        let Some(stored) = self.get::<Notification>(&key).await? else { return Ok(false) };
        if stored.recovered_at.is_none() {
            return Ok(false);
        }
        let anew = Notification { version: stored.version + 1, ..begun.clone() };
        settled(self.replace(&key, &anew, stored.version, Vec::new()).await)
    }

    /// Notes that a cause is over, if it lasted.
    ///
    /// | stored | then |
    /// |---|---|
    /// | one whose cause lasts | over |
    /// | nothing, or one whose cause is over | nothing |
    pub async fn recovered(
        &self,
        tenant: &TenantId,
        kind: Kind,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<()> {
        let key = keys::notification(tenant, &id(tenant, kind, subject)?);
        let Some(stored) = self.get::<Notification>(&key).await? else { return Ok(()) };
        if stored.recovered_at.is_some() {
            return Ok(());
        }
        let over = Notification { recovered_at: Some(now), version: stored.version + 1, ..stored.clone() };
        settled(self.replace(&key, &over, stored.version, Vec::new()).await).map(drop)
    }

    /// A page of a tenant's notifications, by id.
    pub async fn list_notifications(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Notification>> {
        self.list(&keys::notifications(tenant), Order::Rising, &Vec::new(), cursor, limit).await
    }
}

/// Somebody else wrote the same cause at the same moment: then it is noted, too.
fn settled(written: Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if *error.kind() == ErrorKind::Conflict => Ok(false),
        Err(error) => Err(error),
    }
}
