//! `GET` and `POST /issue/{id}/transitions`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    allowed, conflict,
    fields::{Problems, Screen, assign, merged},
    issue::record,
    issue_of, writable_issue_of,
};
use crate::{
    call::{Answer, Call, Reply},
    state::{
        World,
        issue::{ChangeItem, Issue},
        site::Site,
        vocabulary::{Category, RESOLUTIONS, resolution_json, translated},
        workflow::Transition,
    },
};

/// Without *Transition issues* the list is empty, not refused.
pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let wants_fields = call.query.list("expand").iter().any(|part| part == "transitions.fields");
    let wanted = call.query.get("transitionId");
    let transitions: Vec<Value> = available(world, call, &issue)
        .iter()
        .filter(|transition| wanted.is_none_or(|id| transition.id.to_string() == id))
        .map(|transition| transition_json(world, call, &issue, transition, wants_fields))
        .collect();
    Ok(Answer::ok(json!({ "expand": "transitions", "transitions": transitions })).costing(1, 1))
}

/// The steps that lead away from an issue's status, for this caller.
pub(crate) fn available(world: &World, call: &Call, issue: &Issue) -> Vec<Transition> {
    if !allowed(world, call, issue, "TRANSITION_ISSUES") {
        return Vec::new();
    }
    let project = world.sites[call.site].project(issue.project);
    let transitions = project.into_iter().flat_map(|project| &project.workflow.transitions);
    transitions.filter(|transition| transition.leaves(issue.status)).cloned().collect()
}

fn transition_json(
    world: &World,
    call: &Call,
    issue: &Issue,
    transition: &Transition,
    wants_fields: bool,
) -> Value {
    let site = &world.sites[call.site];
    let locale = call.caller.locale();
    let to = site.status(transition.to).map_or(Value::Null, |status| status.to_json(&call.base, locale));
    let mut value = json!({
        "id": transition.id.to_string(),
        "name": translated(&transition.name, locale),
        "to": to,
        "hasScreen": !transition.screen.is_empty(),
        "isGlobal": transition.from.is_empty(),
        "isInitial": false,
        "isAvailable": true,
        "isConditional": false,
        "isLooped": false,
    });
    if wants_fields {
        let mut fields = Map::new();
        for name in &transition.screen {
            let required = transition.required.contains(name);
            fields.insert(name.clone(), screen_field(world, call, issue, name, required));
        }
        value["fields"] = Value::Object(fields);
    }
    value
}

fn screen_field(world: &World, call: &Call, issue: &Issue, name: &str, required: bool) -> Value {
    let site = &world.sites[call.site];
    let project = site.project(issue.project);
    if let Some((project, field)) =
        project.and_then(|project| Some((project, project.fields.iter().find(|field| field.id == name)?)))
    {
        let mut value = field.to_json(project, &site.issue_types, &call.base, call.caller.locale());
        value["required"] = json!(required);
        if let Value::Object(members) = &mut value {
            members.remove("fieldId");
        }
        return value;
    }
    let allowed = RESOLUTIONS.map(|(id, _)| resolution_json(id, &call.base, call.caller.locale()));
    json!({
        "required": required,
        "schema": { "type": "resolution", "system": "resolution" },
        "name": "Resolution",
        "key": name,
        "hasDefaultValue": false,
        "operations": ["set"],
        "allowedValues": allowed,
    })
}

pub(crate) fn perform(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    let wanted = match &call.body["transition"]["id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return Err(Answer::bad_request("Missing 'transition' identifier")),
    };
    let steps = available(world, call, &before);
    let Some(step) = steps.into_iter().find(|step| step.id.to_string() == wanted) else {
        // No permission, another status, or no such step: all the same to Jira.
        return Err(Answer::bad_request(&format!("Transition id '{wanted}' is not valid for this issue.")));
    };
    let mut problems = Problems::default();
    let mut fields = merged(&call.body, Some(&before), &mut problems);
    for name in fields.keys().filter(|name| !step.screen.contains(name)) {
        problems.add(
            name,
            &format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."),
        );
    }
    let given = |name: &str| match fields.get(name) {
        Some(value) => !value.is_null(),
        // A screen shows what the issue already has.
        None => has_value(&before, name),
    };
    for name in step.required.iter().filter(|name| !given(name)) {
        problems.add(name, &format!("{} is required.", capitalised(name)));
    }
    let resolution = fields.remove("resolution").map(|value| resolution_id(&value));
    if resolution == Some(None) {
        problems.add("resolution", "The resolution selected is invalid.");
    }
    let Some(project) = world.sites[call.site].project(before.project) else {
        return Err(Answer::not_found(super::NO_ISSUE));
    };
    fields.retain(|name, _| step.screen.contains(name));
    let screen = Screen { world, call, project, issue_type: before.issue_type };
    let assignments = screen.assignments(&fields, &mut problems);
    if !problems.is_empty() {
        return Err(problems.answer());
    }
    conflict(world, call, &before)?;
    let mut issue = (*before).clone();
    let comments = super::issue::add_comments(world, call, &call.body, &mut issue)?;
    let mut items: Vec<ChangeItem> =
        assignments.into_iter().flat_map(|one| assign(&mut issue, one, &world.accounts)).collect();
    items.extend(move_to(&world.sites[call.site], &mut issue, step.to, resolution.flatten(), call.now));
    record(world, call, issue.clone(), items);
    super::issue::tell_of_comments(world, call, &issue, comments);
    Ok(Answer::empty(204))
}

/// Whether an issue has a value for a field of a screen.
fn has_value(issue: &Issue, field: &str) -> bool {
    match field {
        "resolution" => issue.resolution.is_some(),
        "assignee" => issue.assignee.is_some(),
        "priority" => issue.priority.is_some(),
        "labels" => !issue.labels.is_empty(),
        "description" => issue.description.is_some(),
        "parent" => issue.parent.is_some(),
        "summary" | "reporter" => true,
        other => issue.fields.get(other).is_some_and(|value| !value.is_null()),
    }
}

pub(crate) fn resolution_id(value: &Value) -> Option<u64> {
    let (id, name) = (value["id"].as_str(), value["name"].as_str());
    let same = |known: u64, words: &str| id.map_or(name == Some(words), |id| known.to_string() == id);
    RESOLUTIONS.iter().find(|(known, words)| same(*known, words)).map(|(known, _)| *known)
}

fn capitalised(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Puts the issue into a status; reaching or leaving a done status sets or clears the resolution.
pub(crate) fn move_to(
    site: &Site,
    issue: &mut Issue,
    to: u64,
    resolution: Option<u64>,
    now: Timestamp,
) -> Vec<ChangeItem> {
    let words_of = |id: u64| {
        let name = site.status(id).map(|status| status.name.clone()).unwrap_or_default();
        Some((id.to_string(), name))
    };
    let mut items = Vec::new();
    if issue.status != to {
        items.push(ChangeItem::new("status", words_of(issue.status), words_of(to)));
        if site.category(issue.status) != site.category(to) {
            issue.status_changed = now;
        }
        issue.status = to;
    }
    let done = site.category(to) == Category::Done;
    let wanted = if done { resolution.or(issue.resolution).or(Some(10_000)) } else { None };
    if issue.resolution != wanted {
        let words = |id: Option<u64>| {
            let found = RESOLUTIONS.iter().find(|(known, _)| Some(*known) == id);
            found.map(|(id, name)| (id.to_string(), (*name).to_owned()))
        };
        items.push(ChangeItem::new("resolution", words(issue.resolution), words(wanted)));
        issue.resolution = wanted;
        issue.resolved = done.then_some(now);
    }
    items
}
