//! What tests compare: issues as they are, with everything that happened to them.

use serde_json::{Value, json};

use crate::{
    activity::ActivityEvent,
    call::Query,
    simulator::Simulator,
    state::{
        World,
        issue::{Comment, Issue, RemoteLink, Worklog},
        vocabulary::RESOLUTIONS,
    },
};

/// The most events of one answer.
const MOST_EVENTS: usize = 10_000;

/// `GET /activity?site=&since=&until=&account=&issue=&skip=&limit=`: the events that fit, and how many to skip for the
/// next ones.
pub(super) fn activity(simulator: &Simulator, query: &Query) -> Result<Value, String> {
    let number = |name: &str| {
        let text = query.get(name);
        text.map(str::parse::<i64>).transpose().map_err(|error| format!("{name}: {error}"))
    };
    let (since, until) = (number("since")?.unwrap_or(i64::MIN), number("until")?.unwrap_or(i64::MAX));
    let (issue, account) = (number("issue")?, query.get("account"));
    let count = |value: Option<i64>, default| value.map_or(default, |n| usize::try_from(n).unwrap_or(0));
    let skip = count(number("skip")?, 0);
    let limit = count(number("limit")?, MOST_EVENTS).min(MOST_EVENTS);
    let fits = |event: &ActivityEvent| {
        (since..until).contains(&event.at)
            && account.is_none_or(|account| event.account == account)
            && issue.is_none_or(|issue| u64::try_from(issue) == Ok(event.issue))
    };
    let all = simulator.activity(query.get("site").unwrap_or("demo.atlassian.net"));
    let mut events: Vec<ActivityEvent> = all.filter(fits).skip(skip).take(limit + 1).collect();
    let more = events.len() > limit;
    events.truncate(limit);
    Ok(json!({ "events": events, "next": more.then_some(skip + limit) }))
}

/// Every issue of every site, those too that were deleted or archived.
pub(crate) fn issues(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    for site in &world.sites {
        for (issue, deleted) in site.issues.all() {
            let parent = issue.parent.and_then(|id| site.issues.get(id));
            let resolution = RESOLUTIONS.iter().find(|(id, _)| Some(*id) == issue.resolution);
            all.push(json!({
                "id": issue.id.to_string(),
                "key": site.key_of(&issue),
                "site": site.domain,
                "project": site.project(issue.project).map(|project| &project.key),
                "type": site.issue_type(issue.issue_type).map(|kind| &kind.name),
                "summary": issue.summary,
                "description": issue.description,
                "status": site.status(issue.status).map(|status| &status.name),
                "status_category": site.category(issue.status).key(),
                "resolution": resolution.map(|(_, name)| name),
                "assignee": issue.assignee,
                "reporter": issue.reporter,
                "creator": issue.creator,
                "parent": parent.map(|parent| site.key_of(&parent)),
                "labels": issue.labels,
                "properties": issue.properties,
                "fields": issue.fields,
                "comments": issue.comments.iter().map(comment).collect::<Vec<_>>(),
                "worklogs": issue.worklogs.iter().map(worklog).collect::<Vec<_>>(),
                "remote_links": issue.remote_links.iter().map(remote_link).collect::<Vec<_>>(),
                "history": history(&issue),
                "created": issue.created.to_string(),
                "updated": issue.updated.to_string(),
                "archived": issue.archived.is_some(),
                "deleted": deleted,
            }));
        }
    }
    all
}

fn comment(comment: &Comment) -> Value {
    json!({
        "id": comment.id.to_string(),
        "author": comment.author,
        "update_author": comment.update_author,
        "body": comment.body,
        "visibility": comment.visibility,
        "properties": comment.properties,
        "created": comment.created.to_string(),
        "updated": comment.updated.to_string(),
    })
}

fn remote_link(link: &RemoteLink) -> Value {
    let mut told = link.told.clone();
    told["id"] = json!(link.id);
    told["global_id"] = json!(link.global_id);
    told
}

fn worklog(worklog: &Worklog) -> Value {
    json!({
        "id": worklog.id.to_string(),
        "author": worklog.author,
        "update_author": worklog.update_author,
        "seconds": worklog.seconds,
        "visibility": worklog.visibility,
        "started": worklog.started.to_string(),
        "created": worklog.created.to_string(),
        "updated": worklog.updated.to_string(),
    })
}

/// One line for each field that changed, oldest first, in words.
fn history(issue: &Issue) -> Vec<Value> {
    let mut lines = Vec::new();
    for change in &issue.history {
        for item in &change.items {
            let words = |side: &Option<(String, String)>| side.as_ref().map(|(_, words)| words.clone());
            lines.push(json!({
                "author": change.author,
                "created": change.created.to_string(),
                "field": item.field,
                "from": words(&item.from),
                "to": words(&item.to),
            }));
        }
    }
    lines
}
