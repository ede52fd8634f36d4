//! Remediations: the pull requests that fix findings.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay::clock::after;
use assay::ids::{TaskId, TenantId, TicketId};
use assay::operations::pulls::{News, Pulls, address};
use assay::pull::{Forge, LONGEST_TITLE, Links, Pull, PullId, PullState, Remediation};
use assay::ticket::content::one_line;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::{Operator, Reader};
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// How many findings, and how many tickets, one request may name.
const MOST: usize = 100;

/// How far ahead another clock may be, in seconds.
const CLOCKS_DIFFER: i64 = 300;

/// How a pull request stands, and what it is about.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemediationInput {
    /// Its https address, for people, by which it is known; what stands behind `?` and `#` does not count.
    url: String,
    /// Its title.
    title: Option<String>,
    /// Where it stands.
    state: PullState,
    /// Since when; now if not given. What is older than what is known changes nothing.
    #[schema(value_type = Option<String>)]
    changed_at: Option<Timestamp>,
    /// The findings that it fixes, by id, at most 100.
    #[serde(default)]
    findings: Vec<String>,
    /// The tickets all of whose findings it fixes, by id, at most 100.
    #[serde(default)]
    tickets: Vec<String>,
}

/// One pull request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RemediationView {
    /// Its identifier, fixed by its address.
    id: String,
    /// Its address.
    url: String,
    /// Its title.
    title: String,
    /// The repository at GitHub; null for other forges.
    repository: Option<String>,
    /// Its number there.
    number: Option<u64>,
    /// Its branch, where that is known.
    branch: Option<String>,
    /// Where it stands.
    state: PullState,
    /// Since when.
    #[schema(value_type = String)]
    changed_at: Timestamp,
    /// The tickets that it is about, with all their findings.
    tickets: Vec<String>,
    /// The findings that it is about.
    findings: Vec<String>,
    /// The pull request that it takes back.
    reverts: Option<String>,
    /// When it was first heard of.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When anything about it last changed.
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

impl RemediationView {
    fn of(record: Remediation) -> Self {
        let is_on_github = record.pull.is_on_github();
        Self {
            id: record.id.to_string(),
            url: record.pull.url,
            title: record.pull.title,
            repository: is_on_github.then_some(record.pull.repository),
            number: is_on_github.then_some(record.pull.number),
            branch: Some(record.branch).filter(|branch| !branch.is_empty()),
            state: record.pull.state,
            changed_at: record.pull.changed_at,
            tickets: record.tickets.iter().map(ToString::to_string).collect(),
            findings: record.findings.iter().map(ToString::to_string).collect(),
            reverts: record.reverts.map(|id| id.to_string()),
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, say)).routes(routes!(show))
}

/// Lists the pull requests that are about findings.
#[utoipa::path(get, path = "/v1/remediations", tag = "remediations", security(("token" = ["auditor"])), params(PageQuery), responses((status = 200, body = List<RemediationView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<RemediationView>>, Problem> {
    let asked = page.of(&caller.tenant, &["remediations"])?;
    let stored =
        api.core.store.list_remediations(&caller.tenant, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, RemediationView::of)))
}

/// Shows one pull request.
#[utoipa::path(get, path = "/v1/remediations/{id}", tag = "remediations", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = RemediationView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<RemediationView>, Problem> {
    let none = || assay::Error::not_found(format!("there is no remediation {}", one_line(&id, 80)));
    let parsed = PullId::parse(&id).map_err(|_| none())?;
    let record = api.core.store.remediation(&caller.tenant, &parsed).await?.ok_or_else(none)?;
    Ok(Json(RemediationView::of(record)))
}

/// Says how a pull request stands, and which findings it fixes: for GitLab, Bitbucket and other forges, and for pull requests
/// of GitHub that name neither ticket nor finding. To be said again whenever its state changes; it is known by its address.
///
/// A remote link and a comment in the issue follow, and on a merge or its being taken back what the project configuration
/// says. No call is made to forges other than GitHub.
#[utoipa::path(post, path = "/v1/remediations", tag = "remediations", security(("token" = ["operator"])), request_body = RemediationInput, responses((status = 200, body = RemediationView), (status = 201, body = RemediationView), (status = 422, body = Problem)))]
async fn say(
    Operator(caller): Operator,
    State(api): State<Api>,
    Body(input): Body<RemediationInput>,
) -> Result<Response, Problem> {
    let (store, now, tenant) = (&api.core.store, api.core.clock.now(), &caller.tenant);
    let forge = store.forge(tenant).await?;
    let address = address(&input.url, forge.as_ref().map(server).as_deref())?;
    let changed_at = input.changed_at.unwrap_or(now);
    if changed_at > after(now, CLOCKS_DIFFER) {
        return Err(Problem::invalid("changed_at", "changed_at must not lie in the future"));
    }
    let links = links(&api, tenant, &input).await?;
    let known = store.remediation(tenant, &PullId::of(&address.url)).await?;
    if links.is_empty() && known.is_none() {
        let message = "name at least one finding or ticket; this pull request was not heard of before";
        return Err(Problem::invalid("findings", message));
    }
    let title = match (&input.title, &known) {
        (Some(title), _) => one_line(title, LONGEST_TITLE),
        (None, Some(known)) => known.pull.title.clone(),
        (None, None) => String::new(),
    };
    let pull = Pull {
        url: address.url,
        title,
        repository: address.repository,
        number: address.number,
        state: input.state,
        changed_at,
        opened_at: None,
    };
    let news =
        News { pull, branch: String::new(), keys: BTreeSet::new(), links, reverts: None, asked_at: None };
    let pulls = Pulls { core: api.core.clone(), sync: Arc::clone(&api.sync) };
    let noted = Box::pin(pulls.take(tenant, &news)).await?;
    let noted =
        noted.ok_or_else(|| assay::Error::conflict("what it is about was changed meanwhile; try again"))?;
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(RemediationView::of(noted))).into_response())
}

/// The name of the server at which a tenant's GitHub shows pull requests to people.
fn server(forge: &Forge) -> String {
    let own = forge.api_url.as_deref().and_then(|url| url.split("://").nth(1));
    own.map_or("github.com", |rest| rest.split('/').next().unwrap_or_default()).to_owned()
}

/// What is named, all of which must be there.
async fn links(api: &Api, tenant: &TenantId, input: &RemediationInput) -> Result<Links, Problem> {
    for (field, count) in [("findings", input.findings.len()), ("tickets", input.tickets.len())] {
        if count > MOST {
            return Err(Problem::invalid(field, format!("at most {MOST} may be named in one request")));
        }
    }
    let none = |field: &str, place: usize, what: &str| {
        Problem::invalid(format!("{field}[{place}]"), format!("there is no {what} with this id"))
    };
    let mut links = Links::default();
    for (place, id) in input.findings.iter().enumerate() {
        links.findings.insert(TaskId::parse(id).map_err(|_| none("findings", place, "finding"))?);
    }
    for (place, id) in input.tickets.iter().enumerate() {
        links.tickets.insert(TicketId::parse(id).map_err(|_| none("tickets", place, "ticket"))?);
    }
    let ids: Vec<TaskId> = links.findings.iter().cloned().collect();
    let found = api.core.store.tasks_by_id(tenant, &ids).await?;
    let is_there = |id: &str| found.iter().any(|task| task.id.as_str() == id && task.finding.is_some());
    if let Some(place) = input.findings.iter().position(|id| !is_there(id)) {
        return Err(none("findings", place, "finding"));
    }
    let ids: Vec<TicketId> = links.tickets.iter().cloned().collect();
    let found = api.core.store.tickets(tenant, &ids).await?;
    if let Some(place) = input.tickets.iter().position(|id| !found.iter().any(|it| it.id.as_str() == id)) {
        return Err(none("tickets", place, "ticket"));
    }
    Ok(links)
}
