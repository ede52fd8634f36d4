//! The resources, one file each.

pub mod accounts;
pub mod actions;
pub mod audit_log;
pub mod campaigns;
pub mod checks;
pub mod connections;
pub mod findings;
pub mod github;
pub mod groups;
pub mod health;
pub mod licences;
pub mod notifications;
pub mod oauth_app;
pub mod people;
pub mod posture;
pub mod project_configurations;
pub mod project_roles;
pub mod remediations;
pub mod sessions;
pub mod sign_in_links;
pub mod single_sign_on;
pub mod sync_settings;
pub mod tasks;
pub mod tickets;
pub mod token_names;
pub mod tokens;
pub mod usage;
pub mod work;

use utoipa_axum::router::OpenApiRouter;

use crate::Api;

/// The routes of one resource, with their descriptions.
pub type Routes = OpenApiRouter<Api>;
