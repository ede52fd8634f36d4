//! Access review campaigns: who should have which access, decided by people, and what became of it.

mod export;
mod input;
mod view;

use assay::campaign::{Campaign, Choice};
use assay::ids::{AccountId, CampaignId};
use assay::operations::reviewing::Reviewer as Reviews;
use assay::operations::reviewing::deciding::Decider;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::input::{ApplyInput, CampaignInput, CloseInput, DecisionsInput};
use self::view::{CampaignView, DecidedView, ItemView};
use super::Routes;
use crate::Api;
use crate::caller::{Caller, Operator, Reader, Reviewer};
use crate::idempotency::Seed;
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(show))
        .routes(routes!(items))
        .routes(routes!(decide))
        .routes(routes!(apply))
        .routes(routes!(close))
        .routes(routes!(cancel))
        .routes(routes!(export::export))
}

/// What carries campaigns out.
fn reviews(api: &Api) -> Reviews {
    Reviews {
        core: api.core.clone(),
        secrets: api.connector.jira.secrets.clone(),
        usage: api.usage.clone(),
        deadline: api.connector.jira.deadline.clone(),
    }
}

async fn require(api: &Api, caller: &Caller, id: &CampaignId) -> Result<Campaign, Problem> {
    let found = api.core.store.campaign(&caller.tenant, id).await?;
    found.ok_or_else(|| {
        assay::Error::not_found(format!("there is no campaign {id}; `GET /v1/campaigns` lists them")).into()
    })
}

/// Lists the campaigns.
#[utoipa::path(get, path = "/v1/campaigns", tag = "campaigns", security(("token" = ["auditor"])), params(PageQuery), responses((status = 200, body = List<CampaignView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<CampaignView>>, Problem> {
    let asked = page.of(&caller.tenant, &["campaigns"])?;
    let stored = api.core.store.campaigns(&caller.tenant, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, CampaignView::of)))
}

/// Makes a campaign. Its items are made of the accounts of the connection as they were read last; until that is done it is
/// `preparing`.
#[utoipa::path(post, path = "/v1/campaigns", tag = "campaigns", security(("token" = ["operator"])), request_body = CampaignInput, responses((status = 201, body = CampaignView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn make(
    Operator(caller): Operator,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<CampaignInput>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let id = CampaignId::parse(&format!("cmp-{}", seed.text))?;
    let made = reviews(&api).make(&caller.tenant, id, input.wish(), caller.token.as_str()).await?;
    Ok((StatusCode::CREATED, Json(CampaignView::of(made))))
}

/// Shows one campaign: how far it has come, and once it is closed, its signed record.
#[utoipa::path(get, path = "/v1/campaigns/{id}", tag = "campaigns", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = CampaignView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<CampaignId>,
) -> Result<Json<CampaignView>, Problem> {
    Ok(Json(CampaignView::of(require(&api, &caller, &id).await?)))
}

/// Which items are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    /// Only items with this decision: `undecided`, `keep`, `revoke` or `change`.
    decision: Option<Choice>,
    /// Only items of the account with this id.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Lists the items of a campaign, by account: one for each piece of access.
#[utoipa::path(get, path = "/v1/campaigns/{id}/items", tag = "campaigns", security(("token" = ["auditor"])), params(("id" = String, Path), ItemQuery), responses((status = 200, body = List<ItemView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn items(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<CampaignId>,
    Query(query): Query<ItemQuery>,
) -> Result<Json<List<ItemView>>, Problem> {
    let campaign = require(&api, &caller, &id).await?;
    let word = query.decision.map_or("", Choice::word);
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let account = query.account.as_ref().map_or("", AccountId::as_str);
    let asked = page.of(&caller.tenant, &["campaign items", id.as_str(), word, account])?;
    let (store, tenant, after) = (&api.core.store, &caller.tenant, asked.after.as_deref());
    let stored = match &query.account {
        None => store.review_items(tenant, &id, query.decision, after, asked.limit).await?,
        Some(account) => {
            let of = (tenant, &id);
            store.review_items_of_account(of, account, query.decision, after, asked.limit).await?
        }
    };
    let names = view::names(&api, &campaign, &stored.items).await?;
    Ok(Json(List::of(&asked, stored, |item| ItemView::of(item, &names))))
}

/// Decides on up to 200 items of an open campaign. To say the same again changes nothing; to say something else keeps what
/// was said before.
#[utoipa::path(post, path = "/v1/campaigns/{id}/decisions", tag = "campaigns", security(("token" = ["reviewer"])), params(("id" = String, Path)), request_body = DecisionsInput, responses((status = 200, body = DecidedView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn decide(
    Reviewer(caller): Reviewer,
    State(api): State<Api>,
    Path(id): Path<CampaignId>,
    Body(input): Body<DecisionsInput>,
) -> Result<Json<DecidedView>, Problem> {
    let by = Decider { token: caller.token.clone(), role: caller.role };
    let decided = reviews(&api).decide(&caller.tenant, &id, &by, &input.said()?).await?;
    Ok(Json(DecidedView::of(&decided)))
}

/// Has actions made of all revocations that have none, or whose action failed. Each begins with a dry run; more than 20 at
/// once, and those of power over others' access, wait for a second person.
#[utoipa::path(post, path = "/v1/campaigns/{id}/apply", tag = "campaigns", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = ApplyInput, responses((status = 202, body = CampaignView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn apply(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<CampaignId>,
    Body(input): Body<ApplyInput>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let by = caller.token.as_str();
    let applying = reviews(&api).apply(&caller.tenant, &id, by, input.hold).await?;
    Ok((StatusCode::ACCEPTED, Json(CampaignView::of(applying))))
}

/// Closes a campaign: what is kept becomes an approval of its account, and the record is signed.
#[utoipa::path(post, path = "/v1/campaigns/{id}/close", tag = "campaigns", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = CloseInput, responses((status = 202, body = CampaignView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn close(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<CampaignId>,
    Body(input): Body<CloseInput>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let by = caller.token.as_str();
    let closing = reviews(&api).close(&caller.tenant, &id, by, input.names_undecided()).await?;
    Ok((StatusCode::ACCEPTED, Json(CampaignView::of(closing))))
}

/// Gives a campaign up. What was decided can still be read, and approves nothing.
#[utoipa::path(post, path = "/v1/campaigns/{id}/cancel", tag = "campaigns", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 200, body = CampaignView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn cancel(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<CampaignId>,
) -> Result<Json<CampaignView>, Problem> {
    let cancelled = reviews(&api).cancel(&caller.tenant, &id, caller.token.as_str()).await?;
    Ok(Json(CampaignView::of(cancelled)))
}
