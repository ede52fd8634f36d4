//! What is asked for is named by a query, is not found, or is asked for no more.

use std::collections::BTreeSet;

use assay::check::Outcome;
use assay::connection::{Scope, UseCase};
use assay::evidence::Gap;
use assay_test_support::world::wish;
use serde_json::json;

use super::support::{Matrix, NEXT, READ, browse, failing_for, mended, mended_for};

/// A scope of projects and a query.
fn scope(keys: &[&str], jql: Option<&str>) -> Scope {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Scope { keys, jql: jql.map(ToOwned::to_owned), ..Scope::default() }
}

async fn next(matrix: &Matrix) {
    matrix.world.time.advance(NEXT);
    matrix.world.reevaluate().await;
}

#[tokio::test]
async fn a_query_whose_projects_are_not_found_reads_nothing_at_all() {
    let matrix = mended().await;
    matrix.change(|wish| wish.change_management = scope(&["NOPE"], Some("summary is not EMPTY"))).await;
    matrix.assert_cannot_tell(&["B2", "B4"], "its projects are not found").await;
    let tasks = matrix.world.tasks().await;
    let of_changes = tasks.iter().filter(|task| ["B2", "B4"].contains(&task.check.as_str())).count();
    assert_eq!(of_changes, 3, "no task for things of other projects");
    matrix.change(|wish| wish.change_management = scope(&["CHG", "NOPE"], None)).await;
    matrix.assert_cannot_tell(&["B2", "B4"], "one of two is not found").await;
    let gaps = matrix.world.result("B2").await.evidence.coverage.gaps;
    assert!(gaps.contains(&Gap::Hidden { project: "NOPE".to_owned() }), "{gaps:?}");
}

#[tokio::test]
async fn a_query_without_projects_does_not_pass_on_what_is_left_of_them() {
    let mut both = wish();
    both.change_management = scope(&[], Some("issuetype in (10103, 10104)"));
    both.use_cases = BTreeSet::from([UseCase::Ticketing]);
    let matrix = failing_for_changes(both).await;
    next(&matrix).await;
    let simulator = &matrix.world.jira.simulator;
    let seen = matrix.connection().await.change_management.projects;
    let mut seen: Vec<&str> = seen.iter().map(|project| project.key.as_str()).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["CHG", "INC"]);
    let outcomes = [matrix.world.outcome("B2").await, matrix.world.outcome("B4").await];
    browse(simulator, "CHG", false);
    next(&matrix).await;
    for check in ["B2", "B4"] {
        let run = matrix.world.result(check).await;
        assert!(
            run.evidence.coverage.gaps.contains(&Gap::Hidden { project: "CHG".to_owned() }),
            "{check}: {:?}",
            run.evidence.coverage
        );
        assert_ne!(run.outcome, Outcome::Pass, "{check}: {}", run.because);
    }
    browse(simulator, "CHG", true);
    next(&matrix).await;
    assert_eq!([matrix.world.outcome("B2").await, matrix.world.outcome("B4").await], outcomes);
}

/// A world whose connection has one use case; how many tickets there are does not matter.
async fn failing_for_changes(wish: assay::operations::connecting::Wish) -> Matrix {
    let matrix = mended().await;
    matrix.change(|changed| *changed = wish).await;
    matrix.world.evaluate().await;
    matrix
}

#[tokio::test]
async fn what_leaves_a_query_ends_its_task() {
    let mut narrow = wish();
    narrow.change_management = scope(&["CHG"], Some("labels is EMPTY"));
    let matrix = failing_for(narrow).await;
    let world = &matrix.world;
    let task = world.tasks().await.into_iter().find(|task| task.check.as_str() == "B2").unwrap();
    let path = format!("/rest/api/3/issue/{}", task.subject.id);
    world.as_person("PUT", &path, Some(json!({ "fields": { "labels": ["exempt"] } }))).await;
    next(&matrix).await;
    let task = world.store().task(&world.tenant, &task.id).await.unwrap().unwrap();
    assert_eq!(task.state, assay::task::State::Resolved, "it is in scope no more");
    assert_eq!(matrix.open_tasks("B2").await, 2, "the others are");
    world.assert_honest();
}

#[tokio::test]
async fn a_scope_that_names_nothing_any_more_ends_its_tasks() {
    let matrix = failing_for(wish()).await;
    assert_eq!((matrix.open_tasks("B2").await, matrix.open_tasks("B3").await), (3, 2));
    matrix.world.time.advance(60);
    matrix.change(|wish| wish.change_management = Scope::default()).await;
    matrix.world.evaluate().await;
    assert_eq!((matrix.open_tasks("B2").await, matrix.open_tasks("B3").await), (0, 2));
    assert_eq!(matrix.world.outcome("B2").await, Outcome::NotApplicable);
}

#[tokio::test]
async fn a_project_that_is_asked_for_no_more_may_be_hidden() {
    let matrix = failing_for(wish()).await;
    matrix.change(|wish| wish.change_management = scope(&["TEAM"], None)).await;
    browse(&matrix.world.jira.simulator, "CHG", false);
    next(&matrix).await;
    let run = matrix.world.result("B2").await;
    assert_ne!(run.outcome, Outcome::CannotTell, "{}", run.because);
    assert_eq!(matrix.open_tasks("B2").await, 0);
}

#[tokio::test]
async fn tasks_end_with_their_use_case_and_with_their_connection_whatever_message_is_lost() {
    let matrix = failing_for(wish()).await;
    let world = &matrix.world;
    matrix.change(|wish| wish.use_cases = BTreeSet::from([UseCase::IncidentManagement])).await;
    world.checks.lose_everything();
    world.time.advance(60);
    world.tick().await;
    assert_eq!((matrix.open_tasks("B2").await, matrix.open_tasks("B3").await), (0, 2));
    let connection = matrix.connection().await;
    world.connector().disconnect(&world.tenant, &connection.id).await.unwrap();
    world.checks.lose_everything();
    world.time.advance(60);
    world.tick().await;
    assert_eq!(matrix.open_tasks("B3").await, 0);
}

#[tokio::test]
async fn checks_with_a_query_tell_what_checks_without_one_tell() {
    let mut narrow = wish();
    narrow.change_management = scope(&["CHG"], Some("issuetype = 10103"));
    narrow.incidents = scope(&["INC"], Some("issuetype = 10104"));
    let matrix = mended_for(narrow).await;
    matrix.world.jira.simulator.add_fault(
        assay_test_support::misfortune::Misfortune::status(503, None).fault("parseJqlQueries", 100_000),
    );
    matrix.assert_cannot_tell(&READ, "the query cannot be checked").await;
    matrix.world.jira.simulator.clear_faults();
    matrix.assert_passes_again("the query can be checked").await;
}
