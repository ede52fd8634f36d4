//! Bad input: always a 4xx problem that names the part to blame, and nothing is written.

use assay::access::Role;
use assay_test_support::http::Ask;
use serde_json::{Value, json};

use crate::description::operations;
use crate::support::{House, TENANT, assert_problem, connect_body};

/// A good body for each route that takes one.
fn good_body(route: &str) -> Value {
    match route {
        "POST /v1/connections" => connect_body(),
        "PATCH /v1/connections/{id}" => json!({ "use_cases": ["ticketing"] }),
        "POST /v1/connections/{id}/reconnect" => {
            json!({ "method": "api_token", "email": "a@b.c", "token": "t" })
        }
        "PUT /v1/connections/{id}/organisation" => json!({ "organisation_id": "o", "api_key": "k" }),
        "PUT /v1/oauth-app" => json!({ "client_id": "c", "client_secret": "s" }),
        "POST /v1/sync-settings" | "POST /v1/sync-settings/preflight" | "POST /v1/sync-settings/dry-run" => {
            json!({
                "scope": "all", "connection": "con-1", "project": "SEC", "issue_type": "10100",
                "mode": "individual",
            })
        }
        route if route.contains("/project-configurations") => crate::configurations::good(route).unwrap(),
        "PATCH /v1/sync-settings/{id}" => json!({ "labels": ["a"] }),
        "POST /v1/sync-settings/{id}/disable" => json!({ "tickets": "keep" }),
        "PATCH /v1/tasks/{id}" => json!({ "title": "Another title" }),
        "POST /v1/tasks/{id}/complete" => json!({ "why": "it was done by hand" }),
        "POST /v1/tickets/{id}/decide" => json!({ "tasks": "recreate" }),
        "POST /v1/notifications/channels" => crate::channels::body(),
        "PATCH /v1/notifications/channels/{id}" => json!({ "quiet_minutes": 5 }),
        "PUT /v1/github" => crate::github::body(),
        "POST /v1/remediations" => crate::remediations::body(&["B9-x"], &[]),
        "POST /v1/tokens" | "POST /v1/sign-in-links" => json!({ "name": "ci", "role": "auditor" }),
        "PUT /v1/single-sign-on" => crate::coverage::single_sign_on("https://login.example.com"),
        "POST /v1/people" => json!({ "email": "anna@example.com", "name": "Anna" }),
        "PATCH /v1/people/{id}" => json!({ "name": "Anna" }),
        "PUT /v1/accounts/{connection}/{account}/owner" => json!({ "kind": "unidentified" }),
        "PUT /v1/accounts/{connection}/{account}/protection" => {
            json!({ "reason": "on leave", "ends_on": "2026-12-31" })
        }
        "PUT /v1/usage/{connection}/policy" => {
            json!({ "zone": "Europe/Berlin", "review_days": 90, "ruled_groups": [], "seat_prices": {} })
        }
        "POST /v1/campaigns" => crate::reviews::campaign_body(),
        "POST /v1/campaigns/{id}/decisions" => crate::reviews::decisions_body("keep"),
        "POST /v1/campaigns/{id}/apply" => json!({ "hold": true }),
        "POST /v1/campaigns/{id}/close" => json!({ "undecided": "name" }),
        "POST /v1/actions" => crate::reviews::action_body("remove"),
        "POST /v1/actions/{id}/decline" | "POST /v1/actions/{id}/undo" => json!({ "why": "a mistake" }),
        "POST /v1/findings" => crate::findings::body(),
        "PUT /v1/findings/policy" => crate::findings::policy(),
        "PUT /v1/findings/{id}/acceptance" => json!({ "until": "2026-07-01", "why": "behind a wall" }),
        other => panic!("{other} takes a body that this test does not know"),
    }
}

fn path_of(route: &str) -> (&str, String) {
    let (method, path) = route.split_once(' ').unwrap();
    let id = if path.contains("/checks/") { "B1" } else { "x" };
    (method, fill(path, id))
}

/// The path with `id` as its first id, and something in the place of each further one.
pub fn fill(path: &str, id: &str) -> String {
    let path = path.replace("{id}", id).replace("{run}", "x");
    let path = path.replace("{connection}", id).replace("{account}", "x").replace("{group}", "x");
    path.replace("{project}", "x").replace("{type}", "x")
}

#[tokio::test]
async fn a_body_that_is_not_good_json_is_refused_by_every_route_that_takes_one() {
    let house = House::start().await;
    let description = house.get("/v1/openapi.json").await.json();
    let before = house.state().await;
    let mut tried = 0;
    for (route, operation) in operations(&description) {
        // Lists as CSV have tests of their own.
        if operation["requestBody"]["content"]["application/json"].is_null() {
            continue;
        }
        tried += 1;
        let (method, path) = path_of(&route);
        let good = good_body(&route).to_string();
        let mut unknown = good_body(&route);
        unknown["colour"] = json!("red");
        let ask = || Ask::new(method, &path).token(Some(&house.admin));
        let json_ask = |body: Vec<u8>| ask().header("content-type", "application/json").bytes(body);
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        for (body, field) in [
            (Vec::new(), "body"),
            (b"{".to_vec(), "body"),
            (b"not json".to_vec(), "body"),
            (b"[]".to_vec(), "body"),
            (b"null".to_vec(), "body"),
            (b"\"text\"".to_vec(), "body"),
            (deep.into_bytes(), "body"),
            (b"\xff\xfe".to_vec(), "body"),
            (b"\xef\xbb\xbf{}".to_vec(), "body"),
            (format!("{good} x").into_bytes(), "body"),
            (format!("{good}{good}").into_bytes(), "body"),
            (unknown.to_string().into_bytes(), "colour"),
        ] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            let answer = house.send(json_ask(body)).await;
            assert!(answer.status == 422, "{route} {shown}: {}", answer.text());
            // An empty list is an empty body to serde where every field may be left out.
            assert_problem(&answer, 422, Some(field));
        }
        // Findings come in lists, whose own limit has a test of its own.
        let most = if route == "POST /v1/findings" { 7 } else { 1 };
        let huge = json!({ "colour": "x".repeat(most * 1024 * 1024) }).to_string();
        assert_problem(&house.send(json_ask(huge.into_bytes())).await, 413, Some("body"));
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json", ""] {
            let answer = house.send(ask().header("content-type", kind).bytes(good.clone())).await;
            assert_problem(&answer, 415, Some("Content-Type"));
        }
        assert_problem(&house.send(ask().bytes(good.clone())).await, 415, Some("Content-Type"));
    }
    assert!(tried >= 7, "{tried}");
    assert_eq!(house.state().await, before);
}

/// Fails unless each body is refused for the field beside it, and nothing is written for any of them.
pub async fn assert_blamed(house: &House, cases: Vec<(&str, &str, Value, &str)>) {
    let before = house.state().await;
    for (method, path, body, field) in cases {
        let answer = house.call(method, path, &body).await;
        assert_eq!(answer.json()["field"], field, "{method} {path} {body}: {}", answer.text());
        assert_problem(&answer, 422, Some(field));
    }
    assert_eq!(house.state().await, before);
    assert_eq!(house.world.jira.simulator.journal().len(), 0, "Jira was asked in vain");
}

#[tokio::test]
async fn a_field_of_a_connection_that_breaks_a_rule_is_named() {
    let house = House::start().await;
    let connect = |change: Value| {
        let mut body = connect_body();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let without = |field: &str| {
        let mut body = connect_body();
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let long = "x".repeat(2_001);
    let cases = [
        (without("method"), "method"),
        (without("use_cases"), "use_cases"),
        (without("site"), "site"),
        (without("email"), "email"),
        (without("token"), "token"),
        (connect(json!({ "method": "password" })), "method"),
        (connect(json!({ "method": 5 })), "method"),
        (connect(json!({ "site": 5 })), "site"),
        (connect(json!({ "site": "https://demo.atlassian.net" })), "site"),
        (connect(json!({ "site": "demo.example.com" })), "site"),
        (connect(json!({ "cloud_id": "a/b" })), "cloud_id"),
        (connect(json!({ "email": "nobody" })), "email"),
        (connect(json!({ "email": "a@b:c" })), "email"),
        (connect(json!({ "email": "a@b\r\nX: y" })), "email"),
        (connect(json!({ "token": "" })), "token"),
        (connect(json!({ "token": "t\u{e4}" })), "token"),
        (connect(json!({ "token": ["t"] })), "token"),
        (connect(json!({ "client_id": "c" })), "client_id"),
        (connect(json!({ "client_secret": "c" })), "client_secret"),
        (connect(json!({ "use_cases": [] })), "use_cases"),
        (connect(json!({ "use_cases": "ticketing" })), "use_cases"),
        (connect(json!({ "use_cases": ["ticketing", "x"] })), "use_cases[1]"),
        (connect(json!({ "change_management": [] })), "change_management"),
        (connect(json!({ "incidents": { "colour": 1 } })), "incidents.colour"),
        (connect(json!({ "incidents": { "projects": "INC" } })), "incidents.projects"),
        (connect(json!({ "incidents": { "projects": ["A", "1"] } })), "incidents.projects[0]"),
        (connect(json!({ "incidents": { "projects": vec!["AB"; 51] } })), "incidents.projects"),
        (connect(json!({ "change_management": { "jql": long } })), "change_management.jql"),
        (connect(json!({ "incidents": { "jql": "a\nb" } })), "incidents.jql"),
        (connect(json!({ "incidents": { "jql": "a ORDER BY b" } })), "incidents.jql"),
        (connect(json!({ "incident_limits": {} })), "incident_limits.default_days"),
        (connect(json!({ "incident_limits": { "default_days": 0 } })), "incident_limits.default_days"),
        (connect(json!({ "incident_limits": { "default_days": -1 } })), "incident_limits.default_days"),
        (
            connect(json!({ "incident_limits": { "default_days": 1, "days_by_priority": { "1": 9999 } } })),
            "incident_limits.days_by_priority.1",
        ),
        (
            connect(json!({ "incident_limits": { "default_days": 1, "days_by_priority": { "High": 1 } } })),
            "incident_limits.days_by_priority",
        ),
    ];
    let cases = cases.into_iter().map(|(body, field)| ("POST", "/v1/connections", body, field));
    assert_blamed(&house, cases.collect()).await;
}

#[tokio::test]
async fn a_field_of_a_setting_a_token_or_an_app_that_breaks_a_rule_is_named() {
    let house = House::start().await;
    let setting = |name: &str, value: Value| {
        let mut body = good_body("POST /v1/sync-settings");
        body[name] = value;
        body
    };
    let (settings, tokens) = ("/v1/sync-settings", "/v1/tokens");
    let cases = vec![
        ("POST", settings, setting("scope", json!("B99")), "scope"),
        ("POST", settings, setting("connection", json!("a b")), "connection"),
        ("POST", settings, setting("connection", json!("con-none")), "connection"),
        ("POST", settings, setting("project", json!(" ")), "project"),
        ("POST", settings, setting("project", json!("x".repeat(101))), "project"),
        ("POST", settings, setting("issue_type", json!(10100)), "issue_type"),
        ("POST", settings, setting("mode", json!("bulk")), "mode"),
        ("POST", settings, setting("labels", json!(["a b"])), "labels[0]"),
        ("POST", settings, setting("labels", json!(vec!["a"; 21])), "labels"),
        ("POST", settings, setting("closure_rule", json!("some")), "closure_rule"),
        ("POST", settings, setting("epic", json!("a#b")), "epic"),
        ("PATCH", "/v1/sync-settings/x", json!({ "labels": "no" }), "labels"),
        ("POST", tokens, json!({ "role": "admin" }), "name"),
        ("POST", tokens, json!({ "name": "ci" }), "role"),
        ("POST", tokens, json!({ "name": " ", "role": "admin" }), "name"),
        ("POST", tokens, json!({ "name": "x".repeat(101), "role": "admin" }), "name"),
        ("POST", tokens, json!({ "name": "a\u{0}b", "role": "admin" }), "name"),
        ("POST", tokens, json!({ "name": "ci", "role": "root" }), "role"),
        ("PUT", "/v1/oauth-app", json!({ "client_id": "c" }), "client_secret"),
        ("PUT", "/v1/oauth-app", json!({ "client_id": "c d", "client_secret": "s" }), "client_id"),
        ("PUT", "/v1/oauth-app", json!({ "client_id": "c", "client_secret": "s t" }), "client_secret"),
    ];
    assert_blamed(&house, cases).await;
}

#[tokio::test]
async fn what_was_sent_where_a_secret_belongs_is_not_said_again() {
    let house = House::start().await;
    for (field, secret) in [("token", json!(918_273_645)), ("token", json!(["918273645"]))] {
        let mut body = connect_body();
        body[field] = secret;
        let answer = house.call("POST", "/v1/connections", &body).await;
        assert_problem(&answer, 422, Some(field));
        assert!(!answer.text().contains("918273645"), "{}", answer.text());
    }
    let body = json!({ "client_id": "c", "client_secret": 918_273_645 });
    let answer = house.call("PUT", "/v1/oauth-app", &body).await;
    assert_problem(&answer, 422, Some("client_secret"));
    assert!(!answer.text().contains("918273645"), "{}", answer.text());
}

#[tokio::test]
async fn a_query_that_a_list_does_not_take_is_refused_and_named() {
    let house = House::start().await;
    house.token(TENANT, Role::Auditor).await;
    let cursor = house.get("/v1/tokens?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(house.get(&format!("/v1/tokens?limit=1&cursor={cursor}")).await.status, 200);
    let before = house.state().await;
    let description = house.get("/v1/openapi.json").await.json();
    let mut lists = 0;
    for (route, operation) in operations(&description) {
        let (method, path) = path_of(&route);
        // Bodies come after queries, so none is needed to see the query refused.
        let ask = |query: &str| Ask::new(method, &format!("{path}?{query}")).token(Some(&house.admin));
        assert_problem(&house.send(ask("colour=red")).await, 422, Some("colour"));
        assert_problem(&house.send(ask("Limit=1")).await, 422, Some("Limit"));
        assert_problem(&house.send(ask("limit%00=1")).await, 422, Some("limit\u{0}"));
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        if !parameters.iter().any(|parameter| parameter["name"] == "cursor") {
            assert_problem(&house.send(ask("cursor=x")).await, 422, Some("cursor"));
            continue;
        }
        // What must be there, before what may.
        let connection = parameters.iter().any(|parameter| parameter["name"] == "connection");
        let path = if connection { format!("{path}?connection=x&") } else { format!("{path}?") };
        let ask = |query: &str| Ask::new(method, &format!("{path}{query}")).token(Some(&house.admin));
        // A list below a thing that is not there has no pages either.
        if path.contains("/x") {
            continue;
        }
        lists += 1;
        for limit in ["0", "201", "-1", "1.5", "abc", "", "99999999999999999999", "%31%00"] {
            assert_problem(&house.send(ask(&format!("limit={limit}"))).await, 422, Some("limit"));
        }
        assert_problem(&house.send(ask("limit=1&limit=2")).await, 422, Some("limit"));
        let foreign = if path == "/v1/tokens?" { "x.y" } else { &cursor };
        let altered = cursor.replace('.', "A.");
        for bad in [
            "",
            ".",
            "abc",
            "%21%21",
            "%FF%FE",
            "a.b.c",
            "AAAA.aaaaaaaaaa",
            foreign,
            &altered,
            &cursor.to_uppercase(),
        ] {
            let answer = house.send(ask(&format!("cursor={bad}"))).await;
            assert_eq!(answer.status, 422, "{path} took the cursor {bad}: {}", answer.text());
            assert_problem(&answer, 422, Some("cursor"));
        }
    }
    assert!(lists >= 4, "{lists}");
    for (path, field) in [
        ("/v1/tasks?check=B99", "check"),
        ("/v1/tasks?check=b1", "check"),
        ("/v1/tasks?state=done", "state"),
        ("/v1/tickets?state=done", "state"),
        ("/v1/tickets?state=", "state"),
        ("/v1/tasks?check=B1&check=B2", "check"),
        ("/v1/accounts", "connection"),
        ("/v1/accounts?connection=a%20b", "connection"),
        ("/v1/accounts?connection=con-1&owner=x", "owner"),
        ("/v1/accounts?connection=con-1&kind=x", "kind"),
        ("/v1/accounts?connection=con-1&active=yes", "active"),
        ("/v1/accounts/export", "connection"),
        ("/v1/groups", "connection"),
        ("/v1/people?status=gone", "status"),
        ("/v1/connections/con-1/projects?cursor=x", "cursor"),
        ("/v1/connections/con-1/labels?cursor=x", "cursor"),
        ("/v1/connections/con-1/projects?query=a%0Ab", "query"),
        ("/v1/connections/con-1/projects/SEC/epics?query=a%0Ab", "query"),
        ("/v1/connections/con-1/projects/SEC/assignable", "account"),
        ("/v1/connections/con-1/projects/SEC/assignable?account=a%20b", "account"),
    ] {
        assert_problem(&house.get(path).await, 422, Some(field));
    }
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn an_id_of_odd_characters_names_nothing() {
    let house = House::start().await;
    let description = house.get("/v1/openapi.json").await.json();
    let before = house.state().await;
    let long = "x".repeat(129);
    let odd = [
        "%00",
        "%0d%0a",
        "%FF",
        "%C3%28",
        "a%2Fb",
        "a%23b",
        "a%20b",
        "%2e%2e%2f",
        "%E2%80%AE",
        "'--",
        "%25",
        &long,
    ];
    for (route, _) in operations(&description) {
        let (method, template) = route.split_once(' ').unwrap();
        if !template.contains("{id}") && !template.contains("{connection}") {
            continue;
        }
        for id in odd {
            let path = fill(template, id);
            let ask = Ask::new(method, &path).token(Some(&house.admin));
            let needs_body = matches!(method, "PATCH") || template.ends_with("/reconnect");
            let ask = if needs_body { ask.json(&good_body(&route)) } else { ask };
            let answer = house.send(ask).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
            assert_problem(&answer, 404, None);
        }
        let parts = ["{project}", "{type}", "{account}", "{group}"];
        for part in parts.iter().filter(|part| template.contains(**part)) {
            for odd in odd {
                let path = fill(&template.replace(part, odd), "con-1");
                let answer = house.send(Ask::new(method, &path).token(Some(&house.admin))).await;
                assert_problem(&answer, 404, None);
            }
        }
        for run in odd.iter().filter(|_| template.contains("{run}")) {
            let answer = house.get(&template.replace("{id}", "B1").replace("{run}", run)).await;
            assert_problem(&answer, 404, None);
        }
    }
    for path in ["/v1", "/v1/", "/v1/tasks/", "//v1/tasks", "/v2/tasks", "/v1/connections/x/y"] {
        assert_problem(&house.get(path).await, 404, None);
    }
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn a_request_that_takes_no_body_refuses_one_but_for_an_empty_object() {
    let house = House::start().await;
    house.world.connect().await;
    house.world.checks.receive(100);
    let before = house.state().await;
    let ask = |path: &str| Ask::new("POST", path).token(Some(&house.admin));
    let verify = "/v1/connections/con-1/verify";
    for path in [verify, "/v1/checks/B2/runs", "/v1/tickets/x/retry", "/v1/connections/con-1/webhook"] {
        assert_problem(&house.send(ask(path).json(&json!({ "force": true }))).await, 422, Some("body"));
        assert_problem(&house.send(ask(path).bytes("x")).await, 422, Some("body"));
        assert_problem(&house.send(ask(path).bytes("x".repeat(1024 * 1024))).await, 413, Some("body"));
        let keyed = ask(path).header("idempotency-key", "k").bytes("x".repeat(1024 * 1024));
        assert_problem(&house.send(keyed).await, 413, Some("body"));
    }
    let delete = Ask::new("DELETE", "/v1/connections/con-1").token(Some(&house.admin)).bytes("x");
    assert_problem(&house.send(delete).await, 422, Some("body"));
    assert_eq!(house.state().await, before);
    assert_eq!(house.send(ask(verify).json(&json!({}))).await.status, 200);
}

#[tokio::test]
async fn an_idempotency_key_that_is_none_is_refused() {
    let house = House::start().await;
    let before = house.state().await;
    let long = "k".repeat(129);
    for key in ["", " ", "a b", "\u{e4}", &long] {
        let body = json!({ "name": "ci", "role": "auditor" });
        let answer = house.post_once("/v1/tokens", key, &body).await;
        assert_problem(&answer, 422, Some("Idempotency-Key"));
    }
    assert_eq!(house.state().await, before);
}
