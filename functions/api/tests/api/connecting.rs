//! Connecting without a browser: by token and by service account. What goes wrong is named, with a way to mend it, and
//! leaves nothing behind.

use assay_test_support::world::{CLOUD_ID, SITE};
use jira_sim::Fault;
use serde_json::{Value, json};

use crate::support::{House, assert_problem, connect_body};

const OTHER_CLOUD_ID: &str = "99999999-2222-4333-8444-555555555555";

/// The body of [`connect_body`] with changes; null takes a field out.
fn body(changes: Value) -> Value {
    let mut body = connect_body();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => _ = body.as_object_mut().unwrap().remove(name),
            value => body[name] = value.clone(),
        }
    }
    body
}

fn scoped(changes: Value) -> Value {
    let mut body = body(json!({ "method": "scoped_api_token", "token": "sim-scoped-token" }));
    body.as_object_mut().unwrap().append(&mut changes.as_object().unwrap().clone());
    body
}

fn service_account(secret: &str) -> Value {
    let (id, method) = ("sim-service", "service_account");
    body(json!({ "method": method, "client_id": id, "client_secret": secret, "email": null, "token": null }))
}

async fn add_token(house: &House, text: &str, scopes: Value, expires: Value) {
    let token = json!({ "account": "acc-admin", "token": text, "scopes": scopes, "expires": expires });
    house.world.control_api("POST", "/__sim/tokens", &token).await;
}

fn fault(house: &House, kind: &Value) {
    let mut fault = json!({ "path": "*", "times": 1000 });
    fault.as_object_mut().unwrap().append(&mut kind.as_object().unwrap().clone());
    house.world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
}

#[tokio::test]
async fn a_site_is_connected_by_each_method_and_its_first_evaluation_is_asked_for() {
    let mut without_site = scoped(json!({ "cloud_id": CLOUD_ID }));
    without_site.as_object_mut().unwrap().remove("site");
    for (body, account) in [
        (connect_body(), "acc-admin"),
        (body(json!({ "site": " DEMO.atlassian.net ", "email": "Admin@Example.com" })), "acc-admin"),
        (body(json!({ "cloud_id": CLOUD_ID })), "acc-admin"),
        (scoped(json!({})), "acc-admin"),
        (without_site, "acc-admin"),
        (service_account("sim-service-secret"), "acc-service"),
    ] {
        let house = House::start().await;
        let answer = house.call("POST", "/v1/connections", &body).await;
        assert_eq!(answer.status, 201, "{body}: {}", answer.text());
        let made = answer.json();
        assert_eq!((&made["state"], &made["problems"]), (&json!("active"), &json!([])), "{made}");
        assert_eq!((&made["site"], &made["cloud_id"]), (&json!(SITE), &json!(CLOUD_ID)));
        assert_eq!((&made["method"], &made["account"]["id"]), (&body["method"], &json!(account)));
        assert_eq!(made["change_management"]["projects"][0]["id"], "10001");
        assert_eq!(
            house.get(&format!("/v1/connections/{}", made["id"].as_str().unwrap())).await.json(),
            made
        );
        assert_eq!(house.world.checks.len(), 2, "the connection's checks, and the tenant's");
        house.world.settle(2).await;
        let checks = house.get("/v1/checks").await.json();
        let outcomes: Vec<&Value> =
            checks["items"].as_array().unwrap().iter().map(|check| &check["last_outcome"]).collect();
        assert_eq!(
            json!(outcomes),
            json!(["pass", "fail", "fail", "pass", "pass", null, null, null, null]),
            "{body}"
        );
        house.world.assert_honest();
    }
}

#[tokio::test]
async fn what_stands_against_connecting_is_named_with_a_way_to_mend_it_and_nothing_is_kept() {
    let house = House::start().await;
    add_token(&house, "expired", Value::Null, json!(1)).await;
    add_token(&house, "only-user", json!(["read:jira-user"]), Value::Null).await;
    add_token(&house, "only-work", json!(["read:jira-work", "write:jira-work"]), Value::Null).await;
    let inactive = json!({ "account": "acc-inactive", "token": "inactive" });
    house.world.control_api("POST", "/__sim/tokens", &inactive).await;
    let without_site = |token: &str, cloud_id: &str| {
        let mut body = scoped(json!({ "token": token, "cloud_id": cloud_id }));
        body.as_object_mut().unwrap().remove("site");
        body
    };
    let (keys, words) = (house.secrets.names(), house.state().await);
    for (body, code, field, says) in [
        (
            body(json!({ "site": "nowhere.atlassian.net" })),
            "wrong_domain",
            Some("site"),
            "nowhere.atlassian.net",
        ),
        (scoped(json!({ "site": "nowhere.atlassian.net" })), "wrong_domain", Some("site"), "spelling"),
        (body(json!({ "cloud_id": OTHER_CLOUD_ID })), "wrong_domain", Some("site"), "cloud id"),
        (scoped(json!({ "cloud_id": OTHER_CLOUD_ID })), "wrong_domain", Some("site"), "cloud id"),
        (without_site("sim-scoped-token", "no-such-site"), "wrong_domain", Some("site"), "no-such-site"),
        (without_site("sim-admin-token", CLOUD_ID), "credentials_refused", None, CLOUD_ID),
        (
            body(json!({ "token": "sim-scoped-token" })),
            "wrong_token_kind",
            Some("method"),
            "scoped_api_token",
        ),
        (
            scoped(json!({ "token": "sim-admin-token" })),
            "wrong_token_kind",
            Some("method"),
            "method api_token",
        ),
        (
            body(json!({ "email": "account-1@example.com" })),
            "credentials_refused",
            None,
            "belongs to this e-mail",
        ),
        (scoped(json!({ "email": "account-1@example.com" })), "credentials_refused", None, "e-mail address"),
        (body(json!({ "token": "mistyped" })), "credentials_refused", None, "make a new one"),
        (body(json!({ "token": "expired" })), "credentials_refused", None, "expired"),
        (
            body(json!({ "email": "former@example.com", "token": "inactive" })),
            "credentials_refused",
            None,
            "token",
        ),
        (scoped(json!({ "token": "only-user" })), "scope_missing", None, "read:jira-work"),
        (scoped(json!({ "token": "only-work" })), "scope_missing", None, "read:jira-user"),
        (service_account("mistyped"), "credentials_refused", None, "client secret"),
    ] {
        let answer = house.call("POST", "/v1/connections", &body).await;
        assert_eq!(answer.json()["code"], code, "{body}: {}", answer.text());
        assert_problem(&answer, 422, field);
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(says), "{says}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(problem["mend"].as_str().unwrap()), "{problem}");
        assert!(!answer.text().contains("unknown.atlassian.net"), "{problem}");
    }
    assert_eq!((house.secrets.names(), house.state().await), (keys, words));
}

#[tokio::test]
async fn a_jira_that_is_down_is_not_the_callers_fault_and_nothing_is_kept() {
    let house = House::start().await;
    let before = house.state().await;
    for kind in [
        json!({ "kind": "status", "status": 503 }),
        json!({ "kind": "html", "status": 502 }),
        json!({ "kind": "cut_before" }),
        json!({ "kind": "answer_lost" }),
        json!({ "kind": "truncated" }),
        json!({ "kind": "status", "status": 429, "retry_after": 5 }),
    ] {
        fault(&house, &kind);
        for body in [connect_body(), scoped(json!({})), service_account("sim-service-secret")] {
            let answer = house.call("POST", "/v1/connections", &body).await;
            let limited = kind["status"] == 429;
            assert!(
                answer.status == 503 || (limited && answer.status == 429),
                "{kind} {body}: {}",
                answer.text()
            );
            assert!(!answer.header("retry-after").is_empty(), "{kind}: {}", answer.text());
        }
        house.world.jira.simulator.clear_faults();
    }
    // A site that sends elsewhere is not followed.
    fault(&house, &json!({ "kind": "redirect", "location": "https://evil.example/" }));
    let answer = house.call("POST", "/v1/connections", &connect_body()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (422, &json!("wrong_domain")));
    assert!(!answer.text().contains("evil"), "{}", answer.text());
    assert_eq!(house.state().await, before);
    assert_eq!(house.secrets.names(), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_use_case_lacks_degrades_the_connection_and_is_named_with_the_use_case() {
    let house = House::start().await;
    let plain = |changes: Value| {
        let mut body = body(json!({ "email": "account-1@example.com", "token": "sim-token-1" }));
        body.as_object_mut().unwrap().append(&mut changes.as_object().unwrap().clone());
        body
    };
    for key in ["CHG", "INC", "SEC", "TEAM"] {
        let edit = json!({ "account": "acc-1", "remove": ["CREATE_ISSUES"] });
        house.world.jira.simulator.edit_project(key, "permissions", &edit).unwrap();
    }
    let hidden = json!({ "account": "acc-2", "remove": ["BROWSE_PROJECTS"] });
    house.world.jira.simulator.edit_project("INC", "permissions", &hidden).unwrap();
    let second = json!({ "email": "account-2@example.com", "token": "sim-token-2" });
    for (body, use_case, code, says) in [
        (plain(json!({})), "ticketing", "permission_missing", "Create issues"),
        (
            plain(json!({ "use_cases": ["access_review"] })),
            "access_review",
            "not_administrator",
            "Administer Jira",
        ),
        (plain(json!({ "use_cases": ["usage"] })), "usage", "not_administrator", "Administer Jira"),
        (
            body(json!({ "incidents": { "projects": ["NOPE"] } })),
            "incident_management",
            "project_not_found",
            "NOPE",
        ),
        (body(second), "incident_management", "project_not_found", "INC"),
        (
            body(json!({ "change_management": { "jql": "project = = CHG" } })),
            "ticketing",
            "query_invalid",
            "does not understand",
        ),
        (
            body(json!({ "incidents": { "projects": ["INC"], "jql": "nosuchfield = 1" } })),
            "incident_management",
            "query_invalid",
            "nosuchfield",
        ),
    ] {
        let answer = house.call("POST", "/v1/connections", &body).await;
        assert_eq!(answer.status, 201, "{body}: {}", answer.text());
        let made = answer.json();
        assert_eq!(made["state"], "degraded", "{made}");
        let problems = made["problems"].as_array().unwrap();
        let problem =
            problems.iter().find(|problem| problem["code"] == code && problem["use_case"] == use_case);
        let problem = problem.unwrap_or_else(|| panic!("{code} of {use_case} is missing in {made}"));
        assert!(problem["what"].as_str().unwrap().contains(says), "{problem}");
        assert!(!problem["mend"].as_str().unwrap().is_empty(), "{problem}");
    }
    house.world.assert_honest();
}

#[tokio::test]
async fn a_scoped_token_that_may_only_read_is_held_to_it_where_tickets_are_written() {
    for (scopes, state, missing) in [
        (json!(["read:jira-work", "read:jira-user", "write:jira-work"]), "active", None),
        (json!(["read:jira-work", "read:jira-user"]), "degraded", Some("write:jira-work")),
    ] {
        let house = House::start().await;
        add_token(&house, "narrow", scopes, json!(null)).await;
        let answer = house.call("POST", "/v1/connections", &scoped(json!({ "token": "narrow" }))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json();
        assert_eq!(made["state"], state, "{made}");
        let problems = made["problems"].as_array().unwrap();
        assert_eq!(problems.len(), usize::from(missing.is_some()), "{made}");
        if let Some(missing) = missing {
            assert_eq!(
                (&problems[0]["code"], &problems[0]["use_case"]),
                (&json!("scope_missing"), &json!("ticketing"))
            );
            assert!(problems[0]["what"].as_str().unwrap().contains(missing), "{made}");
        }
        let created = house.world.calls("createIssues");
        assert_eq!(created, 1, "one call that creates nothing");
        assert!(house.world.issues_in("SEC").is_empty());
        house.world.assert_honest();
    }
}

#[tokio::test]
async fn a_service_account_is_held_to_the_scopes_that_its_token_was_given() {
    for (scopes, state) in [
        (json!(["read:jira-work", "read:jira-user", "write:jira-work"]), "active"),
        (json!(["read:jira-work", "read:jira-user"]), "degraded"),
    ] {
        let house = House::start().await;
        let token = json!({ "account": "acc-service", "token": "sim-service-token", "scopes": scopes });
        house.world.control_api("POST", "/__sim/tokens", &token).await;
        let answer = house.call("POST", "/v1/connections", &service_account("sim-service-secret")).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json();
        assert_eq!(made["state"], state, "{made}");
        assert_eq!(made["scopes"].as_array().unwrap().len(), scopes.as_array().unwrap().len(), "{made}");
        if state == "degraded" {
            assert_eq!(made["problems"][0]["code"], "scope_missing", "{made}");
            assert_eq!(made["problems"].as_array().unwrap().len(), 1, "{made}");
        }
        assert_eq!(house.world.calls("createIssues"), 0, "Atlassian told: no call is needed");
    }
}
