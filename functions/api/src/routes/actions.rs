//! Actions: what people have Assay change in Jira, each with its dry run, its approval, its trace and its result as it was
//! read back.

mod input;
mod view;

use assay::action::State as ActionState;
use assay::dynamodb::ActionFilter;
use assay::ids::{ActionId, CampaignId};
use assay::operations::acting::Actor;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use input::ActionInput;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use view::ActionView;

use super::Routes;
use crate::Api;
use crate::caller::{Operator, Reader};
use crate::idempotency::Seed;
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(show))
        .routes(routes!(approve))
        .routes(routes!(decline))
        .routes(routes!(undo))
}

fn actor(api: &Api) -> Actor {
    Actor::over_jira(api.connector.jira.clone(), api.usage.clone())
}

/// Which actions are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActionQuery {
    /// Only actions in this state: `planned`, `awaiting_approval`, `approved`, `running`, `done`, `failed`, `refused` or
    /// `undone`.
    state: Option<ActionState>,
    /// Only actions of this campaign.
    #[param(value_type = Option<String>)]
    campaign: Option<CampaignId>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Lists the actions.
#[utoipa::path(get, path = "/v1/actions", tag = "actions", security(("token" = ["auditor"])), params(ActionQuery), responses((status = 200, body = List<ActionView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<ActionQuery>,
) -> Result<Json<List<ActionView>>, Problem> {
    let (state, campaign) =
        (query.state.map_or("", ActionState::word), query.campaign.as_ref().map_or("", CampaignId::as_str));
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let asked = page.of(&caller.tenant, &["actions", state, campaign])?;
    let filter = ActionFilter { state: query.state, campaign: query.campaign };
    let stored = api.core.store.actions(&caller.tenant, &filter, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, ActionView::of)))
}

/// Asks for an action: a change of access, an account's removal or deactivation, an issue's creation or deletion. It begins
/// with a dry run; what is dangerous waits for a second person.
#[utoipa::path(post, path = "/v1/actions", tag = "actions", security(("token" = ["operator"])), request_body = ActionInput, responses((status = 202, body = ActionView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn ask(
    Operator(caller): Operator,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<ActionInput>,
) -> Result<(StatusCode, Json<ActionView>), Problem> {
    let wish = input.wish()?;
    let id = ActionId::parse(&format!("act-{}", seed.text))?;
    let made = actor(&api).ask(&caller.tenant, id, wish, caller.token.as_str()).await?;
    Ok((StatusCode::ACCEPTED, Json(ActionView::of(made))))
}

/// Shows one action.
#[utoipa::path(get, path = "/v1/actions/{id}", tag = "actions", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = ActionView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<ActionId>,
) -> Result<Json<ActionView>, Problem> {
    let found = api.core.store.action(&caller.tenant, &id).await?;
    let missing =
        || assay::Error::not_found(format!("there is no action {id}; `GET /v1/actions` lists them"));
    Ok(Json(ActionView::of(found.ok_or_else(missing)?)))
}

/// Approves an action that waits for it. One that is dangerous is approved by another person than the one who asked.
#[utoipa::path(post, path = "/v1/actions/{id}/approve", tag = "actions", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 202, body = ActionView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn approve(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<ActionId>,
) -> Result<(StatusCode, Json<ActionView>), Problem> {
    let approved = actor(&api).approve(&caller.tenant, &id, &caller.token).await?;
    Ok((StatusCode::ACCEPTED, Json(ActionView::of(approved))))
}

/// Why something is not to be done, or is to be undone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionReason {
    /// In a sentence, for the record.
    why: String,
}

/// Declines an action that has not begun to change anything.
#[utoipa::path(post, path = "/v1/actions/{id}/decline", tag = "actions", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = ActionReason, responses((status = 200, body = ActionView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn decline(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<ActionId>,
    Body(reason): Body<ActionReason>,
) -> Result<Json<ActionView>, Problem> {
    let by = caller.token.as_str();
    let declined = actor(&api).decline(&caller.tenant, &id, by, &reason.why).await?;
    Ok(Json(ActionView::of(declined)))
}

/// Undoes what an action changed, by an action of its own, which is the answer. It has a dry run and its dangers, too.
#[utoipa::path(post, path = "/v1/actions/{id}/undo", tag = "actions", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = ActionReason, responses((status = 202, body = ActionView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn undo(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<ActionId>,
    Body(reason): Body<ActionReason>,
) -> Result<(StatusCode, Json<ActionView>), Problem> {
    let by = caller.token.as_str();
    let undoing = actor(&api).undo(&caller.tenant, &id, by, &reason.why).await?;
    Ok((StatusCode::ACCEPTED, Json(ActionView::of(undoing))))
}
