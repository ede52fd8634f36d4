//! Pages in each of their states.

use assay::access::Role;

use serde_json::json;

use super::support::{House, PROBE, assert_harmless, main_of};

#[tokio::test]
async fn what_is_not_there_is_told_with_the_way_on() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Auditor).await;
    for (path, status) in [("/nothing", 404), ("/checks/Z99", 404), ("/checks/%ff", 400), ("/sign-out", 405)]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        let page = answer.text();
        assert!(page.contains("<nav") && page.contains("href=\"/\">To the overview"), "{path}: {page}");
    }
    let part = browser.part("/checks/Z99", "drawer").await;
    assert_eq!(part.status, 404);
    assert!(part.text().starts_with("<div class=\"problem\""), "{}", part.text());
}

#[tokio::test]
async fn times_are_shown_in_the_zone_that_the_browser_or_the_person_named() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Auditor).await;
    let zone = |name: &str| browser.cookies.lock().unwrap().insert("assay-zone".to_owned(), name.to_owned());
    assert!(browser.page("/time-zone").await.contains("Times are shown in UTC"));
    zone("Asia%2FKolkata");
    assert!(browser.page("/time-zone").await.contains(">15 Jun 2026, 17:30</time>"));
    zone("Etc%2FGMT%2B5");
    assert!(browser.page("/time-zone").await.contains(">15 Jun 2026, 07:00</time>"), "all of it is decoded");
    for bad in ["Mars%2FOlympus", "..%2F..%2Fetc", "\"><img>"] {
        zone(bad);
        assert!(browser.page("/time-zone").await.contains("Times are shown in UTC"), "{bad}");
    }
    let answer = browser.submit("/time-zone", &[("zone", "Nowhere")]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("id=\"error-zone\"") && answer.text().contains("value=\"Nowhere\""));
    let answer = browser.submit("/time-zone", &[("zone", " europe/berlin ")]).await;
    assert!(browser.follow(&answer).await.text().contains("Times are shown in Europe/Berlin now."));
    browser.page("/time-zone").await;
    let answer = browser.submit("/time-zone", &[("zone", "Etc/GMT+5")]).await;
    browser.follow(&answer).await;
    assert!(browser.page("/time-zone").await.contains(">15 Jun 2026, 07:00</time>"));
}

#[tokio::test]
async fn a_name_from_outside_never_becomes_markup() {
    let house = House::start().await;
    let made = house.call("POST", "/v1/tokens", &json!({ "name": PROBE, "role": "auditor" })).await.json();
    let browser = house.browser();
    browser.submit("/sign-in", &[("token", made["token"].as_str().unwrap())]).await;
    assert_harmless(&browser.page("/").await);
    let answer = browser.get("/sign-in?to=/%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E").await;
    assert!(!answer.header("location").contains('<'));
}

#[tokio::test]
async fn forms_and_refusals_have_these_pages() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    for (name, path) in [
        ("time_zone", "/time-zone"),
        ("person_new", "/people/new"),
        ("action_new_issue", "/actions/new?what=create_issue&connection=con-1"),
        ("action_new_access", "/actions/new?what=change_access&connection=con-1"),
        ("action_new_removal", "/actions/new?what=delete_issue&connection=con-1"),
        ("pull_request_new", "/pull-requests/new"),
        ("reconnect", "/connections/con-1/reconnect"),
    ] {
        insta::assert_snapshot!(name, main_of(&browser.page(path).await));
    }
    insta::assert_snapshot!("not_found", main_of(&browser.get("/nothing").await.text()));
    let unknown = house.browser().get("/sign-in/with/acme").await.text();
    insta::assert_snapshot!("single_sign_on_unknown", main_of(&unknown));
}
