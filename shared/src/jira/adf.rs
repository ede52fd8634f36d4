//! Descriptions in Atlassian's document format (ADF).
//!
//! Source: Atlassian's JSON schema of ADF (`@atlaskit/adf-schema`): the root is `doc` version 1; a text node is never
//! empty; a heading and a paragraph hold inline nodes; a line break is a node of its own.

use serde_json::{Value, json};

use crate::ticket::{Block, Span};

/// The longest document, counted as JSON in UTF-16 units.
///
/// Source: Jira's limit on text fields is 32,767 characters, and how ADF is counted is not documented; the JSON is the
/// longest form there is, and some room is left.
pub const LONGEST: usize = 28_000;

/// What stands below a description that was cut.
const CUT: &str = "This description was longer than Jira takes and was cut here. Assay shows all of it.";

/// The description of an issue: valid whatever the blocks hold, and never longer than [`LONGEST`].
pub fn document(blocks: &[Block]) -> Value {
    let whole: Vec<Value> = blocks.iter().map(node).collect();
    let whole = enclose(&whole);
    if length(&whole) <= LONGEST {
        return whole;
    }
    let note = node(&Block::Paragraph(vec![Span::Text(CUT.to_owned())]));
    let mut room = LONGEST - length(&enclose(std::slice::from_ref(&note)));
    let mut content = Vec::new();
    for block in blocks {
        // One more for the comma between blocks.
        let next = node(block);
        let needed = length(&next) + 1;
        if needed > room {
            content.extend(shortened(block, room));
            break;
        }
        room -= needed;
        content.push(next);
    }
    content.push(note);
    enclose(&content)
}

fn enclose(content: &[Value]) -> Value {
    json!({ "version": 1, "type": "doc", "content": content })
}

/// As much of `block` as has room; none if that is next to nothing.
fn shortened(block: &Block, room: usize) -> Option<Value> {
    let fits = |block: &Block| length(&node(block)) < room;
    let shorter = |kept: usize| match block {
        Block::Heading(text) => Block::Heading(text.chars().take(kept).collect()),
        Block::Paragraph(spans) => Block::Paragraph(first_characters(spans, kept)),
        Block::List(items) => Block::List(items.iter().take(kept).cloned().collect()),
    };
    let longest = match block {
        Block::Heading(text) => text.chars().count(),
        Block::Paragraph(spans) => spans.iter().map(|span| text_of(span).chars().count()).sum(),
        Block::List(items) => items.len(),
    };
    // The most characters that fit, by bisection: `low` fits or is 0, `high` does not.
    let (mut low, mut high) = (0, longest.min(room) + 1);
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if fits(&shorter(middle)) { low = middle } else { high = middle }
    }
    (low > 0).then(|| node(&shorter(low)))
}

fn first_characters(spans: &[Span], mut kept: usize) -> Vec<Span> {
    let mut first = Vec::new();
    for span in spans {
        if kept == 0 {
            break;
        }
        let text: String = text_of(span).chars().take(kept).collect();
        kept -= text.chars().count();
        first.push(match span {
            Span::Text(_) => Span::Text(text),
            Span::Strong(_) => Span::Strong(text),
            Span::Link { url, .. } => Span::Link { text, url: url.clone() },
        });
    }
    first
}

fn text_of(span: &Span) -> &str {
    match span {
        Span::Text(text) | Span::Strong(text) | Span::Link { text, .. } => text,
    }
}

fn node(block: &Block) -> Value {
    match block {
        Block::Heading(text) => {
            let inline: Vec<Value> = text_node(&one_line(text), &[]).into_iter().collect();
            json!({ "type": "heading", "attrs": { "level": 3 }, "content": inline })
        }
        Block::Paragraph(spans) => {
            let inline: Vec<Value> = spans.iter().flat_map(inline).collect();
            json!({ "type": "paragraph", "content": inline })
        }
        // A list without items is no valid list.
        Block::List(items) if items.is_empty() => json!({ "type": "paragraph", "content": [] }),
        Block::List(items) => {
            let item = |spans: &Vec<Span>| {
                let inline: Vec<Value> = spans.iter().flat_map(inline).collect();
                json!({ "type": "listItem", "content": [{ "type": "paragraph", "content": inline }] })
            };
            json!({ "type": "bulletList", "content": items.iter().map(item).collect::<Vec<_>>() })
        }
    }
}

fn inline(span: &Span) -> Vec<Value> {
    match span {
        Span::Strong(text) => lines(text, &[json!({ "type": "strong" })]),
        Span::Link { text, url } if is_linkable(url) => {
            // A link without a text shows where it leads.
            let shown = if one_line(text).is_empty() { url } else { text };
            lines(shown, &[json!({ "type": "link", "attrs": { "href": url } })])
        }
        // A link that leads nowhere on the web is shown as its text.
        Span::Text(text) | Span::Link { text, .. } => lines(text, &[]),
    }
}

/// The lines of `text`, with a break between them.
fn lines(text: &str, marks: &[Value]) -> Vec<Value> {
    let mut nodes = Vec::new();
    for (number, line) in text.replace("\r\n", "\n").split(['\n', '\r']).enumerate() {
        if number > 0 {
            nodes.push(json!({ "type": "hardBreak" }));
        }
        nodes.extend(text_node(&clean(line), marks));
    }
    nodes
}

fn text_node(text: &str, marks: &[Value]) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    let mut node = json!({ "type": "text", "text": text });
    if !marks.is_empty() {
        node["marks"] = json!(marks);
    }
    Some(node)
}

/// `text` without control characters and without what is no character: a tab becomes a space, the rest goes.
fn clean(text: &str) -> String {
    let keep = |character: char| match character {
        '\t' => Some(' '),
        '\u{fffe}' | '\u{ffff}' => None,
        character if character.is_control() => None,
        character => Some(character),
    };
    text.chars().filter_map(keep).collect()
}

fn one_line(text: &str) -> String {
    clean(&text.replace(['\n', '\r'], " "))
}

/// Whether `url` may be a link: an address of the web, absolute, and not so long that it is no address.
fn is_linkable(url: &str) -> bool {
    url.len() <= 2000
        && url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
        && !url.chars().any(|character| character.is_control() || character.is_whitespace())
}

fn length(value: &Value) -> usize {
    value.to_string().encode_utf16().count()
}

#[cfg(test)]
#[path = "adf_tests.rs"]
mod tests;
