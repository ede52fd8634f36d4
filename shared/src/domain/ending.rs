//! Endings: tokens, keys, grants and webhooks of a connection that end, and when people are warned of it.
//!
//! A warning comes 30, 14, 7 and 1 days before, counted in days of the tenant's time zone, and once more for each that was not
//! heeded. Where nobody entered when something ends, the latest day that Atlassian allows is assumed, and marked so.
//!
//! Source of all times: jira-facts 1.4 (refresh tokens), 2.2 (API tokens live a year at most), 5.2 (webhooks), 8 (organisation
//! API keys last a year at most).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::clock::{after, seconds_between};
use crate::connection::{Connection, Method};
use crate::ids::EndingId;
use crate::{Error, Result};

/// Days before an end on which people are warned, the longest first.
pub const WARNED_DAYS: [i64; 4] = [30, 14, 7, 1];

/// How long an API token and an organisation API key live at most, in days.
const LONGEST_LIFE: i64 = 365;

/// How long a refresh token lives unused, in seconds.
const IDLE: i64 = 90 * 24 * 3600;

/// How long a consent lives whatever happens, in seconds.
const CONSENT: i64 = 365 * 24 * 3600;

/// A webhook that ends within this many seconds was not renewed in time, in seconds: it is renewed when ten days are left.
const WEBHOOK_OVERDUE: i64 = 9 * 24 * 3600;

/// How far ahead an entered end may lie, in days.
const FARTHEST: i64 = 3650;

/// What ends.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An API token.
    ApiToken,
    /// The client secret of a service account.
    ServiceAccountSecret,
    /// The organisation API key.
    OrganisationKey,
    /// The refresh token of a grant, when nothing uses it.
    RefreshToken,
    /// The grant as a whole.
    Consent,
    /// The webhook that Assay registered.
    Webhook,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ApiToken,
        Self::ServiceAccountSecret,
        Self::OrganisationKey,
        Self::RefreshToken,
        Self::Consent,
        Self::Webhook,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::ApiToken => "api_token",
            Self::ServiceAccountSecret => "service_account_secret",
            Self::OrganisationKey => "organisation_key",
            Self::RefreshToken => "refresh_token",
            Self::Consent => "consent",
            Self::Webhook => "webhook",
        }
    }

    /// What it is, and how it is renewed.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ApiToken => (
                "the API token",
                "make a new one at id.atlassian.com, Security, API tokens, and enter it with `POST /v1/connections/{id}/reconnect`",
            ),
            Self::ServiceAccountSecret => (
                "the service account's client secret",
                "make a new credential in Atlassian Administration, Directory, Service accounts, and enter it with `POST /v1/connections/{id}/reconnect`",
            ),
            Self::OrganisationKey => (
                "the organisation API key",
                "make a new one in Atlassian Administration, Settings, API keys, and enter it with `PUT /v1/connections/{id}/organisation`",
            ),
            Self::RefreshToken => (
                "the grant, which nothing has used for a while,",
                "see why nothing is read through the connection, or connect again with `POST /v1/connections/{id}/reconnect`",
            ),
            Self::Consent => (
                "the grant, which lasts a year whatever happens,",
                "approve access again with `POST /v1/connections/{id}/reconnect`",
            ),
            Self::Webhook => (
                "the webhook, which could not be renewed,",
                "see the connection's problem `webhook_missing`; until it is mended, changes in Jira are noticed by comparison alone",
            ),
        }
    }
}

/// When credentials were entered, and when they end by what was entered with them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entered {
    /// When they were entered.
    pub at: Timestamp,
    /// The day on which they end, if somebody said so.
    pub ends_on: Option<Date>,
}

/// The times of a grant.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GrantTimes {
    /// When the consent was given.
    pub granted_at: Timestamp,
    /// When it was last refreshed, as far as is known.
    pub refreshed_at: Timestamp,
}

/// Something that ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ending {
    /// What ends.
    pub what: What,
    /// When. An end that is a day is its first moment.
    pub ends_at: Timestamp,
    /// Whether that is assumed, since nobody entered it.
    pub assumed: bool,
}

/// What people were warned of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Warned {
    /// What ends.
    pub what: What,
    /// When it was to end then.
    pub ends_at: Timestamp,
    /// Of how many days they were warned.
    pub days: i64,
}

/// What is to be said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// That it ends within so many days.
    Warn(i64),
    /// That it was renewed, or is not there any more.
    Renewed,
}

impl Ending {
    /// How many days are left at `now`, counted as days of `zone`: 0 on the last day, negative after it.
    pub fn left_days(&self, zone: &TimeZone, now: Timestamp) -> i64 {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let left = day(now).until(day(self.ends_at)).map_or(0, |span| span.get_days());
        i64::from(left)
    }

    /// The warning that is due at `now`: the least of [`WARNED_DAYS`] that is not less than what is left.
    fn due(&self, zone: &TimeZone, now: Timestamp) -> Option<i64> {
        // Renewed by itself, when ten days are left.
        if self.what == What::Webhook && seconds_between(now, self.ends_at) >= WEBHOOK_OVERDUE {
            return None;
        }
        let left = self.left_days(zone, now);
        WARNED_DAYS.into_iter().rev().find(|days| left <= *days)
    }

    /// The warning in words.
    pub fn text(&self, connection: &Connection, zone: &TimeZone, now: Timestamp) -> String {
        let (what, mend) = self.what.words();
        let day = self.ends_at.to_zoned(zone.clone()).date();
        let when = match self.left_days(zone, now) {
            left if left < 0 => format!("was to end on {day}"),
            0 => format!("ends today, {day}"),
            1 => format!("ends tomorrow, {day}"),
            left => format!("ends in {left} days, on {day}"),
        };
        let assumed = if self.assumed {
            " at the latest (nobody entered its end, and it lives a year at most)"
        } else {
            ""
        };
        format!(
            "{what} of connection {} to {} {when}{assumed}: {}",
            connection.id,
            connection.site,
            mend.replace("{id}", connection.id.as_str())
        )
    }
}

/// What to say of something that ends as `ending` says, if it still does, after people were warned of `warned`.
pub fn step(ending: Option<&Ending>, warned: Option<&Warned>, zone: &TimeZone, now: Timestamp) -> Step {
    let due = ending.and_then(|ending| ending.due(zone, now).map(|days| (days, ending.ends_at)));
    match (due, warned) {
        (None, None) => Step::Nothing,
        (None, Some(_)) => Step::Renewed,
        (Some((days, _)), None) => Step::Warn(days),
        (Some((days, ends_at)), Some(warned)) => {
            // Another end, though it is near as well, is news.
            let moved = seconds_between(warned.ends_at, ends_at).abs() >= 24 * 3600;
            if days < warned.days || moved { Step::Warn(days) } else { Step::Nothing }
        }
    }
}

/// Everything of a connection that ends, the next first. Nothing of one that cannot be used: it needs a person already.
pub fn endings(connection: &Connection, zone: &TimeZone) -> Vec<Ending> {
    if !connection.state.usable() {
        return Vec::new();
    }
    let mut endings = Vec::new();
    let entered = connection.entered.as_ref();
    let entered_at = entered.map_or(connection.created_at, |entered| entered.at);
    let ends_on = entered.and_then(|entered| entered.ends_on);
    match connection.method {
        Method::ApiToken | Method::ScopedApiToken => {
            endings.push(by_day(What::ApiToken, ends_on, entered_at, zone));
        }
        // Whether it ends is for the organisation to choose.
        Method::ServiceAccount => {
            let known = ends_on.map(|day| by_day(What::ServiceAccountSecret, Some(day), entered_at, zone));
            endings.extend(known);
        }
        Method::Oauth => endings.extend(connection.grant.iter().flat_map(|grant| {
            let ending = |what, ends_at| Ending { what, ends_at, assumed: false };
            [
                ending(What::RefreshToken, after(grant.refreshed_at, IDLE)),
                ending(What::Consent, after(grant.granted_at, CONSENT)),
            ]
        })),
    }
    if let Some(organisation) = &connection.organisation {
        let (ends_on, at) = (organisation.key_ends_on, organisation.verified_at);
        endings.push(by_day(What::OrganisationKey, ends_on, at, zone));
    }
    if let Some(webhook) = &connection.webhook {
        endings.push(Ending { what: What::Webhook, ends_at: webhook.expires_at, assumed: false });
    }
    endings.sort_by_key(|ending| ending.ends_at);
    endings
}

/// An end that was entered, or a year after what ends was entered.
fn by_day(what: What, ends_on: Option<Date>, entered_at: Timestamp, zone: &TimeZone) -> Ending {
    let begins = |day: Date| day.to_zoned(zone.clone()).map(|moment| moment.timestamp());
    if let Some(Ok(ends_at)) = ends_on.map(begins) {
        Ending { what, ends_at, assumed: false }
    } else {
        let ends_at = after(entered_at, LONGEST_LIFE * 24 * 3600);
        Ending { what, ends_at, assumed: true }
    }
}

/// The id of something that ends, by which people are warned of it.
///
/// # Errors
/// When the connection's id leaves no room.
pub fn id(connection: &Connection, what: What) -> Result<EndingId> {
    EndingId::parse(&format!("{}.{}", connection.id, what.word()))
}

/// Checks an end that somebody entered in `field`: a day that is not over and not too far away.
///
/// # Errors
/// `Invalid`.
pub fn check_end(field: &str, ends_on: Date, now: Timestamp) -> Result<Date> {
    // Somewhere on earth it is still yesterday.
    let today = now.to_zoned(TimeZone::UTC).date();
    let earliest = today.saturating_sub(1.day());
    if ends_on < earliest || ends_on > today.saturating_add(FARTHEST.days()) {
        let message = format!("{field} must be today or later, and at most {FARTHEST} days ahead");
        return Err(Error::invalid(field, message));
    }
    Ok(ends_on)
}

#[cfg(test)]
#[path = "ending_tests.rs"]
mod tests;
