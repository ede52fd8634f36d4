//! Sessions of the console: each stands for an API token, and can be ended without revoking that.

use assay::Error;
use assay::console::{Session, Way};
use assay::ids::{SessionId, TokenId};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::Admin;
use crate::input::{Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// A session of the console.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionView {
    /// Its public half, as the audit log has it.
    id: String,
    /// When somebody signed in.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String)]
    expires_at: Timestamp,
    /// How they came in; null of a session that was begun before this was kept.
    way: Option<Way>,
}

impl SessionView {
    fn of(session: Session) -> Self {
        let Session { id, created_at, expires_at, way, .. } = session;
        Self { id: id.into(), created_at, expires_at, way }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(sessions)).routes(routes!(end_session))
}

/// Lists the sessions of the console that stand for a token and have not ended.
#[utoipa::path(get, path = "/v1/tokens/{id}/sessions", tag = "tokens", security(("token" = ["admin"])), params(("id" = String, Path), PageQuery), responses((status = 200, body = List<SessionView>), (status = 404, body = Problem)))]
async fn sessions(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<TokenId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<SessionView>>, Problem> {
    let asked = page.of(&caller.tenant, &["sessions", id.as_str()])?;
    let store = &api.core.store;
    if store.token(&caller.tenant, &id).await?.is_none() {
        return Err(Error::not_found(format!("there is no token {id}")).into());
    }
    let mut stored = store.list_sessions(&caller.tenant, &id, asked.after.as_deref(), asked.limit).await?;
    let now = api.core.clock.now();
    stored.items.retain(|session| now < session.expires_at);
    Ok(Json(List::of(&asked, stored, SessionView::of)))
}

/// Ends a session of the console at once: whoever holds its cookie must sign in again. The token stays as it is.
#[utoipa::path(delete, path = "/v1/tokens/{id}/sessions/{session}", tag = "tokens", security(("token" = ["admin"])), params(("id" = String, Path), ("session" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn end_session(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path((id, session)): Path<(TokenId, SessionId)>,
) -> Result<StatusCode, Problem> {
    let store = &api.core.store;
    let stored = store.session(&caller.tenant, &session).await?;
    if stored.is_none_or(|stored| stored.token != id) {
        return Err(Error::not_found(format!("the token {id} has no session {session}")).into());
    }
    store.delete_session(&caller.tenant, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}
