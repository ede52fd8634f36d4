//! What a sync setting may be made of is read from Jira now.

use assay::quota::hour_of;
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

async fn connected() -> House {
    let house = House::start().await;
    house.world.connect().await;
    house
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn projects_are_those_in_which_the_account_may_create_issues() {
    let house = connected().await;
    let projects = "/v1/connections/con-1/projects";
    assert_eq!(texts(&house.list(projects).await, "key"), ["CHG", "INC", "SEC", "TEAM"]);
    assert_eq!(texts(&house.list(&format!("{projects}?query=compl")).await, "key"), ["SEC"]);
    assert_eq!(texts(&house.list(&format!("{projects}?query=nothing")).await, "key"), Vec::<String>::new());
    house.edit("INC", "permissions", json!({ "account": "acc-admin", "remove": ["CREATE_ISSUES"] }));
    assert_eq!(texts(&house.list(projects).await, "key"), ["CHG", "SEC", "TEAM"]);
    house.world.assert_honest();
}

#[tokio::test]
async fn types_done_statuses_epics_labels_and_assignees_are_those_of_the_site() {
    let house = connected().await;
    let project = "/v1/connections/con-1/projects/SEC";
    let types = house.list(&format!("{project}/issue-types")).await;
    assert_eq!(texts(&types, "name"), ["Task", "Bug", "Epic", "Sub-task"]);
    assert_eq!((&types[2]["level"], &types[3]["subtask"]), (&json!(1), &json!(true)));
    let statuses = house.list(&format!("{project}/issue-types/10100/statuses")).await;
    assert_eq!(texts(&statuses, "name"), ["Done"]);
    let all = house.list(&format!("{project}/issue-types/10100/statuses?all=true")).await;
    assert!(all.len() > 1 && texts(&all, "name").contains(&"Done".to_owned()), "{all:?}");

    let fields = |kind: &str, title: &str, labels: Value| {
        json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": kind }, "summary": title,
            "labels": labels } })
    };
    house.world.as_person("POST", "/rest/api/3/issue", Some(fields("10102", "Audit year", json!([])))).await;
    house.world.as_person("POST", "/rest/api/3/issue", Some(fields("10102", "Other work", json!([])))).await;
    house.world.as_person("POST", "/rest/api/3/issue", Some(fields("10100", "Audit", json!(["soc2"])))).await;
    house.world.time.advance(10);
    assert_eq!(texts(&house.list(&format!("{project}/epics")).await, "title"), ["Other work", "Audit year"]);
    assert_eq!(texts(&house.list(&format!("{project}/epics?query=aud")).await, "title"), ["Audit year"]);
    assert_eq!(house.list("/v1/connections/con-1/labels").await, [json!("soc2")]);

    let may = |account: &str| format!("{project}/assignable?account={account}");
    assert_eq!(house.get(&may("acc-1")).await.json(), json!({ "assignable": true }));
    assert_eq!(house.get(&may("acc-inactive")).await.json(), json!({ "assignable": false }));
    house.world.assert_honest();
}

#[tokio::test]
async fn what_jira_refuses_names_the_part_and_the_mend_and_is_no_fault_of_the_caller_or_ours() {
    let house = connected().await;
    let base = "/v1/connections/con-1/projects";
    for path in
        ["NONE/issue-types", "NONE/issue-types/10100/statuses", "NONE/epics", "NONE/assignable?account=acc-1"]
    {
        let answer = house.get(&format!("{base}/{path}")).await;
        assert_problem(&answer, 422, Some("project"));
        assert!(answer.text().contains("Browse projects"), "{}", answer.text());
    }
    assert_problem(
        &house.get(&format!("{base}/SEC/issue-types/10104/statuses")).await,
        422,
        Some("issue_type"),
    );
    house.edit("SEC", "permissions", json!({ "account": "acc-admin", "remove": ["CREATE_ISSUES"] }));
    let answer = house.get(&format!("{base}/SEC/issue-types")).await;
    assert_problem(&answer, 422, Some("project"));
    assert!(answer.text().contains("Create issues"), "{}", answer.text());

    for (status, field) in [(400, "connection"), (403, "connection"), (404, "connection")] {
        let fault = json!({ "path": "getAllLabels", "times": 1, "kind": "status", "status": status });
        house.world.control_api("POST", "/__sim/faults", &fault).await;
        assert_problem(&house.get("/v1/connections/con-1/labels").await, 422, Some(field));
    }
    let body = json!({ "use_cases": ["incident_management"], "incidents": { "projects": ["INC"] } });
    assert_eq!(house.call("PATCH", "/v1/connections/con-1", &body).await.status, 200);
    assert_problem(&house.get(base).await, 409, None);
}

#[tokio::test]
async fn a_pause_that_jira_asked_for_binds_people_too_and_what_they_spend_is_booked() {
    let house = connected().await;
    let (tenant, id) = (&house.world.tenant, "con-1".to_owned().try_into().unwrap());
    let now = house.world.time.now();
    let spent = || async { house.world.store().quota(tenant, &id, now).await.unwrap().spent };
    let before = spent().await;
    assert_eq!(house.get("/v1/connections/con-1/projects").await.status, 200);
    assert!(spent().await > before, "nothing was booked");
    house.world.store().pause(tenant, &id, assay::clock::after(hour_of(now), 3600)).await.unwrap();
    let asked = house.world.jira.simulator.journal().len();
    let answer = house.get("/v1/connections/con-1/labels").await;
    assert_problem(&answer, 429, None);
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(house.world.jira.simulator.journal().len(), asked, "Jira was asked during its pause");
}
