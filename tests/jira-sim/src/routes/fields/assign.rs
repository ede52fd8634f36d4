//! Putting a value into an issue, and what the changelog says of it.

use serde_json::Value;

use crate::{
    adf,
    state::{
        account::Accounts,
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
    Other(String, Value),
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
        Assignment::Other(field, value) => {
            let before = issue.fields.insert(field.clone(), value.clone()).unwrap_or(Value::Null);
            let text = |value: &Value| {
                words(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    .filter(|_| !value.is_null())
            };
            ChangeItem::new(&field, text(&before), text(&value))
        }
    };
    (item.from != item.to).then_some(item)
}
