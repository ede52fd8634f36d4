//! Endings: people are warned before a connection's token, key, grant or webhook ends.
//!
//! Reads connections, the policy's time zone, and the times of a grant in its secret; decides by [`crate::ending`]; writes
//! notifications, and what people were warned of into the connection. [`super::announcing`] comes next. Each connection is
//! looked at once a day, and at once after somebody entered something new.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Core;
use super::session::JiraAccess;
use crate::Result;
use crate::clock::seconds_between;
use crate::connection::{Connection, Method};
use crate::ending::{Ending, GrantTimes, Step, Warned, What, endings, id, step};
use crate::ids::TenantId;
use crate::jira::credentials::Credentials;
use crate::notification::{Kind, Notification, Subject};

/// How long after a look nothing is read to find out whether a new day has begun, in seconds.
const SAME_DAY: i64 = 3600;

/// Looks at what ends.
#[derive(Clone)]
pub struct Endings {
    /// Table, time and secrets.
    pub jira: JiraAccess,
}

/// The times of a grant; none of other credentials.
pub fn times(credentials: &Credentials) -> Option<GrantTimes> {
    match credentials {
        Credentials::Oauth(grant) => {
            Some(GrantTimes { granted_at: grant.granted_at, refreshed_at: grant.refreshed_at })
        }
        Credentials::ServiceAccount { .. }
        | Credentials::ApiToken { .. }
        | Credentials::ScopedApiToken { .. } => None,
    }
}

/// The time zone in which days are counted for a connection: its policy's, or its account's.
pub async fn zone_of(core: &Core, connection: &Connection) -> Result<TimeZone> {
    let policy = core.store.access_policy(&connection.tenant, &connection.id).await?;
    let of_account = connection.account.as_ref().and_then(|account| account.time_zone.clone());
    let name = policy.zone.or(of_account);
    Ok(name.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC))
}

impl Endings {
    /// Looks at all connections of a tenant that were not looked at today, until `deadline`.
    pub async fn look_all(&self, tenant: &TenantId, deadline: Timestamp) -> Result<()> {
        for connection in self.jira.core.store.all_connections(tenant).await? {
            if self.now() >= deadline {
                return Ok(());
            }
            let id = connection.id.clone();
            // What fails for one connection is that connection's alone.
            if let Err(error) = self.look(connection).await {
                tracing::error!(%tenant, connection = %id, error = error.chain(), "could not look at what ends");
            }
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.jira.core.clock.now()
    }

    async fn look(&self, mut connection: Connection) -> Result<()> {
        let now = self.now();
        let is_new = connection.endings_looked_at.is_none();
        let has_nothing = !connection.state.usable() && connection.warned.is_empty();
        let is_recent = |at: Timestamp| seconds_between(at, now) < SAME_DAY;
        if has_nothing || connection.endings_looked_at.is_some_and(is_recent) {
            return Ok(());
        }
        let zone = zone_of(&self.jira.core, &connection).await?;
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        if !is_new && connection.endings_looked_at.map(day) == Some(day(now)) {
            return Ok(());
        }
        if connection.method == Method::Oauth && connection.state.usable() {
            connection.grant = times(&self.jira.fresh_credentials(&connection).await?);
        }
        let ending = endings(&connection, &zone);
        let mut warned = Vec::new();
        for what in What::ALL {
            let ends = ending.iter().find(|ending| ending.what == what);
            let before = connection.warned.iter().find(|warned| warned.what == what);
            warned.extend(self.say(&connection, what, (ends, before), &zone, now).await?);
        }
        let (epoch, grant, tenant) = (connection.epoch, connection.grant, connection.tenant.clone());
        self.jira
            .change_connection(&tenant, &connection.id, |stored| {
                stored.warned.clone_from(&warned);
                // Who connected again meanwhile is to be looked at anew.
                if stored.epoch == epoch {
                    stored.grant = grant;
                    stored.endings_looked_at = Some(now);
                }
            })
            .await
            .map(drop)
    }

    /// Says what is to be said of one thing, and gives what people are warned of then.
    async fn say(
        &self,
        connection: &Connection,
        what: What,
        (ends, before): (Option<&Ending>, Option<&Warned>),
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Option<Warned>> {
        let (store, tenant) = (&self.jira.core.store, &connection.tenant);
        let subject = Subject::Ending(id(connection, what)?);
        match (step(ends, before, zone, now), ends) {
            (Step::Warn(days), Some(ending)) => {
                let text = ending.text(connection, zone, now);
                let begun = Notification::begin(tenant, Kind::EndingSoon, subject, text, now)?;
                // A function may have died after it had said so.
                let known = store.notifications_of(tenant, &BTreeSet::from([begun.id.clone()])).await?;
                let is_said = |known: &Notification| known.recovered_at.is_none() && known.text == begun.text;
                if !known.iter().any(is_said) {
                    store.notify_anew(&begun).await?;
                }
                Ok(Some(Warned { what, ends_at: ending.ends_at, days }))
            }
            (Step::Renewed, _) => {
                store.recovered(tenant, Kind::EndingSoon, &subject, now).await?;
                Ok(None)
            }
            (Step::Nothing | Step::Warn(_), _) => Ok(before.copied()),
        }
    }
}
