//! Actions: changes of access in Jira, each with its dry run, its approval, its trace and its result as it was read back.

use assay::account::Grant;
use assay::action::{Action, Asked, Change, DryRun, State as ActionState, Step, Wish};
use assay::dynamodb::ActionFilter;
use assay::ids::{AccountId, ActionId, CampaignId, ConnectionId};
use assay::operations::acting::Actor;
use assay::trace;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::{Operator, Reader};
use crate::idempotency::Seed;
use crate::input::{Body, Path, Query, object};
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

/// One action.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActionView {
    /// Its identifier.
    id: String,
    /// Where it stands.
    state: ActionState,
    /// Why it failed or was refused, or what it waits for.
    problem: Option<String>,
    /// The connection that it is carried out through.
    connection: String,
    /// The account whose access changes.
    account: String,
    /// Whether access is added or removed; null for an action that undoes another one.
    change: Option<Change>,
    /// The access; null for an action that undoes another one.
    grant: Option<Grant>,
    /// The action that it undoes.
    undoes: Option<String>,
    /// Why, in words.
    why: String,
    /// Who asked: an API token's id.
    asked_by: String,
    /// When.
    #[schema(value_type = String)]
    asked_at: Timestamp,
    /// The campaign whose decision it carries out.
    campaign: Option<String>,
    /// How many were asked for at once.
    together: u64,
    /// What its dry run found out; null before it.
    dry_run: Option<DryRun>,
    /// Whether a second person must approve it.
    needs_second_person: bool,
    /// What is done in Jira, in this order.
    steps: Vec<Step>,
    /// Who approved it; null where nobody did.
    approved_by: Option<String>,
    /// When it was done, or ended otherwise.
    #[schema(value_type = Option<String>)]
    ended_at: Option<Timestamp>,
    /// The action that undoes it.
    undone_by: Option<String>,
    /// What happened, oldest first.
    trace: Vec<trace::Entry>,
    /// When it is tried again; null where it waits for nothing but people.
    #[schema(value_type = Option<String>)]
    next_at: Option<Timestamp>,
}

impl ActionView {
    fn of(action: Action) -> Self {
        let needs_second_person = action.needs_second_person();
        let (change, grant, undoes) = match action.asked {
            Asked::Remove { grant } => (Some(Change::Remove), Some(grant), None),
            Asked::Add { grant } => (Some(Change::Add), Some(grant), None),
            Asked::Undo { of, .. } => (None, None, Some(of.to_string())),
        };
        Self {
            id: action.id.to_string(),
            state: action.state,
            problem: action.problem,
            connection: action.connection.to_string(),
            account: action.account.to_string(),
            change,
            grant,
            undoes,
            why: action.why,
            asked_by: action.asked_by,
            asked_at: action.asked_at,
            campaign: action.campaign.map(|campaign| campaign.to_string()),
            together: action.together,
            dry_run: action.dry_run,
            needs_second_person,
            steps: action.steps,
            approved_by: action.approved_by,
            ended_at: action.ended_at,
            undone_by: action.undone_by.map(|undoing| undoing.to_string()),
            trace: action.trace,
            next_at: action.due_at,
        }
    }
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

/// A change of access that is asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    /// The connection that it is carried out through.
    connection: ConnectionId,
    /// The account whose access changes.
    account: AccountId,
    /// `add` or `remove`.
    change: Change,
    /// The access. A product is removed by leaving every group that gives it, and cannot be added.
    #[serde(deserialize_with = "object")]
    grant: Grant,
    /// Why, in words, for the record.
    why: String,
    /// Whether it waits after its dry run until somebody approves it, even where it is not dangerous.
    #[serde(default)]
    hold: bool,
}

/// Asks for a change of access. It begins with a dry run; what is dangerous waits for a second person.
#[utoipa::path(post, path = "/v1/actions", tag = "actions", security(("token" = ["operator"])), request_body = ActionInput, responses((status = 202, body = ActionView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn ask(
    Operator(caller): Operator,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<ActionInput>,
) -> Result<(StatusCode, Json<ActionView>), Problem> {
    let asked = match (input.change, input.grant) {
        (Change::Add, Grant::Product { .. }) => {
            let message = "a product is given by a group; add the account to one that gives it";
            return Err(Problem::invalid("grant", message));
        }
        (Change::Add, grant) => Asked::Add { grant },
        (Change::Remove, grant) => Asked::Remove { grant },
    };
    let wish = Wish {
        connection: input.connection,
        account: input.account,
        asked,
        why: input.why,
        campaign: None,
        together: 1,
        held: input.hold,
    };
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
