//! The control API under `/__sim/`: what only a test may do.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    faults::Fault,
    simulator::Simulator,
    state::{NewPull, Token},
    webhooks::Delivery,
};

/// What a call of the control API does; `path` is what follows `/__sim`.
pub(crate) fn perform(
    simulator: &Simulator,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value, String> {
    let text = |name: &str| body[name].as_str().ok_or_else(|| format!("{name}: a text"));
    let flag = |name: &str, default: bool| body[name].as_bool().unwrap_or(default);
    match (method, path) {
        ("GET", "/health") => Ok(json!({ "status": "ok", "now": simulator.now().to_string() })),
        ("GET", "/journal") => Ok(json!({ "calls": simulator.journal() })),
        ("GET", "/settings") => Ok(json!(simulator.settings())),
        ("PUT", "/settings") => settings(simulator, body),
        ("POST", "/advance") => {
            let seconds = body["seconds"].as_f64().filter(|seconds| *seconds >= 0.0);
            let by = SignedDuration::try_from_secs_f64(seconds.ok_or("seconds: a number")?);
            simulator.advance(by.map_err(|error| error.to_string())?);
            Ok(json!({ "now": simulator.now().to_string() }))
        }
        ("POST", "/faults") => {
            let list = body.get("faults").cloned().unwrap_or_else(|| json!([body]));
            let faults: Vec<Fault> = serde_json::from_value(list).map_err(|error| error.to_string())?;
            for fault in faults {
                simulator.add_fault(fault);
            }
            Ok(json!({}))
        }
        ("DELETE", "/faults") => {
            simulator.clear_faults();
            Ok(json!({}))
        }
        ("POST", "/tokens") => {
            let token: Token = serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
            simulator.add_token(token);
            Ok(json!({}))
        }
        ("POST", "/hooks") => {
            let (url, secret) = (text("url")?, text("secret")?);
            match body["repository"].as_str() {
                Some(repository) => simulator.set_repository_hook(repository, url, secret),
                None => simulator.set_hook(url, secret),
            }
            Ok(json!({}))
        }
        ("GET", "/hooks") => Ok(simulator.with_world(|world| json!({ "hooks": world.hooks }))),
        ("POST", "/installation") => {
            if flag("uninstalled", false) {
                simulator.uninstall();
            }
            if let Some(suspended) = body["suspended"].as_bool() {
                simulator.suspend(suspended);
            }
            if let Some(permissions) = body["permissions"].as_object() {
                let held: Vec<(&str, &str)> = permissions
                    .iter()
                    .map(|(name, level)| (name.as_str(), level.as_str().unwrap_or("read")))
                    .collect();
                simulator.grant(&held);
            }
            Ok(json!({}))
        }
        ("POST", "/repositories") => {
            let full_name = text("full_name")?;
            if !simulator.with_world(|world| world.repository(full_name).is_some()) {
                simulator.create_repository(full_name, flag("private", false));
            }
            simulator.set_repository(full_name, flag("archived", false), flag("installed", true));
            Ok(json!({ "full_name": full_name }))
        }
        ("POST", "/deliveries/take") => Ok(shown(&simulator.take_deliveries())),
        ("GET", "/deliveries") => Ok(shown(&simulator.deliveries())),
        ("POST", _) if path.starts_with("/repositories/") => {
            pull(simulator, &path["/repositories/".len()..], body)
        }
        _ => Err("The control API has no such resource.".to_owned()),
    }
}

fn settings(simulator: &Simulator, body: &Value) -> Result<Value, String> {
    let mut merged = json!(simulator.settings());
    for (name, value) in body.as_object().into_iter().flatten() {
        merged[name] = value.clone();
    }
    let merged = serde_json::from_value(merged).map_err(|error| error.to_string())?;
    simulator.set(|settings| *settings = merged);
    Ok(json!(simulator.settings()))
}

/// `{owner}/{name}/pulls` opens one, `{owner}/{name}/pulls/{number}/{deed}` does something to it.
fn pull(simulator: &Simulator, path: &str, body: &Value) -> Result<Value, String> {
    let parts: Vec<&str> = path.split('/').collect();
    let (full_name, rest) = match parts.as_slice() {
        [owner, name, "pulls", rest @ ..] => (format!("{owner}/{name}"), rest),
        _ => return Err("The control API has no such resource.".to_owned()),
    };
    let full_name = full_name.as_str();
    let number = match rest {
        [] => {
            let new: NewPull = serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
            simulator.open_pull(full_name, &new)?
        }
        [number, deed] => {
            let number = number.parse::<u64>().map_err(|error| error.to_string())?;
            match *deed {
                "edit" => {
                    simulator.edit_pull(full_name, number, body["title"].as_str(), body["body"].as_str())?;
                }
                "push" => simulator.push(full_name, number)?,
                "close" => simulator.close(full_name, number)?,
                "merge" => simulator.merge(full_name, number)?,
                "reopen" => simulator.reopen(full_name, number)?,
                "revert" => return simulator.revert(full_name, number).map(|new| json!({ "number": new })),
                other => return Err(format!("unknown deed {other}")),
            }
            number
        }
        _ => return Err("The control API has no such resource.".to_owned()),
    };
    Ok(json!({ "number": number, "pull_request": simulator.pull(full_name, number) }))
}

fn shown(deliveries: &[Delivery]) -> Value {
    let one = |delivery: &Delivery| {
        let headers: serde_json::Map<String, Value> =
            delivery.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({ "url": delivery.url, "headers": headers, "body": String::from_utf8_lossy(&delivery.body) })
    };
    json!({ "deliveries": deliveries.iter().map(one).collect::<Vec<_>>() })
}
