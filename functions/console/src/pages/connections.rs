//! Connections: the list, connecting, and each connection with what can be done about it.
//!
//! Reading order: [`list`] → [`connect`] (choose, then prove) → [`show`] (how it is, and how far the first reading is) →
//! [`change`], [`beside`] (organisation key, webhook), [`ending`].

mod app;
mod beside;
mod change;
mod connect;
mod ending;
mod list;
mod show;
mod wish;

use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use crate::Console;
use crate::badge::{Badge, Tone};
use crate::client::{List, path};
use crate::frame::Visit;
use crate::plot::thousands;
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/connections", get(list::list))
        .route("/connect", get(connect::choose))
        .route("/connect/site", get(connect::form).post(connect::connect))
        .route("/oauth-app", get(app::show).post(app::save))
        .route("/connections/{id}", get(show::show))
        .route("/connections/{id}/verify", post(show::verify))
        .route("/connections/{id}/use-cases", get(change::use_cases).post(change::change))
        .route("/connections/{id}/reconnect", get(change::reconnect).post(change::prove))
        .route("/connections/{id}/organisation", get(beside::organisation).post(beside::put_organisation))
        .route("/connections/{id}/organisation/remove", post(beside::remove_organisation))
        .route("/connections/{id}/webhook", get(beside::webhook).post(beside::make_webhook))
        .route("/connections/{id}/disconnect", get(ending::ask).post(ending::disconnect))
}

/// A connection, as far as it is shown.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) method: Way,
    pub(super) site: String,
    pub(super) cloud_id: Option<String>,
    pub(super) use_cases: Vec<UseCase>,
    pub(super) state: State,
    pub(super) problems: Vec<ConnectionProblem>,
    pub(super) account: Option<Account>,
    pub(super) scopes: Vec<String>,
    pub(super) change_management: Scope,
    pub(super) incidents: Scope,
    pub(super) incident_limits: Limits,
    pub(super) webhook: Option<Webhook>,
    pub(super) organisation: Option<Organisation>,
    pub(super) authorize_url: Option<String>,
    #[serde(default)]
    pub(super) endings: Option<Vec<Ending>>,
    #[serde(default)]
    pub(super) quota: Option<Quota>,
    pub(super) next_evaluation_at: Option<Timestamp>,
    pub(super) verified_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
}

/// The API's states.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Pending,
    Active,
    Degraded,
    NeedsReauth,
    Disconnected,
}

/// How a connection proves who it is: the API's `method`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    ServiceAccount,
    ApiToken,
    ScopedApiToken,
    Oauth,
}

/// The API's use cases.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum UseCase {
    Ticketing,
    IncidentManagement,
    ProjectManagement,
    VulnerabilityScanner,
    AccessReview,
    Usage,
}

/// What is wrong with a connection, and how to mend it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ConnectionProblem {
    pub(super) use_case: Option<UseCase>,
    pub(super) what: String,
    pub(super) mend: String,
}

/// Whom a connection acts as.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) time_zone: Option<String>,
}

/// Projects or a query.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Scope {
    pub(super) keys: Vec<String>,
    pub(super) projects: Vec<Project>,
    pub(super) jql: Option<String>,
}

/// A project as verification found it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Project {
    pub(super) key: String,
    pub(super) name: String,
}

/// How long incidents may stay open.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Limits {
    pub(super) default_days: u32,
}

/// A webhook that Assay registered.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Webhook {
    pub(super) expires_at: Timestamp,
}

/// The organisation whose key stands beside the connection.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Organisation {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

/// Something that ends.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ending {
    pub(super) what: What,
    pub(super) ends_at: Timestamp,
    pub(super) assumed: bool,
    pub(super) left_days: i64,
}

/// The API's words for what ends.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    ApiToken,
    ServiceAccountSecret,
    OrganisationKey,
    RefreshToken,
    Consent,
    Webhook,
}

/// Jira's points of the present hour.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Quota {
    pub(super) metered: bool,
    pub(super) spent: u64,
    pub(super) limit: u64,
    pub(super) resets_at: Timestamp,
    pub(super) paused_until: Option<Timestamp>,
}

impl Connection {
    pub(super) fn badge(&self) -> Badge {
        self.state.badge()
    }

    /// Its page.
    pub(super) fn page(&self) -> String {
        path(&["connections", &self.id])
    }

    /// Whether it is there to be used, or to be mended.
    pub(super) fn lives(&self) -> bool {
        self.state != State::Disconnected
    }

    /// Whether access was never approved.
    pub(super) fn waits_for_consent(&self) -> bool {
        self.state == State::Pending && self.method == Way::Oauth
    }

    pub(super) fn is_for(&self, use_case: UseCase) -> bool {
        self.use_cases.contains(&use_case)
    }

    /// Whether its accounts are read.
    pub(super) fn reads_accounts(&self) -> bool {
        self.is_for(UseCase::AccessReview) || self.is_for(UseCase::Usage)
    }
}

impl State {
    pub(super) fn badge(self) -> Badge {
        match self {
            Self::Pending => Badge::new(Tone::Busy, "Waits for approval"),
            Self::Active => Badge::new(Tone::Good, "Works"),
            Self::Degraded => Badge::new(Tone::Unsure, "Works in part"),
            Self::NeedsReauth => Badge::new(Tone::Bad, "Must be connected again"),
            Self::Disconnected => Badge::new(Tone::Idle, "Disconnected"),
        }
    }
}

impl Way {
    /// All of them, the one that suits most first.
    pub(super) const ALL: [Self; 4] =
        [Self::ServiceAccount, Self::ApiToken, Self::ScopedApiToken, Self::Oauth];

    /// The API's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ServiceAccount => "service_account",
            Self::ApiToken => "api_token",
            Self::ScopedApiToken => "scoped_api_token",
            Self::Oauth => "oauth",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ServiceAccount => "Service account",
            Self::ApiToken => "API token",
            Self::ScopedApiToken => "API token with scopes",
            Self::Oauth => "Your own OAuth app",
        }
    }

    /// Whom it suits.
    pub(super) fn suits(self) -> &'static str {
        match self {
            Self::ServiceAccount => {
                "Best for lasting use: belongs to no person, has only the scopes that you choose. An organisation admin makes it."
            }
            Self::ApiToken => {
                "Quickest: one token of an account that you have. It may do all that the account may, and lasts at most a year."
            }
            Self::ScopedApiToken => {
                "A token that may do only what its scopes say; of a person, or of a service account."
            }
            Self::Oauth => {
                "Access is approved in the browser and ends when its owner withdraws it; changes in Jira are heard of by themselves. Set up once for your organisation."
            }
        }
    }
}

impl UseCase {
    /// The API's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ticketing => "ticketing",
            Self::IncidentManagement => "incident_management",
            Self::ProjectManagement => "project_management",
            Self::VulnerabilityScanner => "vulnerability_scanner",
            Self::AccessReview => "access_review",
            Self::Usage => "usage",
        }
    }

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ticketing => "Ticketing and change management",
            Self::IncidentManagement => "Incident management",
            Self::ProjectManagement => "Project management",
            Self::VulnerabilityScanner => "Vulnerabilities as tickets",
            Self::AccessReview => "Access review",
            Self::Usage => "Usage and licences",
        }
    }
}

impl ConnectionProblem {
    /// Which use case lacks something; empty where the whole connection does.
    pub(super) fn of(&self) -> &'static str {
        self.use_case.map_or("", UseCase::name)
    }
}

impl Scope {
    /// In words; none where nothing is named.
    pub(super) fn words(&self) -> Option<String> {
        let projects = if self.projects.is_empty() {
            self.keys.join(", ")
        } else {
            let named = self.projects.iter().map(|project| format!("{} ({})", project.name, project.key));
            named.collect::<Vec<_>>().join(", ")
        };
        match (&self.jql, projects.is_empty()) {
            (Some(jql), true) => Some(format!("issues where {jql}")),
            (Some(jql), false) => Some(format!("{projects}, where {jql}")),
            (None, false) => Some(projects),
            (None, true) => None,
        }
    }
}

impl Organisation {
    pub(super) fn words(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

impl Ending {
    /// What ends, in words.
    pub(super) fn words(&self) -> &'static str {
        match self.what {
            What::ApiToken => "API token",
            What::ServiceAccountSecret => "Client secret of the service account",
            What::OrganisationKey => "Organisation API key",
            What::RefreshToken => "Grant, if nothing is read until then",
            What::Consent => "Approval at Atlassian",
            What::Webhook => "Webhook, which renews itself",
        }
    }

    /// How near it is.
    pub(super) fn badge(&self) -> Badge {
        let days = self.left_days;
        match days {
            ..0 => Badge::new(Tone::Bad, "is over"),
            0 => Badge::new(Tone::Bad, "today"),
            1 => Badge::new(Tone::Bad, "1 day left"),
            2..=7 => Badge::new(Tone::Bad, format!("{days} days left")),
            8..=30 => Badge::new(Tone::Unsure, format!("{days} days left")),
            _ => Badge::new(Tone::Good, format!("{days} days left")),
        }
    }

    /// Whether it is near enough to be told ahead.
    pub(super) fn is_near(&self) -> bool {
        let far = match self.what {
            // It is renewed by itself when ten days are left, and a grant whenever anything is read.
            What::Webhook => 9,
            What::RefreshToken => 14,
            What::ApiToken | What::ServiceAccountSecret | What::OrganisationKey | What::Consent => 30,
        };
        self.left_days <= far
    }
}

impl Quota {
    /// What is spent of what there is, in words.
    pub(super) fn words(&self) -> String {
        format!("{} of {} points", thousands(self.spent), thousands(self.limit))
    }

    /// The share that is spent, in percent.
    pub(super) fn percent(&self) -> u64 {
        (self.spent * 100).checked_div(self.limit).unwrap_or(0).min(100)
    }
}

/// What a use case automates and needs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Offer {
    pub(super) use_case: UseCase,
    pub(super) controls: Vec<String>,
    pub(super) checks: Vec<OfferedCheck>,
    pub(super) scopes: Vec<Need>,
    pub(super) permissions: Vec<Need>,
    pub(super) data: Vec<String>,
    pub(super) writes: bool,
}

/// A check that a use case automates.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct OfferedCheck {
    pub(super) id: String,
    pub(super) title: String,
}

/// A scope or permission, and why it is needed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(super) struct Need {
    pub(super) name: String,
    pub(super) why: String,
}

/// All that a connection can be for.
async fn offers(visit: &Visit) -> Result<Vec<Offer>, Problem> {
    Ok(visit.client.get::<List<Offer>>("/v1/use-cases").await?.items)
}

/// One connection.
async fn one(visit: &Visit, id: &str) -> Result<Connection, Problem> {
    visit.client.get(&path(&["v1", "connections", id])).await
}

/// A page that is there for admins alone.
fn for_admins(visit: &Visit) -> Result<(), Problem> {
    if visit.frame.administers() {
        return Ok(());
    }
    let detail = "This needs the role admin. Ask an admin of your organisation to do it.";
    Err(Problem::new(http::StatusCode::FORBIDDEN, "Not allowed", detail))
}
