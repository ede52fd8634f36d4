//! Channels that notifications are sent to, and what each is told.

use jiff::Timestamp;
use serde::Deserialize;

use super::Store;
use super::due::due_beside;
use super::item::Beside;
use super::keys::{self, DueKind};
use super::page::{Order, Page};
use super::write::Change;
use crate::announcement::Announcement;
use crate::channel::Channel;
use crate::error::Kind;
use crate::ids::{AnnouncementId, ChannelId, TenantId};
use crate::{Error, Result};

/// How often a change is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

/// An announcement that is due, and since when.
#[derive(Clone, Debug, Deserialize)]
struct Waiting {
    tenant: TenantId,
    id: AnnouncementId,
    due_at: Timestamp,
}

impl Store {
    /// Puts a new channel; nothing is changed when there is one already.
    pub async fn put_new_channel(&self, channel: &Channel) -> Result<bool> {
        self.put_new(&keys::channel(&channel.tenant, &channel.id), channel, Vec::new()).await
    }

    /// The channel with this id.
    pub async fn channel(&self, tenant: &TenantId, id: &ChannelId) -> Result<Option<Channel>> {
        self.get(&keys::channel(tenant, id)).await
    }

    /// All channels of a tenant.
    pub async fn all_channels(&self, tenant: &TenantId) -> Result<Vec<Channel>> {
        self.all(&keys::channels(tenant)).await
    }

    /// A page of a tenant's channels, by id.
    pub async fn list_channels(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Channel>> {
        self.list(&keys::channels(tenant), Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// Changes a channel, whoever else writes it meanwhile: `change` is applied to what is stored now.
    ///
    /// # Errors
    /// `NotFound` when there is no such channel; what `change` gives.
    pub async fn change_channel(
        &self,
        tenant: &TenantId,
        id: &ChannelId,
        change: &(dyn Fn(&mut Channel) -> Result<()> + Sync),
    ) -> Result<Channel> {
        let key = keys::channel(tenant, id);
        for _ in 0..REPEATS {
            let Some(stored) = self.channel(tenant, id).await? else {
                let message =
                    format!("there is no channel {id}; `GET /v1/notifications/channels` lists them");
                return Err(Error::not_found(message));
            };
            let mut next = stored.clone();
            change(&mut next)?;
            if next == stored {
                return Ok(stored);
            }
            next.version += 1;
            match self.replace(&key, &next, stored.version, Vec::new()).await {
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => return saved.map(|()| next),
            }
        }
        Err(Error::conflict(format!("channel {id} is written by too many at once; try again")))
    }

    /// Deletes a channel, and what it was told. What is added meanwhile is dropped when it is due.
    pub async fn delete_channel(&self, tenant: &TenantId, id: &ChannelId) -> Result<()> {
        self.delete(&keys::channel(tenant, id), Change::default()).await?;
        for known in self.announcements(tenant, id).await? {
            self.delete(&keys::announcement(tenant, &known.id), Change::default()).await?;
        }
        Ok(())
    }

    /// The announcement with this id.
    pub async fn announcement(&self, tenant: &TenantId, id: &AnnouncementId) -> Result<Option<Announcement>> {
        self.get(&keys::announcement(tenant, id)).await
    }

    /// All announcements of a channel.
    pub async fn announcements(&self, tenant: &TenantId, channel: &ChannelId) -> Result<Vec<Announcement>> {
        self.all(&keys::announcements(tenant, channel)).await
    }

    /// Changes an announcement, whoever else writes it meanwhile: `change` is applied to what is stored now, or to `new`
    /// where there is none.
    pub async fn change_announcement(
        &self,
        new: &Announcement,
        change: &(dyn Fn(&mut Announcement) + Sync),
    ) -> Result<Announcement> {
        let key = keys::announcement(&new.tenant, &new.id);
        for _ in 0..REPEATS {
            let stored = self.announcement(&new.tenant, &new.id).await?;
            let mut next = stored.clone().unwrap_or_else(|| new.clone());
            change(&mut next);
            if stored.as_ref() == Some(&next) {
                return Ok(next);
            }
            next.version += 1;
            let saved = match &stored {
                None if self.put_new(&key, &next, beside(&next)).await? => return Ok(next),
                None => continue,
                Some(stored) => self.replace(&key, &next, stored.version, beside(&next)).await,
            };
            match saved {
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => return saved.map(|()| next),
            }
        }
        Err(Error::conflict(format!("announcement {} is written by too many at once; try again", new.id)))
    }

    /// Saves an announcement as its claim: whoever finds this very record there has lost, too.
    ///
    /// # Errors
    /// `Conflict` when another version is stored, or the same write was done by somebody else.
    pub async fn claim_announcement(&self, announcement: &mut Announcement) -> Result<()> {
        let key = keys::announcement(&announcement.tenant, &announcement.id);
        let next = Announcement { version: announcement.version + 1, ..announcement.clone() };
        self.replace_once(&key, &next, announcement.version, beside(&next)).await?;
        announcement.version = next.version;
        Ok(())
    }

    /// Announcements of one shard that are due at `now`, longest due first.
    pub async fn due_announcements(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, AnnouncementId, Timestamp)>> {
        let due: Vec<Waiting> = self.due(DueKind::Announcement, shard, now, limit).await?;
        Ok(due.into_iter().map(|due| (due.tenant, due.id, due.due_at)).collect())
    }
}

fn beside(announcement: &Announcement) -> Beside {
    let (tenant, id) = (&announcement.tenant, announcement.id.as_str());
    due_beside(DueKind::Announcement, tenant, id, announcement.due_at)
}
