//! The resources, one file each.

pub mod checks;
pub mod connections;
pub mod health;
pub mod notifications;
pub mod oauth_app;
pub mod sync_settings;
pub mod tasks;
pub mod tickets;
pub mod tokens;

use utoipa_axum::router::OpenApiRouter;

use crate::Api;

/// The routes of one resource, with their descriptions.
pub type Routes = OpenApiRouter<Api>;
