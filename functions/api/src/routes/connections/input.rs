//! What a person enters to connect.

use std::collections::{BTreeMap, BTreeSet};

use assay::connection::{Connection, IncidentLimits, Method, Scope, UseCase};
use assay::ending::check_end;
use assay::ids::CloudId;
use assay::operations::connecting::{Proof, Wish};
use assay::secret::Secret;
use assay::seen::Seen;
use assay::site::SiteDomain;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::input::{object, optional_object};
use crate::problem::Problem;
use crate::routes::oauth_app::text;

/// The most projects that a use case may name.
const MOST_PROJECTS: usize = 50;

/// The longest query, in characters.
const LONGEST_QUERY: usize = 2_000;

/// Projects, or a query, that a use case is about.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScopeInput {
    /// Keys of projects, as in `CHG`.
    projects: Vec<String>,
    /// A query (JQL) that narrows the projects, or stands in their place.
    jql: Option<String>,
}

/// How long incidents may stay open.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentLimitsInput {
    /// Days, for priorities that have no limit of their own.
    default_days: u32,
    /// Days by Jira's priority id.
    #[serde(default)]
    days_by_priority: BTreeMap<String, u32>,
}

/// Makes a body of which a part proves who the connection is: those fields stand here once. (A body with a flattened part
/// could not refuse fields that it does not know.)
macro_rules! with_proof {
    ($(#[$about:meta])* $name:ident { $($rest:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// How it proves who it is.
            method: Method,
            $($rest)*
            /// For tokens: the e-mail address of the token's account.
            #[serde(default)]
            email: Option<String>,
            /// For tokens: the token.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            token: Option<Secret>,
            /// For service accounts: the client id.
            #[serde(default)]
            client_id: Option<String>,
            /// For service accounts: the client secret.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            client_secret: Option<Secret>,
            /// For tokens: the day on which the token ends, like `2027-01-31`. A year from now is assumed if not given.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            token_ends_on: Option<Date>,
            /// For service accounts: the day on which the client secret ends, if it does.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            client_secret_ends_on: Option<Date>,
        }

        impl $name {
            /// Takes the proof out.
            fn proof(&mut self, now: Timestamp) -> Result<Proof, Problem> {
                let given = Given {
                    email: self.email.take(),
                    token: self.token.take(),
                    client_id: self.client_id.take(),
                    client_secret: self.client_secret.take(),
                    token_ends_on: self.token_ends_on,
                    client_secret_ends_on: self.client_secret_ends_on,
                };
                given.check(self.method, now)
            }
        }
    };
}

with_proof! {
/// A new connection.
ConnectInput {
    /// The Jira domain, like `your-company.atlassian.net`. With a scoped token it may be left out if `cloud_id` is given.
    #[serde(default)]
    site: Option<SiteDomain>,
    /// Atlassian's cloud id of the site; found by the domain if not given.
    #[serde(default)]
    cloud_id: Option<CloudId>,
    /// What the connection is for.
    use_cases: BTreeSet<UseCase>,
    /// Where change tickets are.
    #[serde(default, deserialize_with = "object")]
    change_management: ScopeInput,
    /// Where incidents are.
    #[serde(default, deserialize_with = "object")]
    incidents: ScopeInput,
    /// How long incidents may stay open; 30 days if not given.
    #[serde(default, deserialize_with = "optional_object")]
    incident_limits: Option<IncidentLimitsInput>,
}
}

with_proof! {
/// New credentials for a connection.
ProofInput {}
}

/// What is to change; what is not given stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeInput {
    /// What the connection is for.
    #[serde(default)]
    use_cases: Option<BTreeSet<UseCase>>,
    /// Where change tickets are.
    #[serde(default, deserialize_with = "optional_object")]
    change_management: Option<ScopeInput>,
    /// Where incidents are.
    #[serde(default, deserialize_with = "optional_object")]
    incidents: Option<ScopeInput>,
    /// How long incidents may stay open.
    #[serde(default, deserialize_with = "optional_object")]
    incident_limits: Option<IncidentLimitsInput>,
    /// What the caller saw of some of these, as `GET` shows them: where the change would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default)]
    #[schema(value_type = Object)]
    seen: Seen,
}

impl ConnectInput {
    pub(super) fn check(mut self, now: Timestamp) -> Result<(Wish, Proof), Problem> {
        if self.site.is_none() && !(self.method == Method::ScopedApiToken && self.cloud_id.is_some()) {
            return Err(Problem::invalid(
                "site",
                "site is missing; enter the Jira domain, like `your-company.atlassian.net`",
            ));
        }
        let proof = self.proof(now)?;
        let wish = Wish {
            site: self.site,
            cloud_id: self.cloud_id,
            use_cases: use_cases(self.use_cases)?,
            change_management: self.change_management.check("change_management")?,
            incidents: self.incidents.check("incidents")?,
            incident_limits: self
                .incident_limits
                .map(IncidentLimitsInput::check)
                .transpose()?
                .unwrap_or_default(),
        };
        Ok((wish, proof))
    }
}

impl ChangeInput {
    pub(super) fn check(self, current: &Connection) -> Result<Wish, Problem> {
        let scope = |input: Option<ScopeInput>, field: &str, stays: &Scope| match input {
            Some(input) => input.check(field),
            None => Ok(stays.clone()),
        };
        let wish = Wish {
            site: None,
            cloud_id: None,
            use_cases: self.use_cases.map_or_else(|| Ok(current.use_cases.clone()), use_cases)?,
            change_management: scope(
                self.change_management,
                "change_management",
                &current.change_management,
            )?,
            incidents: scope(self.incidents, "incidents", &current.incidents)?,
            incident_limits: self
                .incident_limits
                .map(IncidentLimitsInput::check)
                .transpose()?
                .unwrap_or_else(|| current.incident_limits.clone()),
        };
        self.seen.check(&Shown::of(current), &Shown::after(&wish, current))?;
        Ok(wish)
    }
}

/// What can be changed of a connection, as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    use_cases: &'a BTreeSet<UseCase>,
    change_management: &'a Scope,
    incidents: &'a Scope,
    incident_limits: &'a IncidentLimits,
}

impl<'a> Shown<'a> {
    fn of(connection: &'a Connection) -> Self {
        Self {
            use_cases: &connection.use_cases,
            change_management: &connection.change_management,
            incidents: &connection.incidents,
            incident_limits: &connection.incident_limits,
        }
    }

    fn after(wish: &'a Wish, current: &'a Connection) -> Self {
        // Which projects those are, verification finds out; it finds the same where the same is wished.
        let scope = |wished: &'a Scope, now: &'a Scope| {
            if wished.keys == now.keys && wished.jql == now.jql { now } else { wished }
        };
        Self {
            use_cases: &wish.use_cases,
            change_management: scope(&wish.change_management, &current.change_management),
            incidents: scope(&wish.incidents, &current.incidents),
            incident_limits: &wish.incident_limits,
        }
    }
}

impl ProofInput {
    pub(super) fn check(mut self, now: Timestamp) -> Result<Proof, Problem> {
        self.proof(now)
    }
}

/// What was given to prove who the connection is.
struct Given {
    email: Option<String>,
    token: Option<Secret>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    token_ends_on: Option<Date>,
    client_secret_ends_on: Option<Date>,
}

impl Given {
    fn check(self, method: Method, now: Timestamp) -> Result<Proof, Problem> {
        let given = [
            ("email", self.email.is_some()),
            ("token", self.token.is_some()),
            ("token_ends_on", self.token_ends_on.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("client_secret_ends_on", self.client_secret_ends_on.is_some()),
        ];
        let wanted: &[&str] = match method {
            Method::Oauth => &[],
            Method::ServiceAccount => &["client_id", "client_secret", "client_secret_ends_on"],
            Method::ApiToken | Method::ScopedApiToken => &["email", "token", "token_ends_on"],
        };
        for (field, is_given) in given {
            if is_given && !wanted.contains(&field) {
                return Err(Problem::invalid(
                    field,
                    format!("{field} does not belong to this method; leave it out"),
                ));
            }
        }
        let end = |field: &str, day: Option<Date>| day.map(|day| check_end(field, day, now)).transpose();
        match method {
            Method::Oauth => Ok(Proof::Consent(None)),
            Method::ServiceAccount => Ok(Proof::ServiceAccount {
                client_id: required("client_id", self.client_id)?,
                client_secret: required_secret("client_secret", self.client_secret)?,
                ends_on: end("client_secret_ends_on", self.client_secret_ends_on)?,
            }),
            Method::ApiToken | Method::ScopedApiToken => {
                let email = Secret::new(required("email", self.email)?);
                // A colon would end the user part of the credentials early.
                if !email.expose().contains('@') || email.expose().contains(':') {
                    return Err(Problem::invalid(
                        "email",
                        "email must be the e-mail address of the token's account",
                    ));
                }
                Ok(Proof::Token {
                    email,
                    token: required_secret("token", self.token)?,
                    scoped: method == Method::ScopedApiToken,
                    ends_on: end("token_ends_on", self.token_ends_on)?,
                })
            }
        }
    }
}

fn required(field: &str, value: Option<String>) -> Result<String, Problem> {
    text(field, &value.ok_or_else(|| missing(field))?)
}

fn required_secret(field: &str, value: Option<Secret>) -> Result<Secret, Problem> {
    Ok(Secret::new(text(field, value.ok_or_else(|| missing(field))?.expose())?))
}

fn missing(field: &str) -> Problem {
    Problem::invalid(field, format!("{field} is missing; this method needs it"))
}

fn use_cases(chosen: BTreeSet<UseCase>) -> Result<BTreeSet<UseCase>, Problem> {
    if chosen.is_empty() {
        return Err(Problem::invalid(
            "use_cases",
            "choose at least one use case; `GET /v1/use-cases` lists them",
        ));
    }
    Ok(chosen)
}

impl ScopeInput {
    fn check(self, field: &str) -> Result<Scope, Problem> {
        if self.projects.len() > MOST_PROJECTS {
            return Err(Problem::invalid(
                format!("{field}.projects"),
                format!("name at most {MOST_PROJECTS} projects"),
            ));
        }
        let mut keys = Vec::new();
        for (index, key) in self.projects.iter().enumerate() {
            let key = key.trim().to_ascii_uppercase();
            if !is_project_key(&key) {
                let message =
                    "a project key is a letter and then up to 19 letters, digits or `_`, as in `CHG`";
                return Err(Problem::invalid(format!("{field}.projects[{index}]"), message));
            }
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let jql = self.jql.map(|jql| jql.trim().to_owned()).filter(|jql| !jql.is_empty());
        if let Some(jql) = &jql {
            if jql.chars().count() > LONGEST_QUERY || jql.chars().any(char::is_control) {
                let message = format!("the query must be one line of at most {LONGEST_QUERY} characters");
                return Err(Problem::invalid(format!("{field}.jql"), message));
            }
            if jql.to_ascii_lowercase().contains("order by") {
                return Err(Problem::invalid(
                    format!("{field}.jql"),
                    "leave `ORDER BY` out; the order does not matter here",
                ));
            }
        }
        Ok(Scope { keys, projects: Vec::new(), jql })
    }
}

impl IncidentLimitsInput {
    fn check(self) -> Result<IncidentLimits, Problem> {
        let fits = |days: u32| (1..=3650).contains(&days);
        if !fits(self.default_days) {
            return Err(Problem::invalid("incident_limits.default_days", "days must be 1 to 3650"));
        }
        if self.days_by_priority.len() > 50 {
            return Err(Problem::invalid("incident_limits.days_by_priority", "name at most 50 priorities"));
        }
        let is_id = |priority: &str| {
            (1..=64).contains(&priority.len()) && priority.bytes().all(|byte| byte.is_ascii_digit())
        };
        if self.days_by_priority.keys().any(|priority| !is_id(priority)) {
            let message = "name priorities by Jira's ids, which are numbers, as in `{\"1\": 2}`";
            return Err(Problem::invalid("incident_limits.days_by_priority", message));
        }
        if let Some((priority, _)) = self.days_by_priority.iter().find(|(_, days)| !fits(**days)) {
            return Err(Problem::invalid(
                format!("incident_limits.days_by_priority.{priority}"),
                "days must be 1 to 3650",
            ));
        }
        Ok(IncidentLimits { default_days: self.default_days, days_by_priority: self.days_by_priority })
    }
}

fn is_project_key(key: &str) -> bool {
    (2..=20).contains(&key.len())
        && key.as_bytes()[0].is_ascii_uppercase()
        && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
