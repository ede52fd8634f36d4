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

/// Puts a value into an issue; gives the changelog item if that changed anything.
pub(crate) fn assign(issue: &mut Issue, assignment: Assignment, accounts: &Accounts) -> Option<ChangeItem> {
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
            return (!same).then_some(item);
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
            let custom = id.starts_with("customfield_");
            let side = |value: &Value| side(value, accounts);
            let mut item = ChangeItem::new(if custom { &name } else { &id }, side(&before), side(&value));
            item.field_id = Some(id);
            return (before != value).then_some(item);
        }
    };
    (item.from != item.to).then_some(item)
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
        Value::Object(_) => match (member("accountId"), member("value")) {
            (Some(id), _) => {
                let name = accounts.get(&id).map(|account| account.name).unwrap_or_default();
                (id, name)
            }
            (None, Some(words)) => (member("id").unwrap_or_default(), words),
            (None, None) => (String::new(), adf::plain_text(value)),
        },
        other => (String::new(), other.to_string()),
    };
    Some((machine, words)).filter(|(_, words)| !words.is_empty())
}
