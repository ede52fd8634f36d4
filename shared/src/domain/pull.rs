//! Pull requests that fix findings, as their forge tells of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::fixed;
use crate::{Error, Result};

/// The fixed id of a pull request, made from its address.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct PullId(String);

impl PullId {
    /// The id of the pull request at `url`, in which letters' case does not count.
    pub fn of(url: &str) -> Self {
        Self(format!("pul-{}", fixed(&[&url.to_lowercase()])))
    }

    /// Takes `text` as an id.
    pub fn parse(text: &str) -> Result<Self> {
        let rest = text.strip_prefix("pul-").unwrap_or_default();
        if (1..=64).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("pull request", "the id of a pull request begins with `pul-`"))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PullId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where a pull request stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PullState {
    /// It is to be merged.
    Open,
    /// It was closed without being merged.
    Closed,
    /// It was merged.
    Merged,
    /// It was merged, and what it changed was taken back by another one that was merged.
    Reverted,
}

impl PullState {
    /// The state's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Merged => "merged",
            Self::Reverted => "reverted",
        }
    }
}

/// One pull request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Pull {
    /// Its address, for people.
    pub url: String,
    /// Its title, in one line.
    pub title: String,
    /// The repository, `owner/name`; empty for forges other than GitHub.
    #[serde(default)]
    pub repository: String,
    /// Its number there; 0 for forges other than GitHub.
    #[serde(default)]
    pub number: u64,
    /// Where it stands.
    pub state: PullState,
    /// When that was so, by the forge's clock: what is older never replaces what is newer.
    #[schema(value_type = String)]
    pub changed_at: Timestamp,
}

/// A pull request that a ticket follows, and how far that was told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Followed {
    /// As it was last heard of.
    pub pull: Pull,
    /// The state that the issue last told people: by a remote link and a comment.
    #[serde(default)]
    pub shown: Option<PullState>,
    /// The state that the tasks were last told.
    #[serde(default)]
    pub told: Option<PullState>,
    /// Whether its description names the ticket, or cannot be made to.
    #[serde(default)]
    pub referenced: bool,
    /// Why something of this could not be done, if it could not.
    #[serde(default)]
    pub problem: Option<String>,
}
