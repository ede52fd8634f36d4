use serde_json::json;

use super::{body, change_of, usual};
use crate::form::Fields;

const CHOSEN: &str = "scope=B2&connection=con-1&project=10002&issue_type=10100&project_query=sec&try=1";

#[test]
fn what_was_chosen_becomes_the_body_and_what_was_not_is_as_usual() {
    let fields = usual(Fields::of_query(&format!("{CHOSEN}&labels=soc2&labels=a%2C+b&epic=&done_status=")));
    assert_eq!(
        body(&fields).unwrap(),
        json!({
            "scope": "B2", "connection": "con-1", "project": "10002", "issue_type": "10100", "epic": null,
            "labels": ["soc2", "a", "b"], "mode": "individual", "closure_rule": "all", "done_status": null,
            "reopen_rule": "both", "gone_policy": "ask",
        })
    );
}

#[test]
fn what_is_missing_is_named_at_its_field() {
    for name in ["connection", "project", "issue_type"] {
        let without = CHOSEN.replace(&format!("{name}="), "x=");
        assert_eq!(body(&usual(Fields::of_query(&without))).unwrap_err().field.as_deref(), Some(name));
    }
}

#[test]
fn a_change_takes_away_what_was_emptied_and_leaves_scope_and_connection() {
    let change = change_of(body(&usual(Fields::of_query(CHOSEN))).unwrap());
    assert!(change.get("scope").is_none() && change.get("connection").is_none());
    assert!(change["epic"].is_null() && change["done_status"].is_null() && change["labels"] == json!([]));
}
