//! `POST /issue/bulk` and `POST /issue/bulkfetch`.

use serde_json::{Value, json};

use super::{
    issue::{create_one, created_json},
    view::{Extras, Selection, issue_json},
};
use crate::{
    call::{Answer, Call, Reply},
    state::World,
};

const MOST_CREATED: usize = 50;
const MOST_FETCHED: usize = 100;

/// Partial success is 201; the caller has to look at every element.
pub(crate) fn create(world: &mut World, call: &Call) -> Reply {
    let Some(updates) = call.body["issueUpdates"].as_array() else {
        return Err(failed(
            &[(0, json!({ "errorMessages": ["issueUpdates is required"], "errors": {} }))],
            &[],
            400,
        ));
    };
    if updates.is_empty() || updates.len() > MOST_CREATED {
        let message = format!("The number of issues must be between 1 and {MOST_CREATED}.");
        return Err(failed(&[(0, json!({ "errorMessages": [message], "errors": {} }))], &[], 400));
    }
    let settings = world.settings.clone();
    world.limits.admit_bulk(&settings, call.site, updates.len(), call.now)?;
    let mut issues = Vec::new();
    let mut errors = Vec::new();
    let most = world.most_elements.unwrap_or(MOST_CREATED);
    for (number, update) in updates.iter().enumerate().take(most) {
        match create_one(world, call, update) {
            Ok(issue) => issues.push(created_json(world, call, &issue)),
            Err(problems) => errors.push((number, problems.to_json())),
        }
    }
    let status = if issues.is_empty() { 400 } else { 201 };
    Ok(failed(&errors, &issues, status))
}

fn failed(errors: &[(usize, Value)], issues: &[Value], status: u16) -> Answer {
    let errors: Vec<Value> = errors
        .iter()
        .map(|(number, problems)| json!({ "status": 400, "elementErrors": problems, "failedElementNumber": number }))
        .collect();
    Answer::json(status, json!({ "issues": issues, "errors": errors }))
}

/// The texts of a JSON list.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Absent and hidden issues are left out without a word.
pub(crate) fn fetch(world: &mut World, call: &Call) -> Reply {
    let names = texts(&call.body["issueIdsOrKeys"]);
    if names.is_empty() || names.len() > MOST_FETCHED {
        return Err(Answer::bad_request(&format!(
            "The number of issues must be between 1 and {MOST_FETCHED}."
        )));
    }
    let selection = Selection::parse(&texts(&call.body["fields"]), "*navigable");
    let extras = Extras {
        properties: texts(&call.body["properties"]),
        expand: texts(&call.body["expand"]),
        changelog: 40,
    };
    if extras.properties.len() > 5 {
        return Err(Answer::bad_request("At most 5 properties can be requested."));
    }
    let site = &world.sites[call.site];
    let mut found: Vec<_> =
        names.iter().filter_map(|name| site.visible_issue(name, call.caller.account())).collect();
    found.sort_by_key(|issue| issue.id);
    found.dedup_by_key(|issue| issue.id);
    let issues: Vec<Value> =
        found.iter().map(|issue| issue_json(world, call, issue, &selection, &extras)).collect();
    let count = issues.len();
    Ok(Answer::ok(json!({ "issues": issues, "issueErrors": [] })).costing(count, 1))
}
