//! Reports whose taking in dies anywhere, sent again: the same tasks, the same tickets.

use assay::task::State;
use assay_test_support::killed::Killed;
use proptest::prelude::*;

use super::support::{
    DAY, configured, evaluated, findings, part, receive, received, start, states, task_id, upkeep,
};

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 10, ..ProptestConfig::default() })]

    #[test]
    fn a_report_whose_taking_in_dies_anywhere_and_is_sent_again_comes_to_the_same(
        lives in prop::collection::vec((1_u32..3, 1_u32..400), 2..7)
    ) {
        run(async {
            let world = start().await;
            configured(&world).await;
            receive(&world, None, 1..=12).await;
            Box::pin(world.rest()).await;
            world.time.advance(60);
            let batch = |number: u32| match number {
                1 => received(Some(part("r-1", 1, None)), 1..=6),
                _ => received(Some(part("r-1", 2, Some(2))), 13..=20),
            };
            for (number, polls) in lives {
                let findings = findings(&world);
                let part = Box::pin(findings.receive(&world.tenant, batch(number)));
                // A last batch that comes before the first is whole is refused; that is right, too.
                let _ = Killed { inner: part, polls }.await;
                world.time.advance(7);
            }
            for number in 1..=2 {
                findings(&world).receive(&world.tenant, batch(number)).await.unwrap();
            }
            upkeep(&world).await;
            Box::pin(world.rest()).await;
            assert!(states(&world, (1..=6).chain(13..=20)).await.iter().all(|state| *state == State::Open));
            assert!(states(&world, 7..=12).await.iter().all(|state| *state == State::Resolved));
            let issues = world.issues_in("SEC");
            assert_eq!(issues.len(), 20, "each finding has one issue");
            for task in world.tasks().await.iter().filter(|task| task.finding.is_some()) {
                assert_eq!((task.generation, task.finding.as_ref().unwrap().regressions), (1, 0), "{task:?}");
                assert!(task.ticket.is_some(), "{task:?}");
            }
        });
    }
}

#[tokio::test]
async fn an_asset_whose_findings_are_never_taken_in_is_a_doubt_though_its_scanner_speaks_of_another() {
    for is_known in [true, false] {
        let world = start().await;
        let web = || {
            let mut web = received(None, [2]);
            web.findings[0].1.asset = "shop/web".to_owned();
            web
        };
        if is_known {
            let mut earlier = web();
            earlier.findings[0].1.fingerprint = "f-3".to_owned();
            findings(&world).receive(&world.tenant, earlier).await.unwrap();
            world.time.advance(8 * DAY);
        }
        receive(&world, None, [1]).await;
        let (mut died, mut told) = (0, 0);
        while !world.tasks().await.iter().any(|task| task.id == task_id(&world, 2)) {
            died += 1;
            let findings = findings(&world);
            let part = Box::pin(findings.receive(&world.tenant, web()));
            let _ = Killed { inner: part, polls: died }.await;
            world.time.advance(1);
            let run = evaluated(&world).await.unwrap();
            let doubt = if is_known {
                "trivy reported nothing of shop/web since 2026-06-15"
            } else {
                "what trivy sends of shop/web was never taken in since 2026-06-15"
            };
            told += u32::from(run.because.contains(doubt));
            assert!(!is_known || run.because.contains(doubt), "{died}: {}", run.because);
        }
        assert!(told > 3, "{is_known}: it died {died} times, and {told} of them were told");
    }
}

#[tokio::test]
async fn a_scanner_whose_very_first_findings_are_never_taken_in_is_a_doubt() {
    let world = start().await;
    let (mut died, mut told) = (0, 0);
    while !world.tasks().await.iter().any(|task| task.id == task_id(&world, 1)) {
        died += 1;
        let findings = findings(&world);
        let _ = Killed { inner: Box::pin(findings.receive(&world.tenant, received(None, [1]))), polls: died }
            .await;
        world.time.advance(1);
        // Before it is known that anything came, there is no part of the check about findings.
        if let Some(run) = evaluated(&world).await {
            assert_eq!(run.because, "cannot tell: what trivy sends was never taken in since 2026-06-15");
            told += 1;
        }
    }
    assert!(told > 3, "it died {died} times, and {told} of them were told");
}
