//! The JSON API, called in process: over the embedded table and the simulated Jira, in virtual time.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not as expected fails the test")]
#![expect(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]

mod accounts;
mod actions;
mod audit;
mod channels;
mod choices;
mod configurations;
mod configured;
mod connecting;
mod coverage;
mod description;
mod endings;
mod findings;
mod github;
mod idempotency;
mod input;
mod links;
mod narrowing;
mod notifications;
mod organisation;
mod overviews;
mod paging;
mod people;
mod problems;
mod reconnecting;
mod remediations;
mod reviews;
mod sarif;
mod secrecy;
mod seen;
mod sessions;
mod settings;
mod sign_in_links;
mod support;
mod switching;
mod token_names;
mod usage;
mod work;
