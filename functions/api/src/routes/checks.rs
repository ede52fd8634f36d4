//! Checks: what they ask, their last outcome, and the history of their runs with evidence.

use std::collections::BTreeMap;

use assay::check::standing::{Doubt, standing};
use assay::check::{CheckId, CheckRun, Evidence, Failing, Outcome};
use assay::connection::{Connection, UseCase};
use assay::evidence::Entity;
use assay::ids::{RunId, TaskId, TenantId};
use assay::sqs::ChecksRequest;
use assay::task::{State as TaskState, Task, task_id};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::{Caller, Operator, Reader};
use crate::input::{Path, Query};
use crate::page::{Asked, List, PageQuery};
use crate::problem::Problem;

/// A check, and how it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckView {
    /// Its id.
    id: CheckId,
    /// What it asks.
    title: String,
    /// Why it is asked and how a failing entity is recognised.
    instructions: String,
    /// How to make it pass.
    how_to_fix: String,
    /// The controls that it is evidence for.
    controls: Vec<&'static str>,
    /// Within how many days a task of it should be done, if nothing else says so.
    due_in_days: i64,
    /// The outcome over all connections that there are now: `pass`, `fail`, `cannot_tell` or `not_applicable`; null where
    /// nothing is connected that it is about, and before the first run.
    last_outcome: Option<Outcome>,
    /// What cannot be told, whatever its last run said: connections that were not evaluated yet, or not for long, or that
    /// must be connected again.
    doubts: Vec<Doubt>,
    /// When the newest of the last runs was done.
    #[schema(value_type = Option<String>)]
    evaluated_at: Option<Timestamp>,
    /// The last run for each of these connections (one without connection for checks about the tenant as a whole).
    results: Vec<RunView>,
}

/// One evaluation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RunView {
    /// Its identifier.
    id: String,
    /// Which check.
    check: CheckId,
    /// For which connection; null for checks about the tenant as a whole.
    connection: Option<String>,
    /// The outcome.
    outcome: Outcome,
    /// Why, in a sentence.
    because: String,
    /// How many entities fail; they are listed at `/v1/checks/{id}/runs/{run}/failing`.
    failing: u64,
    /// What it rests on: the query, scope, counts and coverage, and the moment that it is true for.
    evidence: Evidence,
    /// When it began.
    #[schema(value_type = String)]
    started_at: Timestamp,
    /// When it was done.
    #[schema(value_type = String)]
    finished_at: Timestamp,
}

impl RunView {
    fn of(run: CheckRun) -> Self {
        Self {
            id: run.id.to_string(),
            check: run.check,
            connection: run.connection.map(|connection| connection.to_string()),
            outcome: run.outcome,
            because: run.because,
            failing: run.failing,
            evidence: run.evidence,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

impl CheckView {
    fn of(check: CheckId, latest: &[CheckRun], connections: &[Connection], now: Timestamp) -> Self {
        let standing = standing(check, latest, connections, now);
        let results = standing.results;
        Self {
            id: check,
            title: check.title().to_owned(),
            instructions: check.instructions().to_owned(),
            how_to_fix: check.how_to_fix().to_owned(),
            controls: controls_of(check),
            due_in_days: check.due_in_days(),
            last_outcome: standing.outcome,
            doubts: standing.doubts,
            evaluated_at: results.iter().map(|run| run.finished_at).max(),
            results: results.into_iter().map(RunView::of).collect(),
        }
    }
}

/// The controls of the use cases that automate the check, each once.
fn controls_of(check: CheckId) -> Vec<&'static str> {
    let mut controls: Vec<&'static str> = Vec::new();
    let automating = UseCase::ALL.map(UseCase::requirements);
    for control in automating.iter().filter(|it| it.checks.contains(&check)).flat_map(|it| it.controls) {
        if !controls.contains(control) {
            controls.push(control);
        }
    }
    controls
}

/// An entity that failed in a run.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FailingView {
    /// The thing.
    entity: Entity,
    /// Why it fails, in a sentence.
    why: String,
    /// Its task, as that is now; null where there is none yet.
    task: Option<TaskOfFailing>,
}

/// The task of an entity that fails.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskOfFailing {
    /// The task's identifier.
    id: String,
    /// Whether it is to be done.
    state: TaskState,
}

/// What was asked for by running a check now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Evaluations {
    /// How many evaluations were asked for: one for each connection that the check is about, and one for what it says of the
    /// tenant as a whole. Each ends in a run of the check.
    evaluations: usize,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(runs, run_now))
        .routes(routes!(run))
        .routes(routes!(failing))
}

/// Lists the checks, each with its last outcome.
#[utoipa::path(get, path = "/v1/checks", tag = "checks", security(("token" = ["auditor"])), responses((status = 200, body = List<CheckView>)))]
async fn list(Reader(caller): Reader, State(api): State<Api>) -> Result<Json<List<CheckView>>, Problem> {
    let latest = api.core.store.latest_results(&caller.tenant).await?;
    let connections = api.core.store.all_connections(&caller.tenant).await?;
    let now = api.core.clock.now();
    let view = |check: CheckId| CheckView::of(check, &latest, &connections, now);
    Ok(Json(List::whole(CheckId::ALL.into_iter().map(view).collect())))
}

/// Shows one check.
#[utoipa::path(get, path = "/v1/checks/{id}", tag = "checks", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = CheckView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<CheckView>, Problem> {
    let check: CheckId = id.parse()?;
    let latest = api.core.store.latest_results(&caller.tenant).await?;
    let connections = api.core.store.all_connections(&caller.tenant).await?;
    Ok(Json(CheckView::of(check, &latest, &connections, api.core.clock.now())))
}

/// Lists the runs of a check, newest first.
#[utoipa::path(get, path = "/v1/checks/{id}/runs", tag = "checks", security(("token" = ["auditor"])), params(("id" = String, Path), PageQuery), responses((status = 200, body = List<RunView>), (status = 404, body = Problem)))]
async fn runs(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<RunView>>, Problem> {
    let check: CheckId = id.parse()?;
    let asked = page.of(&caller.tenant, &["runs", check.as_str()])?;
    let stored = api.core.store.list_runs(&caller.tenant, check, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, RunView::of)))
}

/// Runs a check now: asks for the evaluation of everything that it is about.
#[utoipa::path(post, path = "/v1/checks/{id}/runs", tag = "checks", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 202, body = Evaluations), (status = 404, body = Problem)))]
async fn run_now(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let check: CheckId = id.parse()?;
    let tenant = caller.tenant;
    let mut requests = Vec::new();
    if has_part_about_tenant(&api, &tenant, check).await? {
        requests.push(ChecksRequest::Tenant { tenant: tenant.clone() });
    }
    if !check.is_about_tenant() {
        let connections = api.core.store.all_connections(&tenant).await?;
        // Of any other there will be no run of this check, however often it is evaluated.
        let concerned = connections.into_iter().filter(|it| it.due_at.is_some() && it.is_concerned_by(check));
        for connection in concerned {
            // What is due later was evaluated already, and a message about it is dropped.
            api.core.store.hasten_connection(&tenant, &connection.id, api.core.clock.now()).await?;
            requests.push(ChecksRequest::Connection { tenant: tenant.clone(), connection: connection.id });
        }
    }
    api.checks.send_all(&requests, None).await?;
    Ok((StatusCode::ACCEPTED, Json(Evaluations { evaluations: requests.len() })).into_response())
}

/// Whether what the check says of the tenant as a whole ends in a run: of findings nothing is said before any was reported.
async fn has_part_about_tenant(api: &Api, tenant: &TenantId, check: CheckId) -> Result<bool, Problem> {
    if check.is_about_tenant() || !check.has_part_about_tenant() {
        return Ok(check.is_about_tenant());
    }
    let store = &api.core.store;
    let found = store.list_findings(tenant, None, |_| true, None, 1).await?;
    Ok(!found.items.is_empty() || !store.sources(tenant).await?.is_empty())
}

/// Shows one run.
#[utoipa::path(get, path = "/v1/checks/{id}/runs/{run}", tag = "checks", security(("token" = ["auditor"])), params(("id" = String, Path), ("run" = String, Path)), responses((status = 200, body = RunView), (status = 404, body = Problem)))]
async fn run(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((id, run)): Path<(String, RunId)>,
) -> Result<Json<RunView>, Problem> {
    let check: CheckId = id.parse()?;
    let stored = api.core.store.run(&caller.tenant, check, &run).await?;
    Ok(Json(RunView::of(stored.ok_or_else(|| no_run(check, &run))?)))
}

/// Lists the entities that failed in a run, each with the reason.
#[utoipa::path(get, path = "/v1/checks/{id}/runs/{run}/failing", tag = "checks", security(("token" = ["auditor"])), params(("id" = String, Path), ("run" = String, Path), PageQuery), responses((status = 200, body = List<FailingView>), (status = 404, body = Problem)))]
async fn failing(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((id, run)): Path<(String, RunId)>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<FailingView>>, Problem> {
    let check: CheckId = id.parse()?;
    let stored = api.core.store.run(&caller.tenant, check, &run).await?;
    let stored = stored.ok_or_else(|| no_run(check, &run))?;
    let asked = page.of(&caller.tenant, &["failing", run.as_str()])?;
    let found = collect_failing(&api, &caller, &run, &asked).await?;
    let items = with_tasks(&api, &stored, found.items).await?;
    Ok(Json(List { items, next_cursor: found.next_cursor }))
}

/// Failing entities with their tasks. A finding's entity is its task.
async fn with_tasks(api: &Api, run: &CheckRun, failing: Vec<Failing>) -> Result<Vec<FailingView>, Problem> {
    let id = |entity: &str| -> Result<TaskId, assay::Error> {
        if run.check.has_part_about_tenant() && !run.check.is_about_tenant() && run.connection.is_none() {
            TaskId::parse(entity)
        } else {
            task_id(&run.tenant, run.check, run.connection.as_ref(), entity)
        }
    };
    let ids = failing.iter().map(|it| id(&it.entity.id)).collect::<Result<Vec<_>, _>>()?;
    let tasks = api.core.store.tasks_by_id(&run.tenant, &ids).await?;
    let tasks: BTreeMap<&TaskId, &Task> = tasks.iter().map(|task| (&task.id, task)).collect();
    let view = |(it, id): (Failing, &TaskId)| {
        let task = tasks.get(id).map(|task| TaskOfFailing { id: id.to_string(), state: task.state });
        FailingView { entity: it.entity, why: it.why, task }
    };
    Ok(failing.into_iter().zip(&ids).map(view).collect())
}

/// As many failing entities as were asked for. They are stored in pages of their own size, so a place in the list is the
/// cursor of a stored page and how many of its entities were given already.
async fn collect_failing(
    api: &Api,
    caller: &Caller,
    run: &RunId,
    asked: &Asked,
) -> Result<List<Failing>, Problem> {
    let (mut stored, mut skip) = asked.after.as_deref().map(place).transpose()?.unwrap_or_default();
    let mut items = Vec::new();
    loop {
        let cursor = Some(stored.as_str()).filter(|cursor| !cursor.is_empty());
        let page = api.core.store.failing(&caller.tenant, run, cursor).await?;
        let wanted = asked.limit - items.len();
        let left = page.items.len().saturating_sub(skip);
        items.extend(page.items.into_iter().skip(skip).take(wanted));
        if left > wanted {
            let next = asked.cursor(Some(format!("{stored}:{}", skip + wanted)));
            return Ok(List { items, next_cursor: next });
        }
        match page.next {
            Some(next) if left == wanted => {
                return Ok(List { items, next_cursor: asked.cursor(Some(format!("{next}:0"))) });
            }
            Some(next) => (stored, skip) = (next, 0),
            None => return Ok(List::whole(items)),
        }
    }
}

fn place(text: &str) -> Result<(String, usize), Problem> {
    let (stored, skip) = text.split_once(':').unwrap_or_default();
    let refused = || {
        Problem::invalid("cursor", "the cursor is not one that this list gave; leave it out to begin anew")
    };
    Ok((stored.to_owned(), skip.parse().map_err(|_| refused())?))
}

fn no_run(check: CheckId, run: &RunId) -> Problem {
    assay::Error::not_found(format!(
        "check {check} has no run {run}; `GET /v1/checks/{check}/runs` lists them"
    ))
    .into()
}
