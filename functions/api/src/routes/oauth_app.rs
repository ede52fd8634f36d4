//! The organisation's own OAuth app: its client id and secret, kept in Secrets Manager.

use assay::jira::OauthApp;
use assay::secret::Secret;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::{Admin, Reader};
use crate::input::Body;
use crate::problem::Problem;

/// The app as entered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OauthAppInput {
    /// The client id, from the developer console.
    client_id: String,
    /// The client secret, from the developer console. Never shown again.
    #[schema(value_type = String)]
    client_secret: Secret,
}

/// The app as shown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OauthAppView {
    /// The client id; null when no app is set up.
    client_id: Option<String>,
    /// The address to enter as the app's callback URL.
    callback_url: String,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(show, put))
}

/// Shows which OAuth app is set up, and the callback URL that it needs.
#[utoipa::path(get, path = "/v1/oauth-app", tag = "oauth app", security(("token" = ["auditor"])), responses((status = 200, body = OauthAppView)))]
async fn show(Reader(caller): Reader, State(api): State<Api>) -> Result<Json<OauthAppView>, Problem> {
    let client_id = api.connector.jira.find_oauth_app(&caller.tenant).await?.map(|app| app.client_id);
    Ok(Json(OauthAppView { client_id, callback_url: api.connector.callback_url() }))
}

/// Sets up the OAuth app, or replaces it.
#[utoipa::path(put, path = "/v1/oauth-app", tag = "oauth app", security(("token" = ["admin"])), request_body = OauthAppInput, responses((status = 200, body = OauthAppView), (status = 422, body = Problem)))]
async fn put(
    Admin(caller): Admin,
    State(api): State<Api>,
    Body(input): Body<OauthAppInput>,
) -> Result<Json<OauthAppView>, Problem> {
    let client_id = text("client_id", &input.client_id)?;
    let client_secret = Secret::new(text("client_secret", input.client_secret.expose())?);
    let app = OauthApp { client_id: client_id.clone(), client_secret };
    api.connector.jira.store_oauth_app(&caller.tenant, &app).await?;
    Ok(Json(OauthAppView { client_id: Some(client_id), callback_url: api.connector.callback_url() }))
}

/// Checks a credential's text: 1 to 512 visible ASCII characters.
pub(super) fn text(field: &str, value: &str) -> Result<String, Problem> {
    let value = value.trim();
    if (1..=512).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(value.to_owned())
    } else {
        Err(Problem::invalid(field, format!("{field} must be 1 to 512 visible ASCII characters")))
    }
}
