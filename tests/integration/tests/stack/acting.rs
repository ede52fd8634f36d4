//! An issue that is created and deleted by actions, and the message that a second person is waited for.

use assay_test_support::receiver::{Received, Receiver};
use assay_test_support::stack::{Stack, Tenant};
use serde_json::{Value, json};

use super::robustness::connect_by_token;

/// How long an action may take through queue and schedule, in seconds.
const SOON: u64 = 150;

#[tokio::test]
async fn an_issue_is_created_and_a_second_person_who_was_called_lets_it_be_deleted() {
    let stack = Stack::find();
    let receiver = Receiver::start().await;
    let tenant = stack.tenant("acting", "admin").await;
    let channel = json!({ "name": "people", "kind": "webhook", "url": receiver.hook_url() });
    let channel = tenant.must(201, "POST", "/v1/notifications/channels", Some(&channel)).await;
    let secret = channel["secret"].as_str().unwrap();
    let test = format!("/v1/notifications/channels/{}/test", channel["id"].as_str().unwrap());
    tenant.must(200, "POST", &test, Some(&json!({}))).await;
    assert!(receiver.received().iter().all(|message| message.signed_by(secret)));
    let connection = connect_by_token(&tenant, &["ticketing", "access_review"]).await;

    let wish = json!({
        "what": "create_issue", "connection": connection, "project": "SEC", "issue_type": "10100",
        "summary": "Rotate the keys of the stack", "why": "they are old",
    });
    let asked = tenant.must(202, "POST", "/v1/actions", Some(&wish)).await;
    let created = becomes(&stack, &tenant, &asked, "done").await;
    let key = created["issue"]["key"].as_str().unwrap();
    assert_eq!(titled(&stack, "Rotate the keys of the stack").await, 1);

    let wish = json!({ "what": "delete_issue", "connection": connection, "issue": key, "why": "by mistake" });
    let asked = tenant.must(202, "POST", "/v1/actions", Some(&wish)).await;
    let waiting = becomes(&stack, &tenant, &asked, "awaiting_approval").await;
    assert_eq!(waiting["dry_run"]["issue"]["title"], "Rotate the keys of the stack");
    stack
        .until(300, "a message that a second person is waited for", async || {
            let said: Vec<Value> = receiver.received().iter().map(Received::json).collect();
            if said.iter().any(|it| it["type"] == "approval_needed.began") {
                Ok(())
            } else {
                Err(format!("{said:?}"))
            }
        })
        .await;
    assert!(receiver.received().iter().all(|message| message.taken && message.signed_by(secret)));

    let approve = format!("/v1/actions/{}/approve", waiting["id"].as_str().unwrap());
    tenant.must(403, "POST", &approve, Some(&json!({}))).await;
    assert_eq!(titled(&stack, "Rotate the keys of the stack").await, 1);
    let second = stack.tenant("acting", "operator").await;
    second.must(202, "POST", &approve, Some(&json!({}))).await;
    becomes(&stack, &tenant, &waiting, "done").await;
    assert_eq!(titled(&stack, "Rotate the keys of the stack").await, 0);
}

async fn becomes(stack: &Stack, tenant: &Tenant<'_>, action: &Value, state: &str) -> Value {
    let path = format!("/v1/actions/{}", action["id"].as_str().unwrap());
    stack
        .until(SOON, &format!("an action that is {state}"), async || {
            let now = tenant.must(200, "GET", &path, None).await;
            if now["state"] == state { Ok(now) } else { Err(now.to_string()) }
        })
        .await
}

/// How many live issues have this title.
async fn titled(stack: &Stack, title: &str) -> usize {
    stack.issues("SEC").await.iter().filter(|issue| issue["summary"] == title).count()
}
