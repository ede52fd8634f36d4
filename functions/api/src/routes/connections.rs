//! Connections to Jira sites.

mod choices;
mod input;
mod organisation;
mod view;
mod webhook;

use assay::connection::{Connection, State};
use assay::ids::ConnectionId;
use assay::operations::connecting::Begun;
use assay::operations::ending::zone_of;
use axum::Json;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::input::{ChangeInput, ConnectInput, ProofInput};
use self::view::{ConnectionView, UseCaseView};
use super::Routes;
use crate::Api;
use crate::caller::{Admin, Operator, Reader};
use crate::idempotency::Seed;
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(use_cases))
        .routes(routes!(list, connect))
        .routes(routes!(show, change, disconnect))
        .routes(routes!(verify))
        .routes(routes!(reconnect))
        .routes(routes!(webhook::wanted, webhook::make))
        .routes(routes!(organisation::put, organisation::remove))
        .merge(choices::routes())
}

/// What each use case automates and needs: to be read before connecting.
#[utoipa::path(get, path = "/v1/use-cases", tag = "connections", security(("token" = ["auditor"])), responses((status = 200, body = List<UseCaseView>)))]
async fn use_cases(_reader: Reader) -> Json<List<UseCaseView>> {
    Json(List::whole(UseCaseView::all()))
}

/// Lists the connections.
#[utoipa::path(get, path = "/v1/connections", tag = "connections", security(("token" = ["auditor"])), params(PageQuery), responses((status = 200, body = List<ConnectionView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    Shared(api): Shared<Api>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<ConnectionView>>, Problem> {
    let asked = page.of(&caller.tenant, &["connections"])?;
    let stored = api.core.store.list_connections(&caller.tenant, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, |connection| ConnectionView::of(&connection, None))))
}

/// Connects a site. By token or service account it is verified at once; with `method` `oauth` the answer has an
/// `authorize_url` to open in the browser in which access is to be approved.
#[utoipa::path(post, path = "/v1/connections", tag = "connections", security(("token" = ["admin"])), request_body = ConnectInput, responses((status = 201, body = ConnectionView), (status = 422, body = Problem)))]
async fn connect(
    Admin(caller): Admin,
    seed: Seed,
    Shared(api): Shared<Api>,
    Body(input): Body<ConnectInput>,
) -> Result<Response, Problem> {
    let (wish, proof) = input.check(api.core.clock.now())?;
    let proof = proof.by((&caller).into());
    let id = ConnectionId::parse(&format!("con-{}", seed.text))?;
    let begun = match api.core.store.connection(&caller.tenant, &id).await? {
        None => Box::pin(api.connector.begin(&caller.tenant, id, wish, proof)).await?,
        Some(ended) if ended.state == State::Disconnected => {
            let message =
                format!("connection {id} was made with this key and is disconnected; use a new key");
            return Err(assay::Error::conflict(message).into());
        }
        // An earlier run of this request died after it had made the connection: what it left undone is done now.
        Some(made) => Box::pin(api.connector.reconnect(made, proof)).await?,
    };
    Ok((StatusCode::CREATED, begun_as(&api, &begun).await?).into_response())
}

/// Shows one connection, with what of it ends, and what it may still ask of Jira in this hour.
#[utoipa::path(get, path = "/v1/connections/{id}", tag = "connections", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = ConnectionView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    Shared(api): Shared<Api>,
    Path(id): Path<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    let connection =
        api.core.store.connection(&caller.tenant, &id).await?.ok_or_else(|| no_connection(&id))?;
    shown(&api, &connection, None).await
}

/// Changes what a connection is for, and verifies that it can be. Nothing is changed when Jira does not let the connection
/// in (422), or when somebody else changed it meanwhile (409).
#[utoipa::path(patch, path = "/v1/connections/{id}", tag = "connections", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = ChangeInput, responses((status = 200, body = ConnectionView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Admin(caller): Admin,
    Shared(api): Shared<Api>,
    Path(id): Path<ConnectionId>,
    Body(input): Body<ChangeInput>,
) -> Result<Json<ConnectionView>, Problem> {
    let current = api.core.store.connection(&caller.tenant, &id).await?.ok_or_else(|| no_connection(&id))?;
    let wish = input.check(&current)?;
    let changed = Box::pin(api.connector.change(current, wish)).await?;
    shown(&api, &changed, None).await
}

/// Ends a connection: its secrets are deleted, what was read stays as evidence.
#[utoipa::path(delete, path = "/v1/connections/{id}", tag = "connections", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 200, body = ConnectionView), (status = 404, body = Problem)))]
async fn disconnect(
    Admin(caller): Admin,
    Shared(api): Shared<Api>,
    Path(id): Path<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    let ended = api.connector.disconnect(&caller.tenant, &id).await?;
    shown(&api, &ended, None).await
}

/// Verifies a connection now.
#[utoipa::path(post, path = "/v1/connections/{id}/verify", tag = "connections", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 200, body = ConnectionView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn verify(
    Operator(caller): Operator,
    Shared(api): Shared<Api>,
    Path(id): Path<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    let verified = api.connector.verify(&caller.tenant, &id).await?;
    shown(&api, &verified, None).await
}

/// Connects again, with new credentials or through Atlassian's page.
#[utoipa::path(post, path = "/v1/connections/{id}/reconnect", tag = "connections", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = ProofInput, responses((status = 200, body = ConnectionView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn reconnect(
    Admin(caller): Admin,
    Shared(api): Shared<Api>,
    Path(id): Path<ConnectionId>,
    Body(input): Body<ProofInput>,
) -> Result<Json<ConnectionView>, Problem> {
    let connection =
        api.core.store.connection(&caller.tenant, &id).await?.ok_or_else(|| no_connection(&id))?;
    let proof = input.check(api.core.clock.now())?.by((&caller).into());
    let begun = Box::pin(api.connector.reconnect(connection, proof)).await?;
    begun_as(&api, &begun).await
}

/// One connection, with what of it ends, and what it may still ask of Jira.
async fn shown(
    api: &Api,
    connection: &Connection,
    link: Option<String>,
) -> Result<Json<ConnectionView>, Problem> {
    let zone = zone_of(&api.core, connection).await?;
    let view = ConnectionView::of(connection, link);
    let now = api.core.clock.now();
    let quota = api.core.store.quota(&connection.tenant, &connection.id, now).await?;
    Ok(Json(view.whole(connection, &quota, &zone, now)))
}

async fn begun_as(api: &Api, begun: &Begun) -> Result<Json<ConnectionView>, Problem> {
    match begun {
        Begun::Connected(connection) => shown(api, connection, None).await,
        Begun::Consent(connection, link) => shown(api, connection, Some(link.clone())).await,
    }
}

fn no_connection(id: &ConnectionId) -> Problem {
    assay::Error::not_found(format!("there is no connection {id}; `GET /v1/connections` lists them")).into()
}
