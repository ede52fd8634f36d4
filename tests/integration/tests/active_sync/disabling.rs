//! Disabling a sync setting with its tickets kept or deleted, and enabling it again.

use assay::operations::retiring;
use assay::sqs::{Queue, SyncRequest};
use assay::sync_setting::Retirement;
use assay::task::State;
use assay::ticket::Wanted;
use assay_test_support::world::World;
use serde_json::json;

use super::fields::edit;
use super::support::{
    DONE, TO_DO, act, change, compare, create_failing, disable, edit_sec, evaluate, issue, live, move_to,
    opened, set, setting, ticket_of,
};

async fn enable(world: &World) {
    world.time.advance(60);
    let now = world.time.now();
    set(world, |setting| setting.enable(now)).await;
    world.rest().await;
}

/// How many calls changed something in Jira.
fn writes(world: &World) -> usize {
    let operations = [
        "createIssues",
        "createIssue",
        "editIssue",
        "assignIssue",
        "doTransition",
        "deleteIssue",
        "addComment",
        "updateComment",
        "deleteComment",
    ];
    operations.iter().map(|operation| world.calls(operation)).sum()
}

/// Every open task has exactly one issue that is not done, and no other issue is.
async fn assert_one_each(world: &World, what: &str) {
    let tasks = world.tasks().await;
    let open: Vec<_> = tasks.iter().filter(|task| task.is_open()).collect();
    let mut keys = Vec::new();
    for task in &open {
        let ticket = ticket_of(world, task).await;
        assert_eq!(ticket.state.word(), "open", "{what}: {}", world.traces().await);
        keys.push(json!(ticket.state.issue().unwrap().key));
    }
    let mut live: Vec<_> = live(world).into_iter().map(|issue| issue["key"].clone()).collect();
    live.sort_by_key(ToString::to_string);
    keys.sort_by_key(ToString::to_string);
    assert_eq!(live, keys, "{what}: {}", world.traces().await);
    assert_eq!(world.imbalance().await, Vec::<String>::new(), "{what}");
}

#[tokio::test]
async fn nothing_is_written_while_a_setting_is_disabled_whatever_happens_and_enabling_adopts_its_tickets() {
    let world = opened(3).await;
    let tasks = world.tasks().await;
    disable(&world, Retirement::Keep).await;
    let before = writes(&world);
    let progress = retiring::progress(&world.access, &setting(&world).await).await.unwrap();
    assert_eq!((progress.tickets, progress.kept, progress.to_delete), (3, 3, 0));
    // One task is done, one is edited, one issue is closed by a person, and another task comes.
    let path = format!("/issue/{}/assignee", tasks[0].subject.key);
    act(&world, "acc-2", "PUT", &path, &json!({ "accountId": "acc-2" }));
    let second = edit(&world, "Second", "acc-4", 20);
    change(&world, &tasks[1].id, |task, now| task.edit(&second, now)).await;
    let closed = json!(ticket_of(&world, &tasks[2]).await.state.issue().unwrap().key);
    move_to(&world, &closed, DONE);
    create_failing(&world);
    for _ in 0..3 {
        evaluate(&world).await;
        compare(&world).await;
    }
    assert_eq!((writes(&world), world.issues_in("SEC").len()), (before, 3), "{}", world.traces().await);
    assert_eq!(world.tasks().await.iter().filter(|task| task.is_open()).count(), 3);
    enable(&world).await;
    let edited = issue(&world, &json!(ticket_of(&world, &tasks[1]).await.state.issue().unwrap().key));
    assert!(edited["summary"].as_str().unwrap().starts_with("Second"), "{}", world.traces().await);
    let done = issue(&world, &json!(ticket_of(&world, &tasks[0]).await.state.issue().unwrap().key));
    assert_eq!(done["status"], "Done");
    let completed = world.store().task(&world.tenant, &tasks[2].id).await.unwrap().unwrap();
    assert_eq!(completed.state, State::Completed, "what the person did is told now");
    evaluate(&world).await;
    assert_one_each(&world, "enabled again").await;
    assert_eq!(world.issues_in("SEC").len(), 4, "three adopted, one new");
    world.assert_honest();
}

#[tokio::test]
async fn a_ticket_whose_issue_was_reopened_or_deleted_while_it_was_kept_is_right_after_enabling() {
    let world = opened(2).await;
    let tasks = world.tasks().await;
    let path = format!("/issue/{}/assignee", tasks[0].subject.key);
    act(&world, "acc-2", "PUT", &path, &json!({ "accountId": "acc-2" }));
    evaluate(&world).await;
    disable(&world, Retirement::Keep).await;
    let keys = [&tasks[0], &tasks[1]].map(|task| task.id.clone());
    let first = json!(ticket_of(&world, &tasks[0]).await.state.issue().unwrap().key);
    let other = json!(ticket_of(&world, &tasks[1]).await.state.issue().unwrap().key);
    move_to(&world, &first, TO_DO);
    edit_sec(&world, "delete", &json!({ "issue": other }));
    compare(&world).await;
    enable(&world).await;
    evaluate(&world).await;
    let reopened = world.store().task(&world.tenant, &keys[0]).await.unwrap().unwrap();
    assert_eq!((reopened.state, reopened.held), (State::Open, true), "{}", world.traces().await);
    assert_one_each(&world, "enabled again").await;
    assert_eq!(world.issues_in("SEC").len(), 2);
    world.assert_honest();
}

#[tokio::test]
async fn each_issue_is_deleted_and_one_that_may_not_be_is_told_with_its_cause_and_deleted_when_it_may_be() {
    let world = opened(3).await;
    let moved = live(&world).remove(0);
    edit_sec(&world, "move", &json!({ "issue": moved["key"], "to": "TEAM" }));
    compare(&world).await;
    let team = |edit: &str| {
        let body = json!({ "account": "acc-admin", (edit): ["DELETE_ISSUES"] });
        world.jira.simulator.edit_project("TEAM", "permissions", &body).unwrap();
    };
    team("remove");
    disable(&world, Retirement::Delete).await;
    assert_eq!(world.issues_in("SEC").len(), 0, "{}", world.traces().await);
    let progress = retiring::progress(&world.access, &setting(&world).await).await.unwrap();
    assert_eq!((progress.tickets, progress.deleted, progress.to_delete), (3, 2, 1));
    let (refused, why) = &progress.refused[0];
    assert_eq!(refused.state.issue().unwrap().id.as_str(), moved["id"]);
    assert!(why.contains("Delete issues"), "{why}");
    evaluate_only(&world).await;
    assert_eq!(world.issues_in("SEC").len(), 0, "none is made anew");
    team("grant");
    world.time.advance(6 * 3600);
    world.rest().await;
    let progress = retiring::progress(&world.access, &setting(&world).await).await.unwrap();
    assert_eq!((progress.deleted, progress.to_delete, progress.refused.len()), (3, 0, 0));
    assert_eq!(issue(&world, &moved["id"])["deleted"], true);
    for _ in 0..2 {
        enable(&world).await;
        evaluate(&world).await;
        assert_one_each(&world, "enabled again").await;
        assert_eq!(live(&world).len(), 3);
    }
    world.assert_honest();
}

async fn evaluate_only(world: &World) {
    world.time.advance(120);
    world.reevaluate().await;
    world.work().await;
}

#[tokio::test]
async fn an_issue_whose_deleting_was_refused_is_kept_in_step_again_when_its_setting_is_enabled() {
    let world = opened(2).await;
    let body = |edit: &str| json!({ "account": "acc-admin", (edit): ["DELETE_ISSUES"] });
    edit_sec(&world, "permissions", &body("remove"));
    disable(&world, Retirement::Delete).await;
    assert_eq!(live(&world).len(), 2);
    enable(&world).await;
    evaluate(&world).await;
    assert_one_each(&world, "enabled again").await;
    edit_sec(&world, "permissions", &body("grant"));
    world.time.advance(12 * 3600);
    world.rest().await;
    assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (2, 2), "nothing is deleted any more");
    world.assert_honest();
}

#[tokio::test]
async fn no_issue_is_deleted_by_a_wish_that_outlived_the_disabling_it_came_from() {
    let world = opened(2).await;
    let now = world.time.now();
    // Disabling went over the tickets with what it had read, while a person enabled the setting again.
    for task in world.tasks().await {
        let mut ticket = ticket_of(&world, &task).await;
        ticket.want(Wanted::Deleted, "its sync setting was disabled, its tickets deleted", now);
        world.store().save_ticket(&mut ticket).await.unwrap();
        let request = SyncRequest { tenant: world.tenant.clone(), ticket: ticket.id.clone() };
        world.sync.send(&request, None).await.unwrap();
    }
    world.rest().await;
    assert_eq!((live(&world).len(), world.calls("deleteIssue")), (2, 0), "{}", world.traces().await);
    evaluate(&world).await;
    assert_one_each(&world, "enabled all the time").await;
    world.assert_honest();
}

#[tokio::test]
async fn issues_on_which_people_commented_are_listed_before_and_kept_and_the_others_are_deleted() {
    let world = opened(3).await;
    let commented = live(&world).remove(1);
    edit_sec(&world, "comment", &json!({ "issue": commented["key"], "text": "I am on it" }));
    let listed = retiring::commented(&world.access, &setting(&world).await, None).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (json!(listed[0].ticket.state.issue().unwrap().key), listed[0].comments),
        (commented["key"].clone(), 1)
    );
    disable(&world, Retirement::DeleteUncommented).await;
    world.rest().await;
    let left: Vec<_> = world.issues_in("SEC").into_iter().map(|issue| issue["key"].clone()).collect();
    assert_eq!(left, std::slice::from_ref(&commented["key"]), "{}", world.traces().await);
    let progress = retiring::progress(&world.access, &setting(&world).await).await.unwrap();
    assert_eq!((progress.kept, progress.deleted, progress.to_delete), (1, 2, 0));
    for _ in 0..2 {
        enable(&world).await;
        evaluate(&world).await;
        assert_one_each(&world, "enabled again").await;
        assert_eq!(world.issues_in("SEC").len(), 3, "one adopted, two new");
    }
    assert!(live(&world).iter().any(|issue| issue["key"] == commented["key"]));
    world.assert_honest();
}
