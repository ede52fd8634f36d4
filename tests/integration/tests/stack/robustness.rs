//! What the deployed functions do when messages are poison, processes die, and callers are strangers.

use assay_test_support::stack::{Stack, Tenant};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

/// Connects the demo site by token; by it, unlike an app's, nobody else's webhooks are in the way.
pub(super) async fn connect_by_token(tenant: &Tenant<'_>, use_cases: &[&str]) -> String {
    let wish = json!({
        "method": "api_token", "site": "demo.atlassian.net", "email": "admin@example.com", "token": "sim-admin-token",
        "use_cases": use_cases,
        "change_management": { "projects": ["CHG"] }, "incidents": { "projects": ["INC"] },
    });
    let connection = tenant.must(201, "POST", "/v1/connections", Some(&wish)).await;
    connection["id"].as_str().unwrap().to_owned()
}

/// Connects the demo site by token and turns all tasks into tickets in `project`.
async fn connect(tenant: &Tenant<'_>, project: &str, label: &str) {
    let connection = connect_by_token(tenant, &["ticketing", "incident_management"]).await;
    let setting = json!({
        "scope": "all", "connection": connection, "project": project, "issue_type": "10100",
        "labels": [label], "mode": "individual",
    });
    tenant.must(201, "POST", "/v1/sync-settings", Some(&setting)).await;
}

/// Waits until every open task has an open ticket, and checks that each has exactly one live issue.
async fn one_issue_a_ticket(stack: &Stack, tenant: &Tenant<'_>, project: &str, seconds: u64) {
    let tickets = stack
        .until(seconds, "one open ticket a task", async || {
            let tasks = tenant.items("/v1/tasks?state=open").await;
            let tickets = tenant.items("/v1/tickets").await;
            let open = tickets.iter().filter(|ticket| ticket["state"] == "open").count();
            if !tasks.is_empty() && open == tasks.len() {
                Ok(tickets)
            } else {
                Err(format!("{} tasks, {tickets:?}", tasks.len()))
            }
        })
        .await;
    let issues = stack.issues(project).await;
    for ticket in tickets {
        let mine =
            issues.iter().filter(|issue| issue["properties"]["assay.ticket"]["id"] == ticket["id"]).count();
        assert_eq!(mine, 1, "{ticket}");
    }
}

async fn queue_named(stack: &Stack, part: &str) -> (aws_sdk_sqs::Client, String) {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(aws_sdk_sqs::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(&stack.aws)
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    let all = client.list_queues().send().await.expect("queues");
    let url = all.queue_urls().iter().find(|url| url.rsplit('/').next().is_some_and(|name| name == part));
    let url = url.unwrap_or_else(|| panic!("no queue named {part}: {:?}", all.queue_urls())).clone();
    (client, url)
}

#[tokio::test]
async fn a_poison_message_is_parked_alone_and_its_neighbours_are_done() {
    let stack = Stack::find();
    let tenant = stack.tenant("poison", "admin").await;
    let (client, queue) = queue_named(&stack, "assay-sync").await;
    let (_, dead) = queue_named(&stack, "assay-sync-dead").await;
    // The deployed time-out of 420 seconds would make five receptions last half an hour.
    let short = client
        .set_queue_attributes()
        .queue_url(&queue)
        .attributes(QueueAttributeName::VisibilityTimeout, "2");
    short.send().await.expect("a shorter time-out");
    let poison = r#"{"tenant":"poison","ticket":"tkt-1","colour":"red"}"#;
    client
        .send_message()
        .queue_url(&queue)
        .message_body(poison)
        .message_group_id("poison")
        .send()
        .await
        .expect("sent");
    connect(&tenant, "SEC", "poison").await;
    one_issue_a_ticket(&stack, &tenant, "SEC", 180).await;
    let parked = stack
        .until(120, "a dead letter", async || {
            let request = client.receive_message().queue_url(&dead).max_number_of_messages(10);
            let messages = request.send().await.map_err(|error| error.to_string())?;
            let bodies: Vec<String> =
                messages.messages().iter().filter_map(|it| it.body().map(ToOwned::to_owned)).collect();
            if bodies.is_empty() { Err("none".to_owned()) } else { Ok(bodies) }
        })
        .await;
    assert_eq!(parked, [poison]);
    let usual = client
        .set_queue_attributes()
        .queue_url(&queue)
        .attributes(QueueAttributeName::VisibilityTimeout, "420");
    usual.send().await.expect("the usual time-out");
}

#[tokio::test]
async fn a_worker_that_is_killed_while_jira_creates_makes_no_second_issue() {
    let stack = Stack::find();
    let tenant = stack.tenant("killed", "admin").await;
    // Jira does it, but its answer takes so long that the worker is dead by then.
    let fault = json!({ "faults": [
        { "method": "POST", "path": "/rest/api/3/issue/bulk", "from_call": 1, "times": 1, "kind": "delay", "delay_ms": 15000 },
    ]});
    assert_eq!(stack.simulator("POST", "/__sim/faults", Some(&fault)).await.0, 200);
    connect(&tenant, "TEAM", "killed").await;
    let function = stack.function("CreateTickets").await;
    stack
        .until(120, "a ticket that is being created", async || {
            let tickets = tenant.items("/v1/tickets?state=creating").await;
            if tickets.is_empty() { Err("none".to_owned()) } else { Ok(()) }
        })
        .await;
    let processes = stack.processes(&function);
    assert!(!processes.is_empty(), "the function runs");
    for process in processes {
        Stack::kill(process).await;
    }
    one_issue_a_ticket(&stack, &tenant, "TEAM", 300).await;
    let tickets = tenant.items("/v1/tickets").await;
    let mut told = false;
    for ticket in &tickets {
        let trace = tenant.items(&format!("/v1/tickets/{}/trace", ticket["id"].as_str().unwrap())).await;
        told |= trace.iter().any(|entry| entry["what"].as_str().unwrap().starts_with("adopted issue"));
    }
    assert!(told, "the trace says that the issue of the lost create was found");
    stack.simulator("DELETE", "/__sim/faults", None).await;
}

#[tokio::test]
async fn strangers_and_other_tenants_reach_nothing_through_the_gateway() {
    let stack = Stack::find();
    let owner = stack.tenant("owner", "admin").await;
    let other = stack.tenant("other", "admin").await;
    let made =
        owner.must(201, "POST", "/v1/tokens", Some(&json!({ "name": "mine", "role": "auditor" }))).await;
    assert!(made["token"].as_str().unwrap().starts_with("assay_owner_"));
    let theirs: Vec<Value> = other.items("/v1/tokens").await;
    assert!(theirs.iter().all(|token| token["id"] != made["id"]));
    for path in [
        "/v1/connections",
        "/v1/checks",
        "/v1/tasks",
        "/v1/tickets",
        "/v1/sync-settings",
        "/v1/tokens",
        "/v1/people",
        "/v1/people/export",
        "/v1/accounts?connection=con-1",
        "/v1/groups?connection=con-1",
    ] {
        let (status, _, _) = stack.browse(&format!("{}{path}", stack.url), None, None).await;
        assert_eq!(status, 401, "{path}");
    }
    let (status, _, _) = stack.browse(&format!("{}/v1/health", stack.url), None, None).await;
    assert_eq!(status, 200);
    let (status, _, _) =
        stack.browse(&format!("{}/webhooks/owner/con-1", stack.url), None, Some("{}".to_owned())).await;
    assert_eq!(status, 401, "an unsigned delivery");
}
