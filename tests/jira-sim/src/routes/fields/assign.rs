//! Putting a value into an issue, and what the changelog says of it.

use serde_json::Value;

use crate::{
    adf,
    state::{
        accounts::Accounts,
        issue::{ChangeItem, Issue},
        vocabulary::PRIORITIES,
    },
};

/// One field with a value that it can take.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Assignment {
    Summary(String),
    Description(Option<Value>),
    Priority(Option<u8>),
    Assignee(Option<String>),
    Reporter(String),
    Labels(Vec<String>),
    Parent(Option<u64>),
    /// A field without a rule of its own: id, name and value.
    Other(String, String, Value),
}

/// Puts a value into an issue; gives what the changelog says if that changed anything: one item, or one for each
/// version and component that came or went.
pub(crate) fn assign(issue: &mut Issue, assignment: Assignment, accounts: &Accounts) -> Vec<ChangeItem> {
    let person = |id: &Option<String>| {
        let name = |id: &String| accounts.get(id).map(|account| account.name).unwrap_or_default();
        id.as_ref().map(|id| (id.clone(), name(id)))
    };
    let words = |text: String| Some((String::new(), text)).filter(|(_, text)| !text.is_empty());
    let item = match assignment {
        Assignment::Summary(text) => {
            let before = std::mem::replace(&mut issue.summary, text);
            ChangeItem::new("summary", words(before), words(issue.summary.clone()))
        }
        Assignment::Description(document) => {
            let before = std::mem::replace(&mut issue.description, document);
            let text = |value: &Option<Value>| words(value.as_ref().map(adf::plain_text).unwrap_or_default());
            let same = before == issue.description;
            let item = ChangeItem::new("description", text(&before), text(&issue.description));
            return Vec::from_iter((!same).then_some(item));
        }
        Assignment::Priority(priority) => {
            let before = std::mem::replace(&mut issue.priority, priority);
            let named = |id: Option<u8>| {
                let found = PRIORITIES.iter().find(|(known, ..)| Some(*known) == id);
                found.map(|(id, name, _)| (id.to_string(), (*name).to_owned()))
            };
            ChangeItem::new("priority", named(before), named(priority))
        }
        Assignment::Assignee(account) => {
            let before = std::mem::replace(&mut issue.assignee, account);
            ChangeItem::new("assignee", person(&before), person(&issue.assignee))
        }
        Assignment::Reporter(account) => {
            let before = std::mem::replace(&mut issue.reporter, account);
            ChangeItem::new("reporter", person(&Some(before)), person(&Some(issue.reporter.clone())))
        }
        Assignment::Labels(labels) => {
            let before = std::mem::replace(&mut issue.labels, labels);
            ChangeItem::new("labels", words(before.join(" ")), words(issue.labels.join(" ")))
        }
        Assignment::Parent(parent) => {
            let before = std::mem::replace(&mut issue.parent, parent);
            let side = |id: Option<u64>| id.map(|id| (id.to_string(), id.to_string()));
            ChangeItem {
                field_id: None,
                ..ChangeItem::new("IssueParentAssociation", side(before), side(parent))
            }
        }
        Assignment::Other(id, name, value) => {
            let before = issue.fields.insert(id.clone(), value.clone()).unwrap_or(Value::Null);
            if let Some(word) = listed(&id) {
                return one_by_one(word, &id, &before, &value);
            }
            let custom = id.starts_with("customfield_");
            let side = |value: &Value| side(value, accounts);
            let mut item = ChangeItem::new(if custom { &name } else { &id }, side(&before), side(&value));
            item.field_id = Some(id);
            return Vec::from_iter((before != value).then_some(item));
        }
    };
    Vec::from_iter((item.from != item.to).then_some(item))
}

/// How the changelog calls the fields whose elements it tells one by one.
fn listed(field: &str) -> Option<&'static str> {
    match field {
        "components" => Some("Component"),
        "fixVersions" => Some("Fix Version"),
        "versions" => Some("Version"),
        _ => None,
    }
}

fn one_by_one(word: &str, id: &str, before: &Value, after: &Value) -> Vec<ChangeItem> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (before, after) = (list(before), list(after));
    let side = |value: &Value| {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Some((text("id"), text("name")))
    };
    let gone = before.iter().filter(|value| !after.contains(value)).map(|value| (side(value), None));
    let come = after.iter().filter(|value| !before.contains(value)).map(|value| (None, side(value)));
    let item = |(from, to)| ChangeItem { field_id: Some(id.to_owned()), ..ChangeItem::new(word, from, to) };
    gone.chain(come).map(item).collect()
}

/// One side of a change of a field without a rule of its own: machine value, if it has one, and words.
fn side(value: &Value, accounts: &Accounts) -> Option<(String, String)> {
    let member = |name: &str| value[name].as_str().map(str::to_owned);
    let (machine, words) = match value {
        Value::Null => return None,
        Value::String(text) => (String::new(), text.clone()),
        Value::Array(values) => {
            let sides: Vec<(String, String)> =
                values.iter().filter_map(|value| side(value, accounts)).collect();
            let ids: Vec<&str> =
                sides.iter().map(|(id, _)| id.as_str()).filter(|id| !id.is_empty()).collect();
            let words: Vec<&str> = sides.iter().map(|(_, words)| words.as_str()).collect();
            let machine = if ids.is_empty() { String::new() } else { format!("[{}]", ids.join(", ")) };
            (machine, words.join(","))
        }
        Value::Object(_) => match (member("accountId"), member("value"), member("name")) {
            (Some(id), ..) => {
                let name = accounts.get(&id).map(|account| account.name).unwrap_or_default();
                (id, name)
            }
            (None, Some(words), _) => cascaded(value, &member("id").unwrap_or_default(), words),
            (None, None, Some(name)) => {
                (member("id").or_else(|| member("groupId")).unwrap_or_default(), name)
            }
            (None, None, None) if value["type"] == "doc" => (String::new(), adf::plain_text(value)),
            (None, None, None) => (String::new(), value.to_string()),
        },
        other => (String::new(), other.to_string()),
    };
    Some((machine, words)).filter(|(_, words)| !words.is_empty())
}

/// A choice, and how the changelog writes one with a choice below it.
fn cascaded(value: &Value, id: &str, words: String) -> (String, String) {
    let child = &value["child"];
    let Some((child_id, child)) = child["id"].as_str().zip(child["value"].as_str()) else {
        return (id.to_owned(), words);
    };
    (String::new(), format!("Parent values: {words}({id})Level 1 values: {child}({child_id})"))
}
