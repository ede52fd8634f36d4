//! What a person chooses from when a sync is set up, asked for at that moment.

use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use super::jql::Jql;
use crate::ids::{AccountId, IssueId, IssueTypeId, ProjectId};

/// How many epics are offered, at most.
const EPICS: usize = 50;

/// How many labels a page holds, at most.
///
/// Source: specification of `getAllLabels`, whose default it is.
const LABELS: &str = "1000";

/// The level of epics in Jira's hierarchy of issue types.
///
/// Source: specification of `IssueTypeIssueCreateMetadata.hierarchyLevel`; company- and team-managed projects alike.
const LEVEL_OF_EPICS: i32 = 1;

/// An epic to choose.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EpicChoice {
    /// Its identifier.
    pub id: IssueId,
    /// Its key now.
    pub key: String,
    /// Its title.
    pub title: String,
}

impl Client {
    /// The newest 50 epics of the project, done or not, whose titles have words that begin with those of `query`. One
    /// call for the project's types of issue and one for the epics; empty where the project has no type for epics that
    /// the account can create.
    pub async fn epics(
        &self,
        project: &ProjectId,
        query: Option<&str>,
    ) -> Result<Vec<EpicChoice>, JiraError> {
        #[derive(Deserialize)]
        struct Epic {
            id: IssueId,
            key: String,
            fields: Fields,
        }
        #[derive(Deserialize)]
        struct Fields {
            #[serde(default)]
            summary: Option<String>,
        }
        let types = self.issue_types(project).await?;
        let types: Vec<IssueTypeId> = types
            .into_iter()
            .filter(|kind| kind.hierarchy_level == LEVEL_OF_EPICS)
            .map(|kind| kind.id)
            .collect();
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let jql = Jql::new().projects([project]).issue_types(&types).title(query.unwrap_or_default());
        let found: Vec<Epic> =
            self.first_found("look for epics", &jql.newest_first(), &["summary"], EPICS).await?;
        let choice = |epic: Epic| EpicChoice {
            id: epic.id,
            key: epic.key,
            title: epic.fields.summary.unwrap_or_default(),
        };
        Ok(found.into_iter().map(choice).collect())
    }

    /// A page of up to 1000 of the site's labels, from `start` on, and where the next page starts, none after the last.
    /// One call.
    ///
    /// Source: specification of `getAllLabels`.
    pub async fn labels(&self, start: usize) -> Result<(Vec<String>, Option<usize>), JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            is_last: Option<bool>,
            total: Option<usize>,
            values: Vec<String>,
        }
        let start_at = start.to_string();
        let ask = Ask::read("list the labels", "/rest/api/3/label")
            .with(&[("startAt", &start_at), ("maxResults", LABELS)]);
        let body: Body = self.request(ask).await?.decode()?;
        let end = start + body.values.len();
        // A short page is not the end; an empty one is.
        let is_last = body.is_last.unwrap_or_else(|| body.total.is_some_and(|total| end >= total));
        let next = (!is_last && !body.values.is_empty()).then_some(end);
        Ok((body.values, next))
    }

    /// Whether issues of the project can be assigned to the account. One call.
    ///
    /// Source: specification of `findAssignableUsers`: with an account id, the account is in the answer if it can be
    /// assigned.
    pub async fn is_assignable(&self, project: &ProjectId, account: &AccountId) -> Result<bool, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct User {
            account_id: String,
        }
        let ask = Ask::read("ask whether the account can be assigned", "/rest/api/3/user/assignable/search")
            .with(&[("project", project.as_str()), ("accountId", account.as_str())]);
        let users: Vec<User> = self.request(ask).await?.decode()?;
        self.spend(2 * users.len());
        Ok(users.iter().any(|user| user.account_id == account.as_str()))
    }
}

#[cfg(test)]
#[path = "choices_tests.rs"]
mod tests;
