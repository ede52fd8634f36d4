//! Deliveries of webhooks: signed rightly they make their connection due, and otherwise nothing.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

mod dynamic;
mod github;
mod signed;
mod support;
