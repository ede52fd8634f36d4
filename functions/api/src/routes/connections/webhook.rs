//! The webhook of a connection that an administrator of Jira enters by hand.

use assay::ids::ConnectionId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::Api;
use crate::caller::{Admin, Reader};
use crate::input::Path;
use crate::problem::Problem;

/// What to enter in Jira.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookView {
    /// The address that Jira delivers to.
    url: String,
    /// What Jira signs deliveries with; shown once.
    secret: String,
    /// The query (JQL) to enter: the projects that the connection is about, and those that sync settings and project
    /// configurations write its tickets to; null where every project is meant, then the field stays empty.
    jql: Option<String>,
}

/// What the webhook must tell of as things stand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WantedWebhookView {
    /// The query (JQL) that it must have; null where every project is meant, then it has none.
    jql: Option<String>,
    /// Whether a secret was made, so that the webhook is probably there.
    made: bool,
}

/// Makes the secret of the connection's webhook, in the place of the one before, which no longer counts.
///
/// In Jira open `Settings → System → WebHooks → Create a WebHook`, and enter: as URL the `url`; as secret the `secret`; as
/// events, below Issue, created, updated and deleted; as JQL the `jql`; and leave "Exclude body" off. Then changes in Jira are noticed within a minute instead of at
/// the next evaluation. After this is called again, enter the new secret at once: what is signed with the old one is
/// refused.
#[utoipa::path(post, path = "/v1/connections/{id}/webhook", tag = "connections", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 201, body = WebhookView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn make(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    let webhook = api.connector.make_webhook(&caller.tenant, &id).await?;
    let secret = webhook.secret.expose().to_owned();
    let view = WebhookView { url: webhook.url, secret, jql: webhook.wanted.jql };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Shows what the connection's webhook must tell of now, whoever entered it by hand. It changes with what the connection is
/// for, and with each setting that writes tickets: then enter the new query in Jira.
#[utoipa::path(get, operation_id = "wanted_webhook", path = "/v1/connections/{id}/webhook", tag = "connections", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = WantedWebhookView), (status = 404, body = Problem)))]
pub(super) async fn wanted(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<ConnectionId>,
) -> Result<Json<WantedWebhookView>, Problem> {
    let wanted = api.connector.wanted_webhook(&caller.tenant, &id).await?;
    Ok(Json(WantedWebhookView { jql: wanted.jql, made: wanted.is_made }))
}
