//! The lists of a site: fields, issue types, statuses, priorities, resolutions, labels.

#![expect(clippy::unnecessary_wraps, reason = "every handler has the same type")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Reply},
    state::{
        World,
        vocabulary::{Category, PRIORITIES, RESOLUTIONS, priority_json, resolution_json},
    },
};

pub(crate) fn fields(world: &mut World, call: &Call) -> Reply {
    let mut fields: BTreeMap<&str, Value> = BTreeMap::new();
    let projects = world.sites[call.site].projects.iter();
    for (project, field) in
        projects.flat_map(|project| project.fields.iter().map(move |field| (project, field)))
    {
        let custom = field.id.starts_with("customfield_");
        let number = field.id.strip_prefix("customfield_").map(|number| format!("cf[{number}]"));
        let clauses: Vec<String> = number.into_iter().chain([field.name.clone()]).collect();
        let mut value = json!({
            "id": field.id,
            "key": field.id,
            "name": field.name,
            "custom": custom,
            "orderable": true,
            "navigable": true,
            "searchable": true,
            "clauseNames": if custom { clauses } else { vec![field.id.clone()] },
            "schema": field.schema(),
        });
        if custom && project.team_managed {
            value["scope"] = json!({ "type": "PROJECT", "project": { "id": project.id.to_string() } });
        }
        fields.insert(&field.id, value);
    }
    for (id, name, kind) in [
        ("status", "Status", "status"),
        ("created", "Created", "datetime"),
        ("updated", "Updated", "datetime"),
        ("creator", "Creator", "user"),
        ("resolution", "Resolution", "resolution"),
        ("resolutiondate", "Resolved", "datetime"),
        ("comment", "Comment", "comments-page"),
        ("worklog", "Log Work", "array"),
    ] {
        let value = json!({
            "id": id,
            "key": id,
            "name": name,
            "custom": false,
            "orderable": false,
            "navigable": true,
            "searchable": true,
            "clauseNames": [id],
            "schema": { "type": kind, "system": id },
        });
        fields.insert(id, value);
    }
    let count = fields.len();
    Ok(Answer::ok(fields.into_values().collect()).costing(count.min(1), 1))
}

pub(crate) fn issue_types(world: &mut World, call: &Call) -> Reply {
    if call.caller.account().is_none() {
        return Ok(Answer::ok(json!([])));
    }
    let types = world.sites[call.site].issue_types.iter();
    Ok(Answer::ok(types.map(|kind| kind.to_json(&call.base, call.caller.locale())).collect()))
}

/// Only statuses of projects that the caller sees; all of them for somebody who sees any.
pub(crate) fn statuses(world: &mut World, call: &Call) -> Reply {
    if call.caller.account().is_none() {
        return Ok(Answer::ok(json!([])));
    }
    let statuses = world.sites[call.site].statuses.iter();
    Ok(Answer::ok(statuses.map(|status| status.to_json(&call.base, call.caller.locale())).collect()))
}

pub(crate) fn status_categories(_: &mut World, call: &Call) -> Reply {
    let mut all = vec![json!({
        "self": call.link("statuscategory/1"),
        "id": 1,
        "key": "undefined",
        "colorName": "medium-gray",
        "name": "No Category",
    })];
    all.extend(Category::ALL.map(|category| category.to_json(&call.base, call.caller.locale())));
    Ok(Answer::ok(Value::Array(all)))
}

pub(crate) fn priorities(_: &mut World, call: &Call) -> Reply {
    let all = PRIORITIES.map(|(id, _, colour)| {
        let mut priority = priority_json(id, &call.base, call.caller.locale());
        priority["statusColor"] = json!(colour);
        priority["description"] = json!("");
        priority
    });
    Ok(Answer::ok(Value::Array(all.to_vec())))
}

pub(crate) fn resolutions(_: &mut World, call: &Call) -> Reply {
    let all = RESOLUTIONS.map(|(id, _)| resolution_json(id, &call.base, call.caller.locale()));
    Ok(Answer::ok(Value::Array(all.to_vec())))
}

/// Labels exist when used, on the whole site.
pub(crate) fn labels(world: &mut World, call: &Call) -> Reply {
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 1000)?.clamp(1, 1000);
    let issues = world.sites[call.site].issues.written();
    let labels: BTreeSet<String> = issues.flat_map(|issue| issue.labels.iter().cloned()).collect();
    let total = labels.len();
    let values: Vec<String> = labels.into_iter().skip(start).take(most).collect();
    let is_last = start + values.len() >= total;
    Ok(Answer::ok(json!({
        "maxResults": most,
        "startAt": start,
        "total": total,
        "isLast": is_last,
        "values": values,
    })))
}
