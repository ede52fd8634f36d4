//! What a form says, as the API takes it.

use serde_json::{Map, Value, json};

use super::{UseCase, Way};
use crate::form::Fields;
use crate::problem::Problem;

/// The fields that prove who a connection is, by its way.
fn proofs(way: Way) -> &'static [&'static str] {
    match way {
        Way::Oauth => &[],
        Way::ServiceAccount => &["client_id", "client_secret", "client_secret_ends_on"],
        Way::ApiToken | Way::ScopedApiToken => &["email", "token", "token_ends_on"],
    }
}

/// The body that connects a site.
pub(super) fn connect(fields: &Fields) -> Result<Value, Problem> {
    let mut body = scopes(fields)?;
    proof_into(&mut body, fields);
    put(&mut body, fields, "site");
    put(&mut body, fields, "cloud_id");
    Ok(Value::Object(body))
}

/// The body that changes what a connection is for.
pub(super) fn change(fields: &Fields) -> Result<Value, Problem> {
    scopes(fields).map(Value::Object)
}

/// The body that proves who a connection is.
pub(super) fn proof(fields: &Fields) -> Value {
    let mut body = Map::new();
    proof_into(&mut body, fields);
    Value::Object(body)
}

fn proof_into(body: &mut Map<String, Value>, fields: &Fields) {
    put(body, fields, "method");
    if let Some(way) = Way::of(fields.text("method")) {
        for name in proofs(way) {
            put(body, fields, name);
        }
    }
}

fn put(body: &mut Map<String, Value>, fields: &Fields, name: &str) {
    if let Some(text) = fields.optional(name) {
        body.insert(name.to_owned(), json!(text));
    }
}

/// Use cases, and which projects they are about. What belongs to a use case that was not chosen is left out.
fn scopes(fields: &Fields) -> Result<Map<String, Value>, Problem> {
    let chosen = fields.all("use_cases");
    let mut body = Map::from_iter([("use_cases".to_owned(), json!(chosen))]);
    let is_for = |use_case: UseCase| chosen.contains(&use_case.word());
    let scope = |name: &str| {
        let projects = fields.all(&format!("{name}.projects"));
        json!({ "projects": projects, "jql": fields.optional(&format!("{name}.jql")) })
    };
    if is_for(UseCase::Ticketing) {
        body.insert("change_management".to_owned(), scope("change_management"));
    }
    if is_for(UseCase::IncidentManagement) {
        body.insert("incidents".to_owned(), scope("incidents"));
        if let Some(limits) = limits(fields)? {
            body.insert("incident_limits".to_owned(), limits);
        }
    }
    Ok(body)
}

/// How long incidents may stay open; none where nothing is said.
fn limits(fields: &Fields) -> Result<Option<Value>, Problem> {
    let field = "incident_limits.days_by_priority";
    let mut by_priority = Map::new();
    for line in fields.lines(field) {
        let pair = line.split_once('=').map(|(priority, days)| (priority.trim(), days.trim().parse::<u32>()));
        let Some((priority, Ok(days))) = pair else {
            let message =
                format!("Write the id of a priority, an equals sign and days, as in 1 = 2, not {line}.");
            return Err(Problem::invalid(field, &message));
        };
        if by_priority.insert(priority.to_owned(), json!(days)).is_some() {
            return Err(Problem::invalid(field, &format!("The priority {priority} stands there twice.")));
        }
    }
    match fields.number("incident_limits.default_days")? {
        Some(days) => Ok(Some(json!({ "default_days": days, "days_by_priority": by_priority }))),
        None if by_priority.is_empty() => Ok(None),
        None => {
            let message = "Enter how many days the incidents of all other priorities have.";
            Err(Problem::invalid("incident_limits.default_days", message))
        }
    }
}
