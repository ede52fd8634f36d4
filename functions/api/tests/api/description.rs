//! The API's own description: valid, complete, and kept as a snapshot.

use std::collections::BTreeSet;

use assay_test_support::http::Ask;
use serde_json::Value;

use crate::support::House;

const METHODS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];

/// Every operation as method and path, with its description.
pub fn operations(description: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            assert!(METHODS.contains(&method.as_str()), "{path} has a member {method} that is no operation");
            all.push((format!("{method} {path}"), operation.clone()));
        }
    }
    all
}

/// What `#/…` leads to.
fn resolve<'a>(description: &'a Value, reference: &str) -> &'a Value {
    let pointer = reference.strip_prefix('#').expect("only references into this document");
    description.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn each_reference(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                see(reference);
            }
            members.values().for_each(|member| each_reference(member, see));
        }
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, see)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_keeps_the_rules_of_openapi() {
    let house = House::start().await;
    let answer = house.send(Ask::new("GET", "/v1/openapi.json")).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let description = answer.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(description["info"]["title"], "Assay");
    assert!(description["info"]["version"].is_string());
    each_reference(&description, &mut |reference| {
        resolve(&description, reference);
    });
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name} is no JSON schema: {schema}");
    }
    let mut ids = BTreeSet::new();
    for (route, operation) in operations(&description) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "two operations are called {id}");
        assert_parameters(&route, &operation);
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{route} does not say what it does");
        let responses = operation["responses"].as_object().unwrap();
        for status in ["429", "500", "503"] {
            assert!(responses.contains_key(status), "{route} does not describe {status}");
        }
        let takes_key = operation["parameters"].to_string().contains("Idempotency-Key");
        let running =
            responses.get("409").is_some_and(|it| it["description"].to_string().contains("running"));
        assert_eq!(running, takes_key, "{route}: a key that is still running");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{route} never succeeds");
        for (status, response) in responses {
            assert!(response["description"].is_string(), "{route} {status}");
            if status.starts_with('4') || status.starts_with('5') {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{route} {status}");
            }
        }
        for requirement in operation["security"].as_array().unwrap() {
            for scheme in requirement.as_object().unwrap().keys() {
                assert!(
                    description["components"]["securitySchemes"][scheme].is_object(),
                    "{route}: {scheme}"
                );
            }
        }
    }
}

fn assert_parameters(route: &str, operation: &Value) {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for parameter in &parameters {
        let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
        assert!(["path", "query", "header"].contains(&place), "{route}: {name} is in {place}");
        assert!(parameter["schema"].is_object(), "{route}: {name} has no schema");
        assert!(seen.insert((name, place)), "{route}: {name} is described twice");
        assert!(place != "path" || parameter["required"] == true, "{route}: {name} must be required");
    }
    let in_template: BTreeSet<&str> =
        route.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    let described: BTreeSet<&str> =
        seen.iter().filter(|(_, place)| *place == "path").map(|(name, _)| *name).collect();
    assert_eq!(in_template, described, "{route}");
}

#[tokio::test]
async fn nothing_is_mounted_that_is_not_described() {
    let house = House::start().await;
    let description = house.get("/v1/openapi.json").await.json();
    let described: BTreeSet<String> = description["paths"].as_object().unwrap().keys().cloned().collect();
    // The only sight that axum gives of what is mounted: the paths that a router prints of itself.
    let printed = format!("{:?}", house.router);
    // The fallback is mounted at `/` and below.
    let is_mounted = |text: &&str| text.len() > 1 && text.starts_with('/') && !text.contains("axum_fallback");
    let paths = printed.split('"').filter(is_mounted);
    let mounted: BTreeSet<String> = paths.map(ToOwned::to_owned).collect();
    assert_eq!(mounted, described);

    let routes: BTreeSet<String> = operations(&description).into_iter().map(|(route, _)| route).collect();
    for path in &described {
        for method in METHODS {
            let described = if method == "HEAD" { "GET" } else { method };
            if routes.contains(&format!("{described} {path}")) {
                continue;
            }
            let real = crate::input::fill(path, "x");
            let answer = house.send(Ask::new(method, &real).token(Some(&house.admin))).await;
            assert_eq!(answer.status, 405, "{method} {path} is served but not described: {}", answer.text());
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_routes_with_their_roles_and_parameters_are_these() {
    let house = House::start().await;
    let description = house.get("/v1/openapi.json").await.json();
    let mut lines = Vec::new();
    for (route, operation) in operations(&description) {
        let (method, path) = route.split_once(' ').unwrap();
        let role = operation["security"][0]["token"][0].as_str().unwrap_or("open");
        let query: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            .as_str()
            .map_or(String::new(), |schema| format!(" {}", schema.rsplit('/').next().unwrap()));
        lines.push(format!("{path}{query} {method}{body} {role}"));
    }
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
}
