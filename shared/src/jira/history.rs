//! Who changed what of an issue, and when.

use jiff::Timestamp;
use serde::Deserialize;

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use super::time;
use crate::ids::{AccountId, IssueId};

/// How many entries a page holds, at most.
///
/// Source: jira-facts 4.5, `getChangeLogs`.
const PAGE: &str = "100";

/// Pages beyond this are not asked for: the paging must be broken.
const MOST_PAGES: usize = 1000;

/// One field of one change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Jira's identifier of the change; changes of several fields at once share it.
    pub id: String,
    /// The field's id, or its name in lower case where Jira leaves the id out (`issueparentassociation` for parents).
    pub field: String,
    /// Who made it; none if Jira does not say.
    pub author: Option<AccountId>,
    /// When, by Jira's clock.
    pub at: Timestamp,
    /// What it was: the value's id, or its text where values have none (titles, labels); none if it was empty.
    pub from: Option<String>,
    /// What it became, written like `from`.
    pub to: Option<String>,
}

/// Source: specification of `Changelog`; its example of the bulk operation writes `created` as a number.
#[derive(Deserialize)]
struct Entry {
    id: String,
    author: Option<Author>,
    #[serde(deserialize_with = "time::deserialize")]
    created: Timestamp,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Author {
    account_id: Option<String>,
}

/// Source: specification of `ChangeDetails`; `fieldId` is often missing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    field: Option<String>,
    field_id: Option<String>,
    from: Option<String>,
    from_string: Option<String>,
    to: Option<String>,
    to_string: Option<String>,
}

impl Client {
    /// All changes of the issue, oldest first. One call for each hundred, and one more if Jira does not say which page
    /// is the last. Comments are not among them.
    ///
    /// Source: specification of `getChangeLogs`.
    pub async fn history(&self, id: &IssueId) -> Result<Vec<Change>, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            is_last: Option<bool>,
            values: Vec<Entry>,
        }
        let path = format!("/rest/api/3/issue/{}/changelog", segment(id.as_str()));
        let mut changes = Vec::new();
        let mut start = 0;
        for _ in 0..MOST_PAGES {
            let start_at = start.to_string();
            let ask = Ask::read("read the issue's history", path.clone())
                .with(&[("startAt", &start_at), ("maxResults", PAGE)]);
            let answer = self.request(ask).await?;
            let body: Body = answer.decode()?;
            // A short page is not the end; an empty one is.
            let is_end = body.values.is_empty() || body.is_last == Some(true);
            start += body.values.len();
            for entry in body.values {
                changes_in(entry, &mut changes);
            }
            if is_end {
                changes.sort_by_key(|change: &Change| change.at);
                return Ok(changes);
            }
        }
        let ask = Ask::read("read the issue's history", path);
        Err(JiraError::malformed(ask.call(), ask.what, "values", "the pages do not end"))
    }
}

fn changes_in(entry: Entry, changes: &mut Vec<Change>) {
    let author = entry.author.and_then(|author| AccountId::parse(&author.account_id?).ok());
    for item in entry.items {
        let by_name = || item.field.as_ref().map(|name| name.to_lowercase());
        let Some(field) = filled(item.field_id.clone()).or_else(by_name) else { continue };
        changes.push(Change {
            id: entry.id.clone(),
            field,
            author: author.clone(),
            at: entry.created,
            from: filled(item.from).or(filled(item.from_string)),
            to: filled(item.to).or(filled(item.to_string)),
        });
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
