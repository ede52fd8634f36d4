use serde_json::{Value, json};

use super::Change;
use crate::ids::IssueId;
use crate::jira::error::JiraError;
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{Stage, answer, text};

async fn history(answers: Vec<Result<Response, SendError>>) -> (Result<Vec<Change>, JiraError>, Stage) {
    let stage = Stage::new(answers);
    let history = stage.client.history(&IssueId::parse("7").unwrap()).await;
    stage.done();
    (history, stage)
}

fn entry(id: u32, created: &Value, items: &Value) -> Value {
    json!({ "id": id.to_string(), "author": { "accountId": "acc-1" }, "created": created, "items": items })
}

fn page(is_last: Option<bool>, values: &[Value]) -> Result<Response, SendError> {
    answer(200, json!({ "isLast": is_last, "values": values }))
}

#[tokio::test]
async fn all_pages_are_read_and_a_short_one_is_not_the_end() {
    let one = |id: u32| {
        let created = json!(format!("2026-03-01T10:00:0{id}.000+0000"));
        entry(id, &created, &json!([{ "field": "summary", "fieldId": "summary", "toString": "x" }]))
    };
    let (changes, stage) =
        history(vec![page(Some(false), &[one(1), one(2)]), page(Some(true), &[one(3)])]).await;
    let ids: Vec<String> = changes.unwrap().into_iter().map(|change| change.id).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(stage.url(1).ends_with("/issue/7/changelog?startAt=2&maxResults=100"), "{}", stage.url(1));
    let (changes, _) = history(vec![page(None, &[one(1)]), page(None, &[])]).await;
    assert_eq!(changes.unwrap().len(), 1);
}

#[tokio::test]
async fn every_item_is_a_change_of_one_field_and_says_what_it_was_and_became() {
    let items = json!([
        { "field": "status", "fieldId": "status", "from": "1", "fromString": "To Do", "to": "3", "toString": "Done" },
        { "field": "labels", "fieldId": "labels", "from": "", "fromString": "a", "to": "", "toString": "a b" },
        { "field": "assignee", "fieldId": "assignee", "from": null, "fromString": null, "to": "acc-2", "toString": "Mia" },
        { "field": "IssueParentAssociation", "from": "10", "to": null, "toString": "" },
        { "from": "1" },
    ]);
    let (changes, _) =
        history(vec![page(Some(true), &[entry(1, &json!("2026-03-01T11:00:00.000+0100"), &items)])]).await;
    let changes = changes.unwrap();
    let written: Vec<(&str, Option<&str>, Option<&str>)> = changes
        .iter()
        .map(|change| (change.field.as_str(), change.from.as_deref(), change.to.as_deref()))
        .collect();
    assert_eq!(
        written,
        [
            ("status", Some("1"), Some("3")),
            ("labels", Some("a"), Some("a b")),
            ("assignee", None, Some("acc-2")),
            ("issueparentassociation", Some("10"), None),
        ]
    );
    assert_eq!(changes[0].author.as_ref().unwrap().as_str(), "acc-1");
    assert_eq!(changes[0].at, "2026-03-01T10:00:00Z".parse().unwrap());
}

#[tokio::test]
async fn moments_are_read_as_text_and_as_numbers_and_the_oldest_comes_first() {
    let items = json!([{ "field": "Summary" }]);
    let later = entry(2, &json!("2026-03-01T10:00:00.000+0000"), &items);
    let mut earlier = entry(1, &json!(1_492_070_429_000_i64), &items);
    earlier["author"] = Value::Null;
    let (changes, _) = history(vec![page(Some(true), &[later, earlier])]).await;
    let changes = changes.unwrap();
    assert_eq!((changes[0].id.as_str(), changes[1].id.as_str()), ("1", "2"));
    assert_eq!((changes[0].author.as_ref(), changes[0].field.as_str()), (None, "summary"));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_not_an_empty_history() {
    assert!(history(vec![text(404, "")]).await.0.is_err());
    assert!(history(vec![answer(200, json!({ "isLast": true }))]).await.0.is_err());
    let broken = entry(1, &json!("soon"), &json!([]));
    assert!(history(vec![page(Some(true), &[broken])]).await.0.is_err());
}
