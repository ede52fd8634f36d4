//! Edits whose call goes wrong: each field stays ours, and is written in the end.

use assay::jira::http::Method;
use assay_test_support::balance::assert_says;
use assay_test_support::misfortune::Misfortune;
use assay_test_support::world::World;
use jira_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use super::fields::{edit, edit_task};
use super::support::{act, change, die_after, edit_sec, issue, opened, task, the_live, ticket};

const EDIT: &str = "editIssue";

/// The issue is as the task was edited last, and nothing of it is a person's.
async fn assert_followed(world: &World, key: &Value, title: &str, assignee: &str, what: &str) {
    let there = issue(world, key);
    let story = world.traces().await;
    assert!(there["summary"].as_str().unwrap().starts_with(title), "{what}: {story}");
    assert_eq!(there["assignee"], assignee, "{what}: {story}");
    let due = task(world).await.due_at.to_string();
    assert_eq!(there["fields"]["duedate"], due[..10], "{what}: {story}");
    let ticket = ticket(world).await;
    assert_eq!((ticket.kept, ticket.problem), ([].into(), None), "{what}: {story}");
}

#[tokio::test]
async fn an_edit_that_goes_wrong_leaves_the_fields_ours_and_is_made_again_only_as_far_as_it_is_needed() {
    let wrong = Misfortune::in_doubt()
        .into_iter()
        .filter(|misfortune| misfortune.name != "slow drip")
        .chain(Misfortune::limits())
        .chain([Misfortune::status(409, None), Misfortune::status(403, None)]);
    for misfortune in wrong {
        let world = opened(1).await;
        let key = the_live(&world)["key"].clone();
        world.jira.simulator.add_fault(misfortune.fault(EDIT, 1));
        edit_task(&world, edit(&world, "Second", "acc-4", 20)).await;
        assert_followed(&world, &key, "Second", "acc-4", &misfortune.name).await;
        edit_task(&world, edit(&world, "Third", "acc-5", 30)).await;
        assert_followed(&world, &key, "Third", "acc-5", &misfortune.name).await;
        if misfortune.has_effect() {
            assert_eq!(world.calls(EDIT), 2, "{}", misfortune.name);
        }
        world.assert_honest();
    }
}

#[tokio::test]
async fn an_edit_whose_answer_was_lost_is_ours_though_the_task_changed_again_before_it_was_looked_at() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, EDIT));
    let id = task(&world).await.id;
    let second = edit(&world, "Second", "acc-4", 20);
    change(&world, &id, |task, now| task.edit(&second, now)).await;
    world.work().await;
    // The next one does not even reach Jira, and the one after that gets through.
    world.jira.simulator.add_fault(Fault::once(FaultKind::CutBefore, EDIT));
    edit_task(&world, edit(&world, "Third", "acc-5", 30)).await;
    assert_followed(&world, &key, "Third", "acc-5", "twice in doubt").await;
    edit_task(&world, edit(&world, "Fourth", "acc-6", 40)).await;
    assert_followed(&world, &key, "Fourth", "acc-6", "twice in doubt").await;
    world.assert_honest();
}

#[tokio::test]
async fn a_worker_that_dies_between_its_edit_and_its_save_leaves_the_fields_ours() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    let id = task(&world).await.id;
    let second = edit(&world, "Second", "acc-4", 20);
    change(&world, &id, |task, now| task.edit(&second, now)).await;
    die_after(&world, 1, |request| request.method == Method::Put).await;
    world.rest().await;
    assert_followed(&world, &key, "Second", "acc-4", "died").await;
    assert_eq!(world.calls(EDIT), 1, "what is there is not written again");
    edit_task(&world, edit(&world, "Third", "acc-5", 30)).await;
    assert_followed(&world, &key, "Third", "acc-5", "died").await;
    world.assert_honest();
}

#[tokio::test]
async fn a_persons_change_between_a_lost_edit_and_the_next_is_left_to_the_person() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, EDIT));
    let id = task(&world).await.id;
    let second = edit(&world, "Second", "acc-4", 20);
    change(&world, &id, |task, now| task.edit(&second, now)).await;
    world.work().await;
    let path = format!("/issue/{}", key.as_str().unwrap());
    act(&world, "acc-1", "PUT", &path, &json!({ "fields": { "summary": "Mine" } }));
    edit_task(&world, edit(&world, "Third", "acc-5", 30)).await;
    let there = issue(&world, &key);
    assert_eq!((&there["summary"], &there["assignee"]), (&json!("Mine"), &json!("acc-5")));
    world.assert_honest();
}

#[tokio::test]
async fn an_issue_that_others_change_at_the_same_time_is_read_again_until_it_can_be_written() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    edit_sec(&world, "conflict", &json!({ "issue": key, "times": 3 }));
    edit_task(&world, edit(&world, "Second", "acc-4", 20)).await;
    assert_followed(&world, &key, "Second", "acc-4", "conflict").await;
    assert_says(&ticket(&world).await, "somebody else changes the issue at the same time", "");
    world.assert_honest();
}

#[tokio::test]
async fn an_optional_field_that_jira_refuses_is_left_out_and_the_others_are_written() {
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    edit_sec(&world, "permissions", &json!({ "account": "acc-4", "remove": ["ASSIGNABLE_USER"] }));
    edit_task(&world, edit(&world, "Second", "acc-4", 20)).await;
    let there = issue(&world, &key);
    assert!(there["summary"].as_str().unwrap().starts_with("Second"), "{}", world.traces().await);
    assert_eq!(there["assignee"], Value::Null);
    let now = ticket(&world).await;
    assert_says(&now, "left out assignee", "");
    assert_eq!((now.left_out, now.problem), (vec!["assignee".to_owned()], None));
    world.assert_honest();
}
