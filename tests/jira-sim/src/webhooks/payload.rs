//! The body of a webhook: an issue as REST version 2 shows it, with plain text instead of documents.

use serde_json::{Map, Value, json};

use super::{Event, Hook, HookKind};
use crate::{
    adf,
    auth::Caller,
    call::{Call, Query},
    operation::OPERATIONS,
    routes::view::{Extras, Selection, issue_json, items_json},
    state::World,
};

pub(crate) fn body(world: &World, hook: &Hook, event: &Event) -> Value {
    let site = &world.sites[hook.site];
    let call = Call {
        operation: &OPERATIONS[0],
        params: Vec::new(),
        query: Query::default(),
        body: Value::Null,
        caller: Caller::ANONYMOUS,
        site: hook.site,
        now: event.at,
        base: format!("https://{}", site.domain),
    };
    let selection = Selection::parse(&["*all", "-comment", "-worklog"].map(str::to_owned), "*all");
    let mut issue = issue_json(world, &call, &event.issue, &selection, &Extras::default());
    for value in issue["fields"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if value["type"] == "doc" {
            *value = json!(adf::plain_text(value));
        }
    }
    if let Value::Object(members) = &mut issue {
        members.remove("expand");
    }
    let mut payload = json!({
        "timestamp": event.at.as_millisecond(),
        "webhookEvent": event.name,
        "user": user(world, &call, &event.user),
        "issue": older_links(&issue),
    });
    if event.name.starts_with("jira:issue") {
        payload["issue_event_type_name"] = json!(event_type(event));
    }
    if let Some(change) = &event.change {
        payload["changelog"] = json!({ "id": change.id.to_string(), "items": items_json(world, change) });
    }
    if let Some(comment) = &event.comment {
        payload["comment"] = json!({
            "self": format!("{}/rest/api/2/issue/{}/comment/{}", call.base, event.issue.id, comment.id),
            "id": comment.id.to_string(),
            "author": user(world, &call, &comment.author),
            "body": adf::plain_text(&comment.body),
            "updateAuthor": user(world, &call, &comment.update_author),
            "created": crate::routes::timestamp(world, comment.created),
            "updated": crate::routes::timestamp(world, comment.updated),
            "jsdPublic": comment.public,
        });
        if let Some(visibility) = &comment.visibility {
            payload["comment"]["visibility"] = visibility.clone();
        }
    }
    if let Some((key, value)) = &event.property {
        payload["property"] = json!({ "key": key, "value": value });
    }
    if matches!(hook.kind, HookKind::Dynamic { .. }) {
        payload["matchedWebhookIds"] = json!([hook.id]);
    }
    payload
}

/// Without address, language and groups.
fn user(world: &World, call: &Call, id: &str) -> Value {
    world.accounts.get(id).map_or(Value::Null, |account| account.to_json(&call.base, true, false))
}

fn older_links(issue: &Value) -> Value {
    let text = issue.to_string().replace("/rest/api/3/", "/rest/api/2/");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn event_type(event: &Event) -> &'static str {
    let names =
        |field: &str| event.change.iter().flat_map(|change| &change.items).any(|item| item.field == field);
    match event.name {
        "jira:issue_created" => "issue_created",
        "jira:issue_deleted" => "issue_deleted",
        _ if names("status") => "issue_generic",
        _ if names("assignee") => "issue_assigned",
        _ => "issue_updated",
    }
}
