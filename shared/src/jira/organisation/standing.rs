//! What an account has of an organisation, and taking or giving it: suspending and restoring, removing from the
//! directory, deactivating and activating a managed account.
//!
//! Every change here may be made twice: whoever makes it reads what is so before and after.
//!
//! Source: Atlassian's documents of the organisations API and of the user management API; the same key opens both.

use serde::Deserialize;
use serde_json::json;

use super::Administration;
use crate::ids::AccountId;
use crate::jira::addresses::{query, segment};
use crate::jira::answer;
use crate::jira::error::{JiraError, Kind};
use crate::secret::Secret;
use crate::trace::Call;

/// The role of an organisation's administrators.
const ADMINISTRATOR: &str = "atlassian/org-admin";

/// How many directories of an organisation are looked at.
const MOST_DIRECTORIES: usize = 20;

/// How many administrators of an organisation are looked at.
const ADMINISTRATORS: u16 = 100;

/// Whether an account is in a directory of the organisation.
///
/// Source: `MembershipStatus`; `suspended` means in all of them. What is not known there is taken for no membership.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// It is, and has access.
    Active,
    /// It is, and its access is suspended.
    Suspended,
    /// It is not.
    #[serde(other)]
    NoMembership,
}

/// An account as the organisation's directories know it now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DirectoryUser {
    /// The account.
    pub id: AccountId,
    /// Whether it is in a directory.
    pub membership: Membership,
    /// Whether its Atlassian account can be used.
    pub is_active: bool,
    /// Whether the organisation manages the account, if that is told.
    pub managed: Option<bool>,
    /// Whether it administers the organisation.
    pub administers: bool,
}

/// Whether an account may be deactivated and activated with the key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Enablement {
    /// It may.
    Allowed,
    /// It may not, for this reason, in Atlassian's words.
    Restricted(String),
    /// The organisation does not manage the account.
    NotManaged,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<User>,
}

/// Source: `MultiDirectoryUser`, `AccountStatus`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    account_id: AccountId,
    account_status: String,
    membership_status: Membership,
    claim_status: Option<String>,
    #[serde(default)]
    platform_roles: Option<Vec<String>>,
}

impl User {
    fn read(self) -> DirectoryUser {
        let managed = match self.claim_status.as_deref() {
            Some("managed") => Some(true),
            Some("unmanaged") => Some(false),
            _ => None,
        };
        DirectoryUser {
            id: self.account_id,
            membership: self.membership_status,
            is_active: self.account_status == "active",
            managed,
            administers: self.platform_roles.unwrap_or_default().iter().any(|role| role == ADMINISTRATOR),
        }
    }
}

impl Administration {
    /// An account, as the directories of the organisation know it; none where none lists it. One call.
    ///
    /// Source: `searchDirectoryUsers`, `accountIds`.
    pub async fn directory_user(
        &self,
        key: &Secret,
        organisation: &str,
        account: &AccountId,
    ) -> Result<Option<DirectoryUser>, JiraError> {
        let body = json!({ "accountIds": [account], "limit": 10, "expand": ["platformRoles"] });
        let found = self.search(key, organisation, body, "read the account in the organisation").await?;
        Ok(found.into_iter().find(|user| user.id == *account))
    }

    /// Up to a hundred administrators of the organisation. One call.
    ///
    /// Source: `searchDirectoryUsers`, `roleIds`.
    pub async fn administrators(
        &self,
        key: &Secret,
        organisation: &str,
    ) -> Result<Vec<DirectoryUser>, JiraError> {
        let body =
            json!({ "roleIds": [ADMINISTRATOR], "limit": ADMINISTRATORS, "expand": ["platformRoles"] });
        let found = self.search(key, organisation, body, "list the organisation's administrators").await?;
        Ok(found.into_iter().filter(|user| user.administers).collect())
    }

    async fn search(
        &self,
        key: &Secret,
        organisation: &str,
        body: serde_json::Value,
        what: &'static str,
    ) -> Result<Vec<DirectoryUser>, JiraError> {
        let path = format!("/admin/v2/orgs/{}/directories/-/users/search", segment(organisation));
        let url = self.addresses.organisation_users(organisation);
        let (body, call) = self.send(key, call("POST", path), what, url, Some(body)).await?;
        let page: Page = answer::decode(&body, &call, what)?;
        Ok(page.data.into_iter().map(User::read).collect())
    }

    /// Suspends the account's access in every directory of the organisation. It keeps its groups and roles.
    pub async fn suspend(
        &self,
        key: &Secret,
        organisation: &str,
        account: &AccountId,
    ) -> Result<(), JiraError> {
        self.in_every_directory(key, organisation, account, ("POST", "/suspend"), "suspend the account").await
    }

    /// Restores the account's access in every directory of the organisation.
    pub async fn restore(
        &self,
        key: &Secret,
        organisation: &str,
        account: &AccountId,
    ) -> Result<(), JiraError> {
        let what = "restore the account's access";
        self.in_every_directory(key, organisation, account, ("POST", "/restore"), what).await
    }

    /// Removes the account from every directory of the organisation; its groups and roles are lost.
    pub async fn remove(
        &self,
        key: &Secret,
        organisation: &str,
        account: &AccountId,
    ) -> Result<(), JiraError> {
        let what = "remove the account from the directory";
        self.in_every_directory(key, organisation, account, ("DELETE", ""), what).await
    }

    /// A directory that does not list the account is passed over.
    ///
    /// Source: the document says of `-` as a directory that it stands for all only where it describes reading, so that each
    /// is named here.
    async fn in_every_directory(
        &self,
        key: &Secret,
        organisation: &str,
        account: &AccountId,
        (method, deed): (&str, &str),
        what: &'static str,
    ) -> Result<(), JiraError> {
        let directories = self.directories(key, organisation).await?;
        let mut missing = None;
        let mut is_done = false;
        for directory in &directories {
            let path = format!(
                "/admin/v2/orgs/{}/directories/{}/users/{}{deed}",
                segment(organisation),
                segment(directory),
                segment(account.as_str())
            );
            let url = self.addresses.directory_user(organisation, directory, account, deed);
            match self.send(key, call(method, path), what, url, None).await {
                Ok(_) => is_done = true,
                Err(error) if error.kind == Kind::NotFound => missing = Some(error),
                Err(error) => return Err(error),
            }
        }
        match missing {
            Some(error) if !is_done => Err(error),
            _ => Ok(()),
        }
    }

    /// Source: `getDirectoriesForOrg`.
    async fn directories(&self, key: &Secret, organisation: &str) -> Result<Vec<String>, JiraError> {
        #[derive(Deserialize)]
        struct Directories {
            data: Vec<Directory>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Directory {
            directory_id: String,
        }
        let what = "list the organisation's directories";
        let path = format!("/admin/v2/orgs/{}/directories", segment(organisation));
        let url = self.addresses.directories(organisation);
        let (body, call) = self.send(key, call("GET", path), what, url, None).await?;
        let found: Directories = answer::decode(&body, &call, what)?;
        if found.data.is_empty() || found.data.len() > MOST_DIRECTORIES {
            let why = "there must be 1 to 20 directories";
            return Err(JiraError::malformed(call, what, "data", why));
        }
        Ok(found.data.into_iter().map(|directory| directory.directory_id).collect())
    }

    /// Whether the key may deactivate and activate the account. One call.
    ///
    /// Source: user management API, `GET /users/{account_id}/manage`, privilege `lifecycle.enablement`; 403 and 404 where
    /// the account is no managed one of the organisation.
    pub async fn enablement(&self, key: &Secret, account: &AccountId) -> Result<Enablement, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "lifecycle.enablement")]
            rule: Option<Rule>,
        }
        #[derive(Deserialize)]
        struct Rule {
            allowed: bool,
            reason: Option<Reason>,
        }
        #[derive(Deserialize)]
        struct Reason {
            key: String,
        }
        let what = "read whether the account may be deactivated";
        let path = format!("/users/{}/manage", segment(account.as_str()));
        let privileges = query(&[("privileges", "lifecycle.enablement")]);
        let url = format!("{}{privileges}", self.addresses.managed_account(account, ""));
        let (body, call) = match self.send(key, call("GET", path), what, url, None).await {
            Err(error) if matches!(error.kind, Kind::Forbidden | Kind::NotFound) => {
                return Ok(Enablement::NotManaged);
            }
            answered => answered?,
        };
        let body: Body = answer::decode(&body, &call, what)?;
        Ok(match body.rule {
            Some(Rule { allowed: true, .. }) => Enablement::Allowed,
            Some(Rule { reason: Some(reason), .. }) => {
                Enablement::Restricted(crate::jira::error::tidy(&reason.key))
            }
            Some(Rule { reason: None, .. }) | None => Enablement::Restricted("not said".to_owned()),
        })
    }

    /// Deactivates the managed account everywhere, or activates it again. One call.
    ///
    /// Source: user management API, `…/lifecycle/disable` and `…/lifecycle/enable`: 204.
    pub async fn enable(&self, key: &Secret, account: &AccountId, enabled: bool) -> Result<(), JiraError> {
        let (deed, what, body) = if enabled {
            ("/lifecycle/enable", "activate the account", None)
        } else {
            ("/lifecycle/disable", "deactivate the account", Some(json!({})))
        };
        let path = format!("/users/{}/manage{deed}", segment(account.as_str()));
        let url = self.addresses.managed_account(account, deed);
        self.send(key, call("POST", path), what, url, body).await.map(|_| ())
    }
}

fn call(method: &str, path: String) -> Call {
    Call { method: method.to_owned(), path, status: None }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
