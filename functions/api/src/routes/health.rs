//! Whether the API works. Asks for no token and tells nothing of any tenant.

use axum::Json;
use axum::extract::State;
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

/// Where to go from the front door.
#[derive(Debug, Serialize)]
pub struct FrontDoor {
    name: &'static str,
    api: &'static str,
    description: &'static str,
    health: &'static str,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(health))
}

/// Whether the API works and reaches its table.
#[utoipa::path(get, path = "/v1/health", tag = "health", security(()), responses((status = 200, body = Health), (status = 503, body = Problem)))]
async fn health(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    api.core.store.reachable().await?;
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// What is here, for whoever opens the address itself.
pub async fn front_door() -> Json<FrontDoor> {
    Json(FrontDoor { name: "Assay", api: "/v1", description: "/v1/openapi.json", health: "/v1/health" })
}
