//! The webhook of a connection that an administrator of Jira enters by hand.

use assay::ids::ConnectionId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::Api;
use crate::caller::Admin;
use crate::input::Path;
use crate::problem::Problem;

/// What to enter in Jira.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookView {
    /// The address that Jira delivers to.
    url: String,
    /// What Jira signs deliveries with; shown once.
    secret: String,
}

/// Makes the secret of the connection's webhook, in the place of the one before, which no longer counts.
///
/// In Jira open `Settings → System → WebHooks → Create a WebHook`, and enter: as URL the `url`; as secret the `secret`; as
/// events, below Issue, created, updated and deleted; as JQL the projects that the connection is about, for example
/// `project in (CHG, INC)`; and leave "Exclude body" off. Then changes in Jira are noticed within a minute instead of at
/// the next evaluation. After this is called again, enter the new secret at once: what is signed with the old one is
/// refused.
#[utoipa::path(post, path = "/v1/connections/{id}/webhook", tag = "connections", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 201, body = WebhookView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn make(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    let webhook = api.connector.make_webhook(&caller.tenant, &id).await?;
    let view = WebhookView { url: webhook.url, secret: webhook.secret.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
