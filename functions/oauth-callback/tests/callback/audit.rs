//! Connecting through the consent page is in the audit log, under whoever asked for the link.

use assay_test_support::table::reach_refusing;
use serde_json::{Value, json};

use crate::support::{APPROVE, Browser, Decision, House};

/// The entries that the callback left.
async fn entries(house: &House) -> Vec<Value> {
    let log = house.show("/v1/audit-log").await;
    let log = log["items"].as_array().unwrap().iter();
    log.filter(|entry| entry["what"] == "GET /oauth/callback").cloned().collect()
}

#[tokio::test]
async fn a_connection_that_was_approved_or_not_is_in_the_log_under_whoever_asked_for_it() {
    for (decision, verdict, problem) in [
        (APPROVE, "done", Value::Null),
        (Decision { approve: false, ..APPROVE }, "refused", json!("The connection could not be made")),
    ] {
        let house = House::start().await;
        let (path, page) = house.connect(decision).await;
        let log = entries(&house).await;
        let [entry] = &log[..] else { panic!("{log:?} for {}", page.text()) };
        let admin = house.admin.split('_').nth(2).unwrap();
        assert_eq!((&entry["by"], &entry["role"]), (&json!(admin), &json!("admin")), "{entry}");
        let id = path.rsplit('/').next().unwrap();
        assert_eq!(entry["parameters"], json!({ "connection": id }));
        assert_eq!((&entry["verdict"], &entry["problem"]), (&json!(verdict), &problem), "{entry}");
    }
}

#[tokio::test]
async fn connecting_again_is_in_the_log_too_and_a_link_that_is_none_is_not() {
    let house = House::start().await;
    let (path, _) = house.connect(APPROVE).await;
    let again = house.call("POST", &format!("{path}/reconnect"), &json!({ "method": "oauth" })).await;
    let link = again.json()["authorize_url"].as_str().unwrap().to_owned();
    let link = &link[link.find("/oauth").unwrap()..];
    assert_eq!(house.follow(link, APPROVE).await.status, 200);
    let log = entries(&house).await;
    assert_eq!(log.len(), 2);
    assert!(log.iter().all(|entry| entry["name"].is_string() && entry["verdict"] == "done"), "{log:?}");
    house.open(&mut Browser::default(), "/oauth/callback?state=acme.x&code=y").await;
    assert_eq!(entries(&house).await.len(), 2);
}

#[tokio::test]
async fn where_the_entry_cannot_be_written_nothing_is_connected() {
    let mut house = House::start().await;
    let (path, link) = house.begin().await;
    house.world.access.core.store =
        reach_refusing(&house.world.table_address, true, |pk| pk.contains("#audit#"));
    house.callback = assay_oauth_callback::router(house.world.connector());
    let page = house.follow(&link, APPROVE).await;
    assert_eq!(page.status, 503, "{}", page.text());
    assert_eq!(house.show(&path).await["state"], "pending");
    assert_eq!(house.secrets.names(), ["acme/oauth-app"], "the grant was not kept");
}
