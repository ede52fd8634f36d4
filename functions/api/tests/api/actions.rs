//! Actions beside changes of access, over HTTP: issues that are created and deleted, accounts that are kept out or removed.

use assay::access::Role;
use assay_test_support::http::Ask;
use serde_json::{Value, json};

use crate::reviews::{action_body, open, work};
use crate::support::{House, TENANT, assert_problem};

fn creating() -> Value {
    json!({
        "what": "create_issue", "connection": "con-1", "project": "SEC", "issue_type": "10100",
        "summary": "Rotate the keys", "description": "First\n\nSecond", "labels": ["keys"], "why": "they are old",
    })
}

fn deleting(issue: &str) -> Value {
    json!({ "what": "delete_issue", "connection": "con-1", "issue": issue, "why": "made by mistake" })
}

fn of_user(what: &str) -> Value {
    json!({ "what": what, "connection": "con-1", "account": "acc-1", "why": "left" })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// Asks for an action, has it looked at, and gives it.
async fn acted(house: &House, body: &Value) -> Value {
    let asked = house.call("POST", "/v1/actions", body).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    work(house).await;
    house.get(&format!("/v1/actions/{}", asked.json()["id"].as_str().unwrap())).await.json()
}

/// Has an action that waits approved by a second person, and carried out.
async fn approved(house: &House, waiting: &Value) -> Value {
    let path = format!("/v1/actions/{}", waiting["id"].as_str().unwrap());
    let second = house.token(TENANT, Role::Operator).await;
    let approve = Ask::new("POST", &format!("{path}/approve")).token(Some(&second));
    let approved = house.send(approve).await;
    assert_eq!(approved.status, 202, "{}", approved.text());
    work(house).await;
    house.get(&path).await.json()
}

async fn with_key(house: &House) {
    let path = "/v1/connections/con-1/organisation";
    let set = house.call("PUT", path, &crate::organisation::body()).await;
    assert_eq!(set.status, 200, "{}", set.text());
}

#[tokio::test]
async fn an_issue_is_created_once_for_one_key_shown_and_deleted_by_a_second_person() {
    let (house, _) = open(1).await;
    let asked = house.post_once("/v1/actions", "k", &creating()).await;
    let same = house.post_once("/v1/actions", "k", &creating()).await;
    assert_eq!(asked.json()["id"], same.json()["id"]);
    work(&house).await;
    let path = format!("/v1/actions/{}", asked.json()["id"].as_str().unwrap());
    let done = house.get(&path).await.json();
    assert_eq!((&done["state"], &done["what"]), (&json!("done"), &json!("create_issue")), "{done}");
    assert_eq!((&done["account"], &done["new_issue"]["labels"]), (&Value::Null, &json!(["keys"])));
    assert_eq!(done["steps"][0]["object"]["kind"], "new_issue");
    let key = done["issue"]["key"].as_str().unwrap();
    assert_eq!(house.world.issues_in("SEC").len(), 1);

    let waiting = acted(&house, &deleting(key)).await;
    assert_eq!(
        (&waiting["state"], &waiting["needs_second_person"]),
        (&json!("awaiting_approval"), &json!(true))
    );
    assert_eq!((&waiting["asked_issue"], &done["asked_issue"]), (&json!(key), &Value::Null));
    let issue = &waiting["dry_run"]["issue"];
    assert_eq!(
        (&issue["key"], &issue["title"], &issue["comments"]),
        (&json!(key), &json!("Rotate the keys"), &json!(0))
    );
    let path = format!("/v1/actions/{}", waiting["id"].as_str().unwrap());
    let own = house.call("POST", &format!("{path}/approve"), &json!({})).await;
    assert_problem(&own, 403, None);
    assert_eq!(house.world.issues_in("SEC").len(), 1);
    assert_eq!(approved(&house, &waiting).await["state"], "done");
    assert!(house.world.issues_in("SEC").is_empty());
    let undo = house.call("POST", &format!("{path}/undo"), &json!({ "why": "back" })).await;
    assert_problem(&undo, 409, None);
    assert!(undo.text().contains("does not bring back"), "{}", undo.text());
}

#[tokio::test]
async fn what_is_offered_instead_of_a_removal_is_taken_as_it_stands() {
    let (house, _) = open(1).await;
    let refused = acted(&house, &of_user("remove_user")).await;
    assert_eq!(refused["state"], "refused", "{refused}");
    assert!(refused["problem"].as_str().unwrap().contains("/organisation"));
    with_key(&house).await;
    let refused = acted(&house, &of_user("remove_user")).await;
    assert_eq!(refused["state"], "refused", "{refused}");
    assert!(refused["dry_run"]["reported"].as_u64().unwrap() > 0, "{refused}");
    let instead = refused["dry_run"]["instead"].as_array().unwrap().clone();
    assert!(!instead.is_empty());
    for offered in instead {
        let made = acted(&house, &offered["body"]).await;
        // Its groups are not in the directory that this test stored.
        assert_eq!(made["state"], "awaiting_approval", "{made}");
        assert_eq!(approved(&house, &made).await["state"], "done");
    }
}

#[tokio::test]
async fn a_suspension_is_undone_over_http() {
    let (house, _) = open(1).await;
    with_key(&house).await;
    let waiting = acted(&house, &of_user("deactivate_user")).await;
    let done = approved(&house, &waiting).await;
    assert_eq!((&done["state"], &done["how"]), (&json!("done"), &json!("suspend")), "{done}");
    let path = format!("/v1/actions/{}", done["id"].as_str().unwrap());
    let undo = house.call("POST", &format!("{path}/undo"), &json!({ "why": "back from leave" })).await;
    assert_eq!(undo.status, 202, "{}", undo.text());
    work(&house).await;
    let waiting = house.get(&format!("/v1/actions/{}", undo.json()["id"].as_str().unwrap())).await.json();
    assert_eq!(waiting["needs_second_person"], true, "giving power back is as dangerous: {waiting}");
    approved(&house, &waiting).await;
    assert_eq!(house.get(&path).await.json()["state"], "undone");
}

#[tokio::test]
async fn what_is_wrong_with_an_action_is_named_and_nothing_is_written() {
    let (house, _) = open(1).await;
    let before = house.state().await;
    let without = |mut body: Value, field: &str| {
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let many: Vec<String> = (0..21).map(|number| format!("label-{number}")).collect();
    for (body, field) in [
        (with(creating(), "what", json!("explode")), "what"),
        (without(creating(), "project"), "project"),
        (without(creating(), "issue_type"), "issue_type"),
        (without(creating(), "summary"), "summary"),
        (without(creating(), "why"), "why"),
        (with(creating(), "why", json!("")), "why"),
        (with(creating(), "connection", json!("con-9")), "connection"),
        (with(creating(), "project", json!("SEC/../x")), "project"),
        (with(creating(), "issue_type", json!("a b")), "issue_type"),
        (with(creating(), "summary", json!("two\nlines")), "summary"),
        (with(creating(), "summary", json!("x".repeat(256))), "summary"),
        (with(creating(), "description", json!("x".repeat(20_001))), "description"),
        (with(creating(), "labels", json!(["two words"])), "labels"),
        (with(creating(), "labels", json!(many)), "labels"),
        (with(creating(), "fields", json!([])), "fields"),
        (with(creating(), "fields", json!({ "summary": "again" })), "fields"),
        (with(creating(), "fields", json!({ "customfield_1": "x".repeat(17_000) })), "fields"),
        (with(creating(), "account", json!("acc-1")), "account"),
        (with(creating(), "change", json!("add")), "change"),
        (deleting(""), "issue"),
        (deleting("SEC-1?x"), "issue"),
        (without(deleting("SEC-1"), "issue"), "issue"),
        (with(deleting("SEC-1"), "project", json!("SEC")), "project"),
        (with(of_user("remove_user"), "account", json!("acc-99")), "account"),
        (without(of_user("remove_user"), "account"), "account"),
        (with(of_user("remove_user"), "how", json!("suspend")), "how"),
        (with(of_user("deactivate_user"), "how", json!("kindly")), "how"),
        (without(action_body("add"), "grant"), "grant"),
        (without(action_body("add"), "change"), "change"),
        (without(action_body("add"), "account"), "account"),
        (with(action_body("add"), "summary", json!("x")), "summary"),
    ] {
        assert_problem(&house.call("POST", "/v1/actions", &body).await, 422, Some(field));
    }
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn another_tenants_connection_and_a_readers_token_create_nothing() {
    let (house, _) = open(1).await;
    let foreign = house.token("other", Role::Admin).await;
    for body in [creating(), deleting("SEC-1")] {
        let ask = || Ask::new("POST", "/v1/actions").json(&body);
        assert_problem(&house.send(ask().token(Some(&foreign))).await, 422, Some("connection"));
        let reader = house.token(TENANT, Role::Auditor).await;
        assert_problem(&house.send(ask().token(Some(&reader))).await, 403, None);
    }
    assert!(house.world.issues_in("SEC").is_empty());
}
