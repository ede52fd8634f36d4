//! Projects.

use serde::Deserialize;

use super::ask::{Answer, Ask};
use super::client::Client;
use super::error::JiraError;
use crate::connection::Project;
use crate::ids::ProjectId;

/// How many projects a page holds, at most.
///
/// Source: specification of `searchProjects`: a larger number is taken for 100.
const PAGE: &str = "100";

/// How many a page holds that a person chooses from.
const PAGE_TO_CHOOSE_FROM: &str = "50";

/// How many keys or ids one call may name.
///
/// Source: specification of `searchProjects`.
const KEYS_A_CALL: usize = 50;

/// Pages beyond this are not asked for: no site has as many projects, so the paging must be broken.
const MOST_PAGES: usize = 1000;

/// One page of the projects that the account may see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProjectPage {
    /// The projects, by key.
    pub projects: Vec<Project>,
    /// Where the next page starts; none after the last.
    pub next: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    is_last: Option<bool>,
    #[serde(default)]
    total: Option<u64>,
    values: Vec<Value>,
}

#[derive(Deserialize)]
struct Value {
    id: ProjectId,
    key: String,
    #[serde(default)]
    name: String,
}

impl Client {
    /// The project with this key or id; none where there is none that the account may see. One call.
    ///
    /// Source: [P getProject]; keys are case-sensitive in paths.
    pub async fn project(&self, key_or_id: &str) -> Result<Option<Project>, JiraError> {
        let path = format!("/rest/api/3/project/{}", super::addresses::segment(key_or_id));
        match self.request(Ask::read("read the project", path)).await {
            Ok(answer) => {
                let value: Value = answer.decode()?;
                self.spend(1);
                Ok(Some(Project { id: value.id, key: value.key, name: value.name }))
            }
            Err(error) if error.kind == super::error::Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The projects with these keys that the account may browse; the others are missing in the answer. One call for each
    /// 50 keys. Keys are matched as Jira does, so they must be in upper case.
    ///
    /// Source: specification of `searchProjects`, `action=browse`.
    pub async fn projects_by_keys(&self, keys: &[String]) -> Result<Vec<Project>, JiraError> {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.projects_by("keys", &keys).await
    }

    /// The same for the projects with these ids, which no renaming changes.
    ///
    /// Source: specification of `searchProjects`.
    pub async fn projects_by_ids(&self, ids: &[ProjectId]) -> Result<Vec<Project>, JiraError> {
        let ids: Vec<&str> = ids.iter().map(ProjectId::as_str).collect();
        self.projects_by("id", &ids).await
    }

    async fn projects_by(&self, parameter: &str, values: &[&str]) -> Result<Vec<Project>, JiraError> {
        let mut found = Vec::new();
        for chunk in values.chunks(KEYS_A_CALL) {
            // Without it Jira's administrators are told of projects, too, whose issues they cannot read.
            let mut filter = vec![("action", "browse")];
            filter.extend(chunk.iter().map(|value| (parameter, *value)));
            let mut start = Some(0);
            for _ in 0..MOST_PAGES {
                let Some(start_at) = start else { break };
                let page = self.projects_from(start_at, PAGE, &filter).await?;
                found.extend(page.projects);
                start = page.next;
            }
        }
        Ok(found)
    }

    /// A page of the projects that the account may see, from `start` on, whose key or name contains `text`. For a
    /// person to choose from.
    ///
    /// Source: specification of `searchProjects`.
    pub async fn project_page(&self, start: u64, text: Option<&str>) -> Result<ProjectPage, JiraError> {
        let filter: Vec<(&str, &str)> = text.iter().map(|text| ("query", *text)).collect();
        self.projects_from(start, PAGE, &filter).await
    }

    /// A page of up to 50 projects in which the account may create issues, from `start` on, whose key or name contains
    /// `query`; and where the next page starts, none after the last. For a person to choose from.
    ///
    /// Source: specification of `searchProjects`, `action=create`.
    pub async fn projects_to_create_in(
        &self,
        query: Option<&str>,
        start: usize,
    ) -> Result<(Vec<Project>, Option<usize>), JiraError> {
        let mut filter = vec![("action", "create")];
        filter.extend(query.map(str::trim).filter(|text| !text.is_empty()).map(|text| ("query", text)));
        let page = self.projects_from(start as u64, PAGE_TO_CHOOSE_FROM, &filter).await?;
        Ok((page.projects, page.next.and_then(|next| usize::try_from(next).ok())))
    }

    async fn projects_from(
        &self,
        start: u64,
        size: &str,
        filter: &[(&str, &str)],
    ) -> Result<ProjectPage, JiraError> {
        let start_at = start.to_string();
        let mut query = vec![("startAt", start_at.as_str()), ("maxResults", size)];
        query.extend(filter);
        let ask = Ask::read("list the projects", "/rest/api/3/project/search").with(&query);
        match self.request(ask).await {
            Ok(answer) => self.project_page_of(&answer, start),
            // Source: specification of `searchProjects` 404: "no projects matching the search criteria are found".
            Err(error) if error.kind == super::error::Kind::NotFound && !filter.is_empty() => {
                self.confirm_caller_if_known().await?;
                Ok(ProjectPage { projects: Vec::new(), next: None })
            }
            Err(error) => Err(error),
        }
    }

    /// An empty list means something only if it was not an anonymous caller's. Before the first verification there is
    /// no account to compare with.
    async fn confirm_caller_if_known(&self) -> Result<(), JiraError> {
        if self.facts.account.is_some() { self.confirm_caller().await } else { Ok(()) }
    }

    fn project_page_of(&self, answer: &Answer, start: u64) -> Result<ProjectPage, JiraError> {
        let body: Body = answer.decode()?;
        self.spend(body.values.len());
        let end = start + body.values.len() as u64;
        // A short page is not the end; an empty one is.
        let is_last = body.is_last.unwrap_or_else(|| body.total.is_some_and(|total| end >= total));
        let next = (!is_last && !body.values.is_empty()).then_some(end);
        let project = |value: Value| Project { id: value.id, key: value.key, name: value.name };
        Ok(ProjectPage { projects: body.values.into_iter().map(project).collect(), next })
    }
}
