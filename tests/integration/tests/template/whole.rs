//! The whole template, so that every change of it is seen for what it is: also one that a loop or a mapping makes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::reading::Template;

/// The pairs in the order of their names, in whichever order `serde_json` keeps them.
fn in_order(pairs: &Map<String, Value>) -> Map<String, Value> {
    let ordered: BTreeMap<&String, &Value> = pairs.iter().collect();
    ordered.into_iter().map(|(name, value)| (name.clone(), canonical(value))).collect()
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(pairs) => Value::Object(in_order(pairs)),
        Value::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_template_is_this() {
    let template = Template::read();
    let mut text = String::new();
    for section in ["Parameters", "Conditions", "Outputs"] {
        writeln!(text, "{section}").unwrap();
        for (name, value) in in_order(template.section(section)) {
            writeln!(text, "  {name} {value}").unwrap();
        }
    }
    for (name, resource) in in_order(template.section("Resources")) {
        let condition = resource["Condition"].as_str().map_or(String::new(), |it| format!(" if {it}"));
        let kept = resource["DeletionPolicy"].as_str().map_or(String::new(), |it| format!(" ({it})"));
        writeln!(text, "{name}: {}{condition}{kept}", resource["Type"].as_str().unwrap()).unwrap();
        for (property, value) in resource["Properties"].as_object().into_iter().flatten() {
            writeln!(text, "  {property} {value}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
