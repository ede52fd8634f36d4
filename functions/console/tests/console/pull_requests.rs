//! Pull requests, and setting GitHub up.

use assay::access::Role;
use assay_test_support::world::World;
use github_sim::{Options, Running, Simulator, Token};
use jira_sim::ClockBase;
use serde_json::{Value, json};

use super::support::{House, PROBE, assert_harmless, between, main_of};

const URL: &str = "https://gitlab.com/own/shop/-/merge_requests/3";
const TOKEN: &str = "github_pat_known";

/// A pull request that fixes a finding is named; gives its id.
pub async fn named(house: &House, finding: &str) -> String {
    let body = json!({ "url": URL, "title": "Update openssl", "state": "open", "findings": [finding] });
    house.call("POST", "/v1/remediations", &body).await.json()["id"].as_str().unwrap().to_owned()
}

pub async fn with_github() -> (House, Running) {
    let mut world = World::start().await;
    let options = Options { clock: ClockBase::Manual(world.time.now()), ..Options::default() };
    let github = Simulator::new(options).start().await.unwrap();
    github.simulator.add_token(Token {
        token: TOKEN.to_owned(),
        login: "octo".to_owned(),
        permissions: [("pull_requests".to_owned(), "write".to_owned())].into(),
        repositories: None,
        expires: None,
    });
    world.forge.api_url = github.url();
    (House::over(world), github)
}

#[tokio::test]
async fn a_pull_request_is_named_shown_with_what_it_is_about_and_named_again() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    insta::assert_snapshot!("pull_requests_empty", main_of(&browser.page("/pull-requests").await));
    let finding = crate::vulnerabilities::finding(&house, "f-1").await;
    let page = browser.page(&format!("/pull-requests/new?findings={finding}")).await;
    assert!(page.contains(&format!(">{finding}</textarea>")), "{page}");
    let fields = |state| {
        [("url", URL), ("title", PROBE), ("state", state), ("findings", finding.as_str()), ("tickets", "")]
    };
    let answer = browser.submit("/pull-requests/new", &fields("open")).await;
    let path = answer.header("location").to_owned();
    let page = browser.follow(&answer).await.text();
    assert_harmless(&page);
    assert!(
        page.contains("SQL is put together from text")
            && page.contains(&format!("href=\"{URL}\" rel=\"noopener noreferrer\""))
    );
    assert_harmless(&browser.page("/pull-requests").await);
    let drawer = browser.part(&path, "drawer").await.text();
    assert!(drawer.starts_with("<article") && drawer.contains("autofocus"), "{drawer}");
    let page = browser.page(&format!("/vulnerabilities/{finding}")).await;
    assert!(page.contains(&format!("href=\"{URL}\" rel=\"noopener noreferrer\"")), "{page}");
    house.world.time.advance(60);
    browser.page("/pull-requests/new").await;
    browser.submit("/pull-requests/new", &fields("merged")).await;
    assert!(browser.page(&path).await.contains("Merged</span>"));
    let all = house.call("GET", "/v1/remediations", &Value::Null).await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "it is known by its address");
}

#[tokio::test]
async fn a_pull_request_has_these_pages() {
    let house = House::start().await;
    let finding = crate::vulnerabilities::finding(&house, "f-1").await;
    let id = named(&house, &finding).await;
    let reader = house.signed_in(Role::Auditor).await;
    let list = reader.page("/pull-requests").await;
    assert!(!list.contains("/pull-requests/new"), "{list}");
    insta::assert_snapshot!("pull_requests", main_of(&list));
    insta::assert_snapshot!("pull_request", main_of(&reader.page(&format!("/pull-requests/{id}")).await));
}

#[tokio::test]
async fn what_is_wrong_with_a_pull_request_is_said_at_its_field() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/pull-requests/new").await;
    for (url, findings, field) in
        [("http://gitlab.com/x", "B9-x", "url"), (URL, "B9-x", "findings"), (URL, "", "findings")]
    {
        let fields = [("url", url), ("title", "kept title"), ("state", "open"), ("findings", findings)];
        let answer = browser.submit("/pull-requests/new", &fields).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{page}");
        assert!(page.contains(&format!("id=\"error-{field}\"")) && page.contains("kept title"), "{page}");
    }
}

#[tokio::test]
async fn github_is_set_up_with_a_token_and_its_secret_is_shown_once() {
    let (house, _github) = with_github().await;
    let browser = house.signed_in(Role::Admin).await;
    insta::assert_snapshot!("github_empty", main_of(&browser.page("/github").await));
    let answer = browser.submit("/github", &[("token", TOKEN), ("app_id", ""), ("api_url", "")]).await;
    let page = answer.text();
    assert_eq!(answer.status, 200, "{page}");
    let secret = between(&page, "<h2>The webhook’s secret</h2>\n<p><code>", "</code>").unwrap().to_owned();
    let page = browser.page("/github").await;
    assert!(!page.contains(&secret) && !page.contains(TOKEN) && page.contains("octo"), "{page}");
    insta::assert_snapshot!("github", main_of(&page));
    let answer = browser.submit("/github", &[("token", TOKEN)]).await;
    assert!(browser.follow(&answer).await.text().contains("The credentials work and are kept."));
    let other = browser.submit("/github/secret", &[]).await.text();
    assert!(
        other.contains("class=\"heed\"") && !other.contains(&secret) && other.contains("a day more"),
        "{other}"
    );
    let reader = house.signed_in(Role::Auditor).await.page("/github").await;
    assert!(!reader.contains("name=\"token\"") && reader.contains("An admin sets GitHub up."), "{reader}");
    browser.page("/github").await;
    let answer = browser.submit("/github/remove", &[]).await;
    assert!(browser.follow(&answer).await.text().contains("GitHub is not used any more."));
    assert_eq!(house.call("GET", "/v1/github", &Value::Null).await.json()["set_up"], false);
}

#[tokio::test]
async fn credentials_that_do_not_work_are_refused_at_their_field_and_never_shown() {
    let (house, _github) = with_github().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page("/github").await;
    for (fields, field) in [
        (vec![("token", "ghp_hidden"), ("api_url", "")], "token"),
        (vec![("app_id", "42")], "private_key"),
        (vec![("app_id", "42"), ("private_key", "hidden")], "private_key"),
        (vec![("token", "ghp_hidden"), ("api_url", "http://github.example.com")], "api_url"),
        (vec![], "token"),
    ] {
        let answer = browser.submit("/github", &fields).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{fields:?}: {page}");
        assert!(
            page.contains(&format!("id=\"error-{field}\""))
                && !page.contains("hidden<")
                && !page.contains("ghp_hidden"),
            "{page}"
        );
    }
    assert_eq!(house.call("GET", "/v1/github", &Value::Null).await.json()["set_up"], false);
}
