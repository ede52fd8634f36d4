use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{digest_of, digest_of_blocks};
use crate::jira::adf;
use crate::ticket::{Block, Span};

fn span() -> impl Strategy<Value = Span> {
    let text = || prop_oneof![any::<String>(), "[a-z\n ]{0,12}"];
    prop_oneof![
        text().prop_map(Span::Text),
        text().prop_map(Span::Strong),
        text().prop_map(|text| Span::Link { text, url: "https://example.com/a?b=c".to_owned() }),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![
        any::<String>().prop_map(Block::Heading),
        proptest::collection::vec(span(), 0..4).prop_map(Block::Paragraph),
    ]
}

/// The document as Jira might give it back: with identifiers, with empty lists or without, with its keys in another
/// order, with texts in pieces and with attributes that nobody sent. `choices` decide where.
fn decorated(node: &Value, choices: &mut impl Iterator<Item = bool>) -> Vec<Value> {
    let mut next = || choices.next().unwrap_or(false);
    let mut object: Map<String, Value> = Map::new();
    for (name, value) in node.as_object().unwrap().iter().rev() {
        object.insert(name.clone(), value.clone());
    }
    if next() {
        object.entry("attrs").or_insert_with(|| json!({}))["localId"] = json!("8f1c");
    }
    if next() && !object.contains_key("marks") {
        object.insert("marks".to_owned(), json!([]));
    }
    if let Some(marks) = object.get_mut("marks").and_then(Value::as_array_mut) {
        for mark in marks.iter_mut().filter(|mark| mark["type"] == "link") {
            mark["attrs"]["__confluenceMetadata"] = Value::Null;
            mark["attrs"]["title"] = json!("");
        }
    }
    if node["type"] == "hardBreak" && next() {
        object.entry("attrs").or_insert_with(|| json!({}))["text"] = json!("\n");
    }
    let split = next();
    if let Some(content) = node["content"].as_array() {
        let content: Vec<Value> = content.iter().flat_map(|child| decorated(child, choices)).collect();
        if content.is_empty() {
            object.remove("content");
        } else {
            object.insert("content".to_owned(), Value::Array(content));
        }
    }
    let words: Vec<char> = node["text"].as_str().unwrap_or_default().chars().collect();
    if !split || words.len() < 2 {
        return vec![Value::Object(object)];
    }
    let (first, second) = words.split_at(words.len() / 2);
    let piece = |words: &[char]| {
        let mut piece = object.clone();
        piece.insert("text".to_owned(), json!(words.iter().collect::<String>()));
        Value::Object(piece)
    };
    vec![piece(first), piece(second)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn what_jira_makes_of_a_document_has_the_same_digest(
        blocks in proptest::collection::vec(block(), 0..5),
        choices in proptest::collection::vec(any::<bool>(), 64),
    ) {
        let written = adf::document(&blocks);
        let given_back = decorated(&written, &mut choices.into_iter().cycle().take(10_000)).remove(0);
        prop_assert_eq!(digest_of_blocks(&blocks), digest_of(Some(&given_back)), "{}", given_back);
    }

    #[test]
    fn a_changed_word_has_another_digest(
        before in proptest::collection::vec(block(), 0..3),
        after in proptest::collection::vec(block(), 0..3),
        words in ("[a-z]{1,8}", "[a-z]{1,8}"),
    ) {
        prop_assume!(words.0 != words.1);
        let of = |word: &str, make: fn(String) -> Span| {
            let block = Block::Paragraph(vec![make(word.to_owned())]);
            digest_of_blocks(&[before.as_slice(), &[block], after.as_slice()].concat())
        };
        prop_assert_ne!(of(&words.0, Span::Text), of(&words.1, Span::Text));
        prop_assert_ne!(of(&words.0, Span::Text), of(&words.0, Span::Strong));
    }
}

fn document(content: &Value) -> Value {
    json!({ "version": 1, "type": "doc", "content": content })
}

fn digest(content: &Value) -> String {
    digest_of(Some(&document(content)))
}

#[test]
fn a_document_without_anything_in_it_is_like_none() {
    let none = digest_of(None);
    assert_eq!(none.len(), 64);
    for empty in [
        json!(null),
        document(&json!([])),
        document(
            &json!([{ "type": "paragraph" }, { "type": "heading", "attrs": { "level": 3 }, "content": [] }]),
        ),
    ] {
        assert_eq!(digest_of(Some(&empty)), none, "{empty}");
    }
    assert_ne!(digest(&json!([{ "type": "rule" }])), none);
}

#[test]
fn what_a_person_changes_shows() {
    let text = |text: &str, marks: &Value| json!({ "type": "text", "text": text, "marks": marks });
    let paragraph = |inline: Value| json!([{ "type": "paragraph", "content": inline }]);
    let link = |href: &str| json!([{ "type": "link", "attrs": { "href": href } }]);
    let one_break = json!([text("a", &json!([])), { "type": "hardBreak" }, text("b", &json!([]))]);
    let mention = |id: &str| json!([{ "type": "mention", "attrs": { "id": id, "localId": id } }]);
    let variants = [
        paragraph(json!([text("a b", &json!([]))])),
        paragraph(json!([text("a c", &json!([]))])),
        paragraph(json!([text("a b", &json!([{ "type": "em" }]))])),
        paragraph(json!([text("a b", &link("https://example.com/1"))])),
        paragraph(json!([text("a b", &link("https://example.com/2"))])),
        paragraph(one_break),
        paragraph(mention("1")),
        paragraph(mention("2")),
        json!([{ "type": "heading", "attrs": { "level": 2 }, "content": [text("a b", &json!([]))] }]),
        json!([{ "type": "heading", "attrs": { "level": 3 }, "content": [text("a b", &json!([]))] }]),
        json!([{ "type": "panel", "content": paragraph(json!([text("a b", &json!([]))])) }]),
    ];
    let digests: std::collections::BTreeSet<String> = variants.iter().map(digest).collect();
    assert_eq!(digests.len(), variants.len());
}

#[test]
fn the_order_of_marks_and_the_way_a_number_is_written_do_not_show() {
    let one = json!([{ "type": "heading", "attrs": { "level": 3 }, "content": [
        { "type": "text", "text": "a", "marks": [{ "type": "strong" }, { "type": "em" }] }] }]);
    let other = json!([{ "type": "heading", "attrs": { "level": 3.0, "localId": null }, "content": [
        { "type": "text", "text": "a", "marks": [{ "type": "em" }, { "type": "strong" }, { "type": "em" }] }] }]);
    assert_eq!(digest(&one), digest(&other));
}
