//! Reading evidence from Jira: which query answers which check, and what a second look by id shows.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::Result;
use crate::check::judge::{self, CHANGE_PERIOD_DAYS};
use crate::check::{CheckId, Verdict};
use crate::clock::after;
use crate::connection::{Connection, Scope};
use crate::evidence::{Coverage, Entity, Gap, Reading};
use crate::ids::IssueId;
use crate::jira::Client;
use crate::jira::reading::{Query, entity_of};
use crate::task::Subject;

const DAY: i64 = 24 * 3600;

/// The fields of an issue that checks are judged by, and the one that says whether it is still in scope.
const FIELDS: [&str; 6] = ["summary", "status", "assignee", "created", "priority", "project"];

/// The change tickets of the period. One reading serves two checks.
pub(super) async fn change_tickets(connection: &Connection, client: &Client, now: Timestamp) -> Reading {
    let query = Query::of(&connection.change_management);
    read(
        client,
        query.map(|query| query.created_from(period_begins(now))),
        &connection.change_management,
        now,
    )
    .await
}

/// The incidents that are not done.
pub(super) async fn incidents(connection: &Connection, client: &Client, now: Timestamp) -> Reading {
    read(client, Query::of(&connection.incidents).map(Query::open_only), &connection.incidents, now).await
}

async fn read(client: &Client, query: Result<Query>, scope: &Scope, now: Timestamp) -> Reading {
    match query {
        Ok(query) => client.read(&query).await,
        Err(error) => Reading::failed("", scope.describe(), Gap::Refused { detail: error.to_string() }, now),
    }
}

fn period_begins(now: Timestamp) -> Timestamp {
    after(now, -CHANGE_PERIOD_DAYS * DAY)
}

/// Judges a reading for one check of a connection.
pub(super) fn judge(check: CheckId, connection: &Connection, reading: &Reading, now: Timestamp) -> Verdict {
    match check {
        CheckId::B2 => judge::change_tickets_have_assignees(reading, now),
        CheckId::B3 => judge::incidents_are_closed(reading, &connection.incident_limits, now),
        CheckId::B4 => judge::there_was_change_activity(reading, connection, now),
        // Checks about the tenant read no issues; their verdicts are made from connections.
        CheckId::B1 | CheckId::B5 => judge::unusable(connection),
    }
}

/// What a second look at subjects, by id, showed.
pub(super) struct SecondLook {
    /// Subjects that fail no longer, are out of scope, or are gone.
    pub(super) fine: BTreeSet<String>,
    /// Keys of projects that the account cannot see (any more) although subjects are in them.
    pub(super) hidden: BTreeSet<String>,
}

/// Looks again at `subjects`, by id. A subject that could not be read is not among the fine ones, so that its task stays
/// open.
pub(super) async fn look_again(
    check: CheckId,
    connection: &Connection,
    client: &Client,
    subjects: &[&Subject],
    now: Timestamp,
) -> Result<SecondLook> {
    let is_issue = |subject: &&&Subject| subject.id.bytes().all(|byte| byte.is_ascii_digit());
    let (issues, others): (Vec<&&Subject>, Vec<&&Subject>) = subjects.iter().partition(is_issue);
    // Subjects that are no issues (a connection as a whole) are judged by the reading alone.
    let fine = others.into_iter().map(|subject| subject.id.clone()).collect();
    let mut look = SecondLook { fine, hidden: BTreeSet::new() };
    let ids = issues.iter().map(|subject| IssueId::parse(&subject.id)).collect::<Result<Vec<_>>>()?;
    if ids.is_empty() {
        return Ok(look);
    }
    let fetched = match client.fetch(&ids, &FIELDS, &[]).await {
        Ok(fetched) => fetched,
        Err(error) => {
            tracing::warn!(error = %error, "could not look again by id; tasks stay open");
            return Ok(look);
        }
    };
    for subject in issues.iter().filter(|subject| fetched.gone.iter().any(|gone| gone.as_str() == subject.id))
    {
        // What is not found was deleted only if its project can be seen.
        let project = subject.key.rsplit_once('-').map_or(subject.key.as_str(), |(project, _)| project);
        if look.hidden.contains(project) || !client.sees_project_of_key(project).await {
            look.hidden.insert(project.to_owned());
        } else {
            look.fine.insert(subject.id.clone());
        }
    }
    for (id, issue) in &fetched.issues {
        let Some(entity) = entity_of(issue, client) else { continue };
        let moved_away = !in_projects(check, connection, issue.project());
        if moved_away || !fails_alone(check, connection, &entity, now) {
            look.fine.insert(id.to_string());
        }
    }
    Ok(look)
}

fn in_projects(check: CheckId, connection: &Connection, project: Option<&str>) -> bool {
    let scope = if check == CheckId::B3 { &connection.incidents } else { &connection.change_management };
    let Some(project) = project else { return true };
    scope.projects.is_empty() || scope.projects.iter().any(|known| known.id.as_str() == project)
}

/// Whether an entity, taken by itself, is in the check's period and fails it.
fn fails_alone(check: CheckId, connection: &Connection, entity: &Entity, now: Timestamp) -> bool {
    if check == CheckId::B2 && entity.created_at < period_begins(now) {
        return false;
    }
    let coverage = Coverage { pages: 1, read: 1, counted: Some(1), in_scope: Some(1), gaps: Vec::new() };
    let reading = Reading {
        query: String::new(),
        scope: String::new(),
        entities: vec![entity.clone()],
        coverage,
        read_at: now,
        seen_in: Vec::new(),
    };
    !judge(check, connection, &reading, now).failing.is_empty()
}
