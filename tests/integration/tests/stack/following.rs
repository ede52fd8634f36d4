//! A pull request at GitHub, through its door and the queues, into the issue of a ticket and back into its description.

use assay_test_support::stack::{Stack, Tenant};
use serde_json::{Value, json};

use super::robustness::connect_by_token;

/// How long what happens on one side may take to reach the other, in seconds.
const SOON: u64 = 90;

#[tokio::test]
async fn a_finding_becomes_a_ticket_that_follows_its_pull_request_and_closes_when_the_scanner_is_content() {
    let stack = Stack::find();
    let tenant = stack.tenant("following", "admin").await;
    let connection = connect_by_token(&tenant, &["ticketing"]).await;
    configure(&tenant, &connection).await;
    report(&tenant, "monday", &["openssl", "zlib"]).await;
    let tickets = stack
        .until(SOON, "a ticket for each finding", async || {
            let tickets = tenant.items("/v1/tickets").await;
            let open = tickets.iter().filter(|ticket| ticket["state"] == "open").count();
            if open == 2 { Ok(tickets) } else { Err(format!("{tickets:?}")) }
        })
        .await;
    let of_openssl = |it: &&Value| it["title"].as_str().unwrap().contains("openssl");
    let ticket = tickets.iter().find(of_openssl).expect("a ticket of the finding");
    let ticket_path = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    let (key, issue) = (ticket["issue"]["key"].as_str().unwrap(), ticket["issue"]["id"].as_str().unwrap());
    let (_, shown) = stack.as_person("GET", &format!("/rest/api/3/issue/{issue}"), None).await;
    assert_eq!(shown["fields"]["priority"]["id"], "2", "as the configuration says for a high severity");

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

    report(&tenant, "tuesday", &["zlib"]).await;
    ticket_becomes(&stack, &tenant, &ticket_path, "closed").await;
    report(&tenant, "wednesday", &["openssl", "zlib"]).await;
    ticket_becomes(&stack, &tenant, &ticket_path, "open").await;
    assert_eq!(tenant.items("/v1/tickets").await.len(), 2, "what comes back has its ticket");
    let open = stack.issues("SEC").await;
    let mine =
        open.iter().filter(|it| it["summary"].as_str().unwrap_or_default().contains("Vulnerable openssl"));
    assert_eq!(mine.count(), 1);
}

/// Findings become tickets in project `SEC`, with a priority by their severity.
async fn configure(tenant: &Tenant<'_>, connection: &str) {
    let value = |id: &str| json!({ "type": "priority", "value": id });
    let values = json!({
        "critical": value("1"), "high": value("2"), "medium": value("3"), "low": value("4"), "info": value("5"),
    });
    let source = json!({ "from": "assay", "field": "severity", "values": values });
    let configuration = json!({
        "name": "Everything", "connection": connection, "project": "SEC", "issue_type": "10100",
        "rules": [{ "field": "priority", "source": source }],
    });
    tenant.must(201, "POST", "/v1/project-configurations", Some(&configuration)).await;
}

/// A full report of a scanner, which finds these packages.
async fn report(tenant: &Tenant<'_>, id: &str, packages: &[&str]) {
    let finding = |package: &&str| {
        json!({
            "fingerprint": *package, "title": format!("Vulnerable {package}"), "severity": "high", "asset": "shop/web",
            "package": { "name": *package, "version": "1.0", "fixed_in": "1.1" },
        })
    };
    let findings: Vec<Value> = packages.iter().map(finding).collect();
    let body = json!({
        "source": "trivy", "report": { "id": id, "full": true, "last": true, "batches": 1 }, "findings": findings,
    });
    let taken = tenant.must(200, "POST", "/v1/findings", Some(&body)).await;
    assert_eq!(taken["rejected"], 0, "{taken}");
}

async fn ticket_becomes(stack: &Stack, tenant: &Tenant<'_>, ticket: &str, state: &str) -> Value {
    stack
        .until(SOON, &format!("a ticket that is {state}"), async || {
            let now = tenant.must(200, "GET", ticket, None).await;
            if now["state"] == state { Ok(now) } else { Err(now.to_string()) }
        })
        .await
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
            Err(now["pulls"].to_string())
        })
        .await
}

/// The description of a pull request, as GitHub shows it.
async fn description(stack: &Stack, number: u64) -> String {
    let (status, pull) = stack.github_pull("acme/shop", number).await;
    assert_eq!(status, 200, "{pull}");
    pull["body"].as_str().unwrap_or_default().to_owned()
}
