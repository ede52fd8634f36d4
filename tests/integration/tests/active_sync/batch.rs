//! Batch mode: one issue for each assignee and one for nobody, whose list of tasks is kept up to date.

use assay::ids::AccountId;
use assay::sync_setting::{ClosureRule, Mode, SyncSetting};
use assay::task::{Edit, State, Task};
use assay_test_support::balance::assert_says;
use assay_test_support::world::World;
use jira_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use super::support::{
    DONE, TO_DO, act, change, compare, create_failing, edit_sec, evaluate, issue, live, mend, move_to,
    opened_as, the_live, ticket_of,
};

fn batch(setting: &mut SyncSetting) {
    setting.mode = Mode::Batch;
}

/// How often a list says this.
fn count(document: &Value, words: &str) -> usize {
    document.to_string().matches(words).count()
}

/// How many tasks an issue lists as to do and as done.
fn listed(issue: &Value) -> (usize, usize) {
    (count(&issue["description"], "To do: "), count(&issue["description"], "Done: "))
}

fn names(document: &Value, task: &Task) -> bool {
    count(document, &format!("\"text\":\"{}\"", task.subject.key)) > 0
}

async fn assign(world: &World, task: &Task, assignee: Option<&str>) {
    let assignee = assignee.map(|id| AccountId::parse(id).unwrap());
    let edit = Edit { assignee: Some(assignee), ..Edit::default() };
    world.time.advance(30);
    change(world, &task.id, |task, now| task.edit(&edit, now)).await;
    world.rest().await;
}

/// `acc-2` gives the change ticket of a task an assignee.
fn mend_one(world: &World, task: &Task) {
    let path = format!("/issue/{}/assignee", task.subject.key);
    act(world, "acc-2", "PUT", &path, &json!({ "accountId": "acc-2" }));
}

/// The live issue that is assigned so.
fn of(world: &World, assignee: &Value) -> Value {
    let mut live = live(world);
    live.retain(|issue| issue["assignee"] == *assignee);
    assert_eq!(live.len(), 1, "{assignee}: {live:#?}");
    live.remove(0)
}

#[tokio::test]
async fn there_is_one_issue_for_each_assignee_and_one_for_nobody_and_a_task_that_is_reassigned_moves() {
    let world = opened_as(3, batch).await;
    let tasks = world.tasks().await;
    assert_eq!(listed(&the_live(&world)), (3, 0));
    assign(&world, &tasks[0], Some("acc-2")).await;
    assign(&world, &tasks[1], Some("acc-2")).await;
    let (nobodys, theirs) = (of(&world, &json!(null)), of(&world, &json!("acc-2")));
    assert_eq!((live(&world).len(), listed(&nobodys), listed(&theirs)), (2, (1, 0), (2, 0)));
    assert!(names(&nobodys["description"], &tasks[2]) && names(&theirs["description"], &tasks[0]));
    assign(&world, &tasks[1], Some("acc-3")).await;
    assert_eq!(listed(&of(&world, &json!("acc-2"))), (1, 0));
    assert!(names(&of(&world, &json!("acc-3"))["description"], &tasks[1]));
    // The last one moves away: the issue has nothing to say any more.
    assign(&world, &tasks[0], Some("acc-3")).await;
    assert_eq!((live(&world).len(), listed(&of(&world, &json!("acc-3")))), (2, (2, 0)));
    assert_eq!(issue(&world, &theirs["key"])["status"], "Done");
    evaluate(&world).await;
    assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (2, 3));
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    world.assert_honest();
}

#[tokio::test]
async fn the_list_grows_and_shows_what_is_done_and_the_issue_is_closed_when_all_is() {
    let world = opened_as(2, batch).await;
    let key = the_live(&world)["key"].clone();
    create_failing(&world);
    evaluate(&world).await;
    assert_eq!(listed(&the_live(&world)), (3, 0), "{}", world.traces().await);
    let tasks = world.tasks().await;
    mend_one(&world, &tasks[0]);
    evaluate(&world).await;
    assert_eq!(listed(&the_live(&world)), (2, 1));
    mend(&world);
    evaluate(&world).await;
    let closed = issue(&world, &key);
    assert_eq!((&closed["status"], listed(&closed)), (&json!("Done"), (0, 3)), "true to the last");
    // What comes then begins the next generation.
    create_failing(&world);
    evaluate(&world).await;
    let next = the_live(&world);
    assert_eq!((listed(&next), next["key"] == key, world.issues_in("SEC").len()), ((1, 0), false, 2));
    assert_eq!(world.tickets().await.iter().map(|ticket| ticket.generation).max(), Some(2));
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    world.assert_honest();
}

#[tokio::test]
async fn the_rule_any_closes_an_issue_with_its_first_task_and_opens_no_other_for_those_that_are_left() {
    let world = opened_as(2, |setting| {
        batch(setting);
        setting.closure_rule = ClosureRule::Any;
    })
    .await;
    let tasks = world.tasks().await;
    mend_one(&world, &tasks[0]);
    for _ in 0..2 {
        evaluate(&world).await;
        assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (0, 1), "{}", world.traces().await);
    }
    assert_eq!(world.tasks().await.iter().filter(|task| task.is_open()).count(), 1);
    create_failing(&world);
    evaluate(&world).await;
    assert_eq!(listed(&the_live(&world)), (1, 0));
    // The one that was done fails again: it is to be done, and an open issue says so.
    act(
        &world,
        "acc-2",
        "PUT",
        &format!("/issue/{}/assignee", tasks[0].subject.key),
        &json!({ "accountId": null }),
    );
    evaluate(&world).await;
    assert_eq!(listed(&the_live(&world)), (2, 0), "{}", world.traces().await);
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    world.assert_honest();
}

#[tokio::test]
async fn an_issue_that_the_rule_any_closed_and_a_person_reopened_stays_open_until_one_more_task_is_done() {
    let world = opened_as(3, |setting| {
        batch(setting);
        setting.closure_rule = ClosureRule::Any;
    })
    .await;
    let (tasks, key) = (world.tasks().await, the_live(&world)["key"].clone());
    mend_one(&world, &tasks[0]);
    evaluate(&world).await;
    assert_eq!(live(&world).len(), 0);
    move_to(&world, &key, TO_DO);
    compare(&world).await;
    for _ in 0..2 {
        evaluate(&world).await;
        assert_eq!(the_live(&world)["key"], key, "{}", world.traces().await);
    }
    mend_one(&world, &tasks[1]);
    evaluate(&world).await;
    assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (0, 1), "{}", world.traces().await);
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    world.assert_honest();
}

#[tokio::test]
async fn the_rule_never_leaves_closing_to_people() {
    let world = opened_as(2, |setting| {
        batch(setting);
        setting.closure_rule = ClosureRule::Never;
    })
    .await;
    let key = the_live(&world)["key"].clone();
    mend(&world);
    evaluate(&world).await;
    evaluate(&world).await;
    assert_eq!(listed(&the_live(&world)), (0, 2));
    move_to(&world, &key, DONE);
    compare(&world).await;
    evaluate(&world).await;
    assert_eq!(live(&world).len(), 0, "{}", world.traces().await);
    assert!(
        world.tasks().await.iter().all(|task| task.state == State::Resolved && task.completion.is_none())
    );
    world.assert_honest();
}

#[tokio::test]
async fn a_person_who_closes_a_batch_completes_all_of_it_and_what_still_fails_opens_it_again() {
    let world = opened_as(3, batch).await;
    let key = the_live(&world)["key"].clone();
    let tasks = world.tasks().await;
    move_to(&world, &key, DONE);
    compare(&world).await;
    assert!(world.tasks().await.iter().all(|task| task.state == State::Completed));
    mend_one(&world, &tasks[0]);
    evaluate(&world).await;
    let there = the_live(&world);
    assert_eq!((&there["key"], listed(&there)), (&key, (2, 1)), "{}", world.traces().await);
    assert_eq!(world.issues_in("SEC").len(), 1);
    world.assert_honest();
}

#[tokio::test]
async fn more_tasks_than_a_description_holds_go_on_in_comments_that_are_edited_and_never_doubled() {
    for lost in [false, true] {
        let world = World::with(super::support::sites(120, 0)).await;
        let connection = world.connect().await;
        world.sync_all(&connection).await;
        super::support::set(&world, batch).await;
        if lost {
            world
                .jira
                .simulator
                .add_fault(Fault { times: 2, ..Fault::once(FaultKind::AnswerLost, "addComment") });
        }
        world.evaluate().await;
        world.rest().await;
        let parts = |issue: &Value| -> Vec<(String, usize, usize)> {
            let comments = issue["comments"].as_array().unwrap().iter();
            comments
                .map(|it| {
                    assert_eq!(it["author"], "acc-admin");
                    let id = it["id"].as_str().unwrap().to_owned();
                    (id, count(&it["body"], "To do: "), count(&it["body"], "Done: "))
                })
                .collect()
        };
        let there = the_live(&world);
        let before = parts(&there);
        let counts: Vec<(usize, usize)> = before.iter().map(|(_, open, done)| (*open, *done)).collect();
        assert_eq!((listed(&there), counts), ((40, 0), vec![(55, 0), (25, 0)]), "lost: {lost}");
        // One of the second part is done.
        let tasks = world.tasks().await;
        let comment = &there["comments"][0]["body"];
        let one = tasks.iter().find(|task| names(comment, task)).unwrap();
        mend_one(&world, one);
        world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, "updateComment"));
        evaluate(&world).await;
        let there = the_live(&world);
        let after = parts(&there);
        assert_eq!(listed(&there), (40, 0));
        assert_eq!((after[0].1, after[0].2, after[1].1), (54, 1, 25), "lost: {lost}");
        assert_eq!((&after[0].0, &after[1].0, after.len()), (&before[0].0, &before[1].0, 2), "edited");
        mend(&world);
        evaluate(&world).await;
        let closed = issue(&world, &there["key"]);
        assert_eq!((&closed["status"], listed(&closed)), (&json!("Done"), (0, 40)));
        let done: Vec<usize> = parts(&closed).iter().map(|(_, _, done)| *done).collect();
        assert_eq!(done, [55, 25]);
        world.assert_honest();
    }
}

#[tokio::test]
async fn an_assignee_that_may_not_be_assigned_is_left_out_and_the_trace_says_so() {
    let world = opened_as(2, batch).await;
    edit_sec(&world, "permissions", &json!({ "account": "acc-2", "remove": ["ASSIGNABLE_USER"] }));
    let tasks = world.tasks().await;
    assign(&world, &tasks[0], Some("acc-2")).await;
    let moved = world.tasks().await.into_iter().find(|task| task.id == tasks[0].id).unwrap();
    let ticket = ticket_of(&world, &moved).await;
    assert_says(&ticket, "left out assignee", "");
    let there = issue(&world, &json!(ticket.state.issue().unwrap().key));
    assert_eq!((&there["assignee"], listed(&there)), (&Value::Null, (1, 0)));
    assert_eq!(live(&world).len(), 2, "it is not put together with the tasks of nobody");
    evaluate(&world).await;
    assert_eq!(live(&world).len(), 2);
    world.assert_honest();
}
