//! The structural rules of a document.

use serde_json::{Map, Value};

use super::{MOST_CHARACTERS, NOT_A_DOCUMENT, TOO_LONG};

const INLINE: &[&str] = &["text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"];
const BLOCKS: &[&str] = &[
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "codeBlock",
    "panel",
    "table",
    "blockquote",
    "rule",
    "expand",
    "mediaSingle",
    "mediaGroup",
    "taskList",
    "decisionList",
    "blockCard",
];

/// Refuses what Jira refuses; the text says why, as Jira's does.
pub(crate) fn validate(document: &Value) -> Result<(), String> {
    let Value::Object(root) = document else { return Err(NOT_A_DOCUMENT.to_owned()) };
    let is_document = root.get("type").and_then(Value::as_str) == Some("doc")
        && root.get("version").and_then(Value::as_u64) == Some(1)
        && root.get("content").is_some_and(Value::is_array);
    if !is_document {
        return Err(NOT_A_DOCUMENT.to_owned());
    }
    only_keys(root, &["type", "version", "content"])?;
    children(root, BLOCKS)?;
    // How Jira counts a document is not known; this counts its words.
    if super::plain_text(document).chars().count() > MOST_CHARACTERS {
        return Err(TOO_LONG.to_owned());
    }
    Ok(())
}

fn invalid(why: &str) -> String {
    format!("INVALID_INPUT: {why}")
}

fn only_keys(node: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match node.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(invalid(&format!("unknown member '{key}'"))),
        None => Ok(()),
    }
}

fn content(node: &Map<String, Value>) -> Result<&[Value], String> {
    match node.get("content") {
        None => Ok(&[]),
        Some(Value::Array(children)) => Ok(children),
        Some(_) => Err(invalid("content is not a list")),
    }
}

fn children(parent: &Map<String, Value>, allowed: &[&str]) -> Result<(), String> {
    let inside = parent.get("type").and_then(Value::as_str).unwrap_or("doc");
    for child in content(parent)? {
        let Value::Object(child) = child else { return Err(invalid("a node is not an object")) };
        let kind = child.get("type").and_then(Value::as_str).unwrap_or_default();
        if !allowed.contains(&kind) {
            return Err(invalid(&format!("'{kind}' is not allowed in '{inside}'")));
        }
        node(child, kind, inside)?;
    }
    Ok(())
}

fn needs_children(node: &Map<String, Value>) -> Result<(), String> {
    if content(node)?.is_empty() { Err(invalid("content must not be empty")) } else { Ok(()) }
}

fn node(node: &Map<String, Value>, kind: &str, inside: &str) -> Result<(), String> {
    only_keys(node, &["type", "content", "attrs", "text", "marks"])?;
    if kind != "text" && node.contains_key("text") {
        return Err(invalid(&format!("'{kind}' has no text")));
    }
    match kind {
        "text" => text(node, inside),
        "paragraph" => children(node, INLINE),
        "heading" => {
            let level = attribute(node, "level").and_then(Value::as_u64);
            if !level.is_some_and(|level| (1..=6).contains(&level)) {
                return Err(invalid("heading level must be 1 to 6"));
            }
            children(node, INLINE)
        }
        "bulletList" | "orderedList" => {
            needs_children(node)?;
            children(node, &["listItem"])
        }
        "listItem" => {
            needs_children(node)?;
            children(
                node,
                &["paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "taskList"],
            )
        }
        "codeBlock" => children(node, &["text"]),
        "panel" => {
            let kind = attribute(node, "panelType").and_then(Value::as_str).unwrap_or_default();
            if !["info", "note", "tip", "warning", "error", "success", "custom"].contains(&kind) {
                return Err(invalid("unknown panelType"));
            }
            needs_children(node)?;
            children(
                node,
                &[
                    "paragraph",
                    "heading",
                    "bulletList",
                    "orderedList",
                    "blockCard",
                    "codeBlock",
                    "rule",
                    "taskList",
                    "decisionList",
                    "mediaSingle",
                    "mediaGroup",
                ],
            )
        }
        "blockquote" => {
            needs_children(node)?;
            children(
                node,
                &["paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "mediaGroup"],
            )
        }
        "table" => {
            needs_children(node)?;
            children(node, &["tableRow"])
        }
        "tableRow" => children(node, &["tableHeader", "tableCell"]),
        "tableHeader" | "tableCell" => {
            needs_children(node)?;
            let blocks: Vec<&str> =
                BLOCKS.iter().copied().filter(|kind| !matches!(*kind, "table" | "expand")).collect();
            children(node, &blocks)
        }
        "expand" => {
            needs_children(node)?;
            children(node, BLOCKS)
        }
        "mention" => required_text(node, "id"),
        "inlineCard" | "blockCard" => required_text(node, "url"),
        _ => Ok(()),
    }
}

fn attribute<'a>(node: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    node.get("attrs")?.get(name)
}

fn required_text(node: &Map<String, Value>, name: &str) -> Result<(), String> {
    match attribute(node, name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(()),
        _ => Err(invalid(&format!("attrs.{name} is required"))),
    }
}

fn text(node: &Map<String, Value>, inside: &str) -> Result<(), String> {
    match node.get("text") {
        Some(Value::String(text)) if !text.is_empty() => {}
        _ => return Err(invalid("a text node must have a text that is not empty")),
    }
    let Some(marks) = node.get("marks") else { return Ok(()) };
    let Value::Array(marks) = marks else { return Err(invalid("marks is not a list")) };
    if inside == "codeBlock" && !marks.is_empty() {
        return Err(invalid("text in a codeBlock has no marks"));
    }
    let kinds: Vec<&str> = marks.iter().map(|mark| mark["type"].as_str().unwrap_or_default()).collect();
    for (mark, kind) in marks.iter().zip(&kinds) {
        let complete = match *kind {
            "strong" | "em" | "code" | "strike" | "underline" => true,
            "link" => mark["attrs"]["href"].as_str().is_some_and(|href| !href.is_empty()),
            "subsup" => matches!(mark["attrs"]["type"].as_str(), Some("sub" | "sup")),
            "textColor" | "backgroundColor" => mark["attrs"]["color"].is_string(),
            _ => false,
        };
        if !complete {
            return Err(invalid(&format!("mark '{kind}' is unknown or incomplete")));
        }
    }
    if kinds.contains(&"code") && kinds.iter().any(|kind| !matches!(*kind, "code" | "link")) {
        return Err(invalid("the mark 'code' goes only with 'link'"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(nodes: &Value) -> Value {
        json!({ "version": 1, "type": "doc", "content": nodes })
    }

    fn text(words: &str) -> Value {
        json!({ "type": "text", "text": words })
    }

    fn paragraph(words: &str) -> Value {
        json!({ "type": "paragraph", "content": [text(words)] })
    }

    #[test]
    fn every_node_that_integrations_write_is_accepted() {
        let item = json!({ "type": "listItem", "content": [paragraph("an item")] });
        let cell = json!({ "type": "tableCell", "content": [paragraph("a cell")] });
        let strong = json!({ "type": "text", "text": "High", "marks": [{ "type": "strong" }] });
        let link = json!({ "type": "link", "attrs": { "href": "https://example.com/a" } });
        let linked_code = json!({ "type": "text", "text": "x", "marks": [{ "type": "code" }, link] });
        let nodes = json!([
            { "type": "heading", "attrs": { "level": 2 }, "content": [text("A heading")] },
            { "type": "paragraph", "content": [text("Severity: "), strong, { "type": "hardBreak" }, linked_code] },
            { "type": "paragraph" },
            { "type": "bulletList", "content": [item.clone()] },
            { "type": "orderedList", "attrs": { "order": 1 }, "content": [item] },
            { "type": "codeBlock", "attrs": { "language": "json" }, "content": [text("{\n}")] },
            { "type": "panel", "attrs": { "panelType": "warning" }, "content": [paragraph("Fix by Friday")] },
            { "type": "table", "content": [{ "type": "tableRow", "content": [cell] }] },
            { "type": "blockquote", "content": [paragraph("quoted")] },
            { "type": "rule" },
            { "type": "paragraph", "content": [
                { "type": "mention", "attrs": { "id": "acc-1" } },
                { "type": "inlineCard", "attrs": { "url": "https://demo.atlassian.net/browse/CHG-1" } },
            ] },
        ]);
        assert_eq!(validate(&document(&nodes)), Ok(()));
        assert_eq!(validate(&document(&json!([]))), Ok(()), "an empty document is one");
    }

    #[test]
    fn the_rules_of_nesting_and_marks_are_kept() {
        let marked = |marks: Value| json!({ "type": "text", "text": "x", "marks": marks });
        let table = json!({ "type": "table", "content": [{ "type": "tableRow", "content": [] }] });
        let heading = json!({ "type": "heading", "attrs": { "level": 1 }, "content": [] });
        for wrong in [
            text("a text at the root"),
            json!({ "type": "bulletList", "content": [{ "type": "listItem", "content": [heading.clone()] }] }),
            json!({ "type": "bulletList", "content": [paragraph("not an item")] }),
            json!({ "type": "panel", "attrs": { "panelType": "warning" }, "content": [table.clone()] }),
            json!({ "type": "table", "content": [{ "type": "tableRow", "content": [{ "type": "tableCell", "content": [table] }] }] }),
            json!({ "type": "blockquote", "content": [heading] }),
            json!({ "type": "paragraph", "content": [marked(json!([{ "type": "code" }, { "type": "strong" }]))] }),
            json!({ "type": "paragraph", "content": [marked(json!([{ "type": "link" }]))] }),
            json!({ "type": "codeBlock", "content": [marked(json!([{ "type": "strong" }]))] }),
            json!({ "type": "paragraph", "content": [text("")] }),
            json!({ "type": "paragraph", "content": [text("x")], "extra": 1 }),
            json!({ "type": "paragraph", "content": [{ "type": "mention", "attrs": {} }] }),
        ] {
            assert!(validate(&document(&json!([wrong]))).is_err(), "{wrong}");
        }
        for root in [
            json!(null),
            json!("text"),
            json!({ "type": "doc", "content": [] }),
            json!({ "version": 2, "type": "doc", "content": [] }),
        ] {
            assert_eq!(validate(&root), Err(NOT_A_DOCUMENT.to_owned()));
        }
    }
}
