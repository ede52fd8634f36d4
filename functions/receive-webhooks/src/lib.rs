//! `receive-webhooks`: `POST /webhooks/{tenant}` for webhooks that an OAuth app registered,
//! `POST /webhooks/{tenant}/{connection}` for those that an administrator of Jira entered, and
//! `POST /webhooks/{tenant}/github` for those of GitHub.
//!
//! Reads the raw bytes and what signs them; `assay::operations::hearing` verifies, takes each delivery once, makes its
//! connection due and asks for its tickets; answers at once, without a call to Jira. On our own overload the answer is 503, which Jira repeats; a
//! wrong signature is 401, which it does not.
//!
//! GitHub repeats nothing by itself; what it delivered in vain, somebody has it deliver again, or `maintain` finds.
//!
//! Source: jira-facts 5.4 (which statuses are delivered again); docs.github.com, "Handling failed webhook deliveries".

use assay::error::Kind;
use assay::ids::{ConnectionId, TenantId};
use assay::operations::hearing::github::FromGithub;
use assay::operations::hearing::{Heard, Hearing, Received};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::post;
use http::{HeaderMap, StatusCode};

/// The longest delivery that is read, in bytes: an issue with long texts and histories fits, and a pull request whose
/// description is as long as GitHub allows.
const LONGEST_DELIVERY: usize = 1024 * 1024;

/// The function's routes.
pub fn router(hearing: Hearing) -> Router {
    Router::new()
        .route("/webhooks/{tenant}", post(of_app))
        // The fixed word comes before the connection; no connection is called so.
        .route("/webhooks/{tenant}/github", post(of_github))
        .route("/webhooks/{tenant}/{connection}", post(of_administrator))
        .layer(DefaultBodyLimit::max(LONGEST_DELIVERY))
        .with_state(hearing)
}

/// The tenant that a path names. One that names nothing is answered like a wrong signature, so that nothing can be learned
/// from it.
fn tenant_of(path: Result<Path<String>, PathRejection>) -> Option<TenantId> {
    TenantId::parse(&path.ok()?.0).ok()
}

async fn of_app(
    State(hearing): State<Hearing>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(tenant) = tenant_of(path) else { return StatusCode::UNAUTHORIZED };
    receive(&hearing, tenant, None, &headers, &body).await
}

async fn of_administrator(
    State(hearing): State<Hearing>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Ok(Path((tenant, connection))) = path else { return StatusCode::UNAUTHORIZED };
    let (Ok(tenant), Ok(connection)) = (TenantId::parse(&tenant), ConnectionId::parse(&connection)) else {
        return StatusCode::UNAUTHORIZED;
    };
    receive(&hearing, tenant, Some(connection), &headers, &body).await
}

async fn of_github(
    State(hearing): State<Hearing>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(tenant) = tenant_of(path) else { return StatusCode::UNAUTHORIZED };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let received = FromGithub {
        tenant,
        signature: header("x-hub-signature-256"),
        event: header("x-github-event"),
        identifier: header("x-github-delivery"),
        body: &body,
    };
    status(Box::pin(hearing.take_from_github(&received)).await)
}

async fn receive(
    hearing: &Hearing,
    tenant: TenantId,
    connection: Option<ConnectionId>,
    headers: &HeaderMap,
    body: &[u8],
) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let received = Received {
        tenant,
        connection,
        authorization: header("authorization"),
        signature: header("x-hub-signature"),
        identifier: header("x-atlassian-webhook-identifier"),
        body,
    };
    status(hearing.take(&received).await)
}

fn status(heard: assay::Result<Heard>) -> StatusCode {
    match heard {
        Ok(Heard::Taken | Heard::Again | Heard::Ignored) => StatusCode::NO_CONTENT,
        // Whoever sets the webhook up sees a success.
        Ok(Heard::Greeted) => StatusCode::OK,
        Err(error) => {
            tracing::warn!(error = error.chain(), "delivery refused");
            match error.kind() {
                Kind::Unauthenticated | Kind::NotFound | Kind::Forbidden => StatusCode::UNAUTHORIZED,
                Kind::Invalid { .. } => StatusCode::BAD_REQUEST,
                Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                Kind::Conflict
                | Kind::Overtaken { .. }
                | Kind::Limited { .. }
                | Kind::NeedsReauth
                | Kind::Unavailable
                | Kind::Internal => StatusCode::SERVICE_UNAVAILABLE,
            }
        }
    }
}
