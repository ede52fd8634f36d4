//! Registration of webhooks: dynamic ones by an OAuth app, admin ones by a person.

use serde_json::{Value, json};
use url::Url;

use super::bulk::texts;
use crate::{
    auth::Credential,
    call::{Answer, Call, Reply},
    jql,
    state::{World, project::allows_globally},
    webhooks::{DYNAMIC_EVENTS, Hook, HookKind},
};

const MOST_PER_CALLER: usize = 5;
const FIELDS: [&str; 10] = [
    "issuekey",
    "key",
    "project",
    "issuetype",
    "status",
    "assignee",
    "reporter",
    "issue.property",
    "cf",
    "priority",
];

/// Only an app that a person consented to can have dynamic webhooks; its name and that person's account.
fn app(call: &Call) -> Result<(String, String), Answer> {
    match (&call.caller.credential, call.caller.id()) {
        (Credential::OAuth { client, service: false }, Some(account)) => {
            Ok((client.clone(), account.to_owned()))
        }
        _ => Err(Answer::forbidden("The caller isn't an app.")),
    }
}

pub(crate) fn register(world: &mut World, call: &Call) -> Reply {
    let (client, account) = app(call)?;
    let address = call.body["url"].as_str().unwrap_or_default();
    if Url::parse(address).is_err() {
        return Err(Answer::bad_request("The URL is not valid."));
    }
    let own = |hook: &&Hook| hook.site == call.site && hook.is_of(&client, &account);
    if let Some(other) =
        world.webhooks.hooks.iter().find(|hook| hook.is_of_client(&client) && hook.url != address)
    {
        let message =
            format!("Only a single URL per app is allowed to be registered. Currently: {}", other.url);
        return Err(Answer::bad_request(&message));
    }
    let mut results = Vec::new();
    for wanted in call.body["webhooks"].as_array().into_iter().flatten() {
        let mut problems = Vec::new();
        let events = texts(&wanted["events"]);
        let filter = wanted["jqlFilter"].as_str().unwrap_or_default();
        if events.is_empty() || events.iter().any(|event| !DYNAMIC_EVENTS.contains(&event.as_str())) {
            problems.push("At least one event is unknown or missing.".to_owned());
        }
        problems.extend(filter_problem(filter));
        if world.webhooks.hooks.iter().filter(own).count() >= MOST_PER_CALLER {
            problems.push(format!("The limit of {MOST_PER_CALLER} webhooks per app per user is reached."));
        }
        // A 200 can hold failures.
        if problems.is_empty() {
            let id = world.webhooks.add(Hook {
                id: 0,
                site: call.site,
                url: address.to_owned(),
                events,
                filter: filter.to_owned(),
                fields: texts(&wanted["fieldIdsFilter"]),
                properties: texts(&wanted["issuePropertyKeysFilter"]),
                kind: HookKind::Dynamic {
                    client: client.clone(),
                    account: account.clone(),
                    expires: crate::webhooks::expiry(call.now),
                },
                enabled: true,
            });
            results.push(json!({ "createdWebhookId": id }));
        } else {
            results.push(json!({ "errors": problems }));
        }
    }
    Ok(Answer::ok(json!({ "webhookRegistrationResult": results })))
}

/// The filters of dynamic webhooks know few fields and four operators.
fn filter_problem(filter: &str) -> Option<String> {
    let query = match jql::parse(filter) {
        Err(message) => return Some(message),
        Ok(query) => query,
    };
    unsupported(&query.clause?)
}

fn unsupported(clause: &jql::Clause) -> Option<String> {
    match clause {
        jql::Clause::All(parts) | jql::Clause::Any(parts) => parts.iter().find_map(unsupported),
        jql::Clause::Not(part) => unsupported(part),
        jql::Clause::Term { field, operator, .. } => {
            let name = field.split('[').next().unwrap_or_default().to_ascii_lowercase();
            if !FIELDS.contains(&name.as_str()) {
                return Some(format!("The clause {field} is unsupported"));
            }
            let known = matches!(
                operator,
                jql::Operator::Equals | jql::Operator::NotEquals | jql::Operator::In | jql::Operator::NotIn
            );
            (!known).then(|| format!("The operator of the clause {field} is unsupported"))
        }
    }
}

pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let (client, account) = app(call)?;
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 100)?.clamp(1, 100);
    let own: Vec<&Hook> = world
        .webhooks
        .hooks
        .iter()
        .filter(|hook| hook.site == call.site && hook.is_of(&client, &account))
        .collect();
    let values: Vec<Value> = own.iter().skip(start).take(most).map(|hook| hook.to_json()).collect();
    let is_last = start + values.len() >= own.len();
    Ok(Answer::ok(json!({
        "maxResults": most,
        "startAt": start,
        "total": own.len(),
        "isLast": is_last,
        "values": values,
    })))
}

fn wanted_ids(call: &Call) -> Vec<u64> {
    call.body["webhookIds"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// Ids of others are ignored.
pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let (client, account) = app(call)?;
    let ids = wanted_ids(call);
    let goes =
        |hook: &Hook| ids.contains(&hook.id) && hook.site == call.site && hook.is_of(&client, &account);
    world.webhooks.hooks.retain(|hook| !goes(hook));
    Ok(Answer::empty(202))
}

pub(crate) fn refresh(world: &mut World, call: &Call) -> Reply {
    let (client, account) = app(call)?;
    let ids = wanted_ids(call);
    let until = crate::webhooks::expiry(call.now);
    for hook in &mut world.webhooks.hooks {
        if ids.contains(&hook.id) && hook.site == call.site && hook.is_of(&client, &account) {
            hook.renew(until);
        }
    }
    Ok(Answer::ok(json!({ "expirationDate": until.as_millisecond() })))
}

/// An OAuth app cannot ask what it missed.
pub(crate) fn failed(_: &mut World, _: &Call) -> Reply {
    Err(Answer::forbidden("The caller isn't a Connect app."))
}

fn admin(call: &Call) -> Result<(), Answer> {
    let person = call.caller.credential == Credential::ApiToken;
    if person && allows_globally(call.caller.account(), "ADMINISTER") {
        Ok(())
    } else {
        Err(Answer::forbidden("You do not have permission to manage webhooks."))
    }
}

pub(crate) fn register_admin(world: &mut World, call: &Call) -> Reply {
    admin(call)?;
    let address = call.body["url"].as_str().unwrap_or_default().to_owned();
    if Url::parse(&address).is_err() {
        return Err(Answer::bad_request("The URL is not valid."));
    }
    let name = call.body["name"].as_str().unwrap_or_default().to_owned();
    let filter = call.body["filters"]["issue-related-events-section"].as_str().unwrap_or_default().to_owned();
    let id = world.webhooks.add(Hook {
        id: 0,
        site: call.site,
        url: address,
        events: texts(&call.body["events"]),
        filter,
        fields: Vec::new(),
        properties: Vec::new(),
        kind: HookKind::Admin { name, secret: call.body["secret"].as_str().map(str::to_owned) },
        enabled: call.body["enabled"].as_bool().unwrap_or(true),
    });
    let hook = world.webhooks.hooks.iter().find(|hook| hook.id == id);
    Ok(Answer::json(201, hook.map_or(Value::Null, |hook| admin_json(call, hook))))
}

/// The secret cannot be read back; `isSigned` tells that there is one.
fn admin_json(call: &Call, hook: &Hook) -> Value {
    let (name, signed) = match &hook.kind {
        HookKind::Admin { name, secret } => (name.as_str(), secret.is_some()),
        HookKind::Dynamic { .. } => ("", false),
    };
    json!({
        "name": name,
        "url": hook.url,
        "excludeBody": false,
        "filters": { "issue-related-events-section": hook.filter },
        "events": hook.events,
        "enabled": hook.enabled,
        "isSigned": signed,
        "self": format!("{}/rest/webhooks/1.0/webhook/{}", call.base, hook.id),
    })
}

pub(crate) fn list_admin(world: &mut World, call: &Call) -> Reply {
    admin(call)?;
    let own = |hook: &&Hook| hook.site == call.site && matches!(hook.kind, HookKind::Admin { .. });
    Ok(Answer::ok(world.webhooks.hooks.iter().filter(own).map(|hook| admin_json(call, hook)).collect()))
}

fn own_admin(call: &Call, hook: &Hook) -> bool {
    hook.site == call.site
        && hook.id.to_string() == call.param(0)
        && matches!(hook.kind, HookKind::Admin { .. })
}

const NO_HOOK: &str = "The webhook does not exist.";

pub(crate) fn get_admin(world: &mut World, call: &Call) -> Reply {
    admin(call)?;
    let hook = world.webhooks.hooks.iter().find(|hook| own_admin(call, hook));
    Ok(Answer::ok(admin_json(call, hook.ok_or_else(|| Answer::not_found(NO_HOOK))?)))
}

/// Members that are not given stay as they are.
pub(crate) fn update_admin(world: &mut World, call: &Call) -> Reply {
    admin(call)?;
    let hook = world.webhooks.hooks.iter_mut().find(|hook| own_admin(call, hook));
    let hook = hook.ok_or_else(|| Answer::not_found(NO_HOOK))?;
    let text = |name: &str| call.body[name].as_str().map(str::to_owned);
    if let Some(url) = text("url") {
        if Url::parse(&url).is_err() {
            return Err(Answer::bad_request("The URL is not valid."));
        }
        hook.url = url;
    }
    if call.body["events"].is_array() {
        hook.events = texts(&call.body["events"]);
    }
    if let Some(filter) = call.body["filters"]["issue-related-events-section"].as_str() {
        filter.clone_into(&mut hook.filter);
    }
    if let Some(enabled) = call.body["enabled"].as_bool() {
        hook.enabled = enabled;
    }
    if let HookKind::Admin { name, secret } = &mut hook.kind {
        *name = text("name").unwrap_or_else(|| name.clone());
        *secret = text("secret").or_else(|| secret.clone());
    }
    Ok(Answer::ok(admin_json(call, hook)))
}

pub(crate) fn delete_admin(world: &mut World, call: &Call) -> Reply {
    admin(call)?;
    let before = world.webhooks.hooks.len();
    world.webhooks.hooks.retain(|hook| !own_admin(call, hook));
    if world.webhooks.hooks.len() == before {
        return Err(Answer::not_found(NO_HOOK));
    }
    Ok(Answer::empty(204))
}
