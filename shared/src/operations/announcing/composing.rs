//! From an announcement to its message: the notifications that it names, and where to look at them in Jira.

use std::collections::BTreeSet;

use super::Announcer;
use crate::Result;
use crate::announcement::{Announcement, Line, MOST_LINES, Message, What};
use crate::ids::{ConnectionId, NotificationId, TenantId};
use crate::notification::{Notification, Subject};

impl Announcer {
    /// The message of an announcement that says `what`, by what is stored now.
    pub(super) async fn compose(&self, announcement: &Announcement, what: What) -> Result<Message> {
        let told: Vec<NotificationId> = announcement.told_of(what).into_iter().cloned().collect();
        let named: BTreeSet<NotificationId> = told.iter().take(MOST_LINES).cloned().collect();
        let read = self.jira.core.store.notifications_of(&announcement.tenant, &named).await?;
        let mut lines = Vec::new();
        for id in told.iter().take(MOST_LINES) {
            if let Some(notification) = read.iter().find(|notification| notification.id == *id) {
                lines.push(self.line(notification, what).await?);
            }
        }
        Ok(announcement.message(what, told.len() as u64, lines, self.now()))
    }

    async fn line(&self, notification: &Notification, what: What) -> Result<Line> {
        let (name, url) = self.place(&notification.tenant, &notification.subject).await?;
        Ok(Line {
            name,
            text: notification.text.clone(),
            url,
            began_at: notification.began_at,
            // It may have ended since it was decided what to say.
            recovered_at: notification.recovered_at.filter(|_| what != What::Began),
        })
    }

    /// What a subject is called, and where it is looked at in Jira.
    async fn place(&self, tenant: &TenantId, subject: &Subject) -> Result<(String, Option<String>)> {
        let store = &self.jira.core.store;
        let name = subject.words().1.to_owned();
        let (connection, key) = match subject {
            Subject::Ticket(id) => {
                let Some(ticket) = store.ticket(tenant, id).await? else { return Ok((name, None)) };
                let Some(issue) = ticket.state.issue() else { return Ok((name, None)) };
                (ticket.connection.clone(), Some(issue.key.clone()))
            }
            Subject::SyncSetting(_) | Subject::ProjectConfiguration(_) => {
                match self.setting_of(tenant, subject).await? {
                    Some(setting) => (setting.connection, Some(setting.project_key)),
                    None => return Ok((name, None)),
                }
            }
            Subject::Connection(id) => (id.clone(), None),
            Subject::Campaign(_) | Subject::Action(_) | Subject::Ending(_) => return Ok((name, None)),
        };
        let url = self.in_jira(tenant, &connection, key.as_deref()).await?;
        Ok((key.unwrap_or(name), url))
    }

    async fn in_jira(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        key: Option<&str>,
    ) -> Result<Option<String>> {
        let connection = self.jira.core.store.connection(tenant, connection).await?;
        let addresses = &self.jira.addresses;
        Ok(connection.map(|connection| match key {
            Some(key) => addresses.browse(&connection.site, key),
            None => addresses.site(&connection.site),
        }))
    }
}
