//! Deliveries of webhooks: signed rightly they make their connection due, and otherwise nothing.

mod dynamic;
mod signed;
mod support;
