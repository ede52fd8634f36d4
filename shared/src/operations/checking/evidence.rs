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
use crate::jira::jql::Clause;
use crate::jira::reading::{Query, entity_of};
use crate::task::{SecondLook, Subject};

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
        // So do those about access: they are made from the directory.
        CheckId::B1 | CheckId::B5 | CheckId::B6 | CheckId::B7 | CheckId::B8 | CheckId::B9 => {
            judge::unusable(connection)
        }
    }
}

/// Subjects to look at again.
pub(super) struct Again<'a> {
    /// Those of open tasks that the reading did not name.
    pub(super) missing: Vec<&'a Subject>,
    /// Those of resolved tasks that it named.
    pub(super) returning: Vec<&'a Subject>,
}

/// Looks again, by id. A subject that could not be read is neither fine nor failing, so that its task stays as it is.
pub(super) async fn look_again(
    check: CheckId,
    connection: &Connection,
    client: &Client,
    again: &Again<'_>,
    now: Timestamp,
) -> Result<SecondLook> {
    let is_issue = |subject: &&&Subject| subject.id.bytes().all(|byte| byte.is_ascii_digit());
    let of = |subjects: &[&Subject], issues: bool| -> BTreeSet<String> {
        subjects.iter().filter(|it| is_issue(it) == issues).map(|it| it.id.clone()).collect()
    };
    if !connection.is_read_for(check) {
        let fine = again.missing.iter().map(|subject| subject.id.clone()).collect();
        return Ok(SecondLook { fine, ..SecondLook::default() });
    }
    // Subjects that are no issues (a connection as a whole) are judged by the reading alone.
    let (fine, failing) = (of(&again.missing, false), of(&again.returning, false));
    let mut look = SecondLook { fine, failing, hidden: BTreeSet::new() };
    let missing = of(&again.missing, true);
    let ids = missing
        .union(&of(&again.returning, true))
        .map(|id| IssueId::parse(id))
        .collect::<Result<Vec<_>>>()?;
    if ids.is_empty() {
        return Ok(look);
    }
    let fetched = match client.fetch(&ids, &FIELDS, &[]).await {
        Ok(fetched) => fetched,
        Err(error) => {
            tracing::warn!(error = %error, "could not look again by id; tasks stay as they are");
            return Ok(look);
        }
    };
    let scope = scope_of(check, connection);
    for subject in again.missing.iter().filter(|it| fetched.gone.iter().any(|gone| gone.as_str() == it.id)) {
        // What is not found was deleted, or left the scope with its project, only if that can be seen or is not asked for.
        let project = subject.key.rsplit_once('-').map_or(subject.key.as_str(), |(project, _)| project);
        if !names(scope, project) {
            look.fine.insert(subject.id.clone());
        } else if look.hidden.contains(project) || !client.sees_project_of_key(project).await {
            look.hidden.insert(project.to_owned());
        } else {
            look.fine.insert(subject.id.clone());
        }
    }
    let mut failing = Vec::new();
    for (id, issue) in &fetched.issues {
        let Some(entity) = entity_of(issue, client) else { continue };
        if in_projects(scope, issue.project()) && fails_alone(check, connection, &entity, now) {
            failing.push(id.clone());
        } else {
            look.fine.insert(id.to_string());
        }
    }
    let left = out_of_query(scope, client, &failing).await;
    for id in failing {
        let side = if left.contains(&id) { &mut look.fine } else { &mut look.failing };
        side.insert(id.to_string());
    }
    Ok(look)
}

/// Which of these issues the scope's query does not match any more. None where that could not be found out.
async fn out_of_query(scope: &Scope, client: &Client, ids: &[IssueId]) -> BTreeSet<IssueId> {
    let Some(Ok(clause)) = scope.jql.as_deref().map(Clause::parse) else { return BTreeSet::new() };
    if ids.is_empty() {
        return BTreeSet::new();
    }
    match client.jql_match(ids, &clause).await {
        Ok(matched) => ids.iter().filter(|id| !matched.contains(*id)).cloned().collect(),
        Err(error) => {
            tracing::warn!(error = %error, "could not ask whether the query still matches; tasks stay as they are");
            BTreeSet::new()
        }
    }
}

fn scope_of(check: CheckId, connection: &Connection) -> &Scope {
    if check == CheckId::B3 { &connection.incidents } else { &connection.change_management }
}

/// Whether things of the project with this key are asked for.
fn names(scope: &Scope, key: &str) -> bool {
    let is_named = |named: &str| named.eq_ignore_ascii_case(key);
    scope.keys.is_empty()
        || scope.keys.iter().any(|named| is_named(named))
        || scope.projects.iter().any(|project| is_named(&project.key))
}

fn in_projects(scope: &Scope, project: Option<&str>) -> bool {
    let Some(project) = project else { return true };
    scope.keys.is_empty() || scope.projects.iter().any(|known| known.id.as_str() == project)
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
