use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CUT, LONGEST, document};
use crate::ticket::{Block, Span};

/// Says what is wrong with a document, by the rules of Atlassian's schema for the nodes that we write.
fn fault(document: &Value) -> Option<String> {
    if document["version"] != 1 || document["type"] != "doc" {
        return Some("the root is not a document".to_owned());
    }
    document["content"].as_array()?.iter().find_map(|block| {
        let level_fits = (1..=6).contains(&block["attrs"]["level"].as_i64().unwrap_or(0));
        match block["type"].as_str() {
            Some("paragraph") if block.get("attrs").is_none() => inline_fault(block),
            Some("heading") if level_fits => inline_fault(block),
            _ => Some(format!("a block is not valid: {block}")),
        }
    })
}

fn inline_fault(block: &Value) -> Option<String> {
    block["content"].as_array()?.iter().find_map(|inline| {
        let is_valid = match inline["type"].as_str() {
            Some("hardBreak") => true,
            Some("text") => {
                let text = inline["text"].as_str().unwrap_or("");
                !text.is_empty() && !text.chars().any(char::is_control) && marks_are_valid(&inline["marks"])
            }
            _ => false,
        };
        (!is_valid).then(|| format!("an inline node is not valid: {inline}"))
    })
}

fn marks_are_valid(marks: &Value) -> bool {
    let is_valid = |mark: &Value| match mark["type"].as_str() {
        Some("strong") => true,
        Some("link") => mark["attrs"]["href"].as_str().is_some_and(|href| href.starts_with("http")),
        _ => false,
    };
    marks.is_null() || marks.as_array().is_some_and(|marks| !marks.is_empty() && marks.iter().all(is_valid))
}

fn span() -> impl Strategy<Value = Span> {
    let text = || prop_oneof![any::<String>(), "[a-z\n\r\t ]{0,20}", Just("\u{1f600}\"\\".repeat(2000))];
    let url = prop_oneof![
        Just("https://acme.atlassian.net/browse/A-1".to_owned()),
        Just("javascript:x".to_owned()),
        any::<String>()
    ];
    prop_oneof![
        text().prop_map(Span::Text),
        text().prop_map(Span::Strong),
        (text(), url).prop_map(|(text, url)| Span::Link { text, url }),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![
        prop_oneof![any::<String>(), Just("long \n".repeat(5000))].prop_map(Block::Heading),
        proptest::collection::vec(span(), 0..4).prop_map(Block::Paragraph),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn whatever_the_blocks_hold_the_document_is_valid_and_not_too_long(
        blocks in proptest::collection::vec(block(), 0..5),
    ) {
        let document = document(&blocks);
        prop_assert_eq!(fault(&document), None);
        prop_assert!(document.to_string().encode_utf16().count() <= LONGEST);
    }
}

#[test]
fn a_description_is_headings_and_paragraphs_with_breaks_for_lines() {
    let blocks = [
        Block::Heading("What\nthis is".to_owned()),
        Block::Paragraph(vec![
            Span::Strong("Why: ".to_owned()),
            Span::Text("one\r\ntwo\n\nfour\u{7}".to_owned()),
            Span::Link { text: "A-1".to_owned(), url: "https://acme.atlassian.net/browse/A-1".to_owned() },
            Span::Link { text: "no".to_owned(), url: "javascript:alert(1)".to_owned() },
            Span::Link { text: String::new(), url: "https://example.com/".to_owned() },
            Span::Text(String::new()),
        ]),
    ];
    let hard_break = json!({ "type": "hardBreak" });
    let link = |href: &str| json!([{ "type": "link", "attrs": { "href": href } }]);
    assert_eq!(
        document(&blocks),
        json!({ "version": 1, "type": "doc", "content": [
            { "type": "heading", "attrs": { "level": 3 }, "content": [{ "type": "text", "text": "What this is" }] },
            { "type": "paragraph", "content": [
                { "type": "text", "text": "Why: ", "marks": [{ "type": "strong" }] },
                { "type": "text", "text": "one" }, hard_break, { "type": "text", "text": "two" }, hard_break, hard_break,
                { "type": "text", "text": "four" },
                { "type": "text", "text": "A-1", "marks": link("https://acme.atlassian.net/browse/A-1") },
                { "type": "text", "text": "no" },
                { "type": "text", "text": "https://example.com/", "marks": link("https://example.com/") },
            ] },
        ] })
    );
}

#[test]
fn what_is_too_long_is_cut_as_late_as_possible_and_says_so() {
    let blocks = [
        Block::Paragraph(vec![Span::Text("first".to_owned())]),
        Block::Paragraph(vec![Span::Text("x".repeat(40_000))]),
        Block::Paragraph(vec![Span::Text("never".to_owned())]),
    ];
    let document = document(&blocks);
    let content = document["content"].as_array().unwrap();
    assert_eq!(content.len(), 3);
    assert_eq!(content[2]["content"][0]["text"], CUT);
    let length = document.to_string().len();
    assert!((LONGEST - 5..=LONGEST).contains(&length), "{length}");
}
