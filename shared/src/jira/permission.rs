//! What the account may do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use crate::ids::ProjectId;

/// How many projects one question may name.
///
/// Source: specification of `getBulkPermissions`.
const PROJECTS_A_CALL: usize = 1000;

impl Client {
    /// Which of the permissions the account has in at least one project (or globally). One call; a key that Jira does
    /// not know is a refusal of the whole call.
    ///
    /// Source: specification of `getMyPermissions`.
    pub async fn granted_permissions(&self, keys: &[&str]) -> Result<BTreeMap<String, bool>, JiraError> {
        self.own_permissions(keys, None).await
    }

    /// Which of these project permissions (for example `CREATE_ISSUES`) the account has in the project. One call, none
    /// if there is nothing to ask; a key that Jira does not know is a refusal of the whole call. A permission that
    /// depends on the issue counts as had if the account would have it for any issue of the project.
    ///
    /// Source: specification of `getMyPermissions`.
    pub async fn may(
        &self,
        project: &ProjectId,
        permissions: &[&str],
    ) -> Result<BTreeSet<String>, JiraError> {
        if permissions.is_empty() {
            return Ok(BTreeSet::new());
        }
        let granted = self.own_permissions(permissions, Some(project)).await?;
        Ok(granted.into_iter().filter(|(_, granted)| *granted).map(|(key, _)| key).collect())
    }

    async fn own_permissions(
        &self,
        keys: &[&str],
        project: Option<&ProjectId>,
    ) -> Result<BTreeMap<String, bool>, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            permissions: BTreeMap<String, Permission>,
        }
        #[derive(Deserialize)]
        struct Permission {
            #[serde(rename = "havePermission")]
            granted: bool,
        }
        let wanted = keys.join(",");
        let mut query = vec![("permissions", wanted.as_str())];
        query.extend(project.map(|project| ("projectId", project.as_str())));
        let ask = Ask::read("read the account's permissions", "/rest/api/3/mypermissions").with(&query);
        let answer = self.request(ask).await?;
        let mut body: Body = answer.decode()?;
        self.spend(2 * keys.len());
        let mut granted =
            |key: &str| body.permissions.remove(key).is_some_and(|permission| permission.granted);
        Ok(keys.iter().map(|key| ((*key).to_owned(), granted(key))).collect())
    }

    /// In which of the projects the account has the permission `key`. One call for each thousand projects.
    ///
    /// Source: specification of `getBulkPermissions`: without an account id it answers for the caller; projects that do
    /// not exist are left out like those without the permission.
    pub async fn browsable_projects(
        &self,
        projects: &[ProjectId],
        key: &str,
    ) -> Result<BTreeSet<ProjectId>, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "projectPermissions")]
            grants: Vec<Grant>,
        }
        #[derive(Deserialize)]
        struct Grant {
            permission: String,
            #[serde(default)]
            projects: Vec<u64>,
        }
        let mut granted = BTreeSet::new();
        for chunk in projects.chunks(PROJECTS_A_CALL) {
            let numbers: Vec<u64> = chunk.iter().filter_map(|id| id.as_str().parse().ok()).collect();
            let body = serde_json::json!({
                "projectPermissions": [{ "permissions": [key], "projects": numbers }],
            });
            let ask =
                Ask::query("read the permissions in the projects", "/rest/api/3/permissions/check", body);
            let answer = self.request(ask).await?;
            let body: Body = answer.decode()?;
            self.spend(2);
            let numbers: BTreeSet<String> = body
                .grants
                .into_iter()
                .filter(|grant| grant.permission == key)
                .flat_map(|grant| grant.projects)
                .map(|number| number.to_string())
                .collect();
            granted.extend(chunk.iter().filter(|id| numbers.contains(id.as_str())).cloned());
        }
        Ok(granted)
    }
}
