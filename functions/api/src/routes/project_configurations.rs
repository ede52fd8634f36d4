//! Project configurations: which findings become tickets of which project, and what their fields say.

mod input;
mod saving;
mod switching;
mod view;
mod wizard;

use assay::ids::SettingId;
use assay::notification;
use assay::sqs::ChecksRequest;
use assay::sync_setting::SyncSetting;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::view::ConfigurationView;
use super::Routes;
use super::sync_settings::listen;
use crate::Api;
use crate::caller::{Admin, Caller, Reader};
use crate::input::Path;
use crate::page::List;
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, saving::create))
        .routes(routes!(wizard::fields))
        .routes(routes!(wizard::preflight))
        .routes(routes!(wizard::dry_run))
        .routes(routes!(show, saving::change, remove))
        .routes(routes!(switching::recheck))
        .routes(routes!(switching::disable, switching::progress))
        .routes(routes!(switching::commented))
        .routes(routes!(switching::enable))
}

/// Lists the project configurations in the order in which they are asked for findings.
#[utoipa::path(get, path = "/v1/project-configurations", tag = "project configurations", security(("token" = ["auditor"])), responses((status = 200, body = List<ConfigurationView>)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
) -> Result<Json<List<ConfigurationView>>, Problem> {
    let found = configurations(&api, &caller).await?;
    Ok(Json(List::whole(found.into_iter().filter_map(ConfigurationView::of).collect())))
}

/// Shows one project configuration.
#[utoipa::path(get, path = "/v1/project-configurations/{id}", tag = "project configurations", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = ConfigurationView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<ConfigurationView>, Problem> {
    shown(require(&api, &caller, &id).await?)
}

/// Deletes a project configuration. Nothing is deleted in Jira: tickets of findings that another configuration is for are
/// followed by that one, all others stay as they are and are not written any more.
#[utoipa::path(delete, path = "/v1/project-configurations/{id}", tag = "project configurations", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn remove(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<StatusCode, Problem> {
    let setting = require(&api, &caller, &id).await?;
    api.core.store.delete_setting(&caller.tenant, &id).await?;
    let (kind, subject) = notification::of_quarantine(&setting);
    api.core.store.recovered(&caller.tenant, kind, &subject, api.core.clock.now()).await?;
    follow(&api, &caller, &setting).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has all tickets planned anew, and the connection's webhook brought to what it should tell of now.
async fn follow(api: &Api, caller: &Caller, setting: &SyncSetting) -> Result<(), Problem> {
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant.clone() }, None).await?;
    listen(api, setting).await;
    Ok(())
}

/// The tenant's configurations, in the order in which they are asked for findings.
async fn configurations(api: &Api, caller: &Caller) -> Result<Vec<SyncSetting>, Problem> {
    let mut found = api.core.store.settings(&caller.tenant).await?;
    found.retain(|setting| setting.configuration.is_some());
    found.sort_by_key(|it| (it.configuration.as_ref().map(|it| it.position), it.id.clone()));
    Ok(found)
}

async fn require(api: &Api, caller: &Caller, id: &SettingId) -> Result<SyncSetting, Problem> {
    let found = api.core.store.setting(&caller.tenant, id).await?;
    found.filter(|setting| setting.configuration.is_some()).ok_or_else(|| missing(id))
}

fn missing(id: &SettingId) -> Problem {
    let message =
        format!("there is no project configuration {id}; `GET /v1/project-configurations` lists them");
    assay::Error::not_found(message).into()
}

fn shown(setting: SyncSetting) -> Result<Json<ConfigurationView>, Problem> {
    let id = setting.id.clone();
    ConfigurationView::of(setting).map(Json).ok_or_else(|| missing(&id))
}
