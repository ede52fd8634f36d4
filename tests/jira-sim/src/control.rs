//! The control API under `/__sim/`: what only a test may do.

mod account;
pub(crate) mod field;
mod group;
mod issue;
mod project;
mod report;

use jiff::SignedDuration;
use serde_json::{Value, json};

pub(crate) use project::edit as edit_project;
pub(crate) use report::issues;

use crate::{
    call::{Answer, Body, Incoming, Query},
    faults::Fault,
    hand::{self, Deed},
    simulator::Simulator,
    state::{World, account::ApiToken, seed::Seed},
};

const NO_RESOURCE: &str = "The control API has no such resource.";

/// Answers a call of the control API; `path` is what follows `/__sim`.
pub(crate) fn answer(simulator: &Simulator, incoming: &Incoming, path: &str) -> Answer {
    if !from_this_machine(incoming) {
        return Answer::error(403, "The control API is not for web pages of other sites.");
    }
    let body = match incoming.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    match perform(simulator, &incoming.method, path, incoming.query.as_deref(), &body) {
        Ok(body) => Answer::ok(body),
        Err(message) if message == NO_RESOURCE => Answer::not_found(&message),
        Err(message) => Answer::bad_request(&message),
    }
}

/// What a call of the control API does, for callers in this process too.
pub(crate) fn perform(
    simulator: &Simulator,
    method: &str,
    path: &str,
    query: Option<&str>,
    body: &Value,
) -> Result<Value, String> {
    match (method, path) {
        ("GET", "/health") => Ok(json!({ "status": "ok", "now": simulator.now().to_string() })),
        ("GET", "/journal") => journal(simulator, query),
        ("GET", "/issues") => Ok(json!({ "issues": simulator.issues() })),
        ("GET", "/activity") => report::activity(simulator, &Query::parse(query)),
        ("GET", "/faults") => Ok(simulator.with_world(|world| json!({ "faults": world.faults.rules }))),
        ("POST", "/faults") => add_faults(simulator, body),
        ("DELETE", "/faults") => {
            simulator.clear_faults();
            Ok(json!({ "faults": [] }))
        }
        ("POST", "/advance") => advance(simulator, body),
        ("POST", "/reset") => reset(simulator, body),
        ("GET", "/settings") => Ok(json!(simulator.settings())),
        ("PUT" | "POST", "/settings") => simulator.with_world(|world| {
            world.settings = world.settings.merged(body)?;
            Ok(json!(world.settings))
        }),
        ("GET", "/violations") => Ok(simulator.checker().report()),
        ("GET", "/webhooks") => Ok(simulator.with_world(|world| webhooks(world))),
        ("POST", "/webhooks/due") => Ok(crate::webhooks::take_for_script(simulator)),
        ("POST", "/tokens") => simulator.with_world(|world| add_token(world, body)),
        ("POST", "/revoke") => simulator.with_world(|world| {
            let account = body["account"].as_str().unwrap_or("acc-admin");
            Ok(json!({ "revoked": world.grants.revoke_account(account) }))
        }),
        ("POST", "/accounts") => {
            let now = simulator.now();
            simulator.with_world(|world| account::add(world, body, now))
        }
        ("POST", "/groups") => simulator.with_world(|world| group::add(world, body)),
        ("POST", _) if path.starts_with("/groups/") => {
            simulator.with_world(|world| group::edit(world, &path["/groups/".len()..], body))
        }
        ("DELETE", _) if path.starts_with("/groups/") => {
            simulator.with_world(|world| group::delete(world, &path["/groups/".len()..]))
        }
        ("POST", "/act") => act(simulator, body),
        ("POST", _) if path.starts_with("/accounts/") => {
            let now = simulator.now();
            simulator.with_world(|world| account::edit(world, &path["/accounts/".len()..], body, now))
        }
        ("GET", _) if path.starts_with("/projects/") && path.ends_with("/lists") => {
            let key = path["/projects/".len()..].trim_end_matches("/lists");
            simulator.with_world(|world| field::lists(world, key))
        }
        ("POST", _) if path.starts_with("/projects/") => {
            let (key, edit) = path["/projects/".len()..].split_once('/').unwrap_or_default();
            simulator.edit_project(key, edit, body).map(|()| json!({ "done": edit }))
        }
        _ => Err(NO_RESOURCE.to_owned()),
    }
}

/// A page of another site that a browser shows must not steer the simulator, under whatever name it reaches it.
pub(crate) fn from_this_machine(incoming: &Incoming) -> bool {
    let is_local = |address: &str| url::Url::parse(address).is_ok_and(|url| crate::oauth::is_local(&url));
    let host_is_local = incoming.header("host").is_none_or(|host| is_local(&format!("http://{host}/")));
    // A form on a page without referrer has the origin `null`.
    let origin_is_local = match incoming.header("origin") {
        None => true,
        Some("null") => incoming.header("sec-fetch-site").is_none_or(|site| site == "same-origin"),
        Some(origin) => is_local(origin),
    };
    host_is_local && origin_is_local
}

fn journal(simulator: &Simulator, query: Option<&str>) -> Result<Value, String> {
    let query = Query::parse(query);
    let since =
        query.get("since").map_or(Ok(0), str::parse::<u64>).map_err(|error| format!("since: {error}"))?;
    Ok(simulator.with_world(|world| json!({ "calls": world.journal.since(since) })))
}

fn add_faults(simulator: &Simulator, body: &Value) -> Result<Value, String> {
    let faults: Vec<Fault> = match body.get("faults") {
        Some(list) => serde_json::from_value(list.clone()),
        None => serde_json::from_value(body.clone()).map(|fault| vec![fault]),
    }
    .map_err(|error| format!("faults: {error}"))?;
    for fault in faults {
        simulator.add_fault(Fault { seen: 0, ..fault });
    }
    Ok(simulator.with_world(|world| json!({ "faults": world.faults.rules })))
}

/// Performs a REST operation as an account: without a credential, limits, faults and journal.
fn act(simulator: &Simulator, body: &Value) -> Result<Value, String> {
    let text = |name: &str| body[name].as_str().ok_or_else(|| format!("{name}: a text"));
    let (by, method, path) = (text("by")?, text("method")?, text("path")?);
    let domain = body["site"].as_str();
    let now = simulator.now();
    simulator.with_world(|world| {
        let site = domain.map_or(Some(0), |domain| world.site_by_domain(domain));
        let site = site.ok_or("site: no such site")?;
        let deed = Deed { method, path, body: body["body"].clone() };
        let (Ok(answer) | Err(answer)) = hand::act(world, site, by, deed, now);
        let answered = match answer.body {
            Body::Json(value) => value,
            Body::Text { text, .. } => Value::String(text),
            Body::Empty => Value::Null,
        };
        Ok(json!({ "status": answer.status, "body": answered }))
    })
}

fn advance(simulator: &Simulator, body: &Value) -> Result<Value, String> {
    let seconds = body["seconds"].as_f64().filter(|seconds| *seconds >= 0.0 && seconds.is_finite());
    let seconds = seconds.ok_or("seconds: a number that is not negative")?;
    let by = SignedDuration::try_from_secs_f64(seconds).map_err(|error| format!("seconds: {error}"))?;
    simulator.advance(by);
    Ok(json!({ "now": simulator.now().to_string() }))
}

fn reset(simulator: &Simulator, body: &Value) -> Result<Value, String> {
    let seed = match &body["seed"] {
        Value::Null => Seed::default(),
        Value::String(name) if name == "demo" => Seed::default(),
        Value::String(name) if name == "empty" => Seed::empty(),
        sizes @ Value::Object(_) => {
            serde_json::from_value(sizes.clone()).map_err(|error| format!("seed: {error}"))?
        }
        _ => return Err("seed: \"demo\", \"empty\" or an object of sizes".to_owned()),
    };
    simulator.reset(&seed);
    Ok(json!({ "seed": seed }))
}

fn webhooks(world: &World) -> Value {
    let hooks: Vec<Value> = world.webhooks.hooks.iter().map(crate::webhooks::Hook::to_json).collect();
    json!({
        "webhooks": hooks,
        "waiting": world.webhooks.waiting.len(),
        "in_flight": world.webhooks.in_flight,
        "deliveries": world.webhooks.log,
    })
}

fn add_token(world: &mut World, body: &Value) -> Result<Value, String> {
    let account = body["account"].as_str().ok_or("account: an account id")?.to_owned();
    let text = body["token"].as_str().ok_or("token: a text")?.to_owned();
    let scopes = match &body["scopes"] {
        Value::Null => None,
        list => Some(serde_json::from_value(list.clone()).map_err(|error| format!("scopes: {error}"))?),
    };
    let expires = body["expires"].as_i64();
    // A token that is given again replaces the old one: scopes can be taken away.
    world.tokens.retain(|token| token.text != text);
    world.tokens.insert(0, ApiToken { account: account.clone(), text, scopes, expires });
    Ok(json!({ "account": account }))
}
