//! Ways to a done status: several steps, screens that demand something, and ways that only a person can go.

use assay::task::State;
use assay_test_support::balance::assert_says;
use assay_test_support::world::World;
use serde_json::{Value, json};

use super::support::{
    changes, complete, edit_sec, evaluate, issue, live, mend, opened, opened_as, retry, task, the_live,
    ticket,
};

/// The last step of SEC's workflow, demanding these fields.
fn demand(world: &World, required: &[&str]) {
    let approve =
        json!({ "id": "31", "name": "Approve", "from": ["10002"], "to": "10003", "required": required });
    edit_sec(world, "transitions", &approve);
}

/// A field of SEC that nobody but a person can fill.
fn add_sign_off(world: &World) {
    let field = json!({ "id": "customfield_10050", "name": "Sign-off", "type": "string", "required": false });
    edit_sec(world, "fields", &field);
}

#[tokio::test]
async fn an_issue_is_closed_and_reopened_step_by_step_through_its_workflow() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    mend(&world);
    evaluate(&world).await;
    let moves: Vec<Value> = changes(&issue(&world, &key), "status").into_iter().map(|(_, to)| to).collect();
    assert_eq!(moves, ["In Progress", "In Review", "Done"]);
    let now = ticket(&world).await;
    for step in ["moved to In Progress", "moved to In Review", "moved to Done"] {
        assert_says(&now, step, "");
    }
    world.assert_honest();
}

#[tokio::test]
async fn a_screen_that_demands_a_resolution_gets_one() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    demand(&world, &["resolution"]);
    mend(&world);
    evaluate(&world).await;
    let there = issue(&world, &key);
    assert_eq!(there["status"], "Done", "{}", world.traces().await);
    assert!(there["resolution"].is_string(), "{there:#?}");
    world.assert_honest();
}

#[tokio::test]
async fn a_screen_that_demands_what_nobody_can_fill_parks_the_ticket_with_its_cause_until_it_is_mended() {
    for by_hand in [true, false] {
        let world = opened(1).await;
        let key = the_live(&world)["key"].clone();
        add_sign_off(&world);
        demand(&world, &["customfield_10050"]);
        let id = task(&world).await.id;
        complete(&world, &id).await;
        world.work().await;
        let parked = ticket(&world).await;
        let problem = parked.problem.clone().unwrap();
        assert!(problem.what.contains("Sign-off"), "{}", problem.what);
        assert_says(&parked, "could not close the issue", "");
        assert_eq!(parked.state.word(), "closing");
        assert!(parked.due_at.is_some(), "it is tried again");
        world.time.advance(60);
        retry(&world, parked).await;
        let still = ticket(&world).await;
        assert_eq!(still.problem.as_ref().map(|problem| problem.tries), Some(2), "{:#?}", still.problem);
        assert_eq!(live(&world).len(), 1);
        demand(&world, &[]);
        if by_hand {
            world.time.advance(60);
            retry(&world, still).await;
        } else {
            world.time.advance(3700);
            world.rest().await;
        }
        assert_eq!(issue(&world, &key)["status"], "Done", "{}", world.traces().await);
        let done = ticket(&world).await;
        assert_eq!((done.state.word(), done.problem), ("closed", None));
        assert_eq!(task(&world).await.state, State::Completed);
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_person_who_goes_the_way_that_we_could_not_go_settles_the_ticket() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    add_sign_off(&world);
    demand(&world, &["customfield_10050"]);
    let id = task(&world).await.id;
    complete(&world, &id).await;
    world.work().await;
    super::support::move_to(&world, &key, "10003");
    super::support::compare(&world).await;
    world.rest().await;
    let (now, ticket) = (task(&world).await, ticket(&world).await);
    assert_eq!((now.state, now.completion.unwrap().by.as_str()), (State::Completed, "tok-1"));
    assert_eq!((ticket.state.word(), ticket.problem, ticket.due_at), ("closed", None, None));
    world.assert_honest();
}

#[tokio::test]
async fn the_done_status_of_the_setting_is_the_one_that_an_issue_is_closed_with() {
    let world = opened_as(1, |setting| setting.done_status = Some("10003".to_owned())).await;
    let key = the_live(&world)["key"].clone();
    mend(&world);
    evaluate(&world).await;
    assert_eq!(issue(&world, &key)["status"], "Done");
    world.assert_honest();
}
