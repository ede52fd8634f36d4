//! No check passes on a reading that is empty, partial, stale or refused: every kind of bad reading, end to end, for
//! every check that it touches.
//!
//! All is mended in Jira before a reading goes wrong, so that a good reading would pass, resolve every task and close
//! every ticket. A bad one must do none of it, and must say why it could not tell.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use assay::check::Outcome;
use assay::connection::State;
use assay::evidence::Gap;
use assay::jira::http::Response;
use assay::task;
use assay::ticket::Wanted;
use assay_test_support::balance::story;
use assay_test_support::misfortune::{Elsewhere, Impatient, Misfortune, Tampering};
use assay_test_support::world::World;
use jira_sim::{Options, Seed};
use serde_json::{Value, json};

const COUNT: &str = "countIssues";
const PERMISSIONS: &str = "getBulkPermissions";
const SEARCH: &str = "searchAndReconsileIssuesUsingJqlPost";

/// The checks that read issues.
const READ: [&str; 3] = ["B2", "B3", "B4"];

/// The checks that read connections.
const ABOUT_TENANT: [&str; 2] = ["B1", "B5"];

/// Longer than the time between two evaluations, in seconds.
const NEXT: i64 = 3700;

/// Tasks that the seed makes: three change tickets and two incidents.
const TASKS: usize = 5;

struct Matrix {
    world: World,
    tampering: Arc<Tampering>,
}

/// A world whose five tickets are open, and in which everything has been mended since.
async fn mended() -> Matrix {
    let mut world = World::start().await;
    let tampering = Arc::new(Tampering::of(Arc::new(Impatient(Arc::clone(&world.access.sender)))));
    world.access.sender = Arc::clone(&tampering) as Arc<dyn assay::jira::Sender>;
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.rest().await;
    world.assert_one_issue_for_each_of(TASKS, "before anything goes wrong").await;
    for task in world.tasks().await {
        if task.check.as_str() == "B2" {
            let path = format!("/rest/api/3/issue/{}/assignee", task.subject.id);
            world.as_person("PUT", &path, Some(json!({ "accountId": "acc-1" }))).await;
        } else {
            let done = json!({ "issue": task.subject.key, "status": "10003" });
            world.jira.simulator.edit_project("INC", "status", &done).unwrap();
        }
    }
    world.time.advance(120);
    Matrix { world, tampering }
}

impl Matrix {
    /// Evaluates while readings are bad: nothing passes, gaps are named, tasks and tickets stay as they are.
    async fn assert_cannot_tell(&self, checks: &[&str], what: &str) {
        let world = &self.world;
        world.time.advance(NEXT);
        world.reevaluate().await;
        for check in checks {
            let result = world.result(check).await;
            assert_eq!(result.outcome, Outcome::CannotTell, "{what}: {check}: {}", result.because);
            assert!(
                !result.evidence.coverage.gaps.is_empty(),
                "{what}: {check} names no gap: {}",
                result.because
            );
            assert!(result.because.starts_with("cannot tell: "), "{what}: {check}: {}", result.because);
        }
        self.assert_nothing_ended(checks, what).await;
    }

    /// No task of these checks is resolved, and no ticket of theirs is closed.
    async fn assert_nothing_ended(&self, checks: &[&str], what: &str) {
        let world = &self.world;
        world.work().await;
        let issues = world.issues_in("SEC");
        for task in world.tasks().await.iter().filter(|task| checks.contains(&task.check.as_str())) {
            assert_eq!(task.state, task::State::Open, "{what}: a bad reading resolved {}", task.id);
            let ticket =
                world.store().ticket(&world.tenant, task.ticket.as_ref().unwrap()).await.unwrap().unwrap();
            assert_eq!(
                (ticket.state.word(), ticket.wanted),
                ("open", Wanted::Open),
                "{what}: {}",
                story(&ticket)
            );
            let issue = ticket.state.issue().unwrap();
            let issue = issues.iter().find(|it| it["id"] == issue.id.as_str()).unwrap();
            assert_ne!(issue["status_category"], "done", "{what}: {}", story(&ticket));
        }
    }

    /// A good reading passes, and ends what a bad one did not: it was the reading that was bad, not the world.
    async fn assert_passes_again(&self, what: &str) {
        let world = &self.world;
        world.time.advance(NEXT);
        world.reevaluate().await;
        world.rest().await;
        for check in READ.into_iter().chain(ABOUT_TENANT) {
            let result = world.result(check).await;
            assert_eq!(result.outcome, Outcome::Pass, "{what}: {check}: {}", result.because);
        }
        assert!(world.tasks().await.iter().all(|task| task.state == task::State::Resolved), "{what}");
        let done = world.issues_in("SEC").iter().filter(|issue| issue["status_category"] == "done").count();
        assert_eq!(done, TASKS, "{what}");
        assert_eq!(world.imbalance().await, Vec::<String>::new(), "{what}");
    }

    /// Changes the answers whose path ends so.
    fn tamper(&self, path: &'static str, mut change: impl FnMut(&mut Value) + Send + 'static) {
        self.tampering.begin(move |url, mut answer: Response| {
            if url.ends_with(path)
                && let Ok(mut body) = serde_json::from_slice(&answer.body)
            {
                change(&mut body);
                answer.body = body.to_string().into_bytes();
            }
            answer
        });
    }
}

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

#[tokio::test]
async fn an_anonymous_answer_that_is_empty_is_no_pass_and_ends_the_connection_s_trust() {
    let matrix = mended().await;
    let world = &matrix.world;
    world.expire_token("acc-admin", "sim-admin-token").await;
    matrix.assert_cannot_tell(&READ, "the token has ended").await;
    let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
    assert_eq!(connection.state, State::NeedsReauth);
    // And from now on nothing is read, and the checks about the tenant fail.
    matrix.assert_cannot_tell(&READ, "the connection needs to be connected again").await;
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
}

#[tokio::test]
async fn an_answer_as_another_account_or_as_nobody_knows_whom_is_no_pass() {
    let matrix = mended().await;
    for account in [None, Some("acc-2")] {
        matrix.tampering.begin(move |url, mut answer| {
            answer.headers.remove("x-aaccountid");
            if let Some(account) = account {
                answer.headers.insert("x-aaccountid", account.to_owned());
            } else if url.ends_with("/myself") {
                answer.status = 503;
            }
            answer
        });
        matrix.assert_cannot_tell(&READ, &format!("answered as {account:?}")).await;
        matrix.tampering.end();
    }
}

#[tokio::test]
async fn a_hidden_project_is_no_empty_project() {
    let matrix = mended().await;
    let simulator = &matrix.world.jira.simulator;
    for project in ["CHG", "INC"] {
        let edit = json!({ "account": "acc-admin", "remove": ["BROWSE_PROJECTS"] });
        simulator.edit_project(project, "permissions", &edit).unwrap();
    }
    matrix.assert_cannot_tell(&READ, "hidden").await;
    for check in READ {
        let gaps = matrix.world.result(check).await.evidence.coverage.gaps;
        assert!(gaps.iter().any(|gap| matches!(gap, Gap::Hidden { .. })), "{check}: {gaps:?}");
    }
    for project in ["CHG", "INC"] {
        let edit = json!({ "account": "acc-admin", "grant": ["BROWSE_PROJECTS"] });
        simulator.edit_project(project, "permissions", &edit).unwrap();
    }
    matrix.assert_passes_again("hidden").await;
}

#[tokio::test]
async fn a_page_that_lost_issues_is_short_of_the_count() {
    let matrix = mended().await;
    matrix.world.jira.simulator.set(|settings| settings.search_page_cap = Some(4));
    matrix.tamper("/search/jql", |body| drop(body["issues"].as_array_mut().unwrap().pop()));
    matrix.assert_cannot_tell(&["B2", "B4"], "an issue is missing").await;
    for check in ["B2", "B4"] {
        let gaps = matrix.world.result(check).await.evidence.coverage.gaps;
        assert!(gaps.iter().any(|gap| matches!(gap, Gap::Short { .. })), "{check}: {gaps:?}");
    }
    // The last page says that it is the last one, too early.
    matrix.tamper("/search/jql", |body| {
        body["isLast"] = json!(true);
        drop(body.as_object_mut().unwrap().remove("nextPageToken"));
    });
    matrix.assert_cannot_tell(&["B2", "B4"], "pages are missing").await;
    matrix.tampering.end();
    matrix.assert_passes_again("pages").await;
}

#[tokio::test]
async fn a_count_that_is_larger_than_what_was_read_is_no_pass() {
    let matrix = mended().await;
    matrix.tamper("/search/approximate-count", |body| {
        body["count"] = json!(body["count"].as_u64().unwrap() + 1);
    });
    matrix.assert_cannot_tell(&READ, "one more is counted").await;
    for check in READ {
        let gaps = matrix.world.result(check).await.evidence.coverage.gaps;
        assert!(gaps.iter().any(|gap| matches!(gap, Gap::Short { .. })), "{check}: {gaps:?}");
    }
    matrix.tampering.end();
    matrix.assert_passes_again("count").await;
}

#[tokio::test]
async fn pages_that_do_not_lead_to_an_end_are_no_pass() {
    let matrix = mended().await;
    matrix.world.jira.simulator.set(|settings| settings.search_page_cap = Some(4));
    matrix.tamper("/search/jql", |body| {
        body["issues"] = json!([]);
        body["isLast"] = json!(false);
        body["nextPageToken"] = json!("more");
    });
    matrix.assert_cannot_tell(&READ, "a page is empty and not the last").await;
    let mut first = None;
    matrix.tamper("/search/jql", move |body| {
        if let Some(token) = body["nextPageToken"].as_str() {
            body["nextPageToken"] = json!(first.get_or_insert(token.to_owned()));
        }
    });
    matrix.assert_cannot_tell(&["B2", "B4"], "a token is given twice").await;
    matrix.tamper("/search/jql", |body| drop(body.as_object_mut().unwrap().remove("nextPageToken")));
    matrix.assert_cannot_tell(&["B2", "B4"], "there are more pages, but nobody says where").await;
    matrix.tampering.end();
    matrix.assert_passes_again("tokens").await;
}

/// What is changed, in words; in the answers of which path; and how.
type Shape = (&'static str, &'static str, fn(&mut Value));

#[tokio::test]
async fn an_answer_of_another_shape_is_no_pass() {
    let matrix = mended().await;
    let changes: [Shape; 7] = [
        ("no issues", "/search/jql", |body| drop(body.as_object_mut().unwrap().remove("issues"))),
        ("issues of another kind", "/search/jql", |body| body["issues"] = json!({})),
        ("issues without fields", "/search/jql", |body| {
            for issue in body["issues"].as_array_mut().unwrap() {
                drop(issue.as_object_mut().unwrap().remove("fields"));
            }
        }),
        ("a status without category", "/search/jql", |body| {
            for issue in body["issues"].as_array_mut().unwrap() {
                issue["fields"]["status"] = json!({ "name": "Done" });
            }
        }),
        ("no count", "/search/approximate-count", |body| *body = json!({})),
        ("a count in words", "/search/approximate-count", |body| body["count"] = json!("many")),
        ("a warning", "/search/jql", |body| body["warnings"] = json!([{ "type": "LIMIT_REACHED" }])),
    ];
    for (what, path, change) in changes {
        matrix.tamper(path, change);
        // The incidents that are not done are few, and some of these shapes need an issue to be wrong.
        let checks: &[&str] =
            if what.contains("fields") || what.contains("status") { &["B2", "B4"] } else { &READ };
        matrix.assert_cannot_tell(checks, what).await;
    }
    matrix.tampering.end();
    matrix.assert_passes_again("shapes").await;
}

#[tokio::test]
async fn a_reading_that_is_partial_and_shows_a_failure_fails_and_names_the_gap() {
    let matrix = mended().await;
    let world = &matrix.world;
    let fields = json!({
        "project": { "key": "CHG" },
        "issuetype": { "id": "10103" },
        "summary": "A change that nobody answers for",
    });
    world.as_person("POST", "/rest/api/3/issue", Some(json!({ "fields": fields }))).await;
    world.time.advance(NEXT);
    matrix.tamper("/search/approximate-count", |body| {
        body["count"] = json!(body["count"].as_u64().unwrap() + 1);
    });
    world.reevaluate().await;
    let result = world.result("B2").await;
    assert_eq!((result.outcome, result.failing), (Outcome::Fail, 1), "{}", result.because);
    assert!(!result.evidence.coverage.gaps.is_empty(), "{result:?}");
    assert_eq!(world.tasks().await.len(), TASKS + 1, "the new failure is a task, and no old one is gone");
    matrix.assert_nothing_ended(&READ, "a partial reading").await;
}

#[tokio::test]
async fn a_verification_that_is_too_old_is_no_pass_for_the_checks_about_the_tenant() {
    let matrix = mended().await;
    let world = &matrix.world;
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Pass, "{check}");
    }
    for misfortune in [Misfortune::status(503, None), Misfortune::html(200), Misfortune::limited(None, None)]
    {
        world.jira.simulator.add_fault(misfortune.fault("getCurrentUser", 100_000));
        world.time.advance(25 * 3600);
        matrix.assert_cannot_tell(&ABOUT_TENANT, &format!("not verified: {}", misfortune.name)).await;
        for check in ABOUT_TENANT {
            let gaps = world.result(check).await.evidence.coverage.gaps;
            assert!(matches!(gaps.as_slice(), [Gap::Stale { .. }]), "{check}: {gaps:?}");
        }
        let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
        assert_eq!(connection.state, State::Active, "{}", misfortune.name);
        world.jira.simulator.clear_faults();
        world.time.advance(60);
        world.reevaluate().await;
        for check in ABOUT_TENANT {
            assert_eq!(world.outcome(check).await, Outcome::Pass, "{check}");
        }
    }
}

#[tokio::test]
async fn a_site_that_is_not_at_its_address_for_a_while_is_no_pass_and_needs_no_person_when_it_is_back() {
    let matrix = mended().await;
    let world = &matrix.world;
    world.jira.simulator.add_fault(Misfortune::status(404, None).fault("*", 100_000));
    for _ in 0..2 {
        matrix.assert_cannot_tell(&READ, "not there").await;
        world.time.advance(13 * 3600);
    }
    world.reevaluate().await;
    for check in ABOUT_TENANT {
        assert_ne!(world.outcome(check).await, Outcome::Pass, "{check}");
    }
    world.jira.simulator.clear_faults();
    matrix.assert_passes_again("back").await;
}

#[tokio::test]
async fn a_connection_that_needs_to_be_connected_again_is_no_pass_for_any_check() {
    let matrix = mended().await;
    let world = &matrix.world;
    world.jira.simulator.add_fault(Misfortune::status(401, None).fault("*", 100_000));
    matrix.assert_cannot_tell(&READ, "everything is refused").await;
    world.jira.simulator.clear_faults();
    let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
    assert_eq!(connection.state, State::NeedsReauth);
    matrix.assert_cannot_tell(&READ, "needs to be connected again").await;
    for check in READ {
        let gaps = world.result(check).await.evidence.coverage.gaps;
        assert!(matches!(gaps.as_slice(), [Gap::ConnectionUnusable { .. }]), "{check}: {gaps:?}");
    }
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
    world.connector().verify(&world.tenant, &connection.id).await.unwrap();
    matrix.assert_passes_again("verified again").await;
}

#[tokio::test]
async fn a_flickering_index_resolves_no_task_that_still_fails() {
    let world = World::start().await;
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.rest().await;
    for flicker in [1, 2, 3] {
        world.jira.simulator.set(|settings| settings.flicker = flicker);
        // The index loses what changed lately: a person writes to the very issues that fail.
        for task in world.tasks().await {
            let path = format!("/rest/api/3/issue/{}", task.subject.id);
            world.as_person("PUT", &path, Some(json!({ "fields": { "labels": ["seen"] } }))).await;
        }
        world.time.advance(5);
        world.reevaluate().await;
        assert!(world.tasks().await.iter().all(|task| task.state == task::State::Open), "flicker {flicker}");
        world.time.advance(NEXT);
    }
    world.assert_one_issue_for_each_of(TASKS, "flicker").await;
    world.assert_honest();
}

#[tokio::test]
async fn a_good_reading_passes_and_a_really_empty_one_says_so_for_each_check() {
    let seed = Seed {
        change_tickets: 6,
        change_unassigned: 0,
        incidents: 4,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = World::with(Options { seed, ..Options::default() }).await;
    world.connect().await;
    world.evaluate().await;
    for check in READ.into_iter().chain(ABOUT_TENANT) {
        let result = world.result(check).await;
        assert_eq!(result.outcome, Outcome::Pass, "{check}: {}", result.because);
        assert!(result.evidence.coverage.gaps.is_empty(), "{check}");
    }
    world.assert_honest();

    let seed = Seed {
        change_tickets: 0,
        change_unassigned: 0,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = World::with(Options { seed, ..Options::default() }).await;
    world.connect().await;
    world.evaluate().await;
    let expected = [
        ("B1", Outcome::Pass),
        ("B2", Outcome::NotApplicable),
        ("B3", Outcome::NotApplicable),
        ("B4", Outcome::Fail),
        ("B5", Outcome::Pass),
    ];
    for (check, outcome) in expected {
        let result = world.result(check).await;
        assert_eq!(result.outcome, outcome, "{check}: {}", result.because);
        assert!(result.evidence.coverage.gaps.is_empty(), "{check}");
    }
    world.assert_honest();
}

#[tokio::test]
async fn a_tenant_without_a_connection_fails_the_checks_about_connections() {
    let world = World::start().await;
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    world.time.advance(1);
    world.evaluator().fan_out().await.unwrap();
    world.evaluate().await;
    for check in ABOUT_TENANT {
        assert_eq!(world.outcome(check).await, Outcome::Fail, "{check}");
    }
}
