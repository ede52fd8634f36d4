//! Giving and taking access: members of groups, holders of project roles.
//!
//! Every change here may be made twice. Jira refuses what is so already in words that vary, and answers 404 as well where
//! a permission is missing; so after a refusal what is so is read, and a change that is not needed any more is done.
//! Whether a failed change may have had its effect nevertheless says [`JiraError::effect`].

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::ask::Ask;
use super::client::Client;
use super::directory::{self, GroupBean};
use super::error::{JiraError, Kind};
use super::http::Method;
use crate::ids::{AccountId, GroupId, ProjectId, RoleId};

/// The global permission of Jira's administrators.
const ADMINISTER: &str = "ADMINISTER";

impl Client {
    /// The groups that the account is a member of, sorted. One call.
    ///
    /// Source: specification of `getUserGroups`.
    ///
    /// # Errors
    /// `NotFound` if the account is gone, which is believed only when Jira answers as the connection's account.
    pub async fn groups_of(&self, account: &AccountId) -> Result<Vec<GroupId>, JiraError> {
        let ask = Ask::read("read the account's groups", "/rest/api/3/user/groups")
            .with(&[("accountId", account.as_str())]);
        let answer = self.believed(ask).await?;
        let groups: Vec<GroupBean> = answer.decode()?;
        self.spend(2 * groups.len());
        self.confirm_reader().await?;
        let groups: BTreeSet<GroupId> = groups.into_iter().map(|group| group.group_id).collect();
        Ok(groups.into_iter().collect())
    }

    /// Makes the account a member of the group. One call, and one more if Jira refuses it.
    ///
    /// Source: specification of `addUserToGroup`: 201; needs site administration.
    pub async fn add_to_group(&self, account: &AccountId, group: &GroupId) -> Result<(), JiraError> {
        let body = json!({ "accountId": account });
        let ask = Ask::write("add the account to the group", Method::Post, "/rest/api/3/group/user", body)
            .with(&[("groupId", group.as_str())]);
        let Some(error) = self.refusal_of(ask).await? else { return Ok(()) };
        let groups = self.groups_of(account).await;
        if groups.is_ok_and(|groups| groups.contains(group)) { Ok(()) } else { Err(error) }
    }

    /// Makes the account no member of the group any more. One call, and up to two more if Jira refuses it. An account
    /// that is gone is no member.
    ///
    /// Source: specification of `removeUserFromGroup`: 200; needs site administration.
    pub async fn remove_from_group(&self, account: &AccountId, group: &GroupId) -> Result<(), JiraError> {
        let ask = Ask::remove("remove the account from the group", "/rest/api/3/group/user")
            .with(&[("groupId", group.as_str()), ("accountId", account.as_str())]);
        let Some(error) = self.refusal_of(ask).await? else { return Ok(()) };
        match self.groups_of(account).await {
            Ok(groups) if !groups.contains(group) => Ok(()),
            Err(missing) if missing.kind == Kind::NotFound && self.is_gone(account).await? => Ok(()),
            _ => Err(error),
        }
    }

    /// Whether no list names the account, or only as one that cannot be used.
    async fn is_gone(&self, account: &AccountId) -> Result<bool, JiraError> {
        let found = self.accounts_with_ids(std::slice::from_ref(account)).await?;
        Ok(found.iter().all(|account| !account.active))
    }

    /// Gives the account the role in the project. One call, and one more if Jira refuses it.
    ///
    /// Source: specification of `addActorUsers`.
    pub async fn add_role_actor(
        &self,
        project: &ProjectId,
        role: &RoleId,
        account: &AccountId,
    ) -> Result<(), JiraError> {
        let body = json!({ "user": [account] });
        let path = directory::path_of_role(project, role);
        let ask = Ask::write("give the account the project role", Method::Post, path, body);
        let Some(error) = self.refusal_of(ask).await? else { return Ok(()) };
        let held = self.role_actors(project, role).await;
        if held.is_ok_and(|held| held.accounts.contains(account)) { Ok(()) } else { Err(error) }
    }

    /// Takes the role in the project from the account; what it holds by a group stays. One call, and one more if Jira
    /// refuses it.
    ///
    /// Source: specification of `deleteActor`: 204.
    pub async fn remove_role_actor(
        &self,
        project: &ProjectId,
        role: &RoleId,
        account: &AccountId,
    ) -> Result<(), JiraError> {
        let ask =
            Ask::remove("take the project role from the account", directory::path_of_role(project, role))
                .with(&[("user", account.as_str())]);
        let Some(error) = self.refusal_of(ask).await? else { return Ok(()) };
        let held = self.role_actors(project, role).await;
        if held.is_ok_and(|held| !held.accounts.contains(account)) { Ok(()) } else { Err(error) }
    }

    /// Whether the account may administer Jira. One call; needs Administer Jira for any account but our own.
    ///
    /// Source: specification of `getBulkPermissions`.
    pub async fn is_administrator(&self, account: &AccountId) -> Result<bool, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            global_permissions: Vec<String>,
        }
        // Without the account it would answer for ours.
        let body = json!({ "accountId": account, "globalPermissions": [ADMINISTER] });
        let ask =
            Ask::query("read whether the account is an administrator", "/rest/api/3/permissions/check", body);
        let answer = self.request(ask).await?;
        let body: Body = answer.decode()?;
        self.spend(2);
        self.confirm_reader().await?;
        Ok(body.global_permissions.iter().any(|permission| permission == ADMINISTER))
    }

    /// Makes a change. The error of one that Jira refuses, perhaps because it is so already; nothing if it was made.
    async fn refusal_of(&self, ask: Ask) -> Result<Option<JiraError>, JiraError> {
        match self.request(ask).await {
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::Refused { .. }) => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
#[path = "membership_tests.rs"]
mod tests;
