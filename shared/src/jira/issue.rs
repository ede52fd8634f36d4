//! Reading issues by id, which shows the truth at once where a search lags behind.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::Deserialize;

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::error::{JiraError, Kind};
use super::time;
use crate::ids::{IssueId, TicketId};
use crate::ticket::{IssueStatus, PROPERTY};
use crate::trace::Call;

/// How many issues one call fetches, at most.
///
/// Source: specification of `bulkFetchIssues`: more are a 400.
pub(super) const ISSUES_A_CALL: usize = 100;

/// A status as Jira writes it. Names are translated and can be edited; the category's key is neither.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusBean {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status_category: CategoryBean,
}

/// Source: the category keys `new`, `indeterminate`, `done` and `undefined` of real sites.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(super) struct CategoryBean {
    pub(super) key: String,
}

impl StatusBean {
    pub(super) fn is_done(&self) -> bool {
        self.status_category.key == "done"
    }

    pub(super) fn read_at(&self, now: Timestamp) -> IssueStatus {
        IssueStatus { name: self.name.clone(), done: self.is_done(), read_at: now }
    }
}

/// An issue as it was fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchedIssue {
    /// Its immutable identifier.
    pub id: IssueId,
    /// Its key now.
    pub key: String,
    /// The fields that were asked for, as Jira writes them.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// The properties that were asked for.
    pub properties: BTreeMap<String, serde_json::Value>,
    /// When it was read.
    pub read_at: Timestamp,
}

impl FetchedIssue {
    /// Its status, if the field `status` was asked for and makes sense.
    pub fn status(&self) -> Option<IssueStatus> {
        let status = StatusBean::deserialize(self.fields.get("status")?).ok()?;
        Some(status.read_at(self.read_at))
    }

    /// The id of its project, if the field `project` was asked for and makes sense.
    pub fn project(&self) -> Option<&str> {
        self.fields.get("project")?.get("id")?.as_str()
    }

    /// When it was last changed, if the field `updated` was asked for and makes sense.
    pub fn updated_at(&self) -> Option<Timestamp> {
        time::parse(self.fields.get("updated")?.as_str()?)
    }

    /// The ticket that it was created for, if the property `assay.ticket` was asked for and makes sense.
    pub fn ticket(&self) -> Option<TicketId> {
        super::search::ticket_in(self.properties.get(PROPERTY)?)
    }
}

/// What fetching brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// What is there.
    pub issues: BTreeMap<IssueId, FetchedIssue>,
    /// What Jira could not give just now, and why. These are not gone.
    pub failed: BTreeMap<IssueId, String>,
    /// What is neither: deleted, or hidden from the account.
    pub gone: BTreeSet<IssueId>,
    /// The last call.
    pub call: Option<Call>,
}

/// What a look at one issue showed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Seen {
    /// It is there.
    There {
        /// Its key now.
        key: String,
        /// Its status.
        status: IssueStatus,
        /// The call that showed it.
        call: Call,
    },
    /// It was deleted, or is hidden from the account.
    Gone(Call),
}

impl Client {
    /// Fetches issues by id. One call for each hundred. What is missing is only called gone when Jira answered as the
    /// connection's account.
    ///
    /// Source: specification of `bulkFetchIssues`, `BulkIssueResults`: issues that are not there or not visible are in
    /// neither list.
    pub async fn fetch(
        &self,
        ids: &[IssueId],
        fields: &[&str],
        properties: &[&str],
    ) -> Result<Fetched, JiraError> {
        let mut fetched =
            Fetched { issues: BTreeMap::new(), failed: BTreeMap::new(), gone: BTreeSet::new(), call: None };
        let mut waiting: VecDeque<&[IssueId]> = ids.chunks(ISSUES_A_CALL).collect();
        while let Some(asked) = waiting.pop_front() {
            match self.fetch_chunk(asked, fields, properties, &mut fetched).await {
                Err(error) if error.kind == Kind::TooLarge && asked.len() > 1 => {
                    let (first, second) = asked.split_at(asked.len() / 2);
                    waiting.push_front(second);
                    waiting.push_front(first);
                }
                Err(error) if error.kind == Kind::TooLarge => {
                    fetched.failed.extend(asked.iter().map(|id| (id.clone(), error.to_string())));
                }
                result => result?,
            }
        }
        let is_missing =
            |id: &&IssueId| !fetched.issues.contains_key(*id) && !fetched.failed.contains_key(*id);
        let missing: BTreeSet<IssueId> = ids.iter().filter(is_missing).cloned().collect();
        if !missing.is_empty() {
            self.confirm_caller().await?;
        }
        fetched.gone = missing;
        Ok(fetched)
    }

    async fn fetch_chunk(
        &self,
        ids: &[IssueId],
        fields: &[&str],
        properties: &[&str],
        fetched: &mut Fetched,
    ) -> Result<(), JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            issues: Vec<serde_json::Value>,
            #[serde(default)]
            issue_errors: Vec<Failure>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Failure {
            id: IssueId,
            #[serde(default)]
            error_message: String,
        }
        let body = serde_json::json!({
            "issueIdsOrKeys": ids, "fields": fields, "properties": properties,
        });
        let answer =
            self.request(Ask::query("fetch the issues", "/rest/api/3/issue/bulkfetch", body)).await?;
        let body: Body = answer.decode()?;
        let read_at = self.now();
        self.spend(body.issues.len());
        for issue in body.issues {
            // One issue that makes no sense must not sink the others, and must not look as if it were gone.
            let id = issue.get("id").and_then(|id| IssueId::parse(id.as_str()?).ok());
            let Some(id) = id else { return Err(answer.malformed("issues", "an issue has no id")) };
            match fetched_issue(issue, read_at) {
                Some(issue) => drop(fetched.issues.insert(id, issue)),
                None => drop(fetched.failed.insert(id, "the issue could not be understood".to_owned())),
            }
        }
        let failures = body.issue_errors.into_iter();
        fetched
            .failed
            .extend(failures.map(|failure| (failure.id, super::answer::tidy(&failure.error_message))));
        fetched.call = Some(answer.call);
        Ok(())
    }

    /// The key and the status of one issue. One call.
    ///
    /// Source: specification of `getIssue`; 404 means not there or not visible, so it is believed only when Jira
    /// answers as the connection's account.
    pub async fn issue_status(&self, id: &IssueId) -> Result<Seen, JiraError> {
        match self.look(id, None).await {
            Ok(look) => {
                Ok(Seen::There { status: look.status.read_at(self.now()), key: look.key, call: look.call })
            }
            Err(error) if error.kind == Kind::NotFound => {
                self.confirm_caller().await?;
                Ok(Seen::Gone(error.call))
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn look(&self, id: &IssueId, deadline: Option<Timestamp>) -> Result<Look, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            key: String,
            fields: Fields,
        }
        #[derive(Deserialize)]
        struct Fields {
            status: StatusBean,
        }
        let path = format!("/rest/api/3/issue/{}", segment(id.as_str()));
        let mut ask = Ask::read("read the issue's status", path).with(&[("fields", "status")]);
        if let Some(deadline) = deadline {
            ask = ask.by(deadline);
        }
        let answer = self.request(ask).await?;
        let body: Body = answer.decode()?;
        self.spend(1);
        Ok(Look { key: body.key, status: body.fields.status, call: answer.call })
    }
}

/// An issue's status as it was just read.
pub(super) struct Look {
    pub(super) key: String,
    pub(super) status: StatusBean,
    pub(super) call: Call,
}

fn fetched_issue(issue: serde_json::Value, read_at: Timestamp) -> Option<FetchedIssue> {
    #[derive(Deserialize)]
    struct Bean {
        id: IssueId,
        key: String,
        #[serde(default)]
        fields: serde_json::Map<String, serde_json::Value>,
        #[serde(default)]
        properties: BTreeMap<String, serde_json::Value>,
    }
    let bean: Bean = serde_json::from_value(issue).ok()?;
    Some(FetchedIssue {
        id: bean.id,
        key: bean.key,
        fields: bean.fields,
        properties: bean.properties,
        read_at,
    })
}

#[cfg(test)]
#[path = "issue_tests.rs"]
mod tests;
