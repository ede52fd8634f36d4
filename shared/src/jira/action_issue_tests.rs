use serde_json::{Map, Value, json};

use crate::action::NewIssue;
use crate::ids::{ActionId, IssueTypeId, ProjectId};
use crate::jira::create::Created;
use crate::jira::scripted::{Stage, anonymous, answer, text};

fn action() -> ActionId {
    ActionId::parse("act-1").unwrap()
}

fn project() -> ProjectId {
    ProjectId::parse("10003").unwrap()
}

fn new_issue() -> NewIssue {
    let mut fields = Map::new();
    fields.insert("customfield_10010".to_owned(), json!({ "value": "High" }));
    NewIssue {
        project: "SEC".to_owned(),
        issue_type: IssueTypeId::parse("10100").unwrap(),
        summary: " Rotate the keys ".to_owned(),
        description: Some("First line\nsecond line\r\n\r\n\n  \nAnother paragraph".to_owned()),
        labels: ["keys".to_owned(), "assay".to_owned()].into(),
        fields,
    }
}

#[tokio::test]
async fn the_issue_carries_the_actions_property_our_label_and_what_was_given() {
    let created = json!({ "issues": [{ "id": "20001", "key": "SEC-1", "self": "x" }], "errors": [] });
    let stage = Stage::new(vec![answer(201, created)]);
    let outcome = stage.client.create_issue_of(&action(), &project(), &new_issue()).await;
    let Created::Issue { issue, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(issue.key, "SEC-1");
    let sent = &stage.body(0)["issueUpdates"][0];
    assert_eq!(sent["properties"], json!([{ "key": "assay.action", "value": { "id": "act-1" } }]));
    let fields = &sent["fields"];
    assert_eq!(fields["labels"], json!(["assay", "keys"]));
    assert_eq!(fields["summary"], "Rotate the keys");
    assert_eq!((&fields["project"]["id"], &fields["issuetype"]["id"]), (&json!("10003"), &json!("10100")));
    assert_eq!(fields["customfield_10010"], json!({ "value": "High" }));
    let text = |text: &str| json!({ "type": "text", "text": text });
    let paragraph = |content: Vec<Value>| json!({ "type": "paragraph", "content": content });
    assert_eq!(
        fields["description"]["content"],
        json!([
            paragraph(vec![text("First line"), json!({ "type": "hardBreak" }), text("second line")]),
            paragraph(vec![text("Another paragraph")]),
        ])
    );
}

#[tokio::test]
async fn a_refusal_is_no_doubt_and_a_lost_answer_is_one() {
    let stage = Stage::new(vec![answer(403, json!({ "errorMessages": ["no"], "errors": {} }))]);
    let outcome = stage.client.create_issue_of(&action(), &project(), &new_issue()).await;
    assert!(matches!(outcome, Created::Refused { .. }), "{outcome:?}");
    let stage = Stage::new(vec![text(503, "")]);
    let outcome = stage.client.create_issue_of(&action(), &project(), &new_issue()).await;
    assert!(matches!(outcome, Created::InDoubt { .. }), "{outcome:?}");
    stage.done();
}

fn found(id: u32, action: &str, created: &str) -> Value {
    json!({
        "id": id.to_string(), "key": format!("SEC-{id}"), "fields": { "created": created },
        "properties": { "assay.action": { "id": action } },
    })
}

#[tokio::test]
async fn the_actions_issues_are_told_from_others_by_the_property_oldest_first() {
    let (late, early) = ("2026-03-01T11:00:00.000+0100", "2026-03-01T10:59:00.000+0100");
    let other = json!({ "id": "9", "key": "SEC-9", "fields": { "created": late }, "properties": {} });
    let issues = [found(3, "act-1", late), found(2, "act-1", early), found(4, "act-2", early), other];
    let stage = Stage::new(vec![answer(200, json!({ "issues": issues, "isLast": true }))]);
    let issues = stage.client.issues_of(&action(), &project(), stage.client.now()).await.unwrap();
    let keys: Vec<&str> = issues.iter().map(|issue| issue.key.as_str()).collect();
    assert_eq!(keys, ["SEC-2", "SEC-3"]);
    let body = stage.body(0);
    assert!(body["jql"].as_str().unwrap().contains("labels = assay"), "{body}");
    assert_eq!(body["properties"], json!(["assay.action"]));
}

#[tokio::test]
async fn nothing_found_by_somebody_else_is_no_absence() {
    let nothing = || answer(200, json!({ "issues": [], "isLast": true }));
    let stage = Stage::new(vec![anonymous(nothing()), anonymous(text(401, ""))]);
    assert!(stage.client.issues_of(&action(), &project(), stage.client.now()).await.is_err());
    let stage =
        Stage::new(vec![answer(200, json!({ "issues": [found(3, "act-1", "soon")], "isLast": true }))]);
    assert!(stage.client.issues_of(&action(), &project(), stage.client.now()).await.is_err());
}

#[tokio::test]
async fn what_is_worth_knowing_before_a_delete_is_read_in_one_call() {
    let issue = json!({
        "id": "20001", "key": "SEC-1",
        "fields": {
            "summary": "Old", "project": { "id": "10003" },
            "status": { "id": "1", "name": "Open", "statusCategory": { "key": "new" } },
            "subtasks": [{ "id": "20002", "key": "SEC-2" }],
            "comment": { "comments": [], "total": 3 },
        },
        "properties": { "assay.ticket": { "id": "tkt-1" } },
    });
    let stage = Stage::new(vec![answer(200, issue)]);
    let found = stage.client.issue_to_delete("SEC-1").await.unwrap().unwrap();
    assert_eq!(found.project, project());
    let facts = found.facts;
    assert_eq!((facts.id.as_str(), facts.key.as_str(), facts.title.as_str()), ("20001", "SEC-1", "Old"));
    assert_eq!(
        (facts.status.as_str(), facts.comments, facts.subtasks),
        ("Open", 3, vec!["SEC-2".to_owned()])
    );
    assert_eq!(facts.ticket.unwrap().as_str(), "tkt-1");
    let gone = Stage::new(vec![text(404, "")]);
    assert_eq!(gone.client.issue_to_delete("SEC-1").await.unwrap(), None);
    let hidden = Stage::new(vec![anonymous(text(404, "")), anonymous(text(401, ""))]);
    assert!(hidden.client.issue_to_delete("SEC-1").await.is_err());
}
