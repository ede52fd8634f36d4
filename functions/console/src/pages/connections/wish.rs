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
        if let Some(days) = fields.number("incident_limits.default_days")? {
            body.insert("incident_limits".to_owned(), json!({ "default_days": days }));
        }
    }
    Ok(body)
}
