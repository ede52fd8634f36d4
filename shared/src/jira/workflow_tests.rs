use serde_json::{Value, json};

use super::{StatusChoice, Way, WayStep};
use crate::ids::{IssueTypeId, ProjectId};
use crate::jira::error::JiraError;
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{Stage, answer, text};

type Answer = Result<Response, SendError>;

async fn way(answers: Vec<Answer>) -> (Result<Way, JiraError>, Stage) {
    let stage = Stage::new(answers);
    let project = ProjectId::parse("10003").unwrap();
    let issue_type = IssueTypeId::parse("10100").unwrap();
    let way = stage.client.way_to_done(&project, &issue_type).await;
    stage.done();
    (way, stage)
}

fn known(way: Result<Way, JiraError>) -> (Vec<WayStep>, &'static str) {
    match way.unwrap() {
        Way::Known { steps, source, .. } => (steps, source),
        Way::Unknown { why, .. } => panic!("{why}"),
    }
}

fn unknown(way: Result<Way, JiraError>) -> (Vec<StatusChoice>, String) {
    match way.unwrap() {
        Way::Known { steps, .. } => panic!("{steps:?}"),
        Way::Unknown { statuses, why } => (statuses, why),
    }
}

/// The steps, as "from -transition-> to".
fn told(steps: &[WayStep]) -> Vec<String> {
    steps.iter().map(|step| format!("{} -{}-> {}", step.from, step.transition, step.to)).collect()
}

/// The workflow To Do, In Progress, Review, Done, with these transitions; references differ from identifiers.
fn workflow(transitions: &[Value]) -> Answer {
    let status = |number: u32, name: &str, category: &str| json!({ "id": number.to_string(), "name": name, "statusCategory": category, "statusReference": format!("ref-{number}") });
    let references: Vec<Value> =
        (1..=4).map(|number| json!({ "statusReference": format!("ref-{number}") })).collect();
    answer(
        200,
        json!({
            "statuses": [
                status(1, "To Do", "TODO"), status(2, "In Progress", "IN_PROGRESS"),
                status(3, "Review", "IN_PROGRESS"), status(4, "Done", "DONE"), status(9, "Elsewhere", "DONE"),
            ],
            "workflows": [{ "id": "w", "name": "W", "statuses": references, "transitions": transitions }],
        }),
    )
}

fn initial() -> Value {
    json!({ "id": "1", "name": "Create", "type": "INITIAL", "toStatusReference": "ref-1", "links": [] })
}

fn directed(name: &str, from: u32, to: u32) -> Value {
    let links = json!([{ "fromStatusReference": format!("ref-{from}"), "fromPort": 0, "toPort": 1 }]);
    json!({ "id": "2", "name": name, "type": "DIRECTED", "toStatusReference": format!("ref-{to}"), "links": links })
}

/// The statuses of the same workflow as every account sees them.
fn statuses() -> Answer {
    let status =
        |id: &str, name: &str, key: &str| json!({ "id": id, "name": name, "statusCategory": { "key": key } });
    answer(
        200,
        json!([
            { "id": "10999", "name": "Other", "subtask": false, "self": "", "statuses": [] },
            { "id": "10100", "name": "Task", "subtask": false, "self": "", "statuses": [
                status("1", "To Do", "new"), status("2", "In Progress", "indeterminate"), status("4", "Done", "done")] },
        ]),
    )
}

fn found(ids: &[&str]) -> Answer {
    let issues: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "key": "SEC-1" })).collect();
    answer(200, json!({ "issues": issues, "isLast": true }))
}

fn offers(targets: &[(&str, &str, &Value)]) -> Answer {
    let transition = |(id, key, fields): &(&str, &str, &Value)| {
        let to = json!({ "id": id, "name": format!("S{id}"), "statusCategory": { "key": key } });
        json!({ "id": format!("t{id}"), "name": format!("Go {id}"), "to": to, "fields": fields })
    };
    answer(200, json!({ "transitions": targets.iter().map(transition).collect::<Vec<Value>>() }))
}

#[tokio::test]
async fn the_shortest_way_is_read_from_the_workflow_in_one_call_where_the_account_may() {
    let transitions = [
        initial(),
        directed("Start", 1, 2),
        directed("Ask", 2, 3),
        directed("Approve", 3, 4),
        directed("Finish", 2, 4),
        json!({ "id": "9", "name": "Note", "type": "GLOBAL", "toStatusReference": null }),
    ];
    let (way, stage) = way(vec![workflow(&transitions)]).await;
    let (steps, source) = known(way);
    assert_eq!(told(&steps), ["To Do -Start-> In Progress", "In Progress -Finish-> Done"]);
    assert_eq!(source, "the project's workflow");
    let pair = json!({ "projectId": "10003", "issueTypeId": "10100" });
    assert_eq!(stage.body(0), json!({ "projectAndIssueTypes": [pair] }));
}

#[tokio::test]
async fn a_global_transition_leads_from_everywhere_and_required_fields_are_named() {
    let required = |fields: &str| {
        json!([
            { "ruleKey": "system:validate-field-value",
              "parameters": { "ruleType": "fieldRequired", "fieldsRequired": fields } },
            { "ruleKey": "system:check-permission-validator", "parameters": { "permissionKey": "X" } },
        ])
    };
    let mut global = json!({ "id": "3", "name": "Close", "type": "GLOBAL", "toStatusReference": "ref-4" });
    global["validators"] = required("assignee, resolution,customfield_1");
    let (steps, _) = known(way(vec![workflow(&[initial(), global])]).await.0);
    assert_eq!(told(&steps), ["To Do -Close-> Done"]);
    assert_eq!(steps[0].needs, ["assignee", "customfield_1"]);
}

#[tokio::test]
async fn a_new_issue_that_is_done_at_once_needs_no_step() {
    let created = json!({ "name": "Create", "type": "INITIAL", "toStatusReference": "ref-4" });
    assert!(known(way(vec![workflow(&[created])]).await.0).0.is_empty());
}

#[tokio::test]
async fn a_workflow_without_a_way_is_told_with_its_own_statuses_only() {
    let (statuses, why) = unknown(way(vec![workflow(&[initial(), directed("Start", 1, 2)])]).await.0);
    let names: Vec<(&str, &str)> =
        statuses.iter().map(|status| (status.name.as_str(), status.category.as_str())).collect();
    let expected =
        [("To Do", "new"), ("In Progress", "indeterminate"), ("Review", "indeterminate"), ("Done", "done")];
    assert_eq!(names, expected);
    assert!(why.contains("no done status"), "{why}");
}

#[tokio::test]
async fn without_administration_the_way_is_found_by_the_moves_that_issues_offer() {
    let needs = json!({ "customfield_1": { "name": "Root cause", "required": true } });
    let none = json!({});
    for refusal in [
        text(401, ""),
        answer(401, json!({ "errorMessages": ["no"] })),
        text(401, "scope does not match"),
        text(403, ""),
        text(404, ""),
        text(400, ""),
        answer(200, json!({ "statuses": [], "workflows": [] })),
    ] {
        let (way, stage) = way(vec![
            refusal,
            statuses(),
            found(&["71"]),
            offers(&[("2", "indeterminate", &none)]),
            found(&["72"]),
            offers(&[("1", "new", &none), ("4", "done", &needs)]),
        ])
        .await;
        let (steps, source) = known(way);
        assert_eq!(told(&steps), ["To Do -Go 2-> In Progress", "In Progress -Go 4-> Done"]);
        assert_eq!(steps[1].needs, ["Root cause"]);
        assert!(source.contains("issues of the project"), "{source}");
        assert_eq!(
            stage.client.refused_authorization().map(|_| ()),
            None,
            "the credentials are not to blame"
        );
        let jql = "project = 10003 AND issuetype in (10100) AND status = 1 ORDER BY created DESC";
        assert_eq!(stage.body(2), json!({ "jql": jql, "fields": ["status"], "maxResults": 1 }));
        assert!(stage.waits().is_empty());
    }
}

#[tokio::test]
async fn statuses_in_which_no_issue_stands_are_named_when_no_way_shows() {
    let none = json!({});
    let answers =
        vec![text(403, ""), statuses(), found(&["71"]), offers(&[("2", "indeterminate", &none)]), found(&[])];
    let (statuses, why) = unknown(way(answers).await.0);
    assert_eq!(statuses.len(), 3);
    assert!(why.contains("stands in In Progress"), "{why}");
}

#[tokio::test]
async fn a_failure_that_is_no_refusal_is_an_error() {
    assert!(way(vec![Err(SendError::TooLarge { status: 200 })]).await.0.is_err());
    assert!(way(vec![text(403, ""), text(404, "")]).await.0.is_err());
}

#[tokio::test]
async fn a_type_that_the_project_does_not_have_has_no_way_and_no_done_status() {
    let (statuses, _) = unknown(way(vec![text(403, ""), answer(200, json!([]))]).await.0);
    assert!(statuses.is_empty());
}

#[tokio::test]
async fn the_statuses_of_a_type_are_told_in_one_call() {
    let stage = Stage::new(vec![statuses()]);
    let project = ProjectId::parse("10003").unwrap();
    let mut done = stage.client.statuses(&project, &IssueTypeId::parse("10100").unwrap()).await.unwrap();
    done.retain(|status| status.category == "done");
    let expected = StatusChoice { id: "4".to_owned(), name: "Done".to_owned(), category: "done".to_owned() };
    assert_eq!(done, [expected]);
    assert_eq!(stage.calls(), ["GET /project/10003/statuses"]);
}
