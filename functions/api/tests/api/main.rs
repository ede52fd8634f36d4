//! The JSON API, called in process: over the embedded table and the simulated Jira, in virtual time.

mod connecting;
mod coverage;
mod description;
mod idempotency;
mod input;
mod paging;
mod problems;
mod reconnecting;
mod secrecy;
mod support;
