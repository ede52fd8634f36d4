//! The client of Jira Cloud and of Atlassian's accounts: the only module that knows Jira's words.
//!
//! Reads and writes Jira through [`http::Sender`]; decides what an answer means ([`error`]), what may be repeated
//! ([`retry`]) and how much was read ([`reading`]); keeps no state beyond one client's life. What it learns goes back
//! as values of [`crate::domain`]; who stores them is `operations`.
//!
//! | file | is about |
//! |---|---|
//! | [`addresses`] | every URL |
//! | [`credentials`], [`oauth`] | proving who we are |
//! | [`error`], [`retry`], [`client`], `ask`, `answer`, `failure` | the one `request` function and what its answers mean |
//! | [`account`], [`project`], [`permission`], [`scope`], [`metadata`], [`workflow`], [`choices`] | what there is and what we may do |
//! | [`activity`] | who did something, and when |
//! | [`directory`] | who there is and what gives access |
//! | [`membership`] | giving and taking access |
//! | [`personal`] | whose personal data must be erased or read again |
//! | [`organisation`] | the organisation API |
//! | [`jql`], [`search`], [`matching`], [`reading`] | queries, their pages, what they match, and evidence |
//! | [`issue`], [`now`], [`history`] | reading issues by id |
//! | [`create`], [`edit`], [`transition`], [`delete`] | changing issues |
//! | [`comment`], [`remote_link`] | comments below issues, and links to things elsewhere |
//! | [`adf`], [`canonical`] | documents, and telling whether one was changed |
//! | [`webhook`] | deliveries from Jira, without any call |
//!
//! Facts about Jira carry their source: the specification is Atlassian's `OpenAPI` document of the platform's REST API
//! version 3; "Rate limiting" is the page of that name at developer.atlassian.com (12 August 2026).

pub mod account;
pub mod action_issue;
pub mod activity;
pub mod addresses;
pub mod adf;
mod answer;
mod ask;
pub mod canonical;
pub mod choices;
pub mod client;
pub mod comment;
pub mod create;
pub mod credentials;
pub mod delete;
pub mod directory;
pub mod edit;
pub mod error;
mod failure;
pub mod fields;
pub mod history;
pub mod issue;
pub mod jql;
pub mod matching;
pub mod membership;
pub mod metadata;
pub mod now;
pub mod oauth;
pub mod organisation;
pub mod permission;
pub mod personal;
pub mod project;
pub mod reading;
pub mod remote_link;
pub mod retry;
pub mod scope;
pub mod search;
pub mod server;
pub mod time;
pub mod transition;
pub mod webhook;
pub mod workflow;

#[cfg(test)]
mod scripted;

pub use crate::http::{self, ReqwestSender, Sender};
pub use addresses::Addresses;
pub use client::{Caller, Client, Facts, Meter, Sleeper, TokioSleeper};
pub use credentials::{Credentials, OauthApp};
pub use error::{Effect, JiraError, LimitReason};
