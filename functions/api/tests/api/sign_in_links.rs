//! Links by which an administrator lets somebody into the console.

use assay::access::Role;
use assay::console::LinkText;
use assay_test_support::world::PUBLIC_URL;
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

fn text_of(link: &Value) -> String {
    let beginning = format!("{PUBLIC_URL}/sign-in/link?link=");
    link["link"].as_str().unwrap().strip_prefix(&beginning).unwrap().to_owned()
}

#[tokio::test]
async fn a_link_is_told_once_and_stands_for_whoever_made_it_and_the_role_that_was_asked_for() {
    let house = House::start().await;
    let body = json!({ "role": "reviewer", "name": " Dana " });
    let made = house.post_once("/v1/sign-in-links", "key-link", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let (made, text) = (made.json(), text_of(&made.json()));
    let until = assay::clock::after(house.world.time.now(), 15 * 60).to_string();
    assert_eq!(made["role"], "reviewer");
    assert_eq!((&made["name"], &made["expires_at"]), (&json!("Dana"), &json!(until)));
    let kept = house.world.store().link(&LinkText::parse(&text).unwrap()).await.unwrap().unwrap();
    assert_eq!((kept.role, kept.name.as_str()), (Role::Reviewer, "Dana"));
    assert_eq!(kept.created_by, house.admin.split('_').nth(2).unwrap());

    let again = house.post_once("/v1/sign-in-links", "key-link", &body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json()["link"], Value::Null, "{}", again.text());
    let said = house.said.lock().unwrap().iter().filter(|it| it.contains(&text)).count();
    assert_eq!(said, 1);
    let items = serde_json::to_string(&house.world.items().await).unwrap();
    let secret = text.split_once('.').unwrap().1;
    assert!(!items.contains(secret), "the table keeps digests alone");
}

#[tokio::test]
async fn a_link_needs_no_name_and_no_other_role_than_those_there_are() {
    let house = House::start().await;
    let made = house.call("POST", "/v1/sign-in-links", &json!({ "role": "admin" })).await;
    assert_eq!((made.status.as_u16(), &made.json()["name"]), (201, &json!("signed in by link")));
    for (body, field) in [
        (json!({ "role": "owner" }), Some("role")),
        (json!({}), None),
        (json!({ "role": "admin", "name": "" }), Some("name")),
        (json!({ "role": "admin", "name": "x".repeat(101) }), Some("name")),
        (json!({ "role": "admin", "name": "a\nb" }), Some("name")),
        (json!({ "role": "admin", "tenant": "other" }), None),
        (json!({ "role": "admin", "valid_for": 100_000 }), None),
    ] {
        let answer = house.call("POST", "/v1/sign-in-links", &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text());
        if field.is_some() {
            assert_problem(&answer, 422, field);
        }
    }
}
