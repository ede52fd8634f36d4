//! Connecting through Atlassian's consent page: begun at the API, approved at the simulated Atlassian, completed here.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

mod attempts;
mod audit;
mod consent;
mod pages;
mod support;
