//! Connections of a tenant to a Jira Cloud site.
//!
//! | state | meaning | leaves it by |
//! |---|---|---|
//! | `pending` | made, not yet verified | verification |
//! | `active` | verified; every use case has what it needs | a failed verification, disconnecting |
//! | `degraded` | works, but a use case lacks something (see `problems`) | the next verification |
//! | `needs_reauth` | the grant has ended, or Jira refused the credentials twice, minutes apart; only a person can mend that | connecting again |
//! | `disconnected` | ended; its secrets are gone | connecting again |

mod evaluated;
mod organisation;
mod problem;
pub mod use_case;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::CheckId;
use crate::clock::{after, seconds_between};
use crate::ending::{Entered, GrantTimes, Warned};
use crate::ids::{AccountId, CloudId, ConnectionId, ProjectId, TenantId};
use crate::site::SiteDomain;
use crate::{Error, Result};
pub use evaluated::Evaluated;
pub use organisation::Organisation;
pub use problem::{Problem, ProblemCode};
pub use use_case::UseCase;
pub use webhook::Webhook;

/// How far apart two refusals of the same credentials must be for the second one to be believed, in seconds.
pub const REFUSAL_BELIEVED_AFTER: i64 = 180;

/// When a connection whose credentials were refused once is looked at again, in seconds.
pub const REFUSAL_ASKED_AGAIN_AFTER: i64 = 240;

/// How a connection proves who it is to Jira.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// OAuth 2.0 (3LO) with the organisation's own OAuth app.
    Oauth,
    /// A service account's OAuth 2.0 client credentials.
    ServiceAccount,
    /// An unscoped API token, used at the site itself.
    ApiToken,
    /// A scoped API token, used at Atlassian's gateway.
    ScopedApiToken,
}

/// See the table of the module.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made, not yet verified.
    Pending,
    /// Verified; every use case has what it needs.
    Active,
    /// Works, but a use case lacks something.
    Degraded,
    /// The credentials no longer work.
    NeedsReauth,
    /// Ended.
    Disconnected,
}

impl State {
    /// Whether calls to Jira may be made in this state.
    pub fn usable(self) -> bool {
        match self {
            Self::Active | Self::Degraded => true,
            Self::Pending | Self::NeedsReauth | Self::Disconnected => false,
        }
    }
}

/// The account that a connection acts as.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Account {
    /// Atlassian's identifier.
    pub id: AccountId,
    /// The time zone of its profile, in which Jira reads dates in queries.
    pub time_zone: Option<String>,
}

/// A project that a connection looks at.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Project {
    /// Jira's identifier, which never changes.
    pub id: ProjectId,
    /// Its key when it was last verified.
    pub key: String,
    /// Its name when it was last verified.
    pub name: String,
}

/// Which things in Jira a use case is about: projects, or a query.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Scope {
    /// The projects' keys as they were entered.
    pub keys: Vec<String>,
    /// The projects as verification found them; where none is named, those that readings of the query saw.
    pub projects: Vec<Project>,
    /// A query that narrows the projects, or stands in their place.
    pub jql: Option<String>,
}

impl Scope {
    /// Whether anything is named.
    pub fn is_set(&self) -> bool {
        !self.keys.is_empty() || self.jql.is_some()
    }

    /// The scope in words.
    pub fn describe(&self) -> String {
        let projects = match self.keys.as_slice() {
            [] => "all projects".to_owned(),
            keys => format!("projects {}", keys.join(", ")),
        };
        match &self.jql {
            Some(jql) => format!("{projects}, where {jql}"),
            None => projects,
        }
    }
}

/// How long an incident may stay open, in days.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct IncidentLimits {
    /// For priorities that have no limit of their own.
    pub default_days: u32,
    /// By Jira's priority id.
    #[serde(default)]
    pub days_by_priority: BTreeMap<String, u32>,
}

impl Default for IncidentLimits {
    fn default() -> Self {
        Self { default_days: 30, days_by_priority: BTreeMap::new() }
    }
}

impl IncidentLimits {
    /// The limit for a priority.
    pub fn days(&self, priority: Option<&str>) -> u32 {
        priority.and_then(|id| self.days_by_priority.get(id)).copied().unwrap_or(self.default_days)
    }
}

/// A right to do something alone, until it ends by itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Lease {
    /// Who has it.
    pub owner: String,
    /// Until when.
    pub until: Timestamp,
}

/// One connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Connection {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: ConnectionId,
    /// How it proves who it is.
    pub method: Method,
    /// The site's domain as it was asked for. What is keyed by site uses `cloud_id`, since a site can be renamed.
    pub site: SiteDomain,
    /// Atlassian's identifier of the site, once known.
    pub cloud_id: Option<CloudId>,
    /// What it is for.
    pub use_cases: BTreeSet<UseCase>,
    /// See the module's table.
    pub state: State,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Whom it acts as, once verified.
    pub account: Option<Account>,
    /// The scopes that were granted, where Atlassian tells.
    pub scopes: Vec<String>,
    /// Which things are change tickets.
    pub change_management: Scope,
    /// Which things are incidents.
    pub incidents: Scope,
    /// How long incidents may stay open.
    pub incident_limits: IncidentLimits,
    /// Who may refresh the credentials now.
    pub refresh_lease: Option<Lease>,
    /// When Jira first refused its credentials, since it was last verified; none while it takes them. One refusal may be
    /// the answer of something in between; the second one, some minutes later, is believed.
    #[serde(default)]
    pub refused_at: Option<Timestamp>,
    /// Whether it has ended and its secrets have not been deleted yet, as far as we know.
    #[serde(default)]
    pub leaves_secrets: bool,
    /// When its checks are evaluated next; none when they are not.
    pub due_at: Option<Timestamp>,
    /// The webhook that it registered, if it did.
    #[serde(default)]
    pub webhook: Option<Webhook>,
    /// Why it has none although it should. Apart from `problems`, since it degrades nothing.
    #[serde(default)]
    pub webhook_problem: Option<Problem>,
    /// The last evaluation of its checks, if there was one.
    #[serde(default)]
    pub evaluated: Option<Evaluated>,
    /// The organisation whose API key it has, if it has one.
    #[serde(default)]
    pub organisation: Option<Organisation>,
    /// When its token or client secret was entered, and until when that lasts; none for a grant.
    #[serde(default)]
    pub entered: Option<Entered>,
    /// The times of its grant, as they were looked at last; none for tokens and secrets.
    #[serde(default)]
    pub grant: Option<GrantTimes>,
    /// What people were warned of that ends.
    #[serde(default)]
    pub warned: Vec<Warned>,
    /// When what ends was last looked at; none when that is to be done anew.
    #[serde(default)]
    pub endings_looked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last verified with success.
    pub verified_at: Option<Timestamp>,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Grows by one each time that somebody connects again, disconnects, or changes what the connection is for: what was
    /// found out about it before does not hold any more.
    #[serde(default)]
    pub epoch: u64,
    /// Grows by one with every write.
    pub version: u64,
}

impl Connection {
    /// A new connection, to be verified.
    pub fn begin(
        tenant: TenantId,
        id: ConnectionId,
        method: Method,
        site: SiteDomain,
        now: Timestamp,
    ) -> Self {
        Self {
            tenant,
            id,
            method,
            site,
            cloud_id: None,
            use_cases: BTreeSet::new(),
            state: State::Pending,
            problems: Vec::new(),
            account: None,
            scopes: Vec::new(),
            change_management: Scope::default(),
            incidents: Scope::default(),
            incident_limits: IncidentLimits::default(),
            refresh_lease: None,
            refused_at: None,
            leaves_secrets: false,
            due_at: None,
            webhook: None,
            webhook_problem: None,
            evaluated: None,
            organisation: None,
            entered: None,
            grant: None,
            warned: Vec::new(),
            endings_looked_at: None,
            created_at: now,
            verified_at: None,
            updated_at: now,
            epoch: 0,
            version: 0,
        }
    }

    /// Whether it can be used for `use_case` as it stands: what another use case lacks does not matter.
    pub fn serves(&self, use_case: UseCase) -> bool {
        let concerned = |problem: &Problem| problem.use_case.is_none_or(|affected| affected == use_case);
        self.use_cases.contains(&use_case) && self.state.usable() && !self.problems.iter().any(concerned)
    }

    /// Whether there is anything for `check` to read through it: it is connected, has the use case, and names projects or
    /// a query. Checks about the tenant read no connection's things.
    pub fn is_read_for(&self, check: CheckId) -> bool {
        let (use_case, scope) = match check {
            CheckId::B2 | CheckId::B4 => (UseCase::Ticketing, &self.change_management),
            CheckId::B3 => (UseCase::IncidentManagement, &self.incidents),
            // The directory of a site is read whole.
            CheckId::B6 | CheckId::B7 | CheckId::B8 | CheckId::B9 => return self.is_concerned_by(check),
            CheckId::B1 | CheckId::B5 => return false,
        };
        self.is_concerned_by(check) && self.use_cases.contains(&use_case) && scope.is_set()
    }

    /// Whether `check` has something to say about it: it was connected, and has a use case of the check.
    pub fn is_concerned_by(&self, check: CheckId) -> bool {
        let connected = !matches!(self.state, State::Pending | State::Disconnected);
        let automates = |use_case: &UseCase| use_case.requirements().checks.contains(&check);
        connected && self.use_cases.iter().any(automates)
    }

    /// Takes the result of a verification that reached Jira: active, or degraded by what use cases lack.
    pub fn verified(&mut self, account: Account, problems: Vec<Problem>, now: Timestamp) {
        self.state = if problems.is_empty() { State::Active } else { State::Degraded };
        self.account = Some(account);
        self.problems = problems;
        self.refused_at = None;
        self.verified_at = Some(now);
        if self.due_at.is_none() {
            self.due_at = Some(now);
        }
    }

    /// Takes the news that the credentials no longer work. No check can be evaluated until somebody connects again, but
    /// the checks stay due: they must say "cannot tell", not go on showing their last result.
    pub fn lost(&mut self, problem: Problem) {
        self.state = State::NeedsReauth;
        self.problems = vec![problem];
        self.refused_at = None;
    }

    /// Takes the news that Jira refused the credentials: believed when it did so some minutes ago as well, and otherwise
    /// a problem that may pass, which is looked into soon.
    pub fn refused(&mut self, problem: Problem, now: Timestamp) {
        match self.refused_at {
            Some(at) if seconds_between(at, now) >= REFUSAL_BELIEVED_AFTER => self.lost(problem),
            before => {
                self.refused_at = before.or(Some(now));
                self.troubled(problem);
                let soon = after(now, REFUSAL_ASKED_AGAIN_AFTER);
                self.due_at = self.due_at.map(|due_at| due_at.min(soon));
            }
        }
    }

    /// Takes a problem of the whole connection that may pass by itself: it still works, or will, but nothing may rest on
    /// it meanwhile.
    pub fn troubled(&mut self, problem: Problem) {
        self.state = State::Degraded;
        self.problems.retain(|known| known.code != problem.code || known.use_case.is_some());
        self.problems.push(problem);
    }

    /// Whether it has a problem of the whole connection, so that it must be verified before anything rests on it.
    pub fn is_troubled(&self) -> bool {
        self.problems.iter().any(|problem| problem.use_case.is_none())
    }

    /// Ends the connection. Whoever ends it has the lease of its secrets, and keeps it until they are deleted.
    pub fn disconnect(&mut self) {
        self.epoch += 1;
        self.state = State::Disconnected;
        self.problems.clear();
        self.refused_at = None;
        self.due_at = None;
        self.leaves_secrets = true;
        self.webhook = None;
        self.webhook_problem = None;
        self.organisation = None;
        self.entered = None;
        self.grant = None;
        self.endings_looked_at = None;
    }

    /// The connection's Atlassian cloud id.
    ///
    /// # Errors
    /// When the connection was never verified.
    pub fn require_cloud_id(&self) -> Result<&CloudId> {
        self.cloud_id.as_ref().ok_or_else(|| {
            Error::conflict(format!("connection {} has not been verified yet; verify it first", self.id))
        })
    }
}

#[cfg(test)]
mod tests;
