//! Ten thousand random steps of two-way sync, and what does not agree in the end.

use std::time::Instant;

use assay_test_support::life::Life;
use assay_test_support::life::steps::step;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::{say, table};

/// Steps in a life.
const STEPS: usize = 100;

/// Lives.
const LIVES: usize = 100;

/// Lives and prints.
pub async fn report() {
    let begun = Instant::now();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut issues, mut calls, mut wrong) = (0, 0, 0);
    for number in 0..LIVES {
        let drawn = proptest::collection::vec(step(), STEPS).new_tree(&mut runner);
        let steps = drawn.expect("steps are drawn").current();
        let mut life = Box::pin(Life::begin(None)).await;
        Box::pin(life.live(&steps)).await;
        if let Err(disagreement) = Box::pin(life.end()).await {
            wrong += 1;
            say(&format!("life {number} does not agree: {disagreement}\n{steps:?}\n"));
        }
        issues += life.issues().len();
        calls += life.world.jira.simulator.journal().len();
    }
    let steps = LIVES * STEPS;
    let row = vec![
        steps.to_string(),
        format!("{wrong} (target 0)"),
        issues.to_string(),
        calls.to_string(),
        format!("{:.1} s", begun.elapsed().as_secs_f64()),
    ];
    let heads = ["random steps", "lives that do not agree", "issues", "calls to Jira", "time"];
    table::print(&format!("Two-way sync, {LIVES} lives of {STEPS} steps each"), &heads, &[row]);
}
