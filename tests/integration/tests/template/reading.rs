//! The template as JSON in `CloudFormation`'s long form, with its loops unrolled and its mappings looked up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};

/// The template.
pub struct Template(Value);

impl Template {
    /// Reads `infra/template.yaml`.
    pub fn read() -> Self {
        let text = std::fs::read_to_string(root().join("infra/template.yaml")).expect("the template");
        let documents = YamlOwned::load_from_str(&text).expect("the template is YAML");
        let [document] = documents.as_slice() else { panic!("the template is one document") };
        let mut template = json_of(document);
        let resources = unrolled(template["Resources"].take(), &template["Mappings"]);
        template["Resources"] = resources;
        Self(template)
    }

    /// A section of the template.
    pub fn section(&self, name: &str) -> &Map<String, Value> {
        self.0[name].as_object().unwrap_or_else(|| panic!("the template has {name}"))
    }

    /// A resource's properties.
    pub fn properties(&self, name: &str) -> &Value {
        let resource = self.section("Resources").get(name).unwrap_or_else(|| panic!("there is no {name}"));
        &resource["Properties"]
    }

    /// The properties of all resources of a type, by name.
    pub fn all(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = self.section("Resources").iter();
        let found: BTreeMap<&str, &Value> = resources
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
            .collect();
        assert!(!found.is_empty(), "the template has no {kind}");
        found
    }

    /// The functions by their folder below `functions/`: the resource's name and its properties.
    pub fn functions(&self) -> BTreeMap<String, (&str, &Value)> {
        let functions = self.all("AWS::Lambda::Function").into_iter();
        functions
            .map(|(name, properties)| {
                let code = properties["Code"].as_str().expect("the archive's path");
                let folder = code.strip_prefix("../target/lambda/").and_then(|rest| rest.split('/').next());
                (folder.expect("an archive below target/lambda").to_owned(), (name, properties))
            })
            .collect()
    }
}

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's folder")
}

/// The one or many values that `CloudFormation` takes where it takes a list.
pub fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

/// The resource that a `Ref`, a `Fn::GetAtt` or a `Fn::Sub` names.
pub fn named(value: &Value) -> &str {
    if let Some(name) = value["Ref"].as_str() {
        return name;
    }
    if let Some(name) = value["Fn::GetAtt"][0].as_str() {
        return name;
    }
    let text = value["Fn::Sub"].as_str().unwrap_or_else(|| panic!("{value} names no resource"));
    let inside = text.split("${").nth(1).and_then(|rest| rest.split(['}', '.']).next());
    inside.unwrap_or_else(|| panic!("{text} names no resource"))
}

/// The same where it may name none.
pub fn target(value: &Value) -> Option<&str> {
    // A loop's `!GetAtt [!Sub "${Queue}DeadLetters", Arn]` is unrolled into a name inside of `Fn::Sub`.
    let name = &value["Fn::GetAtt"][0];
    name.as_str().or_else(|| name["Fn::Sub"].as_str()).or_else(|| value["Ref"].as_str())
}

fn json_of(node: &YamlOwned) -> Value {
    match node {
        YamlOwned::Value(ScalarOwned::Null) => Value::Null,
        YamlOwned::Value(ScalarOwned::Boolean(value)) => json!(value),
        YamlOwned::Value(ScalarOwned::Integer(value)) => json!(value),
        YamlOwned::Value(ScalarOwned::FloatingPoint(value)) => json!(value.into_inner()),
        YamlOwned::Value(ScalarOwned::String(value)) => json!(value),
        YamlOwned::Sequence(items) => items.iter().map(json_of).collect(),
        YamlOwned::Mapping(pairs) => {
            let key = |node: &YamlOwned| match json_of(node) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Value::Object(pairs.iter().map(|(name, value)| (key(name), json_of(value))).collect())
        }
        YamlOwned::Tagged(tag, inner) => long_form(&tag.suffix, json_of(inner)),
        YamlOwned::Representation(..) | YamlOwned::Alias(_) | YamlOwned::BadValue => {
            panic!("the template has something that is no plain YAML: {node:?}")
        }
    }
}

/// `!Ref x` as `{"Ref": x}`, `!GetAtt a.b` as `{"Fn::GetAtt": ["a", "b"]}`, and so on.
fn long_form(tag: &str, inner: Value) -> Value {
    let name = if matches!(tag, "Ref" | "Condition") { tag.to_owned() } else { format!("Fn::{tag}") };
    let inner = match (tag, inner.as_str().and_then(|text| text.split_once('.'))) {
        ("GetAtt", Some((resource, attribute))) => json!([resource, attribute]),
        _ => inner,
    };
    json!({ name: inner })
}

/// Unrolls `Fn::ForEach::<name>: [variable, [items], {template: body}]` as the transform `AWS::LanguageExtensions` does.
fn unrolled(resources: Value, mappings: &Value) -> Value {
    let Value::Object(resources) = resources else { panic!("resources are a mapping") };
    let mut all = Map::new();
    for (name, resource) in resources {
        if !name.starts_with("Fn::ForEach::") {
            all.insert(name, looked_up(resource, mappings));
            continue;
        }
        let variable = resource[0].as_str().expect("a variable").to_owned();
        for item in list(&resource[1]) {
            let item = item.as_str().expect("an item");
            let Value::Object(made) = replaced(resource[2].clone(), &variable, item) else {
                panic!("a body")
            };
            for (name, resource) in made {
                let before = all.insert(name.clone(), looked_up(resource, mappings));
                assert!(before.is_none(), "{name} is made twice");
            }
        }
    }
    Value::Object(all)
}

/// `&{variable}` is the item without what a logical name may not have.
fn replaced(value: Value, variable: &str, item: &str) -> Value {
    let plain: String = item.chars().filter(char::is_ascii_alphanumeric).collect();
    let text = |text: String| {
        text.replace(&format!("&{{{variable}}}"), &plain).replace(&format!("${{{variable}}}"), item)
    };
    match value {
        Value::String(value) => Value::String(text(value)),
        Value::Array(items) => items.into_iter().map(|value| replaced(value, variable, item)).collect(),
        Value::Object(pairs) if pairs.len() == 1 && pairs.get("Ref") == Some(&json!(variable)) => json!(item),
        Value::Object(pairs) => Value::Object(
            pairs.into_iter().map(|(name, value)| (text(name), replaced(value, variable, item))).collect(),
        ),
        other => other,
    }
}

fn looked_up(value: Value, mappings: &Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|value| looked_up(value, mappings)).collect(),
        Value::Object(pairs) => {
            if let Some(path) = pairs.get("Fn::FindInMap") {
                let found =
                    list(path).into_iter().fold(mappings, |at, step| &at[step.as_str().expect("a name")]);
                assert!(!found.is_null(), "{path} is in no mapping");
                return found.clone();
            }
            Value::Object(pairs.into_iter().map(|(name, value)| (name, looked_up(value, mappings))).collect())
        }
        other => other,
    }
}
