//! Usage: how far a site was read, and on which days each account was active.

mod export;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use assay::account::Account;
use assay::ids::{AccountId, ConnectionId, TenantId};
use assay::ingestion::{Cost, Ingestion, Source, SourceCoverage, Stage};
use assay::operations::ingesting::expected_end;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::{Operator, Reader};
use crate::input::{Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Days that a list counts where nothing is said.
const USUAL_DAYS: u32 = 30;

/// The most days that a list counts.
const MOST_DAYS: u32 = 366;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(run))
        .routes(routes!(policy::show_policy, policy::change_policy))
        .routes(routes!(accounts))
        .routes(routes!(account))
        .routes(routes!(export::export))
}

/// How far a site was read.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UsageView {
    /// The connection.
    connection: String,
    /// The time zone that days are counted in.
    zone: String,
    /// What is being done now.
    stage: Stage,
    /// When the present run, or the last one, began.
    #[schema(value_type = Option<String>)]
    began_at: Option<Timestamp>,
    /// When a run last came to its end.
    #[schema(value_type = Option<String>)]
    ended_at: Option<Timestamp>,
    /// When the accounts were last put together from what was read.
    #[schema(value_type = Option<String>)]
    settled_at: Option<Timestamp>,
    /// Until when the run waits, for Jira's points or because something failed.
    #[schema(value_type = Option<String>)]
    paused_until: Option<Timestamp>,
    /// Why it waits, or why the last slice ended early: what was tried and what to do.
    problem: Option<String>,
    /// When the run may be expected to end; null where that cannot be told.
    #[schema(value_type = Option<String>)]
    expected_end: Option<Timestamp>,
    /// When the next run begins, or the present one goes on.
    #[schema(value_type = Option<String>)]
    due_at: Option<Timestamp>,
    /// How whole each source was when it was last read.
    #[schema(value_type = Object)]
    sources: BTreeMap<Source, SourceCoverage>,
    /// From when on activity is known.
    #[schema(value_type = Option<String>)]
    known_since: Option<Timestamp>,
    /// Changes up to this moment are known.
    #[schema(value_type = Option<String>)]
    known_until: Option<Timestamp>,
    /// Issues with changes that this run reads, by Jira's own estimate.
    issues_expected: Option<u64>,
    /// Issues of them that were read.
    issues_read: u64,
    /// What cannot be known, whoever asks.
    not_known: Vec<String>,
    /// What the run cost.
    cost: Cost,
}

impl UsageView {
    fn of(ingestion: Ingestion, now: Timestamp) -> Self {
        let activity = &ingestion.activity;
        let mut not_known = vec![
            "who deleted a comment or a worklog: Jira tells nobody".to_owned(),
            "comments that are restricted to a role or group which the connection's account does not have"
                .to_owned(),
        ];
        if activity.deletions_by_nobody > 0 {
            not_known.push(format!("by whom {} worklogs were deleted", activity.deletions_by_nobody));
        }
        Self {
            expected_end: expected_end(&ingestion, now),
            connection: ingestion.id.to_string(),
            known_since: activity.since,
            known_until: activity.changes,
            issues_expected: activity.changes_expected,
            issues_read: activity.changes_read,
            zone: ingestion.zone,
            stage: ingestion.stage,
            began_at: ingestion.began_at,
            ended_at: ingestion.ended_at,
            settled_at: ingestion.settled_at,
            paused_until: ingestion.paused_until,
            problem: ingestion.problem,
            due_at: ingestion.due_at,
            sources: ingestion.sources,
            not_known,
            cost: ingestion.cost,
        }
    }
}

/// The days on which an account was active.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActivityView {
    /// The account.
    account: String,
    /// Its name; empty when it is erased.
    name: String,
    /// The days, in the tenant's time zone.
    #[schema(value_type = Vec<String>)]
    days: BTreeSet<Date>,
    /// How many they are.
    active_days: usize,
    /// The last day on which it was active, also before these days.
    #[schema(value_type = Option<String>)]
    last_active_on: Option<Date>,
}

impl ActivityView {
    fn of(account: Account, days: BTreeSet<Date>) -> Self {
        Self {
            account: account.id.to_string(),
            name: account.name,
            active_days: days.len(),
            days,
            last_active_on: account.last_active_on,
        }
    }
}

/// Which days are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// How many days back, today among them: 1 to 366; 30 if not given.
    #[param(minimum = 1, maximum = 366, default = 30)]
    days: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Lists how far each site was read.
#[utoipa::path(get, path = "/v1/usage", tag = "usage", security(("token" = ["auditor"])), responses((status = 200, body = List<UsageView>)))]
async fn list(Reader(caller): Reader, State(api): State<Api>) -> Result<Json<List<UsageView>>, Problem> {
    let now = api.core.clock.now();
    let stored = api.core.store.all_ingestions(&caller.tenant).await?;
    Ok(Json(List::whole(stored.into_iter().map(|it| UsageView::of(it, now)).collect())))
}

/// Shows how far a site was read, what it cost, what it waits for, and what is not known.
#[utoipa::path(get, path = "/v1/usage/{connection}", tag = "usage", security(("token" = ["auditor"])), params(("connection" = String, Path)), responses((status = 200, body = UsageView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<UsageView>, Problem> {
    let ingestion = ingestion(&api, &caller.tenant, &connection).await?;
    Ok(Json(UsageView::of(ingestion, api.core.clock.now())))
}

/// Asks for a run now. While one is under way, nothing is changed.
#[utoipa::path(post, path = "/v1/usage/{connection}/runs", tag = "usage", security(("token" = ["operator"])), params(("connection" = String, Path)), responses((status = 202, body = UsageView), (status = 404, body = Problem)))]
async fn run(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(connection): Path<ConnectionId>,
) -> Result<(StatusCode, Json<UsageView>), Problem> {
    let now = api.core.clock.now();
    let mut ingestion = ingestion(&api, &caller.tenant, &connection).await?;
    if ingestion.stage == Stage::Idle && ingestion.due_at.is_none_or(|due_at| due_at > now) {
        ingestion.next_run_at = Some(now);
        ingestion.due_at = Some(now);
        api.core.store.save_ingestion(&mut ingestion).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(UsageView::of(ingestion, now))))
}

/// Lists the accounts of a site with the days on which each was active.
#[utoipa::path(get, path = "/v1/usage/{connection}/accounts", tag = "usage", security(("token" = ["auditor"])), params(("connection" = String, Path), ActivityQuery), responses((status = 200, body = List<ActivityView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn accounts(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(connection): Path<ConnectionId>,
    Query(query): Query<ActivityQuery>,
) -> Result<Json<List<ActivityView>>, Problem> {
    let days = checked_days(query.days)?;
    let ingestion = ingestion(&api, &caller.tenant, &connection).await?;
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let asked = page.of(&caller.tenant, &["usage accounts", connection.as_str(), &days.to_string()])?;
    let store = &api.core.store;
    let stored = store.accounts(&caller.tenant, &connection, asked.after.as_deref(), asked.limit).await?;
    let ids: Vec<AccountId> = stored.items.iter().map(|account| account.id.clone()).collect();
    let period = period(&ingestion, days, api.core.clock.now());
    let mut active = store.active_days_of(&caller.tenant, &connection, &ingestion.zone, &ids, period).await?;
    let view = |account: Account| {
        let days = active.remove(&account.id).unwrap_or_default();
        ActivityView::of(account, days)
    };
    Ok(Json(List::of(&asked, stored, view)))
}

/// Shows all days on which an account is known to have been active.
#[utoipa::path(get, path = "/v1/usage/{connection}/accounts/{account}", tag = "usage", security(("token" = ["auditor"])), params(("connection" = String, Path), ("account" = String, Path)), responses((status = 200, body = ActivityView), (status = 404, body = Problem)))]
async fn account(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((connection, account)): Path<(ConnectionId, AccountId)>,
) -> Result<Json<ActivityView>, Problem> {
    let ingestion = ingestion(&api, &caller.tenant, &connection).await?;
    let store = &api.core.store;
    let Some(stored) = store.account(&caller.tenant, &connection, &account).await? else {
        return Err(
            assay::Error::not_found(format!("there is no account {account} at this connection")).into()
        );
    };
    let months = store.active_months(&caller.tenant, &connection, &ingestion.zone, &account).await?;
    Ok(Json(ActivityView::of(stored, months.iter().flat_map(assay::dynamodb::ActiveMonth::dates).collect())))
}

/// How many days are asked for.
fn checked_days(days: Option<u32>) -> Result<u32, Problem> {
    let days = days.unwrap_or(USUAL_DAYS);
    if (1..=MOST_DAYS).contains(&days) {
        return Ok(days);
    }
    Err(Problem::invalid("days", format!("days must be 1 to {MOST_DAYS}, not {days}")))
}

/// The first and the last of the last `days` days.
fn period(ingestion: &Ingestion, days: u32, now: Timestamp) -> (Date, Date) {
    let today = ingestion.today(now);
    (today.checked_sub(Span::new().days(i64::from(days) - 1)).unwrap_or(Date::MIN), today)
}

/// The ingestion of a connection; 404 where there is none.
pub(super) async fn ingestion(
    api: &Api,
    tenant: &TenantId,
    connection: &ConnectionId,
) -> Result<Ingestion, Problem> {
    let stored = api.core.store.ingestion(tenant, connection).await?;
    stored.ok_or_else(|| {
        assay::Error::not_found(format!(
            "there is no ingestion of connection {connection}; one begins within minutes where the connection has the use case access_review or usage"
        ))
        .into()
    })
}
