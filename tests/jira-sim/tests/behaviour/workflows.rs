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
