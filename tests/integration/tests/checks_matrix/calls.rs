//! A call of the reading goes wrong, for long, in every way that calls have.

use assay_test_support::misfortune::{Elsewhere, Misfortune};

use super::support::{COUNT, PERMISSIONS, READ, SEARCH, mended};

/// Every way in which a call of the reading goes wrong, for long.
async fn a_call_goes_wrong(operation: &str) {
    let elsewhere = Elsewhere::listen();
    let mut misfortunes = Misfortune::in_doubt();
    misfortunes.extend(Misfortune::limits());
    misfortunes.extend(Misfortune::refusals());
    misfortunes.push(elsewhere.redirect());
    let matrix = mended().await;
    for misfortune in misfortunes {
        let what = format!("{operation}: {}", misfortune.name);
        matrix.world.jira.simulator.add_fault(misfortune.fault(operation, 100_000));
        matrix.assert_cannot_tell(&READ, &what).await;
        matrix.world.jira.simulator.clear_faults();
    }
    matrix.assert_passes_again(operation).await;
    elsewhere.assert_unvisited();
}

#[tokio::test]
async fn no_check_passes_while_the_count_goes_wrong() {
    a_call_goes_wrong(COUNT).await;
}

#[tokio::test]
async fn no_check_passes_while_the_question_after_permissions_goes_wrong() {
    a_call_goes_wrong(PERMISSIONS).await;
}

#[tokio::test]
async fn no_check_passes_while_the_search_goes_wrong() {
    a_call_goes_wrong(SEARCH).await;
}

#[tokio::test]
async fn no_check_passes_while_everything_goes_wrong() {
    let matrix = mended().await;
    for misfortune in
        [Misfortune::status(503, None), Misfortune::html(200), Misfortune::limited(None, Some(30))]
    {
        matrix.world.jira.simulator.add_fault(misfortune.fault("*", 100_000));
        matrix.assert_cannot_tell(&READ, &misfortune.name).await;
        matrix.world.jira.simulator.clear_faults();
    }
    matrix.assert_passes_again("everything").await;
}
