use serde_json::{Value, json};

use super::{Created, NewIssue};
use crate::ids::{AccountId, IssueId, IssueTypeId, ProjectId, TicketId};
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{Stage, answer, in_doubt, limited, not_sent, text};
use crate::mapping::{FieldValue, Mapped};
use crate::ticket::{Block, Content, Span};

type Answer = Result<Response, SendError>;

fn content() -> Content {
    Content {
        title: "Assign CHG-1".to_owned(),
        body: vec![Block::Paragraph(vec![Span::Text("Why".to_owned())])],
        body_digest: String::new(),
        labels: vec!["my label".to_owned(), "assay".to_owned(), String::new()],
        assignee: Some(AccountId::parse("acc-1").unwrap()),
        due_on: Some("2026-03-08".parse().unwrap()),
        epic: Some(IssueId::parse("10500").unwrap()),
        fields: std::collections::BTreeMap::new(),
    }
}

/// Creates `number` issues with these answers; gives what became of each in a word, and the stage.
async fn create(number: usize, left_out: &[String], answers: Vec<Answer>) -> (Vec<Created>, Stage) {
    let stage = Stage::new(answers);
    let tickets: Vec<TicketId> =
        (0..number).map(|number| TicketId::parse(&format!("tkt-{number}")).unwrap()).collect();
    let content = content();
    let new: Vec<NewIssue<'_>> =
        tickets.iter().map(|ticket| NewIssue { ticket, content: &content, left_out }).collect();
    let project = ProjectId::parse("10003").unwrap();
    let issue_type = IssueTypeId::parse("10100").unwrap();
    let created = stage.client.create_issues(&project, &issue_type, &new).await;
    assert_eq!(created.len(), number);
    stage.done();
    (created, stage)
}

fn words(created: &[Created]) -> Vec<String> {
    let word = |created: &Created| match created {
        Created::Issue { issue, .. } => issue.key.clone(),
        Created::Refused { .. } => "refused".to_owned(),
        Created::Postponed { .. } => "postponed".to_owned(),
        Created::InDoubt { .. } => "in doubt".to_owned(),
    };
    created.iter().map(word).collect()
}

fn issues(numbers: &[u32]) -> Vec<Value> {
    numbers.iter().map(|number| json!({ "id": number.to_string(), "key": format!("SEC-{number}") })).collect()
}

fn failure(number: usize, status: u16, errors: &Value, messages: &[&str]) -> Value {
    json!({
        "failedElementNumber": number, "status": status,
        "elementErrors": { "errorMessages": messages, "errors": errors },
    })
}

#[tokio::test]
async fn each_issue_carries_its_property_our_label_and_its_content_in_one_call() {
    let (created, stage) =
        create(2, &[], vec![answer(201, json!({ "issues": issues(&[1, 2]), "errors": [] }))]).await;
    assert_eq!(words(&created), ["SEC-1", "SEC-2"]);
    assert_eq!(stage.calls(), ["POST /issue/bulk"]);
    let element = &stage.body(0)["issueUpdates"][1];
    assert_eq!(element["properties"], json!([{ "key": "assay.ticket", "value": { "id": "tkt-1" } }]));
    let fields = &element["fields"];
    assert_eq!(fields["project"], json!({ "id": "10003" }));
    assert_eq!(fields["issuetype"], json!({ "id": "10100" }));
    assert_eq!(fields["summary"], "Assign CHG-1");
    assert_eq!(fields["labels"], json!(["assay", "my-label"]));
    assert_eq!(fields["description"]["type"], "doc");
    assert_eq!(fields["assignee"], json!({ "id": "acc-1" }));
    assert_eq!(fields["duedate"], "2026-03-08");
    assert_eq!(fields["parent"], json!({ "id": "10500" }));
    let Created::Issue { issue, call } = &created[0] else { panic!("{created:?}") };
    assert_eq!((issue.id.as_str(), call.status), ("1", Some(201)));
}

#[tokio::test]
async fn fields_that_were_refused_before_are_left_out() {
    let left_out = ["assignee", "duedate"].map(str::to_owned);
    let (_, stage) = create(1, &left_out, vec![answer(201, json!({ "issues": issues(&[1]) }))]).await;
    let fields = &stage.body(0)["issueUpdates"][0]["fields"];
    assert!(fields.get("assignee").is_none() && fields.get("duedate").is_none());
    assert!(fields.get("parent").is_some());
}

#[tokio::test]
async fn fifty_go_in_a_call_and_the_order_is_kept() {
    let first: Vec<u32> = (1..=50).collect();
    let (created, stage) = create(
        52,
        &[],
        vec![
            answer(201, json!({ "issues": issues(&first) })),
            answer(201, json!({ "issues": issues(&[51, 52]) })),
        ],
    )
    .await;
    assert_eq!(stage.body(0)["issueUpdates"].as_array().unwrap().len(), 50);
    let expected: Vec<String> = (1..=52).map(|number| format!("SEC-{number}")).collect();
    assert_eq!(words(&created), expected);
}

#[tokio::test]
async fn each_element_of_a_partial_success_is_judged_for_itself() {
    let errors = [
        failure(1, 400, &json!({ "assignee": "User 'x' cannot be assigned issues." }), &[]),
        failure(3, 500, &json!({}), &[]),
        failure(4, 429, &json!({}), &[]),
    ];
    let body = json!({ "issues": issues(&[1, 2]), "errors": errors });
    let (created, _) = create(5, &[], vec![answer(201, body)]).await;
    assert_eq!(words(&created), ["SEC-1", "refused", "SEC-2", "in doubt", "postponed"]);
}

#[tokio::test]
async fn only_optional_fields_that_were_sent_and_are_alone_to_blame_can_be_left_out() {
    let cases: [(Value, &[&str], &[&str]); 7] = [
        (json!({ "assignee": "no" }), &[], &["assignee"]),
        (
            json!({ "assignee": "no", "duedate": "no", "parent": "no" }),
            &[],
            &["assignee", "duedate", "parent"],
        ),
        (json!({ "assignee": "no", "customfield_1": "is required" }), &[], &[]),
        (json!({ "assignee": "no" }), &["Something else"], &[]),
        (json!({ "priority": "is required" }), &[], &[]),
        (json!({ "summary": "no" }), &[], &[]),
        (json!({}), &["Issue creation is not allowed"], &[]),
    ];
    for (errors, messages, expected) in cases {
        let body = json!({ "issues": [], "errors": [failure(0, 400, &errors, messages)] });
        let (created, _) = create(1, &[], vec![answer(400, body)]).await;
        let [Created::Refused { optional_fields, reason, call }] = created.as_slice() else {
            panic!("{created:?}")
        };
        assert_eq!(optional_fields, expected, "{errors}");
        assert!(!reason.is_empty());
        assert_eq!(call.status, Some(400));
    }
    let left_out = ["assignee".to_owned()];
    let body = json!({ "errors": [failure(0, 400, &json!({ "assignee": "is required" }), &[])] });
    let (created, _) = create(1, &left_out, vec![answer(400, body)]).await;
    assert!(matches!(&created[0], Created::Refused { optional_fields, .. } if optional_fields.is_empty()));
}

#[tokio::test]
async fn an_answer_that_does_not_add_up_puts_every_issue_in_doubt() {
    for body in [
        json!({ "issues": issues(&[1]), "errors": [] }),
        json!({ "issues": issues(&[1, 2, 3]), "errors": [] }),
        json!({ "issues": issues(&[1, 1]), "errors": [] }),
        json!({ "issues": issues(&[1]), "errors": [failure(2, 400, &json!({}), &[])] }),
        json!({ "issues": [], "errors": [failure(0, 400, &json!({}), &[]), failure(0, 400, &json!({}), &[])] }),
        json!({ "issues": [{ "id": "1" }, { "id": "2" }], "errors": [] }),
        json!({ "issues": [], "errors": [] }),
        json!({}),
        json!([]),
    ] {
        let (created, _) = create(2, &[], vec![answer(201, body.clone())]).await;
        assert_eq!(words(&created), ["in doubt", "in doubt"], "{body}");
    }
    for broken in ["", "<html>", r#"{"issues":[{"id":"1","#] {
        let (created, _) = create(2, &[], vec![text(201, broken)]).await;
        assert_eq!(words(&created), ["in doubt", "in doubt"], "{broken}");
    }
    let half = json!({ "issues": [], "errors": [failure(0, 400, &json!({}), &[])] });
    let (created, _) = create(2, &[], vec![answer(400, half)]).await;
    assert_eq!(words(&created), ["in doubt", "in doubt"]);
}

#[tokio::test]
async fn a_failed_call_is_sent_once_and_sorted_by_whether_it_may_have_had_an_effect() {
    for (failure, expected) in [
        (text(408, ""), "in doubt"),
        (text(499, ""), "in doubt"),
        (text(500, ""), "in doubt"),
        (text(502, "<html>"), "in doubt"),
        (in_doubt(), "in doubt"),
        (Err(SendError::InDoubt { status: Some(201), detail: String::new() }), "in doubt"),
        (Err(SendError::TooLarge { status: 201 }), "in doubt"),
        (text(302, ""), "in doubt"),
        (not_sent(), "postponed"),
        (limited("jira-quota-global-based", Some(600)), "postponed"),
        (limited("jira-cost-based", Some(600)), "postponed"),
        (limited("jira-burst-based", None), "postponed"),
        (text(401, ""), "postponed"),
        (text(401, "scope does not match"), "postponed"),
        (text(403, ""), "refused"),
        (text(404, ""), "refused"),
    ] {
        let (created, stage) = create(2, &[], vec![failure]).await;
        assert_eq!(words(&created), [expected, expected], "{created:?}");
        assert_eq!(stage.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_element_that_was_given_up_on_is_in_doubt() {
    let errors = [failure(0, 408, &json!({}), &[]), failure(1, 499, &json!({}), &[])];
    let (created, _) = create(2, &[], vec![answer(400, json!({ "errors": errors }))]).await;
    assert_eq!(words(&created), ["in doubt", "in doubt"]);
}

#[tokio::test]
async fn a_postponed_issue_waits_as_long_as_jira_asked() {
    let (created, _) = create(1, &[], vec![limited("jira-cost-based", Some(1234))]).await;
    assert!(
        matches!(&created[0], Created::Postponed { wait: 1234, call: Some(call), .. } if call.status == Some(429))
    );
}

#[tokio::test]
async fn after_a_spent_quota_the_rest_is_not_even_sent() {
    let (created, stage) = create(120, &[], vec![limited("jira-quota-tenant-based", Some(600))]).await;
    assert_eq!(stage.calls().len(), 1);
    assert!(created.iter().all(|it| matches!(it, Created::Postponed { wait: 600, .. })));
    assert!(matches!(&created[119], Created::Postponed { call: None, .. }), "it was not called for");
}

#[tokio::test]
async fn one_element_that_sinks_the_whole_call_is_found_and_the_others_are_created() {
    let whole = || answer(400, json!({ "errorMessages": ["INVALID_INPUT"], "errors": {} }));
    let (created, stage) = create(
        4,
        &[],
        vec![
            whole(),
            answer(201, json!({ "issues": issues(&[1, 2]) })),
            whole(),
            whole(),
            answer(201, json!({ "issues": issues(&[3]) })),
        ],
    )
    .await;
    assert_eq!(words(&created), ["SEC-1", "SEC-2", "refused", "SEC-3"]);
    let sizes: Vec<usize> =
        (0..5).map(|number| stage.body(number)["issueUpdates"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [4, 2, 2, 1, 1]);
    let Created::Refused { reason, .. } = &created[2] else { panic!("{created:?}") };
    assert!(reason.contains("INVALID_INPUT"), "{reason}");
}

#[tokio::test]
async fn titles_and_labels_are_made_fit_for_jira() {
    assert_eq!(super::written_summary(" \n "), "(no title)");
    assert_eq!(super::written_summary(&"ä".repeat(300)).chars().count(), 255);
    let labels = super::labels(&["a  b".to_owned(), "a-b".to_owned(), "x".repeat(300), "\u{0}".to_owned()]);
    assert_eq!(labels[..2], ["assay", "a-b"]);
    assert_eq!((labels.len(), labels[2].chars().count()), (3, 255));
}

/// Content with a mapped field that is optional, one that is required, and a priority that is.
fn mapped() -> Content {
    let field = |id: &str, value: FieldValue, required| (id.to_owned(), Mapped { value, required });
    let fields = [
        field("customfield_1", FieldValue::Option("10".to_owned()), false),
        field("customfield_2", FieldValue::Sprint(7), true),
        field("priority", FieldValue::Priority("3".to_owned()), true),
    ];
    Content { fields: fields.into(), ..content() }
}

async fn create_mapped(left_out: &[String], answers: Vec<Answer>) -> (Created, Value) {
    let stage = Stage::new(answers);
    let (ticket, content) = (TicketId::parse("tkt-1").unwrap(), mapped());
    let new = NewIssue { ticket: &ticket, content: &content, left_out };
    let (project, kind) = (ProjectId::parse("10003").unwrap(), IssueTypeId::parse("10100").unwrap());
    let created = stage.client.create_issues(&project, &kind, &[new]).await.remove(0);
    (created, stage.body(0)["issueUpdates"][0]["fields"].clone())
}

#[tokio::test]
async fn mapped_fields_are_written_unless_they_were_refused_before() {
    let made = || vec![answer(201, json!({ "issues": issues(&[1]) }))];
    let (_, fields) = create_mapped(&[], made()).await;
    assert_eq!((&fields["customfield_1"], &fields["customfield_2"]), (&json!({ "id": "10" }), &json!(7)));
    assert_eq!(fields["priority"], json!({ "id": "3" }));
    let (_, fields) = create_mapped(&["customfield_1".to_owned()], made()).await;
    assert!(fields.get("customfield_1").is_none() && fields.get("customfield_2").is_some());
}

#[tokio::test]
async fn only_mapped_fields_that_are_not_required_can_go_and_jiras_words_come_with_the_fields_id() {
    let none: [&str; 0] = [];
    for (errors, messages, expected, words) in [
        (json!({ "customfield_1": "no" }), vec![], vec!["customfield_1"], "customfield_1: no"),
        (json!({}), vec!["Field 'customfield_1' cannot be set"], vec!["customfield_1"], "cannot be set"),
        (json!({ "customfield_1": "no", "assignee": "no" }), vec![], vec!["assignee", "customfield_1"], "no"),
        (json!({ "customfield_2": "no" }), vec![], none.to_vec(), "customfield_2: no"),
        (json!({ "priority": "no" }), vec![], none.to_vec(), "priority: no"),
        (json!({ "customfield_1": "no" }), vec!["and more"], none.to_vec(), "and more"),
        (json!({ "customfield_9": "is required" }), vec![], none.to_vec(), "customfield_9: is required"),
    ] {
        let failures = json!({ "issues": [], "errors": [failure(0, 400, &errors, &messages)] });
        let (created, _) = create_mapped(&[], vec![answer(400, failures)]).await;
        let Created::Refused { reason, optional_fields, .. } = created else { panic!("{created:?}") };
        assert_eq!(optional_fields, expected, "{errors} {messages:?}");
        assert!(reason.contains(words), "{reason}");
    }
}
