use serde_json::json;

use super::TokenError;
use crate::clock::after;
use crate::connection::ProblemCode;
use crate::jira::credentials::{Grant, OauthApp};
use crate::jira::error::Kind;
use crate::jira::http::SendError;
use crate::jira::scripted::{answer, in_doubt, limited, not_sent, sign_in, text};
use crate::secret::Secret;
use crate::site::SiteDomain;

fn app() -> OauthApp {
    OauthApp { client_id: "sim-client".to_owned(), client_secret: Secret::new("sim-client-secret") }
}

fn grant() -> Grant {
    let granted_at = "2026-01-01T00:00:00Z".parse().unwrap();
    Grant {
        access_token: Secret::new("a1"),
        refresh_token: Secret::new("r1"),
        expires_at: after(granted_at, 3600),
        refreshed_at: granted_at,
        granted_at,
        scopes: vec!["read:jira-work".to_owned()],
        client_id: Some("sim-client".to_owned()),
        previous_refresh_token: None,
    }
}

#[test]
fn the_consent_page_is_asked_for_these_scopes_and_nothing_can_be_added_by_a_value() {
    let (sign_in, ..) = sign_in(vec![]);
    let url = sign_in.authorize_url(
        &app(),
        &["read:jira-work", "offline_access"],
        "https://assay.example.com/oauth/callback?x=1&y",
        &Secret::new("acme.s&prompt=none"),
    );
    let url = url::Url::parse(&url).unwrap();
    assert_eq!((url.host_str(), url.path()), (Some("auth.atlassian.com"), "/authorize"));
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let expected = [
        ("audience", "api.atlassian.com"),
        ("client_id", "sim-client"),
        ("scope", "read:jira-work offline_access"),
        ("redirect_uri", "https://assay.example.com/oauth/callback?x=1&y"),
        ("state", "acme.s&prompt=none"),
        ("response_type", "code"),
        ("prompt", "consent"),
    ];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_code_becomes_a_grant() {
    let tokens = json!({ "access_token": "a", "refresh_token": "r", "expires_in": 1800, "scope": "x y", "token_type": "bearer" });
    let (sign_in, script, clock) = sign_in(vec![answer(200, tokens)]);
    let now = crate::clock::Clock::now(clock.as_ref());
    let grant = sign_in.exchange_code(&app(), &Secret::new("code"), "https://x.example/").await.unwrap();
    assert_eq!((grant.expires_at, grant.granted_at), (after(now, 1800), now));
    assert_eq!((grant.access_token.expose(), grant.refresh_token.expose()), ("a", "r"));
    assert_eq!(grant.scopes, ["x", "y"]);
    let requests = script.requests.lock().unwrap();
    let expected = json!({
        "grant_type": "authorization_code", "client_id": "sim-client", "client_secret": "sim-client-secret",
        "code": "code", "redirect_uri": "https://x.example/",
    });
    assert_eq!(requests[0].body.as_ref().unwrap(), &expected);
    assert_eq!(requests[0].url, "https://auth.atlassian.com/oauth/token");
}

#[tokio::test]
async fn a_code_that_brings_no_refresh_token_is_refused() {
    let (sign_in, ..) = sign_in(vec![answer(200, json!({ "access_token": "a", "expires_in": 3600 }))]);
    let error = sign_in.exchange_code(&app(), &Secret::new("code"), "https://x.example/").await.unwrap_err();
    assert_eq!(error, TokenError::Refused { status: 200 });
}

#[tokio::test]
async fn a_refresh_keeps_the_token_before_for_repair() {
    let tokens = json!({ "access_token": "a2", "refresh_token": "r2", "expires_in": 3600, "scope": "z" });
    let (sign_in, script, clock) = sign_in(vec![answer(200, tokens)]);
    let now = crate::clock::Clock::now(clock.as_ref());
    let next = sign_in.refresh(&app(), &grant()).await.unwrap();
    assert_eq!((next.access_token.expose(), next.refresh_token.expose()), ("a2", "r2"));
    assert_eq!(next.previous_refresh_token.unwrap().expose(), "r1");
    assert_eq!((next.refreshed_at, next.granted_at), (now, grant().granted_at));
    assert_eq!(next.scopes, ["z"]);
    assert_eq!(script.requests.lock().unwrap()[0].body.as_ref().unwrap()["refresh_token"], "r1");
}

#[tokio::test]
async fn a_refresh_that_does_not_rotate_keeps_what_there_was() {
    let before = Grant { previous_refresh_token: Some(Secret::new("r0")), ..grant() };
    let (sign_in, ..) = sign_in(vec![answer(200, json!({ "access_token": "a2", "expires_in": 3600 }))]);
    let next = sign_in.refresh(&app(), &before).await.unwrap();
    assert_eq!(next.refresh_token.expose(), "r1");
    assert_eq!(next.previous_refresh_token.unwrap().expose(), "r0");
    assert_eq!(next.scopes, before.scopes);
}

#[tokio::test]
async fn every_way_in_which_a_refresh_can_fail_has_its_meaning_and_is_tried_once() {
    let refusal = |status, error: &str| {
        answer(status, json!({ "error": error, "error_description": "Unknown or invalid refresh token." }))
    };
    for (answer, expected) in [
        (refusal(403, "invalid_grant"), TokenError::GrantEnded),
        (refusal(400, "invalid_grant"), TokenError::GrantEnded),
        (refusal(403, "unauthorized_client"), TokenError::GrantEnded),
        (refusal(401, "access_denied"), TokenError::ClientRefused),
        (refusal(401, "invalid_client"), TokenError::ClientRefused),
        (text(401, ""), TokenError::ClientRefused),
        (refusal(400, "invalid_scope"), TokenError::Refused { status: 400 }),
        (text(403, "<html>"), TokenError::Unavailable { retry_after: None }),
        (limited("", Some(9)), TokenError::Unavailable { retry_after: Some(9) }),
        (text(408, ""), TokenError::InDoubt),
        (refusal(499, "timeout"), TokenError::InDoubt),
        (text(500, ""), TokenError::InDoubt),
        (text(302, ""), TokenError::InDoubt),
        (text(200, "<html>"), TokenError::InDoubt),
        (answer(200, json!({ "access_token": "a" })), TokenError::InDoubt),
        (in_doubt(), TokenError::InDoubt),
        (Err(SendError::TooLarge { status: 200 }), TokenError::InDoubt),
        (not_sent(), TokenError::Unavailable { retry_after: None }),
    ] {
        let (sign_in, script, _) = sign_in(vec![answer]);
        assert_eq!(sign_in.refresh(&app(), &grant()).await.unwrap_err(), expected);
        assert_eq!(script.requests.lock().unwrap().len(), 1);
    }
}

#[test]
fn only_what_a_person_must_mend_is_final() {
    for (error, is_final, code) in [
        (TokenError::GrantEnded, true, ProblemCode::GrantEnded),
        (TokenError::ClientRefused, true, ProblemCode::OauthApp),
        (TokenError::Refused { status: 400 }, true, ProblemCode::OauthApp),
        (TokenError::InDoubt, false, ProblemCode::Unreachable),
        (TokenError::Unavailable { retry_after: None }, false, ProblemCode::Unreachable),
    ] {
        assert_eq!((error.is_final(), error.problem().code), (is_final, code), "{error}");
    }
}

#[tokio::test]
async fn client_credentials_become_an_access_token() {
    let (sign_in, script, clock) =
        sign_in(vec![answer(200, json!({ "access_token": "a", "expires_in": 3600 }))]);
    let now = crate::clock::Clock::now(clock.as_ref());
    let access = sign_in.client_credentials("sim-service", &Secret::new("s")).await.unwrap();
    assert_eq!((access.token.expose(), access.expires_at), ("a", after(now, 3600)));
    assert_eq!(script.requests.lock().unwrap()[0].body.as_ref().unwrap()["grant_type"], "client_credentials");
}

#[tokio::test]
async fn a_site_is_listed_once_and_only_if_a_jira_scope_was_granted() {
    let cloud = "11111111-2222-4333-8444-555555555555";
    let site = |id: &str, scopes: &[&str]| json!({ "id": id, "url": "https://demo.atlassian.net", "name": "demo", "scopes": scopes });
    let list = json!([
        site(cloud, &["read:jira-work"]),
        site(cloud, &["read:jira-user", "read:jira-work"]),
        site("99999999-2222-4333-8444-555555555555", &["read:confluence-content.all"]),
    ]);
    let (sign_in, script, _) = sign_in(vec![answer(200, list)]);
    let sites = sign_in.accessible_resources(&Secret::new("a")).await.unwrap();
    assert_eq!(sites.len(), 1);
    assert_eq!(sites[0].scopes, ["read:jira-user", "read:jira-work"]);
    assert!(sites[0].is_at(&SiteDomain::parse("demo.atlassian.net").unwrap()));
    assert!(!sites[0].is_at(&SiteDomain::parse("other.atlassian.net").unwrap()));
    let requests = script.requests.lock().unwrap();
    assert_eq!(requests[0].authorization.as_ref().unwrap().expose(), "Bearer a");
}

#[tokio::test]
async fn a_domain_without_a_site_is_not_found_and_a_site_is_asked_without_credentials() {
    let site = SiteDomain::parse("demo.atlassian.net").unwrap();
    let cloud = "11111111-2222-4333-8444-555555555555";
    let (found, script, _) = sign_in(vec![in_doubt(), answer(200, json!({ "cloudId": cloud }))]);
    assert_eq!(found.tenant_info(&site).await.unwrap().as_str(), cloud);
    let requests = std::mem::take(&mut *script.requests.lock().unwrap());
    assert!(requests.iter().all(|request| request.authorization.is_none()));
    assert_eq!(requests[1].url, "https://demo.atlassian.net/_edge/tenant_info");
    let (missing, ..) = sign_in(vec![text(404, "<html>")]);
    assert_eq!(missing.tenant_info(&site).await.unwrap_err().kind, Kind::NotFound);
    let (moved, ..) = sign_in(vec![text(200, "<html>")]);
    assert_eq!(moved.tenant_info(&site).await.unwrap_err().kind, Kind::Malformed { path: "$".to_owned() });
}
