//! From the schemas of `OpenAPI` 3.0 to JSON Schema (draft 7), with only the definitions that are reached.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const REFERENCE: &str = "#/components/schemas/";

/// Formats that both sides understand alike. Numbers' formats are bounds of languages; `date-time` is left out
/// because Jira writes offsets without a colon.
const FORMATS: [&str; 3] = ["uri", "uuid", "date"];

/// A whole schema document for `schema`.
pub(super) fn translated(schema: &Value, components: &Value) -> Value {
    let mut reached = BTreeSet::new();
    let mut whole = one(schema, &mut reached);
    let mut definitions = Map::new();
    while let Some(name) = reached.iter().find(|name| !definitions.contains_key(*name)).cloned() {
        let definition = one(&components[name.as_str()], &mut reached);
        definitions.insert(name, definition);
    }
    if let Value::Object(members) = &mut whole {
        // Beside a `$ref` nothing counts in draft 7, and the definitions have to be found.
        if members.contains_key("$ref") {
            let reference = Value::Object(std::mem::take(members));
            members.insert("allOf".to_owned(), json!([reference]));
        }
        members.insert("definitions".to_owned(), Value::Object(definitions));
    }
    whole
}

fn one(schema: &Value, reached: &mut BTreeSet<String>) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    if let Some(name) =
        members.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(REFERENCE))
    {
        reached.insert(name.to_owned());
        return json!({ "$ref": format!("#/definitions/{name}") });
    }
    let mut out = Map::new();
    for (name, value) in members {
        match name.as_str() {
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties = properties.map(|(name, schema)| (name.clone(), one(schema, reached)));
                out.insert(name.clone(), Value::Object(properties.collect()));
            }
            "items" | "not" | "additionalProperties" => {
                out.insert(name.clone(), one(value, reached));
            }
            "allOf" | "anyOf" | "oneOf" => {
                let parts = value.as_array().into_iter().flatten().map(|part| one(part, reached));
                out.insert(name.clone(), Value::Array(parts.collect()));
            }
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                out.insert(name.clone(), value.clone());
            }
            "type" | "required" | "enum" | "minimum" | "maximum" | "minLength" | "maxLength" | "minItems"
            | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties" | "multipleOf" | "pattern" => {
                out.insert(name.clone(), value.clone());
            }
            // `nullable` is treated below; `discriminator`, `xml`, `example` and the rest restrict nothing.
            _ => {}
        }
    }
    exclusive(members, &mut out, "exclusiveMinimum", "minimum");
    exclusive(members, &mut out, "exclusiveMaximum", "maximum");
    let out = Value::Object(out);
    if members.get("nullable") == Some(&json!(true)) {
        return json!({ "anyOf": [out, { "type": "null" }] });
    }
    out
}

/// A flag beside the bound in `OpenAPI` 3.0, the bound itself in draft 7.
fn exclusive(members: &Map<String, Value>, out: &mut Map<String, Value>, flag: &str, bound: &str) {
    if members.get(flag) == Some(&json!(true))
        && let Some(limit) = out.remove(bound)
    {
        out.insert(flag.to_owned(), limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nullable_reference_takes_null_and_what_it_refers_to() {
        let components = json!({ "Name": { "type": "string", "example": "x" } });
        let schema = json!({ "nullable": true, "allOf": [{ "$ref": "#/components/schemas/Name" }] });
        let whole = translated(&schema, &components);
        let validator = jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&whole).unwrap();
        assert!(validator.is_valid(&json!(null)));
        assert!(validator.is_valid(&json!("a name")));
        assert!(!validator.is_valid(&json!(7)));
    }
}
