//! The client of GitHub: the only module that knows GitHub's words.
//!
//! Reads and writes pull requests through [`http::Sender`](crate::http::Sender); decides what an answer means ([`error`]);
//! keeps no state beyond one client's life. Each call is made once: who asked knows when to ask again.
//!
//! | file | is about |
//! |---|---|
//! | [`credentials`], [`app`] | proving who we are: by a token, or as an app |
//! | [`error`], [`client`] | the one `request` function and what its answers mean |
//! | [`pull`] | reading a pull request, writing its description |
//! | [`reach`] | who we are there, and what we can reach |
//! | [`webhook`] | deliveries from GitHub, without any call |
//!
//! Facts carry their source: pages of docs.github.com by their titles, of the REST API's version `2022-11-28`.

pub mod app;
pub mod client;
pub mod credentials;
pub mod error;
pub mod pull;
pub mod reach;
pub mod webhook;

#[cfg(test)]
mod scripted;

pub use client::Client;
pub use credentials::{Credentials, InstallationTokens};
pub use error::{GithubError, Kind};
