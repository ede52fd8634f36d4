//! Making, changing, trying and ending channels.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Announcer;
use super::delivering::note;
use crate::announcement::{Announcement, test_message};
use crate::channel::{Channel, Health, MOST_CHANNELS, OLD_SECRET_SIGNS, Rules, Target, check_name};
use crate::clock::after;
use crate::ids::{ChannelId, TenantId, fresh};
use crate::notification::Kind;
use crate::secret::Secret;
use crate::seen::Seen;
use crate::slack::{Answer, Destination, Verdict};
use crate::{Error, Result, secrets};

/// A channel as somebody wishes it.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What it is called.
    pub name: String,
    /// What stands at the other end.
    pub target: Target,
    /// The address.
    pub url: Secret,
    /// Which notifications are sent.
    pub rules: Rules,
}

/// What is to change; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What it is called.
    pub name: Option<String>,
    /// The address.
    pub url: Option<Secret>,
    /// The kinds; the inner none is all.
    pub kinds: Option<Option<BTreeSet<Kind>>>,
    /// Whether it is said that a cause is over.
    pub recovered: Option<bool>,
    /// The quiet time in minutes.
    pub quiet_minutes: Option<u32>,
    /// How many things a cause must stop.
    pub at_least: Option<u32>,
    /// Whether nothing is sent for now.
    pub paused: Option<bool>,
    /// What was seen of the channel before.
    pub seen: Seen,
}

impl Announcer {
    /// Makes a channel, and gives the secret that signs its messages, where one does. Made again, it is as it is, and no
    /// secret is shown, unless the first attempt died before one was kept.
    ///
    /// # Errors
    /// `Invalid` with the field to blame; `Conflict` when there are too many channels.
    pub async fn make_channel(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        wish: Wish,
        by: &str,
    ) -> Result<(Channel, Option<Secret>)> {
        let (core, now) = (&self.jira.core, self.now());
        let name = secrets::channel_name(tenant, &id);
        let made = core.store.channel(tenant, &id).await?;
        if let Some(made) = &made
            && self.jira.secrets.get_fresh(&name).await?.is_some()
        {
            return Ok((made.clone(), None));
        }
        wish.rules.check()?;
        let host = self.outside.addresses.check(wish.target, wish.url.expose())?;
        let channel = Channel {
            tenant: tenant.clone(),
            id,
            name: check_name(&wish.name)?,
            target: wish.target,
            host,
            rules: wish.rules,
            paused: false,
            health: Health::default(),
            old_secret_until: None,
            made_by: by.to_owned(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        if made.is_none() {
            if core.store.all_channels(tenant).await?.len() >= MOST_CHANNELS {
                let message = format!("there are {MOST_CHANNELS} channels already; delete one first");
                return Err(Error::conflict(message));
            }
            // The record before the secret: one that no record tells of would never be found and deleted.
            core.store.put_new_channel(&channel).await?;
        }
        let destination = Destination::new(wish.target, wish.url, core.random.as_ref())?;
        self.keep(&channel, &destination).await?;
        Ok((made.unwrap_or(channel), destination.signing.map(|signing| signing.current)))
    }

    /// Changes a channel. With another address it is taken to work; then, and when it goes on after a pause, what waited is
    /// sent.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with the field to blame; `Overtaken` where the change would overwrite what was not seen.
    pub async fn change_channel(&self, tenant: &TenantId, id: &ChannelId, change: Change) -> Result<Channel> {
        let (store, now) = (&self.jira.core.store, self.now());
        let channel = self.require(tenant, id).await?;
        let name = change.name.as_deref().map(check_name).transpose()?;
        let rules = |before: &Rules| Rules {
            kinds: change.kinds.clone().unwrap_or_else(|| before.kinds.clone()),
            recovered: change.recovered.unwrap_or(before.recovered),
            quiet_minutes: change.quiet_minutes.unwrap_or(before.quiet_minutes),
            at_least: change.at_least.unwrap_or(before.at_least),
        };
        rules(&channel.rules).check()?;
        let write = |stored: &mut Channel, host: Option<&str>| {
            let before = shown(stored);
            stored.rules = rules(&stored.rules);
            stored.paused = change.paused.unwrap_or(stored.paused);
            if let Some(name) = &name {
                stored.name.clone_from(name);
            }
            if let Some(host) = host {
                host.clone_into(&mut stored.host);
                stored.health.mended();
            }
            stored.updated_at = now;
            change.seen.check(&before, &shown(stored))
        };
        // Before the address is kept, which cannot be taken back.
        write(&mut channel.clone(), None)?;
        let mut host = None;
        if let Some(url) = &change.url {
            host = Some(self.outside.addresses.check(channel.target, url.expose())?);
            let before = self.destination(&channel).await.ok();
            let fresh = Destination::new(channel.target, url.clone(), self.jira.core.random.as_ref())?;
            let signing = before.map_or(fresh.signing, |before| before.signing);
            self.keep(&channel, &Destination { url: url.clone(), signing }).await?;
        }
        let changed =
            store.change_channel(tenant, id, &|stored: &mut Channel| write(stored, host.as_deref())).await?;
        if host.is_some() || (channel.paused && !changed.paused) {
            self.hasten(&changed).await?;
        }
        Ok(changed)
    }

    /// Makes a new signing secret, and gives it. The one before signs beside it for a day.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a channel whose messages are not signed.
    pub async fn rotate_channel(&self, tenant: &TenantId, id: &ChannelId) -> Result<(Channel, Secret)> {
        let now = self.now();
        let channel = self.require(tenant, id).await?;
        let destination = self.destination(&channel).await?;
        let Some(signing) = &destination.signing else {
            let message =
                format!("messages to channel {id} are not signed; the address itself is the secret");
            return Err(Error::conflict(message));
        };
        let signing = signing.rotated(self.jira.core.random.as_ref(), now)?;
        let secret = signing.current.clone();
        self.keep(&channel, &Destination { signing: Some(signing), ..destination }).await?;
        let write = |stored: &mut Channel| {
            stored.old_secret_until = Some(after(now, OLD_SECRET_SIGNS));
            stored.updated_at = now;
            Ok(())
        };
        let changed = self.jira.core.store.change_channel(tenant, id, &write).await?;
        Ok((changed, secret))
    }

    /// Sends a test message now, whatever is known against the channel. A test that is taken mends it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn test_channel(&self, tenant: &TenantId, id: &ChannelId) -> Result<(Channel, Answer)> {
        let (core, now) = (&self.jira.core, self.now());
        let channel = self.require(tenant, id).await?;
        let destination = self.destination(&channel).await?;
        let message = test_message(tenant, &channel.name, now);
        let message_id = fresh(core.random.as_ref(), "msg")?;
        let answer = self.outside.send(channel.target, &destination, &message_id, &message, now).await;
        let noted = match answer.verdict {
            Verdict::Taken | Verdict::Broken(_) => note(&core.store, &channel, &answer, now).await?,
            // What waits keeps its own time.
            Verdict::NotNow(_) | Verdict::Unsure | Verdict::Refused => {
                let told = answer.describe();
                let write = |stored: &mut Channel| {
                    stored.health.refused(&told, now);
                    Ok(())
                };
                core.store.change_channel(tenant, id, &write).await?
            }
        };
        if answer.verdict == Verdict::Taken {
            self.hasten(&noted).await?;
        }
        Ok((noted, answer))
    }

    /// Ends a channel; its address is forgotten. Safe to repeat.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn end_channel(&self, tenant: &TenantId, id: &ChannelId) -> Result<()> {
        let channel = self.require(tenant, id).await?;
        self.jira.secrets.delete(&secrets::channel_name(&channel.tenant, &channel.id)).await?;
        self.jira.core.store.delete_channel(tenant, id).await
    }

    /// How many causes wait to be told to a channel.
    pub async fn waiting(&self, channel: &Channel) -> Result<usize> {
        let known = self.jira.core.store.announcements(&channel.tenant, &channel.id).await?;
        Ok(known.iter().filter(|it| it.due_at.is_some()).count())
    }

    /// The channel with this id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn require(&self, tenant: &TenantId, id: &ChannelId) -> Result<Channel> {
        let found = self.jira.core.store.channel(tenant, id).await?;
        found.ok_or_else(|| {
            let message = format!("there is no channel {id}; `GET /v1/notifications/channels` lists them");
            Error::not_found(message)
        })
    }

    /// Makes what waited for a channel due now. A message that is in doubt keeps its time, so that nobody sends it twice.
    async fn hasten(&self, channel: &Channel) -> Result<()> {
        let (store, now) = (&self.jira.core.store, self.now());
        for known in store.announcements(&channel.tenant, &channel.id).await? {
            if known.waits_since.is_some() {
                store.change_announcement(&known, &|stored: &mut Announcement| stored.hasten(now)).await?;
            }
        }
        Ok(())
    }

    async fn keep(&self, channel: &Channel, destination: &Destination) -> Result<()> {
        let text = serde_json::to_string(destination)
            .map_err(|cause| Error::internal("could not write an address as JSON").because(cause))?;
        let name = secrets::channel_name(&channel.tenant, &channel.id);
        self.jira.secrets.put(&name, &Secret::new(text)).await
    }
}

/// What can be changed of a channel, as it is shown.
fn shown(channel: &Channel) -> Value {
    let Rules { kinds, recovered, quiet_minutes, at_least } = &channel.rules;
    json!({
        "name": channel.name, "kinds": kinds, "recovered": recovered, "quiet_minutes": quiet_minutes,
        "at_least": at_least, "paused": channel.paused,
    })
}
