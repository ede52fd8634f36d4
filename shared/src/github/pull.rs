//! Reading a pull request, and writing its description.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::client::{Ask, Client};
use super::error::{GithubError, Kind};
use crate::http::Method;
use crate::jira::addresses::segment;
use crate::pull::{LONGEST_TITLE, LONGEST_URL, Pull, PullState};
use crate::ticket::content::one_line;

/// The longest description that GitHub takes, in characters.
///
/// Source: GitHub's error "body is too long (maximum is 65536 characters)".
pub const LONGEST_BODY: usize = 65_536;

/// A pull request as it is now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PullNow {
    /// What is kept of it.
    pub pull: Pull,
    /// The branch that it comes from.
    pub branch: String,
    /// Its description.
    pub body: String,
}

/// Source: docs.github.com, "REST API endpoints for pull requests"; a delivery holds the same object ("Webhook events and
/// payloads", `pull_request`).
#[derive(Debug, Deserialize)]
pub(super) struct Bean {
    number: u64,
    html_url: String,
    title: String,
    body: Option<String>,
    state: String,
    merged_at: Option<Timestamp>,
    #[serde(default)]
    merged: Option<bool>,
    created_at: Timestamp,
    updated_at: Timestamp,
    head: Head,
    base: Base,
}

#[derive(Debug, Deserialize)]
struct Head {
    #[serde(rename = "ref")]
    branch: String,
}

#[derive(Debug, Deserialize)]
struct Base {
    repo: Repository,
}

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
}

impl Bean {
    /// The pull request; or which part of it makes no sense.
    pub(super) fn read(self) -> Result<PullNow, &'static str> {
        let state = match self.state.as_str() {
            "open" => PullState::Open,
            "closed" if self.merged == Some(true) || self.merged_at.is_some() => PullState::Merged,
            "closed" => PullState::Closed,
            _ => return Err("pull_request.state"),
        };
        let is_address = (self.html_url.starts_with("https://")
            || crate::http::is_trustworthy(&self.html_url))
            && self.html_url.len() <= LONGEST_URL;
        if !is_address {
            return Err("pull_request.html_url");
        }
        if parts_of(&self.base.repo.full_name).is_none() || self.number == 0 {
            return Err("pull_request.base.repo.full_name");
        }
        let pull = Pull {
            url: self.html_url,
            title: one_line(&self.title, LONGEST_TITLE),
            repository: self.base.repo.full_name,
            number: self.number,
            state,
            changed_at: self.updated_at,
            opened_at: Some(self.created_at),
        };
        Ok(PullNow {
            pull,
            branch: one_line(&self.head.branch, LONGEST_TITLE),
            body: self.body.unwrap_or_default(),
        })
    }
}

impl Client {
    /// The pull request as it is now.
    pub async fn pull(&self, repository: &str, number: u64) -> Result<PullNow, GithubError> {
        let what = "read the pull request";
        let path = format!("{}/pulls/{number}", path_of(what, repository)?);
        let bean: Bean = self.request(Ask::read(what, path)).await?;
        bean.read().map_err(|part| {
            let mend = "check that the API's address is GitHub's";
            GithubError::new(Kind::Malformed, what, format!("the answer makes no sense at {part}"), mend)
        })
    }

    /// Replaces the description. Whoever reads it again before they write finds out whether a lost answer was a yes.
    ///
    /// Source: docs.github.com, "Update a pull request": the permission Pull requests, write.
    pub async fn edit_body(&self, repository: &str, number: u64, body: &str) -> Result<(), GithubError> {
        let what = "write the pull request's description";
        let ask = Ask {
            what,
            method: Method::Patch,
            path: format!("{}/pulls/{number}", path_of(what, repository)?),
            body: Some(json!({ "body": body })),
        };
        self.request::<serde::de::IgnoredAny>(ask).await.map(|_| ())
    }
}

/// The path of a repository.
pub(super) fn path_of(what: &str, repository: &str) -> Result<String, GithubError> {
    let (owner, name) = parts_of(repository).ok_or_else(|| {
        GithubError::new(Kind::Unusable, what, "there is no such repository", "name it as `owner/name`")
    })?;
    Ok(format!("/repos/{}/{}", segment(owner), segment(name)))
}

/// Owner and name of `owner/name`.
pub fn parts_of(repository: &str) -> Option<(&str, &str)> {
    let (owner, name) = repository.split_once('/')?;
    let is_name = |part: &str| {
        (1..=100).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && part.bytes().any(|byte| byte != b'.')
    };
    (is_name(owner) && is_name(name)).then_some((owner, name))
}
