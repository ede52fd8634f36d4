//! Odd answers while a connection is verified end nothing; refusals of its credentials do when they stay.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use assay::connection::{Connection, Problem, ProblemCode, State, UseCase};
use assay::error::Kind;
use assay::jira::Sender;
use assay::operations::connecting::{Failure, Wish};
use assay_test_support::misfortune::{Misfortune, Tampering};
use assay_test_support::world::{World, wish};

async fn stored(world: &World, connection: &Connection) -> Connection {
    world.store().connection(&world.tenant, &connection.id).await.unwrap().unwrap()
}

async fn connected(by_consent: bool) -> (World, Connection) {
    let world = World::start().await;
    let connection = if by_consent { world.connect_by_consent().await } else { world.connect().await };
    world.evaluate().await;
    world.time.advance(60);
    (world, connection)
}

/// Every call that verifying makes.
const CALLS: [&str; 6] = [
    "accessibleResources",
    "tenantInfo",
    "getCurrentUser",
    "getMyPermissions",
    "searchProjects",
    "parseJqlQueries",
];

#[tokio::test]
async fn no_single_odd_answer_to_any_call_of_verifying_ends_a_working_connection() {
    let mut odd: Vec<Misfortune> = [301, 400, 401, 403, 404, 405, 409, 410, 418, 500, 502, 503]
        .map(|it| Misfortune::status(it, None))
        .into();
    odd.extend([Misfortune::html(200), Misfortune::html(401), Misfortune::html(403)]);
    for by_consent in [true, false] {
        let (world, connection) = connected(by_consent).await;
        for misfortune in &odd {
            for call in CALLS {
                world.jira.simulator.add_fault(misfortune.fault(call, 1));
                let _ = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await;
                world.jira.simulator.clear_faults();
                let state = stored(&world, &connection).await.state;
                assert!(state.usable(), "{} to {call}, by consent: {by_consent}: {state:?}", misfortune.name);
                world.time.advance(240);
                let verified =
                    Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
                assert_eq!(
                    verified.state,
                    State::Active,
                    "{} to {call}: {:?}",
                    misfortune.name,
                    verified.problems
                );
            }
        }
    }
}

#[tokio::test]
async fn credentials_that_are_refused_twice_minutes_apart_need_a_person_and_the_tick_finds_it_out() {
    for by_consent in [true, false] {
        let (world, connection) = connected(by_consent).await;
        world.jira.simulator.add_fault(Misfortune::status(401, None).fault("getCurrentUser", 100_000));
        for seconds in [0, 60, 119] {
            world.time.advance(seconds);
            let doubted = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
            assert_eq!(doubted.state, State::Degraded, "after {seconds} seconds");
        }
        for _ in 0..3 {
            world.time.advance(60);
            world.tick().await;
        }
        let lost = stored(&world, &connection).await;
        assert_eq!(lost.state, State::NeedsReauth, "{:?}", lost.problems);
    }
}

#[tokio::test]
async fn a_refusal_that_passes_is_forgotten() {
    let (world, connection) = connected(false).await;
    for _ in 0..3 {
        world.jira.simulator.add_fault(Misfortune::status(401, None).fault("getCurrentUser", 1));
        let doubted = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
        assert_eq!(doubted.problems[0].code, ProblemCode::CredentialsRefused);
        world.time.advance(240);
        let verified = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
        assert_eq!((verified.state, verified.refused_at), (State::Active, None));
        world.time.advance(240);
    }
}

#[tokio::test]
async fn an_address_that_changed_after_connecting_ends_nothing() {
    let (mut world, connection) = connected(false).await;
    let sender = Arc::new(Tampering::of(Arc::clone(&world.access.sender)));
    world.access.sender = Arc::clone(&sender) as Arc<dyn Sender>;
    sender.begin(|url, mut answer| {
        if url.ends_with("/myself") {
            let text = String::from_utf8(answer.body).unwrap();
            answer.body = text.replace("admin@example.com", "married@example.com").into_bytes();
        }
        answer
    });
    let verified = Box::pin(world.connector().verify(&world.tenant, &connection.id)).await.unwrap();
    assert_eq!(verified.state, State::Active, "{:?}", verified.problems);
}

#[tokio::test]
async fn a_wish_that_jira_does_not_let_in_changes_nothing() {
    let (world, connection) = connected(false).await;
    let before = stored(&world, &connection).await;
    for misfortune in
        [Misfortune::status(401, None), Misfortune::status(403, None), Misfortune::status(404, None)]
    {
        world.jira.simulator.add_fault(misfortune.fault("getCurrentUser", 2));
        let narrower = Wish { use_cases: [UseCase::Ticketing].into(), site: None, ..wish() };
        let changed = Box::pin(world.connector().change(before.clone(), narrower)).await;
        assert!(matches!(changed, Err(Failure::Problem(_))), "{}: {changed:?}", misfortune.name);
        world.jira.simulator.clear_faults();
        assert_eq!(stored(&world, &connection).await, before, "{}", misfortune.name);
    }
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_meanwhile_is_refused_and_loses_nothing() {
    let (world, read) = connected(false).await;
    let read = stored(&world, &read).await;
    let first = Wish { use_cases: [UseCase::Ticketing].into(), site: None, ..wish() };
    let second = Wish { use_cases: [UseCase::IncidentManagement].into(), site: None, ..wish() };
    Box::pin(world.connector().change(read.clone(), first)).await.unwrap();
    let refused = Box::pin(world.connector().change(read.clone(), second.clone())).await.unwrap_err();
    assert_eq!(refused.into_error().kind(), &Kind::Conflict);
    let kept = stored(&world, &read).await;
    assert_eq!(kept.use_cases, [UseCase::Ticketing].into());
    // The same of a connection that needs a person, for which Jira is not asked.
    let problem = Problem::new(ProblemCode::GrantEnded, "it ended", "connect again");
    let read = world.access.change_connection(&world.tenant, &read.id, |it| it.lost(problem.clone()));
    let read = read.await.unwrap();
    Box::pin(world.connector().change(read.clone(), second.clone())).await.unwrap();
    let refused = Box::pin(world.connector().change(read.clone(), second)).await.unwrap_err();
    assert_eq!(refused.into_error().kind(), &Kind::Conflict);
    let kept = stored(&world, &read).await;
    assert_eq!(kept.use_cases, [UseCase::IncidentManagement].into());
}
