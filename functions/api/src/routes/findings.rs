//! Findings: what scanners found, in reports that come in here, and what people say of it.

mod accepting;
mod input;
mod policy;
mod sources;
mod uploading;
mod view;

use assay::dynamodb::Counts;
use assay::finding::Severity;
use assay::finding::tally::{Standing, Tally, is_overdue};
use assay::ids::TaskId;
use assay::operations::findings::{Findings, Reported, Taken};
use assay::operations::planning::Planner;
use assay::task::Task;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::input::ReceivedBody;
use self::view::FindingView;
use super::Routes;
use crate::Api;
use crate::caller::{Operator, Reader};
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// How many findings are counted on the spot; of more, the counts of the last evaluation are given.
const COUNTED_ON_THE_SPOT: u64 = 5000;

/// Of how many assets it is told on the spot whether they fell silent; of more, the doubts of the last evaluation are given.
const ASSETS_ON_THE_SPOT: usize = 3000;

/// How many findings one call to the table reads while they are counted.
const COUNTED_TOGETHER: usize = 200;

/// Which findings are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindingQuery {
    /// Only those of this source.
    source: Option<String>,
    /// Only those of this severity.
    severity: Option<Severity>,
    /// Only those that are `open`, `accepted` (their risk is, for a time), `completed` (a person says so) or `resolved`
    /// (absent from a full report).
    state: Option<Standing>,
    /// Only those in this asset.
    asset: Option<String>,
    /// Only those that are open past their due date, or, with `false`, all others.
    overdue: Option<bool>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Counts of findings.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Summary {
    /// The counts.
    #[serde(flatten)]
    counts: Tally,
    /// How many are open past their due date.
    overdue: u64,
    /// How they were counted: `now`, one by one, where there are at most 5,000; else at the `last_evaluation` of check B9.
    counted: String,
    /// When.
    #[schema(value_type = String)]
    counted_at: Timestamp,
    /// Why what was reported cannot be relied on: sources and assets that fell silent, and reports that were not whole. Those
    /// of the last evaluation where there are more than 3,000 assets or 5,000 findings.
    doubts: Vec<String>,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, receive))
        .routes(routes!(uploading::upload))
        .routes(routes!(policy::show_policy, policy::change_policy))
        .routes(routes!(summary))
        .routes(routes!(sources::list_sources, sources::forget_source))
        .routes(routes!(show))
        .routes(routes!(accepting::accept, accepting::withdraw))
}

fn findings(api: &Api) -> Findings {
    let planner = Planner { core: api.core.clone(), sync: api.sync.clone() };
    Findings { planner, deadline: api.connector.jira.deadline.at() }
}

/// Takes in what a scanner found, at most 500 findings at once: those that are new are opened, those that are known are
/// brought up to date. A finding is known by its source and fingerprint. Findings that break a rule are told by their place;
/// all others are taken. Sending the same again changes nothing.
///
/// A report of many batches gives each the same `report.id` and its number, `report.batch`; the last has `report.batches`,
/// and comes when all others were answered. If one is missing, the last is refused with 409 and changes nothing. Once the
/// last of a full report (`report.full`) is there, all findings of its source, or of its `report.asset`, that are in no
/// report since it began are resolved; of many, the rest in the background. A report of which a finding was refused
/// resolves nothing. One that has ended takes the same batches again and no other (409), and one that began more than seven
/// days ago none: each run of the scanner has a `report.id` of its own.
#[utoipa::path(post, path = "/v1/findings", tag = "findings", security(("token" = ["operator"])), request_body = ReceivedBody, responses((status = 200, body = Taken), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn receive(
    Operator(caller): Operator,
    State(api): State<Api>,
    Body(body): Body<ReceivedBody>,
) -> Result<Json<Taken>, Problem> {
    let taken = findings(&api).receive(&caller.tenant, body.received()?).await?;
    let (created, updated, reopened) = (taken.created, taken.updated, taken.reopened);
    tracing::info!(
        tenant = %caller.tenant, token = %caller.token, created, updated, reopened,
        resolved = taken.resolved, rejected = taken.rejected, "findings were taken in"
    );
    Ok(Json(taken))
}

/// Lists the findings.
#[utoipa::path(get, path = "/v1/findings", tag = "findings", security(("token" = ["auditor"])), params(FindingQuery), responses((status = 200, body = List<FindingView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<FindingQuery>,
) -> Result<Json<List<FindingView>>, Problem> {
    let store = &api.core.store;
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let source = query.source.as_deref();
    let severity = query.severity.map_or("", Severity::word);
    let state = query.state.map_or("", Standing::word);
    let overdue = query.overdue.map_or("", |overdue| if overdue { "true" } else { "false" });
    let asset = query.asset.as_deref();
    let named = ["findings", source.unwrap_or_default(), severity, state, asset.unwrap_or_default(), overdue];
    let asked = page.of(&caller.tenant, &named)?;
    let (policy, now) = (store.finding_policy(&caller.tenant).await?, api.core.clock.now());
    let wanted = |task: &Task| {
        let Some(finding) = task.finding.as_deref() else { return false };
        query.severity.is_none_or(|severity| severity == finding.severity)
            && query.state.is_none_or(|state| state == Standing::of(task))
            && asset.is_none_or(|asset| asset == finding.asset)
            && query.overdue.is_none_or(|overdue| overdue == is_overdue(task, finding, &policy, now))
    };
    let after = asked.after.as_deref();
    let stored = store.list_findings(&caller.tenant, source, wanted, after, asked.limit).await?;
    let items = view::with_tickets(&api, &caller, stored.items, &policy).await?;
    Ok(Json(List { items, next_cursor: asked.cursor(stored.next) }))
}

/// Counts the findings: by how they stand, by severity, those that are overdue, those that have a ticket.
#[utoipa::path(get, path = "/v1/findings/summary", tag = "findings", security(("token" = ["auditor"])), responses((status = 200, body = Summary)))]
async fn summary(Reader(caller): Reader, State(api): State<Api>) -> Result<Json<Summary>, Problem> {
    let (store, now) = (&api.core.store, api.core.clock.now());
    let policy = store.finding_policy(&caller.tenant).await?;
    let reported = Reported::read(store, &caller.tenant, &policy, now, ASSETS_ON_THE_SPOT).await?;
    let is_cut = reported.as_ref().is_some_and(|reported| reported.is_cut);
    let doubts = reported.map_or_else(Vec::new, |reported| reported.doubts.words());
    let last = store.finding_counts(&caller.tenant).await?;
    let told = |last: Counts| Summary::of(last.tally, "last_evaluation", last.counted_at, last.doubts);
    // What is too much to be counted at each look was counted by check B9.
    let last = match last {
        Some(last) if is_cut || last.tally.total > COUNTED_ON_THE_SPOT => return Ok(Json(told(last))),
        last => last,
    };
    let (mut counts, mut cursor) = (Tally::default(), None);
    loop {
        let after = cursor.as_deref();
        let page = store.list_findings(&caller.tenant, None, |_| true, after, COUNTED_TOGETHER).await?;
        for task in &page.items {
            counts.add(task, &policy, now);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(Json(Summary::of(counts, "now", now, doubts)));
        }
        if let (true, Some(last)) = (counts.total > COUNTED_ON_THE_SPOT, &last) {
            return Ok(Json(told(last.clone())));
        }
    }
}

impl Summary {
    fn of(counts: Tally, counted: &str, counted_at: Timestamp, doubts: Vec<String>) -> Self {
        Self { overdue: counts.overdue(), counts, counted: counted.to_owned(), counted_at, doubts }
    }
}

/// Shows one finding.
#[utoipa::path(get, path = "/v1/findings/{id}", tag = "findings", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = FindingView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<TaskId>,
) -> Result<Json<FindingView>, Problem> {
    let stored = api.core.store.task(&caller.tenant, &id).await?;
    let stored = stored.filter(|task| task.finding.is_some()).ok_or_else(|| missing(&id))?;
    view::one(&api, &caller, stored).await
}

fn missing(id: &TaskId) -> Problem {
    assay::Error::not_found(format!("there is no finding {id}; `GET /v1/findings` lists them")).into()
}
