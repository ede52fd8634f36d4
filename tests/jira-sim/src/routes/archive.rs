//! Archiving of issues and their restoration. An archived issue is read by id, and is in no search.
//!
//! Whether Jira tells webhooks, writes history or moves `updated` is not documented; here it does nothing of that.

use serde_json::{Map, Value, json};

use super::{bulk::texts, save};
use crate::{
    call::{Answer, Call, Reply},
    state::{
        World,
        issue::{Archived, Issue},
        project::allows_globally,
    },
};

const MOST: usize = 1000;

pub(crate) fn archive(world: &mut World, call: &Call) -> Reply {
    change(world, call, true)
}

pub(crate) fn restore(world: &mut World, call: &Call) -> Reply {
    change(world, call, false)
}

/// Works on what it can and tells of the rest; only where nothing can be done it is 400.
fn change(world: &mut World, call: &Call, archive: bool) -> Reply {
    if call.caller.account().is_none() {
        return Err(Answer::error(401, "User is not logged in."));
    }
    if !allows_globally(call.caller.account(), "ADMINISTER") {
        return Err(Answer::forbidden("Only admins can archive or unarchive issues. Access denied."));
    }
    let names = texts(&call.body["issueIdsOrKeys"]);
    if names.len() > MOST {
        return Err(Answer::error(
            412,
            "The number of issues to archive or unarchive exceeds the hard limit of 1000. Precondition failed.",
        ));
    }
    let mut found = Vec::new();
    let mut refused: Vec<(&str, &str, String)> = Vec::new();
    let site = &world.sites[call.site];
    for name in names {
        match site.visible_issue(&name, call.caller.account()) {
            None => refused.push(("issuesNotFound", "Issue not found.", name)),
            Some(issue) if is_subtask(world, call, &issue) => {
                refused.push(("issueIsSubtask", "Issue is subtask.", name));
            }
            Some(issue) if site.project(issue.project).is_some_and(|project| project.archived) => {
                refused.push(("issuesInArchivedProjects", "Issue exists in archived project.", name));
            }
            Some(issue) => found.push(issue.id),
        }
    }
    if found.is_empty() {
        return Err(Answer::bad_request("No valid issue to archive or unarchive. Bad request."));
    }
    let by = call.caller.id().unwrap_or_default();
    let mut count = 0;
    for id in found {
        count += set(world, call, id, archive.then_some(by));
    }
    Ok(Answer::ok(json!({ "numberOfIssuesUpdated": count, "errors": errors(&refused) })))
}

fn is_subtask(world: &World, call: &Call, issue: &Issue) -> bool {
    world.sites[call.site].issue_type(issue.issue_type).is_some_and(|kind| kind.level < 0)
}

/// An issue together with its subtasks; how many changed.
fn set(world: &mut World, call: &Call, id: u64, by: Option<&str>) -> usize {
    let subtasks: Vec<u64> = world.sites[call.site]
        .issues
        .written()
        .filter(|child| child.parent == Some(id) && is_subtask(world, call, child))
        .map(|child| child.id)
        .collect();
    let mut count = 0;
    for id in subtasks.into_iter().chain([id]) {
        let Some(before) = world.sites[call.site].issues.get(id) else { continue };
        if before.archived.is_some() == by.is_some() {
            continue;
        }
        let mut issue = (*before).clone();
        issue.archived = by.map(|by| Archived { at: call.now, by: by.to_owned() });
        save(world, call.site, issue, call.now);
        count += 1;
    }
    count
}

fn errors(refused: &[(&str, &str, String)]) -> Value {
    let mut errors = Map::new();
    for (kind, message, _) in refused {
        let names: Vec<&String> =
            refused.iter().filter(|(other, ..)| other == kind).map(|(.., name)| name).collect();
        let error = json!({ "count": names.len(), "issueIdsOrKeys": names, "message": message });
        errors.insert((*kind).to_owned(), error);
    }
    Value::Object(errors)
}
