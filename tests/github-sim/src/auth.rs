//! Who calls, and what they may do. GitHub hides what a caller may not see (404) and refuses what it may see but not do
//! (403), each with the words of the kind of token.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::HeaderMap;
use jiff::Timestamp;

use crate::{
    jwt,
    routes::Answer,
    state::{APP, InstallationToken, Repository, Token, World},
};

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Nobody,
    /// The App itself, by its JSON web token.
    App,
    Person(Token),
    Installation(InstallationToken),
}

impl Caller {
    /// By the header `Authorization`; `Bearer` and `token` mean the same to GitHub.
    pub(crate) fn of(world: &World, headers: &HeaderMap, now: Timestamp) -> Result<Self, Answer> {
        let Some(header) = headers.get("authorization") else { return Ok(Self::Nobody) };
        let bad = || Answer::refused(401, "Bad credentials");
        let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(bad)?;
        if !(scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token")) {
            return Err(bad());
        }
        let token = token.trim();
        if jwt::looks_like_one(token) {
            return match jwt::verify(token, APP.0, APP.1, now) {
                Ok(()) => Ok(Self::App),
                Err("Integration not found") => Err(Answer::refused(404, "Integration not found")),
                Err(message) => Err(Answer::refused(401, message)),
            };
        }
        let alive = |expires: Option<i64>| expires.is_none_or(|expires| expires > now.as_second());
        if let Some(known) = world.tokens.iter().find(|known| known.token == token) {
            return alive(known.expires).then(|| Self::Person(known.clone())).ok_or_else(bad);
        }
        let installed = world.installation.iter().flat_map(|installation| &installation.tokens);
        let known = installed.into_iter().find(|known| known.text == token && known.expires > now);
        known.cloned().map(Self::Installation).ok_or_else(bad)
    }

    /// What calls are counted by, and what the journal says.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Nobody => "anonymous".to_owned(),
            Self::App => "app".to_owned(),
            Self::Person(token) => token.login.clone(),
            Self::Installation(_) => "installation".to_owned(),
        }
    }

    /// Who did it, for history and webhooks.
    pub(crate) fn login(&self) -> String {
        match self {
            Self::Person(token) => token.login.clone(),
            _ => format!("{}[bot]", APP.2),
        }
    }

    /// When the credential ends, where GitHub tells that in a header.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        match self {
            Self::Person(token) => Timestamp::from_second(token.expires?).ok(),
            Self::Installation(token) => Some(token.expires),
            Self::Nobody | Self::App => None,
        }
    }

    fn classic(&self) -> bool {
        matches!(self, Self::Person(token) if token.token.starts_with("ghp_"))
    }

    fn permissions(&self) -> Option<&BTreeMap<String, String>> {
        match self {
            Self::Person(token) => Some(&token.permissions),
            Self::Installation(token) => Some(&token.permissions),
            Self::Nobody | Self::App => None,
        }
    }

    /// Whether the credential is for this repository at all.
    fn covers(&self, repo: &Repository) -> bool {
        let named = |repositories: &Option<BTreeSet<String>>| {
            repositories.as_ref().is_none_or(|names| names.contains(&repo.full_name))
        };
        match self {
            Self::Nobody | Self::App => false,
            Self::Person(token) => named(&token.repositories),
            Self::Installation(token) => repo.installed && named(&token.repositories),
        }
    }

    /// Whether the repository is there for this caller.
    pub(crate) fn sees(&self, repo: &Repository) -> bool {
        !repo.private || self.covers(repo)
    }

    /// Whether a permission of at least this level is held in a repository that is seen.
    pub(crate) fn needs(&self, repo: &Repository, permission: &str, write: bool) -> Result<(), Answer> {
        if !write && !repo.private {
            return Ok(());
        }
        let held = self.permissions().and_then(|permissions| permissions.get(permission));
        let enough = match held.map(String::as_str) {
            Some("write" | "admin") => true,
            Some("read") => !write,
            _ => false,
        };
        if self.covers(repo) && (enough || self.classic()) {
            return Ok(());
        }
        let level = if write { "write" } else { "read" };
        Err(self.refusal().with_header("x-accepted-github-permissions", format!("{permission}={level}")))
    }

    /// How GitHub refuses what this kind of credential may not do.
    pub(crate) fn refusal(&self) -> Answer {
        match self {
            Self::Nobody => Answer::refused(401, "Requires authentication"),
            Self::Person(_) => Answer::refused(403, "Resource not accessible by personal access token"),
            Self::App | Self::Installation(_) => {
                Answer::refused(403, "Resource not accessible by integration")
            }
        }
    }
}
