//! Disabling a sync setting and enabling it again.

use assay::ids::SettingId;
use assay::operations::{retiring, settings};
use assay::sqs::ChecksRequest;
use assay::sync_setting::{Disabled, Retirement, SyncSetting};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::input::DisableInput;
use super::view::{CommentedView, DisablingView, SettingView};
use super::{listen, passed, require};
use crate::Api;
use crate::caller::{Admin, Caller, Operator, Reader};
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Disables a setting: its tickets are kept as they are, or deleted in the background. `GET` on the same path shows how far
/// that has come, and `…/commented` on which issues people commented.
#[utoipa::path(post, path = "/v1/sync-settings/{id}/disable", tag = "sync settings", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = DisableInput, responses((status = 202, body = SettingView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn disable(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
    Body(input): Body<DisableInput>,
) -> Result<Response, Problem> {
    let setting = require(&api, &caller, &id).await?;
    let disabled = carry_out(&api, &caller, setting, &input).await?;
    Ok((StatusCode::ACCEPTED, Json(SettingView::of(disabled))).into_response())
}

/// Disables a setting, if whoever asks knows how many issues that deletes.
pub(in crate::routes) async fn carry_out(
    api: &Api,
    caller: &Caller,
    mut setting: SyncSetting,
    input: &DisableInput,
) -> Result<SyncSetting, Problem> {
    if input.tickets != Retirement::Keep {
        let tickets = retiring::progress(&api.connector.jira, &setting).await?.tickets;
        if input.confirm_tickets != Some(tickets) {
            let list =
                if setting.configuration.is_none() { "sync-settings" } else { "project-configurations" };
            let id = &setting.id;
            let message = format!(
                "this deletes issues in Jira and cannot be undone: the setting has {tickets} tickets; send that number as \
                 confirm_tickets to go on, after a look at `GET /v1/{list}/{id}/commented`"
            );
            return Err(Problem::invalid("confirm_tickets", message));
        }
    }
    let (by, at) = (caller.token.to_string(), api.core.clock.now());
    setting.disable(Disabled { tickets: input.tickets, by, at });
    api.core.store.save_setting(&mut setting).await?;
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant.clone() }, None).await?;
    listen(api, &setting).await;
    Ok(setting)
}

/// Shows how many tickets a setting has, and how far disabling it has come.
#[utoipa::path(get, path = "/v1/sync-settings/{id}/disable", tag = "sync settings", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = DisablingView), (status = 404, body = Problem)))]
pub async fn progress(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<DisablingView>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    Ok(Json(shown_progress(&api, setting).await?))
}

/// How far disabling a setting has come.
pub(in crate::routes) async fn shown_progress(
    api: &Api,
    setting: SyncSetting,
) -> Result<DisablingView, Problem> {
    let progress = retiring::progress(&api.connector.jira, &setting).await?;
    Ok(DisablingView::of(progress, setting.unfinished))
}

/// Lists the tickets of a setting whose issues people commented on, read from Jira now, a hundred tickets a page.
#[utoipa::path(get, path = "/v1/sync-settings/{id}/commented", tag = "sync settings", security(("token" = ["operator"])), params(("id" = String, Path), PageQuery), responses((status = 200, body = List<CommentedView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn commented(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<CommentedView>>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    Ok(Json(commented_page(&api, &caller, &setting, page).await?))
}

/// A page of the tickets of a setting whose issues people commented on.
pub(in crate::routes) async fn commented_page(
    api: &Api,
    caller: &Caller,
    setting: &SyncSetting,
    page: PageQuery,
) -> Result<List<CommentedView>, Problem> {
    let asked = page.of(&caller.tenant, &["commented", setting.id.as_str()])?;
    let found = retiring::commented(&api.connector.jira, setting, asked.after.as_deref()).await?;
    let view = |it: retiring::Commented| CommentedView {
        ticket: it.ticket.id.to_string(),
        issue_key: it.ticket.state.issue().map(|issue| issue.key.clone()),
        title: it.ticket.content.title.clone(),
        comments: it.comments,
    };
    Ok(List::of(&asked, found, view))
}

/// Enables a setting again, after Jira has been asked whether tickets can be made as it says. The tickets that were kept are
/// adopted, none is made twice.
#[utoipa::path(post, path = "/v1/sync-settings/{id}/enable", tag = "sync settings", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 200, body = SettingView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn enable(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<SettingId>,
) -> Result<Json<SettingView>, Problem> {
    let setting = require(&api, &caller, &id).await?;
    Ok(Json(SettingView::of(enable_again(&api, &caller, setting).await?)))
}

/// Enables a setting, unless anything stands against it.
pub(in crate::routes) async fn enable_again(
    api: &Api,
    caller: &Caller,
    mut setting: SyncSetting,
) -> Result<SyncSetting, Problem> {
    let (jira, choice) = (&api.connector.jira, settings::Choice::of(&setting));
    passed(settings::try_out(jira, &caller.tenant, &setting.connection, &choice, None).await?)?;
    setting.enable(api.core.clock.now());
    api.core.store.save_setting(&mut setting).await?;
    api.checks.send(&ChecksRequest::Plan { tenant: caller.tenant.clone() }, None).await?;
    listen(api, &setting).await;
    Ok(setting)
}
