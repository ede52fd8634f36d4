//! Atlassian Document Format: what Jira accepts as a description or comment, and how a person sees it.
//!
//! The validator knows the nodes that integrations write. A node it does not know is refused, as Jira does.

mod render;
mod validate;

use serde_json::{Value, json};

pub(crate) use render::to_html;
pub(crate) use validate::validate;

/// Jira's words for a text where a document belongs.
pub(crate) const NOT_A_DOCUMENT: &str =
    "Operation value must be an Atlassian Document (see the Atlassian Document Format)";
/// Jira's words for a text that is too long.
pub(crate) const TOO_LONG: &str =
    "The entered text is too long. It exceeds the allowed limit of 32,767 characters.";
/// The most characters of a text field.
pub(crate) const MOST_CHARACTERS: usize = 32_767;

/// A document of one paragraph.
pub(crate) fn paragraph(text: &str) -> Value {
    let content = if text.is_empty() { json!([]) } else { json!([{ "type": "text", "text": text }]) };
    json!({ "version": 1, "type": "doc", "content": [{ "type": "paragraph", "content": content }] })
}

/// The document with a `localId` on every block that can have one, as Jira's editor adds them.
pub(crate) fn with_local_ids(document: &Value) -> Value {
    let mut document = document.clone();
    mark(&mut document, &mut 0);
    document
}

fn mark(node: &mut Value, marked: &mut u32) {
    let known =
        ["paragraph", "heading", "bulletList", "orderedList", "listItem", "codeBlock", "panel", "table"];
    if node["type"].as_str().is_some_and(|kind| known.contains(&kind)) {
        *marked += 1;
        if node["attrs"].is_null() {
            node["attrs"] = json!({});
        }
        node["attrs"]["localId"] = json!(format!("{marked:012x}"));
    }
    for child in node["content"].as_array_mut().into_iter().flatten() {
        mark(child, marked);
    }
}

/// The words of a document, one block a line; webhooks carry this instead of the document.
pub(crate) fn plain_text(node: &Value) -> String {
    let mut text = String::new();
    collect(node, &mut text);
    text.trim_end().to_owned()
}

fn collect(node: &Value, text: &mut String) {
    match node["type"].as_str().unwrap_or_default() {
        "text" => text.push_str(node["text"].as_str().unwrap_or_default()),
        "hardBreak" => text.push('\n'),
        "mention" => text.push_str(node["attrs"]["text"].as_str().unwrap_or("@")),
        "inlineCard" => text.push_str(node["attrs"]["url"].as_str().unwrap_or_default()),
        _ => {}
    }
    for child in node["content"].as_array().into_iter().flatten() {
        collect(child, text);
    }
    if matches!(node["type"].as_str(), Some("paragraph" | "heading" | "codeBlock")) {
        text.push('\n');
    }
}
