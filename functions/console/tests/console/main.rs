//! The console as a browser reaches it, over a world with the simulator.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not as expected fails the test")]

mod accounts;
mod actions;
mod audit;
mod campaigns;
mod checks;
mod connections;
mod filled;
mod forms;
mod headers;
mod meanwhile;
mod named;
mod notifications;
mod overview;
mod pages;
mod people;
mod project_configurations;
mod pull_requests;
mod routes;
mod setting_up_sign_on;
mod signing;
mod single_sign_on;
mod stock;
mod support;
mod sync_settings;
mod tasks;
mod tickets;
mod tokens;
mod usage;
mod vulnerabilities;
