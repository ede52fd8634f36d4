//! What a person chooses from when a sync setting is made, read from Jira at that moment.
//!
//! Reads the connection, its quota and Jira; decides nothing; writes the points that were spent. A person waits for the
//! answer, so these calls come before all others, and what Jira refuses is told as something that can be mended.

use super::session::JiraAccess;
use crate::connection::{Connection, Project};
use crate::ids::{ConnectionId, ProjectId, TenantId};
use crate::jira::error::{self, JiraError};
use crate::jira::{Client, metadata::IssueType};
use crate::quota::Priority;
use crate::{Error, Result};

/// A connection through which a person looks around in Jira. To be ended with [`Choosing::end`], whatever Jira answered.
pub struct Choosing {
    jira: JiraAccess,
    connection: Connection,
    /// Asks Jira.
    pub client: Client,
}

impl Choosing {
    /// Opens a connection that tickets can be written through.
    ///
    /// # Errors
    /// `NotFound` when there is none, `Conflict` when it cannot be used now or writes no tickets, `Limited` while Jira
    /// asks to wait, `NeedsReauth` when it must be connected again.
    pub async fn begin(jira: &JiraAccess, tenant: &TenantId, id: &ConnectionId) -> Result<Self> {
        let store = &jira.core.store;
        let connection = store.connection(tenant, id).await?.ok_or_else(|| {
            Error::not_found(format!("there is no connection {id}; `GET /v1/connections` lists them"))
        })?;
        if !super::settings::writes_tickets(&connection) {
            let message = format!(
                "connection {id} has no use case that writes tickets; add the use case ticketing to it"
            );
            return Err(Error::conflict(message));
        }
        let client = jira.open_within_quota(&connection, Priority::UserAction, 0).await?;
        Ok(Self { jira: jira.clone(), connection, client })
    }

    /// Books what was spent and gives Jira's answer. What Jira refuses is the fault of `field`.
    ///
    /// # Errors
    /// `Invalid` where Jira refused, with what to do; else as the call itself failed.
    pub async fn end<T>(self, field: &str, answer: Result<T, Refusal>) -> Result<T> {
        self.jira.book(&self.connection, &self.client).await?;
        answer.map_err(|refusal| refusal.explain(field))
    }

    /// The project with this key or id.
    pub async fn project(&self, key_or_id: &ProjectId) -> Result<Project, Refusal> {
        self.client.project(key_or_id.as_str()).await?.ok_or_else(|| {
            Refusal::Missing(
                "project",
                format!(
                    "there is no project {key_or_id}, or the connection's account cannot see it; choose another one, or \
                     give the account the permission Browse projects there"
                ),
            )
        })
    }

    /// The types of issue that the account can create in a project, of which there is at least one.
    pub async fn issue_types(&self, key_or_id: &ProjectId) -> Result<Vec<IssueType>, Refusal> {
        let project = self.project(key_or_id).await?;
        let types = match self.client.issue_types(&project.id).await {
            Ok(types) => types,
            // The project was just seen, so only the permission to create is missing.
            Err(error)
                if matches!(
                    error.kind,
                    error::Kind::Forbidden | error::Kind::NotFound | error::Kind::Refused { .. }
                ) =>
            {
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
        if types.is_empty() {
            let message = format!(
                "the connection's account can create no issue in project {}; have a project administrator grant it the \
                 permission Create issues",
                project.key
            );
            return Err(Refusal::Missing("project", message));
        }
        Ok(types)
    }
}

/// Why there is nothing to choose from.
pub enum Refusal {
    /// A part of the input names nothing: which one, and what to do.
    Missing(&'static str, String),
    /// Jira said so.
    Jira(JiraError),
}

impl From<JiraError> for Refusal {
    fn from(error: JiraError) -> Self {
        Self::Jira(error)
    }
}

impl Refusal {
    fn explain(self, field: &str) -> Error {
        let error = match self {
            Self::Missing(field, message) => return Error::invalid(field, message),
            Self::Jira(error) => error,
        };
        match error.kind {
            error::Kind::ScopeMissing => Error::invalid("connection", error.with_advice()),
            error::Kind::Forbidden | error::Kind::NotFound | error::Kind::Refused { .. } => {
                Error::invalid(field, error.with_advice())
            }
            error::Kind::Unauthorized
            | error::Kind::Limited { .. }
            | error::Kind::Unavailable { .. }
            | error::Kind::NotSent
            | error::Kind::InDoubt
            | error::Kind::Malformed { .. }
            | error::Kind::TooLarge
            | error::Kind::Redirected { .. } => error.into(),
        }
    }
}
