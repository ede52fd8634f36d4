//! Edits of projects that no REST caller could make: what administrators do in their settings.

use jiff::Timestamp;
use serde_json::Value;

use crate::state::{World, vocabulary::ROLES, workflow::Transition};

/// Makes the edit `POST /__sim/projects/{key}/{edit}`.
///
/// - those of its fields and lists, as `field` names them
/// - `transitions` `{"id","name","from":["10000"],"to":"10003","required":["resolution"]}`: adds or replaces a step
/// - `transitions/remove` `{"id"}`
/// - `permissions` `{"account":"acc-1"|"*","remove":[…],"grant":[…]}`
/// - `roles` `{"role":"Developers","add":["acc-1"],"remove":[…]}`: who is in a project role
/// - `archive` / `restore`; `rename` `{"key","name"}`
/// - and those of single issues, which `issue` names
pub(crate) fn edit(
    world: &mut World,
    key: &str,
    edit: &str,
    body: &Value,
    now: Timestamp,
) -> Result<(), String> {
    let found = world.sites.iter().position(|site| site.project_named(key).is_some());
    let index = found.ok_or_else(|| format!("no project {key}"))?;
    if let Some(result) = super::issue::edit(world, index, edit, body, now) {
        return result;
    }
    let site = &mut world.sites[index];
    let id = site.project_named(key).map(|project| project.id).unwrap_or_default();
    let project = site.project_mut(id).ok_or_else(|| format!("no project {key}"))?;
    if let Some(result) = super::field::edit(project, edit, body) {
        return result;
    }
    match edit {
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
                project.granted.remove(&(account.clone(), permission.clone()));
                project.withheld.insert((account.clone(), permission));
            }
            for permission in texts(&body["grant"]) {
                project.withheld.remove(&(account.clone(), permission.clone()));
                project.granted.insert((account.clone(), permission));
            }
        }
        "roles" => {
            let role = text(body, "role")?;
            if !ROLES.iter().any(|(_, known)| *known == role) {
                return Err(format!("no role {role}"));
            }
            for account in texts(&body["add"]) {
                project.role_members.insert((role.clone(), account));
            }
            for account in texts(&body["remove"]) {
                project.role_members.remove(&(role.clone(), account));
            }
        }
        "types" => {
            for kind in numbers(&body["remove"])? {
                project.issue_types.retain(|known| *known != kind);
            }
            project.issue_types.extend(numbers(&body["add"])?);
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

pub(super) fn text(body: &Value, name: &str) -> Result<String, String> {
    body[name].as_str().map(str::to_owned).ok_or_else(|| format!("{name}: a text"))
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    crate::routes::bulk::texts(value)
}

/// Ids are texts in Jira; numbers are taken too.
pub(super) fn number(value: &Value) -> Result<u64, String> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.or_else(|| value.as_u64()).ok_or_else(|| format!("an id, not {value}"))
}

pub(super) fn numbers(value: &Value) -> Result<Vec<u64>, String> {
    value.as_array().into_iter().flatten().map(number).collect()
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
