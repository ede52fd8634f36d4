//! Pull requests that fix findings, as their forge tells of them.
//!
//! | what | where it stands | who reads it |
//! |---|---|---|
//! | the pull request, and what it is about | [`Remediation`], a record for each | the webhook's receiver, the API, `maintain` |
//! | what its ticket showed and told of it | [`Followed`], in the ticket | the worker, the planner |
//! | what was said of it before there was a ticket | [`crate::finding::Finding::pulls`] | the planner, which takes it into the ticket |
//!
//! Messages come late, twice and in any order. What is older never replaces what is newer ([`Pull::after`]), and whoever is
//! told something twice finds nothing to do.

mod followed;
mod forge;
mod mention;
mod record;
mod reference;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::fixed;
use crate::{Error, Result};
pub use followed::Followed;
pub use forge::{Forge, Limit, Method, Trouble};
pub use mention::{Mentions, mentions, reverted};
pub use record::{Links, Remediation};
pub use reference::{Reference, reference, words_of_people};

/// The longest address of a pull request, in characters.
pub const LONGEST_URL: usize = 500;

/// The longest title that is kept, in characters.
pub const LONGEST_TITLE: usize = 255;

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

    /// Of two messages of the same second, the one with the higher rank is the later one.
    fn rank(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Closed => 1,
            Self::Merged => 2,
            Self::Reverted => 3,
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
    /// When that was so, by the forge's clock or as it was told: what is told and older never replaces what is newer.
    #[schema(value_type = String)]
    pub changed_at: Timestamp,
    /// When it was opened, by the forge's clock, if it said so.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub opened_at: Option<Timestamp>,
}

impl Pull {
    /// What is known once `news` came. `is_certain` says that it was read at this moment, and not told at some time.
    ///
    /// | known | news | then |
    /// |---|---|---|
    /// | any | older | as known |
    /// | any | newer | as the news have it |
    /// | any | of whatever age, and read just now | as the news have it, with the later of the two times |
    /// | any | as old, and told | the state of the higher rank: open, closed, merged, reverted |
    /// | reverted | merged, however new | reverted: its own forge does not tell of what others took back |
    #[must_use]
    pub fn after(&self, news: &Self, is_certain: bool) -> Self {
        let is_newer = match news.changed_at.cmp(&self.changed_at) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => news.state.rank() > self.state.rank(),
        };
        if !is_newer && !is_certain {
            return self.clone();
        }
        let stays = self.state == PullState::Reverted && news.state == PullState::Merged;
        Self {
            state: if stays { self.state } else { news.state },
            // What was told may bear a time of whoever told it, later than the forge's own.
            changed_at: news.changed_at.max(self.changed_at),
            opened_at: news.opened_at.or(self.opened_at),
            // Whoever uses the API may not know them.
            repository: if news.is_on_github() { &news.repository } else { &self.repository }.clone(),
            number: if news.is_on_github() { news.number } else { self.number },
            ..news.clone()
        }
    }

    /// Whether it is GitHub's, so that it can be read and its description be written.
    pub fn is_on_github(&self) -> bool {
        !self.repository.is_empty() && self.number > 0
    }

    /// What people call it: `owner/name#12`, or its address.
    pub fn name(&self) -> String {
        if self.is_on_github() { format!("{}#{}", self.repository, self.number) } else { self.url.clone() }
    }

    /// Who says of a task that it is done because this was merged.
    pub fn teller(&self) -> &'static str {
        if self.is_on_github() { "github" } else { "remediation" }
    }

    /// Why a task is done because this was merged. By it such a task is known again.
    pub fn why_done(&self) -> String {
        format!("pull request {} was merged", self.name())
    }
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;
