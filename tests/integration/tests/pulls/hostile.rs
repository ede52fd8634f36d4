//! Deliveries that are forged, signed by old secrets, repeated and out of order.

use assay::error::Kind;
use assay::operations::hearing::Heard;
use assay::pull::PullState;
use assay::task::State;
use github_sim::{Delivery, NewPull};

use crate::support::{SHOP, Scene, merges_count};

/// The deliveries of a pull request that was opened and merged.
async fn story() -> (Scene, u64, Vec<Delivery>) {
    let scene = Scene::with(merges_count()).await;
    let new = NewPull::new(&format!("{}: fix", scene.key()), "fix");
    let number = scene.sim().open_pull(SHOP, &new).unwrap();
    scene.advance(60);
    scene.sim().push(SHOP, number).unwrap();
    scene.advance(60);
    scene.sim().merge(SHOP, number).unwrap();
    let deliveries = scene.sim().take_deliveries();
    (scene, number, deliveries)
}

#[tokio::test]
async fn what_is_not_signed_by_the_tenants_secret_does_nothing() {
    let (scene, _, deliveries) = story().await;
    let good = &deliveries[0];
    let before = scene.world.items().await;
    let mut altered = good.clone();
    altered.body.push(b' ');
    for forged in [
        good.clone().signed_with("another secret"),
        good.clone().signed_with(""),
        good.clone().with_header("X-Hub-Signature-256", ""),
        good.clone().with_header("X-Hub-Signature-256", "sha256="),
        good.clone().with_header("X-Hub-Signature-256", "sha256=zz"),
        good.clone().with_header("X-Hub-Signature-256", good.header("X-Hub-Signature")),
        altered,
    ] {
        let refused = scene.deliver(&forged).await.unwrap_err();
        assert_eq!(*refused.kind(), Kind::Unauthenticated, "{forged:?}");
    }
    assert_eq!(scene.world.items().await, before);
    assert_eq!(scene.deliver(good).await.unwrap(), Heard::Taken);
}

#[tokio::test]
async fn the_old_secret_counts_for_a_day_after_it_was_replaced() {
    let (scene, _, deliveries) = story().await;
    let made = scene.world.forge.replace_signing(&scene.world.tenant).await.unwrap();
    assert_eq!(scene.deliver(&deliveries[0]).await.unwrap(), Heard::Taken);
    let new = deliveries[1].clone().signed_with(made.secret.expose());
    assert_eq!(scene.deliver(&new).await.unwrap(), Heard::Taken);
    scene.advance(24 * 3600);
    assert!(scene.deliver(&deliveries[2]).await.is_err());
    let new = deliveries[2].clone().signed_with(made.secret.expose());
    assert_eq!(scene.deliver(&new).await.unwrap(), Heard::Taken);
    scene.world.forge.remove(&scene.world.tenant).await.unwrap();
    assert!(scene.deliver(&new).await.is_err(), "nothing is taken once GitHub is removed");
}

#[tokio::test]
async fn replays_change_nothing() {
    let (scene, _, deliveries) = story().await;
    for delivery in &deliveries {
        assert_eq!(scene.deliver(delivery).await.unwrap(), Heard::Taken);
    }
    scene.work().await;
    let before = (scene.issue(), scene.ticket().await, scene.task().await);
    scene.advance(60);
    for delivery in deliveries.iter().rev() {
        assert_eq!(scene.deliver(delivery).await.unwrap(), Heard::Again);
        // As if it had been forgotten that it came.
        let anew = delivery.clone().with_header("X-GitHub-Delivery", &format!("again-{}", delivery.guid()));
        scene.deliver(&anew).await.unwrap();
    }
    scene.work().await;
    assert_eq!((scene.issue(), scene.ticket().await, scene.task().await), before);
}

#[tokio::test]
async fn in_whatever_order_they_come_the_end_is_the_same() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (scene, number, deliveries) = story().await;
        for place in order {
            scene.deliver(&deliveries[place]).await.unwrap();
            scene.work().await;
        }
        assert_eq!(scene.record(number).await.unwrap().pull.state, PullState::Merged, "{order:?}");
        assert_eq!(scene.task().await.state, State::Completed, "{order:?}");
        assert_eq!(scene.status(), "Done", "{order:?}");
        assert_eq!((scene.comments().len(), scene.links().len()), (1, 1), "{order:?}");
    }
}
