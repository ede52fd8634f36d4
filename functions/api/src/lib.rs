//! The JSON API under `/v1`.
//!
//! Reads the caller's token, then the tenant's records; decides nothing itself; writes through `assay::operations`.
//! The tenant comes from the token alone and begins every key, so no request can name another tenant's things.
//!
//! Every route but health and the API's own description asks for a token, and each handler names the role that it asks for
//! by the type of its first argument ([`caller::Reader`], [`caller::Reviewer`], [`caller::Operator`], [`caller::Admin`]).

pub mod audit;
pub mod caller;
pub mod command;
pub mod description;
pub mod idempotency;
pub mod input;
pub mod page;
pub mod problem;
pub mod routes;
pub mod serving;
pub mod sheets;
pub mod sought;
pub mod strict;

use std::sync::Arc;

use assay::operations::Core;
use assay::operations::announcing::Announcer;
use assay::operations::connecting::Connector;
use assay::operations::forge::ForgeAccess;
use assay::sqs::{Backlog, ChecksRequest, Queue, SyncRequest, UsageRequest};
use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What the handlers stand on.
#[derive(Clone)]
pub struct Api {
    /// Table, time, randomness.
    pub core: Core,
    /// Makes and ends connections.
    pub connector: Connector,
    /// Sets GitHub up.
    pub forge: ForgeAccess,
    /// Makes and tries the channels that notifications are sent to.
    pub announcer: Announcer,
    /// Where evaluations and plans are asked for.
    pub checks: Arc<dyn Queue<ChecksRequest>>,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
    /// Where campaigns and actions are gone on with.
    pub usage: Arc<dyn Queue<UsageRequest>>,
    /// What tells how much waits in the queues.
    pub backlogs: Arc<[Backlog]>,
}

/// The API.
pub fn router(api: Api) -> Router {
    let (guarded, mut description) = guarded().split_for_parts();
    let (open, open_description) = open().split_for_parts();
    description.merge(open_description);
    let takes = Arc::new(description::routes(&description));
    let strict = || axum::middleware::from_fn_with_state(Arc::clone(&takes), strict::check);
    // Outermost last: the caller is known before anything else of the request is looked at.
    let guarded = guarded
        .route_layer(axum::middleware::from_fn_with_state(api.clone(), audit::record))
        .route_layer(axum::middleware::from_fn_with_state(api.clone(), idempotency::remember))
        .route_layer(strict())
        .route_layer(axum::middleware::from_fn_with_state(api.clone(), caller::authenticate));
    guarded
        .merge(open.route_layer(strict()))
        .method_not_allowed_fallback(problem::method_not_allowed)
        .fallback(problem::no_such_route)
        .layer(axum::extract::DefaultBodyLimit::max(input::LONGEST_BODY))
        .layer(axum::middleware::map_response(problem::harden))
        .with_state(api)
}

/// The API's description, made anew each time: it is seldom asked for, and would fill a third of the memory that an idle
/// function holds.
pub(crate) fn described() -> serde_json::Value {
    let mut description = guarded().into_openapi();
    description.merge(open().into_openapi());
    description::complete(&description)
}

/// The routes that ask for a token.
fn guarded() -> routes::Routes {
    OpenApiRouter::with_openapi(description::Description::openapi())
        .merge(routes::connections::routes())
        .merge(routes::oauth_app::routes())
        .merge(routes::checks::routes())
        .merge(routes::tasks::routes())
        .merge(routes::tickets::routes())
        .merge(routes::findings::routes())
        .merge(routes::sync_settings::routes())
        .merge(routes::project_configurations::routes())
        .merge(routes::notifications::routes())
        .merge(routes::usage::routes())
        .merge(routes::licences::routes())
        .merge(routes::people::routes())
        .merge(routes::posture::routes())
        .merge(routes::work::routes())
        .merge(routes::accounts::routes())
        .merge(routes::groups::routes())
        .merge(routes::project_roles::routes())
        .merge(routes::campaigns::routes())
        .merge(routes::actions::routes())
        .merge(routes::github::routes())
        .merge(routes::remediations::routes())
        .merge(routes::tokens::routes())
        .merge(routes::token_names::routes())
        .merge(routes::sessions::routes())
        .merge(routes::sign_in_links::routes())
        .merge(routes::audit_log::routes())
        .merge(routes::single_sign_on::routes())
}

/// The routes that do not.
fn open() -> routes::Routes {
    OpenApiRouter::new().merge(routes::health::routes())
}
