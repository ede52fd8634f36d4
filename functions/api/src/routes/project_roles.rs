//! Project roles: who may do what in a project.

use assay::directory::ProjectRole;
use assay::ids::{AccountId, ConnectionId, ProjectId};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::accounts::{require_account, require_connection};
use crate::Api;
use crate::caller::Reader;
use crate::input::Query;
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Which roles are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectRoleQuery {
    /// The connection whose projects they are of.
    #[param(value_type = String)]
    connection: ConnectionId,
    /// Only the roles that this account holds itself, not by a group.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
    /// Only the roles of this project: Jira's identifier of it.
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// A role of a project.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProjectRoleView {
    /// The project: Jira's identifier of it.
    project: String,
    /// The project's key now.
    project_key: String,
    /// The role: Jira's identifier of it, the same in all projects.
    role: String,
    /// Its name now.
    name: String,
    /// How many accounts hold it themselves.
    holders: u64,
    /// The groups that hold it.
    groups: Vec<String>,
    /// Whether its holders administer the project, as its name tells.
    privileged: bool,
    /// Since when Jira does not list it any more.
    #[schema(value_type = Option<String>)]
    removed_at: Option<Timestamp>,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
}

/// Lists the roles of the projects of a connection, by project.
#[utoipa::path(get, operation_id = "list_project_roles", path = "/v1/project-roles", tag = "groups", security(("token" = ["auditor"])), params(ProjectRoleQuery), responses((status = 200, body = List<ProjectRoleView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<ProjectRoleQuery>,
) -> Result<Json<List<ProjectRoleView>>, Problem> {
    let connection = query.connection;
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let holder = query.account.as_ref().map_or("", AccountId::as_str);
    let project = query.project.as_ref().map_or("", ProjectId::as_str);
    let asked = page.of(&caller.tenant, &["project roles", connection.as_str(), holder, project])?;
    require_connection(&api, &caller, &connection).await?;
    let store = &api.core.store;
    let roles = match (&query.account, &query.project) {
        (Some(account), _) => {
            let account = require_account(&api, &caller, &connection, account).await?;
            Some(store.project_roles_held(&caller.tenant, &connection, &account.roles).await?)
        }
        (None, Some(project)) => Some(store.project_roles_of(&caller.tenant, &connection, project).await?),
        (None, None) => None,
    };
    if let Some(mut roles) = roles {
        roles.retain(|role| query.project.as_ref().is_none_or(|project| role.project == *project));
        return Ok(Json(List::whole(roles.into_iter().map(ProjectRoleView::of).collect())));
    }
    let stored =
        store.project_roles(&caller.tenant, &connection, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, ProjectRoleView::of)))
}

impl ProjectRoleView {
    fn of(role: ProjectRole) -> Self {
        Self {
            privileged: role.is_privileged(),
            project: role.project.to_string(),
            project_key: role.project_key,
            role: role.role.to_string(),
            name: role.name,
            holders: role.holders,
            groups: role.groups.iter().map(ToString::to_string).collect(),
            removed_at: role.removed_at,
        }
    }
}
