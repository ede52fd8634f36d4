//! The matrix: each kind of bad reading by each check.
//!
//! In a cell stands what the check must say while things are so. A check that a kind cannot touch says why, and goes on
//! to pass: everything has been mended, and a good reading does.

use assay::check::Outcome;
use assay::connection::Scope;
use assay::operations::connecting::Wish;
use assay_test_support::misfortune::Misfortune;
use assay_test_support::world::wish;
use serde_json::{Value, json};

use super::support::{COUNT, Matrix, NEXT, PERMISSIONS, SEARCH, browse, mended_for, token_works};

/// What a check says.
#[derive(Clone, Copy)]
enum Cell {
    /// It cannot tell, and names the gap.
    CannotTell,
    /// It fails, and says why.
    Fails,
    /// The kind does not touch it, because …
    DoesNotApply(&'static str),
}

use Cell::{CannotTell, DoesNotApply, Fails};

/// Checks, in the order of the cells.
const CHECKS: [&str; 5] = ["B1", "B2", "B3", "B4", "B5"];

const CONNECTIONS: Cell = DoesNotApply("it reads connections, and this one was verified a short while ago");
const ONE_PAGE: Cell = DoesNotApply("the incidents that are open fit on one page, which is the last one too");

/// All checks that read issues cannot tell.
const READINGS: [Cell; 5] = [CONNECTIONS, CannotTell, CannotTell, CannotTell, CONNECTIONS];

/// Those that read change tickets cannot tell.
const CHANGES: [Cell; 5] = [CONNECTIONS, CannotTell, ONE_PAGE, CannotTell, CONNECTIONS];

/// Readings cannot tell, and verifying the connection shows that it does not serve the use case.
const LOST: [Cell; 5] = [Fails, CannotTell, CannotTell, CannotTell, Fails];

/// Nobody can tell: verifying the connection shows a problem that may pass by itself.
const TROUBLED: [Cell; 5] = [CannotTell; 5];

/// One kind of bad reading.
struct Kind {
    name: String,
    begin: Box<dyn Fn(&Matrix)>,
    cells: [Cell; 5],
}

fn kind(name: impl Into<String>, cells: [Cell; 5], begin: impl Fn(&Matrix) + 'static) -> Kind {
    Kind { name: name.into(), begin: Box::new(begin), cells }
}

/// A call goes wrong.
fn call(operation: &'static str, misfortune: Misfortune, cells: [Cell; 5]) -> Kind {
    kind(format!("{operation}: {}", misfortune.name), cells, move |matrix| {
        matrix.world.jira.simulator.add_fault(misfortune.fault(operation, 100_000));
    })
}

/// What a path answers is changed.
fn answer(name: &str, path: &'static str, cells: [Cell; 5], change: fn(&mut Value)) -> Kind {
    kind(name, cells, move |matrix| matrix.tamper(path, change))
}

/// A path is answered as by Atlassian's gateway when the credentials lack a scope.
fn scope_missing(path: &'static str, cells: [Cell; 5]) -> Kind {
    kind(format!("a scope is missing at {path}"), cells, move |matrix| {
        matrix.tampering.begin(move |url, mut answer| {
            if url.ends_with(path) {
                answer.status = 401;
                answer.body = br#"{"code":401,"message":"Unauthorized; scope does not match"}"#.to_vec();
            }
            answer
        });
    })
}

fn pages_of_four(matrix: &Matrix) {
    matrix.world.jira.simulator.set(|settings| settings.search_page_cap = Some(4));
}

fn calls() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for operation in [COUNT, PERMISSIONS, SEARCH] {
        for misfortune in [
            Misfortune::status(503, None),
            Misfortune::html(200),
            Misfortune::status(403, None),
            Misfortune::status(404, None),
            Misfortune::limited(Some("jira-burst-based"), Some(9)),
        ] {
            kinds.push(call(operation, misfortune, READINGS));
        }
    }
    // Verifying a connection asks this, too.
    for (misfortune, cells) in [
        (Misfortune::status(503, None), READINGS),
        (Misfortune::html(200), READINGS),
        (Misfortune::limited(Some("jira-burst-based"), Some(9)), READINGS),
        (Misfortune::status(403, None), TROUBLED),
        (Misfortune::status(404, None), TROUBLED),
    ] {
        kinds.push(call("parseJqlQueries", misfortune, cells));
    }
    for path in ["/search/approximate-count", "/permissions/check", "/search/jql"] {
        kinds.push(scope_missing(path, READINGS));
    }
    kinds.push(scope_missing("", TROUBLED));
    kinds.push(call("*", Misfortune::status(403, None), TROUBLED));
    kinds.push(call("*", Misfortune::status(503, None), READINGS));
    kinds
}

fn answers() -> Vec<Kind> {
    let count = "/search/approximate-count";
    let search = "/search/jql";
    vec![
        answer("one more is counted than read", count, READINGS, |body| {
            body["count"] = json!(body["count"].as_u64().unwrap() + 1);
        }),
        answer("a count in words", count, READINGS, |body| body["count"] = json!("many")),
        answer("no permission is told of", "/permissions/check", READINGS, |body| {
            body["projectPermissions"] = json!([]);
        }),
        answer("a query that Jira does not understand any more", "/jql/parse", LOST, |body| {
            body["queries"][0]["errors"] = json!(["The value does not exist"]);
        }),
        answer("fewer verdicts than queries", "/jql/parse", READINGS, |body| body["queries"] = json!([])),
        answer("no issues", search, READINGS, |body| drop(body.as_object_mut().unwrap().remove("issues"))),
        answer("a warning", search, READINGS, |body| body["warnings"] = json!([{ "type": "LIMIT_REACHED" }])),
        answer("a broken issue", search, READINGS, |body| {
            if let Some(issue) = body["issues"].as_array_mut().unwrap().first_mut() {
                issue["fields"]["created"] = json!("yesterday");
            }
        }),
        answer("a lost issue", search, READINGS, |body| drop(body["issues"].as_array_mut().unwrap().pop())),
        kind("lost pages", CHANGES, |matrix| {
            pages_of_four(matrix);
            matrix.tamper(search, |body| {
                body["isLast"] = json!(true);
                drop(body.as_object_mut().unwrap().remove("nextPageToken"));
            });
        }),
        kind("a missing token", CHANGES, |matrix| {
            pages_of_four(matrix);
            matrix.tamper(search, |body| drop(body.as_object_mut().unwrap().remove("nextPageToken")));
        }),
        kind("a repeated token", CHANGES, |matrix| {
            pages_of_four(matrix);
            let mut first = None;
            matrix.tamper(search, move |body| {
                if let Some(token) = body["nextPageToken"].as_str() {
                    body["nextPageToken"] = json!(first.get_or_insert(token.to_owned()));
                }
            });
        }),
    ]
}

fn accounts() -> Vec<Kind> {
    vec![
        kind("nobody knows as whom Jira answers", READINGS, |matrix| {
            matrix.tampering.begin(|url, mut answer| {
                answer.headers.remove("x-aaccountid");
                if url.ends_with("/myself") {
                    answer.status = 503;
                }
                answer
            });
        }),
        kind("another account answers", READINGS, |matrix| {
            matrix.tampering.begin(|_, mut answer| {
                answer.headers.insert("x-aaccountid", "acc-2".to_owned());
                answer
            });
        }),
        kind("the token has expired", TROUBLED, |matrix| token_works(&matrix.world.jira.simulator, false)),
        kind("the token expires after the first count", TROUBLED, |matrix| {
            matrix.after_call(2, |simulator| token_works(simulator, false));
        }),
        kind("both projects are hidden", READINGS, |matrix| {
            for project in ["CHG", "INC"] {
                browse(&matrix.world.jira.simulator, project, false);
            }
        }),
        kind("both projects are hidden after the first count", READINGS, |matrix| {
            matrix.after_call(2, |simulator| {
                for project in ["CHG", "INC"] {
                    browse(simulator, project, false);
                }
            });
        }),
    ]
}

/// The demo site's scopes, each with a query that takes nothing away.
fn with_queries() -> Wish {
    let scope = |key: &str, jql: &str| Scope {
        keys: vec![key.to_owned()],
        jql: Some(jql.to_owned()),
        ..Scope::default()
    };
    Wish {
        change_management: scope("CHG", "issuetype = 10103"),
        incidents: scope("INC", "issuetype = 10104"),
        ..wish()
    }
}

async fn each_by_each(kinds: Vec<Kind>) {
    let matrix = mended_for(with_queries()).await;
    let world = &matrix.world;
    for Kind { name, begin, cells } in kinds {
        begin(&matrix);
        world.time.advance(NEXT);
        world.reevaluate().await;
        // A connection that was lost meanwhile makes the tenant due.
        world.time.advance(60);
        world.tick().await;
        for (check, cell) in CHECKS.into_iter().zip(cells) {
            let run = world.result(check).await;
            let story = format!("{name}: {check}: {:?}: {}", run.outcome, run.because);
            match cell {
                CannotTell => {
                    assert_eq!(run.outcome, Outcome::CannotTell, "{story}");
                    assert!(!run.evidence.coverage.gaps.is_empty(), "{story}");
                }
                Fails => assert_eq!(run.outcome, Outcome::Fail, "{story}"),
                DoesNotApply(why) => assert_eq!(run.outcome, Outcome::Pass, "{story}, although {why}"),
            }
        }
        let untold: Vec<&str> = CHECKS
            .into_iter()
            .zip(cells)
            .filter(|(_, cell)| matches!(cell, CannotTell))
            .map(|(check, _)| check)
            .collect();
        if !untold.contains(&"B3") {
            // Its tasks may end: it reads what was not spoilt.
            assert_eq!(matrix.open_tasks("B3").await, 0, "{name}");
        }
        matrix.assert_nothing_ended(&untold, &name).await;
        heal(&matrix).await;
    }
}

async fn heal(matrix: &Matrix) {
    let simulator = &matrix.world.jira.simulator;
    matrix.tampering.end();
    simulator.clear_faults();
    simulator.set(|settings| settings.search_page_cap = None);
    token_works(simulator, true);
    for project in ["CHG", "INC"] {
        browse(simulator, project, true);
    }
    let connection = matrix.connection().await;
    matrix.world.connector().verify(&matrix.world.tenant, &connection.id).await.unwrap();
}

#[tokio::test]
async fn no_check_passes_on_a_call_that_goes_wrong() {
    each_by_each(calls()).await;
}

#[tokio::test]
async fn no_check_passes_on_an_answer_that_says_less_than_it_should() {
    each_by_each(answers()).await;
}

#[tokio::test]
async fn no_check_passes_on_what_another_caller_was_told() {
    each_by_each(accounts()).await;
}
