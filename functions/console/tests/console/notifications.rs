//! Notifications, what ends, and channels.

use assay::access::Role;
use assay::ids::ConnectionId;
use assay::notification::{Kind, Notification, Subject};
use assay_test_support::receiver::{Mood, Receiver};
use assay_test_support::world::World;
use serde_json::{Value, json};

use super::support::{Browser, House, PROBE, assert_harmless, between, main_of};

const NEW: &str = "/notifications/channels/new";

/// A channel is made; gives its id.
pub async fn channel(house: &House) -> String {
    let body = json!({ "name": "people", "kind": "webhook", "url": "http://127.0.0.1:9/hook" });
    let made = house.call("POST", "/v1/notifications/channels", &body).await.json();
    made["id"].as_str().unwrap().to_owned()
}

async fn with_receiver() -> (House, Receiver) {
    let receiver = Receiver::start().await;
    let mut world = World::start().await;
    world.slack_url = receiver.url();
    (House::over(world), receiver)
}

pub async fn begin(house: &House, kind: Kind, connection: &str, text: &str) -> Subject {
    let subject = Subject::Connection(ConnectionId::parse(connection).unwrap());
    let (tenant, now) = (&house.world.tenant, house.world.time.now());
    let begun = Notification::begin(tenant, kind, subject.clone(), text.to_owned(), now).unwrap();
    assert!(house.world.store().notify(&begun).await.unwrap());
    subject
}

async fn channels(house: &House) -> Vec<Value> {
    let all = house.call("GET", "/v1/notifications/channels", &Value::Null).await.json();
    all["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_lasts_is_told_from_what_is_over_and_where_nothing_is_that_is_said() {
    let house = House::start().await;
    let reader = house.signed_in(Role::Auditor).await;
    insta::assert_snapshot!("notifications_empty", main_of(&reader.page("/notifications").await));
    house.world.connect().await;
    begin(&house, Kind::ConnectionLost, "con-1", PROBE).await;
    house.world.time.advance(3600);
    let over = begin(&house, Kind::EndingSoon, "con-2", "The API token ends in 7 days.").await;
    let (tenant, now) = (&house.world.tenant, house.world.time.now());
    house.world.store().recovered(tenant, Kind::EndingSoon, &over, now).await.unwrap();
    channel(&house).await;
    let page = reader.page("/notifications").await;
    assert_harmless(&page);
    assert!(!page.contains("The API token ends in 7 days.") && !page.contains("Add a channel"), "{page}");
    insta::assert_snapshot!("notifications", main_of(&page));
    for (query, count) in
        [("state=over", 1), ("state=any", 2), ("kind=ticket_stuck", 0), ("state=any&kind=ending_soon", 1)]
    {
        let path = format!("/notifications?{query}");
        let part = reader.part(&path, "notifications").await.text();
        assert_eq!(part.matches("<th scope=\"row\">").count(), count, "{query}: {part}");
        assert!(reader.page(&path).await.contains(&part), "a part is what the page has in its place");
    }
    assert_eq!(reader.get("/notifications?kind=odd").await.status, 422);
}

/// Fills the form for a new channel in.
async fn make(browser: &Browser<'_>, kind: &str, url: &str) -> assay_test_support::http::Answer {
    browser.page(NEW).await;
    let fields = [
        ("name", "people"),
        ("kind", kind),
        ("url", url),
        ("recovered", "true"),
        ("quiet_minutes", "5"),
        ("at_least", ""),
    ];
    browser.submit(NEW, &fields).await
}

#[tokio::test]
async fn a_receiver_of_ones_own_gets_a_secret_that_is_shown_once() {
    let (house, receiver) = with_receiver().await;
    let browser = house.signed_in(Role::Admin).await;
    insta::assert_snapshot!("channel_new", main_of(&browser.page(NEW).await));
    let answer = make(&browser, "webhook", &receiver.hook_url()).await;
    let page = answer.text();
    assert_eq!(answer.status, 200, "{page}");
    let secret = between(&page, "<code>whsec_", "</code>").unwrap().to_owned();
    let made = channels(&house).await.remove(0);
    assert_eq!(
        (&made["quiet_minutes"], &made["at_least"], &made["kinds"]),
        (&json!(5), &json!(1), &Value::Null)
    );
    let path = format!("/notifications/channels/{}", made["id"].as_str().unwrap());
    let shown = browser.page(&path).await;
    assert!(!shown.contains(&secret) && !shown.contains(&receiver.hook_url()), "{shown}");
    let tested = browser.submit(&format!("{path}/test"), &[]).await.text();
    assert!(tested.contains("The test message was taken (answer 2"), "{tested}");
    insta::assert_snapshot!(
        "channel",
        main_of(&browser.page(&path).await)
            .replace(made["id"].as_str().unwrap(), "{id}")
            .replace(made["created_by"].as_str().unwrap(), "{token}")
    );
    let rotated = browser.submit(&format!("{path}/rotate"), &[]).await.text();
    let other = between(&rotated, "<code>whsec_", "</code>").unwrap();
    assert!(other != secret && rotated.contains("signs beside it for a day"), "{rotated}");
    receiver.set(Mood::Down(503));
    browser.page(&path).await;
    let tested = browser.submit(&format!("{path}/test"), &[]).await.text();
    assert!(tested.contains("The test message was not taken") && tested.contains("503"), "{tested}");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_channel_and_shows_no_secret_again() {
    let (house, receiver) = with_receiver().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page(NEW).await;
    let mark = browser.mark.lock().unwrap().clone();
    let url = receiver.hook_url();
    let fields = [("name", "people"), ("kind", "webhook"), ("url", url.as_str()), ("csrf", mark.as_str())];
    let public = assay_test_support::world::PUBLIC_URL;
    assert!(browser.submit_as(NEW, &fields, public).await.text().contains("whsec_"));
    let again = browser.submit_as(NEW, &fields, public).await.text();
    assert!(!again.contains("whsec_") && again.contains("was made and shown before"), "{again}");
    assert_eq!(channels(&house).await.len(), 1);
}

#[tokio::test]
async fn a_channel_is_changed_paused_and_deleted_and_its_address_never_shown() {
    let (house, receiver) = with_receiver().await;
    let browser = house.signed_in(Role::Admin).await;
    let answer = make(&browser, "slack", &receiver.slack_url()).await;
    let path = answer.header("location").to_owned();
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("The channel is made.") && !page.contains("/rotate"), "{page}");
    let fields = [
        ("name", PROBE),
        ("kinds", "ticket_stuck"),
        ("kinds", "campaign_due"),
        ("at_least", "3"),
        ("quiet_minutes", "0"),
    ];
    let answer = browser.submit(&path, &fields).await;
    let page = browser.follow(&answer).await.text();
    assert_harmless(&page);
    assert!(
        page.contains("value=\"ticket_stuck\" checked")
            && !page.contains("name=\"recovered\" value=\"true\" checked")
    );
    assert_harmless(&browser.page("/notifications").await);
    let changed = channels(&house).await.remove(0);
    assert_eq!(
        (&changed["kinds"], &changed["at_least"]),
        (&json!(["ticket_stuck", "campaign_due"]), &json!(3))
    );
    for (field, value) in
        [("name", ""), ("at_least", "x"), ("at_least", "0"), ("url", "http://10.0.0.1/sesame")]
    {
        let mut wrong = vec![("name", "kept name"), (field, value)];
        wrong.retain(|(name, text)| *name != field || *text == value);
        let answer = browser.submit(&path, &wrong).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{field}: {page}");
        assert!(
            page.contains(&format!("id=\"error-{field}\"")) && !page.contains("sesame"),
            "{field}: {page}"
        );
        assert!(field == "name" || page.contains("kept name"), "{page}");
    }
    for (part, state) in [("pause", "paused"), ("resume", "works")] {
        browser.page(&path).await;
        let answer = browser.submit(&format!("{path}/{part}"), &[]).await;
        assert_eq!(answer.header("location"), path);
        assert_eq!(channels(&house).await[0]["state"], state);
    }
    let operator = house.signed_in(Role::Operator).await;
    let page = operator.page(&path).await;
    assert!(
        page.contains("Send a test") && !page.contains("Pause") && !page.contains("name=\"url\""),
        "{page}"
    );
    let reader = house.signed_in(Role::Auditor).await;
    assert!(!reader.page(&path).await.contains("Send a test"));
    let answer = browser.submit(&format!("{path}/delete"), &[]).await;
    assert!(browser.follow(&answer).await.text().contains("The channel is deleted"));
    assert!(channels(&house).await.is_empty());
}

#[tokio::test]
async fn what_a_channel_may_not_be_is_said_at_its_field_without_its_address() {
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    for (kind, url, field) in [
        ("slack", "https://example.com/sesame", "url"),
        ("webhook", "sesame", "url"),
        ("pager", "https://example.com/sesame", "kind"),
    ] {
        let answer = make(&browser, kind, url).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{page}");
        assert!(
            page.contains(&format!("id=\"error-{field}\"")) && page.contains("value=\"people\""),
            "{page}"
        );
        assert!(!page.contains("sesame"), "{page}");
    }
    assert!(channels(&house).await.is_empty());
}
