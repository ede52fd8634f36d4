//! Remote links of an issue: created or updated by their global id, told in the history, never in a search.

use serde_json::{Value, json};

use super::{allowed, issue::record, issue_of, writable_issue_of};
use crate::{
    call::{Answer, Call, Reply},
    state::{
        World,
        issue::{ChangeItem, Issue, RemoteLink},
    },
};

const MOST_GLOBAL_ID: usize = 255;
/// How the changelog calls them (from memory; older entries say `RemoteIssueLink`).
const FIELD: &str = "RemoteWorkItemLink";

/// What was not given is left out; Jira shows the containers of what could have been given.
fn link_json(call: &Call, issue: &Issue, link: &RemoteLink) -> Value {
    let mut object = link.told["object"].clone();
    for container in ["icon", "status"] {
        if object[container].is_null() {
            object[container] = json!({});
        }
    }
    if object["status"]["icon"].is_null() {
        object["status"]["icon"] = json!({});
    }
    let application = &link.told["application"];
    let mut value = json!({
        "id": link.id,
        "self": call.link(&format!("issue/{}/remotelink/{}", issue.id, link.id)),
        "application": if application.is_null() { json!({}) } else { application.clone() },
        "object": object,
    });
    if let Some(global_id) = &link.global_id {
        value["globalId"] = json!(global_id);
    }
    if !link.told["relationship"].is_null() {
        value["relationship"] = link.told["relationship"].clone();
    }
    value
}

fn unknown(id: &str) -> Answer {
    Answer::not_found(&format!("No remote link with id or global id '{id}' on this issue."))
}

/// With `globalId` one link, without it a list.
pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let Some(global_id) = call.query.get("globalId") else {
        let all: Vec<Value> = issue.remote_links.iter().map(|link| link_json(call, &issue, link)).collect();
        let count = all.len();
        return Ok(Answer::ok(Value::Array(all)).costing(count.max(1), 1));
    };
    let found = issue.remote_links.iter().find(|link| link.global_id.as_deref() == Some(global_id));
    let link = found.ok_or_else(|| unknown(global_id))?;
    Ok(Answer::ok(link_json(call, &issue, link)).costing(1, 1))
}

fn at(issue: &Issue, call: &Call) -> Result<usize, Answer> {
    let text = call.param(1);
    let id = text.parse::<u64>().map_err(|_| Answer::bad_request(&format!("'{text}' is not a link id.")))?;
    issue.remote_links.iter().position(|link| link.id == id).ok_or_else(|| unknown(text))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let link = &issue.remote_links[at(&issue, call)?];
    Ok(Answer::ok(link_json(call, &issue, link)).costing(1, 1))
}

fn may_link(world: &World, call: &Call, issue: &Issue) -> Result<(), Answer> {
    if allowed(world, call, issue, "LINK_ISSUES") {
        Ok(())
    } else {
        Err(Answer::forbidden("You do not have permission to link issues in this project."))
    }
}

/// The known link with the global id of the body is replaced, all of it; otherwise there is one more.
pub(crate) fn put(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    may_link(world, call, &before)?;
    let body = &call.body;
    for name in ["title", "url"] {
        if body["object"][name].as_str().is_none_or(|text| text.trim().is_empty()) {
            return Err(Answer::field_error(name, &format!("'{name}' is required.")));
        }
    }
    let address = body["object"]["url"].as_str().unwrap_or_default();
    if url::Url::parse(address).is_err() {
        // Jira's words were not found.
        return Err(Answer::field_error("url", "'url' is not a valid URL."));
    }
    let global_id = body["globalId"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    if global_id.as_ref().is_some_and(|id| id.chars().count() > MOST_GLOBAL_ID) {
        return Err(Answer::field_error(
            "globalId",
            &format!("'globalId' must not be longer than {MOST_GLOBAL_ID} characters."),
        ));
    }
    let mut told = body.clone();
    if let Value::Object(members) = &mut told {
        members.retain(|name, _| matches!(name.as_str(), "application" | "object" | "relationship"));
    }
    let mut issue = (*before).clone();
    let known = issue.remote_links.iter().position(|link| global_id.is_some() && link.global_id == global_id);
    let (id, status) = match known {
        Some(at) => (issue.remote_links[at].id, 200),
        None => (world.sites[call.site].issues.take_id(), 201),
    };
    let link = RemoteLink { id, global_id, told };
    let new = words(&link);
    let answer = json!({ "id": id, "self": call.link(&format!("issue/{}/remotelink/{id}", issue.id)) });
    let old = known.map(|at| words(&issue.remote_links[at]));
    match known {
        Some(at) => issue.remote_links[at] = link,
        None => issue.remote_links.push(link),
    }
    finish(world, call, issue, old, Some(new));
    Ok(Answer::json(status, answer))
}

type Side = (String, String);

fn words(link: &RemoteLink) -> Side {
    let title = link.told["object"]["title"].as_str().unwrap_or_default();
    let relationship = link.told["relationship"].as_str().unwrap_or("links to");
    (link.id.to_string(), format!("This work item {relationship} \"{title}\""))
}

fn finish(world: &mut World, call: &Call, issue: Issue, old: Option<Side>, new: Option<Side>) {
    let item = ChangeItem { field_id: None, ..ChangeItem::new(FIELD, old, new) };
    let changed = item.from != item.to;
    record(world, call, issue, Vec::from_iter(changed.then_some(item)));
}

fn remove(world: &mut World, call: &Call, before: &Issue, at: usize) -> Answer {
    let mut issue = before.clone();
    let gone = issue.remote_links.remove(at);
    finish(world, call, issue, Some(words(&gone)), None);
    Answer::empty(204)
}

pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let issue = writable_issue_of(world, call)?;
    may_link(world, call, &issue)?;
    let at = at(&issue, call)?;
    Ok(remove(world, call, &issue, at))
}

pub(crate) fn delete_by_global_id(world: &mut World, call: &Call) -> Reply {
    let issue = writable_issue_of(world, call)?;
    may_link(world, call, &issue)?;
    let global_id = call.query.get("globalId").filter(|id| !id.is_empty());
    let global_id = global_id.ok_or_else(|| Answer::bad_request("'globalId' is required."))?;
    let at = issue.remote_links.iter().position(|link| link.global_id.as_deref() == Some(global_id));
    Ok(remove(world, call, &issue, at.ok_or_else(|| unknown(global_id))?))
}
