//! Saying how pull requests stand, and looking at those that are known.

use assay::pull::PullId;
use serde_json::{Value, json};

use crate::input::assert_blamed;
use crate::support::{House, assert_problem};

/// A merge request at GitLab.
const URL: &str = "https://gitlab.com/own/shop/-/merge_requests/3";

/// Its id.
pub fn id() -> String {
    PullId::of(URL).to_string()
}

/// What is said of it.
pub fn body(findings: &[&str], tickets: &[&str]) -> Value {
    json!({ "url": URL, "title": "Update openssl", "state": "open", "findings": findings, "tickets": tickets })
}

/// A house with one ticket, and its id.
async fn with_ticket() -> (House, String) {
    let house = House::start().await;
    let connection = house.world.connect().await;
    house.world.sync_all(&connection).await;
    house.world.settle(2).await;
    let ticket = house.world.tickets().await.remove(0).id.to_string();
    (house, ticket)
}

#[tokio::test]
async fn what_is_said_is_kept_shown_and_handed_to_the_ticket() {
    let (house, ticket) = with_ticket().await;
    let said = house.call("POST", "/v1/remediations", &body(&[], &[&ticket])).await;
    assert_eq!(said.status, 201, "{}", said.text());
    let said = said.json();
    assert_eq!((&said["id"], &said["state"]), (&json!(id()), &json!("open")));
    assert_eq!((&said["tickets"], &said["repository"]), (&json!([ticket]), &Value::Null));
    assert_eq!(house.get(&format!("/v1/remediations/{}", id())).await.json(), said);
    assert_eq!(house.list("/v1/remediations").await, [said]);
    house.world.work().await;
    let shown = house.get(&format!("/v1/tickets/{ticket}")).await.json();
    assert_eq!((&shown["pulls"][0]["url"], &shown["pulls"][0]["shown"]), (&json!(URL), &json!("open")));
    assert_eq!(house.github.simulator.journal().len(), 0);
}

#[tokio::test]
async fn saying_it_again_changes_nothing_and_what_is_older_neither() {
    let (house, ticket) = with_ticket().await;
    let first = house.call("POST", "/v1/remediations", &body(&[], &[&ticket])).await.json();
    let say = |state: &str, changed_at: &str| json!({ "url": format!("{URL}/?tab=1#note"), "state": state, "changed_at": changed_at });
    let merged = house.call("POST", "/v1/remediations", &say("merged", "2026-06-15T20:00:00Z")).await;
    assert_problem(&merged, 422, Some("changed_at"));
    house.world.time.advance(6 * 3600);
    let at = house.world.time.now().to_string();
    let merged = house.call("POST", "/v1/remediations", &say("merged", &at)).await;
    assert_eq!(merged.status, 200, "{}", merged.text());
    let merged = merged.json();
    assert_eq!((&merged["state"], &merged["title"]), (&json!("merged"), &first["title"]));
    for (state, at) in
        [("merged", at.as_str()), ("open", "2026-06-15T12:00:00Z"), ("closed", "2020-01-01T00:00:00Z")]
    {
        let again = house.call("POST", "/v1/remediations", &say(state, at)).await;
        assert_eq!((again.status.as_u16(), again.json()), (200, merged.clone()), "{state}");
    }
}

#[tokio::test]
async fn a_pull_request_of_the_tenants_github_is_known_as_such() {
    let (house, ticket) = with_ticket().await;
    house.call("PUT", "/v1/github", &crate::github::body()).await;
    let said = json!({ "url": "https://github.com/own/shop/pull/7", "state": "open", "tickets": [ticket] });
    let said = house.call("POST", "/v1/remediations", &said).await.json();
    assert_eq!((&said["repository"], &said["number"]), (&json!("own/shop"), &json!(7)));
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let house = House::start().await;
    let with = |name: &str, value: Value| {
        let mut body = body(&["B9-x"], &[]);
        body[name] = value;
        body
    };
    let many: Vec<String> = (0..101).map(|number| format!("B9-{number}")).collect();
    let cases = [
        (with("url", json!("http://gitlab.com/x")), "url"),
        (with("url", json!("https://10.0.0.1/x")), "url"),
        (with("url", json!("https://user:pass@gitlab.com/x")), "url"),
        (with("url", json!("text")), "url"),
        (with("url", json!(5)), "url"),
        (with("url", json!(format!("https://gitlab.com/{}", "x".repeat(600)))), "url"),
        (with("state", json!("odd")), "state"),
        (with("changed_at", json!("yesterday")), "changed_at"),
        (with("changed_at", json!("2030-01-01T00:00:00Z")), "changed_at"),
        (with("findings", json!(many)), "findings"),
        (with("findings", json!(["B9-x"])), "findings[0]"),
        (with("findings", json!(["a#b"])), "findings[0]"),
        (with("findings", json!([5])), "findings[0]"),
        (with("findings", json!([])), "findings"),
        (body(&[], &["tkt-x"]), "tickets[0]"),
        (body(&[], &["a#b"]), "tickets[0]"),
    ];
    let cases = cases.into_iter().map(|(body, field)| ("POST", "/v1/remediations", body, field)).collect();
    assert_blamed(&house, cases).await;
    for id in ["pul-x", "x", "pul-a%23b", "%00"] {
        assert_problem(&house.get(&format!("/v1/remediations/{id}")).await, 404, None);
    }
}
