//! Webhooks that an OAuth app registered, signed by a token beside the body.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use assay::connection::Connection;
use assay::ids::{CloudId, ConnectionId};
use assay::operations::hearing::Hearing;
use assay::secret::Secret;
use assay::secrets::SecretStore;
use assay::site::SiteDomain;
use assay_test_support::world::SITE;
use serde_json::{Value, json};

use crate::support::{House, body, delivery, jwt, signature};

const PATH: &str = "/webhooks/acme";
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
    for path in [
        "/webhooks/acme/con-1",
        "/webhooks/acme/con-oauth",
        "/webhooks/other",
        "/webhooks/other/con-oauth",
        "/webhooks/acme/con-none",
    ] {
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
        client_secret: Secret::new("the next secret"),
    };
    house.world.access.store_oauth_app(&house.world.tenant, &app).await.unwrap();
    let old = jwt(SECRET, &head(), &claims(&house, 180));
    assert_eq!(status(&house, &format!("Bearer {old}")).await, 401);
    let new = jwt("the next secret", &head(), &claims(&house, 180));
    assert_eq!(status(&house, &format!("bearer {new}")).await, 204);
}

/// Delivers a change of the issue with this id and address; the identifier tells one delivery from another.
async fn hear(house: &House, identifier: &str, id: &str, address: Option<&str>) -> u16 {
    let body = json!({
        "webhookEvent": "jira:issue_updated",
        "timestamp": 1_781_524_800_000_u64,
        "issue": { "id": id, "key": "X-1", "self": address },
    });
    let token = format!("Bearer {}", jwt(SECRET, &head(), &claims(house, 180)));
    let ask = delivery(PATH, identifier, body.to_string().as_bytes()).header("authorization", &token);
    house.deliver(ask).await.status.as_u16()
}

/// Puts a copy of the connection at another site beside it.
async fn put_another(house: &House, id: &str, site: &str, cloud_id: &str) {
    let connection = house.connection("con-oauth").await;
    let another = Connection {
        id: ConnectionId::parse(id).unwrap(),
        site: SiteDomain::parse(site).unwrap(),
        cloud_id: Some(CloudId::parse(cloud_id).unwrap()),
        ..connection
    };
    house.world.store().put_new_connection(&another).await.unwrap();
}

#[tokio::test]
async fn a_delivery_is_about_the_connections_on_the_site_of_its_issue_and_about_all_where_that_is_not_known()
{
    const ANOTHER: &str = "99999999-2222-4333-8444-555555555555";
    let gateway = format!("https://api.atlassian.com/ex/jira/{ANOTHER}/rest/api/2/issue/1");
    for (address, here, there) in [
        (Some(format!("https://{SITE}/rest/api/2/issue/1")), true, false),
        (Some("https://another.atlassian.net/rest/api/2/issue/1".to_owned()), false, true),
        (Some(gateway), false, true),
        (Some("https://renamed.atlassian.net/rest/api/2/issue/1".to_owned()), true, true),
        (Some("no address".to_owned()), true, true),
        (None, true, true),
    ] {
        let house = connected().await;
        put_another(&house, "con-another", "another.atlassian.net", ANOTHER).await;
        assert_eq!(hear(&house, "d-1", "1", address.as_deref()).await, 204);
        let due = (house.is_due("con-oauth").await, house.is_due("con-another").await);
        assert_eq!(due, (here, there), "{address:?}");
    }
}

#[tokio::test]
async fn a_delivery_makes_the_tickets_of_its_issue_due_and_asks_for_each_once() {
    let house = connected().await;
    let connection = house.connection("con-oauth").await;
    house.world.sync_all(&connection).await;
    house.world.reevaluate().await;
    house.world.settle(2).await;
    house.world.time.advance(60);
    let ticket = house.world.tickets().await.remove(0);
    let issue = ticket.state.issue().unwrap().id.to_string();
    assert_eq!((ticket.heard_at, house.world.sync.len()), (None, 0));
    let calls = house.world.jira.simulator.journal().len();
    for _ in 0..2 {
        assert_eq!(hear(&house, "d-1", &issue, None).await, 204);
    }
    let heard = house.world.store().ticket(&ticket.tenant, &ticket.id).await.unwrap().unwrap();
    assert_eq!(heard.heard_at, Some(house.world.time.now()));
    assert_eq!(heard.due_at, heard.heard_at);
    let asked = house.world.sync.receive(10);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].ticket, ticket.id);
    assert_eq!(hear(&house, "d-2", "77777", None).await, 204, "no ticket is about that one");
    assert_eq!((house.world.sync.len(), house.world.jira.simulator.journal().len()), (0, calls));
}

/// Keeps secrets as another store does, and counts what is read anew.
struct Counted {
    inner: Arc<dyn SecretStore>,
    fresh: AtomicUsize,
}

#[async_trait::async_trait]
impl SecretStore for Counted {
    async fn get(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.inner.get(name).await
    }

    async fn get_fresh(&self, name: &str) -> assay::Result<Option<Secret>> {
        self.fresh.fetch_add(1, Ordering::SeqCst);
        self.inner.get_fresh(name).await
    }

    async fn put(&self, name: &str, secret: &Secret) -> assay::Result<()> {
        self.inner.put(name, secret).await
    }

    async fn delete(&self, name: &str) -> assay::Result<()> {
        self.inner.delete(name).await
    }
}

#[tokio::test]
async fn whoever_sends_what_is_not_signed_makes_no_more_than_one_fresh_reading_in_ten_seconds() {
    let mut house = connected().await;
    let secrets = Arc::new(Counted { inner: house.world.secrets(), fresh: AtomicUsize::new(0) });
    house.receiver = assay_receive_webhooks::router(Hearing {
        core: house.world.access.core.clone(),
        secrets: Arc::clone(&secrets) as Arc<dyn SecretStore>,
        sync: Arc::clone(&house.world.sync) as Arc<dyn assay::sqs::Queue<assay::sqs::SyncRequest>>,
        refreshed: Arc::default(),
    });
    for _ in 0..20 {
        assert_eq!(status(&house, "Bearer a.b.c").await, 401);
    }
    assert_eq!(secrets.fresh.load(Ordering::SeqCst), 1);
    house.world.time.advance(10);
    assert_eq!(status(&house, "Bearer a.b.c").await, 401);
    assert_eq!(secrets.fresh.load(Ordering::SeqCst), 2);
}
