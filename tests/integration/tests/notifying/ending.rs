//! Warnings before tokens, keys and grants end.

use assay::channel::{Rules, Target};
use assay::clock::after;
use assay::connection::Connection;
use assay::ids::ConnectionId;
use assay::operations::connecting::Proof;
use assay::policy::AccessPolicy;
use assay::secret::Secret;
use assay_test_support::world::World;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::support::{Scene, title};

/// Half a day, in seconds.
const STEP: i64 = 12 * 3600;

fn proof(ends_on: Option<&str>) -> Proof {
    let (email, token) = (Secret::new("admin@example.com"), Secret::new("sim-admin-token"));
    Proof::Token { email, token, scoped: false, ends_on: ends_on.map(|day| day.parse().unwrap()) }
}

async fn connected(ends_on: Option<&str>, zone: &str) -> Scene {
    let world = World::start().await;
    let connection = Box::pin(world.connect_as("con-1", proof(ends_on))).await.unwrap();
    let mut policy = AccessPolicy::new(world.tenant.clone(), connection.id);
    policy.zone = Some(zone.to_owned());
    world.store().save_access_policy(&mut policy).await.unwrap();
    Scene::over(world, Target::Webhook, Rules::default()).await
}

/// Lets time pass until `until`, with ticks, and gives what was told meanwhile: the day in `zone`, and the text.
async fn told(scene: &Scene, until: &str, zone: &str) -> Vec<(Date, String)> {
    let zone = TimeZone::get(zone).unwrap();
    let until = until.parse().unwrap();
    let mut told = Vec::new();
    while scene.world.time.now() < until {
        scene.world.time.advance(STEP);
        let now = scene.world.time.now();
        Box::pin(scene.world.upkeep().run(after(now, 270))).await.unwrap();
        let known = scene.world.store().list_notifications(&scene.world.tenant, None, 100).await.unwrap();
        if known.items.iter().all(|notification| notification.due_at.is_none()) {
            continue;
        }
        scene.receiver.forget();
        scene.minutes(2).await;
        for message in scene.receiver.taken() {
            let text = match message.json()["data"]["items"][0]["text"].as_str() {
                Some(text) => format!("{}: {text}", title(&message)),
                None => title(&message),
            };
            told.push((now.to_zoned(zone.clone()).date(), text));
        }
    }
    told
}

async fn connection(scene: &Scene, id: &str) -> Connection {
    let id = ConnectionId::parse(id).unwrap();
    scene.world.store().connection(&scene.world.tenant, &id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_token_that_ends_is_warned_of_four_times_by_the_days_of_the_tenants_time_zone() {
    for zone in ["America/Los_Angeles", "Asia/Tokyo"] {
        let scene = connected(Some("2026-08-01"), zone).await;
        let told = told(&scene, "2026-08-02T12:00:00Z", zone).await;
        let days: Vec<String> = told.iter().map(|(day, _)| day.to_string()).collect();
        assert_eq!(days, ["2026-07-02", "2026-07-18", "2026-07-25", "2026-07-31"], "{zone}: {told:?}");
        assert!(told[1].1.contains("the API token of connection con-1"), "{told:?}");
        assert!(told[1].1.contains("ends in 14 days, on 2026-08-01: make a new one"), "{told:?}");
        assert!(told[3].1.contains("ends tomorrow"), "{told:?}");
    }
}

#[tokio::test]
async fn a_renewal_ends_the_warning_and_the_new_end_is_warned_of_in_its_turn() {
    let scene = connected(Some("2026-08-01"), "UTC").await;
    let first = told(&scene, "2026-07-20T00:00:00Z", "UTC").await;
    assert_eq!(first.len(), 2, "30 and 14 days before: {first:?}");
    let before = connection(&scene, "con-1").await;
    Box::pin(scene.world.connector().reconnect(before, proof(Some("2026-10-01")))).await.unwrap();
    let over = told(&scene, "2026-08-31T00:00:00Z", "UTC").await;
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(over[0].1.starts_with("A token, key or grant was renewed"), "{over:?}");
    assert_eq!(over[0].0.to_string(), "2026-07-20", "at the next look, not on the next day");
    let next = told(&scene, "2026-09-18T00:00:00Z", "UTC").await;
    let days: Vec<String> = next.iter().map(|(day, _)| day.to_string()).collect();
    assert_eq!(days, ["2026-09-01", "2026-09-17"], "{next:?}");
}

#[tokio::test]
async fn where_nobody_entered_an_end_a_year_is_assumed_and_disconnecting_ends_the_warning() {
    let scene = connected(None, "UTC").await;
    scene.world.time.advance(330 * 24 * 3600);
    let warned = told(&scene, "2027-05-20T00:00:00Z", "UTC").await;
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].1.contains("on 2027-06-15 at the latest"), "{warned:?}");
    let id = ConnectionId::parse("con-1").unwrap();
    Box::pin(scene.world.connector().disconnect(&scene.world.tenant, &id)).await.unwrap();
    let over = told(&scene, "2027-06-20T00:00:00Z", "UTC").await;
    assert_eq!(over.len(), 1, "{over:?}");
}

#[tokio::test]
async fn a_grant_that_is_used_is_warned_of_before_its_year_is_over_alone() {
    let world = World::start().await;
    Box::pin(world.connect_by_consent()).await;
    let scene = Scene::over(world, Target::Webhook, Rules::default()).await;
    // Used now and then, so that it is never idle for 90 days.
    for _ in 0..11 {
        scene.world.time.advance(28 * 24 * 3600);
        scene.world.reevaluate().await;
        let now = scene.world.time.now();
        Box::pin(scene.world.upkeep().run(after(now, 270))).await.unwrap();
        scene.minutes(2).await;
    }
    let ended: Vec<String> = scene.titles().into_iter().filter(|title| title.contains("ends soon")).collect();
    assert!(ended.is_empty(), "{ended:?}");
    let told = told(&scene, "2027-05-18T00:00:00Z", "UTC").await;
    let texts: Vec<&String> =
        told.iter().map(|(_, text)| text).filter(|text| text.contains("ends soon")).collect();
    assert_eq!(texts.len(), 1, "{told:?}");
    assert!(texts[0].contains("which lasts a year whatever happens"), "{texts:?}");
    let grant = connection(&scene, "con-oauth").await.grant.unwrap();
    assert!(grant.refreshed_at > grant.granted_at, "the times are those of the secret");
}
