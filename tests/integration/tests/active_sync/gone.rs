//! Issues that are moved, renamed, archived, restored and deleted.

use assay::sqs::{Queue, SyncRequest};
use assay::sync_setting::GonePolicy;
use assay::task::State;
use assay_test_support::world::World;
use serde_json::json;

use super::support::{
    DONE, act, compare, complete, edit_sec, evaluate, issue, listening_as, live, mend, move_to, opened,
    opened_as, task, the_live, ticket,
};

const POLICIES: [GonePolicy; 3] = [GonePolicy::Recreate, GonePolicy::CloseTask, GonePolicy::Ask];

/// A person decides by the API.
async fn decide(world: &World, policy: GonePolicy) {
    let mut ticket = ticket(world).await;
    assert!(ticket.decide(policy, "tok-1", world.time.now()), "{ticket:#?}");
    world.store().save_ticket(&mut ticket).await.unwrap();
    let request = SyncRequest { tenant: world.tenant.clone(), ticket: ticket.id.clone() };
    world.sync.send(&request, None).await.unwrap();
    Box::pin(world.rest()).await;
}

#[tokio::test]
async fn an_issue_that_was_moved_and_whose_project_was_renamed_stays_its_tasks_ticket() {
    let world = opened(1).await;
    let before = the_live(&world);
    edit_sec(&world, "move", &json!({ "issue": before["key"], "to": "TEAM" }));
    world.jira.simulator.edit_project("TEAM", "rename", &json!({ "key": "CREW", "name": "Crew" })).unwrap();
    compare(&world).await;
    let there = issue(&world, &before["id"]);
    let now = ticket(&world).await;
    assert_eq!(json!(now.state.issue().unwrap().key), there["key"]);
    assert_eq!((now.state.word(), now.project.as_str()), ("open", "10004"));
    evaluate(&world).await;
    assert_eq!((world.issues_in("SEC").len(), world.tickets().await.len()), (0, 1), "none is made anew");
    let id = task(&world).await.id;
    complete(&world, &id).await;
    world.rest().await;
    assert_eq!(issue(&world, &before["id"])["status_category"], "done");
    // It is found again where it is now, and opened there.
    evaluate(&world).await;
    assert_ne!(issue(&world, &before["id"])["status_category"], "done");
    assert_eq!((world.issues_in("SEC").len(), world.tickets().await.len()), (0, 1));
    world.assert_honest();
}

#[tokio::test]
async fn an_issue_that_was_deleted_is_replaced_or_completes_its_task_or_waits_for_a_person_by_policy() {
    for policy in POLICIES {
        let world = opened_as(1, |setting| setting.gone_policy = policy).await;
        let key = the_live(&world)["key"].clone();
        edit_sec(&world, "delete", &json!({ "issue": key }));
        compare(&world).await;
        world.rest().await;
        follows(&world, policy).await;
    }
}

#[tokio::test]
async fn an_issue_that_was_archived_is_replaced_or_completes_its_task_or_waits_for_a_person_by_policy() {
    for policy in POLICIES {
        let world = opened_as(1, |setting| setting.gone_policy = policy).await;
        let key = the_live(&world)["key"].clone();
        edit_sec(&world, "archive", &json!({ "issue": key }));
        compare(&world).await;
        world.rest().await;
        follows(&world, policy).await;
    }
}

/// What follows when an issue is gone: at once, and when the check fails again.
async fn follows(world: &World, policy: GonePolicy) {
    let now = task(world).await;
    match policy {
        GonePolicy::Recreate => {
            assert_eq!((now.state, live(world).len()), (State::Open, 1), "{}", world.traces().await);
            evaluate(world).await;
        }
        GonePolicy::CloseTask => {
            assert_eq!((now.state, live(world).len()), (State::Completed, 0), "{}", world.traces().await);
            assert_eq!(now.completion.unwrap().by, "jira");
            // The check still fails.
            evaluate(world).await;
            assert_eq!(task(world).await.state, State::Open);
        }
        GonePolicy::Ask => {
            evaluate(world).await;
            let now = task(world).await;
            assert_eq!((now.state, live(world).len()), (State::Open, 0), "{}", world.traces().await);
            decide(world, GonePolicy::Recreate).await;
        }
    }
    the_live(world);
    assert_eq!(ticket(world).await.state.word(), "open");
    assert_eq!(world.imbalance().await, Vec::<String>::new(), "{policy:?}");
    mend(world);
    evaluate(world).await;
    assert_eq!((live(world).len(), task(world).await.state), (0, State::Resolved), "{policy:?}");
    world.assert_honest();
}

#[tokio::test]
async fn a_person_who_is_asked_may_have_the_task_of_a_deleted_issue_completed() {
    let world = opened_as(1, |setting| setting.gone_policy = GonePolicy::Ask).await;
    edit_sec(&world, "delete", &json!({ "issue": the_live(&world)["key"] }));
    compare(&world).await;
    world.rest().await;
    decide(&world, GonePolicy::CloseTask).await;
    assert_eq!((task(&world).await.state, live(&world).len()), (State::Completed, 0));
    let ticket = ticket(&world).await;
    assert!(ticket.trace.iter().any(|entry| entry.actor == "tok-1"), "{:#?}", ticket.trace);
    world.assert_honest();
}

#[tokio::test]
async fn an_issue_that_was_archived_and_restored_leaves_one_live_issue_by_every_policy() {
    for policy in POLICIES {
        let world = opened_as(1, |setting| setting.gone_policy = policy).await;
        let key = the_live(&world)["key"].clone();
        edit_sec(&world, "archive", &json!({ "issue": key }));
        compare(&world).await;
        world.rest().await;
        edit_sec(&world, "restore", &json!({ "issue": key }));
        compare(&world).await;
        world.rest().await;
        let is_same = policy == GonePolicy::Ask;
        match policy {
            GonePolicy::Recreate | GonePolicy::Ask => {
                let live = the_live(&world);
                assert_eq!(live["key"] == key, is_same, "{policy:?} {}", world.traces().await);
            }
            GonePolicy::CloseTask => {
                assert_eq!((live(&world).len(), task(&world).await.state), (0, State::Completed));
            }
        }
        evaluate(&world).await;
        the_live(&world);
        assert_eq!(task(&world).await.state, State::Open, "{policy:?}");
        assert_eq!(world.imbalance().await, Vec::<String>::new(), "{policy:?} {}", world.traces().await);
        mend(&world);
        evaluate(&world).await;
        assert_eq!((live(&world).len(), task(&world).await.state), (0, State::Resolved), "{policy:?}");
        world.assert_honest();
    }
}

#[tokio::test]
async fn an_issue_that_is_only_hidden_is_not_gone() {
    let world = opened(1).await;
    let hide = json!({ "account": "acc-admin", "remove": ["BROWSE_PROJECTS"] });
    edit_sec(&world, "permissions", &hide);
    compare(&world).await;
    assert_eq!(ticket(&world).await.state.word(), "open");
    let show = json!({ "account": "acc-admin", "grant": ["BROWSE_PROJECTS"] });
    edit_sec(&world, "permissions", &show);
    world.time.advance(3600);
    world.rest().await;
    assert_eq!((ticket(&world).await.state.word(), world.issues_in("SEC").len()), ("open", 1));
    world.assert_honest();
}

#[tokio::test]
async fn a_deleted_issue_of_a_task_that_is_done_is_not_made_again() {
    let world = listening_as(1, |_| ()).await;
    let key = the_live(&world)["key"].clone();
    mend(&world);
    evaluate(&world).await;
    act(&world, "acc-1", "DELETE", &format!("/issue/{}", key.as_str().unwrap()), &json!(null));
    super::support::hear(&world).await;
    evaluate(&world).await;
    assert_eq!((world.issues_in("SEC").len(), task(&world).await.state), (0, State::Resolved));
    world.assert_honest();
}

#[tokio::test]
async fn a_check_that_fails_again_after_its_done_issue_was_archived_has_a_new_issue_by_every_policy() {
    for policy in POLICIES {
        let world = opened_as(1, |setting| setting.gone_policy = policy).await;
        let first = the_live(&world)["key"].clone();
        let subject = task(&world).await.subject.key;
        mend(&world);
        evaluate(&world).await;
        edit_sec(&world, "archive", &json!({ "issue": first }));
        compare(&world).await;
        world.rest().await;
        act(&world, "acc-2", "PUT", &format!("/issue/{subject}/assignee"), &json!({ "accountId": null }));
        evaluate(&world).await;
        assert_eq!(task(&world).await.state, State::Open, "{policy:?}");
        assert_ne!(the_live(&world)["key"], first, "{policy:?} {}", world.traces().await);
        world.assert_honest();
    }
}

#[tokio::test]
async fn an_issue_that_a_person_closed_and_archived_and_later_restored_stays_closed() {
    for policy in POLICIES {
        let world = opened_as(1, |setting| setting.gone_policy = policy).await;
        let key = the_live(&world)["key"].clone();
        move_to(&world, &key, DONE);
        edit_sec(&world, "archive", &json!({ "issue": key }));
        compare(&world).await;
        assert_eq!(task(&world).await.state, State::Completed, "{policy:?}: {}", world.traces().await);
        mend(&world);
        evaluate(&world).await;
        edit_sec(&world, "restore", &json!({ "issue": key }));
        compare(&world).await;
        evaluate(&world).await;
        assert_eq!(issue(&world, &key)["status"], "Done", "{policy:?}: {}", world.traces().await);
        assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (0, 1), "{policy:?}");
        assert_eq!(world.imbalance().await, Vec::<String>::new(), "{policy:?}");
        world.assert_honest();
    }
}
