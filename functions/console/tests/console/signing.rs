//! Signing in, staying signed in, signing out.

use assay::access::Role;
use assay::ids::{TenantId, TokenId};
use assay_test_support::world::{PUBLIC_URL, World};

use super::support::{House, ROLES, TENANT, between, main_of};

#[tokio::test]
async fn signed_out_the_front_page_is_the_sign_in_page() {
    let house = House::start().await;
    let page = house.browser().page("/").await;
    assert!(page.contains("name=\"token\"") && !page.contains("<nav"), "{page}");
    insta::assert_snapshot!(main_of(&page));
}

#[tokio::test]
async fn whoever_is_led_to_the_sign_in_page_comes_back_to_what_was_to_be_read() {
    let house = House::start().await;
    let browser = house.browser();
    let answer = browser.get("/checks?outcome=fail").await;
    assert_eq!(answer.header("location"), "/sign-in?to=%2Fchecks%3Foutcome%3Dfail");
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("name=\"to\" value=\"/checks?outcome=fail\""), "{page}");
    let token = house.token(TENANT, Role::Auditor).await;
    let answer = browser.submit("/sign-in", &[("token", &token), ("to", "/checks?outcome=fail")]).await;
    assert_eq!(answer.header("location"), "/checks?outcome=fail");
    assert!(browser.follow(&answer).await.text().contains("<h1>Checks</h1>"));
    let answer = browser.get("/sign-in?to=/checks").await;
    assert_eq!(answer.header("location"), "/checks", "who is signed in goes on");
}

#[tokio::test]
async fn the_way_back_never_leads_to_another_site() {
    let house = House::start().await;
    let token = house.token(TENANT, Role::Auditor).await;
    for to in ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""] {
        let answer = house.browser().submit("/sign-in", &[("token", &token), ("to", to)]).await;
        assert_eq!(answer.header("location"), "/", "{to}");
    }
}

#[tokio::test]
async fn a_token_that_is_none_or_was_revoked_lets_nobody_in() {
    let house = House::start().await;
    let token = house.token(TENANT, Role::Admin).await;
    let id = TokenId::parse(token.split('_').nth(2).unwrap()).unwrap();
    let tenant = TenantId::parse(TENANT).unwrap();
    house.world.store().revoke_token(&tenant, &id, house.world.time.now()).await.unwrap();
    for text in ["", "x", "assay_acme_x_y", &format!("{token}x"), &token, &"a".repeat(3000)] {
        let browser = house.browser();
        let answer = browser.submit("/sign-in", &[("token", text)]).await;
        assert_eq!(answer.status, 422, "{text}");
        assert!(answer.text().contains("not a valid API token"));
        assert!(text.is_empty() || text == "x" || !answer.text().contains(text), "it is not shown again");
        assert!(browser.cookies.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn each_role_is_shown_who_it_is_and_keeps_the_session_for_twelve_hours() {
    let house = House::start().await;
    for role in ROLES {
        let browser = house.signed_in(role).await;
        let page = browser.page("/").await;
        assert!(
            page.contains(&format!("<p>{} · ", role.name())) && page.contains("<strong>acme</strong>"),
            "{page}"
        );
    }
    let browser = house.signed_in(Role::Auditor).await;
    house.world.time.advance(12 * 3600 - 1);
    browser.page("/checks").await;
    house.world.time.advance(1);
    assert_eq!(browser.get("/checks").await.header("location"), "/sign-in?to=%2Fchecks");
}

#[tokio::test]
async fn signing_out_ends_the_session_even_for_whoever_kept_its_cookie() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page("/").await;
    let kept = browser.cookies.lock().unwrap().clone();
    let answer = browser.submit("/sign-out", &[]).await;
    assert_eq!(answer.header("location"), "/");
    assert!(browser.follow(&answer).await.text().contains("<h1>Sign in</h1>"));
    *browser.cookies.lock().unwrap() = kept;
    assert_eq!(browser.get("/checks").await.status, 303);
}

#[tokio::test]
async fn the_end_of_a_token_is_the_end_of_its_sessions() {
    let house = House::start().await;
    let token = house.token(TENANT, Role::Admin).await;
    let browser = house.browser();
    browser.submit("/sign-in", &[("token", &token)]).await;
    browser.page("/checks").await;
    let id = TokenId::parse(token.split('_').nth(2).unwrap()).unwrap();
    let tenant = TenantId::parse(TENANT).unwrap();
    house.world.store().revoke_token(&tenant, &id, house.world.time.now()).await.unwrap();
    assert_eq!(browser.get("/checks").await.header("location"), "/sign-in?to=%2Fchecks");
}

#[tokio::test]
async fn a_session_that_an_admin_ends_is_over_at_once_and_its_token_is_not() {
    let house = House::start().await;
    let token = house.token(TENANT, Role::Operator).await;
    let browser = house.browser();
    browser.submit("/sign-in", &[("token", &token)]).await;
    browser.page("/checks").await;
    let sessions = format!("/v1/tokens/{}/sessions", token.split('_').nth(2).unwrap());
    let listed = house.call("GET", &sessions, &serde_json::Value::Null).await.json();
    assert_eq!(listed["items"][0]["id"], browser.session());
    let path = format!("{sessions}/{}", browser.session());
    house.call("DELETE", &path, &serde_json::Value::Null).await;
    assert_eq!(browser.get("/checks").await.status, 303);
    assert_eq!(browser.submit("/sign-in", &[("token", &token)]).await.header("location"), "/");
}

#[tokio::test]
async fn signing_in_again_leaves_no_session_behind() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Auditor).await;
    let first = browser.cookies.lock().unwrap().clone();
    let token = house.token(TENANT, Role::Admin).await;
    browser.submit("/sign-in", &[("token", &token)]).await;
    assert_ne!(*browser.cookies.lock().unwrap(), first);
    let thief = house.browser();
    *thief.cookies.lock().unwrap() = first;
    assert_eq!(thief.get("/checks").await.status, 303);
}

#[tokio::test]
async fn a_session_cannot_be_made_another_tenants_or_another_ones() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    let mine = browser.cookies.lock().unwrap()["assay"].clone();
    house.signed_in_to("other", Role::Admin).await;
    for forged in [mine.replace("acme", "other"), format!("{mine}a"), mine[1..].to_owned(), "x".repeat(5000)]
    {
        browser.cookies.lock().unwrap().insert("assay".to_owned(), forged.clone());
        assert_eq!(browser.get("/checks").await.status, 303, "{forged}");
    }
}

#[tokio::test]
async fn a_form_is_refused_unless_it_comes_from_a_page_of_this_session() {
    let house = House::start().await;
    let (one, other) = (house.signed_in(Role::Admin).await, house.signed_in(Role::Admin).await);
    one.page("/").await;
    other.page("/").await;
    let (mark, foreign) = (one.mark.lock().unwrap().clone(), other.mark.lock().unwrap().clone());
    for fields in [&[][..], &[("csrf", "")], &[("csrf", foreign.as_str())], &[("csrf", &mark[1..])]] {
        let answer = one.submit_as("/sign-out", fields, PUBLIC_URL).await;
        assert_eq!(answer.status, 403, "{fields:?}");
        assert!(answer.text().contains("Nothing was done"));
    }
    for origin in ["https://evil.example", "null", "http://assay.localhost.evil.example"] {
        assert_eq!(one.submit_as("/sign-out", &[("csrf", &mark)], origin).await.status, 403, "{origin}");
        let token = house.token(TENANT, Role::Admin).await;
        let answer = house.browser().submit_as("/sign-in", &[("token", &token)], origin).await;
        assert_eq!(answer.status, 403, "nobody is signed in by another site's page");
    }
    one.page("/checks").await;
    assert_eq!(one.submit_as("/sign-out", &[("csrf", &mark)], PUBLIC_URL).await.status, 303);
}

/// What stands behind the address of a new link: its path and query.
async fn link(house: &House, role: Role) -> String {
    let url = house.link(TENANT, role).await;
    url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

#[tokio::test]
async fn a_link_signs_in_once_and_only_by_its_button() {
    let house = House::start().await;
    let path = link(&house, Role::Operator).await;
    let browser = house.browser();
    for _ in 0..3 {
        let page = browser.page(&path).await;
        assert!(page.contains("<strong>acme</strong> as operator"), "{page}");
    }
    assert!(browser.cookies.lock().unwrap().is_empty(), "looking at it does nothing");
    let page = browser.page(&path).await;
    let text = between(&page, "name=\"link\" value=\"", "\"").unwrap();
    let answer = browser.submit("/sign-in/link", &[("link", text)]).await;
    assert!(browser.follow(&answer).await.text().contains("<p>operator · "));
    let second = house.browser();
    assert_eq!(second.get(&path).await.status, 410);
    assert_eq!(second.submit("/sign-in/link", &[("link", text)]).await.status, 410);
    assert!(second.cookies.lock().unwrap().is_empty());
    let tokens = house.call("GET", "/v1/tokens", &serde_json::Value::Null).await.text();
    assert!(tokens.contains("signed in by link"), "it can be revoked: {tokens}");
}

#[tokio::test]
async fn a_link_that_is_late_foreign_or_made_up_signs_nobody_in() {
    let house = House::start().await;
    let path = link(&house, Role::Admin).await;
    let text = path.split_once("link=").unwrap().1.to_owned();
    for wrong in ["", "acme", "acme.x", &text.replace("acme", "other"), &text[..text.len() - 1]] {
        let browser = house.browser();
        assert_eq!(browser.get(&format!("/sign-in/link?link={wrong}")).await.status, 410, "{wrong}");
        assert_eq!(browser.submit("/sign-in/link", &[("link", wrong)]).await.status, 410, "{wrong}");
    }
    let answer = house.browser().submit_as("/sign-in/link", &[("link", &text)], "https://evil.example").await;
    assert_eq!(answer.status, 403, "another site's page uses nothing up");
    house.world.time.advance(15 * 60);
    assert_eq!(house.browser().get(&path).await.status, 410);
    assert_eq!(house.browser().submit("/sign-in/link", &[("link", &text)]).await.status, 410);
}

#[tokio::test]
async fn a_session_is_never_sent_in_the_open_unless_the_console_is_on_this_machine() {
    for (address, secure) in [
        ("http://assay.localhost", false),
        ("http://127.0.0.1:4566", false),
        ("https://assay.example", true),
        ("http://assay.example", true),
        ("HTTPS://assay.example", true),
    ] {
        let house = House::at(World::start().await, address);
        let token = house.token(TENANT, Role::Auditor).await;
        let answer = house.browser().submit("/sign-in", &[("token", &token)]).await;
        let cookie = answer.header("set-cookie");
        assert_eq!(cookie.starts_with("__Host-assay="), secure, "{address}: {cookie}");
        assert_eq!(cookie.contains("; Secure"), secure, "{address}: {cookie}");
        assert_eq!(!answer.header("strict-transport-security").is_empty(), secure, "{address}");
    }
}
