//! Pull requests that take others back.

use assay::pull::PullState;
use assay::task::State;

use crate::support::{SHOP, Scene, merges_count};

async fn merged() -> (Scene, u64) {
    let scene = Scene::with(merges_count()).await;
    let number = scene.open().await;
    scene.advance(60);
    scene.sim().merge(SHOP, number).unwrap();
    (scene, number)
}

#[tokio::test]
async fn a_merged_revert_opens_the_finding_and_its_issue_again() {
    let (scene, number) = merged().await;
    scene.live().await;
    assert_eq!(scene.status(), "Done");
    scene.advance(60);
    let revert = scene.sim().revert(SHOP, number).unwrap();
    scene.live().await;
    assert_eq!(scene.status(), "Done", "it is not merged yet");
    assert_eq!(scene.links().len(), 1, "a revert is no fix");
    scene.advance(60);
    scene.sim().merge(SHOP, revert).unwrap();
    scene.live().await;
    let task = scene.task().await;
    assert_eq!((task.state, task.held), (State::Open, false), "the next report may resolve it");
    assert_ne!(scene.status(), "Done");
    assert_eq!(scene.record(number).await.unwrap().pull.state, PullState::Reverted);
    assert!(scene.comments()[0].contains("took it back"), "{:?}", scene.comments());
    assert_eq!(scene.links()[0]["object"]["status"]["resolved"], false);
}

#[tokio::test]
async fn a_revert_that_is_reverted_gives_back_what_it_took() {
    let (scene, number) = merged().await;
    scene.live().await;
    let mut last = number;
    for state in [PullState::Reverted, PullState::Merged] {
        scene.advance(60);
        last = scene.sim().revert(SHOP, last).unwrap();
        scene.advance(60);
        scene.sim().merge(SHOP, last).unwrap();
        scene.live().await;
        assert_eq!(scene.record(number).await.unwrap().pull.state, state);
    }
    assert_eq!((scene.task().await.state, scene.status().as_str()), (State::Completed, "Done"));
}

#[tokio::test]
async fn a_revert_that_is_heard_of_before_the_merge_counts_all_the_same() {
    let (scene, number) = merged().await;
    let merge = scene.sim().take_deliveries();
    scene.advance(60);
    let revert = scene.sim().revert(SHOP, number).unwrap();
    scene.advance(60);
    scene.sim().merge(SHOP, revert).unwrap();
    scene.live().await;
    for delivery in &merge {
        scene.deliver(delivery).await.unwrap();
    }
    scene.work().await;
    assert_eq!(scene.record(number).await.unwrap().pull.state, PullState::Reverted);
    assert_eq!(scene.task().await.state, State::Open);
    assert_ne!(scene.status(), "Done");
}

#[tokio::test]
async fn what_two_merged_ones_fix_stays_fixed_when_one_is_taken_back() {
    let (scene, first) = merged().await;
    scene.live().await;
    scene.advance(60);
    let second = scene.open().await;
    scene.advance(60);
    scene.sim().merge(SHOP, second).unwrap();
    scene.live().await;
    scene.advance(60);
    let revert = scene.sim().revert(SHOP, first).unwrap();
    scene.sim().merge(SHOP, revert).unwrap();
    scene.live().await;
    assert_eq!(scene.record(first).await.unwrap().pull.state, PullState::Reverted);
    assert_eq!((scene.task().await.state, scene.status().as_str()), (State::Completed, "Done"));
}
