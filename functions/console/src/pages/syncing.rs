//! What Active Sync and the project configurations have in common: both write to Jira by a setting.
//!
//! Reads what Jira offers at this moment; shows what stands against a setting and what saving it would do; disables and
//! enables it. The pages themselves are [`super::sync_settings`] and the project configurations.

pub(super) mod named;
pub(super) mod offer;
pub(super) mod rules;
pub(super) mod switching;
pub(super) mod trial;

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use crate::badge::{Badge, Tone};
use crate::client::{List, path};
use crate::frame::Visit;
use crate::problem::Problem;

/// Whether a setting is in force, as the API says it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Enabled,
    Quarantined,
    Disabled,
}

/// Why Jira takes no new ticket.
#[derive(Debug, Deserialize)]
pub(super) struct Quarantine {
    pub(super) obstacles: Vec<String>,
    pub(super) since: Timestamp,
}

/// What the last change asks of the tickets and is not done yet.
#[derive(Debug, Deserialize)]
pub(super) struct Unfinished {
    pub(super) since: Timestamp,
    pub(super) problem: Option<String>,
}

/// How a setting was disabled.
#[derive(Debug, Deserialize)]
pub(super) struct Disabled {
    pub(super) tickets: Retirement,
    pub(super) at: Timestamp,
}

/// What becomes of the tickets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Retirement {
    Keep,
    Delete,
    DeleteUncommented,
}

impl Retirement {
    /// What becomes of the issues, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Keep => "its issues stay in Jira as they are",
            Self::Delete => "its issues are deleted in Jira",
            Self::DeleteUncommented => {
                "its issues are deleted in Jira, except those on which people commented"
            }
        }
    }
}

/// A state in a word; a disabled setting whose tickets are still gone through is being disabled.
pub(super) fn badge(state: State, unfinished: bool) -> Badge {
    match (state, unfinished) {
        (State::Enabled, _) => Badge::new(Tone::Good, "Active"),
        (State::Quarantined, _) => Badge::new(Tone::Bad, "Quarantined"),
        (State::Disabled, false) => Badge::new(Tone::Idle, "Disabled"),
        (State::Disabled, true) => Badge::new(Tone::Busy, "Being disabled"),
    }
}

/// The sites of the connections, by the connections' ids.
pub(super) async fn sites(visit: &Visit) -> Result<BTreeMap<String, String>, Problem> {
    #[derive(Deserialize)]
    struct Connection {
        id: String,
        site: String,
    }
    let found = visit.client.get::<List<Connection>>("/v1/connections?limit=200").await?;
    Ok(found.items.into_iter().map(|connection| (connection.id, connection.site)).collect())
}

/// Whether a webhook of a connection was entered in Jira by hand, so that its query must be changed by hand, too.
pub(super) async fn has_webhook_by_hand(visit: &Visit, connection: &str) -> Result<bool, Problem> {
    #[derive(Deserialize)]
    struct Wanted {
        made: bool,
    }
    match visit.client.get::<Wanted>(&path(&["v1", "connections", connection, "webhook"])).await {
        Ok(wanted) => Ok(wanted.made),
        // The connection is not there any more, while its setting still is.
        Err(problem) if problem.status == 404 => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Closes a page to whoever may not change settings.
///
/// # Errors
/// When whoever looks is no administrator.
pub(super) fn for_admins(visit: &Visit) -> Result<(), Problem> {
    if visit.frame.administers() {
        return Ok(());
    }
    let detail = "This needs the role admin, since it decides what is written to Jira. Ask an administrator of this tenant.";
    Err(Problem::new(StatusCode::FORBIDDEN, "Not allowed", detail))
}
