//! Who holds which project role.

use std::collections::{BTreeMap, BTreeSet};

use super::{Next, Slice};
use crate::directory::{List, ProjectRole};
use crate::evidence::Gap;
use crate::ids::{ProjectId, RoleId};
use crate::ingestion::{Source, Stage};
use crate::jira::Client;
use crate::jira::directory::ListedProject;
use crate::jira::error::JiraError;
use crate::{Error, Result};

/// Pages of the list of projects beyond which something is wrong.
const MOST_PAGES: usize = 4000;

impl Slice<'_> {
    /// Reads the roles of the project behind `behind`. A project that refuses keeps what is stored of it.
    pub(super) async fn roles(&mut self, client: &Client, behind: Option<ProjectId>) -> Next {
        if behind.is_none() {
            self.ingestion.source(Source::Roles).begin();
        }
        if self.projects.is_none() {
            self.projects = match list_projects(client).await {
                Ok((projects, is_whole)) => {
                    if !is_whole {
                        let read = projects.len() as u64;
                        self.ingestion.source(Source::Roles).lacks(Gap::Short { read, counted: read + 1 });
                    }
                    Some(projects)
                }
                Err(error) => return self.left(Source::Roles, error),
            };
        }
        let projects = self.projects.as_ref().ok_or_else(|| Error::internal("no projects"))?;
        let is_next = |project: &&ListedProject| behind.as_ref().is_none_or(|behind| project.id > *behind);
        let Some(project) = projects.iter().find(is_next).cloned() else {
            return self.end_roles().await;
        };
        match self.project_roles(client, &project).await? {
            Ok(read) => self.ingestion.source(Source::Roles).read += read,
            Err(error) if error.concerns_every_call() => return Err(error.into()),
            Err(error) => self.ingestion.source(Source::Roles).lacks(Gap::from(&error)),
        }
        Ok(Stage::Roles { behind: Some(project.id) })
    }

    /// Reads and writes the roles of one project. Returns how many there are.
    async fn project_roles(
        &mut self,
        client: &Client,
        project: &ListedProject,
    ) -> Result<std::result::Result<u64, JiraError>> {
        let mut read = BTreeMap::new();
        let roles = match client.project_roles(&project.id).await {
            Ok(roles) => roles,
            Err(error) => return Ok(Err(error)),
        };
        for role in roles {
            match client.role_actors(&project.id, &role).await {
                Ok(actors) => read.insert(role, actors),
                Err(error) => return Ok(Err(error)),
            };
        }
        let count = read.len() as u64;
        let now = self.now();
        let stored = self.store().project_roles_of(self.tenant(), self.id(), &project.id).await?;
        let mut stored: BTreeMap<RoleId, ProjectRole> =
            stored.into_iter().map(|role| (role.role.clone(), role)).collect();
        for (id, actors) in read {
            let old = stored.remove(&id);
            let accounts: BTreeSet<_> = actors.accounts.into_iter().collect();
            let holders = accounts.len() as u64;
            let list = List::Holders(project.id.clone(), id.clone());
            self.keep_all(&list, accounts).await?;
            let groups: BTreeSet<_> = actors.groups.into_iter().collect();
            let new = ProjectRole {
                tenant: self.tenant().clone(),
                connection: self.id().clone(),
                project: project.id.clone(),
                project_key: project.key.clone(),
                role: id,
                name: actors.name,
                holders,
                groups: groups.into_iter().collect(),
                removed_at: None,
                version: old.as_ref().map_or(0, |old| old.version),
            };
            self.write_role(old, new).await?;
        }
        for (id, old) in stored {
            let list = List::Holders(project.id.clone(), id);
            self.store().cut_roster(self.tenant(), self.id(), &list, 0).await?;
            let gone = gone(&old, now);
            self.write_role(Some(old), gone).await?;
        }
        Ok(Ok(count))
    }

    /// Marks the roles of projects that are not listed any more: the list of projects came to its end.
    async fn end_roles(&mut self) -> Next {
        let now = self.now();
        let listed: BTreeSet<ProjectId> =
            self.projects.iter().flatten().map(|project| project.id.clone()).collect();
        // A list that was not whole marks nothing.
        let whole = self.ingestion.source(Source::Roles).gaps.is_empty();
        let stored = self.store().all_project_roles(self.tenant(), self.id()).await?;
        for role in stored.into_iter().filter(|_| whole) {
            if !listed.contains(&role.project) && role.removed_at.is_none() {
                let list = List::Holders(role.project.clone(), role.role.clone());
                self.store().cut_roster(self.tenant(), self.id(), &list, 0).await?;
                let gone = gone(&role, now);
                self.write_role(Some(role), gone).await?;
            }
        }
        self.ingestion.source(Source::Roles).read_at = Some(now);
        Ok(self.stage_behind())
    }

    async fn write_role(&mut self, old: Option<ProjectRole>, new: ProjectRole) -> Result<()> {
        if old.as_ref() == Some(&new) {
            return Ok(());
        }
        self.store().write_project_role(&ProjectRole { version: new.version + 1, ..new }).await?;
        self.ingestion.cost.writes += 1;
        Ok(())
    }
}

fn gone(role: &ProjectRole, now: jiff::Timestamp) -> ProjectRole {
    ProjectRole { removed_at: role.removed_at.or(Some(now)), holders: 0, groups: Vec::new(), ..role.clone() }
}

/// All projects that the connection's account can see, by id, and whether they are as many as Jira counts.
async fn list_projects(client: &Client) -> std::result::Result<(Vec<ListedProject>, bool), JiraError> {
    let mut projects: BTreeMap<ProjectId, ListedProject> = BTreeMap::new();
    let (mut start, mut counted) = (0, BTreeSet::new());
    let mut ended = false;
    for _ in 0..MOST_PAGES {
        let portion = client.list_projects_from(start).await?;
        start += portion.items.len() as u64;
        counted.extend(portion.total);
        projects.extend(portion.items.into_iter().map(|project| (project.id.clone(), project)));
        if portion.last {
            ended = true;
            break;
        }
    }
    let read = projects.len() as u64;
    let is_whole = ended && counted.iter().all(|counted| *counted == read);
    Ok((projects.into_values().collect(), is_whole))
}
