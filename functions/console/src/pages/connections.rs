//! Connections: the list, connecting, and each connection with what can be done about it.
//!
//! Reading order: `list` → `connect` (choose, then prove) → `show` (how it is, and how far the first reading is) →
//! `change`, `beside` (organisation key, webhook), `ending`.

mod app;
mod beside;
mod change;
mod connect;
mod ending;
mod list;
mod show;
pub(super) mod view;
mod wish;

use axum::Router;
use axum::routing::{get, post};

use crate::Console;
use crate::client::{List, path};
use crate::frame::Visit;
use crate::problem::Problem;

pub(super) use view::{Connection, Ending, State};
use view::{Need, Offer, UseCase, Way};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/connections", get(list::list))
        .route("/connect", get(connect::choose))
        .route("/connect/site", get(connect::form).post(connect::connect))
        .route("/oauth-app", get(app::show).post(app::save))
        .route("/connections/{id}", get(show::show))
        .route("/connections/{id}/verify", post(show::verify))
        .route("/connections/{id}/use-cases", get(change::use_cases).post(change::change))
        .route("/connections/{id}/reconnect", get(change::reconnect).post(change::prove))
        .route("/connections/{id}/organisation", get(beside::organisation).post(beside::put_organisation))
        .route("/connections/{id}/organisation/remove", post(beside::remove_organisation))
        .route("/connections/{id}/webhook", get(beside::webhook).post(beside::make_webhook))
        .route("/connections/{id}/disconnect", get(ending::ask).post(ending::disconnect))
}

/// All that a connection can be for.
async fn offers(visit: &Visit) -> Result<Vec<Offer>, Problem> {
    Ok(visit.client.get::<List<Offer>>("/v1/use-cases").await?.items)
}

/// One connection.
async fn one(visit: &Visit, id: &str) -> Result<Connection, Problem> {
    visit.client.get(&path(&["v1", "connections", id])).await
}

/// A page that is there for admins alone.
fn for_admins(visit: &Visit) -> Result<(), Problem> {
    if visit.frame.administers() {
        return Ok(());
    }
    let detail = "This needs the role admin. Ask an admin of your organisation to do it.";
    Err(Problem::new(http::StatusCode::FORBIDDEN, "Not allowed", detail))
}
