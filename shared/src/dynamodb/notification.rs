//! Notifications: one for each cause.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::Store;
use super::due::due_beside;
use super::item::Beside;
use super::keys::{self, DueKind};
use super::page::{Order, Page};
use crate::error::Kind as ErrorKind;
use crate::ids::{NotificationId, TenantId};
use crate::notification::{Kind, Notification, Subject, id};
use crate::{Error, Result};

/// How often a write is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

/// A notification that channels are to be told of, and since when.
#[derive(Clone, Debug, Deserialize)]
struct Waiting {
    tenant: TenantId,
    id: NotificationId,
    due_at: Timestamp,
}

impl Store {
    /// Notes that a cause began, and says whether that is new. Channels are told in either case if they do not know yet.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put; true |
    /// | one whose cause lasts | nothing; false |
    /// | one whose cause was over | begins anew; true |
    pub async fn notify(&self, begun: &Notification) -> Result<bool> {
        self.begin_cause(begun, false).await
    }

    /// The same as [`Self::notify`], but a cause that lasts begins anew, too: what is to be said of it is news.
    pub async fn notify_anew(&self, begun: &Notification) -> Result<bool> {
        self.begin_cause(begun, true).await
    }

    async fn begin_cause(&self, begun: &Notification, anew: bool) -> Result<bool> {
        let key = keys::notification(&begun.tenant, &begun.id);
        for _ in 0..REPEATS {
            let Some(stored) = self.get::<Notification>(&key).await? else {
                if self.put_new(&key, begun, beside(begun)).await? {
                    return Ok(true);
                }
                continue;
            };
            if stored.recovered_at.is_none() && !anew {
                return Ok(false);
            }
            let next = stored.again(begun);
            if settled(self.replace(&key, &next, stored.version, beside(&next)).await)? {
                return Ok(true);
            }
        }
        Err(crowded(&begun.id))
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
        let id = id(tenant, kind, subject)?;
        let key = keys::notification(tenant, &id);
        for _ in 0..REPEATS {
            let Some(stored) = self.get::<Notification>(&key).await? else { return Ok(()) };
            if stored.recovered_at.is_some() {
                return Ok(());
            }
            let over = stored.over(now);
            if settled(self.replace(&key, &over, stored.version, beside(&over)).await)? {
                return Ok(());
            }
        }
        Err(crowded(&id))
    }

    /// Notifications of one shard that channels are to be told of, with the time that each was due, longest due first.
    pub async fn due_notifications(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, NotificationId, Timestamp)>> {
        let due: Vec<Waiting> = self.due(DueKind::Notification, shard, now, limit).await?;
        Ok(due.into_iter().map(|due| (due.tenant, due.id, due.due_at)).collect())
    }

    /// Notes that channels know of a notification as it was read.
    ///
    /// | stored | then |
    /// |---|---|
    /// | this version | not due any more, version + 1 |
    /// | another version | nothing: there is further news |
    pub async fn spread(&self, read: &Notification) -> Result<()> {
        let key = keys::notification(&read.tenant, &read.id);
        let next = Notification { due_at: None, version: read.version + 1, ..read.clone() };
        settled(self.replace(&key, &next, read.version, beside(&next)).await).map(drop)
    }

    /// Puts off a notification that was due at `expected`, of which channels could not be told.
    pub async fn defer_notification(
        &self,
        tenant: &TenantId,
        id: &NotificationId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::notification(tenant, id);
        self.claim(DueKind::Notification, (tenant, id.as_str()), &key, expected, next).await
    }

    /// The notifications of these that are stored, in no order.
    pub async fn notifications_of(
        &self,
        tenant: &TenantId,
        ids: &BTreeSet<NotificationId>,
    ) -> Result<Vec<Notification>> {
        let keys = ids.iter().map(|id| keys::notification(tenant, id)).collect();
        self.get_many(&keys, "notifications").await
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

fn beside(notification: &Notification) -> Beside {
    let (tenant, id) = (&notification.tenant, notification.id.as_str());
    due_beside(DueKind::Notification, tenant, id, notification.due_at)
}

/// Whether a write was done; not, where somebody else wrote meanwhile.
fn settled(written: Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if *error.kind() == ErrorKind::Conflict => Ok(false),
        Err(error) => Err(error),
    }
}

fn crowded(id: &NotificationId) -> Error {
    Error::conflict(format!("notification {id} is written by too many at once; try again"))
}
