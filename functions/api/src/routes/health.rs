//! Whether the API works, and what it is. Asks for no token and tells nothing of any tenant.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::problem::Problem;

/// How the API is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
    /// The version of Assay.
    version: &'static str,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(description))
}

/// Whether the API works and reaches its table.
#[utoipa::path(get, path = "/v1/health", tag = "health", security(()), responses((status = 200, body = Health)))]
async fn health(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    api.core.store.reachable().await?;
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "health", security(()), responses((status = 200, body = Object)))]
async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], crate::described().to_string()).into_response()
}
