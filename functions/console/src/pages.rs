//! The pages, one file each: a typed struct for what is shown, a template of the same name, and the handlers.

pub mod accounts;
pub mod actions;
pub mod audit_log;
pub mod campaigns;
pub mod checks;
pub mod connections;
pub mod groups;
pub mod licences;
pub mod link;
pub mod notifications;
pub mod overview;
pub mod people;
pub mod project_configurations;
mod project_roles;
pub mod pull_requests;
pub mod sign_in;
pub mod sign_on;
pub mod single_sign_on;
mod sites;
pub mod sync_settings;
mod syncing;
pub mod tasks;
pub mod tickets;
pub mod time_zone;
pub mod tokens;
pub mod usage;
pub mod vulnerabilities;

use axum::Router;

use crate::Console;

/// The routes of all pages. A new page adds its line here.
pub fn routes() -> Router<Console> {
    Router::new()
        .merge(sign_in::routes())
        .merge(link::routes())
        .merge(sign_on::routes())
        .merge(time_zone::routes())
        .merge(overview::routes())
        .merge(checks::routes())
        .merge(connections::routes())
        .merge(tokens::routes())
        .merge(single_sign_on::routes())
        .merge(audit_log::routes())
        .merge(tasks::routes())
        .merge(tickets::routes())
        .merge(people::routes())
        .merge(accounts::routes())
        .merge(groups::routes())
        .merge(campaigns::routes())
        .merge(usage::routes())
        .merge(licences::routes())
        .merge(vulnerabilities::routes())
        .merge(pull_requests::routes())
        .merge(notifications::routes())
        .merge(actions::routes())
        .merge(sync_settings::routes())
        .merge(project_configurations::routes())
}
