//! What a caller sees of a connection.

use assay::clock::after;
use assay::connection::use_case::{OauthScope, Permission};
use assay::connection::{
    Account, Connection, IncidentLimits, Method, Organisation, Problem, Scope, State, UseCase, Webhook,
};
use assay::ending::{Ending, What, endings};
use assay::quota::{POINTS_AN_HOUR, Quota};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// One connection.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConnectionView {
    /// Its identifier.
    pub id: String,
    /// How it proves who it is.
    pub method: Method,
    /// The site's domain.
    pub site: String,
    /// Atlassian's identifier of the site, once known.
    pub cloud_id: Option<String>,
    /// What it is for.
    pub use_cases: Vec<UseCase>,
    /// `pending`, `active`, `degraded`, `needs_reauth` or `disconnected`.
    pub state: State,
    /// What is wrong, and how to mend it. `webhook_missing` degrades nothing.
    pub problems: Vec<Problem>,
    /// Whom it acts as.
    pub account: Option<Account>,
    /// The scopes that were granted, where Atlassian tells.
    pub scopes: Vec<String>,
    /// Where change tickets are.
    pub change_management: Scope,
    /// Where incidents are.
    pub incidents: Scope,
    /// How long incidents may stay open.
    pub incident_limits: IncidentLimits,
    /// The webhook that is registered at the site; only where access was approved by OAuth.
    pub webhook: Option<Webhook>,
    /// The organisation whose API key stands beside the connection.
    pub organisation: Option<Organisation>,
    /// The address to open for approving access; shown once, valid for ten minutes.
    pub authorize_url: Option<String>,
    /// What of it ends, the next first; null in lists.
    pub endings: Option<Vec<EndingView>>,
    /// What it may still ask of Jira in the present hour; null in lists.
    pub quota: Option<QuotaView>,
    /// When its checks are evaluated next.
    #[schema(value_type = Option<String>)]
    pub next_evaluation_at: Option<Timestamp>,
    /// When it was last verified with success.
    #[schema(value_type = Option<String>)]
    pub verified_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

impl ConnectionView {
    pub(super) fn of(connection: &Connection, authorize_url: Option<String>) -> Self {
        Self {
            id: connection.id.to_string(),
            method: connection.method,
            site: connection.site.to_string(),
            cloud_id: connection.cloud_id.as_ref().map(ToString::to_string),
            use_cases: connection.use_cases.iter().copied().collect(),
            state: connection.state,
            problems: connection.problems.iter().chain(&connection.webhook_problem).cloned().collect(),
            account: connection.account.clone(),
            scopes: connection.scopes.clone(),
            change_management: connection.change_management.clone(),
            incidents: connection.incidents.clone(),
            incident_limits: connection.incident_limits.clone(),
            webhook: connection.webhook.clone(),
            organisation: connection.organisation.clone(),
            authorize_url,
            endings: None,
            quota: None,
            next_evaluation_at: connection.due_at,
            verified_at: connection.verified_at,
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }

    pub(super) fn whole(
        mut self,
        connection: &Connection,
        quota: &Quota,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Self {
        let view = |ending: Ending| EndingView {
            what: ending.what,
            ends_at: ending.ends_at,
            assumed: ending.assumed,
            left_days: ending.left_days(zone, now),
        };
        self.quota = Some(QuotaView::of(connection, quota));
        self.endings = Some(endings(connection, zone).into_iter().map(view).collect());
        self
    }
}

/// Jira's points of the present hour, by our own count.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuotaView {
    /// Whether points bind the connection at all: those of an OAuth app do.
    pub metered: bool,
    /// Points spent in this hour.
    pub spent: u64,
    /// Points that an OAuth app has in an hour.
    pub limit: u64,
    /// When the next hour begins, and points are there anew.
    #[schema(value_type = String)]
    pub resets_at: Timestamp,
    /// Until when Jira asked to pause; null where it did not.
    #[schema(value_type = Option<String>)]
    pub paused_until: Option<Timestamp>,
}

impl QuotaView {
    fn of(connection: &Connection, quota: &Quota) -> Self {
        Self {
            metered: connection.method == Method::Oauth,
            spent: quota.spent,
            limit: POINTS_AN_HOUR,
            resets_at: after(quota.hour, 3600),
            paused_until: quota.paused_until,
        }
    }
}

/// Something of a connection that ends.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EndingView {
    /// What ends.
    pub what: What,
    /// When; of what ends on a day, the day's first moment in the tenant's time zone.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
    /// Whether that is assumed, since nobody entered it: the latest moment that Atlassian allows.
    pub assumed: bool,
    /// How many days are left, in the tenant's time zone; negative when it is over.
    pub left_days: i64,
}

/// What a use case automates and needs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UseCaseView {
    /// The use case.
    pub use_case: UseCase,
    /// Controls that it automates.
    pub controls: Vec<String>,
    /// Checks that it automates.
    pub checks: Vec<CheckOfUseCase>,
    /// Scopes that it needs.
    pub scopes: Vec<OauthScope>,
    /// Permissions that it needs.
    pub permissions: Vec<Permission>,
    /// What is read.
    pub data: Vec<String>,
    /// Whether tickets are written.
    pub writes: bool,
}

/// A check that a use case automates.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckOfUseCase {
    /// Its id.
    pub id: String,
    /// What it asks.
    pub title: String,
}

impl UseCaseView {
    pub(super) fn all() -> Vec<Self> {
        UseCase::ALL.into_iter().map(Self::of).collect()
    }

    fn of(use_case: UseCase) -> Self {
        let needs = use_case.requirements();
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Self {
            use_case,
            controls: texts(needs.controls),
            checks: needs
                .checks
                .iter()
                .map(|check| CheckOfUseCase { id: check.to_string(), title: check.title().to_owned() })
                .collect(),
            scopes: needs.scopes.to_vec(),
            permissions: needs.permissions.to_vec(),
            data: texts(needs.data),
            writes: needs.writes,
        }
    }
}
