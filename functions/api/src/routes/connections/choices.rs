//! What a sync setting may be made of: projects, issue types, statuses, epics, labels and assignees, read from Jira now.

use assay::connection::Project;
use assay::ids::{AccountId, ConnectionId, IssueTypeId, ProjectId};
use assay::jira::choices::EpicChoice;
use assay::jira::metadata::IssueType;
use assay::jira::workflow::StatusChoice;
use assay::operations::choosing::{Choosing, Refusal};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Api;
use crate::caller::{Caller, Operator};
use crate::input::{Path, Query};
use crate::page::{Asked, List, PageQuery};
use crate::problem::Problem;
use crate::routes::Routes;

/// The longest text to look for, in characters.
const LONGEST_QUERY: usize = 100;

/// Which projects are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectQuery {
    /// Only projects whose key or name contains this.
    query: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which epics are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EpicQuery {
    /// Only epics whose titles have words that begin with those of this text.
    query: Option<String>,
}

/// Which labels are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LabelQuery {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which statuses are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatusQuery {
    /// Whether statuses of all categories are listed, not only done ones.
    #[serde(default)]
    all: bool,
}

/// Who is asked about.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssigneeQuery {
    /// An Atlassian account id.
    account: AccountId,
}

/// A type of issue to choose.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IssueTypeChoice {
    /// Its identifier.
    id: String,
    /// Its name, in the language of the connection's account.
    name: String,
    /// Whether its issues exist only below another one.
    subtask: bool,
    /// 1 for epics, 0 for ordinary types, -1 for sub-tasks; more above.
    level: i32,
}

/// Whether somebody can be assigned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Assignable {
    /// Whether issues of the project can be assigned to the account; if not, tickets stay unassigned and say so.
    assignable: bool,
}

impl IssueTypeChoice {
    fn of(kind: IssueType) -> Self {
        Self { id: kind.id.to_string(), name: kind.name, subtask: kind.subtask, level: kind.hierarchy_level }
    }
}

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(projects))
        .routes(routes!(issue_types))
        .routes(routes!(done_statuses))
        .routes(routes!(epics))
        .routes(routes!(labels))
        .routes(routes!(assignable))
}

/// Lists the projects in which the connection's account may create issues.
#[utoipa::path(get, path = "/v1/connections/{id}/projects", tag = "connections", security(("token" = ["operator"])), params(("id" = String, Path), ProjectQuery), responses((status = 200, body = List<Project>), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn projects(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<ConnectionId>,
    Query(query): Query<ProjectQuery>,
) -> Result<Json<List<Project>>, Problem> {
    let text = words(query.query)?;
    let list = ["projects", id.as_str(), text.as_deref().unwrap_or_default()];
    let asked = PageQuery { cursor: query.cursor, limit: None }.of(&caller.tenant, &list)?;
    let start = start(&asked)?;
    let choosing = begin(&api, &caller, &id).await?;
    let found = choosing.client.projects_to_create_in(text.as_deref(), start).await;
    let (items, next) = choosing.end("query", found.map_err(Refusal::from)).await?;
    Ok(Json(List { items, next_cursor: asked.cursor(next.map(|next| next.to_string())) }))
}

/// Lists the types of issue that the connection's account can create in a project, which is named by its key or id.
#[utoipa::path(get, path = "/v1/connections/{id}/projects/{project}/issue-types", tag = "connections", security(("token" = ["operator"])), params(("id" = String, Path), ("project" = String, Path)), responses((status = 200, body = List<IssueTypeChoice>), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn issue_types(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path((id, project)): Path<(ConnectionId, ProjectId)>,
) -> Result<Json<List<IssueTypeChoice>>, Problem> {
    let choosing = begin(&api, &caller, &id).await?;
    let found = choosing.issue_types(&project).await;
    let types = choosing.end("project", found).await?;
    Ok(Json(List::whole(types.into_iter().map(IssueTypeChoice::of).collect())))
}

/// Lists the done statuses that issues of a type can have in a project, or all of them.
#[utoipa::path(get, path = "/v1/connections/{id}/projects/{project}/issue-types/{type}/statuses", tag = "connections", security(("token" = ["operator"])), params(("id" = String, Path), ("project" = String, Path), ("type" = String, Path), StatusQuery), responses((status = 200, body = List<StatusChoice>), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn done_statuses(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path((id, project, issue_type)): Path<(ConnectionId, ProjectId, IssueTypeId)>,
    Query(query): Query<StatusQuery>,
) -> Result<Json<List<StatusChoice>>, Problem> {
    let choosing = begin(&api, &caller, &id).await?;
    let found = async {
        let project = choosing.project(&project).await?;
        let mut statuses = choosing.client.statuses(&project.id, &issue_type).await?;
        statuses.retain(|status| query.all || status.category == "done");
        if statuses.is_empty() {
            let message = format!(
                "project {} has no issue type {issue_type} with such a status; `GET \
                 /v1/connections/{id}/projects/{}/issue-types` lists its types",
                project.key, project.key
            );
            return Err(Refusal::Missing("issue_type", message));
        }
        Ok(statuses)
    };
    let found = found.await;
    Ok(Json(List::whole(choosing.end("project", found).await?)))
}

/// Lists the newest fifty epics of a project.
#[utoipa::path(get, path = "/v1/connections/{id}/projects/{project}/epics", tag = "connections", security(("token" = ["operator"])), params(("id" = String, Path), ("project" = String, Path), EpicQuery), responses((status = 200, body = List<EpicChoice>), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn epics(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path((id, project)): Path<(ConnectionId, ProjectId)>,
    Query(query): Query<EpicQuery>,
) -> Result<Json<List<EpicChoice>>, Problem> {
    let text = words(query.query)?;
    let choosing = begin(&api, &caller, &id).await?;
    let found = async {
        let project = choosing.project(&project).await?;
        Ok(choosing.client.epics(&project.id, text.as_deref()).await?)
    };
    let found = found.await;
    Ok(Json(List::whole(choosing.end("project", found).await?)))
}

/// Lists the site's labels.
#[utoipa::path(get, path = "/v1/connections/{id}/labels", tag = "connections", security(("token" = ["operator"])), params(("id" = String, Path), LabelQuery), responses((status = 200, body = List<String>), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn labels(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<ConnectionId>,
    Query(query): Query<LabelQuery>,
) -> Result<Json<List<String>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: None };
    let asked = page.of(&caller.tenant, &["labels", id.as_str()])?;
    let start = start(&asked)?;
    let choosing = begin(&api, &caller, &id).await?;
    let found = choosing.client.labels(start).await;
    let (items, next) = choosing.end("connection", found.map_err(Refusal::from)).await?;
    Ok(Json(List { items, next_cursor: asked.cursor(next.map(|next| next.to_string())) }))
}

/// Whether issues of a project can be assigned to an account.
#[utoipa::path(get, path = "/v1/connections/{id}/projects/{project}/assignable", tag = "connections", security(("token" = ["operator"])), params(("id" = String, Path), ("project" = String, Path), AssigneeQuery), responses((status = 200, body = Assignable), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn assignable(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path((id, project)): Path<(ConnectionId, ProjectId)>,
    Query(query): Query<AssigneeQuery>,
) -> Result<Json<Assignable>, Problem> {
    let choosing = begin(&api, &caller, &id).await?;
    let found = async {
        let project = choosing.project(&project).await?;
        Ok(choosing.client.is_assignable(&project.id, &query.account).await?)
    };
    let found = found.await;
    Ok(Json(Assignable { assignable: choosing.end("account", found).await? }))
}

async fn begin(api: &Api, caller: &Caller, id: &ConnectionId) -> Result<Choosing, Problem> {
    Ok(Choosing::begin(&api.connector.jira, &caller.tenant, id).await?)
}

/// The text to look for; none if it is blank.
fn words(query: Option<String>) -> Result<Option<String>, Problem> {
    let Some(query) = query else { return Ok(None) };
    if query.chars().count() > LONGEST_QUERY || query.chars().any(char::is_control) {
        let message = format!("query must be at most {LONGEST_QUERY} characters in one line");
        return Err(Problem::invalid("query", message));
    }
    let query = query.trim();
    Ok((!query.is_empty()).then(|| query.to_owned()))
}

/// Where a page starts.
fn start(asked: &Asked) -> Result<usize, Problem> {
    let start = asked.after.as_deref().map_or(Ok(0), str::parse);
    start.map_err(|_| {
        Problem::invalid("cursor", "the cursor is not one that this list gave; leave it out to begin anew")
    })
}
