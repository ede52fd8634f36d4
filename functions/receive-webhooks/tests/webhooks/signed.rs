//! Webhooks that an administrator of Jira entered, signed over their raw bytes.

use assay_test_support::http::Ask;
use serde_json::json;

use crate::support::{House, body, delivery, signature};

#[tokio::test]
async fn a_delivery_that_is_signed_rightly_makes_the_connection_due_and_its_checks_are_evaluated_at_the_next_tick()
 {
    let house = House::start().await;
    let (path, secret) = house.make_webhook("con-1").await;
    assert_eq!(path, "/webhooks/acme/con-1");
    assert!(secret.len() >= 40);
    assert!(!house.is_due("con-1").await);
    let calls = house.world.jira.simulator.journal().len();
    let answer = house
        .deliver(delivery(&path, "d-1", &body()).header("x-hub-signature", &signature(&secret, &body())))
        .await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (204, ""));
    assert!(house.is_due("con-1").await);
    assert_eq!(
        house.world.jira.simulator.journal().len(),
        calls,
        "no call to Jira while it waits for the answer"
    );
    let runs = house.world.store().latest_results(&house.world.tenant).await.unwrap();
    let before = runs.iter().filter(|run| run.connection.is_some()).map(|run| run.started_at).max();
    house.world.tick().await;
    let runs = house.world.store().latest_results(&house.world.tenant).await.unwrap();
    let after = runs.iter().filter(|run| run.connection.is_some()).map(|run| run.started_at).max();
    assert!(after > before);
}

#[tokio::test]
async fn a_delivery_whose_signature_is_not_right_is_refused_and_does_nothing() {
    let house = House::start().await;
    let (path, secret) = house.make_webhook("con-1").await;
    let before = house.world.items().await;
    let good = signature(&secret, &body());
    let altered = [body(), b" ".to_vec()].concat();
    let compact = serde_json::from_slice::<serde_json::Value>(&body()).unwrap().to_string().into_bytes();
    for (header, bytes) in [
        (None, body()),
        (Some(String::new()), body()),
        (Some(signature("another secret", &body())), body()),
        (Some(signature("", &body())), body()),
        (Some(good.clone()), altered),
        (Some(good.clone()), compact),
        (Some(good.clone()), Vec::new()),
        (Some(good.replace("sha256=", "")), body()),
        (Some(good.replace("sha256=", "sha1=")), body()),
        (Some(good.replace("sha256=", "SHA512=")), body()),
        (Some(good.replace("sha256=", "none=")), body()),
        (Some("sha256=".to_owned()), body()),
        (Some("sha256=zz".to_owned()), body()),
        (Some(good[..good.len() - 2].to_owned()), body()),
        (Some(format!("{good}00")), body()),
    ] {
        let ask = delivery(&path, "d-1", &bytes);
        let ask = match &header {
            Some(header) => ask.header("x-hub-signature", header),
            None => ask,
        };
        let answer = house.deliver(ask).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (401, ""), "{header:?}");
    }
    // A good signature beside a token does not count for a connection by token: only the one header is looked at.
    let both =
        delivery(&path, "d-1", &body()).header("x-hub-signature", "sha256=00").header("authorization", &good);
    assert_eq!(house.deliver(both).await.status, 401);
    assert_eq!(house.world.items().await, before);
}

#[tokio::test]
async fn who_knows_no_secret_cannot_tell_what_is_there() {
    let house = House::start().await;
    let (_, secret) = house.make_webhook("con-1").await;
    let before = house.world.items().await;
    for path in [
        "/webhooks/acme/con-none",
        "/webhooks/nobody/con-1",
        "/webhooks/ACME/con-1",
        "/webhooks/acme/con%231",
        "/webhooks/acme/%FF",
        "/webhooks/%00/con-1",
        "/webhooks/acme/%2e%2e",
    ] {
        for bytes in [body(), b"no json".to_vec(), Vec::new()] {
            let ask = delivery(path, "d-1", &bytes).header("x-hub-signature", &signature(&secret, &bytes));
            let answer = house.deliver(ask).await;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (401, ""), "{path}");
            assert_eq!(house.deliver(delivery(path, "d-1", &bytes)).await.status, 401, "{path}");
        }
    }
    // Unreadable, but not signed: the same.
    assert_eq!(house.deliver(delivery("/webhooks/acme/con-1", "d-1", b"no json")).await.status, 401);
    assert_eq!(house.world.items().await, before);
}

#[tokio::test]
async fn a_connection_without_a_webhook_takes_no_delivery_whatever_its_signature() {
    let house = House::start().await;
    for secret in ["", "null", "sim-admin-token"] {
        let signed = signature(secret, &body());
        let ask = delivery("/webhooks/acme/con-1", "d-1", &body()).header("x-hub-signature", &signed);
        assert_eq!(house.deliver(ask).await.status, 401, "{secret:?}");
    }
    assert!(!house.is_due("con-1").await);
}

#[tokio::test]
async fn a_delivery_that_comes_again_is_taken_again_without_harm_and_remembered_once() {
    let house = House::start().await;
    let (path, secret) = house.make_webhook("con-1").await;
    let remembered = || async {
        let items = house.world.items().await;
        items.iter().filter(|item| item["pk"].as_str().unwrap().starts_with("acme#delivery#")).count()
    };
    let send = |identifier: &'static str, body: Vec<u8>| {
        let signed = signature(&secret, &body);
        house.deliver(delivery(&path, identifier, &body).header("x-hub-signature", &signed))
    };
    for _ in 0..3 {
        assert_eq!(send("d-1", body()).await.status, 204);
    }
    assert_eq!(remembered().await, 1);
    assert_eq!(send("d-2", body()).await.status, 204);
    assert_eq!(remembered().await, 2);
    // An identifier that is too long to keep, or odd, is no reason to lose a delivery.
    let long: &'static str = Box::leak("x".repeat(1000).into_boxed_str());
    assert_eq!(send(long, body()).await.status, 204);
    assert_eq!(send("../#\"", body()).await.status, 204);
    assert_eq!(remembered().await, 4);
}

#[tokio::test]
async fn what_is_signed_but_cannot_be_read_is_refused_and_what_is_about_no_issue_is_ignored() {
    let house = House::start().await;
    let (path, secret) = house.make_webhook("con-1").await;
    for (bytes, status) in [
        (b"no json".to_vec(), 400),
        (b"[]".to_vec(), 400),
        (b"{}".to_vec(), 400),
        (b"\xff".to_vec(), 400),
        (Vec::new(), 400),
        (json!({ "webhookEvent": 5 }).to_string().into_bytes(), 400),
        (json!({ "webhookEvent": "project_created" }).to_string().into_bytes(), 204),
        (
            json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "a/b" } })
                .to_string()
                .into_bytes(),
            204,
        ),
    ] {
        let signed = signature(&secret, &bytes);
        let answer = house.deliver(delivery(&path, "d-1", &bytes).header("x-hub-signature", &signed)).await;
        assert_eq!(answer.status.as_u16(), status, "{}", String::from_utf8_lossy(&bytes));
    }
    assert!(!house.is_due("con-1").await);
}

#[tokio::test]
async fn a_delivery_that_is_too_large_is_not_read() {
    let house = House::start().await;
    let (path, secret) = house.make_webhook("con-1").await;
    let filler = "x".repeat(1024 * 1024);
    let large =
        json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "1" }, "filler": filler }).to_string();
    let signed = signature(&secret, large.as_bytes());
    let answer =
        house.deliver(delivery(&path, "d-1", large.as_bytes()).header("x-hub-signature", &signed)).await;
    assert_eq!(answer.status, 413);
    assert!(!house.is_due("con-1").await);
}

#[tokio::test]
async fn a_new_secret_takes_the_place_of_the_old_one_and_disconnecting_ends_both() {
    let house = House::start().await;
    let (path, old) = house.make_webhook("con-1").await;
    let (_, new) = house.make_webhook("con-1").await;
    assert_ne!(old, new);
    let send = |secret: &str, identifier: &str| {
        house.deliver(
            delivery(&path, identifier, &body()).header("x-hub-signature", &signature(secret, &body())),
        )
    };
    assert_eq!(send(&old, "d-1").await.status, 401);
    assert_eq!(send(&new, "d-2").await.status, 204);
    assert_eq!(house.call("acme", "DELETE", "/v1/connections/con-1").await.status, 200);
    assert_eq!(send(&new, "d-3").await.status, 401);
    assert!(!house.is_due("con-1").await);
}

#[tokio::test]
async fn only_the_tenant_of_a_connection_can_make_its_webhook() {
    let house = House::start().await;
    let (path, secret) = house.make_webhook("con-1").await;
    let foreign = house.call("other", "POST", "/v1/connections/con-1/webhook").await;
    assert_eq!(foreign.status, 404, "{}", foreign.text());
    let signed = signature(&secret, &body());
    let answer = house.deliver(delivery(&path, "d-1", &body()).header("x-hub-signature", &signed)).await;
    assert_eq!(answer.status, 204, "the secret is still the one before");
}

#[tokio::test]
async fn nothing_but_a_post_to_a_tenants_or_connections_path_is_served() {
    let house = House::start().await;
    for (method, path, status) in [
        ("GET", "/webhooks/acme/con-1", 405),
        ("PUT", "/webhooks/acme/con-1", 405),
        ("GET", "/webhooks/acme", 405),
        ("POST", "/webhooks/acme", 401),
        ("POST", "/webhooks", 404),
        ("POST", "/webhooks/acme/con-1/more", 404),
        ("POST", "/", 404),
    ] {
        let answer = house.deliver(Ask::new(method, path)).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (status, ""), "{method} {path}");
    }
}
