//! Whether the API works, and what it is. Asks for no token and tells nothing of any tenant.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
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

/// Where to go from the front door.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FrontDoor {
    /// `Assay`.
    name: &'static str,
    /// Where the API begins.
    api: &'static str,
    /// Where it is described.
    description: &'static str,
    /// Where it says how it is.
    health: &'static str,
}

/// The API's description, as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct OwnDescription(pub(crate) Arc<str>);

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(description)).routes(routes!(front_door))
}

/// Whether the API works and reaches its table.
#[utoipa::path(get, path = "/v1/health", tag = "health", security(()), responses((status = 200, body = Health)))]
async fn health(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    api.core.store.reachable().await?;
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "health", security(()), responses((status = 200, body = Object)))]
async fn description(Extension(OwnDescription(text)): Extension<OwnDescription>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.to_string()).into_response()
}

/// What is here, for whoever opens the address itself.
#[utoipa::path(get, path = "/", tag = "health", security(()), responses((status = 200, body = FrontDoor)))]
async fn front_door() -> Json<FrontDoor> {
    Json(FrontDoor { name: "Assay", api: "/v1", description: "/v1/openapi.json", health: "/v1/health" })
}
