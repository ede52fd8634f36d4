use serde_json::json;

use crate::support::{Jira, consent, text};

const ADMIN: &str = "admin@example.com";

#[tokio::test]
async fn an_unscoped_token_opens_the_site_and_not_the_gateway() {
    let jira = Jira::demo().await;
    let myself = jira.get("/myself").await;
    assert_eq!((myself.status, text(&myself.json()["accountId"])), (200, "acc-admin"));
    assert_eq!(myself.header("x-aaccountid"), "acc-admin");
    let request = jira.client.get(jira.gateway("/myself")).basic_auth(ADMIN, Some("sim-admin-token"));
    let refused = jira.send(request).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["message"], "Unauthorized");
}

#[tokio::test]
async fn a_scoped_token_opens_the_gateway_and_not_the_site() {
    let jira = Jira::demo().await;
    let request = jira.client.get(jira.gateway("/myself")).basic_auth(ADMIN, Some("sim-scoped-token"));
    assert_eq!(jira.send(request).await.status, 200);
    let request = jira.client.get(jira.site("/myself")).basic_auth(ADMIN, Some("sim-scoped-token"));
    assert_eq!(jira.send(request).await.status, 401);
}

#[tokio::test]
async fn a_service_account_gets_a_bearer_token_for_its_secret() {
    let jira = Jira::demo().await;
    let body = json!({
        "grant_type": "client_credentials", "client_id": "sim-service", "client_secret": "sim-service-secret",
    });
    let answer =
        jira.send(jira.client.post(format!("{}/oauth/token", jira.running.url())).json(&body)).await.json();
    assert!(answer.get("refresh_token").is_none());
    let request = jira.client.get(jira.gateway("/myself")).bearer_auth(text(&answer["access_token"]));
    let myself = jira.send(request).await.json();
    assert_eq!((text(&myself["accountType"]), text(&myself["appType"])), ("app", "service"));
}

#[tokio::test]
async fn a_missing_scope_is_401_at_the_gateway_and_says_so() {
    let jira = Jira::demo().await;
    let tokens = consent(&jira, "read:jira-work").await;
    let request = jira.client.get(jira.gateway("/myself")).bearer_auth(text(&tokens["access_token"]));
    let refused = jira.send(request).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["message"], "Unauthorized; scope does not match");
}

#[tokio::test]
async fn granular_scopes_serve_only_all_together() {
    let jira = Jira::demo().await;
    for (scopes, status) in [(json!(["read:permission:jira"]), 200), (json!(["read:project:jira"]), 401)] {
        jira.control("POST", "/tokens", json!({ "account": "acc-1", "token": "granular", "scopes": scopes }))
            .await;
        let path = jira.gateway("/mypermissions?permissions=BROWSE_PROJECTS");
        let request = jira.client.get(path).basic_auth("account-1@example.com", Some("granular"));
        assert_eq!(jira.send(request).await.status, status, "{scopes}");
    }
}

#[tokio::test]
async fn a_wrong_credential_is_an_anonymous_call_where_anonymous_calls_are_allowed() {
    let jira = Jira::demo().await;
    let wrong = |path: &str| jira.client.get(jira.site(path)).basic_auth(ADMIN, Some("wrong"));
    let projects = jira.send(wrong("/project/search")).await;
    assert_eq!((projects.status, projects.json()["total"].clone()), (200, json!(0)));
    assert_eq!(jira.send(wrong("/issue/CHG-1")).await.status, 404);
    let myself = jira.send(wrong("/myself")).await;
    assert_eq!(myself.status, 401);
    assert_eq!(myself.header("x-seraph-loginreason"), "AUTHENTICATED_FAILED");
    let request = jira.client.get(jira.gateway("/project/search")).basic_auth(ADMIN, Some("wrong"));
    assert_eq!(jira.send(request).await.status, 401, "the gateway has no anonymous callers");
}

#[tokio::test]
async fn an_expired_token_and_an_inactive_account_are_refused() {
    let jira = Jira::demo().await;
    let now = jira.simulator().now().as_second();
    let token = json!({ "account": "acc-1", "token": "short", "expires": now + 60 });
    jira.control("POST", "/tokens", token).await;
    let myself = || jira.client.get(jira.site("/myself")).basic_auth("account-1@example.com", Some("short"));
    assert_eq!(jira.send(myself()).await.status, 200);
    jira.advance(61);
    assert_eq!(jira.send(myself()).await.status, 401);
    jira.control("POST", "/accounts/acc-2", json!({ "active": false })).await;
    assert_eq!(jira.send(jira.as_account(2, "GET", "/myself")).await.status, 401);
}

#[tokio::test]
async fn the_cloud_id_is_told_to_everybody() {
    let jira = Jira::demo().await;
    let url = format!("{}/_edge/tenant_info", jira.running.site_url("demo.atlassian.net"));
    let reply = jira.send(jira.client.get(url)).await;
    assert_eq!(reply.json(), json!({ "cloudId": "11111111-2222-4333-8444-555555555555" }));
    let unknown = format!("{}/_edge/tenant_info", jira.running.site_url("nobody.atlassian.net"));
    assert_eq!(jira.send(jira.client.get(unknown)).await.status, 404);
}
