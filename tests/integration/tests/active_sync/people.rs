//! What people do to an issue's status reaches its tasks, by the reopen rule.

use assay::sync_setting::ReopenRule;
use assay::task::{State, Task};
use assay_test_support::balance::story;
use assay_test_support::world::World;
use serde_json::json;

use super::support::{
    DONE, TO_DO, change, compare, complete, deliver, deliveries, evaluate, hear, issue, listening_as, live,
    mend, move_to, opened, opened_as, task, the_live, ticket, written_by_us,
};

const RULES: [ReopenRule; 4] = [ReopenRule::Both, ReopenRule::Tasks, ReopenRule::Issues, ReopenRule::Neither];

/// The task is completed because `acc-1` closed its issue, and the trace says so.
async fn assert_completed_by_a_person(world: &World) {
    let task = task(world).await;
    assert_eq!(task.state, State::Completed);
    let completion = task.completion.unwrap();
    assert_eq!(completion.by, "jira");
    assert!(completion.why.contains("SEC-1"), "{}", completion.why);
    let ticket = ticket(world).await;
    assert_eq!(ticket.state.word(), "closed");
    let told = ticket.trace.iter().find(|entry| entry.what == "the issue is done").unwrap();
    assert_eq!(told.actor, "jira:acc-1", "{}", story(&ticket));
}

#[tokio::test]
async fn a_person_who_closes_an_issue_completes_its_task_within_one_delivery() {
    let world = listening_as(1, |_| ()).await;
    let key = the_live(&world)["key"].clone();
    move_to(&world, &key, DONE);
    hear(&world).await;
    assert_completed_by_a_person(&world).await;
    world.rest().await;
    assert_eq!(written_by_us(&issue(&world, &key)), Vec::<String>::new());
    world.assert_honest();
}

#[tokio::test]
async fn a_person_who_closes_an_issue_completes_its_task_at_the_next_comparison_where_no_webhook_is_possible()
{
    let world = opened(1).await;
    let key = the_live(&world)["key"].clone();
    move_to(&world, &key, DONE);
    compare(&world).await;
    assert_completed_by_a_person(&world).await;
    world.rest().await;
    assert_eq!(written_by_us(&issue(&world, &key)), Vec::<String>::new());
    world.assert_honest();
}

#[tokio::test]
async fn a_task_whose_check_still_fails_after_a_person_closed_its_issue_is_opened_again_and_its_issue_follows_by_rule()
 {
    for rule in RULES {
        let world = opened_as(1, |setting| setting.reopen_rule = rule).await;
        let key = the_live(&world)["key"].clone();
        move_to(&world, &key, DONE);
        compare(&world).await;
        assert_completed_by_a_person(&world).await;
        for _ in 0..2 {
            evaluate(&world).await;
            let task = task(&world).await;
            assert_eq!((task.state, task.held, task.generation), (State::Open, false, 2), "{rule:?}");
            let live = the_live(&world);
            let issues = world.issues_in("SEC").len();
            let what = format!("{rule:?}: {}", world.traces().await);
            if rule.reopens_issues() {
                assert_eq!((&live["key"], issues), (&key, 1), "{what}");
            } else {
                assert_ne!(live["key"], key, "{what}");
                assert_eq!((issues, issue(&world, &key)["status"].as_str()), (2, Some("Done")), "{what}");
            }
            assert_eq!(ticket(&world).await.state.word(), "open", "{what}");
            assert_eq!(world.imbalance().await, Vec::<String>::new(), "{what}");
        }
        mend(&world);
        evaluate(&world).await;
        assert_eq!((live(&world).len(), task(&world).await.state), (0, State::Resolved), "{rule:?}");
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_person_who_reopens_an_issue_opens_its_task_again_and_only_a_person_ends_it_by_rule() {
    for rule in RULES {
        let world = opened_as(1, |setting| setting.reopen_rule = rule).await;
        let key = the_live(&world)["key"].clone();
        mend(&world);
        evaluate(&world).await;
        assert_eq!((live(&world).len(), task(&world).await.state), (0, State::Resolved), "{rule:?}");
        let moves = world.calls("doTransition");
        move_to(&world, &key, TO_DO);
        compare(&world).await;
        evaluate(&world).await;
        assert_eq!(world.calls("doTransition"), moves, "the issue is left as the person wants it: {rule:?}");
        assert_eq!(the_live(&world)["key"], key, "{rule:?}");
        let now = task(&world).await;
        if !rule.reopens_tasks() {
            assert_eq!((now.state, now.generation), (State::Resolved, 1), "{rule:?}");
            continue;
        }
        assert_eq!((now.state, now.held, now.generation), (State::Open, true, 2), "{rule:?}");
        let opened_by = ticket(&world).await;
        assert!(opened_by.trace.iter().any(|entry| entry.actor == "jira:acc-1"), "{}", story(&opened_by));
        complete(&world, &now.id).await;
        world.rest().await;
        assert_eq!((live(&world).len(), task(&world).await.state), (0, State::Completed), "{rule:?}");
        evaluate(&world).await;
        assert_eq!((live(&world).len(), task(&world).await.state), (0, State::Resolved), "{rule:?}");
        assert_eq!(world.issues_in("SEC").len(), 1, "{rule:?}");
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_person_who_closes_an_issue_that_a_person_had_reopened_completes_the_held_task() {
    let world = listening_as(1, |_| ()).await;
    let key = the_live(&world)["key"].clone();
    mend(&world);
    evaluate(&world).await;
    hear(&world).await;
    move_to(&world, &key, TO_DO);
    hear(&world).await;
    assert!(task(&world).await.held);
    world.time.advance(60);
    move_to(&world, &key, DONE);
    hear(&world).await;
    let now = task(&world).await;
    assert_eq!((now.state, now.held), (State::Completed, false));
    evaluate(&world).await;
    assert_eq!((task(&world).await.state, live(&world).len()), (State::Resolved, 0));
    world.assert_honest();
}

#[tokio::test]
async fn deliveries_that_come_twice_late_in_another_order_or_never_end_the_same() {
    for trouble in ["none", "twice", "latest first", "lost", "shuffled"] {
        let world = listening_as(1, |_| ()).await;
        world.jira.simulator.set(|settings| match trouble {
            "twice" => settings.webhook_duplicates = true,
            "latest first" => settings.webhook_reorder = true,
            "lost" => settings.webhook_loss = 1,
            "shuffled" => settings.webhook_shuffle = Some(7),
            _ => {}
        });
        let key = the_live(&world)["key"].clone();
        for status in [DONE, TO_DO, "10001", DONE] {
            move_to(&world, &key, status);
            world.time.advance(2);
        }
        let due = deliveries(&world);
        assert_eq!(due.is_empty(), trouble == "lost", "{trouble}");
        for delivery in due {
            deliver(&world, vec![delivery]).await;
            world.work().await;
        }
        // What webhooks do not tell, the comparison finds within the hour.
        world.time.advance(3601);
        compare(&world).await;
        world.rest().await;
        assert_completed_by_a_person(&world).await;
        assert_eq!(task(&world).await.generation, 1, "{trouble}");
        assert_eq!(written_by_us(&issue(&world, &key)), Vec::<String>::new(), "{trouble}");
        assert_eq!(world.issues_in("SEC").len(), 1, "{trouble}");
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_delivery_about_an_issue_that_was_already_reopened_opens_nothing_twice() {
    let world = listening_as(1, |_| ()).await;
    let key = the_live(&world)["key"].clone();
    move_to(&world, &key, DONE);
    let closed = deliveries(&world);
    world.time.advance(5);
    move_to(&world, &key, TO_DO);
    let reopened = deliveries(&world);
    // The truth is read, so that neither order makes anything of what is over.
    deliver(&world, reopened).await;
    world.work().await;
    deliver(&world, closed).await;
    world.work().await;
    world.rest().await;
    let now = task(&world).await;
    assert_eq!((now.state, now.generation, now.held), (State::Open, 1, false));
    assert_eq!(the_live(&world)["key"], key);
    world.assert_honest();
}

#[tokio::test]
async fn a_task_that_a_person_reopens_here_reopens_its_issue_or_gets_a_new_ticket_by_rule() {
    for rule in RULES {
        let world = opened_as(1, |setting| setting.reopen_rule = rule).await;
        let key = the_live(&world)["key"].clone();
        mend(&world);
        evaluate(&world).await;
        let id = task(&world).await.id;
        world.time.advance(60);
        change(&world, &id, Task::reopen).await;
        world.rest().await;
        evaluate(&world).await;
        let now = task(&world).await;
        assert_eq!((now.state, now.held), (State::Open, true), "{rule:?}");
        assert_eq!(the_live(&world)["key"] == key, rule.reopens_issues(), "{rule:?}");
        assert_eq!(world.imbalance().await, Vec::<String>::new(), "{rule:?}");
        assert_eq!(json!(ticket(&world).await.state.issue().unwrap().key), the_live(&world)["key"]);
        world.assert_honest();
    }
}
