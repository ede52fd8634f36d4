//! A worker that dies after any call: whoever takes over does everything once.

use assay::configuration::PullRules;
use assay::task::State;
use github_sim::NewPull;

use crate::support::{IN_PROGRESS, SHOP, Scene};

#[tokio::test]
async fn whoever_takes_over_after_any_call_does_everything_once() {
    let rules = PullRules { status_when_opened: Some(IN_PROGRESS.to_owned()), resolved_when_merged: true };
    let mut died = true;
    let mut count = 0;
    while died {
        count += 1;
        let scene = Scene::with(rules.clone()).await;
        let new = NewPull::new(&format!("{}: fix", scene.key()), "fix");
        let number = scene.sim().open_pull(SHOP, &new).unwrap();
        scene.advance(1);
        scene.hear().await;
        died = scene.die_after(count).await;
        scene.pass(400).await;
        scene.pass(400).await;
        assert_eq!((scene.comments().len(), scene.links().len()), (1, 1), "after call {count}");
        assert_eq!(scene.body(number).matches("assay:ticket").count(), 1, "after call {count}");
        assert_eq!(scene.status(), "In Progress", "after call {count}");
        scene.sim().merge(SHOP, number).unwrap();
        scene.advance(1);
        scene.hear().await;
        scene.die_after(count).await;
        scene.pass(400).await;
        scene.pass(400).await;
        assert_eq!((scene.comments().len(), scene.links().len()), (1, 1), "after call {count}");
        assert_eq!(scene.body(number).matches("assay:ticket").count(), 1, "after call {count}");
        assert_eq!(
            (scene.task().await.state, scene.status().as_str()),
            (State::Completed, "Done"),
            "after call {count}"
        );
    }
    assert!(count > 10, "only {count} calls were made");
}
