//! Our own changes come back as news, and are known as ours.

use assay::jira::http::Method;
use assay::task::State;
use assay_test_support::world::World;
use jira_sim::{Fault, FaultKind};

use super::support::{
    complete, deliver, deliveries, die_after, evaluate, hear, listening_as, live, mend, task, the_live,
    ticket,
};

/// Nothing says that a person did something in Jira.
async fn assert_nobody_did_it(world: &World) {
    let ticket = ticket(world).await;
    assert!(ticket.trace.iter().all(|entry| !entry.actor.starts_with("jira")), "{:#?}", ticket.trace);
    assert_eq!(ticket.news, None);
}

#[tokio::test]
async fn our_own_closing_completes_no_task() {
    let world = listening_as(1, |_| ()).await;
    mend(&world);
    world.time.advance(120);
    world.reevaluate().await;
    world.work().await;
    let heard = deliver(&world, deliveries(&world)).await;
    assert!(heard.len() > 2, "our three moves were told: {heard:?}");
    world.work().await;
    world.rest().await;
    let now = task(&world).await;
    assert_eq!((now.state, now.completion, now.generation), (State::Resolved, None, 1));
    assert_eq!(live(&world).len(), 0);
    assert_nobody_did_it(&world).await;
    world.assert_honest();
}

#[tokio::test]
async fn our_own_closing_whose_answers_were_lost_is_not_taken_for_a_persons() {
    for kind in [FaultKind::AnswerLost, FaultKind::Truncated] {
        let world = listening_as(1, |_| ()).await;
        let id = task(&world).await.id;
        complete(&world, &id).await;
        world.jira.simulator.add_fault(Fault { times: 3, ..Fault::once(kind, "doTransition") });
        world.work().await;
        hear(&world).await;
        world.rest().await;
        hear(&world).await;
        world.rest().await;
        let now = task(&world).await;
        assert_eq!((now.state, now.completion.unwrap().by.as_str()), (State::Completed, "tok-1"));
        assert_eq!(live(&world).len(), 0);
        assert_nobody_did_it(&world).await;
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_worker_that_dies_after_its_last_move_leaves_a_closing_that_is_known_as_ours() {
    let world = listening_as(1, |_| ()).await;
    mend(&world);
    world.time.advance(120);
    world.reevaluate().await;
    let is_move = |request: &assay::jira::http::Request| {
        request.method == Method::Post && request.url.contains("/transitions")
    };
    die_after(&world, 3, is_move).await;
    assert_eq!((live(&world).len(), ticket(&world).await.state.word()), (0, "closing"));
    hear(&world).await;
    world.rest().await;
    assert_eq!((task(&world).await.state, ticket(&world).await.state.word()), (State::Resolved, "closed"));
    assert_eq!(task(&world).await.completion, None);
    assert_nobody_did_it(&world).await;
    world.assert_honest();
}

#[tokio::test]
async fn our_own_reopening_holds_no_task() {
    let world = listening_as(1, |_| ()).await;
    let id = task(&world).await.id;
    complete(&world, &id).await;
    world.rest().await;
    hear(&world).await;
    assert_eq!(live(&world).len(), 0);
    // The check still fails, so that the task and its issue are opened again.
    evaluate(&world).await;
    hear(&world).await;
    world.rest().await;
    let now = task(&world).await;
    assert_eq!((now.state, now.held, now.generation), (State::Open, false, 2));
    the_live(&world);
    assert_nobody_did_it(&world).await;
    mend(&world);
    evaluate(&world).await;
    assert_eq!((task(&world).await.state, live(&world).len()), (State::Resolved, 0));
    world.assert_honest();
}
