//! Edits of single issues: what a person does by hand, and what no REST caller could do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::project::{number, text, texts};
use crate::{
    adf,
    call::{Answer, Body},
    clock::plus_seconds,
    hand::{DEFAULT_PERSON, Deed, act},
    routes::{
        save,
        transition::{move_to, resolution_id},
    },
    state::{
        World,
        issue::{Change, ChangeItem, Comment, Issue},
    },
    webhooks::{Event, publish},
};

/// Who makes an edit: `by`, or an ordinary account.
fn author(world: &World, body: &Value) -> Result<String, String> {
    let by = body["by"].as_str().unwrap_or(DEFAULT_PERSON);
    world.accounts.get(by).map(|account| account.id).ok_or_else(|| format!("by: no account {by}"))
}

/// The edit of an issue with this name, or `None` if there is no such edit.
///
/// - `move` `{"issue":"CHG-1","to":"SEC","by"}`
/// - `status` `{"issue":"SEC-1","status":"10003","resolution":"10001","by"}`: whatever the workflow says
/// - `edit` `{"issue","fields":{…},"by"}`, `delete` `{"issue","by"}`
/// - `comment` `{"issue","text"|"document","visibility","by"}`, `comment/update` `{…,"comment":"20051"}`,
///   `comment/delete` `{"issue","comment","by"}`
/// - `worklog` `{"issue","seconds","started","visibility","by"}`, `worklog/update` `{…,"worklog":"20051"}`,
///   `worklog/delete` `{"issue","worklog","by"}`
/// - `histories` and `comments` `{"issue","count","by":[…],"seconds_apart"}`: so many at once
/// - `archive` / `restore` `{"issue"}`: by an administrator
/// - `conflict` `{"issue","times":1}`: the next edits and transitions are answered 409
pub(super) fn edit(
    world: &mut World,
    site: usize,
    edit: &str,
    body: &Value,
    now: Timestamp,
) -> Option<Result<(), String>> {
    Some(match edit {
        "move" => move_issue(world, site, body, now),
        "status" => force_status(world, site, body, now),
        "conflict" => conflict(world, site, body),
        "histories" | "comments" => many(world, site, edit, body, now),
        "edit" | "delete" | "comment" | "comment/update" | "comment/delete" | "worklog"
        | "worklog/update" | "worklog/delete" => by_hand(world, site, edit, body, now),
        "archive" | "restore" if !body["issue"].is_null() => archive(world, site, edit, body, now),
        _ => return None,
    })
}

fn by_hand(world: &mut World, site: usize, edit: &str, body: &Value, now: Timestamp) -> Result<(), String> {
    let author = author(world, body)?;
    let path = format!("/issue/{}", text(body, "issue")?);
    let document = || body["text"].as_str().map_or_else(|| body["document"].clone(), adf::paragraph);
    let mut comment = json!({ "body": document() });
    if !body["visibility"].is_null() {
        comment["visibility"] = body["visibility"].clone();
    }
    let mut worklog = serde_json::Map::new();
    for (name, member) in
        [("timeSpentSeconds", "seconds"), ("started", "started"), ("visibility", "visibility")]
    {
        if !body[member].is_null() {
            worklog.insert(name.to_owned(), body[member].clone());
        }
    }
    let worklog = Value::Object(worklog);
    let of_worklog = || text(body, "worklog").map(|id| format!("{path}/worklog/{id}"));
    let of_comment = || text(body, "comment").map(|id| format!("{path}/comment/{id}"));
    let (method, path, body) = match edit {
        "edit" => ("PUT", path, json!({ "fields": body["fields"] })),
        "delete" => ("DELETE", format!("{path}?deleteSubtasks=true"), Value::Null),
        "comment" => ("POST", format!("{path}/comment"), comment),
        "comment/update" => ("PUT", of_comment()?, comment),
        "worklog" => ("POST", format!("{path}/worklog"), worklog),
        "worklog/update" => ("PUT", of_worklog()?, worklog),
        "worklog/delete" => ("DELETE", of_worklog()?, Value::Null),
        _ => ("DELETE", of_comment()?, Value::Null),
    };
    finish(act(world, site, &author, Deed { method, path: &path, body }, now))
}

/// The most entries that one edit makes.
const MOST_AT_ONCE: i64 = 20_000;

/// Many changelog entries or comments, the last one now, by the accounts in turn. No webhook tells of them.
fn many(world: &mut World, index: usize, edit: &str, body: &Value, now: Timestamp) -> Result<(), String> {
    let authors = match &body["by"] {
        Value::Null | Value::String(_) => vec![author(world, body)?],
        list => texts(list),
    };
    let count = body["count"].as_i64().filter(|count| (1..=MOST_AT_ONCE).contains(count));
    let count = count.ok_or_else(|| format!("count: 1 to {MOST_AT_ONCE}"))?;
    let apart = body["seconds_apart"].as_i64().unwrap_or(1).max(0);
    let issue = world.sites[index].issue(&text(body, "issue")?).ok_or("no such issue")?;
    let mut changed = (*issue).clone();
    for (left, author) in (0..count).rev().zip(authors.iter().cycle()) {
        let (id, number) = (world.sites[index].issues.take_id(), count - left);
        let created = plus_seconds(now, -left.saturating_mul(apart));
        if edit == "comments" {
            changed.comments.push(Comment {
                id,
                author: author.clone(),
                body: adf::paragraph(&format!("Comment {number}")),
                created,
                updated: created,
                update_author: author.clone(),
                visibility: None,
                public: true,
                properties: BTreeMap::new(),
            });
            continue;
        }
        let words = |number: i64| Some((String::new(), format!("Version {number}")));
        let items = vec![ChangeItem::new("description", words(number - 1), words(number))];
        changed.history.push(Change { id, author: author.clone(), created, items });
    }
    changed.history.sort_by_key(|change| change.created);
    changed.comments.sort_by_key(|comment| comment.created);
    changed.updated = now;
    save(world, index, changed, now);
    Ok(())
}

/// A refusal in words.
pub(super) fn finish(reply: Result<Answer, Answer>) -> Result<(), String> {
    reply.map(|_| ()).map_err(|refusal| match refusal.body {
        Body::Json(value) => format!("{}: {value}", refusal.status),
        Body::Text { text, .. } => format!("{}: {text}", refusal.status),
        Body::Empty => refusal.status.to_string(),
    })
}

fn archive(world: &mut World, site: usize, edit: &str, body: &Value, now: Timestamp) -> Result<(), String> {
    let path = if edit == "archive" { "/issue/archive" } else { "/issue/unarchive" };
    let by = body["by"].as_str().unwrap_or("acc-admin").to_owned();
    let body = json!({ "issueIdsOrKeys": [text(body, "issue")?] });
    finish(act(world, site, &by, Deed { method: "PUT", path, body }, now))
}

fn conflict(world: &mut World, site: usize, body: &Value) -> Result<(), String> {
    let issue = world.sites[site].issue(&text(body, "issue")?).ok_or("no such issue")?;
    let times = body["times"].as_u64().unwrap_or(1);
    world.conflicts.insert((site, issue.id), times);
    Ok(())
}

/// The issue keeps its id and gets a new key; its old key still finds it. Status and type become ones of the target.
fn move_issue(world: &mut World, index: usize, body: &Value, now: Timestamp) -> Result<(), String> {
    let author = author(world, body)?;
    let lag = world.settings.index_lag_ms();
    let site = &mut world.sites[index];
    let issue = site.issue(&text(body, "issue")?).ok_or("no such issue")?;
    let to = text(body, "to")?;
    let target = site.project_named(&to).ok_or_else(|| format!("no project {to}"))?.id;
    let mut moved = (*issue).clone();
    let old_key = site.key_of(&moved);
    // Under its old number first, so that the old key goes on to find it.
    site.issues.put(moved.clone(), now, lag);
    let project = site.project_mut(target).ok_or("no such project")?;
    project.last_number += 1;
    moved.project = target;
    moved.number = project.last_number;
    let status =
        Some(project.workflow.initial()).filter(|_| !project.workflow.statuses.contains(&moved.status));
    let kind =
        project.issue_types.first().filter(|_| !project.issue_types.contains(&moved.issue_type)).copied();
    let words_of = |id: u64| site.project(id).map(|project| (id.to_string(), project.name.clone()));
    let keys = (Some((String::new(), old_key)), Some((String::new(), site.key_of(&moved))));
    let mut items = vec![
        ChangeItem::new("project", words_of(issue.project), words_of(target)),
        ChangeItem { field_id: None, ..ChangeItem::new("Key", keys.0, keys.1) },
    ];
    if let Some(kind) = kind {
        let words_of = |id: u64| site.issue_type(id).map(|kind| (id.to_string(), kind.name.clone()));
        items.push(ChangeItem::new("issuetype", words_of(moved.issue_type), words_of(kind)));
        moved.issue_type = kind;
    }
    if let Some(status) = status {
        items.extend(move_to(site, &mut moved, status, None, now));
    }
    record(world, index, moved, items, &author, now);
    Ok(())
}

fn force_status(world: &mut World, index: usize, body: &Value, now: Timestamp) -> Result<(), String> {
    let author = author(world, body)?;
    let site = &world.sites[index];
    let issue = site.issue(&text(body, "issue")?).ok_or("no such issue")?;
    let status = number(&body["status"])?;
    site.status(status).ok_or_else(|| format!("no status {status}"))?;
    let resolution = match &body["resolution"] {
        Value::Null => None,
        id => Some(resolution_id(&json!({ "id": id })).ok_or_else(|| format!("no resolution {id}"))?),
    };
    let mut changed = (*issue).clone();
    let items = move_to(site, &mut changed, status, resolution, now);
    record(world, index, changed, items, &author, now);
    Ok(())
}

/// Saves what was done, with its history entry, and tells the webhooks.
fn record(
    world: &mut World,
    index: usize,
    mut issue: Issue,
    items: Vec<ChangeItem>,
    author: &str,
    now: Timestamp,
) {
    let id = world.sites[index].issues.take_id();
    let change = Change { id, author: author.to_owned(), created: now, items };
    issue.updated = now;
    issue.history.push(change.clone());
    let mut event = Event::issue("jira:issue_updated", &issue, author, now);
    event.change = Some(change);
    save(world, index, issue, now);
    publish(world, index, &event);
}
