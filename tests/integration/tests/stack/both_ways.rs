//! Both ways, on the deployed functions: what a person does to an issue reaches its task through webhook and queue, and what
//! is done to a task reaches its issue.
//!
//! The checks of these tasks still fail, so the next evaluation opens them again, and their issues. What is awaited is
//! therefore what stays: the ticket's trace, the task's generation, and the issue's history.

use assay_test_support::stack::{Stack, Tenant};
use serde_json::{Value, json};

/// How long a change may take to reach the other side, in seconds.
const SOON: u64 = 60;

/// A person who is not the one that the connection was approved by.
const PERSON: &str = "acc-1";

/// A person closes the issue of `task` in Jira: the task is completed.
pub async fn a_person_who_closes_an_issue_completes_its_task(stack: &Stack, tenant: &Tenant<'_>, task: &str) {
    let before = shown(tenant, task).await;
    assert_eq!(before["state"], "open", "{before}");
    the_webhook_tells_of_tickets(stack).await;
    let issue = before["ticket"]["issue"]["id"].as_str().unwrap();
    walk_to_done(stack, issue).await;
    stack
        .until(SOON, "a completed task", async || {
            let now = shown(tenant, task).await;
            let is_completed = now["state"] == "completed" && now["completion"]["by"] == "jira";
            if is_completed || has_come_again(&before, &now) { Ok(()) } else { Err(now.to_string()) }
        })
        .await;
    let trace = format!("/v1/tickets/{}/trace", before["ticket"]["id"].as_str().unwrap());
    let trace = tenant.items(&trace).await;
    let told = trace.iter().find(|entry| entry["why"] == "a person closed it in Jira");
    assert_eq!(told.expect("the trace says so")["actor"], format!("jira:{PERSON}"), "{trace:?}");
}

/// Somebody completes `task`: its issue is closed in Jira, on the way that the workflow allows.
pub async fn a_completed_task_closes_its_issue(stack: &Stack, tenant: &Tenant<'_>, task: &str) {
    let before = shown(tenant, task).await;
    assert_eq!(before["state"], "open", "{before}");
    let issue = before["ticket"]["issue"]["id"].as_str().unwrap();
    let why = json!({ "why": "it was done by telephone" });
    let path = format!("/v1/tasks/{task}/complete");
    let completed = tenant.must(200, "POST", &path, Some(&why)).await;
    assert_eq!(completed["state"], "completed");
    stack
        .until(SOON, "a closed issue", async || {
            let issues = stack.issues("SEC").await;
            let found = issues.iter().find(|it| it["id"] == issue).cloned().unwrap_or_default();
            let history = found["history"].as_array().cloned().unwrap_or_default();
            let is_closing = |line: &Value| {
                line["field"] == "status" && line["to"] == "Done" && line["author"] == "acc-admin"
            };
            if history.iter().any(is_closing) { Ok(()) } else { Err(found.to_string()) }
        })
        .await;
}

async fn shown(tenant: &Tenant<'_>, task: &str) -> Value {
    tenant.must(200, "GET", &format!("/v1/tasks/{task}"), None).await
}

/// Whether the check has opened the task again since: then it had been completed.
fn has_come_again(before: &Value, now: &Value) -> bool {
    now["generation"].as_u64() > before["generation"].as_u64()
}

/// The webhook that the connection registered delivers to this stack, and tells of the project with the tickets.
async fn the_webhook_tells_of_tickets(stack: &Stack) {
    stack
        .until(SOON, "a webhook for the tickets' project", async || {
            let (_, told) = stack.simulator("GET", "/__sim/webhooks", None).await;
            let hooks = told["webhooks"].as_array().cloned().unwrap_or_default();
            let is_ours = |hook: &&Value| hook["url"].as_str().is_some_and(|url| url.starts_with(&stack.url));
            let filters: Vec<&str> =
                hooks.iter().filter(is_ours).filter_map(|hook| hook["jqlFilter"].as_str()).collect();
            if filters.iter().any(|filter| filter.contains("10003")) { Ok(()) } else { Err(told.to_string()) }
        })
        .await;
}

/// Walks an issue through its workflow, a transition after the other, to a done status.
async fn walk_to_done(stack: &Stack, issue: &str) {
    let path = format!("/rest/api/3/issue/{issue}/transitions");
    let mut been = vec!["To Do".to_owned()];
    for _ in 0..5 {
        let (status, offered) = stack.as_account_1("GET", &path, None).await;
        assert_eq!(status, 200, "{offered}");
        let offered = offered["transitions"].as_array().cloned().unwrap_or_default();
        let is_new =
            |it: &&Value| it["to"]["name"].as_str().is_some_and(|name| !been.iter().any(|old| old == name));
        let next =
            offered.iter().find(is_new).unwrap_or_else(|| panic!("no way on from {been:?}: {offered:?}"));
        let wish = json!({ "transition": { "id": next["id"] } });
        let (status, refused) = stack.as_account_1("POST", &path, Some(&wish)).await;
        assert_eq!(status, 204, "{refused}");
        if next["to"]["statusCategory"]["key"] == "done" {
            return;
        }
        been.push(next["to"]["name"].as_str().unwrap().to_owned());
    }
    panic!("no done status was reached by {been:?}");
}
