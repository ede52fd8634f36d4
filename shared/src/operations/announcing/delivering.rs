//! From announcements that are due to messages that were taken.
//!
//! | found | then |
//! |---|---|
//! | the channel is gone | dropped |
//! | nothing to say any more, or not before a moment | rests |
//! | waits for a day | given up; the channel counts it |
//! | the channel is broken, or paused | waits |
//! | something to say, or a message in doubt | written down, then sent, then what came of it is written down |

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use super::{Announcer, Tally};
use crate::announcement::{Announcement, Next};
use crate::channel::{Channel, waits};
use crate::clock::after;
use crate::error::Kind;
use crate::ids::{AnnouncementId, ChannelId, TenantId, fixed};
use crate::secrets;
use crate::slack::{Answer, Destination, Verdict};
use crate::{Error, Result};

/// How many announcements are taken at once, from one shard.
const AT_ONCE: usize = 200;

/// How many channels are sent to at the same time. To one, messages go one after the other.
const CHANNELS_AT_ONCE: usize = 8;

/// When an announcement to a broken channel is looked at again, in seconds.
const BROKEN_LOOKED_AT_AFTER: i64 = 3600;

/// How many messages of one announcement are sent in one run.
const MESSAGES: usize = 3;

/// Seconds that must be left for sending a message and writing down what came of it.
const SENDING_TAKES: i64 = 20;

/// What became of an announcement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Went {
    /// Nothing was sent.
    Nowhere,
    /// A message was taken; there may be another.
    Out,
    /// A message was not taken.
    Wrong,
}

impl Announcer {
    /// Sends what is due.
    pub(super) async fn deliver(&self, deadline: Timestamp, tally: &mut Tally) -> Result<()> {
        let mut by_channel: BTreeMap<(TenantId, ChannelId), Vec<AnnouncementId>> = BTreeMap::new();
        for shard in crate::dynamodb::keys::shards() {
            for (tenant, id, _) in self.jira.core.store.due_announcements(shard, self.now(), AT_ONCE).await? {
                let channel = id.as_str().rsplit_once('.').map_or("", |(channel, _)| channel);
                let channel = ChannelId::parse(channel)?;
                by_channel.entry((tenant, channel)).or_default().push(id);
            }
        }
        let each = by_channel.into_iter().map(|((tenant, channel), ids)| async move {
            let mut went = Tally::default();
            let delivered = self.deliver_to(&tenant, &channel, &ids, deadline, &mut went).await;
            if let Err(error) = delivered {
                tracing::error!(%tenant, %channel, error = error.chain(), "could not send to a channel");
            }
            went
        });
        let each: Vec<_> = each.collect();
        let mut each = stream::iter(each).buffer_unordered(CHANNELS_AT_ONCE);
        while let Some(went) = each.next().await {
            tally.sent += went.sent;
            tally.failed += went.failed;
        }
        Ok(())
    }

    async fn deliver_to(
        &self,
        tenant: &TenantId,
        channel: &ChannelId,
        ids: &[AnnouncementId],
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<()> {
        for id in ids {
            for _ in 0..MESSAGES {
                if after(self.now(), SENDING_TAKES) > deadline {
                    return Ok(());
                }
                let channel = self.jira.core.store.channel(tenant, channel).await?;
                // Boxed, since it is a deep tree of futures.
                match Box::pin(self.deliver_one(tenant, channel, id)).await {
                    Ok(Went::Out) => tally.sent += 1,
                    Ok(Went::Wrong) => {
                        tally.failed += 1;
                        break;
                    }
                    Ok(Went::Nowhere) => break,
                    // Somebody else has it, or brought news; it stays due.
                    Err(error) if *error.kind() == Kind::Conflict => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn deliver_one(
        &self,
        tenant: &TenantId,
        channel: Option<Channel>,
        id: &AnnouncementId,
    ) -> Result<Went> {
        let (store, now) = (&self.jira.core.store, self.now());
        let Some(mut announcement) = store.announcement(tenant, id).await? else { return Ok(Went::Nowhere) };
        if announcement.due_at.is_none_or(|due_at| due_at > now) {
            return Ok(Went::Nowhere);
        }
        let Some(channel) = channel else {
            announcement.rest(None, now);
            return self.save(announcement).await;
        };
        let is_in_doubt = announcement.sending.as_ref().is_some_and(|sending| sending.in_doubt);
        let message = if is_in_doubt {
            None
        } else {
            let next = if channel.rules.cover(announcement.kind) {
                announcement.next(&channel.rules, now)
            } else {
                announcement.give_up(now);
                Next::Rest
            };
            match next {
                Next::Rest => announcement.rest(None, now),
                Next::At(at) => announcement.rest(Some(at), now),
                Next::Forget => {
                    announcement.forget();
                    announcement.rest(None, now);
                }
                Next::Say(what) => {
                    let message = self.compose(&announcement, what).await?;
                    return self.send(announcement, &channel, Some(message)).await;
                }
            }
            return self.save(announcement).await;
        };
        self.send(announcement, &channel, message).await
    }

    /// Saves what was decided without sending anything.
    async fn save(&self, mut announcement: Announcement) -> Result<Went> {
        self.jira.core.store.claim_announcement(&mut announcement).await.map(|()| Went::Nowhere)
    }

    /// Sends a message, or the one that is in doubt, if the channel is to be sent to now.
    async fn send(
        &self,
        mut announcement: Announcement,
        channel: &Channel,
        message: Option<crate::announcement::Message>,
    ) -> Result<Went> {
        let (store, now) = (&self.jira.core.store, self.now());
        let (tenant, health) = (&channel.tenant, &channel.health);
        if announcement.is_too_old(now) {
            announcement.give_up(now);
            self.save(announcement).await?;
            let count = |channel: &mut Channel| {
                channel.health.given_up += 1;
                Ok(())
            };
            store.change_channel(tenant, &channel.id, &count).await?;
            return Ok(Went::Nowhere);
        }
        if channel.paused || health.broken.is_some() {
            announcement.wait(after(now, BROKEN_LOOKED_AT_AFTER), now);
            return self.save(announcement).await;
        }
        if let Some(until) = health.paused_until.filter(|until| *until > now) {
            announcement.wait(until, now);
            return self.save(announcement).await;
        }
        let destination = self.destination(channel).await?;
        match message {
            Some(message) => announcement.send(message, now),
            None => announcement.send_again(now),
        }
        store.claim_announcement(&mut announcement).await?;
        let (number, tries) = (announcement.number, announcement.sending.as_ref().map_or(0, |it| it.tries));
        let Some(sending) = &announcement.sending else { return Ok(Went::Nowhere) };
        let name = [tenant.as_str(), announcement.id.as_str(), &number.to_string()];
        let message_id = format!("msg-{}", fixed(&name));
        let answer =
            self.outside.send(channel.target, &destination, &message_id, &sending.message, now).await;
        self.write_down(&announcement, channel, &answer, tries).await?;
        Ok(if answer.verdict == Verdict::Taken { Went::Out } else { Went::Wrong })
    }

    /// Writes down what came of a message: first for the announcement, so that it is not sent twice.
    async fn write_down(
        &self,
        sent: &Announcement,
        channel: &Channel,
        answer: &Answer,
        tries: u32,
    ) -> Result<()> {
        let (store, now) = (&self.jira.core.store, self.now());
        let told = answer.describe();
        let mut health = channel.health.clone();
        let again_at = match &answer.verdict {
            Verdict::Taken => now,
            Verdict::NotNow(wait) => health.failed(&told, *wait, now),
            Verdict::Unsure => health.failed(&told, None, now),
            Verdict::Refused => after(now, waits(tries, None)),
            Verdict::Broken(_) => after(now, BROKEN_LOOKED_AT_AFTER),
        };
        let change = |stored: &mut Announcement| {
            if stored.number != sent.number || stored.sending.is_none() {
                return;
            }
            match answer.verdict {
                Verdict::Taken => stored.taken(now),
                Verdict::Unsure => stored.unsure(again_at),
                Verdict::NotNow(_) | Verdict::Refused | Verdict::Broken(_) => stored.refused(again_at),
            }
        };
        store.change_announcement(sent, &change).await?;
        note(&self.jira.core.store, channel, answer, now).await.map(drop)
    }

    /// Where a channel's messages go.
    pub(super) async fn destination(&self, channel: &Channel) -> Result<Destination> {
        let name = secrets::channel_name(&channel.tenant, &channel.id);
        let secret = self.jira.secrets.get_fresh(&name).await?.ok_or_else(|| {
            let message = format!("the address of channel {} is gone; enter it again", channel.id);
            Error::not_found(message)
        })?;
        // The cause would quote the secret.
        serde_json::from_str(secret.expose()).map_err(|_| {
            Error::internal(format!("the secret of channel {} is not as Assay writes it", channel.id))
        })
    }
}

/// Notes how a channel does after an answer.
pub(super) async fn note(
    store: &crate::dynamodb::Store,
    channel: &Channel,
    answer: &Answer,
    now: Timestamp,
) -> Result<Channel> {
    let told = answer.describe();
    let change = |channel: &mut Channel| {
        match &answer.verdict {
            Verdict::Taken => channel.health.succeeded(now),
            Verdict::NotNow(wait) => {
                channel.health.failed(&told, *wait, now);
            }
            Verdict::Unsure => {
                channel.health.failed(&told, None, now);
            }
            Verdict::Refused => channel.health.refused(&told, now),
            Verdict::Broken(mend) => channel.health.broke(&told, mend, now),
        }
        Ok(())
    };
    store.change_channel(&channel.tenant, &channel.id, &change).await
}
