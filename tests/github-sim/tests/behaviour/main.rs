//! The simulator from outside, as Assay and GitHub's documents meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod app;
mod control;
mod faults;
mod pulls;
mod support;
mod webhooks;
