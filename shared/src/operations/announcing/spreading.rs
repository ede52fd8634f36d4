//! From notifications that changed to what each channel is to be told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Announcer, Tally};
use crate::Result;
use crate::announcement::{Announcement, cause};
use crate::clock::after;
use crate::ids::{NotificationId, TenantId, TicketId};
use crate::notification::{Kind, Notification, Subject};
use crate::sync_setting::SyncSetting;

/// How many notifications are taken at once, from one shard.
const AT_ONCE: usize = 200;

/// How often one run asks a shard for more.
const ROUNDS: usize = 20;

/// When what could not be spread is tried again, in seconds.
const TRIED_AGAIN_AFTER: i64 = 300;

/// Those that are told together.
type Causes = BTreeMap<(Kind, &'static str, String), (Option<Subject>, Vec<Notification>)>;

impl Announcer {
    /// Brings the news of all tenants to their channels' announcements.
    pub(super) async fn spread(&self, deadline: Timestamp, tally: &mut Tally) -> Result<()> {
        let store = &self.jira.core.store;
        for shard in crate::dynamodb::keys::shards() {
            for _ in 0..ROUNDS {
                let now = self.now();
                let due = store.due_notifications(shard, now, AT_ONCE).await?;
                let is_last = due.len() < AT_ONCE;
                let mut by_tenant: BTreeMap<TenantId, BTreeMap<NotificationId, Timestamp>> = BTreeMap::new();
                for (tenant, id, due_at) in due {
                    by_tenant.entry(tenant).or_default().insert(id, due_at);
                }
                for (tenant, due) in by_tenant {
                    match self.spread_of(&tenant, due.keys().cloned().collect()).await {
                        Ok(spread) => tally.spread += spread,
                        // What fails for one tenant is that tenant's alone, and does not stand in the others' way.
                        Err(error) => {
                            tracing::error!(%tenant, error = error.chain(), "could not prepare announcements");
                            for (id, due_at) in due {
                                let next = after(now, TRIED_AGAIN_AFTER);
                                store.defer_notification(&tenant, &id, due_at, next).await?;
                            }
                        }
                    }
                }
                if is_last || self.now() >= deadline {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn spread_of(&self, tenant: &TenantId, ids: BTreeSet<NotificationId>) -> Result<usize> {
        let (store, now) = (&self.jira.core.store, self.now());
        let read = store.notifications_of(tenant, &ids).await?;
        let due: Vec<Notification> =
            read.into_iter().filter(|notification| notification.due_at.is_some()).collect();
        let channels = store.all_channels(tenant).await?;
        if !channels.is_empty() {
            for ((kind, ..), (about, news)) in self.causes(tenant, &due).await? {
                for channel in channels.iter().filter(|channel| channel.rules.cover(kind)) {
                    // A channel is not told of what began before it was made.
                    let news: Vec<Notification> =
                        news.iter().filter(|it| it.began_at >= channel.created_at).cloned().collect();
                    if news.is_empty() {
                        continue;
                    }
                    let cause = (kind, about.clone());
                    let new = Announcement::begin(tenant.clone(), channel.id.clone(), cause)?;
                    store.change_announcement(&new, &|known| known.hear(&news, now)).await?;
                }
            }
        }
        for notification in &due {
            store.spread(notification).await?;
        }
        Ok(due.len())
    }

    /// Notifications by what people have to do about them.
    async fn causes(&self, tenant: &TenantId, due: &[Notification]) -> Result<Causes> {
        let store = &self.jira.core.store;
        let tickets: BTreeSet<TicketId> = due
            .iter()
            .filter(|notification| matches!(notification.kind, Kind::TicketStuck | Kind::DecisionNeeded))
            .filter_map(|notification| match &notification.subject {
                Subject::Ticket(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        let tickets: Vec<TicketId> = tickets.into_iter().collect();
        let settings: BTreeMap<TicketId, Subject> = store
            .tickets(tenant, &tickets)
            .await?
            .into_iter()
            .map(|ticket| (ticket.id, Subject::SyncSetting(ticket.setting)))
            .collect();
        let mut causes = Causes::new();
        for notification in due {
            let of = match &notification.subject {
                Subject::Ticket(id) => settings.get(id).cloned(),
                _ => None,
            };
            let (kind, about) = cause(notification, of);
            let (what, which) = about.as_ref().map_or(("tenant", ""), Subject::words);
            let entry =
                causes.entry((kind, what, which.to_owned())).or_insert_with(|| (about.clone(), Vec::new()));
            entry.1.push(notification.clone());
        }
        Ok(causes)
    }

    /// The setting that an announcement is about, if it is about one.
    pub(super) async fn setting_of(&self, tenant: &TenantId, about: &Subject) -> Result<Option<SyncSetting>> {
        match about {
            Subject::SyncSetting(id) | Subject::ProjectConfiguration(id) => {
                self.jira.core.store.setting(tenant, id).await
            }
            _ => Ok(None),
        }
    }
}
