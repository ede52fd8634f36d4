//! What Slack's incoming webhook takes, and with which words it refuses.
//!
//! Words and statuses: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>; limits of blocks:
//! <https://docs.slack.dev/reference/block-kit/blocks>. Lengths are counted in characters.

use serde_json::Value;

use super::{Received, Verdict};

/// The most blocks of a message.
const MOST_BLOCKS: usize = 50;
/// The most characters of a section's text, and of an address.
const MOST_SECTION: usize = 3000;
/// The most characters of a header.
const MOST_HEADER: usize = 150;
/// The most fields of a section.
const MOST_FIELDS: usize = 10;
/// The most characters of one field of a section.
const MOST_FIELD: usize = 2000;
/// The most elements of a context.
const MOST_CONTEXT: usize = 10;
/// The most elements of a row of actions.
const MOST_ACTIONS: usize = 25;
/// The most characters on a button.
const MOST_BUTTON: usize = 75;
/// The most characters of `block_id` and `action_id`.
const MOST_ID: usize = 255;
/// Beyond so many characters Slack cuts the text; here it is refused, so that a test sees it.
const MOST_TEXT: usize = 40_000;

pub(super) fn judged(method: &str, received: &Received) -> Verdict {
    let json = received.header("content-type").starts_with("application/json");
    let Ok(message) = serde_json::from_slice::<Value>(&received.body) else {
        return (400, "invalid_payload", false);
    };
    if method != "POST" || !json || !message.is_object() {
        return (400, "invalid_payload", false);
    }
    let text = message["text"].as_str().unwrap_or_default();
    if text.chars().count() > MOST_TEXT {
        return (400, "msg_too_long", false);
    }
    match &message["blocks"] {
        Value::Null if text.is_empty() => (400, "no_text", false),
        Value::Null => (200, "ok", true),
        Value::Array(blocks) if blocks.is_empty() && text.is_empty() => (400, "no_text", false),
        Value::Array(blocks) if blocks.len() <= MOST_BLOCKS && blocks.iter().all(block) => (200, "ok", true),
        Value::Array(_) => (400, "invalid_blocks", false),
        _ => (400, "invalid_blocks_format", false),
    }
}

fn block(block: &Value) -> bool {
    let named = optional(&block["block_id"], |id| between(id, 1, MOST_ID));
    named
        && match block["type"].as_str() {
            Some("header") => text(&block["text"], &["plain_text"], MOST_HEADER),
            Some("section") => section(block),
            Some("context") => list(&block["elements"], MOST_CONTEXT, |element| {
                element["type"] == "image" && image(element)
                    || text(element, &["mrkdwn", "plain_text"], MOST_SECTION)
            }),
            Some("actions") => list(&block["elements"], MOST_ACTIONS, element),
            Some("image") => image(block),
            Some("divider") => true,
            _ => false,
        }
}

fn section(block: &Value) -> bool {
    let either = ["mrkdwn", "plain_text"];
    let said = !block["text"].is_null() || !block["fields"].is_null();
    said && optional(&block["text"], |given| text(given, &either, MOST_SECTION))
        && optional(&block["fields"], |fields| {
            list(fields, MOST_FIELDS, |field| text(field, &either, MOST_FIELD))
        })
        && optional(&block["accessory"], element)
}

/// A button, or an image beside a section. Nothing else makes sense behind an incoming webhook that nobody listens to.
fn element(element: &Value) -> bool {
    match element["type"].as_str() {
        Some("button") => {
            text(&element["text"], &["plain_text"], MOST_BUTTON)
                && optional(&element["url"], |url| between(url, 1, MOST_SECTION))
                && optional(&element["action_id"], |id| between(id, 1, MOST_ID))
                && optional(&element["style"], |style| style == "primary" || style == "danger")
        }
        Some("image") => image(element),
        _ => false,
    }
}

fn image(image: &Value) -> bool {
    between(&image["image_url"], 1, MOST_SECTION) && between(&image["alt_text"], 1, MOST_FIELD)
}

fn text(given: &Value, kinds: &[&str], most: usize) -> bool {
    let kind = given["type"].as_str().unwrap_or_default();
    // `emoji` belongs to plain text only, `verbatim` to mrkdwn only.
    let odd = if kind == "mrkdwn" { "emoji" } else { "verbatim" };
    kinds.contains(&kind) && between(&given["text"], 1, most) && given[odd].is_null()
}

fn list(given: &Value, most: usize, each: impl Fn(&Value) -> bool) -> bool {
    given.as_array().is_some_and(|elements| (1..=most).contains(&elements.len()) && elements.iter().all(each))
}

fn between(given: &Value, least: usize, most: usize) -> bool {
    given.as_str().is_some_and(|text| (least..=most).contains(&text.chars().count()))
}

fn optional(given: &Value, valid: impl Fn(&Value) -> bool) -> bool {
    given.is_null() || valid(given)
}
