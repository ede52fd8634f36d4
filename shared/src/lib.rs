//! The library that every Assay function is made of.
//!
//! Five layers, each of which may use only those below it; `tests/integration` reads the `use` lines and keeps it so.
//!
//! | layer | modules | may name |
//! |---|---|---|
//! | wiring | [`wiring`] | everything |
//! | operations | [`operations`] | adapters, domain, base |
//! | adapters | [`dynamodb`], [`jira`], [`github`], [`slack`], [`oidc`], [`http`], [`sqs`], [`secrets`], [`aws`] | domain, base, AWS and HTTP types |
//! | domain | [`domain`] | base only: no AWS, HTTP or Lambda type |
//! | base | [`base`] | the standard library and value types |
//!
//! A ticket's life is told in [`domain::ticket`]; who reads and writes what stands in [`dynamodb::keys`].

pub mod aws;
pub mod base;
pub mod domain;
pub mod dynamodb;
pub mod github;
pub mod http;
pub mod jira;
pub mod oidc;
pub mod operations;
pub mod secrets;
pub mod slack;
pub mod sqs;
pub mod wiring;

pub use base::{clock, config, cookie, error, ids, random, secret, signing, telemetry};
pub use domain::{
    access, account, action, announcement, audit, campaign, channel, check, configuration, connection,
    console, directory, ending, evidence, finding, idempotency, ingestion, mapping, matching, notification,
    oauth, person, plan, policy, pull, quota, sarif, seat, seen, sheet, single_sign_on, site, sync_setting,
    task, ticket, trace,
};
pub use error::{Error, Result};
