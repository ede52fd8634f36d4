//! Lists of tasks and tickets, narrowed to what a person looks for; and what leads from a check to its tasks.

use std::collections::BTreeSet;

use jira_sim::Fault;
use serde_json::{Value, json};

use crate::support::{House, account, assert_problem};

/// The ids of a list that fits one page.
async fn ids(house: &House, path: &str) -> BTreeSet<String> {
    house.list(path).await.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of those that are as asked.
fn those(items: &[Value], is_wanted: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    items.iter().filter(|item| is_wanted(item)).map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tasks_are_found_by_text_assignee_connection_and_due_date() {
    let house = House::with_tasks().await;
    let some = house.list("/v1/tasks?check=B2").await[0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "title": "Name the Owner", "assignee": "acc-3" });
    house.call("PATCH", &format!("/v1/tasks/{some}"), &body).await;
    let all = house.list("/v1/tasks").await;
    assert!(all.iter().all(|task| task["overdue"] == false && task["finding"] == Value::Null));
    for (query, wanted) in [
        ("text=name%20the%20OWNER", those(&all, |task| task["id"] == some.as_str())),
        ("text=chg-", those(&all, |task| task["subject"]["key"].as_str().unwrap().starts_with("CHG-"))),
        ("text=nothing-like-it", BTreeSet::new()),
        ("assignee=acc-3", those(&all, |task| task["assignee"] == "acc-3")),
        ("unassigned=true", those(&all, |task| task["assignee"] == Value::Null)),
        ("unassigned=false", those(&all, |task| task["assignee"] != Value::Null)),
        ("connection=con-1", those(&all, |task| task["connection"] == "con-1")),
        ("connection=con-9", BTreeSet::new()),
        (
            "check=B2&unassigned=true",
            those(&all, |task| task["check"] == "B2" && task["id"] != some.as_str()),
        ),
        ("overdue=true", BTreeSet::new()),
        ("overdue=false", those(&all, |_| true)),
    ] {
        assert_eq!(ids(&house, &format!("/v1/tasks?{query}")).await, wanted, "{query}");
    }
    house.world.time.advance(30 * 86400);
    house.call("POST", &format!("/v1/tasks/{some}/complete"), &json!({ "why": "done" })).await;
    let late = house.list("/v1/tasks?overdue=true").await;
    assert!(!late.is_empty() && late.iter().all(|task| task["overdue"] == true && task["state"] == "open"));
    assert!(!late.iter().any(|task| task["id"] == some.as_str()), "what is done is not late");
    for query in ["text=", "text=%20", "text=a%0Ab", &format!("text={}", "x".repeat(201))] {
        assert_problem(&house.get(&format!("/v1/tasks?{query}")).await, 422, Some("text"));
    }
    for (query, field) in [
        ("assignee=a%20b", "assignee"),
        ("overdue=yes", "overdue"),
        ("unassigned=1", "unassigned"),
        ("connection=a%20b", "connection"),
    ] {
        assert_problem(&house.get(&format!("/v1/tasks?{query}")).await, 422, Some(field));
    }
}

#[tokio::test]
async fn a_narrowed_list_goes_on_with_its_own_cursors_alone() {
    let house = House::with_tasks().await;
    let wanted = ids(&house, "/v1/tasks?unassigned=true").await;
    assert!(wanted.len() > 2);
    let (mut found, mut path) = (Vec::new(), "/v1/tasks?unassigned=true&limit=1".to_owned());
    loop {
        let page = house.get(&path).await.json();
        found
            .extend(page["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        let other = format!("/v1/tasks?unassigned=true&text=a&cursor={cursor}");
        assert_problem(&house.get(&other).await, 422, Some("cursor"));
        path = format!("/v1/tasks?unassigned=true&limit=1&cursor={cursor}");
    }
    assert_eq!(found.len(), wanted.len());
    assert_eq!(BTreeSet::from_iter(found), wanted);
}

#[tokio::test]
async fn an_assignee_is_named_where_the_account_is_known_and_not_erased() {
    let house = House::with_tasks().await;
    let task = house.list("/v1/tasks?check=B2").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/tasks/{task}");
    house.call("PATCH", &path, &json!({ "assignee": "acc-own" })).await;
    assert_eq!(house.get(&path).await.json()["assignee_name"], Value::Null);
    house.stock(&[account("acc-own", "Own Account", None)]).await;
    assert_eq!(house.get(&path).await.json()["assignee_name"], "Own Account");
}

#[tokio::test]
async fn tickets_that_wait_and_those_that_a_person_decides_on_are_found() {
    let house = House::with_tasks().await;
    house.sync(json!({ "gone_policy": "ask" })).await;
    house.world.rest().await;
    assert!(house.list("/v1/tickets?parked=true").await.is_empty());
    assert!(house.list("/v1/tickets?undecided=true").await.is_empty());
    let all = house.list("/v1/tickets").await;
    let issue = &all[0]["issue"]["key"];
    house.edit("SEC", "delete", json!({ "issue": issue }));
    house.notice().await;
    let undecided = house.list("/v1/tickets?undecided=true").await;
    assert_eq!(undecided.len(), 1);
    assert_eq!((&undecided[0]["id"], &undecided[0]["undecided"]), (&all[0]["id"], &json!(true)));
    assert_eq!(house.list("/v1/tickets?undecided=false").await.len(), all.len() - 1);
    let decide = format!("/v1/tickets/{}/decide", all[0]["id"].as_str().unwrap());
    house.call("POST", &decide, &json!({ "tasks": "close_task" })).await;
    house.world.rest().await;
    assert!(house.list("/v1/tickets?undecided=true").await.is_empty(), "it was decided");

    let ticket = house.list("/v1/tickets?state=open").await[0].clone();
    let fault = json!({ "path": "editIssue", "times": 100, "kind": "status", "status": 400 });
    house.world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
    let task = ticket["tasks"][0].as_str().unwrap();
    house.call("PATCH", &format!("/v1/tasks/{task}"), &json!({ "title": "Another title" })).await;
    house.world.work().await;
    let parked = house.list("/v1/tickets?parked=true").await;
    assert_eq!(parked.iter().map(|it| &it["id"]).collect::<Vec<_>>(), [&ticket["id"]]);
    for query in ["parked=1", "undecided=no"] {
        let field = query.split('=').next();
        assert_problem(&house.get(&format!("/v1/tickets?{query}")).await, 422, field);
    }
}

#[tokio::test]
async fn what_fails_in_a_run_leads_to_its_task() {
    let house = House::with_tasks().await;
    let run = house.list("/v1/checks/B2/runs").await[0]["id"].as_str().unwrap().to_owned();
    let failing = house.list(&format!("/v1/checks/B2/runs/{run}/failing")).await;
    assert!(!failing.is_empty());
    for it in &failing {
        let task = house.get(&format!("/v1/tasks/{}", it["task"]["id"].as_str().unwrap())).await.json();
        assert_eq!((&task["subject"]["id"], &task["state"]), (&it["entity"]["id"], &it["task"]["state"]));
    }
}

#[tokio::test]
async fn a_finding_that_is_late_leads_to_its_task() {
    let house = House::with_tasks().await;
    let finding = crate::findings::finding(&house).await;
    house.world.time.advance(400 * 86400);
    house.world.reevaluate().await;
    let runs = house.list("/v1/checks/B9/runs").await;
    let run = runs.iter().find(|run| run["connection"] == Value::Null).unwrap();
    let path = format!("/v1/checks/B9/runs/{}/failing", run["id"].as_str().unwrap());
    let failing = house.list(&path).await;
    assert_eq!(failing.len(), 1, "{failing:?}");
    assert_eq!(failing[0]["task"]["id"], finding.as_str());
    assert_eq!(house.get(&format!("/v1/tasks/{finding}")).await.json()["finding"], finding.as_str());
}

#[tokio::test]
async fn running_a_check_asks_only_for_evaluations_that_end_in_a_run_of_it() {
    let house = House::with_tasks().await;
    house.world.time.advance(60);
    let asked = house.call("POST", "/v1/checks/B9/runs", &json!({})).await;
    assert_eq!(asked.json()["evaluations"], 0, "no scanner reported anything: {}", asked.text());
    crate::findings::finding(&house).await;
    // The connection is for tickets and incidents: for the directory's checks nothing will come of it.
    for (check, evaluations) in [("B2", 1), ("B3", 1), ("B5", 1), ("B6", 0), ("B8", 0), ("B9", 1)] {
        let asked = house.call("POST", &format!("/v1/checks/{check}/runs"), &json!({})).await;
        assert_eq!(asked.json()["evaluations"], evaluations, "{check}: {}", asked.text());
        let since = house.world.time.now();
        house.world.evaluate().await;
        let shown = house.get(&format!("/v1/checks/{check}")).await.json();
        let results = shown["results"].as_array().unwrap();
        let is_new =
            |run: &&Value| run["finished_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() >= since;
        assert_eq!(results.iter().filter(is_new).count(), evaluations, "{check}: {shown}");
        house.world.time.advance(60);
    }
}

#[tokio::test]
async fn a_check_says_what_it_is_evidence_for_and_what_to_do_about_its_doubts() {
    let house = House::with_tasks().await;
    let check = house.get("/v1/checks/B2").await.json();
    assert_eq!(check["controls"], json!(["Change management", "Remediation is tracked"]));
    assert_eq!((&check["due_in_days"], &check["doubts"]), (&json!(7), &json!([])));
    house.world.time.advance(5 * 3600);
    let doubt = house.get("/v1/checks/B2").await.json()["doubts"][0].clone();
    assert_eq!(doubt["because"], "its last evaluation was 5 hours ago, which is too long");
    assert!(doubt["mend"].as_str().unwrap().starts_with("Run the check now."), "{doubt}");
}
