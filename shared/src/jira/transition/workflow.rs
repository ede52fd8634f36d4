//! The little workflows that the tests of transitions walk through.

use serde_json::{Value, json};

use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{answer, text};

/// What Jira answers.
pub(super) type Answer = Result<Response, SendError>;

/// Status `id` of the little workflows of the tests; the number says its category: 1x new, 2x indeterminate, 3x done.
fn status(id: u32) -> Value {
    let key = match id / 10 {
        1 => "new",
        2 => "indeterminate",
        _ => "done",
    };
    json!({ "id": id.to_string(), "name": format!("Status {id}"), "statusCategory": { "key": key } })
}

/// The issue is in the status.
pub(super) fn stands_at(id: u32) -> Answer {
    answer(200, json!({ "id": "7", "key": "SEC-7", "fields": { "status": status(id) } }))
}

/// A transition to the status, with the fields of its screen.
pub(super) fn move_to(id: u32, fields: &Value) -> Value {
    json!({ "id": format!("to-{id}"), "name": format!("Go to {id}"), "to": status(id), "fields": fields })
}

/// The transitions, without screens.
pub(super) fn offers(targets: &[u32]) -> Answer {
    let moves: Vec<Value> = targets.iter().map(|id| move_to(*id, &json!({}))).collect();
    answer(200, json!({ "transitions": moves }))
}

/// The answer to a transition that was made.
pub(super) fn moved() -> Answer {
    text(204, "")
}
