//! API tokens and the audit log.

use assay::access::Role;
use assay_test_support::world::PUBLIC_URL;
use serde_json::{Value, json};

use super::support::{House, PROBE, assert_harmless, between, main_of};

#[tokio::test]
async fn a_token_is_made_shown_once_used_and_revoked() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    let page = browser.page("/tokens").await;
    assert!(page.contains("(you)") && page.contains("direct invocation"), "{page}");
    insta::assert_snapshot!("tokens", main_of(&page));
    let refused = browser.submit("/tokens", &[("name", ""), ("role", "auditor")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("id=\"error-name\""), "{}", refused.text());
    let made = browser.submit("/tokens", &[("name", "Dana"), ("role", "operator")]).await.text();
    let token = between(&made, "<pre>", "</pre>").unwrap().to_owned();
    insta::assert_snapshot!("token_made", main_of(&made).replace(&token, "…"));
    let list = browser.page("/tokens").await;
    assert!(list.contains("Dana") && list.contains("Operator") && !list.contains(&token), "{list}");

    let dana = house.browser();
    assert_eq!(dana.submit("/sign-in", &[("token", &token)]).await.status, 303);
    assert!(dana.page("/").await.contains("Dana"));
    let id = token.split('_').nth(2).unwrap();
    browser.page("/tokens").await;
    let revoked = browser.submit(&format!("/tokens/{id}/revoke"), &[]).await;
    let list = browser.follow(&revoked).await.text();
    assert!(list.contains("The token is revoked.") && list.contains("Revoked</span>"), "{list}");
    assert!(dana.page("/").await.contains("<h1>Sign in</h1>"), "its sessions end");
}

/// The path of the link that a page shows.
fn link_of(page: &str) -> String {
    let link = between(page, "<input id=\"copy-link\" type=\"text\" value=\"", "\"").unwrap();
    link.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

#[tokio::test]
async fn an_admin_lets_somebody_in_by_a_link_that_is_shown_once() {
    let house = House::start().await;
    let admin = house.signed_in(Role::Admin).await;
    insta::assert_snapshot!("link", main_of(&admin.page("/tokens/link").await));
    let refused = admin.submit("/tokens/link", &[("name", &"x".repeat(101)), ("role", "auditor")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("id=\"error-name\""), "{}", refused.text());
    let fields = [("name", PROBE), ("role", "reviewer")];
    let made = admin.submit("/tokens/link", &fields).await.text();
    let link = link_of(&made);
    assert_harmless(&made);
    insta::assert_snapshot!("link_made", main_of(&made).replace(link.rsplit('=').next().unwrap(), "…"));
    let mark = admin.mark.lock().unwrap().clone();
    let form = [("name", "Once"), ("role", "reviewer"), ("csrf", mark.as_str())];
    let first = admin.submit_as("/tokens/link", &form, PUBLIC_URL).await.text();
    let second = admin.submit_as("/tokens/link", &form, PUBLIC_URL).await.text();
    assert!(first.contains("copy-link") && second.contains("Its text was lost"), "{second}");
    assert!(!second.contains(&link_of(&first)));

    let guest = house.browser();
    let door = guest.page(&link).await;
    assert!(door.contains("as reviewer, once"), "{door}");
    let text = link.rsplit('=').next().unwrap();
    assert_eq!(guest.submit("/sign-in/link", &[("link", text)]).await.status, 303);
    assert!(guest.page("/").await.contains("<p>reviewer · "));
    assert_eq!(house.browser().get(&link).await.status, 410, "it was used");
    let list = admin.page("/tokens").await;
    assert_harmless(&list);
    assert!(list.contains("<td>test</td>"), "made by whoever made the link: {list}");
    let log = admin.page("/audit-log").await;
    assert!(
        log.contains("POST /v1/sign-in-links") && log.contains("A sign-in link is used, and makes a token"),
        "{log}"
    );
}

#[tokio::test]
async fn a_token_has_a_page_on_which_its_sessions_are_ended_one_by_one() {
    let house = House::start().await;
    let admin = house.signed_in(Role::Admin).await;
    admin.page("/tokens").await;
    let made = admin.submit("/tokens", &[("name", PROBE), ("role", "operator")]).await.text();
    let token = between(&made, "<pre>", "</pre>").unwrap().to_owned();
    let page = format!("/tokens/{}", token.split('_').nth(2).unwrap());
    assert!(admin.page("/tokens").await.contains(&format!("<a href=\"{page}\">")));
    assert!(admin.page(&page).await.contains("Nobody is signed in to this console with it now."));
    let (one, other) = (house.browser(), house.browser());
    for browser in [&one, &other] {
        browser.submit("/sign-in", &[("token", &token)]).await;
    }
    let listed = admin.page(&page).await;
    assert_harmless(&listed);
    assert!(listed.contains("the token was entered") && !listed.contains("(this one)"), "{listed}");
    assert_eq!(listed.matches("/end\"").count(), 2, "{listed}");
    insta::assert_snapshot!("token", main_of(&listed));
    let ended = admin.submit(&format!("{page}/sessions/{}/end", one.session()), &[]).await;
    let left = admin.follow(&ended).await.text();
    assert!(left.contains("The session is ended.") && !left.contains(&one.session()), "{left}");
    assert!(left.contains(&other.session()));
    assert_eq!(one.get("/checks").await.status, 303);
    assert_eq!(other.get("/checks").await.status, 200);
    admin.submit(&format!("{page}/revoke"), &[]).await;
    assert!(admin.page(&page).await.contains("Nobody: it is revoked"));
}

#[tokio::test]
async fn whoever_ends_the_own_session_is_signed_out() {
    let house = House::start().await;
    let link = house.link("acme", Role::Admin).await;
    let browser = house.browser();
    browser.page(link.strip_prefix(PUBLIC_URL).unwrap()).await;
    browser.submit("/sign-in/link", &[("link", link.rsplit('=').next().unwrap())]).await;
    let own = browser.session();
    let page = format!("/tokens/{}", own.split_once('.').unwrap().0);
    let shown = browser.page(&page).await;
    assert!(shown.contains("(this one)") && shown.contains("by a sign-in link"), "{shown}");
    let ended = browser.submit(&format!("{page}/sessions/{own}/end"), &[]).await;
    let door = browser.follow(&ended).await.text();
    assert!(door.contains("Your session is ended") && door.contains("<h1>Sign in</h1>"), "{door}");
}

#[tokio::test]
async fn a_link_ends_with_the_token_of_whoever_made_it() {
    let house = House::start().await;
    let token = house.token("acme", Role::Admin).await;
    let admin = house.browser();
    admin.submit("/sign-in", &[("token", &token)]).await;
    admin.page("/tokens/link").await;
    let link = link_of(&admin.submit("/tokens/link", &[("role", "admin")]).await.text());
    house.browser().page(&link).await;
    let id = token.split('_').nth(2).unwrap();
    house.call("DELETE", &format!("/v1/tokens/{id}"), &Value::Null).await;
    let guest = house.browser();
    assert_eq!(guest.get(&link).await.status, 410);
    let text = link.rsplit('=').next().unwrap();
    assert_eq!(guest.submit("/sign-in/link", &[("link", text)]).await.status, 410);
    assert!(guest.page("/").await.contains("<h1>Sign in</h1>"));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_token() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page("/tokens").await;
    let mark = browser.mark.lock().unwrap().clone();
    let form = [("name", "Once"), ("role", "auditor"), ("csrf", mark.as_str())];
    for _ in 0..2 {
        let answer = browser.submit_as("/tokens", &form, PUBLIC_URL).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let tokens = house.call("GET", "/v1/tokens?limit=200", &Value::Null).await.json();
    let once = tokens["items"].as_array().unwrap().iter().filter(|token| token["name"] == "Once");
    assert_eq!(once.count(), 1);
}

#[tokio::test]
async fn the_audit_log_says_who_changed_what_and_what_became_of_it() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page("/").await;
    browser.submit("/connections/con-1/verify", &[]).await;
    browser.page("/").await;
    browser.submit("/checks/B1/run", &[]).await;
    browser.page("/tokens").await;
    browser.submit("/tokens", &[("name", ""), ("role", "auditor")]).await;
    let reader = house.signed_in(Role::Auditor).await;
    let page = reader.page("/audit-log").await;
    let session = browser.session();
    let (token, rest) = session.split_once('.').unwrap();
    let short = format!("title=\"{session}\">{}</span>", &rest[..8]);
    assert!(page.contains(&short) && !page.contains(&format!("/tokens/{token}")), "{page}");
    let admins = browser.page("/audit-log").await;
    assert!(admins.contains(&format!("href=\"/tokens/{token}\" title=\"{session}\"")), "{admins}");
    for shown in [
        "POST /v1/connections/{id}/verify",
        "Verifies a connection now",
        "con-1",
        "POST /v1/checks/{id}/runs",
        "Refused</span>",
        "Done</span>",
        "Invalid input",
        "direct invocation",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    insta::assert_snapshot!("audit_log", main_of(&page));
    let alone = reader.page("/audit-log?token=iam").await;
    assert!(alone.contains("issue_token") && !alone.contains("/verify"), "{alone}");
    assert!(
        reader
            .page("/audit-log?since=2020-01-01&until=2020-01-02")
            .await
            .contains("No change is in the log here")
    );
    let today = reader.part("/audit-log?since=2026-06-15&until=2026-06-15", "entries").await.text();
    assert!(today.contains("/verify") && !today.contains("<html"), "{today}");
    for (wrong, said) in
        [("since=yesterday", "Enter a day"), ("token=a%20b", "problem"), ("cursor=x", "problem")]
    {
        let page = reader.page(&format!("/audit-log?{wrong}")).await;
        assert!(page.contains(said) && page.contains("role=\"alert\""), "{wrong}: {page}");
    }
}

#[tokio::test]
async fn lists_go_on_by_their_address() {
    let house = House::start().await;
    for number in 0..60 {
        house.call("POST", "/v1/tokens", &json!({ "name": format!("t{number}"), "role": "auditor" })).await;
    }
    let browser = house.signed_in(Role::Admin).await;
    for path in ["/tokens", "/audit-log?since=2020-01-01"] {
        let page = browser.page(path).await;
        let next =
            between(&page, "class=\"button\" href=\"", "\" rel=\"next\"").unwrap().replace("&#38;", "&");
        let further = browser.page(&next).await;
        assert!(further.contains("<tbody>") && main_of(&further) != main_of(&page), "{next}");
        assert!(!path.contains("since") || next.contains("since=2020-01-01"), "the filter stays: {next}");
    }
}

#[tokio::test]
async fn no_name_of_a_token_becomes_markup() {
    let house = House::start().await;
    house.call("POST", "/v1/tokens", &json!({ "name": PROBE, "role": "admin" })).await;
    let made = house.call("POST", "/v1/tokens", &json!({ "name": PROBE, "role": "admin" })).await.json();
    let browser = house.browser();
    browser.submit("/sign-in", &[("token", made["token"].as_str().unwrap())]).await;
    browser.page("/tokens").await;
    assert_harmless(&browser.submit("/tokens", &[("name", PROBE), ("role", "auditor")]).await.text());
    assert_harmless(&browser.page("/tokens").await);
    assert_harmless(&browser.page("/audit-log").await);
    let page = browser.page("/audit-log?token=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E").await;
    assert!(!page.contains("<img src=x"), "{page}");
}
