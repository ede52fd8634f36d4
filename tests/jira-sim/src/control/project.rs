//! Edits of projects that no REST caller could make: what administrators do in their settings.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    routes::save,
    state::{
        World,
        issue::{Change, ChangeItem, Issue},
        project::{Field, FieldKind},
        vocabulary::Category,
        workflow::Transition,
    },
    webhooks::{Event, publish},
};

/// Makes the edit `POST /__sim/projects/{key}/{edit}`.
///
/// - `fields` `{"id","name","type","required","options":[…],"issue_types":["10103"]}`: adds or replaces a field
/// - `fields/remove` `{"id"}`: takes a field off the screen
/// - `transitions` `{"id","name","from":["10000"],"to":"10003","required":["resolution"]}`: adds or replaces a step
/// - `transitions/remove` `{"id"}`
/// - `permissions` `{"account":"acc-1"|"*","remove":[…],"grant":[…]}`
/// - `archive` / `restore`; `rename` `{"key","name"}`; `move` `{"issue":"CHG-1","to":"SEC"}`
/// - `status` `{"issue":"SEC-1","status":"10003"}`: puts an issue into a status whatever the workflow says
pub(crate) fn edit(
    world: &mut World,
    key: &str,
    edit: &str,
    body: &Value,
    now: Timestamp,
) -> Result<(), String> {
    let found = world.sites.iter().position(|site| site.project_named(key).is_some());
    let index = found.ok_or_else(|| format!("no project {key}"))?;
    match edit {
        "move" => return move_issue(world, index, body, now),
        "status" => return force_status(world, index, body, now),
        _ => {}
    }
    let site = &mut world.sites[index];
    let id = site.project_named(key).map(|project| project.id).unwrap_or_default();
    let project = site.project_mut(id).ok_or_else(|| format!("no project {key}"))?;
    match edit {
        "fields" => {
            let field = field(body)?;
            project.fields.retain(|known| known.id != field.id);
            project.fields.push(field);
        }
        "fields/remove" => {
            let id = text(body, "id")?;
            project.fields.retain(|known| known.id != id);
        }
        "transitions" => {
            let step = transition(body)?;
            if !project.workflow.statuses.contains(&step.to) {
                project.workflow.statuses.push(step.to);
            }
            project.workflow.transitions.retain(|known| known.id != step.id);
            project.workflow.transitions.push(step);
        }
        "transitions/remove" => {
            let id = number(&body["id"])?;
            project.workflow.transitions.retain(|known| known.id != id);
        }
        "permissions" => {
            let account = text(body, "account")?;
            for permission in texts(&body["remove"]) {
                project.withheld.insert((account.clone(), permission));
            }
            for permission in texts(&body["grant"]) {
                project.withheld.remove(&(account.clone(), permission));
            }
        }
        "archive" => project.archived = true,
        "restore" => project.archived = false,
        "rename" => {
            if let Some(key) = body["key"].as_str() {
                let former = std::mem::replace(&mut project.key, key.to_owned());
                project.former_keys.push(former);
            }
            if let Some(name) = body["name"].as_str() {
                name.clone_into(&mut project.name);
            }
        }
        other => return Err(format!("unknown edit {other}")),
    }
    Ok(())
}

fn text(body: &Value, name: &str) -> Result<String, String> {
    body[name].as_str().map(str::to_owned).ok_or_else(|| format!("{name}: a text"))
}

fn texts(value: &Value) -> Vec<String> {
    crate::routes::bulk::texts(value)
}

/// Ids are texts in Jira; numbers are taken too.
fn number(value: &Value) -> Result<u64, String> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.or_else(|| value.as_u64()).ok_or_else(|| format!("an id, not {value}"))
}

fn numbers(value: &Value) -> Result<Vec<u64>, String> {
    value.as_array().into_iter().flatten().map(number).collect()
}

fn field(body: &Value) -> Result<Field, String> {
    let id = text(body, "id")?;
    let kind = body["type"].as_str().unwrap_or("string");
    Ok(Field {
        name: body["name"].as_str().unwrap_or(&id).to_owned(),
        kind: FieldKind::parse(kind, texts(&body["options"]))
            .ok_or_else(|| format!("unknown type {kind}"))?,
        required: body["required"].as_bool().unwrap_or(false),
        has_default: false,
        issue_types: numbers(&body["issue_types"])?,
        id,
    })
}

fn transition(body: &Value) -> Result<Transition, String> {
    let required = texts(&body["required"]);
    let mut screen = texts(&body["screen"]);
    screen.extend(required.iter().filter(|name| !screen.contains(name)).cloned().collect::<Vec<_>>());
    Ok(Transition {
        id: number(&body["id"])?,
        name: text(body, "name")?,
        from: numbers(&body["from"])?,
        to: number(&body["to"])?,
        screen,
        required,
    })
}

/// The issue keeps its id and gets a new key; its old key still finds it.
fn move_issue(world: &mut World, index: usize, body: &Value, now: Timestamp) -> Result<(), String> {
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
    if !project.workflow.statuses.contains(&moved.status) {
        moved.status = project.workflow.initial();
    }
    if !project.issue_types.contains(&moved.issue_type) {
        moved.issue_type = project.issue_types.first().copied().unwrap_or(moved.issue_type);
    }
    let words_of = |id: u64| site.project(id).map(|project| (id.to_string(), project.name.clone()));
    let keys = (Some((String::new(), old_key)), Some((String::new(), site.key_of(&moved))));
    let items = vec![
        ChangeItem::new("project", words_of(issue.project), words_of(target)),
        ChangeItem { field_id: None, ..ChangeItem::new("Key", keys.0, keys.1) },
    ];
    record(world, index, moved, items, now);
    Ok(())
}

fn force_status(world: &mut World, index: usize, body: &Value, now: Timestamp) -> Result<(), String> {
    let site = &world.sites[index];
    let issue = site.issue(&text(body, "issue")?).ok_or("no such issue")?;
    let status = number(&body["status"])?;
    let words_of = |id: u64| site.status(id).map(|status| (id.to_string(), status.name.clone()));
    let items = vec![ChangeItem::new("status", words_of(issue.status), words_of(status))];
    let mut changed = (*issue).clone();
    let done = site.category(status) == Category::Done;
    changed.status = status;
    changed.status_changed = now;
    changed.resolution = done.then_some(10_000);
    changed.resolved = done.then_some(now);
    record(world, index, changed, items, now);
    Ok(())
}

/// Saves what the administrator did, with its history entry, and tells the webhooks.
fn record(world: &mut World, index: usize, mut issue: Issue, items: Vec<ChangeItem>, now: Timestamp) {
    const AUTHOR: &str = "acc-admin";
    let id = world.sites[index].issues.take_id();
    let change = Change { id, author: AUTHOR.to_owned(), created: now, items };
    issue.updated = now;
    issue.history.push(change.clone());
    let mut event = Event::issue("jira:issue_updated", &issue, AUTHOR, now);
    event.change = Some(change);
    save(world, index, issue, now);
    publish(world, index, &event);
}
