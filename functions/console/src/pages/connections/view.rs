//! A connection and what it can be for, as the API tells them, and their words.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::badge::{Badge, Tone};
use crate::client::path;
use crate::words::number;

/// A connection, as far as it is shown.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Connection {
    pub(in crate::pages) id: String,
    pub(in crate::pages) method: Way,
    pub(in crate::pages) site: String,
    pub(in crate::pages) cloud_id: Option<String>,
    pub(in crate::pages) use_cases: Vec<UseCase>,
    pub(in crate::pages) state: State,
    pub(in crate::pages) problems: Vec<ConnectionProblem>,
    pub(in crate::pages) account: Option<Account>,
    pub(in crate::pages) scopes: Vec<String>,
    pub(in crate::pages) change_management: Scope,
    pub(in crate::pages) incidents: Scope,
    pub(in crate::pages) incident_limits: Limits,
    pub(in crate::pages) webhook: Option<Webhook>,
    pub(in crate::pages) organisation: Option<Organisation>,
    pub(in crate::pages) authorize_url: Option<String>,
    #[serde(default)]
    pub(in crate::pages) endings: Option<Vec<Ending>>,
    #[serde(default)]
    pub(in crate::pages) quota: Option<Quota>,
    pub(in crate::pages) next_evaluation_at: Option<Timestamp>,
    pub(in crate::pages) verified_at: Option<Timestamp>,
    pub(in crate::pages) created_at: Timestamp,
}

/// The API's states.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum State {
    Pending,
    Active,
    Degraded,
    NeedsReauth,
    Disconnected,
}

/// How a connection proves who it is: the API's `method`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum Way {
    ServiceAccount,
    ApiToken,
    ScopedApiToken,
    Oauth,
}

/// The API's use cases.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum UseCase {
    Ticketing,
    IncidentManagement,
    ProjectManagement,
    VulnerabilityScanner,
    AccessReview,
    Usage,
}

/// What is wrong with a connection, and how to mend it.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct ConnectionProblem {
    pub(in crate::pages) use_case: Option<UseCase>,
    pub(in crate::pages) what: String,
    pub(in crate::pages) mend: String,
}

/// Whom a connection acts as.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Account {
    pub(in crate::pages) id: String,
    pub(in crate::pages) time_zone: Option<String>,
}

/// Projects or a query.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Scope {
    pub(in crate::pages) keys: Vec<String>,
    pub(in crate::pages) projects: Vec<Project>,
    pub(in crate::pages) jql: Option<String>,
}

/// A project as verification found it.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Project {
    pub(in crate::pages) key: String,
    pub(in crate::pages) name: String,
}

/// How long incidents may stay open.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Limits {
    pub(in crate::pages) default_days: u32,
    pub(in crate::pages) days_by_priority: BTreeMap<String, u32>,
}

impl Limits {
    /// In words.
    pub(in crate::pages) fn words(&self) -> String {
        let of = |(priority, days): (&String, &u32)| format!(", those of priority {priority} within {days}");
        let others: String = self.days_by_priority.iter().map(of).collect();
        format!("{} days{others}", self.default_days)
    }

    /// Those of single priorities, one a line, as the form takes them.
    pub(in crate::pages) fn lines(&self) -> String {
        let line = |(priority, days): (&String, &u32)| format!("{priority} = {days}");
        self.days_by_priority.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A webhook that Assay registered.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Webhook {
    pub(in crate::pages) expires_at: Timestamp,
}

/// The organisation whose key stands beside the connection.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Organisation {
    pub(in crate::pages) id: String,
    pub(in crate::pages) name: Option<String>,
}

/// Something that ends.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Ending {
    pub(in crate::pages) what: What,
    pub(in crate::pages) ends_at: Timestamp,
    pub(in crate::pages) assumed: bool,
    pub(in crate::pages) left_days: i64,
}

/// The API's words for what ends.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum What {
    ApiToken,
    ServiceAccountSecret,
    OrganisationKey,
    RefreshToken,
    Consent,
    Webhook,
}

/// Jira's points of the present hour.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in crate::pages) struct Quota {
    pub(in crate::pages) metered: bool,
    pub(in crate::pages) spent: u64,
    pub(in crate::pages) limit: u64,
    pub(in crate::pages) resets_at: Timestamp,
    pub(in crate::pages) paused_until: Option<Timestamp>,
}

impl Connection {
    pub(in crate::pages) fn badge(&self) -> Badge {
        self.state.badge()
    }

    /// Its page.
    pub(in crate::pages) fn page(&self) -> String {
        path(&["connections", &self.id])
    }

    /// How its limit of calls stands.
    pub(in crate::pages) fn limit(&self) -> Badge {
        match self.quota {
            Some(quota) if quota.paused_until.is_some() => Badge::new(Tone::Busy, "Jira asked to pause"),
            // From here on the reading of history waits.
            Some(quota) if quota.metered && quota.percent() >= 82 => Badge::new(Tone::Unsure, "Nearly spent"),
            _ => Badge::new(Tone::Good, "Free"),
        }
    }

    /// Whether it is there to be used, or to be mended.
    pub(in crate::pages) fn lives(&self) -> bool {
        self.state != State::Disconnected
    }

    /// Whether access was never approved.
    pub(in crate::pages) fn waits_for_consent(&self) -> bool {
        self.state == State::Pending && self.method == Way::Oauth
    }

    pub(in crate::pages) fn is_for(&self, use_case: UseCase) -> bool {
        self.use_cases.contains(&use_case)
    }

    /// Whether its accounts are read.
    pub(in crate::pages) fn reads_accounts(&self) -> bool {
        self.is_for(UseCase::AccessReview) || self.is_for(UseCase::Usage)
    }
}

impl State {
    pub(in crate::pages) fn badge(self) -> Badge {
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
    pub(in crate::pages) const ALL: [Self; 4] =
        [Self::ServiceAccount, Self::ApiToken, Self::ScopedApiToken, Self::Oauth];

    /// The API's word.
    pub(in crate::pages) fn word(self) -> &'static str {
        match self {
            Self::ServiceAccount => "service_account",
            Self::ApiToken => "api_token",
            Self::ScopedApiToken => "scoped_api_token",
            Self::Oauth => "oauth",
        }
    }

    pub(in crate::pages) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }

    /// What it is called.
    pub(in crate::pages) fn name(self) -> &'static str {
        match self {
            Self::ServiceAccount => "Service account",
            Self::ApiToken => "API token",
            Self::ScopedApiToken => "API token with scopes",
            Self::Oauth => "Your own OAuth app",
        }
    }

    /// Whom it suits.
    pub(in crate::pages) fn suits(self) -> &'static str {
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
    pub(in crate::pages) fn word(self) -> &'static str {
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
    pub(in crate::pages) fn name(self) -> &'static str {
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
    pub(in crate::pages) fn of(&self) -> &'static str {
        self.use_case.map_or("", UseCase::name)
    }
}

impl Scope {
    /// In words; none where nothing is named.
    pub(in crate::pages) fn words(&self) -> Option<String> {
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
    pub(in crate::pages) fn words(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

impl Ending {
    /// What ends, in words.
    pub(in crate::pages) fn words(&self) -> &'static str {
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
    pub(in crate::pages) fn badge(&self) -> Badge {
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
    pub(in crate::pages) fn is_near(&self) -> bool {
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
    pub(in crate::pages) fn words(&self) -> String {
        format!("{} of {} points", number(self.spent), number(self.limit))
    }

    /// The share that is spent, in percent.
    pub(in crate::pages) fn percent(&self) -> u64 {
        (self.spent * 100).checked_div(self.limit).unwrap_or(0).min(100)
    }
}

/// What a use case automates and needs.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Offer {
    pub(in crate::pages) use_case: UseCase,
    pub(in crate::pages) controls: Vec<String>,
    pub(in crate::pages) checks: Vec<OfferedCheck>,
    pub(in crate::pages) scopes: Vec<Need>,
    pub(in crate::pages) permissions: Vec<Need>,
    pub(in crate::pages) data: Vec<String>,
    pub(in crate::pages) writes: bool,
}

/// A check that a use case automates.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct OfferedCheck {
    pub(in crate::pages) id: String,
    pub(in crate::pages) title: String,
}

/// A scope or permission, and why it is needed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(in crate::pages) struct Need {
    pub(in crate::pages) name: String,
    pub(in crate::pages) why: String,
}
