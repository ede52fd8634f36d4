//! The token expires, or a permission is lost, after each single call of an evaluation: whatever passes was read whole.

use assay::check::{CheckRun, Outcome};
use assay::evidence::Coverage;
use jira_sim::Simulator;

use super::support::{Matrix, NEXT, READ, browse, mended, token_works};

/// How much a good reading takes.
fn size(run: &CheckRun) -> (u64, Option<u64>, Option<u64>) {
    let Coverage { read, counted, in_scope, .. } = run.evidence.coverage;
    (read, counted, in_scope)
}

/// A good evaluation: what each check read, and how many calls that took.
async fn whole(matrix: &Matrix) -> (Vec<CheckRun>, usize) {
    let world = &matrix.world;
    world.time.advance(NEXT);
    let before = world.jira.simulator.journal().len();
    Box::pin(world.reevaluate()).await;
    let calls = world.jira.simulator.journal().len() - before;
    let mut runs = Vec::new();
    for check in READ {
        let run = world.result(check).await;
        assert_eq!(run.outcome, Outcome::Pass, "{check}: {}", run.because);
        runs.push(run);
    }
    (runs, calls)
}

async fn after_each_call(what: &str, hurt: fn(&Simulator), heal: fn(&Simulator)) {
    let matrix = mended().await;
    let world = &matrix.world;
    // The first one looks again at the tasks, and verifies nothing; from the second on all are alike.
    whole(&matrix).await;
    let (runs, calls) = whole(&matrix).await;
    assert!(calls >= 6, "two readings of three calls each");
    let mut doubtful = 0;
    for n in 1..=calls {
        world.time.advance(NEXT);
        matrix.after_call(n, hurt);
        Box::pin(world.reevaluate()).await;
        for good in &runs {
            let run = world.result(good.check.as_str()).await;
            let story = format!("{what} after call {n} of {calls}: {}: {}", run.check, run.because);
            match run.outcome {
                Outcome::Pass => assert_eq!(size(&run), size(good), "{story}"),
                Outcome::CannotTell => doubtful += 1,
                Outcome::Fail | Outcome::NotApplicable => panic!("{story}"),
            }
        }
        matrix.tampering.end();
        heal(&world.jira.simulator);
        let connection = matrix.connection().await;
        Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
    }
    assert!(doubtful >= calls, "{what}: {doubtful} of {calls} times three could not tell");
    whole(&matrix).await;
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_of_a_reading_makes_no_check_pass_on_less() {
    Box::pin(after_each_call(
        "the token expired",
        |simulator| token_works(simulator, false),
        |simulator| token_works(simulator, true),
    ))
    .await;
}

#[tokio::test]
async fn a_permission_that_is_lost_in_the_middle_of_a_reading_makes_no_check_pass_on_less() {
    Box::pin(after_each_call(
        "Browse was lost",
        |simulator| ["CHG", "INC"].into_iter().for_each(|project| browse(simulator, project, false)),
        |simulator| ["CHG", "INC"].into_iter().for_each(|project| browse(simulator, project, true)),
    ))
    .await;
}
