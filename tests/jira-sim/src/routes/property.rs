//! Entity properties of an issue: set in the create call or by themselves; no search finds them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{allowed, fields::Problems, issue_of, save, writable_issue_of};
use crate::{
    call::{Answer, Call, Reply},
    state::World,
    webhooks::{Event, publish},
};

const MOST_KEY_CHARACTERS: usize = 255;
const MOST_VALUE_CHARACTERS: usize = 32_768;

fn check(key: &str, value: &Value) -> Result<(), String> {
    if key.is_empty() || key.chars().count() > MOST_KEY_CHARACTERS {
        return Err(format!("The property key must have 1 to {MOST_KEY_CHARACTERS} characters."));
    }
    if value.is_null() || value.as_str() == Some("") {
        return Err("The property value must not be empty.".to_owned());
    }
    if value.to_string().chars().count() > MOST_VALUE_CHARACTERS {
        return Err(format!(
            "The property value must not be longer than {MOST_VALUE_CHARACTERS} characters."
        ));
    }
    Ok(())
}

/// The `properties` of a create or edit.
pub(crate) fn from_create(list: &Value, problems: &mut Problems) -> BTreeMap<String, Value> {
    let mut properties = BTreeMap::new();
    for property in list.as_array().into_iter().flatten() {
        let key = property["key"].as_str().unwrap_or_default();
        match check(key, &property["value"]) {
            Ok(()) => {
                properties.insert(key.to_owned(), property["value"].clone());
            }
            Err(message) => problems.general.push(message),
        }
    }
    properties
}

pub(crate) fn keys(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let link = |key: &String| call.link(&format!("issue/{}/properties/{key}", issue.id));
    let keys: Vec<Value> =
        issue.properties.keys().map(|key| json!({ "self": link(key), "key": key })).collect();
    Ok(Answer::ok(json!({ "keys": keys })).costing(1, 1))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let key = call.param(1);
    let value = issue.properties.get(key);
    let value = value.ok_or_else(|| Answer::not_found(&format!("The property {key} does not exist.")))?;
    Ok(Answer::ok(json!({ "key": key, "value": value })).costing(1, 1))
}

pub(crate) fn set(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    if !allowed(world, call, &before, "EDIT_ISSUES") {
        return Err(Answer::forbidden("You do not have permission to edit this issue."));
    }
    let key = call.param(1).to_owned();
    check(&key, &call.body).map_err(|message| Answer::bad_request(&message))?;
    let mut issue = (*before).clone();
    let known = issue.properties.insert(key.clone(), call.body.clone()).is_some();
    let author = call.caller.id().unwrap_or("anonymous");
    let mut event = Event::issue("issue_property_set", &issue, author, call.now);
    event.property = Some((key, Some(call.body.clone())));
    save(world, call.site, issue, call.now);
    publish(world, call.site, &event);
    Ok(Answer::json(if known { 200 } else { 201 }, json!({})))
}

pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    if !allowed(world, call, &before, "EDIT_ISSUES") {
        // The document knows no 403 here: without the permission the property is not found.
        return Err(Answer::not_found("You do not have permission to edit this issue."));
    }
    let key = call.param(1).to_owned();
    let mut issue = (*before).clone();
    if issue.properties.remove(&key).is_none() {
        return Err(Answer::not_found(&format!("The property {key} does not exist.")));
    }
    let author = call.caller.id().unwrap_or("anonymous");
    let mut event = Event::issue("issue_property_deleted", &issue, author, call.now);
    event.property = Some((key, None));
    save(world, call.site, issue, call.now);
    publish(world, call.site, &event);
    Ok(Answer::empty(204))
}
