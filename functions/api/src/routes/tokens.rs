//! API tokens of the tenant: shown once, kept as digests.

use assay::Error;
use assay::access::{ApiToken, Role};
use assay::ids::TokenId;
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
use crate::caller::Admin;
use crate::idempotency::Seed;
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// A new token.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenInput {
    /// What it is called, 1 to 100 characters.
    name: String,
    /// What it may do.
    role: Role,
}

/// A token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenView {
    /// Its public half.
    id: String,
    /// What it is called.
    name: String,
    /// What it may do.
    role: Role,
    /// The token itself: only in the answer that made it. If that answer was lost, revoke the token and make another.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Who made it: a token's id, or `iam`.
    created_by: String,
    /// When it was made.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it was revoked.
    #[schema(value_type = Option<String>)]
    revoked_at: Option<Timestamp>,
}

impl TokenView {
    fn of(token: ApiToken) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            role: token.role,
            token: None,
            created_by: token.created_by,
            created_at: token.created_at,
            revoked_at: token.revoked_at,
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, issue)).routes(routes!(show, revoke))
}

/// Lists the tokens, without their secrets.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", security(("token" = ["admin"])), params(PageQuery), responses((status = 200, body = List<TokenView>)))]
async fn list(
    Admin(caller): Admin,
    State(api): State<Api>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<TokenView>>, Problem> {
    let asked = page.of(&caller.tenant, &["tokens"])?;
    let stored = api.core.store.list_tokens(&caller.tenant, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, TokenView::of)))
}

/// Shows one token, without its secret.
#[utoipa::path(get, path = "/v1/tokens/{id}", tag = "tokens", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 200, body = TokenView), (status = 404, body = Problem)))]
async fn show(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<TokenId>,
) -> Result<Json<TokenView>, Problem> {
    let token = api.core.store.token(&caller.tenant, &id).await?;
    let token = token.ok_or_else(|| Error::not_found(format!("there is no token {id}")))?;
    Ok(Json(TokenView::of(token)))
}

/// Makes a token. Its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", security(("token" = ["admin"])), request_body = TokenInput, responses((status = 201, body = TokenView), (status = 422, body = Problem)))]
async fn issue(
    Admin(caller): Admin,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<TokenInput>,
) -> Result<Response, Problem> {
    let name = check_name(&input.name)?;
    let (random, now) = (api.core.random.as_ref(), api.core.clock.now());
    let id = TokenId::parse(&seed.text)?;
    if seed.fixed
        && let Some(made) = api.core.store.token(&caller.tenant, &id).await?
    {
        // An earlier run of this request died after it had made the token, and its secret with it.
        return Ok((StatusCode::CREATED, Json(TokenView::of(made))).into_response());
    }
    let maker = caller.token.as_str();
    let (token, shown) = ApiToken::issue_as(random, &caller.tenant, id, name, input.role, maker, now)?;
    api.core.store.put_token(&token).await?;
    let view = TokenView { token: Some(shown.expose().to_owned()), ..TokenView::of(token) };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Checks what a token is to be called.
pub fn check_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "name",
            "name must be 1 to 100 characters, none of them a control character",
        ));
    }
    Ok(name)
}

/// Revokes a token, at once and for good.
#[utoipa::path(delete, path = "/v1/tokens/{id}", tag = "tokens", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn revoke(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    api.core.store.revoke_token(&caller.tenant, &id, api.core.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
