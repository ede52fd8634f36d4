//! Whatever goes wrong between us and Jira: in the end every ticket has exactly one issue, and its trace says what
//! happened.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use assay::clock::after;
use assay::connection;
use assay::sqs::{Queue, SyncRequest};
use assay::task;
use assay::ticket::{State, Ticket};
use assay_test_support::balance::{assert_says, says, story};
use assay_test_support::misfortune::{Elsewhere, Impatient, Misfortune};
use assay_test_support::world::World;
use jira_sim::{Fault, FaultKind, Options, Seed};
use serde_json::json;

const CREATE: &str = "createIssues";
const SEARCH: &str = "searchAndReconsileIssuesUsingJqlPost";
const FETCH: &str = "bulkFetchIssues";

/// How many tickets most of these worlds plan: two are about change tickets, one about an incident.
const TICKETS: usize = 3;

/// A world whose tickets are planned and asked for, and nothing is created yet.
async fn planned() -> World {
    planned_for(2, 1).await
}

/// The same with so many tickets about change tickets and about incidents.
async fn planned_for(changes: u64, incidents: u64) -> World {
    let seed = Seed {
        change_tickets: changes + 2,
        change_unassigned: changes,
        incidents: incidents + 1,
        incidents_overdue: incidents,
        ..Seed::default()
    };
    let mut world = World::with(Options { seed, ..Options::default() }).await;
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.evaluate().await;
    assert_eq!(world.sync.len() as u64, changes + incidents);
    // Nothing here needs the sender's long time-out, and a slow answer must not need it either.
    world.access.sender = Arc::new(Impatient(Arc::clone(&world.access.sender)));
    world
}

/// A world whose tickets are open.
async fn opened() -> World {
    let world = planned().await;
    world.rest().await;
    world.assert_one_issue_for_each_of(TICKETS, "before anything goes wrong").await;
    world
}

/// Carries out the requests one by one, so that each ticket makes a create call of its own.
async fn work_one_by_one(world: &World) {
    for request in world.sync.receive(100) {
        let deadline = after(world.time.now(), 45);
        let (verdicts, _) = world.worker().run(std::slice::from_ref(&request), deadline).await.unwrap();
        if verdicts[0] == assay::operations::tickets::Verdict::Retry {
            world.sync.send(&request, Some(60)).await.unwrap();
        }
    }
}

/// Lets the create call go wrong, the first time or the first three times; in the end every ticket has its issue and
/// meets the expectation.
async fn creates_go_wrong(misfortunes: Vec<Misfortune>, expect: impl Fn(&Misfortune, &[Ticket])) {
    for misfortune in misfortunes {
        for times in [1, 3] {
            let world = planned().await;
            world.jira.simulator.add_fault(misfortune.fault(CREATE, times));
            if times == 1 {
                world.work().await;
            } else {
                work_one_by_one(&world).await;
            }
            world.rest().await;
            let what = format!("{}, {times} times", misfortune.name);
            world.assert_one_issue_for_each_of(TICKETS, &what).await;
            expect(&misfortune, &world.tickets().await);
            world.assert_honest();
        }
    }
}

fn expect_doubt(misfortune: &Misfortune, tickets: &[Ticket]) {
    let what = &misfortune.name;
    for ticket in tickets {
        assert_says(ticket, "does not know whether the issue exists", what);
        if misfortune.has_effect() {
            assert_says(ticket, "adopted issue", what);
            assert_eq!(ticket.attempts, 1, "{what}");
        } else {
            assert_says(ticket, "found no issue; it will be created", what);
            assert_says(ticket, "created issue", what);
        }
    }
}

#[tokio::test]
async fn a_create_whose_outcome_is_unknown_is_looked_for_before_it_is_made_again() {
    creates_go_wrong(Misfortune::in_doubt(), expect_doubt).await;
}

#[tokio::test]
async fn a_create_that_a_limit_turned_away_is_made_when_jira_allows_it_and_is_never_in_doubt() {
    creates_go_wrong(Misfortune::limits(), |misfortune, tickets| {
        let what = &misfortune.name;
        for ticket in tickets {
            assert!(!says(ticket, "does not know"), "{what}: {}", story(ticket));
            assert_says(ticket, "created issue", what);
        }
        // The short wait after a burst is waited for within the call. Every other wait is told by the ticket that met it;
        // where everything must pause, the other tickets do not even begin.
        if !what.contains("burst") {
            let told = |ticket: &Ticket| says(ticket, "will be created in") && says(ticket, "status 429");
            assert!(tickets.iter().any(told), "{what}: {}", tickets.iter().map(story).collect::<String>());
        }
    })
    .await;
}

#[tokio::test]
async fn a_create_that_jira_refused_is_made_once_jira_no_longer_refuses_it() {
    creates_go_wrong(Misfortune::refusals(), |misfortune, tickets| {
        let what = &misfortune.name;
        for ticket in tickets {
            assert!(!says(ticket, "does not know"), "{what}: {}", story(ticket));
            assert_says(ticket, "created issue", what);
        }
        // A call that is refused as a whole is made again in halves; a single refused one is told.
        if what != "status 400" && what != "status 409" && what != "status 413" {
            let told = |ticket: &Ticket| ticket.trace.iter().any(|entry| entry.why.contains(what.as_str()));
            assert!(tickets.iter().any(told), "{what}: {}", tickets.iter().map(story).collect::<String>());
        }
    })
    .await;
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed_by_any_call() {
    let elsewhere = Elsewhere::listen();
    creates_go_wrong(vec![elsewhere.redirect()], expect_doubt).await;
    let world = opened().await;
    for operation in [SEARCH, FETCH, "getIssue", "getTransitions", "countIssues", "getCurrentUser"] {
        world.jira.simulator.add_fault(elsewhere.redirect().fault(operation, 2));
    }
    for _ in 0..3 {
        world.time.advance(3700);
        world.tick().await;
        world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
    }
    world.rest().await;
    assert_eq!(world.imbalance().await, Vec::<String>::new(), "{}", world.traces().await);
    let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
    assert_eq!(connection.state, connection::State::Active, "{:?}", connection.problems);
    elsewhere.assert_unvisited();
}

/// Every way in which a call that reads goes wrong.
fn all_misfortunes(elsewhere: &Elsewhere) -> Vec<Misfortune> {
    let mut all = Misfortune::in_doubt();
    all.extend(Misfortune::limits());
    all.extend(Misfortune::refusals());
    all.push(elsewhere.redirect());
    all
}

#[tokio::test]
async fn a_search_for_a_lost_issue_that_fails_is_made_again_and_never_takes_failure_for_absence() {
    let elsewhere = Elsewhere::listen();
    for misfortune in all_misfortunes(&elsewhere) {
        let world = planned().await;
        world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, CREATE));
        world.jira.simulator.add_fault(misfortune.fault(SEARCH, 9));
        world.rest().await;
        let what = format!("search: {}", misfortune.name);
        world.assert_one_issue_for_each_of(TICKETS, &what).await;
        assert_eq!(world.calls(CREATE), 1, "{what}: {}", world.traces().await);
        for ticket in world.tickets().await {
            assert_says(&ticket, "adopted issue", &what);
        }
    }
    elsewhere.assert_unvisited();
}

#[tokio::test]
async fn while_the_search_is_down_for_hours_a_doubt_stays_a_doubt_and_nothing_is_created_again() {
    let world = planned().await;
    world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, CREATE));
    world.jira.simulator.add_fault(Misfortune::status(503, None).fault(SEARCH, 100_000));
    for _ in 0..36 {
        world.work().await;
        world.time.advance(300);
        world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
    }
    assert_eq!(world.calls(CREATE), 1);
    assert!(world.tickets().await.iter().all(|ticket| ticket.state.word() == "unknown"));
    world.jira.simulator.clear_faults();
    world.rest().await;
    world.assert_one_issue_for_each_of(TICKETS, "the search is back").await;
    assert_eq!(world.calls(CREATE), 1);
}

#[tokio::test]
async fn an_index_that_lags_by_90_seconds_and_flickers_makes_no_second_issue() {
    for flicker in [0, 1, 2, 3] {
        let world = planned().await;
        world.jira.simulator.set(|settings| {
            settings.index_lag_seconds = 90.0;
            settings.flicker = flicker;
        });
        world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, CREATE));
        world.rest().await;
        world.assert_one_issue_for_each_of(TICKETS, &format!("flicker {flicker}")).await;
        assert_eq!(world.calls(CREATE), 1, "flicker {flicker}");
        world.assert_honest();
    }
}

/// The index lags for longer than a lost issue is looked for: a second issue comes to be, and is found and closed.
#[tokio::test]
async fn a_twin_that_comes_to_light_after_the_bound_is_closed_and_the_older_issue_stays() {
    for lag in [900.0, 1_100.0, 1_300.0] {
        let world = planned().await;
        world.jira.simulator.set(|settings| settings.index_lag_seconds = lag);
        world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, CREATE));
        world.rest().await;
        let imbalance = world.imbalance().await;
        assert!(imbalance.is_empty(), "lag {lag}: {imbalance:#?}\n{}", world.traces().await);
        for ticket in world.tickets().await {
            assert_says(&ticket, ", a twin", &format!("lag {lag}"));
            let issues = world.issues_in("SEC");
            let own = ticket.state.issue().unwrap();
            let of_ticket =
                issues.iter().filter(|it| it["properties"]["assay.ticket"]["id"] == ticket.id.as_str());
            let oldest = of_ticket.min_by_key(|it| it["created"].as_str().unwrap().to_owned()).unwrap();
            assert_eq!(oldest["id"], own.id.as_str(), "lag {lag}: the older one stays");
        }
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_twin_whose_closing_fails_is_closed_later_and_its_trace_claims_nothing_before() {
    for misfortune in
        [Misfortune::status(503, None), Misfortune::status(403, None), Misfortune::limited(None, None)]
    {
        let world = planned().await;
        world.jira.simulator.set(|settings| settings.index_lag_seconds = 1_000.0);
        world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, CREATE));
        world.jira.simulator.add_fault(misfortune.fault("getTransitions", 20));
        world.rest().await;
        let imbalance = world.imbalance().await;
        assert!(imbalance.is_empty(), "{}: {imbalance:#?}\n{}", misfortune.name, world.traces().await);
        for ticket in world.tickets().await {
            assert_says(&ticket, "could not close issue", &misfortune.name);
            assert_says(&ticket, "closed issue", &misfortune.name);
        }
    }
}

#[tokio::test]
async fn a_twin_is_closed_too_when_the_ticket_is_to_be_closed_before_the_last_look() {
    let world = planned().await;
    world.jira.simulator.set(|settings| settings.index_lag_seconds = 1_000.0);
    world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, CREATE));
    for _ in 0..100 {
        if world.tickets().await.iter().all(|ticket| ticket.state.word() == "open") {
            break;
        }
        world.time.advance(10);
        world.work().await;
    }
    // By now the index lags less; the issues of the first create it has seen, the person's changes it sees soon.
    world.jira.simulator.set(|settings| settings.index_lag_seconds = 2.0);
    mend_all(&world).await;
    world.time.advance(300);
    world.reevaluate().await;
    world.rest().await;
    let imbalance = world.imbalance().await;
    assert!(imbalance.is_empty(), "{imbalance:#?}\n{}", world.traces().await);
    for ticket in world.tickets().await {
        assert_eq!(ticket.state.word(), "closed", "{}", story(&ticket));
        assert_says(&ticket, ", a twin", "closing before the last look");
    }
}

/// Mends what every task is about.
async fn mend_all(world: &World) {
    for task in world.tasks().await {
        if task.check.as_str() == "B2" {
            let path = format!("/rest/api/3/issue/{}/assignee", task.subject.id);
            world.as_person("PUT", &path, Some(json!({ "accountId": "acc-1" }))).await;
        } else {
            let done = json!({ "issue": task.subject.key, "status": "10003" });
            world.jira.simulator.edit_project("INC", "status", &done).unwrap();
        }
    }
}

/// Lets a call of closing go wrong: once, which a call that reads outlives by itself, or for longer than any call is made
/// again.
async fn closing_goes_wrong(operation: &str, times: &[u64]) {
    let elsewhere = Elsewhere::listen();
    for misfortune in all_misfortunes(&elsewhere) {
        for times in times {
            // Of an issue that Jira says is not there, while it says who we are, we believe that it is gone.
            if misfortune.name == "status 404" && operation != "doTransition" {
                continue;
            }
            let world = planned_for(1, 0).await;
            world.rest().await;
            mend_all(&world).await;
            world.time.advance(120);
            world.reevaluate().await;
            world.jira.simulator.add_fault(misfortune.fault(operation, *times));
            world.rest().await;
            let what = format!("{operation}: {}, {times} times", misfortune.name);
            let imbalance = world.imbalance().await;
            assert!(imbalance.is_empty(), "{what}: {imbalance:#?}\n{}", world.traces().await);
            for ticket in world.tickets().await {
                assert_eq!(ticket.state.word(), "closed", "{what}: {}", story(&ticket));
                assert_says(&ticket, "began to close the issue", &what);
                assert_says(&ticket, "the issue is in status Done", &what);
            }
        }
    }
    elsewhere.assert_unvisited();
}

#[tokio::test]
async fn an_issue_is_closed_however_the_look_at_it_fails() {
    closing_goes_wrong("getIssue", &[5]).await;
}

#[tokio::test]
async fn an_issue_is_closed_however_the_question_for_its_moves_fails() {
    closing_goes_wrong("getTransitions", &[5]).await;
}

#[tokio::test]
async fn an_issue_is_closed_however_its_moves_fail() {
    closing_goes_wrong("doTransition", &[1, 5]).await;
}

#[tokio::test]
async fn a_comparison_that_fails_takes_no_issue_for_gone() {
    let elsewhere = Elsewhere::listen();
    let world = opened().await;
    for misfortune in all_misfortunes(&elsewhere) {
        world.jira.simulator.add_fault(misfortune.fault(FETCH, 6));
        world.time.advance(3700);
        world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
        world.jira.simulator.clear_faults();
        world.rest().await;
        world.assert_one_issue_for_each_of(TICKETS, &misfortune.name).await;
    }
    elsewhere.assert_unvisited();
}

#[tokio::test]
async fn a_second_look_by_id_that_fails_resolves_no_task() {
    let elsewhere = Elsewhere::listen();
    let world = opened().await;
    mend_all(&world).await;
    for misfortune in all_misfortunes(&elsewhere) {
        world.jira.simulator.add_fault(misfortune.fault(FETCH, 1000));
        world.time.advance(4000);
        world.tick().await;
        world.jira.simulator.clear_faults();
        let states: Vec<task::State> = world.tasks().await.iter().map(|task| task.state).collect();
        assert_eq!(states, [task::State::Open; TICKETS], "{}", misfortune.name);
        world.assert_one_issue_for_each_of(TICKETS, &misfortune.name).await;
    }
    elsewhere.assert_unvisited();
    world.time.advance(4000);
    world.tick().await;
    world.rest().await;
    assert!(world.tasks().await.iter().all(|task| task.state == task::State::Resolved));
    assert!(
        world.tickets().await.iter().all(|ticket| ticket.state.word() == "closed"),
        "{}",
        world.traces().await
    );
}

#[tokio::test]
async fn a_message_that_comes_twice_to_two_workers_at_once_makes_one_issue() {
    for misfortune in [
        None,
        Some(Misfortune::of("answer lost", FaultKind::AnswerLost)),
        Some(Misfortune::status(503, None)),
    ] {
        let world = planned().await;
        if let Some(misfortune) = &misfortune {
            world.jira.simulator.add_fault(misfortune.fault(CREATE, 1));
        }
        // Each message is delivered twice, to two workers at once, for as long as there are any.
        for _ in 0..200 {
            let requests = world.sync.receive(50);
            let deadline = after(world.time.now(), 45);
            let (one, other) = (world.worker(), world.worker());
            let (first, second) = tokio::join!(one.run(&requests, deadline), other.run(&requests, deadline));
            for answer in [first, second] {
                let (verdicts, _) = answer.unwrap();
                for (request, verdict) in requests.iter().zip(verdicts) {
                    if verdict == assay::operations::tickets::Verdict::Retry {
                        world.sync.send(request, Some(60)).await.unwrap();
                    }
                }
            }
            if world.tickets().await.iter().all(|ticket| ticket.due_at.is_none()) {
                break;
            }
            world.time.advance(5);
        }
        world.rest().await;
        let what = misfortune.map_or("nothing goes wrong".to_owned(), |it| it.name);
        world.assert_one_issue_for_each_of(TICKETS, &what).await;
        for ticket in world.tickets().await {
            assert!(ticket.attempts <= 2, "{what}: {}", story(&ticket));
        }
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_message_that_comes_again_after_all_is_done_does_nothing() {
    let world = opened().await;
    let calls = world.jira.simulator.journal().len();
    let requests: Vec<SyncRequest> = world
        .tickets()
        .await
        .iter()
        .map(|ticket| SyncRequest { tenant: ticket.tenant.clone(), ticket: ticket.id.clone() })
        .collect();
    world.sync.send_all(&requests, None).await.unwrap();
    world.sync.send_all(&requests, None).await.unwrap();
    world.work().await;
    assert_eq!(world.jira.simulator.journal().len(), calls);
    world.assert_one_issue_for_each_of(TICKETS, "messages came again").await;
}

#[tokio::test]
async fn the_outbox_sends_again_what_was_lost_at_every_stage() {
    let world = planned().await;
    world.sync.lose_everything();
    world.time.advance(10);
    world.work().await;
    assert_eq!(world.calls(CREATE), 0);
    // Planned and lost.
    world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, CREATE));
    for _ in 0..400 {
        world.time.advance(300);
        world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
        world.work().await;
        // And every message that the worker sends itself.
        world.sync.lose_everything();
        if world.tickets().await.iter().all(|ticket| ticket.due_at.is_none()) {
            break;
        }
    }
    world.assert_one_issue_for_each_of(TICKETS, "all messages lost").await;
    mend_all(&world).await;
    world.time.advance(120);
    world.reevaluate().await;
    world.sync.lose_everything();
    world.rest().await;
    assert!(
        world.tickets().await.iter().all(|ticket| ticket.state.word() == "closed"),
        "{}",
        world.traces().await
    );
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    world.assert_honest();
}

#[tokio::test]
async fn a_request_for_a_ticket_that_is_not_there_is_done_with_and_its_neighbours_are_worked_on() {
    let world = planned().await;
    let mut requests = world.sync.receive(50);
    let nothing = SyncRequest {
        tenant: world.tenant.clone(),
        ticket: assay::ids::TicketId::parse("tkt-of-nobody").unwrap(),
    };
    let foreign = SyncRequest {
        tenant: assay::ids::TenantId::parse("somebody-else").unwrap(),
        ticket: requests[0].ticket.clone(),
    };
    requests.insert(0, nothing);
    requests.insert(2, foreign);
    let (verdicts, tally) = world.worker().run(&requests, after(world.time.now(), 45)).await.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == assay::operations::tickets::Verdict::Done));
    assert_eq!(tally.created, 3);
    world.assert_one_issue_for_each_of(TICKETS, "a poison message").await;
}

#[tokio::test]
async fn a_body_that_is_no_message_is_told_apart_from_one_that_must_come_again() {
    for body in
        ["", "{", "null", "[]", r#"{"tenant":"acme"}"#, r#"{"tenant":"acme","ticket":"t","attempt":1}"#]
    {
        let error = assay::sqs::read::<SyncRequest>(body).unwrap_err();
        assert!(!error.retryable(), "{body}");
    }
}

#[tokio::test]
async fn an_issue_that_a_person_deleted_before_it_was_closed_is_gone_and_nothing_is_made_in_its_place() {
    for compared in [true, false] {
        let world = opened().await;
        for issue in world.issues_in("SEC") {
            let path = format!("/rest/api/3/issue/{}", issue["id"].as_str().unwrap());
            world.as_person("DELETE", &path, None).await;
        }
        if compared {
            world.time.advance(3700);
            world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
        }
        mend_all(&world).await;
        world.time.advance(120);
        world.reevaluate().await;
        world.rest().await;
        for ticket in world.tickets().await {
            assert!(matches!(ticket.state, State::Gone { .. }), "compared {compared}: {}", story(&ticket));
            assert_says(&ticket, "is gone", "");
        }
        assert_eq!(world.calls(CREATE), 1);
        assert!(world.issues_in("SEC").is_empty());
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_project_that_was_renamed_and_an_issue_that_was_moved_keep_their_ticket() {
    let world = opened().await;
    world.jira.simulator.edit_project("SEC", "rename", &json!({ "key": "SAFE", "name": "Safety" })).unwrap();
    let moved = world.issues_in("SAFE")[0]["key"].clone();
    let edit = json!({ "issue": moved, "to": "TEAM" });
    world.jira.simulator.edit_project("SAFE", "move", &edit).unwrap();
    world.time.advance(3700);
    world.upkeep().run(after(world.time.now(), 270)).await.unwrap();
    world.work().await;
    for ticket in world.tickets().await {
        let key = &ticket.state.issue().unwrap().key;
        assert!(key.starts_with("SAFE-") || key.starts_with("TEAM-"), "{key}");
        assert_says(&ticket, "the issue's key is", "");
    }
    mend_all(&world).await;
    world.time.advance(120);
    world.reevaluate().await;
    world.rest().await;
    assert!(
        world.tickets().await.iter().all(|ticket| ticket.state.word() == "closed"),
        "{}",
        world.traces().await
    );
    let issues = world.issues_in("SAFE").into_iter().chain(world.issues_in("TEAM"));
    let done: Vec<bool> = issues.map(|issue| issue["status_category"] == "done").collect();
    assert_eq!(done, [true; TICKETS]);
    world.assert_honest();
}

#[tokio::test]
async fn a_field_that_becomes_required_fails_the_ticket_in_jiras_words_and_is_mended_by_making_it_optional() {
    let world = planned().await;
    let field = json!({ "id": "customfield_10050", "name": "Severity", "type": "string", "required": true });
    world.jira.simulator.edit_project("SEC", "fields", &field).unwrap();
    world.work().await;
    for ticket in world.tickets().await {
        let State::Failed { reason } = &ticket.state else { panic!("{:#?}", ticket.state) };
        assert!(reason.contains("Severity is required"), "{reason}");
        assert!(ticket.due_at.is_some(), "it is tried again");
    }
    assert!(world.issues_in("SEC").is_empty());
    world.jira.simulator.edit_project("SEC", "fields/remove", &json!({ "id": "customfield_10050" })).unwrap();
    world.rest().await;
    world.assert_one_issue_for_each_of(TICKETS, "the field is optional again").await;
    for ticket in world.tickets().await {
        assert_says(&ticket, "Jira refused to create the issue", "");
    }
    world.assert_honest();
}

#[tokio::test]
async fn an_assignee_that_may_not_be_assigned_is_left_out_and_the_trace_says_so() {
    let world = planned().await;
    let edit = json!({ "account": "*", "remove": ["ASSIGNABLE_USER"] });
    world.jira.simulator.edit_project("SEC", "permissions", &edit).unwrap();
    let wanted = world.tickets().await.iter().filter(|ticket| ticket.content.assignee.is_some()).count();
    assert_eq!(wanted, 1, "the incident has an assignee");
    world.work().await;
    world.rest().await;
    world.assert_one_issue_for_each_of(TICKETS, "nobody is assignable").await;
    for ticket in world.tickets().await {
        assert_eq!(
            says(&ticket, "left out assignee"),
            ticket.content.assignee.is_some(),
            "{:#?}",
            ticket.trace
        );
    }
    assert!(world.issues_in("SEC").iter().all(|issue| issue["assignee"].is_null()));
    world.assert_honest();
}
