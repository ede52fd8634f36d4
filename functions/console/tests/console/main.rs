//! The console as a browser reaches it, over a world with the simulator.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not as expected fails the test")]

mod audit;
mod forms;
mod connections;
mod checks;
mod accounts;
mod campaigns;
mod actions;
mod filled;
mod headers;
mod overview;
mod notifications;
mod pages;
mod people;
mod pull_requests;
mod project_configurations;
mod routes;
mod signing;
mod single_sign_on;
mod support;
mod tokens;
mod tasks;
mod tickets;
mod stock;
mod usage;
mod vulnerabilities;
mod sync_settings;
