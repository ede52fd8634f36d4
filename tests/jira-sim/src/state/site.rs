//! One Jira site and the finding of things in it.

use std::sync::Arc;

use super::{
    account::Account,
    group::Group,
    issue::Issue,
    project::Project,
    store::IssueStore,
    vocabulary::{Category, IssueType, Status},
};

/// A Jira Cloud site. Its domain may change, its cloud id does not.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) domain: String,
    pub(crate) cloud_id: String,
    pub(crate) name: String,
    pub(crate) statuses: Vec<Status>,
    pub(crate) issue_types: Vec<IssueType>,
    pub(crate) groups: Vec<Group>,
    pub(crate) projects: Vec<Project>,
    pub(crate) issues: IssueStore,
}

impl Site {
    pub(crate) fn project(&self, id: u64) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id)
    }

    pub(crate) fn project_mut(&mut self, id: u64) -> Option<&mut Project> {
        self.projects.iter_mut().find(|project| project.id == id)
    }

    /// By id, key or former key; keys are case sensitive.
    pub(crate) fn project_named(&self, id_or_key: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.has_key(id_or_key))
    }

    pub(crate) fn status(&self, id: u64) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == id)
    }

    pub(crate) fn category(&self, status: u64) -> Category {
        self.status(status).map_or(Category::New, |status| status.category)
    }

    pub(crate) fn issue_type(&self, id: u64) -> Option<&IssueType> {
        self.issue_types.iter().find(|kind| kind.id == id)
    }

    /// An issue by id, key or former key, whoever asks.
    pub(crate) fn issue(&self, id_or_key: &str) -> Option<Arc<Issue>> {
        if let Ok(id) = id_or_key.parse::<u64>() {
            return self.issues.get(id);
        }
        let (key, number) = id_or_key.rsplit_once('-')?;
        let number = number.parse::<u64>().ok()?;
        // Issue keys, unlike project keys, are read in any case.
        let key = key.to_ascii_uppercase();
        self.issues.by_number(self.project_named(&key)?.id, number)
    }

    /// An issue that `account` may see; not visible is the same as absent.
    pub(crate) fn visible_issue(&self, id_or_key: &str, account: Option<&Account>) -> Option<Arc<Issue>> {
        let issue = self.issue(id_or_key)?;
        self.project(issue.project)?.allows(account, "BROWSE_PROJECTS").then_some(issue)
    }

    pub(crate) fn key_of(&self, issue: &Issue) -> String {
        let project = self.project(issue.project).map_or("?", |project| project.key.as_str());
        format!("{project}-{}", issue.number)
    }
}
