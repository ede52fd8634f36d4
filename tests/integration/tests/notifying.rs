//! Notifications reach people: one message for each cause, however long Slack is down, and none twice.
//!
//! `telling` is about what is said and how often, `trouble` about receivers that are down, slow or gone, `signed` about
//! webhooks that are signed and where they may lead, `ending` about warnings before tokens, keys and grants end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod notifying {
    mod ending;
    mod signed;
    mod support;
    mod telling;
    mod trouble;
}
