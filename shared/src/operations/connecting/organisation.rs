//! The organisation API key that may stand beside a connection's own credentials: organisation roles, product access and
//! last activity are told to no other.

use jiff::civil::Date;

use super::{Connector, Failure};
use crate::connection::{Connection, Organisation, Problem, ProblemCode, State};
use crate::ids::{ConnectionId, TenantId};
use crate::jira::JiraError;
use crate::jira::error::Kind;
use crate::secret::Secret;
use crate::{Error, Result, secrets};

impl Connector {
    /// Verifies the API key of the organisation `organisation`, and puts it beside the connection, in the place of one
    /// before.
    ///
    /// # Errors
    /// A named problem when Atlassian does not accept the key or the key is not of this organisation, `NotFound` when
    /// there is no such connection, `Conflict` when it has ended: then nothing is stored.
    pub async fn set_organisation(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        organisation: &str,
        key: &Secret,
        ends_on: Option<Date>,
    ) -> Result<Connection, Failure> {
        self.require_connected(tenant, id).await?;
        let mut verified = self.verify_organisation(organisation, key).await?;
        verified.key_ends_on = ends_on;
        let name = secrets::organisation_name(tenant, id);
        self.jira.secrets.put(&name, key).await?;
        let changed = self.jira.change_connection(tenant, id, |stored| {
            if stored.state != State::Disconnected {
                stored.organisation = Some(verified.clone());
                stored.endings_looked_at = None;
            }
        });
        let changed = changed.await?;
        if changed.state == State::Disconnected {
            // Meanwhile: no secret may stay behind.
            self.jira.secrets.delete(&name).await?;
            return Err(
                Error::conflict(format!("connection {id} is disconnected; connect it again first")).into()
            );
        }
        Ok(changed)
    }

    /// Deletes the organisation API key of a connection. Safe to repeat.
    ///
    /// # Errors
    /// `NotFound` when there is no such connection.
    pub async fn remove_organisation(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Connection> {
        self.require(tenant, id).await?;
        self.jira.secrets.delete(&secrets::organisation_name(tenant, id)).await?;
        self.jira
            .change_connection(tenant, id, |stored| {
                stored.organisation = None;
                stored.endings_looked_at = None;
            })
            .await
    }

    async fn verify_organisation(&self, organisation: &str, key: &Secret) -> Result<Organisation, Failure> {
        let managed = self.jira.administration().organisations(key).await.map_err(|error| explain(&error))?;
        let Some(found) = managed.iter().find(|managed| managed.id == organisation) else {
            let names: Vec<&str> = managed.iter().map(|managed| managed.name.as_str()).collect();
            let covered = if names.is_empty() { "no organisation".to_owned() } else { names.join(", ") };
            return Err(Problem::new(
                ProblemCode::OrganisationNotFound,
                format!("the API key can manage {covered}, not the organisation that was entered"),
                "copy the organisation id from where the key was made, in Atlassian Administration",
            )
            .into());
        };
        let verified_at = self.jira.core.clock.now();
        Ok(Organisation { id: found.id.clone(), name: found.name.clone(), verified_at, key_ends_on: None })
    }
}

fn explain(error: &JiraError) -> Problem {
    match &error.kind {
        Kind::Unauthorized => Problem::new(
            ProblemCode::CredentialsRefused,
            "Atlassian does not accept the organisation API key",
            "make a new key in Atlassian Administration, Settings, API keys; a key ends after a year at most",
        ),
        Kind::ScopeMissing => Problem::new(
            ProblemCode::ScopeMissing,
            "the organisation API key lacks the scope that lists organisations",
            "make a new key without scopes, or with those that read directories, accounts and groups",
        ),
        Kind::Forbidden => Problem::new(
            ProblemCode::PermissionMissing,
            "the organisation API key may not list organisations",
            "have the key made by an administrator of the organisation",
        ),
        _ => Problem::new(ProblemCode::Unreachable, error.to_string(), "try again in a few minutes"),
    }
}
