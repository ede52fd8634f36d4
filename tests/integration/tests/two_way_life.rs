//! Two-way sync whatever happens: people on both sides, settings, webhooks, queues and faults in any order. When all has come
//! to rest, every task that should have a ticket has exactly one live issue, both sides agree, nothing that a person wrote
//! was overwritten, and nothing is stuck.
//!
//! That this can fail is shown by taking down three guards, one after the other: each must be found out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assay_test_support::life::Life;
use assay_test_support::life::broken::Guard;
use assay_test_support::life::steps::{Step, step, step_against};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Steps in a life.
const STEPS: usize = 50;

/// Lives in one run; three runs live beside each other: 300 steps in all.
const LIVES: u32 = 2;

/// Lives that a taken-down guard may take to be found out.
const LIVES_UNTIL_FOUND_OUT: u32 = 20;

/// Lives so many lives, the same ones at every run of the same number.
fn live(
    run: u8,
    lives: u32,
    each: BoxedStrategy<Step>,
    down: Option<Guard>,
) -> Result<(), TestError<Vec<Step>>> {
    let shrink = if down.is_none() { 60 } else { 0 };
    let config =
        Config { cases: lives, max_shrink_iters: shrink, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[run; 32]);
    TestRunner::new_with_rng(config, rng).run(&proptest::collection::vec(each, STEPS), |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut life = Box::pin(Life::begin(down)).await;
            Box::pin(life.live(&steps)).await;
            Box::pin(life.end()).await.map_err(TestCaseError::fail)
        })
    })
}

fn all_agrees(run: u8) {
    live(run, LIVES, step().boxed(), None).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_happens_in_a_first_run_of_lives_both_sides_agree_in_the_end() {
    all_agrees(1);
}

#[test]
fn whatever_happens_in_a_second_run_of_lives_both_sides_agree_in_the_end() {
    all_agrees(2);
}

#[test]
fn whatever_happens_in_a_third_run_of_lives_both_sides_agree_in_the_end() {
    all_agrees(3);
}

/// What a guard is for happens often in these lives. All is well while it is up.
fn is_found_out(guard: Guard, by: &str) {
    let up = live(4, LIVES, step_against(guard), None);
    up.unwrap_or_else(|error| panic!("{guard:?} is up: {error}"));
    match live(4, LIVES_UNTIL_FOUND_OUT, step_against(guard), Some(guard)) {
        Err(TestError::Fail(reason, _)) => assert!(reason.message().contains(by), "{guard:?}: {reason}"),
        other => panic!("{guard:?} was taken down and nobody noticed: {other:?}"),
    }
}

#[test]
fn a_lost_issue_that_is_not_looked_for_is_found_out() {
    is_found_out(Guard::Lookup, "is live, its ticket is not open with it");
}

#[test]
fn a_ticket_that_is_written_whoever_else_wrote_it_is_found_out() {
    is_found_out(Guard::Version, "is live, its ticket is not open with it");
}

#[test]
fn a_change_of_our_own_that_is_taken_for_somebody_elses_is_found_out() {
    is_found_out(Guard::Echo, "no person ever changed");
}
