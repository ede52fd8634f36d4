//! Work logs: which were written, changed or deleted since a moment, and by whom.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Deed, Deeds};
use crate::jira::ask::Ask;
use crate::jira::client::Client;
use crate::jira::error::JiraError;
use crate::jira::time;

/// A page of the work logs that were changed since a moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WorklogChanges {
    /// Their identifiers.
    pub ids: Vec<u64>,
    /// The moment of the last of them, since which the next page must be asked for. Jira leaves the last minute out, so
    /// it is never later than that.
    pub until: Timestamp,
    /// Whether no page follows.
    pub last: bool,
}

impl Client {
    /// A page of the work logs that were written or changed since `since`. One call. What was changed in the minute
    /// before is not told yet.
    ///
    /// Source: specification of `getIdsOfWorklogsModifiedSince`: oldest first, 1000 a page.
    pub async fn worklogs_changed(&self, since: Timestamp) -> Result<WorklogChanges, JiraError> {
        self.worklog_changes("read which work logs were changed", "/rest/api/3/worklog/updated", since).await
    }

    /// The same for those that were deleted.
    ///
    /// Source: specification of `getIdsOfWorklogsDeletedSince`.
    pub async fn worklogs_deleted(&self, since: Timestamp) -> Result<WorklogChanges, JiraError> {
        self.worklog_changes("read which work logs were deleted", "/rest/api/3/worklog/deleted", since).await
    }

    async fn worklog_changes(
        &self,
        what: &'static str,
        path: &'static str,
        since: Timestamp,
    ) -> Result<WorklogChanges, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            values: Vec<Changed>,
            last_page: bool,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Changed {
            worklog_id: u64,
            #[serde(deserialize_with = "time::deserialize")]
            updated_time: Timestamp,
        }
        let ask = Ask::read(what, path).with(&[("since", &since.as_millisecond().to_string())]);
        let answer = self.request(ask).await?;
        let body: Body = answer.decode()?;
        self.spend(body.values.len());
        // `until` of the answer is the same, but what it is for an empty page is not said.
        let until = body.values.iter().map(|changed| changed.updated_time).max().unwrap_or(since).max(since);
        if !body.last_page && until <= since {
            return Err(answer.malformed("values", "the next page would be the same one"));
        }
        if body.last_page {
            self.confirm_reader().await?;
        }
        let ids = body.values.into_iter().map(|changed| changed.worklog_id).collect();
        Ok(WorklogChanges { ids, until, last: body.last_page })
    }

    /// What was done by writing and changing these work logs, at most 1000; those that are gone or hidden are left out.
    /// One call, none for none.
    ///
    /// Source: specification of `getWorklogsForIds`.
    pub async fn worklogs(&self, ids: &[u64]) -> Result<Vec<Deed>, JiraError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ask = Ask::query("read the work logs", "/rest/api/3/worklog/list", json!({ "ids": ids }));
        let answer = self.request(ask).await?;
        let worklogs: Vec<Deeds> = answer.decode()?;
        self.spend(worklogs.len());
        self.confirm_reader().await?;
        Ok(worklogs.into_iter().flat_map(|worklog| worklog.0).collect())
    }
}

#[cfg(test)]
#[path = "worklogs_tests.rs"]
mod tests;
