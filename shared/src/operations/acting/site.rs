//! A site that is changed, as far as acting needs it.

use async_trait::async_trait;

use super::POINTS;
use super::users::Door;
use crate::Result;
use crate::account::Grant;
use crate::action::Change;
use crate::connection::Connection;
use crate::ids::{AccountId, GroupId, ProjectId, RoleId};
use crate::jira::Client;
use crate::jira::directory::{ListedAccount, Portion, RoleActors};
use crate::jira::error::JiraError;
use crate::operations::session::JiraAccess;
use crate::quota::Priority;

/// Opens sites.
#[async_trait]
pub trait Sites: Send + Sync {
    /// The site of a connection.
    async fn open(&self, connection: &Connection) -> Result<Box<dyn Site>>;
}

/// A site.
#[async_trait]
pub trait Site: Send + Sync {
    /// Whether an account is a member of the group, or holds the role itself.
    async fn holds(&self, account: &AccountId, grant: &Grant) -> Result<bool, JiraError>;

    /// The groups that an account is a member of, sorted.
    async fn groups_of(&self, account: &AccountId) -> Result<Vec<GroupId>, JiraError>;

    /// These accounts, as Jira knows them now; those that it does not know are missing.
    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<ListedAccount>, JiraError>;

    /// Gives or takes a membership or a role. Safe to repeat.
    async fn change(&self, change: Change, account: &AccountId, grant: &Grant) -> Result<(), JiraError>;

    /// Whether an account may administer Jira.
    async fn is_administrator(&self, account: &AccountId) -> Result<bool, JiraError>;

    /// A page of a group's members.
    async fn members(&self, group: &GroupId, start: u64) -> Result<Portion<ListedAccount>, JiraError>;

    /// Who holds a role in a project.
    async fn role_actors(&self, project: &ProjectId, role: &RoleId) -> Result<RoleActors, JiraError>;

    /// The site itself, for issues and for counting them.
    fn jira(&self) -> &Client;

    /// The administration of its organisation; none without an API key of the organisation.
    fn organisation(&self) -> Option<&Door>;

    /// Ends the work on it: what it cost is booked.
    async fn end(&self) -> Result<()>;
}

/// Opens sites in Jira.
#[derive(Clone)]
pub struct JiraSites {
    /// Opens sessions.
    pub jira: JiraAccess,
}

struct JiraSite {
    jira: JiraAccess,
    connection: Connection,
    client: Client,
    door: Option<Door>,
}

#[async_trait]
impl Sites for JiraSites {
    async fn open(&self, connection: &Connection) -> Result<Box<dyn Site>> {
        let client = self.jira.open_within_quota(connection, Priority::UserAction, POINTS).await?;
        let door = self.door(connection).await?;
        Ok(Box::new(JiraSite { jira: self.jira.clone(), connection: connection.clone(), client, door }))
    }
}

impl JiraSites {
    async fn door(&self, connection: &Connection) -> Result<Option<Door>> {
        let Some(organisation) = &connection.organisation else { return Ok(None) };
        let name = crate::secrets::organisation_name(&connection.tenant, &connection.id);
        let Some(key) = self.jira.secrets.get(&name).await? else { return Ok(None) };
        let administration = self.jira.administration();
        Ok(Some(Door { administration, organisation: organisation.id.clone(), key }))
    }
}

#[async_trait]
impl Site for JiraSite {
    async fn holds(&self, account: &AccountId, grant: &Grant) -> Result<bool, JiraError> {
        match grant {
            Grant::Group { group } => Ok(self.client.groups_of(account).await?.contains(group)),
            Grant::Role { project, role } => {
                Ok(self.client.role_actors(project, role).await?.accounts.contains(account))
            }
            // A product is held by groups; no step is about one.
            Grant::Product { .. } => Ok(false),
        }
    }

    async fn groups_of(&self, account: &AccountId) -> Result<Vec<GroupId>, JiraError> {
        self.client.groups_of(account).await
    }

    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<ListedAccount>, JiraError> {
        self.client.accounts_with_ids(ids).await
    }

    async fn change(&self, change: Change, account: &AccountId, grant: &Grant) -> Result<(), JiraError> {
        match (change, grant) {
            (Change::Add, Grant::Group { group }) => self.client.add_to_group(account, group).await,
            (Change::Remove, Grant::Group { group }) => self.client.remove_from_group(account, group).await,
            (Change::Add, Grant::Role { project, role }) => {
                self.client.add_role_actor(project, role, account).await
            }
            (Change::Remove, Grant::Role { project, role }) => {
                self.client.remove_role_actor(project, role, account).await
            }
            (Change::Add | Change::Remove, Grant::Product { .. }) => Ok(()),
        }
    }

    async fn is_administrator(&self, account: &AccountId) -> Result<bool, JiraError> {
        self.client.is_administrator(account).await
    }

    async fn members(&self, group: &GroupId, start: u64) -> Result<Portion<ListedAccount>, JiraError> {
        self.client.list_members(group, start).await
    }

    async fn role_actors(&self, project: &ProjectId, role: &RoleId) -> Result<RoleActors, JiraError> {
        self.client.role_actors(project, role).await
    }

    fn jira(&self) -> &Client {
        &self.client
    }

    fn organisation(&self) -> Option<&Door> {
        self.door.as_ref()
    }

    async fn end(&self) -> Result<()> {
        self.jira.book(&self.connection, &self.client).await
    }
}
