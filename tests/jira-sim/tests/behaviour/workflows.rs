use serde_json::{Value, json};

use crate::support::Jira;

async fn steps(jira: &Jira, key: &str) -> Vec<(String, String)> {
    let list = jira.get(&format!("/issue/{key}/transitions")).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (text(&step["id"]), text(&step["to"]["id"])))
        .collect()
}

async fn perform(jira: &Jira, key: &str, id: &str) -> u16 {
    jira.post(&format!("/issue/{key}/transitions"), json!({ "transition": { "id": id } })).await.status
}

#[tokio::test]
async fn a_workflow_without_a_direct_edge_has_to_be_walked() {
    let jira = Jira::demo().await;
    let key = jira.create("SEC", "a task").await;
    assert_eq!(steps(&jira, &key).await, [("11".to_owned(), "10001".to_owned())]);
    assert_eq!(perform(&jira, &key, "31").await, 400, "not available here");
    for id in ["11", "21", "31"] {
        assert_eq!(perform(&jira, &key, id).await, 204);
    }
    let issue = jira.get(&format!("/issue/{key}")).await.json();
    assert_eq!(issue["fields"]["status"]["statusCategory"]["key"], "done");
    assert_eq!(issue["fields"]["resolution"]["name"], "Done");
    assert_eq!(perform(&jira, &key, "51").await, 204);
    assert_eq!(jira.get(&format!("/issue/{key}")).await.json()["fields"]["resolution"], Value::Null);
}

#[tokio::test]
async fn a_team_managed_project_closes_in_one_step_with_statuses_of_its_own() {
    let jira = Jira::demo().await;
    let key = jira.create("TEAM", "a task").await;
    assert!(steps(&jira, &key).await.contains(&("31".to_owned(), "10012".to_owned())));
    assert_eq!(perform(&jira, &key, "31").await, 204);
}

#[tokio::test]
async fn a_screen_can_demand_a_resolution() {
    let jira = Jira::demo().await;
    let step = json!({ "id": "31", "name": "Done", "to": "10003", "required": ["resolution"] });
    jira.edit("CHG", "transitions", step);
    let key = jira.create("CHG", "a task").await;
    let path = format!("/issue/{key}/transitions");
    let list = jira.get(&format!("{path}?expand=transitions.fields&transitionId=31")).await.json();
    assert_eq!(list["transitions"][0]["hasScreen"], true);
    assert_eq!(list["transitions"][0]["fields"]["resolution"]["required"], true);
    let refused = jira.post(&path, json!({ "transition": { "id": "31" } })).await;
    assert_eq!(
        (refused.status, refused.json()["errors"]["resolution"].clone()),
        (400, json!("Resolution is required."))
    );
    let body = json!({ "transition": { "id": "31" }, "fields": { "resolution": { "name": "Won't Do" } } });
    assert_eq!(jira.post(&path, body).await.status, 204);
    assert_eq!(jira.get(&format!("/issue/{key}")).await.json()["fields"]["resolution"]["name"], "Won't Do");
    let other = json!({ "transition": { "id": "11" }, "fields": { "resolution": { "name": "Done" } } });
    assert_eq!(jira.post(&path, other).await.status, 400, "this step has no screen");
}

#[tokio::test]
async fn without_the_permission_the_list_is_empty_and_the_step_is_400() {
    let jira = Jira::demo().await;
    jira.edit("CHG", "permissions", json!({ "account": "*", "remove": ["TRANSITION_ISSUES"] }));
    assert!(steps(&jira, "CHG-1").await.is_empty());
    assert_eq!(perform(&jira, "CHG-1", "31").await, 400);
}

#[tokio::test]
async fn statuses_are_listed_by_issue_type_of_a_project() {
    let jira = Jira::demo().await;
    let types = jira.get("/project/SEC/statuses").await.json();
    let task = types.as_array().unwrap().iter().find(|kind| kind["id"] == "10100").unwrap();
    let ids: Vec<&str> =
        task["statuses"].as_array().unwrap().iter().map(|status| status["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["10000", "10001", "10002", "10003"]);
    assert_eq!(jira.get("/project/sec/statuses").await.status, 404, "project keys are case sensitive");
}

#[tokio::test]
async fn the_way_to_done_can_be_read_from_the_workflow_of_a_project_and_type() {
    let jira = Jira::demo().await;
    let step = json!({ "id": "31", "name": "Approve", "from": ["10002"], "to": "10003", "required": ["resolution", "labels"] });
    jira.edit("SEC", "transitions", step);
    let pair = json!([{ "projectId": "10003", "issueTypeId": "10100" }]);
    let read = jira.post("/workflows", json!({ "projectAndIssueTypes": pair })).await.json();
    let workflow = &read["workflows"][0];
    assert_eq!(workflow["scope"]["type"], "GLOBAL");
    let steps = workflow["transitions"].as_array().unwrap();
    let links = |to: &str| -> Vec<&Value> {
        let leading =
            steps.iter().filter(|step| step["toStatusReference"] == to && step["type"] == "DIRECTED");
        leading.map(|step| &step["links"][0]["fromStatusReference"]).collect()
    };
    assert_eq!(links("10003"), ["10002"]);
    let approve = steps.iter().find(|step| step["id"] == "31").unwrap();
    assert_eq!(approve["transitionScreen"]["ruleKey"], "system:transition-screen");
    assert_eq!(approve["validators"][0]["parameters"]["fieldsRequired"], "labels");
    assert_eq!(steps.iter().find(|step| step["type"] == "INITIAL").unwrap()["toStatusReference"], "10000");
    let done: Vec<&Value> = read["statuses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|status| status["statusCategory"] == "DONE")
        .collect();
    assert_eq!((done.len(), &done[0]["statusReference"]), (1, &json!("10003")));
    let same = jira.post("/workflows", json!({ "workflowIds": [workflow["id"]] })).await.json();
    assert_eq!(same, read);
    assert_eq!(jira.post("/workflows", json!({})).await.status, 400);
    let other_type = json!([{ "projectId": "10003", "issueTypeId": "10103" }]);
    let none = jira.post("/workflows", json!({ "projectAndIssueTypes": other_type })).await.json();
    assert_eq!(none["workflows"], json!([]));
}

#[tokio::test]
async fn a_project_administrator_reads_only_workflows_of_team_managed_projects() {
    let jira = Jira::demo().await;
    let pairs = json!([
        { "projectId": "10003", "issueTypeId": "10100" },
        { "projectId": "10004", "issueTypeId": "10100" },
    ]);
    let body = json!({ "projectAndIssueTypes": pairs });
    let asked = async || jira.send(jira.as_account(1, "POST", "/workflows").json(&body)).await;
    assert_eq!(asked().await.status, 401);
    jira.edit("TEAM", "permissions", json!({ "account": "acc-1", "grant": ["ADMINISTER_PROJECTS"] }));
    let read = asked().await.json();
    let scopes: Vec<&Value> =
        read["workflows"].as_array().unwrap().iter().map(|workflow| &workflow["scope"]).collect();
    assert_eq!(scopes, [&json!({ "type": "PROJECT", "project": { "id": "10004" } })]);
}
