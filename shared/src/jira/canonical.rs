//! A document's digest that stays the same when Jira writes the document its own way, so that what we wrote equals what
//! Jira gives back, and what a person changed does not.
//!
//! Source: jira-facts 9: Jira may add `localId`, so a canonical form is compared. What of a document counts: its nodes,
//! their words, their marks, and those attributes that say something. What does not: the order of keys and marks, where
//! a text is split into nodes, attributes of the kinds of nodes that we write beyond the ones that we write, and blocks
//! that hold nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::adf;
use crate::ids;
use crate::ticket::Block;

/// The digest of a document as Jira gives it, as 64 hexadecimal digits. A document without anything in it has the digest
/// of none, since Jira may keep it as none.
pub fn digest_of(document: Option<&Value>) -> String {
    let text = document.and_then(node).map(|node| node.to_string()).unwrap_or_default();
    ids::digest(text.as_bytes())
}

/// The digest of the document that `blocks` are written as.
pub fn digest_of_blocks(blocks: &[Block]) -> String {
    digest_of(Some(&adf::document(blocks)))
}

/// The canonical form of a node; none if it holds nothing.
fn node(raw: &Value) -> Option<Value> {
    let Some(object) = raw.as_object() else {
        // A plain text where a document belongs.
        return raw.as_str().filter(|text| !text.is_empty()).map(Value::from);
    };
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let content = content(object.get("content"));
    let text = object.get("text").and_then(Value::as_str).unwrap_or_default();
    let is_empty = match kind {
        "doc" | "paragraph" | "heading" => content.is_empty(),
        "text" => text.is_empty(),
        _ => false,
    };
    if is_empty {
        return None;
    }
    let mut parts = Parts::default();
    parts.add("attrs", Value::Object(attributes(kind, object.get("attrs"))));
    parts.add("content", Value::Array(content));
    parts.add("marks", Value::Array(marks(object.get("marks"))));
    parts.add("text", Value::from(text));
    parts.add("type", Value::from(kind));
    Some(Value::Object(parts.0))
}

/// A node's parts, those that hold something. Added in the order of their names, whatever order a map keeps.
#[derive(Default)]
struct Parts(Map<String, Value>);

impl Parts {
    fn add(&mut self, name: &str, value: Value) {
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(values) => values.is_empty(),
            Value::Object(values) => values.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !is_empty {
            self.0.insert(name.to_owned(), value);
        }
    }
}

/// The canonical nodes of a node, neighbouring texts with equal marks joined.
fn content(raw: Option<&Value>) -> Vec<Value> {
    let mut joined: Vec<Value> = Vec::new();
    for next in raw.and_then(Value::as_array).into_iter().flatten().filter_map(node) {
        match joined.last_mut() {
            Some(last) if is_text(last) && is_text(&next) && last.get("marks") == next.get("marks") => {
                let words = [&*last, &next].map(|node| node["text"].as_str().unwrap_or_default());
                last["text"] = Value::from(words.concat());
            }
            _ => joined.push(next),
        }
    }
    joined
}

fn is_text(node: &Value) -> bool {
    node["type"] == "text"
}

/// The canonical marks, in a fixed order, each once.
fn marks(raw: Option<&Value>) -> Vec<Value> {
    let mark = |raw: &Value| {
        let kind = raw.get("type")?.as_str()?;
        let mut parts = Parts::default();
        parts.add("attrs", Value::Object(attributes(kind, raw.get("attrs"))));
        parts.add("type", Value::from(kind));
        let mark = Value::Object(parts.0);
        Some((mark.to_string(), mark))
    };
    let marks: BTreeMap<String, Value> =
        raw.and_then(Value::as_array).into_iter().flatten().filter_map(mark).collect();
    marks.into_values().collect()
}

/// The attributes of a node or a mark that say something: of the kinds that we write the ones that we write, of any
/// other all but its local identifier.
fn attributes(kind: &str, raw: Option<&Value>) -> Map<String, Value> {
    let counts = |name: &str| match kind {
        "doc" | "paragraph" | "hardBreak" | "text" | "strong" => false,
        "heading" => name == "level",
        "link" => name == "href",
        _ => name != "localId",
    };
    match raw.map(fixed) {
        Some(Value::Object(attributes)) => {
            attributes.into_iter().filter(|(name, value)| counts(name) && !value.is_null()).collect()
        }
        _ => Map::new(),
    }
}

/// Any value with its keys in order and its whole numbers written as such.
fn fixed(raw: &Value) -> Value {
    match raw {
        Value::Object(object) => {
            let ordered: BTreeMap<&String, &Value> = object.iter().collect();
            Value::Object(ordered.into_iter().map(|(name, value)| (name.clone(), fixed(value))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(fixed).collect()),
        Value::Number(number) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").and_then(|whole| whole.parse::<i64>().ok());
            whole.map_or_else(|| raw.clone(), Value::from)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;
