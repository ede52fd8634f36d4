//! The entries of an issue's history, and those of them that a search tells with the issue.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Deed, UserBean, deed};
use crate::jira::time;

/// Numbers below this are seconds, others are milliseconds: as milliseconds it is in 1973, as seconds in 5138.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

/// How many of an issue's entries a search tells, at most.
///
/// Source: specification of `BulkFetchIssueRequestBean`, `expand`; that of a search names no number.
const MOST: usize = 40;

/// Source: specification of `Changelog`.
#[derive(Deserialize)]
pub(super) struct Entry {
    author: Option<UserBean>,
    #[serde(deserialize_with = "seconds_or_milliseconds")]
    created: Timestamp,
}

impl Entry {
    /// What was done by it; nothing if it was nobody in particular.
    pub(super) fn deed(self) -> Option<Deed> {
        deed(self.author, self.created)
    }
}

/// Source: specification of `PageOfChangelogs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    start_at: u64,
    total: u64,
    histories: Vec<Entry>,
}

/// The deeds of the entries that a search told with an issue, and whether there are no others from `since` on. What is
/// missing or makes no sense tells nothing, and is no error, since it can be asked for.
pub(super) fn embedded(changelog: Option<&RawValue>, since: Timestamp) -> (Vec<Deed>, bool) {
    let Some(page) = changelog.and_then(|raw| serde_json::from_str::<Page>(raw.get()).ok()) else {
        return (Vec::new(), false);
    };
    let whole = page.start_at == 0 && (page.is_all() || page.reaches(since));
    (page.histories.into_iter().filter_map(Entry::deed).collect(), whole)
}

impl Page {
    /// Whether these are all entries. As many as a search tells at most may be some of more, whatever the total is:
    /// it is specified as "the number of results on the page".
    fn is_all(&self) -> bool {
        let told = self.histories.len();
        told < MOST && usize::try_from(self.total).is_ok_and(|total| total <= told)
    }

    /// Whether the entries go back to before `since`, which only means something if the newest come first, as specified.
    fn reaches(&self, since: Timestamp) -> bool {
        let newest_first = self.histories.is_sorted_by(|one, next| one.created >= next.created);
        newest_first && self.histories.last().is_some_and(|oldest| oldest.created < since)
    }
}

/// A moment in any of Jira's ways, and a number of seconds.
///
/// Source: specification of `Changelog`: text; the example of `getBulkChangelogs`: `1492070429`, which is seconds.
fn seconds_or_milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let seconds = value.as_i64().filter(|number| *number < LEAST_MILLISECONDS);
    match seconds {
        Some(seconds) => Timestamp::from_second(seconds).map_err(serde::de::Error::custom),
        None => time::deserialize(value).map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
#[path = "changelog_tests.rs"]
mod tests;
