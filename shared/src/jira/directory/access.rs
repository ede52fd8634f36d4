//! What gives access: products and their licences, projects and their roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{GroupBean, NOBODY, Portion};
use crate::ids::{AccountId, GroupId, ProductKey, ProjectId, RoleId};
use crate::jira::addresses::segment;
use crate::jira::ask::Ask;
use crate::jira::client::Client;
use crate::jira::error::{JiraError, Kind};

/// How many projects a page holds, at most.
///
/// Source: specification of `searchProjects`: a larger number is taken for 100.
const PAGE: &str = "100";

/// A product of the site and the groups that give it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApplicationRole {
    /// Its key.
    pub key: ProductKey,
    /// Its name.
    pub name: String,
    /// The groups whose members may use it, sorted.
    pub groups: Vec<GroupId>,
    /// How many accounts the licence is for; none if Jira does not say, or if it is unlimited.
    pub seats: Option<u64>,
    /// Whether the licence is for any number of accounts.
    pub unlimited: bool,
    /// How many accounts count against the licence, if Jira says so.
    pub used: Option<u64>,
}

/// A project as it is listed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedProject {
    /// Its identifier.
    pub id: ProjectId,
    /// Its key now.
    pub key: String,
}

/// Who holds a role in a project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleActors {
    /// The role's name.
    pub name: String,
    /// The accounts that hold it themselves, sorted.
    pub accounts: Vec<AccountId>,
    /// The groups whose members hold it, sorted.
    pub groups: Vec<GroupId>,
}

/// Source: specification of `ApplicationRole`. Groups are named twice, and only the details carry identifiers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleBean {
    key: ProductKey,
    #[serde(default)]
    name: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    group_details: Vec<GroupBean>,
    number_of_seats: Option<i64>,
    #[serde(default)]
    has_unlimited_seats: bool,
    user_count: Option<i64>,
}

#[derive(Deserialize)]
struct ProjectBean {
    id: ProjectId,
    key: String,
}

/// Source: specification of `RoleActor`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActorBean {
    actor_user: Option<UserActor>,
    actor_group: Option<GroupBean>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserActor {
    account_id: AccountId,
}

impl Client {
    /// The site's products. One call; needs Administer Jira.
    ///
    /// Source: specification of `getAllApplicationRoles`.
    pub async fn application_roles(&self) -> Result<Vec<ApplicationRole>, JiraError> {
        let answer = self.request(Ask::read("list the products", "/rest/api/3/applicationrole")).await?;
        let beans: Vec<RoleBean> = answer.decode()?;
        let cost = |bean: &RoleBean| 2 + 2 * bean.group_details.len();
        self.spend(beans.iter().map(cost).sum());
        for (number, bean) in beans.iter().enumerate() {
            let path = format!("[{number}].groupDetails");
            if bean.group_details.len() < bean.groups.len() {
                return Err(answer.malformed(&path, "it lacks groups that are named beside it"));
            }
        }
        self.confirm_reader().await?;
        Ok(beans.into_iter().map(application_role).collect())
    }

    /// About how many accounts count against the site's licences; up to seven days old. One call; needs Administer Jira.
    ///
    /// Source: specification of `getApproximateLicenseCount`: the number is text.
    pub async fn licence_count(&self) -> Result<u64, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            value: String,
        }
        let path = "/rest/api/3/license/approximateLicenseCount";
        let answer = self.request(Ask::read("read the number of licences", path)).await?;
        let body: Body = answer.decode()?;
        let count = body.value.trim().parse();
        count.map_err(|_| answer.malformed("value", "it is not a number"))
    }

    /// A page of the projects that the account may see, from `start` on. One call.
    ///
    /// Source: specification of `searchProjects`: 404 means that there are none.
    pub async fn list_projects_from(&self, start: u64) -> Result<Portion<ListedProject>, JiraError> {
        let ask = Ask::read("list the projects", "/rest/api/3/project/search")
            .with(&[("startAt", &start.to_string()), ("maxResults", PAGE)]);
        let project = |bean: ProjectBean| ListedProject { id: bean.id, key: bean.key };
        match self.portion(ask, start, 1, project).await {
            Err(error) if error.kind == Kind::NotFound => {
                Ok(Portion { items: Vec::new(), total: None, last: true })
            }
            listed => listed,
        }
    }

    /// The roles that can be held in the project, sorted. One call.
    ///
    /// Source: specification of `getProjectRoles`: names and addresses, whose last part is the role's identifier.
    ///
    /// # Errors
    /// `NotFound` if the project is gone or the account may not administer it.
    pub async fn project_roles(&self, project: &ProjectId) -> Result<Vec<RoleId>, JiraError> {
        let path = format!("/rest/api/3/project/{}/role", segment(project.as_str()));
        let answer = self.believed(Ask::read("list the project's roles", path)).await?;
        let body: BTreeMap<String, String> = answer.decode()?;
        self.spend(2 * body.len());
        let roles: Option<BTreeSet<RoleId>> = body.values().map(|address| role_in(address)).collect();
        let roles = roles.ok_or_else(|| answer.malformed("*", "it is not the address of a role"))?;
        self.confirm_reader().await?;
        Ok(roles.into_iter().collect())
    }

    /// Who holds the role in the project; broken records of nobody are left out. One call.
    ///
    /// Source: specification of `getProjectRole`.
    ///
    /// # Errors
    /// `NotFound` if the project or the role is gone or the account may not administer the project.
    pub async fn role_actors(&self, project: &ProjectId, role: &RoleId) -> Result<RoleActors, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            name: String,
            actors: Vec<ActorBean>,
        }
        let path = path_of_role(project, role);
        let answer = self.believed(Ask::read("read who holds a project role", path)).await?;
        let body: Body = answer.decode()?;
        self.spend(2 + 2 * body.actors.len());
        let mut accounts = BTreeSet::new();
        let mut groups = BTreeSet::new();
        for (number, actor) in body.actors.into_iter().enumerate() {
            match (actor.actor_user, actor.actor_group) {
                (Some(user), _) if user.account_id.as_str() == NOBODY => {}
                (Some(user), _) => drop(accounts.insert(user.account_id)),
                (None, Some(group)) => drop(groups.insert(group.group_id)),
                (None, None) => {
                    let path = format!("actors[{number}]");
                    return Err(answer.malformed(&path, "it is neither an account nor a group"));
                }
            }
        }
        self.confirm_reader().await?;
        let (accounts, groups) = (accounts.into_iter().collect(), groups.into_iter().collect());
        Ok(RoleActors { name: body.name, accounts, groups })
    }
}

/// Where a role of a project is.
pub(in crate::jira) fn path_of_role(project: &ProjectId, role: &RoleId) -> String {
    format!("/rest/api/3/project/{}/role/{}", segment(project.as_str()), segment(role.as_str()))
}

fn application_role(bean: RoleBean) -> ApplicationRole {
    let groups: BTreeSet<GroupId> = bean.group_details.into_iter().map(|group| group.group_id).collect();
    let seats = bean.number_of_seats.filter(|_| !bean.has_unlimited_seats);
    ApplicationRole {
        key: bean.key,
        name: bean.name,
        groups: groups.into_iter().collect(),
        // Without a limit Jira writes -1.
        seats: seats.and_then(|seats| u64::try_from(seats).ok()),
        unlimited: bean.has_unlimited_seats,
        used: bean.user_count.and_then(|count| u64::try_from(count).ok()),
    }
}

fn role_in(address: &str) -> Option<RoleId> {
    let id = address.rsplit('/').next()?;
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    RoleId::parse(id).ok().filter(|_| is_number)
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
