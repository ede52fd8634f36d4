//! Webhooks that are signed, and where they may lead.

use assay::channel::{Rules, Target};
use assay::ids::ChannelId;
use assay::operations::announcing::channels::Wish;
use assay::secret::Secret;
use assay::slack::Verdict;
use assay_test_support::receiver::Mood;

use super::support::Scene;

async fn signed() -> (Scene, String) {
    let scene = Scene::with(Target::Webhook, Rules::default()).await;
    let secret = scene.secret.as_ref().unwrap().expose().to_owned();
    scene.receiver.expect_secrets(&[&secret]);
    (scene, secret)
}

#[tokio::test]
async fn every_message_is_signed_by_the_secret_that_was_shown_once() {
    let (scene, secret) = signed().await;
    assert!(secret.starts_with("whsec_"));
    scene.lose("con-1").await;
    scene.minutes(1).await;
    let taken = scene.receiver.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].signed_by(&secret));
    let sent_at = scene.world.time.now().as_second().to_string();
    assert_eq!(taken[0].header("webhook-timestamp"), sent_at, "in seconds, and when it was sent");
    let json = taken[0].json();
    assert_eq!(json["type"], "connection_lost.began");
    assert_eq!(json["id"], taken[0].header("webhook-id"));
    assert_eq!(json["data"]["tenant"], "acme");
    assert_eq!(json["data"]["items"][0]["text"], "connection con-1 does not work any more");
}

#[tokio::test]
async fn a_receiver_that_expects_another_secret_takes_nothing_and_the_channel_says_so() {
    let (scene, _) = signed().await;
    scene.receiver.expect_secrets(&["whsec_Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2VkISE="]);
    scene.lose("con-1").await;
    scene.minutes(5).await;
    assert!(scene.receiver.taken().is_empty());
    assert_eq!(scene.now().await.health.failed.unwrap().what, "answered 401: wrong_signature");
}

#[tokio::test]
async fn for_a_day_after_a_rotation_both_secrets_sign() {
    let (scene, old) = signed().await;
    let announcer = scene.world.announcer();
    let (channel, new) = announcer.rotate_channel(&scene.world.tenant, &scene.channel.id).await.unwrap();
    assert!(channel.old_secret_until.is_some());
    scene.lose("con-1").await;
    scene.minutes(1).await;
    let taken = scene.receiver.taken();
    assert_eq!(taken.len(), 1, "a receiver with the old secret goes on");
    assert!(taken[0].signed_by(&old) && taken[0].signed_by(new.expose()));
    scene.world.time.advance(24 * 3600);
    scene.receiver.expect_secrets(&[new.expose()]);
    scene.lose("con-2").await;
    scene.minutes(1).await;
    let taken = scene.receiver.taken();
    assert_eq!(taken.len(), 2);
    assert!(taken[1].signed_by(new.expose()) && !taken[1].signed_by(&old));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (scene, _) = signed().await;
    scene.receiver.set(Mood::Redirect);
    scene.lose("con-1").await;
    scene.minutes(1).await;
    let failed = scene.now().await.health.failed.unwrap().what;
    assert!(failed.contains("302") && failed.contains("not followed"), "{failed}");
    scene.receiver.set(Mood::Well);
    scene.minutes(5).await;
    assert_eq!(scene.receiver.taken().len(), 1);
}

#[tokio::test]
async fn private_addresses_are_refused_and_never_sent_to() {
    let (scene, _) = signed().await;
    let (world, announcer) = (&scene.world, scene.world.announcer());
    for url in [
        "http://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/hook",
        "https://[fd00:ec2::254]/hook",
        "https://kubernetes.internal/hook",
        "http://example.com/hook",
    ] {
        let wish = Wish {
            name: "inside".to_owned(),
            target: Target::Webhook,
            url: Secret::new(url),
            rules: Rules::default(),
        };
        let id = ChannelId::parse("chn-inside").unwrap();
        let refused = announcer.make_channel(&world.tenant, id.clone(), wish, "tok-1").await.unwrap_err();
        assert!(!refused.to_string().contains(url), "{refused}");
        assert!(world.store().channel(&world.tenant, &id).await.unwrap().is_none());
    }
    // An address that was entered when others were allowed.
    let mut strict = scene.world.announcer();
    strict.outside = assay::slack::Outside::new(
        std::sync::Arc::clone(&world.access.sender),
        assay::slack::Addresses::default(),
    );
    let (_, answer) = strict.test_channel(&world.tenant, &scene.channel.id).await.unwrap();
    assert!(matches!(answer.verdict, Verdict::Broken(_)), "{answer:?}");
    assert!(scene.receiver.received().is_empty());
}

#[tokio::test]
async fn nothing_secret_stands_in_the_table_or_in_what_is_shown() {
    let (scene, secret) = signed().await;
    scene.lose("con-1").await;
    scene.receiver.set(Mood::Down(500));
    scene.minutes(3).await;
    let stored = serde_json::to_string(&scene.world.items().await).unwrap();
    assert!(!stored.contains(&secret) && !stored.contains("/hook"), "{stored}");
}
