//! Connecting through Atlassian's consent page: begun at the API, approved at the simulated Atlassian, completed here.

mod attempts;
mod consent;
mod pages;
mod support;
