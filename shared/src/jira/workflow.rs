//! How a new issue comes to a done status: what a person is shown before choosing a project, and what is told when
//! nothing leads there.
//!
//! Reads the project's workflow where the account may, else looks at issues that stand in its statuses and at the moves
//! that these offer; finds the shortest way (`path`). Decides nothing about any one issue: that is
//! [`super::transition`], which learns on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::error::{JiraError, Kind};
use super::issue::CategoryBean;
use super::jql::Jql;
use super::transition::fill;
use crate::ids::{IssueId, IssueTypeId, ProjectId};

mod definition;
mod path;

use definition::Definition;
use path::Map;

/// Moves are looked for from this many statuses at most; no person's workflow has more.
const MOST_STATUSES: usize = 40;

/// A status that issues of a type can have in a project.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StatusChoice {
    /// Its identifier.
    pub id: String,
    /// Its name, in the language of the account's profile.
    pub name: String,
    /// The key of its category: `new`, `indeterminate`, `done` or `undefined`.
    pub category: String,
}

/// A move on the way.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct WayStep {
    /// The name of the status where it begins.
    pub from: String,
    /// The transition's name.
    pub transition: String,
    /// The name of the status where it ends.
    pub to: String,
    /// The fields (names, or ids where names are not known) that must be filled in for it and that only a person can
    /// fill in. Conditions of other kinds may stand in the way too, and show only when the move is made.
    pub needs: Vec<String>,
}

/// What is known of the way to a done status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Way {
    /// The shortest one.
    Known {
        /// All statuses that the type can have in the project.
        statuses: Vec<StatusChoice>,
        /// The moves from a new issue's status on; empty if a new issue is done at once.
        steps: Vec<WayStep>,
        /// How it was found, in words.
        source: &'static str,
    },
    /// None was found.
    Unknown {
        /// All statuses that the type can have in the project; empty if it is not a type of the project.
        statuses: Vec<StatusChoice>,
        /// Why.
        why: String,
    },
}

const BY_DEFINITION: &str = "the project's workflow";
const BY_ISSUES: &str = "the moves that issues of the project offer to the connection's account now";

impl Client {
    /// The shortest way of a new issue of this type to a done status. One call where the account may read the workflow
    /// (Administer Jira, or for a team-managed project Administer projects); else two for each status.
    ///
    /// Source: specification of `readWorkflows`, `getAllStatuses`, `getTransitions`.
    pub async fn way_to_done(&self, project: &ProjectId, issue_type: &IssueTypeId) -> Result<Way, JiraError> {
        let Some(Definition { statuses, map }) = self.definition(project, issue_type).await? else {
            return self.way_by_issues(project, issue_type).await;
        };
        if let Some(steps) = map.shortest_way(&statuses) {
            return Ok(Way::Known { statuses, steps, source: BY_DEFINITION });
        }
        let why = "the project's workflow leads from a new issue to no done status".to_owned();
        Ok(Way::Unknown { statuses, why })
    }

    /// The workflow as it is defined; none where Jira does not show it to the account.
    async fn definition(
        &self,
        project: &ProjectId,
        issue_type: &IssueTypeId,
    ) -> Result<Option<Definition>, JiraError> {
        let pair = json!({ "projectId": project, "issueTypeId": issue_type });
        let body = json!({ "projectAndIssueTypes": [pair] });
        // Jira says 401 to an account that lacks the permission, which must not be taken for bad credentials.
        let ask = Ask::query("read the project's workflow", "/rest/api/3/workflows", body).taking(401);
        match self.request(ask).await {
            Ok(answer) if answer.is_refusal() => Ok(None),
            Ok(answer) => Ok(answer.decode::<definition::Body>()?.into_definition()),
            Err(error) => match error.kind {
                Kind::Forbidden | Kind::NotFound | Kind::ScopeMissing | Kind::Refused { .. } => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// All statuses that issues of this type can have in the project, in Jira's order; empty if it is not a type of the
    /// project. One call.
    ///
    /// Source: specification of `getAllStatuses`.
    pub async fn statuses(
        &self,
        project: &ProjectId,
        issue_type: &IssueTypeId,
    ) -> Result<Vec<StatusChoice>, JiraError> {
        #[derive(Deserialize)]
        struct OfType {
            id: IssueTypeId,
            statuses: Vec<Bean>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Bean {
            id: String,
            name: String,
            status_category: Option<CategoryBean>,
        }
        let path = format!("/rest/api/3/project/{}/statuses", segment(project.as_str()));
        let answer = self.request(Ask::read("read the project's statuses", path)).await?;
        let types: Vec<OfType> = answer.decode()?;
        let of_type = types.into_iter().find(|of_type| of_type.id == *issue_type);
        let choice = |bean: Bean| StatusChoice {
            id: bean.id,
            name: bean.name,
            category: bean.status_category.map_or_else(|| "undefined".to_owned(), |category| category.key),
        };
        Ok(of_type.map(|of_type| of_type.statuses.into_iter().map(choice).collect()).unwrap_or_default())
    }

    /// The way as far as issues show it: one that stands in each status that is not done, and the moves that it offers.
    async fn way_by_issues(&self, project: &ProjectId, issue_type: &IssueTypeId) -> Result<Way, JiraError> {
        #[derive(Deserialize)]
        struct Example {
            id: IssueId,
        }
        let statuses = self.statuses(project, issue_type).await?;
        if statuses.is_empty() {
            let why = "the project has no issues of this type, or does not show its statuses".to_owned();
            return Ok(Way::Unknown { statuses, why });
        }
        let mut map = Map::default();
        let mut blank = Vec::new();
        for status in statuses.iter().filter(|status| status.category != "done").take(MOST_STATUSES) {
            let jql = Jql::new().projects([project]).issue_types([issue_type]).status(&status.id);
            let what = "look for an issue in each status";
            let found: Vec<Example> = self.first_found(what, &jql.newest_first(), &["status"], 1).await?;
            let offered = match found.first() {
                Some(example) => self.transitions(&example.id).await,
                None => Ok(Vec::new()),
            };
            let offered = match offered {
                // It was deleted meanwhile.
                Err(error) if error.kind == Kind::NotFound => Vec::new(),
                offered => offered?,
            };
            if offered.is_empty() {
                blank.push(status.name.as_str());
            }
            for transition in offered {
                let needs = fill(&transition).err().unwrap_or_default();
                map.add(&status.id, &transition.to.id, transition.name, needs);
            }
        }
        if let Some(steps) = map.shortest_way(&statuses) {
            return Ok(Way::Known { statuses, steps, source: BY_ISSUES });
        }
        let why = if blank.is_empty() {
            "no issue of the project shows a way from a new status to a done one".to_owned()
        } else {
            format!(
                "the account may not read the workflow, and no issue that stands in {} shows it moves; the way shows \
                 once there are such issues and the account has the permission Transition issues",
                blank.join(", ")
            )
        };
        Ok(Way::Unknown { statuses, why })
    }
}

/// Statuses by their identifier.
fn by_id(statuses: &[StatusChoice]) -> BTreeMap<&str, &StatusChoice> {
    statuses.iter().map(|status| (status.id.as_str(), status)).collect()
}

#[cfg(test)]
#[path = "workflow_tests.rs"]
mod tests;
