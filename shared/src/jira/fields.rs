//! Values of further fields in Jira's JSON: as they are written, and as they are read.
//!
//! Reads what a field mapping wants and what an issue shows; decides nothing; what is written and read back is equal, so
//! that [`crate::ticket::Current`] can tell our own value from a person's.
//!
//! | kind | written | read |
//! |---|---|---|
//! | line, address, day | text | the same |
//! | paragraphs | a document | a document, perhaps written in another way ([`super::canonical`]) |
//! | number | number | number, whole ones perhaps as `3.0` |
//! | moment | `2026-01-02T03:04:05.000+0000` | the same moment with any offset |
//! | option, priority, version, issue | `{"id"}` | an object with more than that |
//! | option with one below it | `{"id","child":{"id"}}` | the same with more |
//! | account | `{"id"}` | `{"accountId"}` with more |
//! | group | `{"groupId"}` | `{"groupId","name"}` |
//! | several of these | a list | a list in any order, or null if it is empty |
//! | labels | a list of texts | the same |
//! | sprint | its number | a list of all sprints that it ever was in |
//!
//! Sources: the specification's example of `createIssue` (`{"id"}` of accounts, components, versions and priorities, texts,
//! documents, days); jira-facts 9 (documents in text fields with paragraphs) and 10.15 (moments); groups are best named by
//! id, since names change (jira-facts 4.6), and that `groupId` is taken when a field is written was not seen on a real site.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::adf;
use super::canonical::digest_of;
use super::time;
use crate::ids::{AccountId, IssueId};
use crate::mapping::FieldValue;
use crate::ticket::{Block, Shown, Span};

/// The value as it stands in a call that creates or changes an issue.
pub fn written(value: &FieldValue) -> Value {
    let ids = |name: &str, ids: &BTreeSet<String>| ids.iter().map(|id| json!({ (name): id })).collect();
    match value {
        FieldValue::Line(line) => json!(line),
        FieldValue::Paragraphs(paragraphs) => document(paragraphs),
        FieldValue::Number(number) => json!(number),
        FieldValue::Date(day) => json!(day.to_string()),
        FieldValue::DateTime(moment) => json!(moment.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()),
        FieldValue::Option(id) | FieldValue::Priority(id) | FieldValue::Version(id) => json!({ "id": id }),
        FieldValue::Options(all) | FieldValue::Versions(all) | FieldValue::Components(all) => ids("id", all),
        FieldValue::Cascading { option, below: None } => json!({ "id": option }),
        FieldValue::Cascading { option, below: Some(below) } => {
            json!({ "id": option, "child": { "id": below } })
        }
        FieldValue::User(account) => json!({ "id": account }),
        FieldValue::Users(accounts) => accounts.iter().map(|account| json!({ "id": account })).collect(),
        FieldValue::Group(id) => json!({ "groupId": id }),
        FieldValue::Groups(all) => ids("groupId", all),
        FieldValue::Labels(labels) => json!(labels),
        FieldValue::Parent(issue) => json!({ "id": issue }),
        FieldValue::Sprint(id) => json!(id),
    }
}

/// What an issue shows in a field into which we write values like `like`; none if its project does not have the field.
pub fn read(shown: Option<&Value>, like: &FieldValue) -> Shown {
    let Some(shown) = shown.filter(|shown| !is_empty(shown)) else { return Shown::Nothing };
    if let FieldValue::Paragraphs(paragraphs) = like {
        return read_document(shown, paragraphs);
    }
    match value(shown, like).map(FieldValue::normal) {
        Some(Some(value)) => Shown::Value(value),
        Some(None) => Shown::Nothing,
        None => Shown::Other,
    }
}

fn is_empty(shown: &Value) -> bool {
    match shown {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// None if it is of another shape than we write.
fn value(shown: &Value, like: &FieldValue) -> Option<FieldValue> {
    Some(match like {
        FieldValue::Line(_) => FieldValue::Line(shown.as_str()?.to_owned()),
        FieldValue::Paragraphs(_) => return None,
        FieldValue::Number(_) => FieldValue::Number(shown.as_number()?.clone()),
        FieldValue::Date(_) => FieldValue::Date(shown.as_str()?.parse().ok()?),
        FieldValue::DateTime(_) => FieldValue::DateTime(time::parse(shown.as_str()?)?),
        FieldValue::Option(_) => FieldValue::Option(text(shown, "id")?),
        FieldValue::Priority(_) => FieldValue::Priority(text(shown, "id")?),
        FieldValue::Version(_) => FieldValue::Version(text(shown, "id")?),
        FieldValue::Group(_) => FieldValue::Group(text(shown, "groupId")?),
        FieldValue::Options(_) => FieldValue::Options(texts(shown, "id")?),
        FieldValue::Versions(_) => FieldValue::Versions(texts(shown, "id")?),
        FieldValue::Components(_) => FieldValue::Components(texts(shown, "id")?),
        FieldValue::Groups(_) => FieldValue::Groups(texts(shown, "groupId")?),
        FieldValue::Cascading { .. } => {
            let child = shown.get("child").filter(|child| !child.is_null());
            let below = child.map_or(Some(None), |child| text(child, "id").map(Some))?;
            FieldValue::Cascading { option: text(shown, "id")?, below }
        }
        FieldValue::User(_) => FieldValue::User(account(shown)?),
        FieldValue::Users(_) => {
            let accounts = shown.as_array()?.iter().map(account);
            FieldValue::Users(accounts.collect::<Option<_>>()?)
        }
        FieldValue::Labels(_) => {
            let labels = shown.as_array()?.iter().map(|label| label.as_str().map(str::to_owned));
            FieldValue::Labels(labels.collect::<Option<_>>()?)
        }
        FieldValue::Parent(_) => FieldValue::Parent(IssueId::parse(&text(shown, "id")?).ok()?),
        FieldValue::Sprint(_) => FieldValue::Sprint(sprint(shown)?),
    })
}

/// A member that is a text or, as ids sometimes are, a number.
fn text(shown: &Value, name: &str) -> Option<String> {
    match shown.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(shown: &Value, name: &str) -> Option<BTreeSet<String>> {
    shown.as_array()?.iter().map(|shown| text(shown, name)).collect()
}

fn account(shown: &Value) -> Option<AccountId> {
    AccountId::parse(shown.get("accountId")?.as_str()?).ok()
}

/// Of all sprints that the issue was ever in the one that is active, else the last.
fn sprint(shown: &Value) -> Option<u64> {
    let sprints = shown.as_array()?;
    let active = sprints.iter().find(|sprint| sprint.get("state").is_some_and(|state| state == "active"));
    text(active.or(sprints.last())?, "id")?.parse().ok()
}

fn document(paragraphs: &[String]) -> Value {
    let blocks = paragraphs.iter().map(|text| Block::Paragraph(vec![Span::Text(text.clone())]));
    adf::document(&blocks.collect::<Vec<_>>())
}

/// A document that holds what we wrote, or would write, is that; what people write otherwise is compared by its texts, and
/// what is more than paragraphs of text is never ours.
fn read_document(shown: &Value, like: &[String]) -> Shown {
    let digest = digest_of(Some(shown));
    if digest == digest_of(None) {
        return Shown::Nothing;
    }
    let is_written_as = |paragraphs: &[String]| digest_of(Some(&document(paragraphs))) == digest;
    if is_written_as(like) {
        return Shown::Value(FieldValue::Paragraphs(like.to_vec()));
    }
    let blocks = shown.get("content").and_then(Value::as_array);
    let words = |block: &Value| -> String {
        let nodes = block.get("content").and_then(Value::as_array).into_iter().flatten();
        nodes.filter_map(|node| node.get("text")?.as_str()).collect()
    };
    let texts: Vec<String> =
        blocks.into_iter().flatten().map(words).filter(|text| !text.is_empty()).collect();
    if is_written_as(&texts) { Shown::Value(FieldValue::Paragraphs(texts)) } else { Shown::Other }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
