use serde_json::{Value, json};

use crate::support::{Jira, Reply, consent, text, token};

const SCOPES: &str = "read:jira-work read:jira-user write:jira-work offline_access";

async fn myself(jira: &Jira, tokens: &Value) -> u16 {
    let request = jira.client.get(jira.gateway("/myself")).bearer_auth(text(&tokens["access_token"]));
    jira.send(request).await.status
}

async fn refresh(jira: &Jira, tokens: &Value) -> Reply {
    token(jira, json!({ "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"] })).await
}

#[tokio::test]
async fn consent_leads_to_a_code_that_can_be_exchanged_once() {
    let jira = Jira::demo().await;
    let tokens = consent(&jira, SCOPES).await;
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(myself(&jira, &tokens).await, 200);
    let again = token(
        &jira,
        json!({ "grant_type": "authorization_code", "code": "code-2-unknown", "redirect_uri": "http://localhost:3000/callback" }),
    )
    .await;
    assert_eq!((again.status, text(&again.json()["error"])), (403, "invalid_grant"));
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let jira = Jira::demo().await;
    assert!(consent(&jira, "read:jira-work").await.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_refresh_token_rotates_and_the_old_pair_lives_ten_minutes_more() {
    let jira = Jira::demo().await;
    let first = consent(&jira, SCOPES).await;
    let second = refresh(&jira, &first).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    jira.advance(599);
    assert_eq!(myself(&jira, &first).await, 200, "the old access token, within the leeway");
    let third = refresh(&jira, &first).await;
    assert_eq!(third.status, 200, "the old refresh token, within the leeway");
    jira.advance(2);
    assert_eq!(myself(&jira, &first).await, 401);
    let late = refresh(&jira, &first).await;
    assert_eq!(late.status, 403);
    let body = json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." });
    assert_eq!(late.json(), body);
    assert_eq!(myself(&jira, &second).await, 200);
    assert_eq!(refresh(&jira, &second).await.status, 200);
}

#[tokio::test]
async fn a_late_reuse_can_end_the_whole_grant() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.reuse_ends_grant = true);
    let first = consent(&jira, SCOPES).await;
    let second = refresh(&jira, &first).await.json();
    jira.advance(601);
    assert_eq!(refresh(&jira, &first).await.status, 403);
    assert_eq!(myself(&jira, &second).await, 401);
}

#[tokio::test]
async fn an_access_token_ends_after_an_hour() {
    let jira = Jira::demo().await;
    let tokens = consent(&jira, SCOPES).await;
    jira.advance(3599);
    assert_eq!(myself(&jira, &tokens).await, 200);
    jira.advance(1);
    assert_eq!(myself(&jira, &tokens).await, 401);
}

#[tokio::test]
async fn a_refresh_token_ends_after_90_idle_days_and_after_a_year_at_most() {
    let jira = Jira::demo().await;
    let idle = consent(&jira, SCOPES).await;
    jira.advance(90 * 86_400);
    assert_eq!(refresh(&jira, &idle).await.status, 403);
    let mut tokens = consent(&jira, SCOPES).await;
    for _ in 0..6 {
        jira.advance(60 * 86_400);
        let reply = refresh(&jira, &tokens).await;
        assert_eq!(reply.status, 200);
        tokens = reply.json();
    }
    jira.advance(6 * 86_400);
    assert_eq!(refresh(&jira, &tokens).await.status, 403);
}

#[tokio::test]
async fn a_grant_covers_the_sites_that_were_chosen() {
    let jira = Jira::demo().await;
    let tokens = consent(&jira, SCOPES).await;
    let url = format!("{}/oauth/token/accessible-resources", jira.running.url());
    let request = jira.client.get(url).bearer_auth(text(&tokens["access_token"]));
    let sites = jira.send(request).await.json();
    let urls: Vec<&str> = sites.as_array().unwrap().iter().map(|site| text(&site["url"])).collect();
    assert_eq!(urls, ["https://demo.atlassian.net", "https://other.atlassian.net"]);
    let unknown =
        format!("{}/ex/jira/00000000-0000-4000-8000-000000000000/rest/api/3/myself", jira.running.url());
    let reply = jira.send(jira.client.get(unknown).bearer_auth(text(&tokens["access_token"]))).await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn a_person_can_refuse_and_can_take_the_consent_back() {
    let jira = Jira::demo().await;
    let form = "client_id=sim-client&scope=read:jira-work&redirect_uri=http://localhost:3000/cb&state=s&\
                response_type=code&audience=api.atlassian.com&decision=deny";
    let request = jira.client.post(format!("{}/authorize", jira.running.url())).body(form);
    let back = jira.send(request.header("content-type", "application/x-www-form-urlencoded")).await;
    let location = back.header("location");
    assert!(location.contains("error=access_denied") && location.contains("state=s"), "{location}");
    let tokens = consent(&jira, SCOPES).await;
    jira.control("POST", "/revoke", json!({ "account": "acc-admin" })).await;
    assert_eq!(myself(&jira, &tokens).await, 401);
    assert_eq!(refresh(&jira, &tokens).await.status, 403);
}

#[tokio::test]
async fn the_consent_page_shows_scopes_and_sites_and_refuses_foreign_addresses() {
    let jira = Jira::demo().await;
    let page = |redirect: &str| {
        let query = [
            ("client_id", "sim-client"),
            ("scope", "read:jira-work <b>"),
            ("redirect_uri", redirect),
            ("state", "s"),
            ("response_type", "code"),
            ("audience", "api.atlassian.com"),
            ("prompt", "consent"),
        ];
        jira.client.get(format!("{}/authorize", jira.running.url())).query(&query)
    };
    let shown = jira.send(page("http://127.0.0.1:3000/cb")).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("read:jira-work") && shown.text.contains("other.atlassian.net"));
    assert!(shown.text.contains("&lt;b&gt;") && !shown.text.contains("<code><b>"));
    assert_eq!(jira.send(page("https://example.com/cb")).await.status, 400);
}
