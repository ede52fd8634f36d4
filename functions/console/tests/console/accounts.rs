//! Accounts and groups: whose each is, and what gives access.

use assay::access::Role;
use serde_json::{Value, json};

use super::support::{House, PROBE, assert_harmless, main_of};

async fn account(house: &House, id: &str) -> Value {
    house.call("GET", &format!("/v1/accounts/con-1/{id}"), &Value::Null).await.json()
}

#[tokio::test]
async fn accounts_are_listed_filtered_and_explained_where_there_are_none() {
    let nothing = House::start().await;
    let page = nothing.signed_in(Role::Admin).await.page("/accounts").await;
    assert!(page.contains("Nothing is connected yet"), "{page}");
    let unread = House::start().await;
    unread.world.connect().await;
    let page = unread.signed_in(Role::Auditor).await.page("/accounts").await;
    assert!(page.contains("The accounts of this site are not read"), "{page}");

    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/accounts").await;
    assert_harmless(&page);
    insta::assert_snapshot!("accounts", main_of(&page));
    for (filter, shown) in [
        ("owner=suggested", vec!["acc-2"]),
        ("q=lovelace", vec!["acc-1"]),
        ("kind=app", vec![]),
        ("active=true&product=jira-software", vec!["acc-1", "acc-2", "acc-3"]),
        ("access=privileged", vec![]),
    ] {
        let part = browser.part(&format!("/accounts?connection=con-1&{filter}"), "accounts").await.text();
        for id in ["acc-1", "acc-2", "acc-3"] {
            assert_eq!(
                part.contains(&format!("/accounts/con-1/{id}\"")),
                shown.contains(&id),
                "{filter}: {part}"
            );
        }
    }
    assert!(browser.page("/accounts?connection=con-1&q=nobody").await.contains("No account is found"));
    assert_eq!(browser.get("/accounts?connection=con-9").await.status, 404);
    let file = browser.get("/accounts/export?connection=con-1").await;
    assert_eq!((file.status.as_u16(), file.text().lines().count()), (200, 4));
}

/// Connects the demo site once more, as a connection of its own; its id.
async fn connect(house: &House) -> String {
    let body = json!({
        "site": "demo.atlassian.net", "use_cases": ["access_review"],
        "method": "api_token", "email": "admin@example.com", "token": "sim-admin-token",
    });
    let made = house.call("POST", "/v1/connections", &body).await;
    made.json()["id"].as_str().unwrap_or_else(|| panic!("{}", made.text())).to_owned()
}

#[tokio::test]
async fn a_site_that_was_disconnected_is_offered_last_and_says_so() {
    let (house, _) = House::read().await;
    let other = connect(&house).await;
    house.call("DELETE", "/v1/connections/con-1", &Value::Null).await;
    let browser = house.signed_in(Role::Auditor).await;
    for path in ["/accounts", "/groups", "/campaigns/new"] {
        let page = match path {
            "/campaigns/new" => house.signed_in(Role::Operator).await.page(path).await,
            _ => browser.page(path).await,
        };
        assert!(page.contains("(con-1, disconnected)</option>"), "{path}: {page}");
        assert!(page.contains(&format!("<option value=\"{other}\" selected>")), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_suggested_person_is_confirmed_and_what_was_said_withdrawn() {
    let (house, ben) = House::read().await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page("/accounts/con-1/acc-2").await;
    assert_harmless(&page);
    insta::assert_snapshot!("account_suggested", main_of(&page));
    let owner = "/accounts/con-1/acc-2/owner";
    let done = browser.submit(owner, &[("kind", "person"), ("person", &ben)]).await;
    let page = browser.follow(&done).await.text();
    assert!(page.contains("Somebody confirmed it") && page.contains("Ben Bitdiddle"), "{page}");
    assert_eq!(account(&house, "acc-2").await["owner"]["person"]["id"], json!(ben));
    let done = browser.submit(owner, &[("kind", "unidentified")]).await;
    assert_eq!(done.status, 303);
    assert_eq!(account(&house, "acc-2").await["owner"]["kind"], "unidentified");
    let nobody = browser.submit(owner, &[("kind", "person"), ("email", "x@example.com")]).await;
    assert!(nobody.status == 422 && nobody.text().contains("id=\"error-email\""), "{}", nobody.text());
    let done = browser.submit(owner, &[("kind", "person"), ("email", "ADA@example.com")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(account(&house, "acc-2").await["owner"]["person"]["name"], "Ada Lovelace");
}

#[tokio::test]
async fn an_account_is_marked_and_protected_and_each_form_shows_its_own_error() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Operator).await;
    let at = |what: &str| format!("/accounts/con-1/acc-3{what}");
    browser.page(&at("")).await;
    let mark = [("kind", "marked"), ("mark", "service"), ("reason", PROBE), ("ends_on", "2020-01-01")];
    let wrong = browser.submit(&at("/owner"), &mark).await;
    assert_eq!(wrong.status, 422);
    assert_harmless(&wrong.text());
    let shown = wrong.text();
    assert!(
        shown.contains("id=\"error-ends_on\"") && !shown.contains("id=\"error-protection.ends_on\""),
        "{shown}"
    );
    let mark = [("kind", "marked"), ("mark", "service"), ("reason", PROBE), ("ends_on", "2026-12-31")];
    let done = browser.submit(&at("/owner"), &mark).await;
    let page = browser.follow(&done).await.text();
    assert_harmless(&page);
    assert!(page.contains("A service&#39;s"), "{page}");

    let late = [("protection.reason", "leave"), ("protection.ends_on", "2030-01-01")];
    let wrong = browser.submit(&at("/protection"), &late).await.text();
    assert!(
        wrong.contains("id=\"error-protection.ends_on\"") && !wrong.contains("id=\"error-ends_on\""),
        "{wrong}"
    );
    let good = [("protection.reason", PROBE), ("protection.ends_on", "2026-12-31")];
    let page = browser.follow(&browser.submit(&at("/protection"), &good).await).await.text();
    assert_harmless(&page);
    assert_eq!(account(&house, "acc-3").await["protection"]["ends_on"], "2026-12-31");
    insta::assert_snapshot!("account_marked", main_of(&page));
    let done = browser.submit(&at("/unprotect"), &[]).await;
    assert_eq!(done.status, 303);
    assert_eq!(account(&house, "acc-3").await["protection"], Value::Null);
    let page = house.signed_in(Role::Auditor).await.page(&at("")).await;
    assert!(
        page.contains("An operator can say whose it is")
            && !page.contains("<form method=\"post\" action=\"/accounts")
    );
}

#[tokio::test]
async fn groups_and_their_members_are_shown() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/groups").await;
    assert_harmless(&page);
    insta::assert_snapshot!("groups", main_of(&page));
    let page = browser.page(&format!("/groups/con-1/{}", super::stock::TEAM)).await;
    assert_harmless(&page);
    insta::assert_snapshot!("group", main_of(&page));
    assert_eq!(browser.get("/groups/con-1/none").await.status, 404);
}
