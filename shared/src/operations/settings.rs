//! Choosing where tickets go: Jira is asked whether they can be created there before the choice is saved.

use super::session::JiraAccess;
use crate::connection::{Project, UseCase};
use crate::ids::{ConnectionId, IssueTypeId, TenantId};
use crate::jira::metadata::CreateField;
use crate::{Error, Result};

/// Fields of an issue that every ticket fills.
const FILLED: [&str; 6] = ["project", "issuetype", "summary", "description", "labels", "reporter"];

/// A choice as entered.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The project's key or id.
    pub project: String,
    /// The issue type's id.
    pub issue_type: IssueTypeId,
}

/// A choice as Jira knows it.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The project.
    pub project: Project,
    /// The issue type's name.
    pub issue_type_name: String,
}

/// Checks that tickets can be created as `choice` says: the connection writes tickets, the project and the type are
/// there, and no field is required that a ticket does not fill.
///
/// # Errors
/// `Invalid` naming what stands against it.
pub async fn check(
    jira: &JiraAccess,
    tenant: &TenantId,
    id: &ConnectionId,
    choice: &Choice,
) -> Result<Chosen> {
    let connection = jira.core.store.connection(tenant, id).await?;
    let connection =
        connection.ok_or_else(|| Error::invalid("connection", format!("there is no connection {id}")))?;
    let writes = [UseCase::Ticketing, UseCase::VulnerabilityScanner]
        .iter()
        .any(|it| connection.use_cases.contains(it));
    if !writes {
        let message =
            format!("connection {id} has no use case that writes tickets; add the use case ticketing to it");
        return Err(Error::invalid("connection", message));
    }
    let client = jira.open(&connection).await?;
    let project = client.project(choice.project.trim()).await.map_err(Error::from)?.ok_or_else(|| {
        Error::invalid(
            "project",
            format!("there is no project {}, or the connection's account cannot see it", choice.project),
        )
    })?;
    let types = client.issue_types(&project.id).await.map_err(Error::from)?;
    let Some(issue_type) = types.iter().find(|it| it.id == choice.issue_type) else {
        let known: Vec<String> = types.iter().map(|it| format!("{} ({})", it.id, it.name)).collect();
        let message = format!(
            "project {} has no issue type {} that the account may create; there are {}",
            project.key,
            choice.issue_type,
            if known.is_empty() {
                "none: the account lacks the permission Create issues".to_owned()
            } else {
                known.join(", ")
            }
        );
        return Err(Error::invalid("issue_type", message));
    };
    let fields = client.create_fields(&project.id, &choice.issue_type).await.map_err(Error::from)?;
    let unfilled: Vec<&str> =
        fields.iter().filter(|field| is_unfilled(field)).map(|field| field.name.as_str()).collect();
    if !unfilled.is_empty() {
        let message = format!(
            "Jira requires fields that a ticket does not fill: {}; make them optional for this issue type, give them a default, or choose another type",
            unfilled.join(", ")
        );
        return Err(Error::invalid("issue_type", message));
    }
    Ok(Chosen { project, issue_type_name: issue_type.name.clone() })
}

fn is_unfilled(field: &CreateField) -> bool {
    field.required && !field.has_default_value && !FILLED.contains(&field.field_id.as_str())
}
