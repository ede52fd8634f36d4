//! The API's own description (OpenAPI 3.1), made from the handlers, and what it says about every route alike.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};

use crate::idempotency;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Assay",
        description = "Proves compliance from Jira, and keeps compliance tasks in step with Jira tickets. Every list is `{\"items\": […], \"next_cursor\": …}`; every error is `application/problem+json`; every POST takes an `Idempotency-Key`. The role that a route asks for stands beside its security scheme; each role may do what the ones before it may: auditor, reviewer, operator, admin."
    ),
    modifiers(&BearerToken),
    security(("token" = []))
)]
pub(crate) struct Description;

/// Describes the token in the API's description.
struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, description: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        description
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// What one route takes, as it describes itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Takes {
    /// The names of its query parameters.
    pub query: BTreeSet<String>,
    /// Whether it takes a body.
    pub body: bool,
    /// Whether that body is a list as CSV.
    pub list: bool,
    /// Whether that body may be as long as a list.
    pub large: bool,
}

/// What each route takes, by method (in upper case) and path.
pub type Routes = BTreeMap<(String, String), Takes>;

/// Paths whose bodies may be as long as a list.
const LARGE: [&str; 2] = ["/v1/findings", "/v1/findings/sarif"];

/// Why a POST whose key is known may be refused.
const RUNNING: &str = "a request with this `Idempotency-Key` is still running";

/// The description as JSON, with what goes for every route written into each: refusals, the idempotency key, names of
/// operations that no other operation has.
pub(crate) fn complete(description: &OpenApi) -> Value {
    let routes = routes(description);
    let mut description = serde_json::to_value(description).unwrap_or_default();
    each_operation(&mut description, |method, path, operation| {
        let name = |field: &Value| field.as_str().unwrap_or_default().replace(' ', "_");
        let id = format!("{}_{}", name(&operation["tags"][0]), name(&operation["operationId"]));
        operation.insert("operationId".to_owned(), id.into());
        let guarded = !operation["security"][0]["token"].is_null();
        let takes = routes.get(&(method.to_owned(), path.to_owned())).cloned().unwrap_or_default();
        if method == "POST" && guarded {
            add_key(operation);
        }
        let mut refusals = vec![
            ("429", "too many requests, by our rules or Jira's; `Retry-After` says how long to wait"),
            ("500", "a fault of ours, which was logged"),
            ("503", "it cannot be done now; try again"),
        ];
        if guarded {
            refusals
                .extend([("401", "no valid token was sent"), ("403", "the token's role may not do this")]);
        }
        if takes.body {
            let kind = if takes.list { "the body is not CSV" } else { "the body is not JSON" };
            refusals.extend([("413", "the body is too large"), ("415", kind)]);
        }
        if guarded && (takes.body || !takes.query.is_empty() || method == "POST") {
            refusals.push(("422", "a part of the input breaks a rule; `field` names it"));
        }
        if method == "POST" && guarded {
            refusals.push(("409", RUNNING));
        }
        refuse(operation, &refusals);
    });
    description
}

/// What each route of a description takes.
pub(crate) fn routes(description: &OpenApi) -> Routes {
    let mut routes = Routes::new();
    for (path, item) in &description.paths.paths {
        let operations = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                let takes = takes(operation);
                let large = takes.list || LARGE.contains(&path.as_str());
                routes.insert((method.to_owned(), path.clone()), Takes { large, ..takes });
            }
        }
    }
    routes
}

fn each_operation(description: &mut Value, mut change: impl FnMut(&str, &str, &mut Map<String, Value>)) {
    for (path, item) in description["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                change(&method.to_uppercase(), path, operation);
            }
        }
    }
}

fn takes(operation: &Operation) -> Takes {
    let name = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => {
            Some(parameter.name.clone())
        }
        RefOr::T(_) | RefOr::Ref(_) => None,
    };
    Takes {
        query: operation.parameters.iter().flatten().filter_map(name).collect(),
        body: operation.request_body.is_some(),
        list: match &operation.request_body {
            Some(RefOr::T(body)) => body.content.contains_key("text/csv"),
            Some(RefOr::Ref(_)) | None => false,
        },
        large: false,
    }
}

fn add_key(operation: &mut Map<String, Value>) {
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.push(json!({
            "name": idempotency::NAME,
            "in": "header",
            "description": "1 to 128 visible ASCII characters. A request that is repeated with the same key within 24 hours is answered as the first one was, without what is shown once, and does nothing again.",
            "required": false,
            "schema": { "type": "string" },
        }));
    }
}

/// Adds the refusals that are not there yet, and says of all refusals what kind of document they are.
fn refuse(operation: &mut Map<String, Value>, refusals: &[(&str, &str)]) {
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    for (status, meaning) in refusals {
        responses.entry(*status).or_insert_with(|| json!({ "description": meaning }));
    }
    for (status, response) in responses.iter_mut() {
        if status.starts_with('2') {
            response["description"] = "done".into();
            continue;
        }
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        response["content"] = json!({ "application/problem+json": { "schema": schema } });
        if response["description"].as_str().is_none_or(str::is_empty) {
            let meaning = match status.as_str() {
                "404" => "there is no such thing",
                "409" if refusals.contains(&("409", RUNNING)) => {
                    "its state does not allow it, it was changed meanwhile, or a request with this `Idempotency-Key` is still running"
                }
                "409" => "its state does not allow it, or it was changed meanwhile",
                "422" => "a part of the input breaks a rule; `field` names it",
                _ => "refused",
            };
            response["description"] = meaning.into();
        }
    }
}
