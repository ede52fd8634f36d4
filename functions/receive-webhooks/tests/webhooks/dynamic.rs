//! Webhooks that an OAuth app registered, signed by a token beside the body.

use serde_json::{Value, json};

use crate::support::{House, body, delivery, jwt, signature};

const PATH: &str = "/webhooks/acme/con-oauth";
const SECRET: &str = "sim-client-secret";

async fn connected() -> House {
    let house = House::over(assay_test_support::world::World::start().await);
    house.world.connect_by_consent().await;
    house.rest().await;
    house
}

fn head() -> Value {
    json!({ "typ": "JWT", "alg": "HS256" })
}

fn claims(house: &House, lives: i64) -> Value {
    let now = house.world.time.now().as_second();
    json!({ "iss": "sim-client", "iat": now, "exp": now + lives })
}

async fn status(house: &House, token: &str) -> u16 {
    let ask = delivery(PATH, "d-1", &body()).header("authorization", token);
    house.deliver(ask).await.status.as_u16()
}

#[tokio::test]
async fn a_delivery_with_a_good_token_makes_the_connection_due() {
    let house = connected().await;
    assert!(!house.is_due("con-oauth").await);
    let token = jwt(SECRET, &head(), &claims(&house, 180));
    assert_eq!(status(&house, &format!("Bearer {token}")).await, 204);
    assert!(house.is_due("con-oauth").await);
}

#[tokio::test]
async fn a_token_that_is_wrong_old_unsigned_or_of_another_method_is_refused() {
    let house = connected().await;
    let before = house.world.items().await;
    let good = jwt(SECRET, &head(), &claims(&house, 180));
    let parts: Vec<&str> = good.split('.').collect();
    let none = jwt(SECRET, &json!({ "typ": "JWT", "alg": "none" }), &claims(&house, 180));
    let unsigned = none.rsplit_once('.').unwrap().0.to_owned();
    let other = jwt(SECRET, &head(), &claims(&house, 9_999));
    for token in [
        String::new(),
        jwt("another secret", &head(), &claims(&house, 180)),
        jwt("", &head(), &claims(&house, 180)),
        jwt(SECRET, &head(), &claims(&house, -3600)),
        jwt(SECRET, &head(), &json!({ "iss": "sim-client" })),
        jwt(SECRET, &head(), &json!({ "exp": "never" })),
        jwt(SECRET, &head(), &json!({ "exp": i64::MAX })),
        jwt(SECRET, &json!({ "typ": "JWT", "alg": "HS512" }), &claims(&house, 180)),
        jwt(SECRET, &json!({ "typ": "JWT", "alg": "RS256" }), &claims(&house, 180)),
        jwt(SECRET, &json!({ "typ": "JWT" }), &claims(&house, 180)),
        none.clone(),
        format!("{unsigned}."),
        unsigned,
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", parts[0], other.split('.').nth(1).unwrap(), parts[2]),
        format!("{good}.{}", parts[2]),
        format!("{good}="),
        format!("{good}{}", "A".repeat(10_000)),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(status(&house, &format!("Bearer {token}")).await, 401, "{token}");
    }
    for header in [format!("Basic {good}"), good.clone(), format!("JWT {good}"), format!("Bearer{good}")] {
        assert_eq!(status(&house, &header).await, 401, "{header}");
    }
    let missing = house.deliver(delivery(PATH, "d-1", &body())).await;
    assert_eq!((missing.status.as_u16(), missing.text().as_str()), (401, ""));
    assert_eq!(house.world.items().await, before);
}

#[tokio::test]
async fn a_token_ends_with_some_leeway_for_clocks_that_differ() {
    let house = connected().await;
    let token = format!("Bearer {}", jwt(SECRET, &head(), &claims(&house, 180)));
    house.world.time.advance(180 + 59);
    assert_eq!(status(&house, &token).await, 204);
    house.world.time.advance(1);
    assert_eq!(status(&house, &token).await, 401);
}

#[tokio::test]
async fn a_good_token_counts_for_its_own_tenant_and_for_connections_by_oauth_alone() {
    let house = connected().await;
    house.world.connect().await;
    let token = format!("Bearer {}", jwt(SECRET, &head(), &claims(&house, 180)));
    for path in ["/webhooks/acme/con-1", "/webhooks/other/con-oauth", "/webhooks/acme/con-none"] {
        let answer = house.deliver(delivery(path, "d-1", &body()).header("authorization", &token)).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (401, ""), "{path}");
    }
}

#[tokio::test]
async fn a_connection_by_oauth_may_have_a_webhook_entered_by_hand_too() {
    let house = connected().await;
    let (path, secret) = house.make_webhook("con-oauth").await;
    let signed = signature(&secret, &body());
    let answer = house.deliver(delivery(&path, "d-1", &body()).header("x-hub-signature", &signed)).await;
    assert_eq!(answer.status, 204);
    // But a token that is wrong is not made good by it: it is what the delivery says of itself.
    let both = delivery(&path, "d-2", &body())
        .header("x-hub-signature", &signed)
        .header("authorization", "Bearer a.b.c");
    assert_eq!(house.deliver(both).await.status, 401);
}

#[tokio::test]
async fn a_new_secret_of_the_app_counts_at_once() {
    let house = connected().await;
    let app = assay::jira::OauthApp {
        client_id: "sim-client".to_owned(),
        client_secret: assay::secret::Secret::new("the next secret"),
    };
    house.world.access.store_oauth_app(&house.world.tenant, &app).await.unwrap();
    let old = jwt(SECRET, &head(), &claims(&house, 180));
    assert_eq!(status(&house, &format!("Bearer {old}")).await, 401);
    let new = jwt("the next secret", &head(), &claims(&house, 180));
    assert_eq!(status(&house, &format!("bearer {new}")).await, 204);
}
