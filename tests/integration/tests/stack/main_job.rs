//! The main job as a script does it, by the API alone.

use std::collections::BTreeSet;

use assay_test_support::stack::{Stack, Tenant};
use serde_json::{Value, json};

use super::both_ways::{a_completed_task_closes_its_issue, a_person_who_closes_an_issue_completes_its_task};

const SITE: &str = "demo.atlassian.net";

/// Connects the demo site through the consent page, in a browser with one cookie.
pub(super) async fn connect_by_consent(stack: &Stack, tenant: &Tenant<'_>, use_cases: &[&str]) -> String {
    let app = json!({ "client_id": "sim-client", "client_secret": "sim-client-secret" });
    tenant.must(200, "PUT", "/v1/oauth-app", Some(&app)).await;
    let wish = json!({
        "method": "oauth",
        "site": SITE,
        "use_cases": use_cases,
        "change_management": { "projects": ["CHG"] },
        "incidents": { "projects": ["INC"] },
    });
    let connection = tenant.must(201, "POST", "/v1/connections", Some(&wish)).await;
    assert_eq!(connection["state"], "pending");
    let (status, consent, cookie) =
        stack.browse(connection["authorize_url"].as_str().unwrap(), None, None).await;
    assert_eq!(status, 303);
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let mut form: Vec<(String, String)> = reqwest::Url::parse(&consent)
        .unwrap()
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    form.push(("decision".to_owned(), "approve".to_owned()));
    let mut encoded = reqwest::Url::parse("http://form").unwrap();
    encoded.query_pairs_mut().extend_pairs(form);
    let body = encoded.query().unwrap().to_owned();
    let (status, back, _) = stack.browse(&format!("{}/authorize", stack.jira), None, Some(body)).await;
    assert!((302..=303).contains(&status), "the consent page sends back: {status}");
    let (status, _, _) = stack.browse(&back, Some(&cookie), None).await;
    assert_eq!(status, 200, "connected");
    let (again, _, _) = stack.browse(&back, Some(&cookie), None).await;
    assert_eq!(again, 400, "a state works once");
    connection["id"].as_str().unwrap().to_owned()
}

fn ids_of(issues: &[Value], fails: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    issues.iter().filter(|issue| fails(issue)).map(|issue| issue["id"].as_str().unwrap().to_owned()).collect()
}

/// The subjects of open tasks, by id.
async fn subjects(tenant: &Tenant<'_>, check: &str) -> BTreeSet<String> {
    let tasks = tenant.items(&format!("/v1/tasks?state=open&check={check}")).await;
    tasks.iter().map(|task| task["subject"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_main_job_runs_through_the_deployed_functions_by_the_api_alone() {
    let stack = Stack::find();
    let tenant = stack.tenant("main-job", "admin").await;
    let connection = connect_by_consent(&stack, &tenant, &["ticketing", "incident_management"]).await;
    let state = tenant.must(200, "GET", &format!("/v1/connections/{connection}"), None).await;
    assert_eq!((&state["state"], &state["problems"]), (&json!("active"), &json!([])));
    let setting = json!({
        "scope": "all", "connection": connection, "project": "SEC", "issue_type": "10100", "labels": ["main-job"], "mode": "individual",
    });
    tenant.must(201, "POST", "/v1/sync-settings", Some(&setting)).await;

    let checks = stack
        .until(180, "five outcomes", async || {
            let mut checks = tenant.items("/v1/checks").await;
            // Those about access are not asked of this connection.
            checks.truncate(5);
            let all = checks.iter().all(|check| !check["last_outcome"].is_null());
            if all { Ok(checks) } else { Err(format!("{checks:?}")) }
        })
        .await;
    let outcomes: Vec<(&str, &str)> =
        checks.iter().map(|it| (it["id"].as_str().unwrap(), it["last_outcome"].as_str().unwrap())).collect();
    assert_eq!(outcomes, [("B1", "pass"), ("B2", "fail"), ("B3", "fail"), ("B4", "pass"), ("B5", "pass")]);
    for check in &checks {
        let evidence = &check["results"][0]["evidence"];
        assert!(evidence["read_at"].is_string() && evidence["coverage"]["gaps"] == json!([]), "{evidence}");
    }

    let unassigned = ids_of(&stack.issues("CHG").await, |issue| issue["assignee"].is_null());
    let late = subjects(&tenant, "B3").await;
    assert_eq!(subjects(&tenant, "B2").await, unassigned);
    let tickets = stack
        .until(120, "one open ticket a task", async || {
            let tickets = tenant.items("/v1/tickets").await;
            let open = tickets.iter().filter(|ticket| ticket["state"] == "open").count();
            if open == unassigned.len() + late.len() { Ok(tickets) } else { Err(format!("{tickets:?}")) }
        })
        .await;
    let issues = stack.issues("SEC").await;
    for ticket in &tickets {
        let mine: Vec<&Value> =
            issues.iter().filter(|issue| issue["properties"]["assay.ticket"]["id"] == ticket["id"]).collect();
        assert_eq!(mine.len(), 1, "one ticket, one issue");
        assert_eq!(mine[0]["id"], ticket["issue"]["id"]);
        assert!(mine[0]["description"].to_string().contains("How to fix"));
        let trace = tenant.items(&format!("/v1/tickets/{}/trace", ticket["id"].as_str().unwrap())).await;
        assert!(trace.iter().any(|entry| entry["call"]["path"] == "/rest/api/3/issue/bulk"), "{trace:?}");
    }

    // Somebody assigns a change ticket; the next tick sees it.
    let mended = unassigned.iter().next().unwrap();
    let path = format!("/rest/api/3/issue/{mended}/assignee");
    assert_eq!(stack.as_person("PUT", &path, Some(&json!({ "accountId": "acc-1" }))).await.0, 204);
    stack
        .until(240, "task and ticket closed", async || {
            let tasks = tenant.items("/v1/tasks?state=resolved&check=B2").await;
            let Some(task) = tasks.iter().find(|task| task["subject"]["id"] == mended.as_str()) else {
                return Err("the task is open".to_owned());
            };
            let path = format!("/v1/tickets/{}", task["ticket"]["id"].as_str().unwrap());
            let ticket = tenant.must(200, "GET", &path, None).await;
            if ticket["state"] == "closed" { Ok(()) } else { Err(ticket.to_string()) }
        })
        .await;
    // An OAuth app may have webhooks at one address, so both ways are tried by the tenant that connected by consent.
    let tasks = tenant.items("/v1/tasks?state=open").await;
    let [first, second] = ["B2", "B3"].map(|check| {
        let task = tasks.iter().find(|task| task["check"] == check).expect("an open task of the check");
        task["id"].as_str().unwrap().to_owned()
    });
    a_person_who_closes_an_issue_completes_its_task(&stack, &tenant, &first).await;
    a_completed_task_closes_its_issue(&stack, &tenant, &second).await;
    let (_, violations) = stack.simulator("GET", "/__sim/violations", None).await;
    assert_eq!(violations["violations"], json!([]));
}
