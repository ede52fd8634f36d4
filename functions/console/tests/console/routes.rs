//! Every page and form, and who is refused there. A route that is not in [`ROWS`] fails the test.

use std::collections::BTreeSet;

use assay::access::Role;
use assay_console::navigation::ENTRIES;
use assay_test_support::http::Ask;
use assay_test_support::world::PUBLIC_URL;
use serde_json::{Value, json};

use super::support::{House, ROLES};

/// A route: the method, a path that is there in a [`prepared`] house, and the lowest role that may use it. A name in braces
/// stands for something of the tenant's own that [`prepared`] tells; another tenant does not find it.
struct Row(&'static str, &'static str, Role);

/// All routes that need somebody to be signed in.
const ROWS: &[Row] = &[
    Row("GET", "/", Role::Auditor),
    Row("GET", "/checks", Role::Auditor),
    Row("GET", "/checks/B1", Role::Auditor),
    Row("POST", "/checks/B1/run", Role::Operator),
    Row("GET", "/connections", Role::Auditor),
    Row("GET", "/connect", Role::Admin),
    Row("GET", "/connect/site", Role::Admin),
    Row("POST", "/connect/site", Role::Admin),
    Row("GET", "/oauth-app", Role::Admin),
    Row("POST", "/oauth-app", Role::Admin),
    Row("GET", "/connections/{connection}", Role::Auditor),
    Row("POST", "/connections/{connection}/verify", Role::Operator),
    Row("GET", "/connections/{connection}/use-cases", Role::Admin),
    Row("POST", "/connections/{connection}/use-cases", Role::Admin),
    Row("GET", "/connections/{connection}/reconnect", Role::Admin),
    Row("POST", "/connections/{connection}/reconnect", Role::Admin),
    Row("GET", "/connections/{connection}/organisation", Role::Admin),
    Row("POST", "/connections/{connection}/organisation", Role::Admin),
    Row("POST", "/connections/{connection}/organisation/remove", Role::Admin),
    Row("GET", "/connections/{connection}/webhook", Role::Admin),
    Row("POST", "/connections/{connection}/webhook", Role::Admin),
    Row("GET", "/connections/{connection}/disconnect", Role::Admin),
    Row("POST", "/connections/{connection}/disconnect", Role::Admin),
    Row("GET", "/tokens", Role::Admin),
    Row("POST", "/tokens", Role::Admin),
    Row("POST", "/tokens/{token}/revoke", Role::Admin),
    Row("GET", "/tokens/{token}", Role::Admin),
    Row("POST", "/tokens/{token}/sessions/{session}/end", Role::Admin),
    Row("GET", "/tokens/link", Role::Admin),
    Row("POST", "/tokens/link", Role::Admin),
    Row("GET", "/single-sign-on", Role::Admin),
    Row("POST", "/single-sign-on", Role::Admin),
    Row("POST", "/single-sign-on/remove", Role::Admin),
    Row("GET", "/audit-log", Role::Auditor),
    Row("GET", "/checks/B1/runs/{run}", Role::Auditor),
    Row("GET", "/tasks", Role::Auditor),
    Row("GET", "/tasks/{task}", Role::Auditor),
    Row("POST", "/tasks/{task}", Role::Operator),
    Row("POST", "/tasks/{task}/complete", Role::Operator),
    Row("POST", "/tasks/{task}/reopen", Role::Operator),
    Row("GET", "/tickets", Role::Auditor),
    Row("GET", "/tickets/{ticket}", Role::Auditor),
    Row("POST", "/tickets/{ticket}/retry", Role::Operator),
    Row("POST", "/tickets/{ticket}/decide", Role::Operator),
    Row("GET", "/people", Role::Auditor),
    Row("POST", "/people", Role::Operator),
    Row("GET", "/people/new", Role::Operator),
    Row("GET", "/people/import", Role::Operator),
    Row("POST", "/people/import", Role::Operator),
    Row("GET", "/people/export", Role::Auditor),
    Row("GET", "/people/{person}", Role::Auditor),
    Row("POST", "/people/{person}", Role::Operator),
    Row("POST", "/people/{person}/forget", Role::Operator),
    Row("GET", "/accounts", Role::Auditor),
    Row("GET", "/accounts/export?connection={connection}", Role::Auditor),
    Row("GET", "/accounts/{connection}/acc-1", Role::Auditor),
    Row("POST", "/accounts/{connection}/acc-1/owner", Role::Operator),
    Row("POST", "/accounts/{connection}/acc-1/protection", Role::Operator),
    Row("POST", "/accounts/{connection}/acc-1/unprotect", Role::Operator),
    Row("GET", "/groups", Role::Auditor),
    Row("GET", "/groups/{connection}/00000000-0000-4000-8001-000000000001", Role::Auditor),
    Row("GET", "/campaigns", Role::Auditor),
    Row("POST", "/campaigns", Role::Operator),
    Row("GET", "/campaigns/new", Role::Operator),
    Row("GET", "/campaigns/{campaign}", Role::Auditor),
    Row("POST", "/campaigns/{campaign}/decisions", Role::Reviewer),
    Row("POST", "/campaigns/{campaign}/apply", Role::Operator),
    Row("POST", "/campaigns/{campaign}/close", Role::Operator),
    Row("POST", "/campaigns/{campaign}/cancel", Role::Operator),
    Row("GET", "/campaigns/{campaign}/record", Role::Auditor),
    Row("GET", "/campaigns/{campaign}/export", Role::Auditor),
    Row("GET", "/usage", Role::Auditor),
    Row("GET", "/usage/{connection}", Role::Auditor),
    Row("POST", "/usage/{connection}/run", Role::Operator),
    Row("GET", "/usage/{connection}/export", Role::Auditor),
    Row("GET", "/usage/{connection}/policy", Role::Auditor),
    Row("POST", "/usage/{connection}/policy", Role::Admin),
    Row("GET", "/usage/{connection}/accounts/acc-1", Role::Auditor),
    Row("GET", "/licences/{connection}", Role::Auditor),
    Row("GET", "/licences/{connection}/jira-software", Role::Auditor),
    Row("GET", "/licences/{connection}/jira-software/export", Role::Auditor),
    Row("GET", "/vulnerabilities", Role::Auditor),
    Row("GET", "/vulnerabilities/{finding}", Role::Auditor),
    Row("POST", "/vulnerabilities/{finding}/accept", Role::Operator),
    Row("POST", "/vulnerabilities/{finding}/withdraw", Role::Operator),
    Row("GET", "/vulnerabilities/upload", Role::Operator),
    Row("POST", "/vulnerabilities/upload", Role::Operator),
    Row("GET", "/vulnerabilities/policy", Role::Auditor),
    Row("POST", "/vulnerabilities/policy", Role::Admin),
    Row("GET", "/vulnerabilities/sources", Role::Auditor),
    Row("POST", "/vulnerabilities/sources/forget", Role::Admin),
    Row("GET", "/notifications", Role::Auditor),
    Row("GET", "/notifications/channels/new", Role::Admin),
    Row("POST", "/notifications/channels/new", Role::Admin),
    Row("GET", "/notifications/channels/{channel}", Role::Auditor),
    Row("POST", "/notifications/channels/{channel}", Role::Admin),
    Row("POST", "/notifications/channels/{channel}/test", Role::Operator),
    Row("POST", "/notifications/channels/{channel}/rotate", Role::Admin),
    Row("POST", "/notifications/channels/{channel}/pause", Role::Admin),
    Row("POST", "/notifications/channels/{channel}/resume", Role::Admin),
    Row("POST", "/notifications/channels/{channel}/delete", Role::Admin),
    Row("GET", "/actions", Role::Auditor),
    Row("GET", "/actions/new", Role::Operator),
    Row("POST", "/actions/new", Role::Operator),
    Row("GET", "/actions/{action}", Role::Auditor),
    Row("POST", "/actions/{action}/approve", Role::Operator),
    Row("POST", "/actions/{action}/decline", Role::Operator),
    Row("POST", "/actions/{action}/undo", Role::Operator),
    Row("GET", "/pull-requests", Role::Auditor),
    Row("GET", "/pull-requests/new", Role::Operator),
    Row("POST", "/pull-requests/new", Role::Operator),
    Row("GET", "/pull-requests/{pull}", Role::Auditor),
    Row("GET", "/github", Role::Auditor),
    Row("POST", "/github", Role::Admin),
    Row("POST", "/github/secret", Role::Admin),
    Row("POST", "/github/remove", Role::Admin),
    Row("GET", "/sync-settings", Role::Auditor),
    Row("POST", "/sync-settings", Role::Admin),
    Row("GET", "/sync-settings/new", Role::Admin),
    Row("GET", "/sync-settings/{setting}", Role::Auditor),
    Row("GET", "/sync-settings/{setting}/edit", Role::Admin),
    Row("POST", "/sync-settings/{setting}/edit", Role::Admin),
    Row("POST", "/sync-settings/{setting}/recheck", Role::Operator),
    Row("GET", "/sync-settings/{setting}/disable", Role::Admin),
    Row("POST", "/sync-settings/{setting}/disable", Role::Admin),
    Row("POST", "/sync-settings/{setting}/enable", Role::Admin),
    Row("POST", "/sync-settings/{setting}/delete", Role::Admin),
    Row("GET", "/project-configurations", Role::Auditor),
    Row("POST", "/project-configurations", Role::Admin),
    Row("GET", "/project-configurations/new", Role::Admin),
    Row("GET", "/project-configurations/{configuration}", Role::Auditor),
    Row("GET", "/project-configurations/{configuration}/edit", Role::Admin),
    Row("POST", "/project-configurations/{configuration}/edit", Role::Admin),
    Row("POST", "/project-configurations/{configuration}/recheck", Role::Operator),
    Row("GET", "/project-configurations/{configuration}/disable", Role::Admin),
    Row("POST", "/project-configurations/{configuration}/disable", Role::Admin),
    Row("POST", "/project-configurations/{configuration}/enable", Role::Admin),
    Row("POST", "/project-configurations/{configuration}/delete", Role::Admin),
    Row("GET", "/time-zone", Role::Auditor),
    Row("POST", "/time-zone", Role::Auditor),
    Row("POST", "/sign-out", Role::Auditor),
];

/// Routes that are there to sign in, and what pages load.
const OPEN: &[(&str, &str)] = &[
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/link"),
    ("POST", "/sign-in/link"),
    ("GET", "/sign-in/with"),
    ("GET", "/sign-in/with/{tenant}"),
    ("GET", "/sign-in/callback"),
    ("GET", "/assets/{name}"),
];

/// A house in which there is something at each path of [`ROWS`], and what the names in braces stand for.
async fn prepared() -> (House, Vec<(&'static str, String)>) {
    let house = House::with_tickets().await;
    let token = house.token("acme", Role::Auditor).await;
    let session = house.session(&token).await;
    let token = token.split('_').nth(2).unwrap().to_owned();
    let run = house.world.store().list_runs(&house.world.tenant, assay::check::CheckId::B1, None, 1).await;
    let run = run.unwrap().items.remove(0).id.to_string();
    let task = house.world.tasks().await.remove(0).id.to_string();
    let ticket = house.world.tickets().await.remove(0).id.to_string();
    let (person, campaign) = (house.fill().await, house.campaign().await);
    let finding = crate::vulnerabilities::finding(&house, "f-1").await;
    let channel = crate::notifications::channel(&house).await;
    let pull = crate::pull_requests::named(&house, &finding).await;
    let action = crate::actions::asked(&house, &crate::actions::creating()).await;
    let settings = house.call("GET", "/v1/sync-settings", &Value::Null).await.json();
    let setting = settings["items"][0]["id"].as_str().unwrap().to_owned();
    let priority = |id: &str| json!({ "type": "priority", "value": id });
    let values = json!({ "critical": priority("1"), "*": priority("3") });
    let rule =
        json!({ "field": "priority", "source": { "from": "assay", "field": "severity", "values": values } });
    let configuration = json!({ "name": "All", "connection": "con-1", "project": "SEC", "issue_type": "10100", "rules": [rule] });
    let configuration = house.call("POST", "/v1/project-configurations", &configuration).await.json();
    let configuration = configuration["id"].as_str().unwrap().to_owned();
    let names = vec![
        ("{connection}", "con-1".to_owned()),
        ("{token}", token),
        ("{session}", session),
        ("{run}", run),
        ("{task}", task),
        ("{ticket}", ticket),
        ("{person}", person),
        ("{campaign}", campaign),
        ("{finding}", finding),
        ("{channel}", channel),
        ("{pull}", pull),
        ("{action}", action),
        ("{setting}", setting),
        ("{configuration}", configuration),
    ];
    (house, names)
}

fn filled(path: &str, names: &[(&'static str, String)]) -> String {
    let path = names.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!path.contains('{'), "{path}: prepared() does not say what this stands for");
    path
}

/// The routes that the pages' routers name, each with its method.
fn named() -> BTreeSet<(String, String)> {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).unwrap();
            for other in [".nest(", ".nest_service(", ".route_service("] {
                assert!(
                    !text.contains(other),
                    "{}: only `.route(` is understood here",
                    entry.path().display()
                );
            }
            found.extend(text.split(".route(").skip(1).flat_map(routes_of));
        }
    }
    found
}

/// The routes of what stands behind `.route(`: its path, and each method that is called there, by axum's names.
fn routes_of(text: &str) -> Vec<(String, String)> {
    let path = text.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let (path, rest) = path.expect("a route's path is written out");
    let mut depth = 1;
    let end = rest.find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    });
    let rest = &rest[..end.expect("a route ends")];
    let words = rest.match_indices('(').map(|(at, _)| {
        rest[..at].rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap()
    });
    let route = |method: &str| (method.to_uppercase(), path.to_owned());
    let routes: Vec<_> = words
        .filter(|word| match *word {
            "get" | "post" => true,
            "any" | "on" | "put" | "patch" | "delete" | "head" | "options" | "trace" | "connect" => {
                panic!("{path}: a browser's form knows GET and POST alone, not {word}")
            }
            word => {
                assert!(!word.ends_with("_service"), "{path}: {word} is not understood here");
                false
            }
        })
        .map(route)
        .collect();
    assert!(!routes.is_empty(), "{path}: its methods are not written out");
    routes
}

fn is_at(path: &str, route: &str) -> bool {
    let parts = |text: &str| text.split('/').map(ToOwned::to_owned).collect::<Vec<_>>();
    let (path, route) = (parts(path.split('?').next().unwrap()), parts(route));
    path.len() == route.len()
        && path.iter().zip(&route).all(|(given, named)| named.starts_with('{') || given == named)
}

#[test]
fn a_route_is_a_method_and_a_path() {
    let both = "\"/x/{id}\", get(show).post(change).layer(Limit::max(5)))\n.route(\"/y\", get(z))";
    let routes = routes_of(both);
    assert_eq!(routes, [("GET".to_owned(), "/x/{id}".to_owned()), ("POST".to_owned(), "/x/{id}".to_owned())]);
    for wrong in ["\"/x\", axum::routing::delete(end))", "\"/x\", get(a).patch(b))", "\"/x\", made)"] {
        assert!(std::panic::catch_unwind(|| routes_of(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn every_route_has_a_row() {
    let named = named();
    for (method, route) in &named {
        let open = OPEN.contains(&(method.as_str(), route.as_str()));
        let row = ROWS.iter().any(|Row(of, path, _)| of == method && is_at(path, route));
        assert!(open != row, "{method} {route} has no row, or is open and has one");
    }
    for Row(method, path, _) in ROWS {
        let there = named.iter().any(|(of, route)| of == method && is_at(path, route));
        assert!(there, "{method} {path} is no route any more");
    }
}

#[tokio::test]
async fn no_path_takes_a_method_that_has_no_row() {
    let (house, mut names) = prepared().await;
    names.extend([("{name}", "x".to_owned()), ("{tenant}", "acme".to_owned())]);
    let browser = house.signed_in(Role::Admin).await;
    let routes = named();
    let rows = ROWS.iter().map(|Row(_, path, _)| *path);
    for path in rows.chain(OPEN.iter().map(|(_, path)| *path)).collect::<BTreeSet<_>>() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if routes.iter().any(|(of, route)| of == method && is_at(path, route)) {
                continue;
            }
            let ask = Ask::new(method, &filled(path, &names)).header("origin", PUBLIC_URL);
            assert_eq!(browser.send(ask).await.status, 405, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn whoever_is_signed_out_is_led_to_the_sign_in_page() {
    let (house, names) = prepared().await;
    for Row(method, path, _) in ROWS {
        let path = filled(path, &names);
        let browser = house.browser();
        if *method == "POST" {
            assert_eq!(browser.submit(&path, &[]).await.header("location"), "/sign-in", "{path}");
        } else if path == "/" {
            assert!(browser.page("/").await.contains("<h1>Sign in</h1>"));
        } else {
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, 303, "{path}");
            assert!(answer.header("location").starts_with("/sign-in?to=%2F"), "{path}");
            assert_eq!(browser.part(&path, "x").await.header("hx-redirect"), "/sign-in", "{path}");
        }
    }
}

#[tokio::test]
async fn a_form_without_its_mark_or_from_another_site_does_nothing() {
    let (house, names) = prepared().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page("/").await;
    let mark = browser.mark.lock().unwrap().clone();
    let before = (house.world.items().await, house.world.checks.len());
    for Row(_, path, _) in ROWS.iter().filter(|Row(method, ..)| *method == "POST") {
        let path = &filled(path, &names);
        assert_eq!(browser.submit_as(path, &[("csrf", "x.00")], PUBLIC_URL).await.status, 403, "{path}");
        assert_eq!(browser.submit_as(path, &[("csrf", &mark)], "https://evil.example").await.status, 403);
    }
    assert_eq!((house.world.items().await, house.world.checks.len()), before);
}

#[tokio::test]
async fn a_role_that_is_too_low_is_refused_and_told_which_is_needed() {
    let (house, names) = prepared().await;
    for role in ROLES {
        let browser = house.signed_in(role).await;
        for Row(method, path, needed) in ROWS.iter().filter(|Row(.., needed)| !role.covers(*needed)) {
            let path = &filled(path, &names);
            browser.page("/").await;
            let answer =
                if *method == "POST" { browser.submit(path, &[]).await } else { browser.get(path).await };
            assert_eq!(answer.status, 403, "{role:?} {path}");
            let needed = format!("{needed:?}").to_lowercase();
            assert!(answer.text().contains(&needed), "{path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn another_tenant_finds_none_of_our_things() {
    let (house, names) = prepared().await;
    let browser = house.signed_in_to("other", Role::Admin).await;
    let page = browser.page("/").await;
    assert!(page.contains("Nothing is connected yet") && !page.contains("demo.atlassian.net"), "{page}");
    for Row(method, path, _) in ROWS.iter().filter(|Row(_, path, _)| path.contains('{')) {
        let path = &filled(path, &names);
        let answer =
            if *method == "POST" { browser.submit(path, &[]).await } else { browser.get(path).await };
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
        browser.page("/").await;
    }
}

#[test]
fn every_page_belongs_to_one_entry_of_the_navigation() {
    for Row(method, path, _) in ROWS {
        let holding = ENTRIES.iter().filter(|entry| entry.holds(path)).count();
        // The zone is chosen from beside the navigation.
        let expected = usize::from(*path != "/time-zone");
        assert!(*method == "POST" || holding == expected, "{path}: {holding}");
    }
}
