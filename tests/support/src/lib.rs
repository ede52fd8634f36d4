//! What Assay's tests share.
//!
//! - [`world`]: the same operations that the functions run, in one process, over the embedded table and the simulator,
//!   in virtual time. Fast, and a test can look into and break every part.
//! - [`life`]: a life of two-way sync in a world, and what must hold when it has come to rest.
//! - [`configured`]: a project configuration for findings, in a world with every field.
//! - [`ingestion`]: an ingestion carried through in a world, and the days that it must have found.
//! - [`killed`]: work that dies in the middle, wherever it then is.
//! - [`http`]: a function's router as a caller reaches it.
//! - [`issuer`]: a sign-in service, as tenants have one of their own.
//! - [`receiver`]: what stands behind an address that notifications go to: Slack, and a receiver of signed webhooks.
//! - [`start`]: a function as a process of its own, up to its first poll.
//! - [`stack`]: the deployed functions on the local stack, as a script or a person reaches them.
//!
//! The harness fails on leftovers: a [`world::World`] that was settled has no message left, and no call to Jira that
//! broke Atlassian's OpenAPI documents.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "everything here is called by tests, which fail by panicking"
)]

pub mod balance;
pub mod configured;
pub mod consent;
pub mod http;
pub mod ingestion;
pub mod issuer;
pub mod killed;
pub mod life;
pub mod misfortune;
pub mod queue;
pub mod receiver;
pub mod rest;
pub mod sight;
pub mod stack;
pub mod start;
pub mod table;
pub mod time;
pub mod world;
