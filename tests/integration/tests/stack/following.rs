//! A pull request at GitHub, through its door and the queues, into the issue of a ticket and back into its description.

use assay_test_support::stack::{Stack, Tenant};
use serde_json::{Value, json};

use super::main_job::connect_by_consent;

/// How long what happens on one side may take to reach the other, in seconds.
const SOON: u64 = 90;

#[tokio::test]
async fn a_pull_request_that_names_an_issue_is_shown_there_until_it_is_merged() {
    let stack = Stack::find();
    let tenant = stack.tenant("following", "admin").await;
    let connection = connect_by_consent(&stack, &tenant, &["ticketing"]).await;
    let setting = json!({
        "scope": "all", "connection": connection, "project": "SEC", "issue_type": "10100", "labels": ["following"], "mode": "individual",
    });
    tenant.must(201, "POST", "/v1/sync-settings", Some(&setting)).await;
    let ticket = stack
        .until(180, "an open ticket", async || {
            let tickets = tenant.items("/v1/tickets").await;
            let open = tickets.iter().find(|ticket| ticket["state"] == "open").cloned();
            open.ok_or_else(|| format!("{tickets:?}"))
        })
        .await;
    let ticket_path = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    let (key, issue) = (ticket["issue"]["key"].as_str().unwrap(), ticket["issue"]["id"].as_str().unwrap());

    listen(&stack, &tenant).await;
    let pull = json!({ "title": format!("{key}: mend it"), "head": format!("fix/{key}"), "by": "dev-1" });
    let (status, opened) = stack.at_github("POST", "/__sim/repositories/acme/shop/pulls", Some(&pull)).await;
    assert!((200..300).contains(&status), "{opened}");
    let number = opened["number"].as_u64().unwrap();
    pull_becomes(&stack, &tenant, &ticket_path, "open").await;
    let links_path = format!("/rest/api/3/issue/{issue}/remotelink");
    let links = stack
        .until(SOON, "a link in the issue", async || {
            let (_, links) = stack.as_person("GET", &links_path, None).await;
            let links = links.as_array().cloned().unwrap_or_default();
            if links.is_empty() { Err("none".to_owned()) } else { Ok(links) }
        })
        .await;
    assert_eq!(links.len(), 1, "{links:?}");
    assert!(links[0]["object"]["url"].as_str().unwrap().ends_with(&format!("acme/shop/pull/{number}")));
    stack
        .until(SOON, "the ticket's reference in the description", async || {
            let body = description(&stack, number).await;
            if body.matches(&format!("[{key}]")).count() == 1 { Ok(()) } else { Err(body) }
        })
        .await;

    let merge = format!("/__sim/repositories/acme/shop/pulls/{number}/merge");
    let (status, merged) = stack.at_github("POST", &merge, Some(&json!({}))).await;
    assert!((200..300).contains(&status), "{merged}");
    pull_becomes(&stack, &tenant, &ticket_path, "merged").await;
    let (_, links) = stack.as_person("GET", &links_path, None).await;
    assert_eq!(links.as_array().map(Vec::len), Some(1), "{links}");
    assert_eq!(description(&stack, number).await.matches(&format!("[{key}]")).count(), 1);
}

/// Sets GitHub up, and has GitHub tell the tenant of its pull requests.
async fn listen(stack: &Stack, tenant: &Tenant<'_>) {
    let access = json!({ "token": "github_pat_simulated" });
    let github = tenant.must(200, "PUT", "/v1/github", Some(&access)).await;
    let hook = json!({ "url": github["webhook_url"], "secret": github["secret"] });
    let (status, hooked) = stack.at_github("POST", "/__sim/hooks", Some(&hook)).await;
    assert!((200..300).contains(&status), "{hooked}");
}

async fn pull_becomes(stack: &Stack, tenant: &Tenant<'_>, ticket: &str, state: &str) -> Value {
    stack
        .until(SOON, &format!("a pull request that is {state}"), async || {
            let now = tenant.must(200, "GET", ticket, None).await;
            if now["pulls"][0]["state"] == state {
                return Ok(now);
            }
            let known = tenant.items("/v1/remediations").await;
            let github = tenant.must(200, "GET", "/v1/github", None).await;
            Err(format!("{now} {known:?} {github}"))
        })
        .await
}

/// The description of a pull request, as GitHub shows it.
async fn description(stack: &Stack, number: u64) -> String {
    let (status, pull) = stack.github_pull("acme/shop", number).await;
    assert_eq!(status, 200, "{pull}");
    pull["body"].as_str().unwrap_or_default().to_owned()
}
