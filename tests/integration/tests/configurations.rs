//! Project configurations over a project with six required custom fields and one of every type beside them: tickets of
//! findings, and what happens when the project changes below them.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]
#![recursion_limit = "256"]

#[path = "configurations/drift.rs"]
mod drift;
#[path = "configurations/filling.rs"]
mod filling;
#[path = "configurations/refused.rs"]
mod refused;
#[path = "configurations/support.rs"]
mod support;
