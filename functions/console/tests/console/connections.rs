//! Connecting, and what can be done about a connection.

use assay::access::Role;
use assay::connection::{Organisation, Problem, ProblemCode, Project};
use assay::ids::{ConnectionId, ProjectId};
use assay_test_support::world::PUBLIC_URL;
use serde_json::{Value, json};

use super::filled::filled;
use super::support::{House, PROBE, assert_harmless, between, main_of};

const CHOICE: &str = "use_cases=ticketing&use_cases=incident_management&method=api_token";

/// What a person enters who connects the demo site by API token.
const ENTERED: &[(&str, &str)] = &[
    ("use_cases", "ticketing"),
    ("use_cases", "incident_management"),
    ("method", "api_token"),
    ("site", "demo.atlassian.net"),
    ("email", "admin@example.com"),
    ("token", "sim-admin-token"),
    ("change_management.projects", "CHG"),
    ("incidents.projects", "INC"),
    ("incident_limits.default_days", "14"),
];

/// The same with another value in one field.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = ENTERED.iter().copied().filter(|(field, _)| *field != name);
    others.chain([(name, value)].into_iter().filter(|(_, value)| !value.is_empty())).collect()
}

/// The connections that the API lists.
async fn stored(house: &House) -> Vec<Value> {
    house.call("GET", "/v1/connections", &Value::Null).await.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_newcomer_is_led_from_nothing_to_a_site_that_is_read() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    assert!(browser.page("/").await.contains("href=\"/connect\">Connect a site"));
    insta::assert_snapshot!("connections_empty", main_of(&browser.page("/connections").await));
    insta::assert_snapshot!("connect_choose", main_of(&browser.page("/connect").await));
    let form = browser.page(&format!("/connect/site?{CHOICE}")).await;
    insta::assert_snapshot!("connect_by_token", main_of(&form));

    let answer = browser.submit("/connect/site", ENTERED).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let path = answer.header("location").to_owned();
    let page = browser.follow(&answer).await.text();
    assert!(
        page.contains("Connected and verified.") && page.contains("0 of 5 checks were evaluated."),
        "{page}"
    );
    assert!(page.contains("Look again</a>"), "without JavaScript it is asked for how far work is");
    let connection = stored(&house).await.remove(0);
    assert_eq!((&connection["method"], &connection["state"]), (&"api_token".into(), &"active".into()));
    assert_eq!(connection["incident_limits"]["default_days"], 14);
    assert_eq!(connection["change_management"]["keys"][0], "CHG");

    let part = browser.part(&path, "progress").await.text();
    assert!(part.contains("hx-trigger=\"every 3s\"") && !part.contains("<html"), "{part}");
    let following = format!("{path}?going=1");
    assert!(part.contains(&format!("hx-get=\"{following}\"")), "{part}");
    assert_eq!(browser.part(&following, "progress").await.header("hx-refresh"), "", "it goes on");
    house.world.evaluate().await;
    let part = browser.part(&following, "progress").await;
    assert_eq!(part.header("hx-refresh"), "true", "what each check found stands elsewhere on the page");
    assert!(!part.text().contains("every 3s"), "nothing is asked for any more: {}", part.text());
    let page = browser.page(&path).await;
    assert!(page.contains("Fails</span>") && !page.contains("Look again</a>"), "{page}");
}

#[tokio::test]
async fn each_way_to_connect_has_its_steps_and_its_fields() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    for (way, step, field) in [
        ("service_account", "Directory → Service accounts", "client_secret"),
        ("api_token", "<b>without scopes</b>", "token"),
        ("scoped_api_token", "Create API token with scopes", "cloud_id"),
    ] {
        let page = browser.page(&format!("/connect/site?use_cases=access_review&method={way}")).await;
        assert!(page.contains(step) && page.contains(&format!("id=\"field-{field}\"")), "{way}: {page}");
        assert!(page.contains("Browse users and groups"), "what the use case needs is named: {way}");
        assert!(!page.contains("field-incidents.projects"), "what was not chosen is not asked for: {way}");
        assert_eq!(page.contains("manage:jira-configuration"), way != "api_token", "{way}");
        assert!(!page.contains("manage:jira-webhook"), "webhooks are registered by OAuth apps alone: {way}");
    }
    for (query, said) in [
        ("method=api_token", "Choose at least one use case."),
        ("use_cases=ticketing", "Choose how to connect."),
        ("use_cases=nothing&method=api_token", "Choose at least one use case."),
        ("use_cases=ticketing&method=telepathy", "Choose how to connect."),
    ] {
        assert!(browser.page(&format!("/connect/site?{query}")).await.contains(said), "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field_and_nothing_is_connected() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page(&format!("/connect/site?{CHOICE}")).await;
    for (field, value) in [
        ("site", ""),
        ("site", "https://demo.atlassian.net"),
        ("email", "nobody"),
        ("token", "two words"),
        ("token_ends_on", "2020-01-01"),
        ("change_management.projects", "not a key"),
        ("change_management.jql", "project = CHG order by created"),
        ("incident_limits.default_days", "0"),
        ("incident_limits.default_days", "many"),
    ] {
        let answer = browser.submit("/connect/site", &with(field, value)).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{field} {value}: {page}");
        assert!(page.contains(&format!("id=\"error-{field}\"")), "{field} {value}: {page}");
        assert!(page.contains("value=\"demo.atlassian.net\"") || field == "site", "what was typed is kept");
        assert!(!page.contains("sim-admin-token"), "but no secret is ever sent back");
    }
    let refused = browser.submit("/connect/site", &with("token", "wrong-token")).await;
    assert_eq!(refused.status, 422);
    let page = refused.text();
    let problem = between(&page, "<div class=\"problem\" role=\"alert\">", "</div>").unwrap();
    assert!(problem.contains("The connection could not be made"), "{page}");
    insta::assert_snapshot!("connect_refused", problem);
    let nothing =
        browser.submit("/connect/site", &[("method", "api_token"), ("site", "x.atlassian.net")]).await;
    assert_eq!(nothing.status, 422, "{}", nothing.text());
    assert!(nothing.text().contains("Choose at least one use case"));
    assert!(stored(&house).await.is_empty());
}

#[tokio::test]
async fn an_oauth_app_is_set_up_once_and_then_access_is_approved_at_atlassian() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    let query = "/connect/site?use_cases=ticketing&method=oauth";
    let page = browser.page(query).await;
    assert!(
        page.contains("The OAuth app is not set up yet") && !page.contains("id=\"field-site\""),
        "{page}"
    );
    let set_up = between(&page, "href=\"/oauth-app?to=", "\"").unwrap();
    let page = browser.page(&format!("/oauth-app?to={set_up}")).await;
    insta::assert_snapshot!("oauth_app", main_of(&page));
    let refused =
        browser.submit("/oauth-app", &[("client_id", "a b"), ("client_secret", "s"), ("to", query)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("id=\"error-client_id\""), "{}", refused.text());
    let app = [("client_id", "sim-client"), ("client_secret", "sim-client-secret"), ("to", query)];
    let saved = browser.submit("/oauth-app", &app).await;
    assert_eq!(saved.header("location"), query);
    let page = browser.follow(&saved).await.text();
    assert!(page.contains("The OAuth app is set up.") && page.contains("id=\"field-site\""), "{page}");

    let form = [("use_cases", "ticketing"), ("method", "oauth"), ("site", "demo.atlassian.net")];
    let answer = browser.submit("/connect/site", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let link = format!("href=\"{PUBLIC_URL}/oauth/start?link=");
    assert!(answer.text().contains(&link), "{}", answer.text());
    let id = stored(&house).await[0]["id"].as_str().unwrap().to_owned();
    let page = browser.page(&format!("/connections/{id}")).await;
    assert!(page.contains("Waits for approval") && page.contains("Approve access"), "{page}");
    let again = browser.submit(&format!("/connections/{id}/reconnect"), &[("method", "oauth")]).await;
    assert!(again.text().contains(&link), "a link that is over is made anew");
    let elsewhere = [("client_id", "c"), ("client_secret", "s"), ("to", "https://evil.example/")];
    browser.page("/oauth-app").await;
    assert_eq!(browser.submit("/oauth-app", &elsewhere).await.header("location"), "/connections");
}

#[tokio::test]
async fn a_connection_shows_how_it_is_and_is_verified_changed_and_connected_again() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    insta::assert_snapshot!("connections", main_of(&browser.page("/connections").await));
    insta::assert_snapshot!("connection", main_of(&browser.page("/connections/con-1").await));
    let verified = browser.submit("/connections/con-1/verify", &[]).await;
    assert!(browser.follow(&verified).await.text().contains("Verified: everything is there"));

    let page = browser.page("/connections/con-1/use-cases").await;
    insta::assert_snapshot!("connection_use_cases", main_of(&page));
    let form = [("use_cases", "ticketing"), ("change_management.projects", "CHG, NONE")];
    let lacking = browser.submit("/connections/con-1/use-cases", &form).await;
    let page = browser.follow(&lacking).await.text();
    assert!(
        page.contains("Works in part") && page.contains("What to do: "),
        "a project is not there: {page}"
    );
    let form = [("use_cases", "ticketing"), ("change_management.projects", "chg")];
    let changed = browser.submit("/connections/con-1/use-cases", &form).await;
    assert_eq!(changed.header("location"), "/connections/con-1", "{}", changed.text());
    assert_eq!(stored(&house).await[0]["use_cases"], serde_json::json!(["ticketing"]));
    let none = browser.submit("/connections/con-1/use-cases", &[]).await;
    assert_eq!(none.status, 422);
    assert!(none.text().contains("choose at least one use case"), "{}", none.text());

    let page = browser.page("/connections/con-1/reconnect?method=service_account").await;
    assert!(page.contains("id=\"field-client_secret\""));
    browser.page("/connections/con-1/reconnect").await;
    let wrong = [("method", "api_token"), ("email", "admin@example.com"), ("token", "wrong")];
    let refused = browser.submit("/connections/con-1/reconnect", &wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("value=\"admin@example.com\""));
    let right = [("method", "api_token"), ("email", "admin@example.com"), ("token", "sim-admin-token")];
    let answer = browser.submit("/connections/con-1/reconnect", &right).await;
    assert!(browser.follow(&answer).await.text().contains("Connected and verified."));
}

#[tokio::test]
async fn the_organisations_key_is_kept_and_deleted() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let path = "/connections/con-1/organisation";
    insta::assert_snapshot!("organisation", main_of(&browser.page(path).await));
    let wrong = browser.submit(path, &[("organisation_id", "org"), ("api_key", "wrong")]).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let id = "33333333-2222-4333-8444-555555555555";
    let kept = browser.submit(path, &[("organisation_id", id), ("api_key", "sim-organisation-key")]).await;
    let page = browser.follow(&kept).await.text();
    assert!(page.contains("<strong>Demo organisation</strong>"), "{page}");
    assert!(!browser.page(path).await.contains("sim-organisation-key"));
    let removed = browser.submit(&format!("{path}/remove"), &[]).await;
    assert!(browser.follow(&removed).await.text().contains("The organisation key was deleted."));
    assert_eq!(stored(&house).await[0]["organisation"], Value::Null);
}

#[tokio::test]
async fn days_for_single_priorities_stay_when_what_a_connection_is_for_is_saved() {
    let house = House::with_tasks().await;
    let limits = json!({ "incident_limits": { "default_days": 30, "days_by_priority": { "1": 2 } } });
    assert_eq!(house.call("PATCH", "/v1/connections/con-1", &limits).await.status, 200);
    let browser = house.signed_in(Role::Admin).await;
    let to = "/connections/con-1/use-cases";
    let fields = filled(&browser.page(to).await, &format!("action=\"{to}\""));
    let fields: Vec<_> = fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(browser.submit(to, &fields).await.status, 303);
    assert_eq!(stored(&house).await[0]["incident_limits"], limits["incident_limits"]);
}

#[tokio::test]
async fn the_webhooks_secret_is_shown_once_with_what_to_enter_where() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let path = "/connections/con-1/webhook";
    assert!(!browser.page(path).await.contains("<dt>Secret"));
    let page = browser.submit(path, &[]).await.text();
    let secret = between(&page, "<dt>Secret</dt><dd><pre>", "</pre>").unwrap();
    assert!(secret.len() > 20 && page.contains("/webhooks/acme/con-1</pre>"), "{page}");
    assert!(page.contains("project in (&#34;CHG&#34;, &#34;INC&#34;)"), "{page}");
    assert!(!browser.page(path).await.contains(secret), "it is shown once");
    insta::assert_snapshot!("webhook", main_of(&page).replace(secret, "…"));
}

#[tokio::test]
async fn the_webhooks_query_names_the_projects_that_tickets_are_written_to() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let path = "/connections/con-1/webhook";
    browser.page(path).await;
    browser.submit(path, &[]).await;
    house.sync(json!({})).await;
    let page = browser.page(path).await;
    assert!(page.contains("<pre>project in (&#34;CHG&#34;, &#34;INC&#34;, &#34;SEC&#34;)</pre>"), "{page}");
    let settings = house.call("GET", "/v1/sync-settings", &Value::Null).await.json();
    let setting =
        browser.page(&format!("/sync-settings/{}", settings["items"][0]["id"].as_str().unwrap())).await;
    assert!(setting.contains("entered in Jira by hand") && setting.contains(path), "{setting}");
    let open = json!({ "incidents": { "projects": [], "jql": "issuetype = Bug" } });
    assert_eq!(house.call("PATCH", "/v1/connections/con-1", &open).await.status, 200);
    let page = browser.page(path).await;
    assert!(page.contains("must be empty, since every project is meant"), "{page}");
}

#[tokio::test]
async fn disconnecting_says_what_follows_and_wants_the_site_to_be_named() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let path = "/connections/con-1/disconnect";
    insta::assert_snapshot!("disconnect", main_of(&browser.page(path).await));
    for wrong in ["", "other.atlassian.net"] {
        let answer = browser.submit(path, &[("site", wrong)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("id=\"error-site\"") && answer.text().contains("Nothing was done."));
    }
    assert_eq!(stored(&house).await[0]["state"], "active");
    let answer = browser.submit(path, &[("site", "Demo.atlassian.net")]).await;
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("This connection has ended") && !page.contains("Verify now"), "{page}");
    assert_eq!(stored(&house).await[0]["state"], "disconnected");
    assert!(browser.page("/").await.contains("Nothing is connected yet"));
}

#[tokio::test]
async fn who_may_not_change_a_connection_is_told_who_may() {
    let house = House::with_tasks().await;
    let page = house.signed_in(Role::Auditor).await.page("/connections/con-1").await;
    assert!(!page.contains("Verify now") && !page.contains("/disconnect\""), "{page}");
    assert!(page.contains("An admin can connect it again"), "{page}");
    let page = house.signed_in(Role::Operator).await.page("/connections/con-1").await;
    assert!(page.contains("Verify now") && !page.contains("/disconnect\""), "{page}");
    assert!(!house.signed_in(Role::Operator).await.page("/connections").await.contains("/connect\""));
}

#[tokio::test]
async fn no_name_of_a_project_or_an_organisation_becomes_markup() {
    let house = House::with_tasks().await;
    let store = house.world.store();
    let id = ConnectionId::parse("con-1").unwrap();
    let mut connection = store.connection(&house.world.tenant, &id).await.unwrap().unwrap();
    let project = ProjectId::parse("10001").unwrap();
    connection.change_management.projects =
        vec![Project { id: project, key: "CHG".to_owned(), name: PROBE.to_owned() }];
    connection.organisation = Some(Organisation {
        id: PROBE.to_owned(),
        name: PROBE.to_owned(),
        verified_at: house.world.time.now(),
        key_ends_on: None,
    });
    connection.problems = vec![Problem::new(ProblemCode::PermissionMissing, PROBE, PROBE)];
    connection.scopes = vec![PROBE.to_owned()];
    store.save_connection(&mut connection).await.unwrap();
    let browser = house.signed_in(Role::Admin).await;
    for path in ["/", "/connections", "/connections/con-1", "/connections/con-1/organisation"] {
        assert_harmless(&browser.page(path).await);
    }
    let probe = format!(
        "/connect/site?use_cases=ticketing&method=api_token&use_cases={}",
        "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E"
    );
    assert!(!browser.page(&probe).await.contains("<img src=x"));
    let answer = browser.submit("/connect/site", &with("site", PROBE)).await;
    assert_harmless(&answer.text());
}
