//! Who has access, by the API alone: read by the deployed function, judged, reviewed and signed.

use assay_test_support::stack::Stack;
use serde_json::json;

use super::main_job::connect_by_consent;

#[tokio::test]
async fn who_has_access_is_read_judged_and_reviewed_through_the_deployed_functions() {
    let stack = Stack::find();
    let tenant = stack.tenant("access", "admin").await;
    let person = json!({ "email": "account-1@example.com", "name": "Account 1", "status": "left" });
    tenant.must(201, "POST", "/v1/people", Some(&person)).await;
    let connection = connect_by_consent(&stack, &tenant, &["access_review", "usage"]).await;

    let usage = stack
        .until(240, "an ingested site", async || {
            let all = tenant.items("/v1/usage").await;
            match all.iter().find(|usage| !usage["ended_at"].is_null()) {
                Some(usage) => Ok(usage.clone()),
                None => Err(format!("{all:?}")),
            }
        })
        .await;
    assert_eq!(usage["connection"], connection.as_str());
    for source in ["users", "groups", "members", "products", "roles", "changes", "worklogs", "report"] {
        let coverage = &usage["sources"][source];
        assert!(coverage["read_at"].is_string() && coverage["gaps"] == json!([]), "{source}: {coverage}");
    }
    let accounts = tenant.items(&format!("/v1/accounts?connection={connection}")).await;
    assert_eq!(accounts.len() as u64, usage["sources"]["users"]["read"].as_u64().unwrap());
    let licences = tenant.must(200, "GET", &format!("/v1/licences/{connection}"), None).await;
    let products = licences["products"].as_array().unwrap();
    let jira = products.iter().find(|product| product["product"] == "jira-software").unwrap();
    assert!(jira["held"].as_u64().unwrap() >= 9 && !jira["unused"].is_null(), "{jira}");

    // The checks judge what was read: of ten accounts, one belongs to a person, who has left.
    tenant.must(202, "POST", "/v1/checks/B6/runs", Some(&json!({}))).await;
    let outcomes = stack
        .until(180, "the checks about access", async || {
            let checks = tenant.items("/v1/checks").await;
            let of =
                |id: &str| checks.iter().find(|check| check["id"] == id).unwrap()["last_outcome"].clone();
            let found = [of("B6"), of("B7"), of("B8")];
            if found == [json!("fail"), json!("fail"), json!("fail")] {
                Ok(found)
            } else {
                Err(format!("{found:?}"))
            }
        })
        .await;
    assert_eq!(outcomes.len(), 3);

    // A campaign over everybody is filled, decided on and signed.
    let groups = tenant.items(&format!("/v1/groups?connection={connection}")).await;
    let users = groups.iter().find(|group| group["name"] == "jira-users").unwrap();
    let campaign = json!({
        "name": "First review", "connection": connection, "due_on": "2099-12-31",
        "scope": { "by": "groups", "groups": [users["id"]] },
    });
    let made = tenant.must(201, "POST", "/v1/campaigns", Some(&campaign)).await;
    let path = format!("/v1/campaigns/{}", made["id"].as_str().unwrap());
    let state = async |wanted: &str| {
        stack
            .until(120, wanted, async || {
                let campaign = tenant.must(200, "GET", &path, None).await;
                if campaign["state"] == wanted { Ok(campaign) } else { Err(campaign.to_string()) }
            })
            .await
    };
    state("open").await;
    let items = tenant.items(&format!("{path}/items")).await;
    assert!(items.len() >= 9, "{}", items.len());
    let decisions: Vec<_> = items
        .iter()
        .map(|item| json!({ "account": item["account"], "grant": item["grant"], "decision": "keep" }))
        .collect();
    tenant.must(200, "POST", &format!("{path}/decisions"), Some(&json!({ "items": decisions }))).await;
    let closing = tenant.call("POST", &format!("{path}/close"), Some(&json!({}))).await;
    assert!((200..300).contains(&closing.0), "{closing:?}");
    let closed = state("closed").await;
    assert!(closed["record"]["signature"].is_string(), "{closed}");
}
