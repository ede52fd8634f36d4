//! Links that sign somebody in to the console, once: how an administrator lets in whoever has no token.

use assay::access::Role;
use assay::console::{SignInLink, UNNAMED};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::tokens::check_name;
use crate::Api;
use crate::caller::Admin;
use crate::input::Body;
use crate::problem::Problem;

/// A new link.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// What whoever uses it may do.
    role: Role,
    /// Whom it is for, 1 to 100 characters: what the token is called that it makes.
    name: Option<String>,
}

/// A link, just made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinkView {
    /// The address to open: only in the answer that made it. If that answer was lost, make another; the first ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// What whoever uses it may do.
    role: Role,
    /// What the token is called that it makes.
    name: String,
    /// Until when it can be used, 15 minutes from now.
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(make))
}

/// Makes a link that signs somebody in to the console, once, within 15 minutes. It is in this answer and nowhere else. Using it makes
/// a token whose secret nobody holds, made by the caller; it cannot be used once the caller's own token is revoked.
#[utoipa::path(post, path = "/v1/sign-in-links", tag = "tokens", security(("token" = ["admin"])), request_body = LinkInput, responses((status = 201, body = LinkView), (status = 422, body = Problem)))]
async fn make(
    Admin(caller): Admin,
    State(api): State<Api>,
    Body(input): Body<LinkInput>,
) -> Result<Response, Problem> {
    let name = check_name(input.name.as_deref().unwrap_or(UNNAMED))?;
    let (random, now) = (api.core.random.as_ref(), api.core.clock.now());
    let maker = caller.token.as_str();
    // A request that is repeated after a crash makes another link. Nobody holds the first, and it ends by itself.
    let (link, text) = SignInLink::make(random, &caller.tenant, input.role, name, maker, now)?;
    api.core.store.put_link(&link).await?;
    let address = SignInLink::address(&api.connector.public_url, &text);
    let view =
        LinkView { link: Some(address), role: link.role, name: link.name, expires_at: link.expires_at };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
