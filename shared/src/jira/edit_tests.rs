use serde_json::{Value, json};

use super::{Edited, FieldChanges};
use crate::ids::{AccountId, IssueId};
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{ACCOUNT, Stage, anonymous, answer, in_doubt, limited, not_sent, text};
use crate::mapping::FieldValue;
use crate::ticket::{Block, Span};

type Answer = Result<Response, SendError>;

async fn edit(changes: &FieldChanges, answers: Vec<Answer>) -> (Edited, Stage) {
    let stage = Stage::new(answers);
    let edited = stage.client.edit_issue(&IssueId::parse("7").unwrap(), changes).await;
    stage.done();
    (edited, stage)
}

fn of_labels(added: &[&str], removed: &[&str]) -> FieldChanges {
    let set = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    FieldChanges { labels_add: set(added), labels_remove: set(removed), ..FieldChanges::default() }
}

fn everything() -> FieldChanges {
    FieldChanges {
        summary: Some("New\ntitle".to_owned()),
        description: Some(vec![Block::Paragraph(vec![Span::Text("Why".to_owned())])]),
        assignee: Some(Some(AccountId::parse("acc-1").unwrap())),
        due_on: Some(Some("2026-03-08".parse().unwrap())),
        parent: Some(Some(IssueId::parse("10500").unwrap())),
        ..of_labels(&["a b"], &["old"])
    }
}

#[tokio::test]
async fn all_changes_go_in_one_call_and_other_peoples_labels_stay() {
    let (edited, stage) = edit(&everything(), vec![text(204, "")]).await;
    assert!(matches!(edited, Edited::Done(call) if call.status == Some(204)));
    assert_eq!(stage.calls(), ["PUT /issue/7"]);
    let body = stage.body(0);
    assert_eq!(body["fields"]["summary"], "New title");
    assert_eq!(body["fields"]["description"]["type"], "doc");
    assert_eq!(body["fields"]["assignee"], json!({ "id": "acc-1" }));
    assert_eq!(body["fields"]["duedate"], "2026-03-08");
    assert_eq!(body["fields"]["parent"], json!({ "id": "10500" }));
    assert_eq!(body["update"], json!({ "labels": [{ "add": "a-b" }, { "remove": "old" }] }));
}

#[tokio::test]
async fn fields_are_emptied_with_null_and_the_parent_with_its_own_word() {
    let changes = FieldChanges {
        assignee: Some(None),
        due_on: Some(None),
        parent: Some(None),
        ..FieldChanges::default()
    };
    let (_, stage) = edit(&changes, vec![text(204, "")]).await;
    let expected = json!({
        "fields": { "assignee": null, "duedate": null },
        "update": { "parent": [{ "set": { "none": true } }] },
    });
    assert_eq!(stage.body(0), expected);
}

#[tokio::test]
async fn a_field_is_never_in_both_halves_and_a_label_is_not_added_and_removed() {
    for changes in [everything(), FieldChanges { parent: Some(None), ..everything() }] {
        let (fields, update) = changes.body();
        assert!(fields.keys().all(|field| !update.contains_key(field)), "{fields:?} {update:?}");
    }
    let (_, stage) = edit(&of_labels(&["x", " "], &["x", "y"]), vec![text(204, "")]).await;
    assert_eq!(stage.body(0), json!({ "update": { "labels": [{ "add": "x" }, { "remove": "y" }] } }));
}

#[tokio::test]
async fn nothing_to_change_makes_no_call() {
    assert!(FieldChanges::default().is_empty() && !everything().is_empty());
    let (edited, stage) = edit(&FieldChanges::default(), vec![]).await;
    assert!(matches!(edited, Edited::Done(call) if call.status.is_none()));
    assert!(stage.calls().is_empty());
}

#[tokio::test]
async fn a_refusal_names_the_fields_that_were_sent_and_are_to_blame() {
    let cases: [(Value, &[&str], &[&str]); 5] = [
        (json!({ "assignee": "cannot be assigned" }), &[], &["assignee"]),
        (json!({ "labels": "no", "parent": "no", "customfield_1": "no" }), &[], &["labels", "parent"]),
        (json!({ "priority": "is required" }), &[], &[]),
        (json!({}), &["Field 'duedate' cannot be set."], &["duedate"]),
        (json!({}), &["You may not edit this."], &[]),
    ];
    for (errors, messages, expected) in cases {
        let body = json!({ "errors": errors, "errorMessages": messages });
        let (edited, _) = edit(&everything(), vec![answer(400, body)]).await;
        let Edited::Refused { reason, fields, call } = edited else { panic!("{edited:?}") };
        assert_eq!(fields, expected, "{errors}");
        assert!(reason.contains("status 400") && call.status == Some(400), "{reason}");
    }
    let (edited, _) = edit(&everything(), vec![text(403, "")]).await;
    assert!(matches!(edited, Edited::Refused { fields, .. } if fields.is_empty()));
}

#[tokio::test]
async fn a_failed_edit_is_sent_once_and_sorted_by_whether_it_may_have_had_an_effect() {
    for (failure, expected) in [
        (text(409, ""), "conflict"),
        (text(404, ""), "gone"),
        (text(422, ""), "refused"),
        (text(401, ""), "not yet"),
        (limited("jira-per-issue-on-write", Some(3)), "not yet"),
        (not_sent(), "not yet"),
        (text(408, ""), "in doubt"),
        (text(499, ""), "in doubt"),
        (text(503, ""), "in doubt"),
        (text(302, ""), "in doubt"),
        (in_doubt(), "in doubt"),
    ] {
        let (edited, stage) = edit(&everything(), vec![failure]).await;
        let word = match &edited {
            Edited::Done(_) => "done",
            Edited::Conflict(_) => "conflict",
            Edited::Refused { .. } => "refused",
            Edited::Gone(_) => "gone",
            Edited::NotYet { .. } => "not yet",
            Edited::InDoubt { .. } => "in doubt",
        };
        assert_eq!(word, expected, "{edited:?}");
        assert_eq!(stage.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_anonymous_404_is_not_believed() {
    let unconfirmed = vec![anonymous(text(404, "")), anonymous(text(401, ""))];
    let (edited, _) = edit(&everything(), unconfirmed).await;
    assert!(matches!(edited, Edited::NotYet { call: Some(call), .. } if call.status == Some(404)));
    let confirmed = vec![anonymous(text(404, "")), anonymous(answer(200, json!({ "accountId": ACCOUNT })))];
    assert!(matches!(edit(&everything(), confirmed).await.0, Edited::Gone(_)));
}

#[tokio::test]
async fn further_fields_go_in_the_same_call_and_are_blamed_by_their_ids() {
    let fields = [
        ("customfield_1".to_owned(), FieldValue::Option("10".to_owned())),
        ("customfield_2".to_owned(), FieldValue::Line("text".to_owned())),
    ];
    let changes = FieldChanges { fields: fields.into(), ..everything() };
    let refusal =
        json!({ "errorMessages": [], "errors": { "customfield_1": "Option id '10' is not valid" } });
    let (edited, stage) = edit(&changes, vec![answer(400, refusal)]).await;
    let body = stage.body(0);
    assert_eq!(
        (&body["fields"]["customfield_1"], &body["fields"]["summary"]),
        (&json!({ "id": "10" }), &json!("New title"))
    );
    assert!(matches!(edited, Edited::Refused { fields, .. } if fields == ["customfield_1"]));
}
