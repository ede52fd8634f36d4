//! Disabling a project configuration, enabling it again, and its quarantine.

use assay::ids::SettingId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::view::ConfigurationView;
use super::{require, shown};
use crate::Api;
use crate::caller::{Admin, Operator, Reader};
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;
use crate::routes::sync_settings::disabling;
use crate::routes::sync_settings::input::DisableInput;
use crate::routes::sync_settings::preflight::look_again;
use crate::routes::sync_settings::view::{CommentedView, DisablingView};

/// Asks Jira again about a quarantined configuration; if nothing stands against it any more, its tickets go on soon.
#[utoipa::path(post, path = "/v1/project-configurations/{id}/recheck", tag = "project configurations", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 200, body = ConfigurationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn recheck(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<ConfigurationView>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    look_again(&api, &caller, &setting).await?;
    shown(require(&api, &caller, &id).await?)
}

/// Disables a configuration: its tickets are kept as they are, or deleted in the background. `GET` on the same path shows how
/// far that has come, and `…/commented` on which issues people commented.
#[utoipa::path(post, path = "/v1/project-configurations/{id}/disable", tag = "project configurations", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = DisableInput, responses((status = 202, body = ConfigurationView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn disable(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
    Body(input): Body<DisableInput>,
) -> Result<Response, Problem> {
    let setting = require(&api, &caller, &id).await?;
    let disabled = disabling::carry_out(&api, &caller, setting, &input).await?;
    Ok((StatusCode::ACCEPTED, shown(disabled)?).into_response())
}

/// Shows how many tickets a configuration has, and how far disabling it has come.
#[utoipa::path(get, path = "/v1/project-configurations/{id}/disable", tag = "project configurations", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = DisablingView), (status = 404, body = Problem)))]
pub async fn progress(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<DisablingView>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    Ok(Json(disabling::shown_progress(&api, setting).await?))
}

/// Lists the tickets of a configuration whose issues people commented on, read from Jira now, a hundred tickets a page.
#[utoipa::path(get, path = "/v1/project-configurations/{id}/commented", tag = "project configurations", security(("token" = ["operator"])), params(("id" = String, Path), PageQuery), responses((status = 200, body = List<CommentedView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn commented(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<CommentedView>>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    Ok(Json(disabling::commented_page(&api, &caller, &setting, page).await?))
}

/// Enables a configuration again, after Jira has been asked whether tickets can be made as it says. The tickets that were
/// kept are adopted, none is made twice.
#[utoipa::path(post, path = "/v1/project-configurations/{id}/enable", tag = "project configurations", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 200, body = ConfigurationView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn enable(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<ConfigurationView>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    shown(disabling::enable_again(&api, &caller, setting).await?)
}
