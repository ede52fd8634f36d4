//! The audit log: who changed what, and what became of it.

use assay::access::Role;
use assay::audit::{Change, Entry, Who};
use assay::clock::after;
use assay::ids::{AuditId, TenantId};
use assay_test_support::http::Ask;
use assay_test_support::table::reach_refusing;
use serde_json::{Value, json};

use crate::support::{House, TENANT, assert_problem, connect_body, over};

fn id_of(token: &str) -> &str {
    token.split('_').nth(2).unwrap()
}

/// The only entry of a request.
async fn entry(house: &House, what: &str) -> Value {
    let log = house.list("/v1/audit-log").await;
    let mut found = log.into_iter().filter(|entry| entry["what"] == what);
    let entry = found.next().unwrap_or_else(|| panic!("no entry of {what}"));
    assert_eq!(found.next(), None, "{what} has two entries");
    entry
}

#[tokio::test]
async fn a_change_is_there_with_who_made_it_what_it_is_and_what_became_of_it() {
    let house = House::start().await;
    let made = house.call("POST", "/v1/tokens", &json!({ "name": "ci", "role": "auditor" })).await.json();
    let entry = entry(&house, "POST /v1/tokens").await;
    let now = house.world.time.now().to_string();
    assert_eq!(
        entry,
        json!({
            "id": entry["id"], "at": now, "by": id_of(&house.admin), "name": "test", "role": "admin", "session": null,
            "what": "POST /v1/tokens", "parameters": {}, "request": null, "verdict": "done",
            "ended_at": now, "status": 201, "problem": null, "made": made["id"],
        })
    );
}

#[tokio::test]
async fn a_token_that_was_made_by_direct_invocation_is_there() {
    let house = House::start().await;
    let log = house.list("/v1/audit-log").await;
    let [entry] = &log[..] else { panic!("{log:?}") };
    assert_eq!(entry["by"], "iam");
    assert_eq!(entry["what"], "issue_token, by direct invocation");
    assert_eq!(entry["parameters"], json!({ "role": "admin", "token": id_of(&house.admin) }));
    assert_eq!((&entry["verdict"], &entry["made"]), (&json!("done"), &json!(id_of(&house.admin))));
}

#[tokio::test]
async fn a_refused_change_is_there_with_its_status() {
    let house = House::start().await;
    let auditor = house.token(TENANT, Role::Auditor).await;
    let low = house.send(Ask::new("DELETE", "/v1/tokens/x").token(Some(&auditor))).await;
    assert_eq!(low.status, 403);
    house.call("PATCH", "/v1/tasks/B2-none", &json!({ "title": "x" })).await;
    house.call("POST", "/v1/tokens", &json!({ "name": "", "role": "admin" })).await;
    house.call("POST", "/v1/people", &json!({ "colour": 1 })).await;
    for (what, by, status, problem) in [
        ("DELETE /v1/tokens/{id}", &auditor, 403, "Not allowed"),
        ("PATCH /v1/tasks/{id}", &house.admin, 404, "Not found"),
        ("POST /v1/tokens", &house.admin, 422, "Invalid input"),
        ("POST /v1/people", &house.admin, 422, "Invalid input"),
    ] {
        let entry = entry(&house, what).await;
        let found = (&entry["by"], &entry["verdict"], &entry["status"], &entry["problem"]);
        assert_eq!(found, (&json!(id_of(by)), &json!("refused"), &json!(status), &json!(problem)), "{entry}");
        assert_eq!(entry["made"], Value::Null);
    }
}

#[tokio::test]
async fn an_entry_holds_no_secret_whatever_was_sent() {
    let house = House::start().await;
    let secrets = ["sim-admin-token", "mistyped-secret", "admin@example.com", "a-private-word"];
    house.call("POST", "/v1/connections", &connect_body()).await;
    house.call("POST", "/v1/connections", &json!({ "token": secrets[1] })).await;
    house.call("PUT", "/v1/oauth-app", &json!({ "client_id": "c", "client_secret": secrets[1] })).await;
    house.call("POST", "/v1/tokens", &json!({ "name": secrets[3], "role": "admin" })).await;
    house.import("?dry_run=true", "email,name\nadmin@example.com,A\n").await;
    // Pasted into the path where an identifier should be.
    let pasted = house.token(TENANT, Role::Auditor).await;
    for id in [pasted.as_str(), "admin%40example.com", "mistyped-secret%20", "%FF"] {
        house.call("DELETE", &format!("/v1/tokens/{id}"), &json!({})).await;
    }
    let log = house.log().await;
    assert_eq!(log.len(), 11, "{log:?}");
    let log = serde_json::to_string(&log).unwrap();
    let secret_of = |token: &str| token.rsplit('_').next().unwrap().to_owned();
    for secret in secrets.map(str::to_owned).iter().chain([&secret_of(&pasted), &secret_of(&house.admin)]) {
        assert!(!log.contains(secret.as_str()), "{secret} is in {log}");
    }
    let entry = entry(&house, "POST /v1/people/import").await;
    assert_eq!(entry["parameters"], json!({ "dry_run": "true" }), "that it changes nothing is said");
}

#[tokio::test]
async fn a_request_that_is_answered_from_memory_leaves_no_second_entry() {
    let house = House::start().await;
    let body = json!({ "name": "ci", "role": "auditor" });
    assert_eq!(house.post_once("/v1/tokens", "k", &body).await.status, 201);
    let log = house.log().await;
    assert_eq!(house.post_once("/v1/tokens", "k", &body).await.header("idempotency-replayed"), "true");
    assert_eq!(
        house.post_once("/v1/tokens", "k", &json!({ "name": "x", "role": "admin" })).await.status,
        422
    );
    assert_eq!(house.log().await, log);
}

#[tokio::test]
async fn an_entry_whose_outcome_could_not_be_written_says_that_it_is_unknown() {
    let mut house = House::start().await;
    house.world.access.core.store =
        reach_refusing(&house.world.table_address, false, |pk| pk.contains("#audit#"));
    house.router = over(&house.world);
    let made = house.call("POST", "/v1/tokens", &json!({ "name": "ci", "role": "auditor" })).await;
    assert_eq!(made.status, 201, "the change stands: {}", made.text());
    let entry = entry(&house, "POST /v1/tokens").await;
    assert_eq!(entry["verdict"], "unknown");
    for field in ["ended_at", "status", "problem", "made"] {
        assert_eq!(entry[field], Value::Null, "{entry}");
    }
}

#[tokio::test]
async fn another_tenant_sees_nothing_of_it_and_no_cursor_leads_there() {
    let house = House::start().await;
    house.call("POST", "/v1/tokens", &json!({ "name": "ci", "role": "auditor" })).await;
    let cursor = house.get("/v1/audit-log?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    let other = house.token("other", Role::Admin).await;
    let seen = house.send(Ask::new("GET", "/v1/audit-log").token(Some(&other))).await.json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "only how its own token was made: {seen}");
    assert_eq!(seen["items"][0]["made"], id_of(&other));
    let path = format!("/v1/audit-log?token={}", id_of(&house.admin));
    let seen = house.send(Ask::new("GET", &path).token(Some(&other))).await.json();
    assert_eq!(seen["items"], json!([]));
    let taken = Ask::new("GET", &format!("/v1/audit-log?limit=1&cursor={cursor}")).token(Some(&other));
    assert_problem(&house.send(taken).await, 422, Some("cursor"));
}

/// Entries of the last days, two a day, by two tokens in turn, as if they had been made then.
async fn stock(house: &House, days: i64) {
    let now = house.world.time.now();
    for number in 0..2 * days {
        let by = if number % 2 == 0 { "tok-even" } else { "tok-odd" };
        let who = Who { by: by.to_owned(), role: Some(Role::Operator), ..Who::direct() };
        let change = Change::new(who, "POST /v1/tasks/{id}/complete").with("id", "B2-1");
        let id = AuditId::parse(&format!("n{number:04}")).unwrap();
        let entry =
            Entry::of(TenantId::parse(TENANT).unwrap(), id, after(now, -number * 12 * 3600 - 1), change);
        house.world.store().put_audit_entry(&entry).await.unwrap();
    }
}

#[tokio::test]
async fn the_log_comes_newest_first_across_months_and_is_filtered_by_token_and_time() {
    let house = House::start().await;
    stock(&house, 200).await;
    let all = crate::paging::walk_all(&house, "/v1/audit-log", crate::paging::by_id).await;
    assert_eq!(all.len(), 401, "and how the administrator's token was made");
    assert!(all.is_sorted_by(|one, other| one["at"].as_str() >= other["at"].as_str()));
    let odd = crate::paging::walk_all(&house, "/v1/audit-log?token=tok-odd", crate::paging::by_id).await;
    assert_eq!(odd.len(), 200);
    assert!(odd.iter().all(|entry| entry["by"] == "tok-odd"));
    let iam = house.list("/v1/audit-log?token=iam").await;
    assert_eq!(iam.len(), 1);
    let (since, until) = (all[30]["at"].as_str().unwrap(), all[10]["at"].as_str().unwrap());
    let between = house.list(&format!("/v1/audit-log?since={since}&until={until}")).await;
    assert_eq!(between, all[11..=30], "from the one moment on, to before the other");
}

#[tokio::test]
async fn a_bad_filter_is_refused_and_named() {
    let house = House::start().await;
    for (query, field) in [
        ("token=a%23b", "token"),
        ("token=", "token"),
        (&format!("token={}", "x".repeat(129)), "token"),
        ("since=yesterday", "since"),
        ("since=2026-03-01", "since"),
        ("until=1", "until"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
        ("token=a&token=b", "token"),
    ] {
        let answer = house.get(&format!("/v1/audit-log?{query}")).await;
        assert_problem(&answer, 422, Some(field));
    }
    stock(&house, 2).await;
    let cursor = house.get("/v1/audit-log?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    let other = house.get(&format!("/v1/audit-log?limit=1&token=iam&cursor={cursor}")).await;
    assert_problem(&other, 422, Some("cursor"));
    assert_eq!(
        house.list("/v1/audit-log?since=2026-05-01T00:00:00Z&until=2026-04-01T00:00:00Z").await,
        [] as [Value; 0]
    );
}
