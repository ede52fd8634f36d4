//! The preflight of a sync setting: Jira is asked, before a choice is saved and whenever tickets are refused, whether tickets
//! can be created, written and closed as it says.
//!
//! Reads the project's metadata, permissions and workflow; decides what stands against it; writes nothing.

mod fields;

use super::session::JiraAccess;
use crate::connection::{Connection, Project, UseCase};
use crate::ids::{ConnectionId, IssueId, IssueTypeId, ProjectId, TenantId, TicketId};
use crate::jira::create::{NewIssue, payload};
use crate::jira::error::JiraError;
use crate::jira::metadata::IssueType;
use crate::jira::now::Reading;
use crate::jira::workflow::Way;
use crate::jira::{Client, error};
use crate::mapping::Mapping;
use crate::mapping::screen::ScreenField;
use crate::quota::Priority;
use crate::sync_setting::SyncSetting;
use crate::ticket::Content;
use crate::{Error, Result};

/// Permissions in the project without which tickets cannot be kept in step: Jira's key, its name, and what it is for.
const PERMISSIONS: [(&str, &str, &str); 3] = [
    ("CREATE_ISSUES", "Create issues", "to create tickets"),
    ("EDIT_ISSUES", "Edit issues", "to keep tickets up to date"),
    ("TRANSITION_ISSUES", "Transition issues", "to close tickets when their tasks are done"),
];

/// A choice as entered.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The project's key or id.
    pub project: String,
    /// The issue type's id.
    pub issue_type: IssueTypeId,
    /// The epic's id, if tickets go under one.
    pub epic: Option<IssueId>,
    /// Labels beside `assay`.
    pub labels: Vec<String>,
    /// The id of the status that issues are closed with, if it is to be a certain one.
    pub done_status: Option<String>,
    /// The id of the status that issues are brought to when a pull request is opened, if they are.
    pub opened_status: Option<String>,
    /// What the fields of issues say, if a project configuration says it.
    pub mapping: Option<Mapping>,
}

impl Choice {
    /// The choice that a setting stands for.
    pub fn of(setting: &SyncSetting) -> Self {
        Self {
            project: setting.project.to_string(),
            issue_type: setting.issue_type.clone(),
            epic: setting.epic.clone(),
            labels: setting.labels.clone(),
            done_status: setting.done_status.clone(),
            opened_status: setting.configuration.as_ref().and_then(|it| it.pulls.status_when_opened.clone()),
            mapping: setting.configuration.as_ref().map(|configuration| configuration.mapping.clone()),
        }
    }

    /// Whether every ticket is put under another issue.
    pub(super) fn has_parent(&self) -> bool {
        let rules = self.mapping.iter().flat_map(|mapping| &mapping.rules);
        self.epic.is_some() || rules.into_iter().any(|rule| rule.field == "parent")
    }
}

/// Something that stands against a choice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Obstacle {
    /// The part of the choice that it is about: `connection`, `project`, `issue_type`, `epic`, `done_status`, or a part of the
    /// rules for its fields.
    pub about: String,
    /// What is wrong and what to do, in a sentence or two.
    pub what: String,
}

/// What the preflight found.
#[derive(Clone, Debug)]
pub struct Preflight {
    /// The project, if it can be seen.
    pub project: Option<Project>,
    /// The issue type's name, if it can be created.
    pub issue_type_name: Option<String>,
    /// What stands against it; tickets can be made if this is empty.
    pub obstacles: Vec<Obstacle>,
    /// What will be different from what one might expect, though tickets can be made.
    pub notes: Vec<String>,
    /// How an issue gets to a done status, as far as Jira tells.
    pub way: Option<Way>,
    /// The very request that would create the first ticket, if the project and the type are known.
    pub payload: Option<serde_json::Value>,
    /// The fields of a new issue, as far as Jira tells.
    pub fields: Vec<ScreenField>,
}

impl Preflight {
    fn stands_against(&mut self, about: &str, what: impl Into<String>) {
        self.obstacles.push(Obstacle { about: about.to_owned(), what: what.into() });
    }
}

/// Opens the connection that a setting writes through, for work of `priority`. To be followed by [`JiraAccess::book`],
/// whatever Jira answered.
///
/// # Errors
/// `Invalid` when there is none, or when it writes no tickets; else as [`JiraAccess::open_within_quota`].
pub async fn open(
    jira: &JiraAccess,
    tenant: &TenantId,
    id: &ConnectionId,
    priority: Priority,
) -> Result<(Connection, Client)> {
    let connection = jira.core.store.connection(tenant, id).await?;
    let connection =
        connection.ok_or_else(|| Error::invalid("connection", format!("there is no connection {id}")))?;
    if !writes_tickets(&connection) {
        let message =
            format!("connection {id} has no use case that writes tickets; add the use case ticketing to it");
        return Err(Error::invalid("connection", message));
    }
    let client = jira.open_within_quota(&connection, priority, 0).await?;
    Ok((connection, client))
}

/// Opens the connection, asks Jira whether tickets can be made as `choice` says, and books what that cost. A person waits
/// for it.
///
/// # Errors
/// As [`open`] and [`preflight`].
pub async fn try_out(
    jira: &JiraAccess,
    tenant: &TenantId,
    id: &ConnectionId,
    choice: &Choice,
    sample: Option<&Content>,
) -> Result<Preflight> {
    let (connection, client) = open(jira, tenant, id, Priority::UserAction).await?;
    let found = preflight(&client, choice, sample).await;
    jira.book(&connection, &client).await?;
    found
}

/// Whether a connection has a use case that writes tickets.
pub(super) fn writes_tickets(connection: &Connection) -> bool {
    [UseCase::Ticketing, UseCase::VulnerabilityScanner].iter().any(|it| connection.use_cases.contains(it))
}

/// Asks Jira whether tickets can be made as `choice` says. `sample` is the content of the first one, if there is a task for
/// it.
///
/// # Errors
/// Only when Jira could not be asked: what it refuses is an obstacle.
pub async fn preflight(client: &Client, choice: &Choice, sample: Option<&Content>) -> Result<Preflight> {
    let mut found = Preflight {
        project: None,
        issue_type_name: None,
        obstacles: Vec::new(),
        notes: Vec::new(),
        way: None,
        payload: None,
        fields: Vec::new(),
    };
    let Some(project) = refused(client.project(choice.project.trim()).await)?.flatten() else {
        found.stands_against(
            "project",
            format!("there is no project {}, or the connection's account cannot see it", choice.project),
        );
        return Ok(found);
    };
    check_permissions(client, &project, &mut found).await?;
    let types = refused(client.issue_types(&project.id).await)?.unwrap_or_default();
    let Some(issue_type) = types.iter().find(|it| it.id == choice.issue_type) else {
        found.stands_against("issue_type", no_such_type(&project, &choice.issue_type, &types));
        found.project = Some(project);
        return Ok(found);
    };
    if issue_type.subtask && !choice.has_parent() {
        found.stands_against(
            "issue_type",
            format!(
                "{} is a type of sub-tasks, which exist only below another issue; choose another type",
                issue_type.name
            ),
        );
    }
    fields::check(client, &project, choice, &mut found).await?;
    check_epic(client, choice, &types, &mut found).await?;
    check_way(client, &project, choice, &mut found).await?;
    found.issue_type_name = Some(issue_type.name.clone());
    if let Some(content) = sample {
        found.payload = Some(first_request(&project.id, &choice.issue_type, content)?);
    }
    found.project = Some(project);
    Ok(found)
}

/// The very request that would create the first ticket.
pub(super) fn first_request(
    project: &ProjectId,
    issue_type: &IssueTypeId,
    content: &Content,
) -> Result<serde_json::Value> {
    let ticket = TicketId::parse("tkt-of-the-first-task")?;
    Ok(payload(project, issue_type, &NewIssue { ticket: &ticket, content, left_out: &[] }))
}

/// What Jira answered, or none if it refused: missing permissions and things that are not there are no errors here.
fn refused<T>(answer: Result<T, JiraError>) -> Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(
                error.kind,
                error::Kind::NotFound | error::Kind::Forbidden | error::Kind::Refused { .. }
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn check_permissions(client: &Client, project: &Project, found: &mut Preflight) -> Result<()> {
    let keys: Vec<&str> = PERMISSIONS.iter().map(|(key, ..)| *key).chain(["DELETE_ISSUES"]).collect();
    let granted = client.may(&project.id, &keys).await.map_err(Error::from)?;
    for (key, name, why) in PERMISSIONS {
        if !granted.contains(key) {
            found.stands_against(
                "project",
                format!("the connection's account lacks the permission {name} in project {}, {why}; have a project administrator grant it", project.key),
            );
        }
    }
    if !granted.contains("DELETE_ISSUES") {
        found.notes.push(format!(
            "the account may not delete issues in project {}: disabling the setting can keep its tickets, not delete them",
            project.key
        ));
    }
    Ok(())
}

pub(super) fn no_such_type(project: &Project, id: &IssueTypeId, types: &[IssueType]) -> String {
    let known: Vec<String> = types.iter().map(|it| format!("{} ({})", it.id, it.name)).collect();
    let known = if known.is_empty() {
        "none: the account lacks the permission Create issues".to_owned()
    } else {
        known.join(", ")
    };
    format!("project {} has no issue type {id} that the account may create; there are {known}", project.key)
}

async fn check_epic(
    client: &Client,
    choice: &Choice,
    types: &[IssueType],
    found: &mut Preflight,
) -> Result<()> {
    let Some(epic) = &choice.epic else { return Ok(()) };
    let reading = client.read_issue(epic, &std::collections::BTreeSet::new()).await;
    match refused(reading)? {
        Some(Reading::There(issue)) => {
            let is_epic =
                types.iter().find(|it| it.id == issue.issue_type).is_none_or(|it| it.hierarchy_level > 0);
            if !is_epic {
                found.stands_against(
                    "epic",
                    format!("{} is not an epic; choose an issue of a type above the tickets' own", issue.key),
                );
            }
        }
        Some(Reading::Gone(_)) | None => {
            found.stands_against(
                "epic",
                format!("there is no issue {epic}, or the connection's account cannot see it"),
            );
        }
    }
    Ok(())
}

async fn check_way(client: &Client, project: &Project, choice: &Choice, found: &mut Preflight) -> Result<()> {
    let Some(way) = refused(client.way_to_done(&project.id, &choice.issue_type).await)? else {
        return Ok(());
    };
    let (Way::Known { statuses, .. } | Way::Unknown { statuses, .. }) = &way;
    let done = statuses.iter().filter(|status| status.category == "done");
    let done: Vec<String> = done.map(|status| format!("{} ({})", status.id, status.name)).collect();
    if done.is_empty() && !statuses.is_empty() {
        found.stands_against(
            "issue_type",
            "this type's workflow has no status of the category Done, so that no ticket could be closed",
        );
    }
    if let Some(wanted) = &choice.done_status
        && !statuses.iter().any(|status| status.id == *wanted && status.category == "done")
    {
        found.stands_against(
            "done_status",
            format!("this type's workflow has no done status {wanted}; there are {}", done.join(", ")),
        );
    }
    if let Some(wanted) = &choice.opened_status
        && !statuses.iter().any(|status| status.id == *wanted)
    {
        let all: Vec<String> =
            statuses.iter().map(|status| format!("{} ({})", status.id, status.name)).collect();
        found.stands_against(
            "pulls.status_when_opened",
            format!("this type's workflow has no status {wanted}; there are {}", all.join(", ")),
        );
    }
    match &way {
        Way::Known { steps, .. } => {
            for step in steps.iter().filter(|step| !step.needs.is_empty()) {
                found.notes.push(format!(
                    "on the way from {} to {}, the workflow demands {}; what Assay cannot fill, a person must, and the ticket says so",
                    step.from,
                    step.to,
                    step.needs.join(", ")
                ));
            }
        }
        Way::Unknown { why, .. } => {
            found
                .notes
                .push(format!("the way to a done status is found when the first ticket is closed: {why}"));
        }
    }
    found.way = Some(way);
    Ok(())
}
