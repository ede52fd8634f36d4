//! What a change of a sync setting asks of its tickets: interrupted anywhere, it is gone on with, and keeps nothing else
//! waiting.

use std::sync::Arc;

use assay::check::CheckId;
use assay::clock::after;
use assay::ids::SettingId;
use assay::notification::Kind;
use assay::operations::finishing::Finisher;
use assay::operations::{Core, quarantine, retiring};
use assay::quota::{Priority, Quota};
use assay::sqs::{Queue, SyncRequest};
use assay::sync_setting::{Disabled, ReopenRule, Retirement, Scope, SyncSetting};
use assay::ticket::Wanted;
use assay_test_support::table::{Operations, reach_counted};
use assay_test_support::world::World;
use jiff::Timestamp;
use jira_sim::{Fault, FaultKind};
use serde_json::json;

use super::support::{
    act, compare, create_failing, disable, edit_sec, evaluate, issue, listening_as, live, mend, opened,
    opened_as, set, setting, ticket_of,
};

fn severity() -> serde_json::Value {
    json!({ "id": "customfield_10050", "name": "Severity", "type": "string", "required": true })
}

async fn enable(world: &World) {
    let now = world.time.now();
    set(world, |setting| setting.enable(now)).await;
    world.rest().await;
}

async fn wishes(world: &World) -> Vec<Wanted> {
    world.tickets().await.iter().map(|ticket| ticket.wanted).collect()
}

async fn spent(world: &World) -> Quota {
    let connection = setting(world).await.connection;
    world.store().quota(&world.tenant, &connection, world.time.now()).await.unwrap()
}

fn finisher(world: &World, operations: &Operations) -> Finisher {
    let mut jira = world.access.clone();
    jira.core = Core { store: reach_counted(&world.table_address, operations), ..jira.core };
    Finisher { jira, sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>> }
}

#[tokio::test]
async fn a_disabled_setting_whose_comments_cannot_be_read_keeps_no_other_waiting_and_is_gone_on_with_when_they_can()
 {
    let world = opened(2).await;
    let fails =
        Fault { times: u64::MAX, status: Some(500), ..Fault::once(FaultKind::Status, "bulkFetchIssues") };
    world.jira.simulator.add_fault(fails);
    disable(&world, Retirement::DeleteUncommented).await;
    let unfinished = setting(&world).await.unfinished.unwrap();
    assert!(unfinished.problem.is_some_and(|problem| problem.contains("500")), "people can see why");
    assert_eq!((live(&world).len(), world.calls("deleteIssue")), (2, 0), "nothing is deleted unseen");
    // Another setting's tasks are planned by the same message.
    let other = SyncSetting {
        id: SettingId::parse("set-b2").unwrap(),
        scope: Scope::Check(CheckId::B2),
        enabled: true,
        disabled: None,
        unfinished: None,
        version: 0,
        ..setting(&world).await
    };
    create_failing(&world);
    world.time.advance(120);
    world.reevaluate().await;
    world.store().put_new_setting(&other).await.unwrap();
    set(&world, |_| ()).await;
    world.work().await;
    assert_eq!(live(&world).len(), 3, "{}", world.traces().await);
    world.store().delete_setting(&world.tenant, &other.id).await.unwrap();
    world.jira.simulator.clear_faults();
    world.pass(900).await;
    world.rest().await;
    assert!(world.settings().await.iter().all(|setting| setting.unfinished.is_none()));
    world.assert_honest();
}

#[tokio::test]
async fn issues_are_deleted_after_all_when_comments_can_be_read_again() {
    let world = opened(2).await;
    let fails =
        Fault { times: u64::MAX, status: Some(500), ..Fault::once(FaultKind::Status, "bulkFetchIssues") };
    world.jira.simulator.add_fault(fails);
    disable(&world, Retirement::DeleteUncommented).await;
    world.pass(900).await;
    assert_eq!((live(&world).len(), setting(&world).await.unfinished.is_some()), (2, true));
    world.jira.simulator.clear_faults();
    world.pass(900).await;
    world.rest().await;
    assert_eq!(live(&world).len(), 0, "{}", world.traces().await);
    assert_eq!(setting(&world).await.unfinished, None);
    world.assert_honest();
}

#[tokio::test]
async fn going_through_the_tickets_goes_on_where_it_was_cut() {
    let world = opened(105).await;
    let at = world.time.now();
    let mut disabled = setting(&world).await;
    disabled.disable(Disabled { tickets: Retirement::Keep, by: "tok-1".to_owned(), at });
    world.store().save_setting(&mut disabled).await.unwrap();
    // Of a hundred on the first page one more is written, and the next is not.
    let operations = Operations::failing("UpdateItem", 102);
    let finisher = finisher(&world, &operations);
    finisher.finish(&world.tenant, &disabled.id, Timestamp::MAX).await.unwrap();
    let unfinished = setting(&world).await.unfinished.unwrap();
    assert!(unfinished.cursor.is_some() && unfinished.problem.is_some(), "{unfinished:?}");
    let kept = wishes(&world).await.iter().filter(|wanted| **wanted == Wanted::Kept).count();
    assert!((100..105).contains(&kept), "{kept}");
    operations.take();
    world.pass(300).await;
    assert_eq!(setting(&world).await.unfinished, None);
    assert_eq!(wishes(&world).await, vec![Wanted::Kept; 105]);
    world.assert_honest();
}

#[tokio::test]
async fn no_time_left_is_no_loss() {
    let world = opened(2).await;
    let at = world.time.now();
    let mut disabled = setting(&world).await;
    disabled.disable(Disabled { tickets: Retirement::Keep, by: "tok-1".to_owned(), at });
    world.store().save_setting(&mut disabled).await.unwrap();
    finisher(&world, &Operations::default()).finish_all([&disabled], Some(at)).await.unwrap();
    assert_eq!(wishes(&world).await, vec![Wanted::Open; 2]);
    world.pass(300).await;
    assert_eq!(wishes(&world).await, vec![Wanted::Kept; 2]);
}

#[tokio::test]
async fn a_ticket_that_was_planned_while_its_setting_was_disabled_is_found_by_upkeep() {
    let world = opened(2).await;
    disable(&world, Retirement::Delete).await;
    assert_eq!(live(&world).len(), 0);
    // Somebody had read the setting before it was disabled.
    let mut late = world.tickets().await.remove(0);
    late.id = assay::ids::TicketId::parse("tkt-late").unwrap();
    late.state = assay::ticket::State::Planned;
    late.wanted = Wanted::Open;
    late.version = 0;
    assert!(world.store().put_new_tickets(&[late]).await.remove(0).unwrap());
    world.pass(7200).await;
    world.rest().await;
    assert!(wishes(&world).await.iter().all(|wanted| *wanted == Wanted::Deleted), "{}", world.traces().await);
    assert_eq!(live(&world).len(), 0);
}

#[tokio::test]
async fn a_setting_that_was_disabled_with_its_tickets_kept_can_be_disabled_again_with_them_deleted() {
    let world = opened(2).await;
    disable(&world, Retirement::Keep).await;
    let commented = live(&world).remove(0)["key"].clone();
    edit_sec(&world, "comment", &json!({ "issue": commented, "text": "I am on it" }));
    disable(&world, Retirement::DeleteUncommented).await;
    world.rest().await;
    let left: Vec<_> = live(&world).into_iter().map(|issue| issue["key"].clone()).collect();
    assert_eq!(left, [commented], "{}", world.traces().await);
    world.assert_honest();
}

#[tokio::test]
async fn a_ticket_that_no_task_asks_for_and_that_could_not_be_deleted_is_kept_in_step_after_enabling() {
    let world = opened_as(1, |setting| setting.reopen_rule = ReopenRule::Tasks).await;
    let task = world.tasks().await.remove(0);
    let path = format!("/issue/{}/assignee", task.subject.key);
    mend(&world);
    evaluate(&world).await;
    act(&world, "acc-2", "PUT", &path, &json!({ "accountId": null }));
    evaluate(&world).await;
    assert_eq!((live(&world).len(), world.tickets().await.len()), (1, 2), "the task has its second issue");
    let body = |edit: &str| json!({ "account": "acc-admin", (edit): ["DELETE_ISSUES"] });
    edit_sec(&world, "permissions", &body("remove"));
    disable(&world, Retirement::Delete).await;
    let first = world.tickets().await.into_iter().find(|ticket| ticket.generation == 1).unwrap();
    assert_eq!(first.wanted, Wanted::Deleted);
    enable(&world).await;
    let mut wanted = wishes(&world).await;
    wanted.sort_by_key(|it| format!("{it:?}"));
    assert_eq!(wanted, [Wanted::Closed, Wanted::Open], "{}", world.traces().await);
    let live_one = ticket_of(&world, &world.tasks().await[0]).await;
    assert_eq!(issue(&world, &json!(live_one.state.issue().unwrap().key))["status"], "To Do");
    assert_eq!(world.imbalance().await, Vec::<String>::new());
    world.assert_honest();
}

/// A world whose setting is quarantined, with two tickets that wait.
async fn quarantined() -> World {
    let world = listening_as(1, |_| ()).await;
    edit_sec(&world, "fields", &severity());
    edit_sec(&world, "permissions", &json!({ "account": "acc-admin", "remove": ["TRANSITION_ISSUES"] }));
    create_failing(&world);
    create_failing(&world);
    world.time.advance(120);
    world.reevaluate().await;
    world.work().await;
    assert_eq!(setting(&world).await.quarantine.unwrap().obstacles.len(), 2);
    world
}

async fn is_told(world: &World) -> bool {
    let mut told = world.store().list_notifications(&world.tenant, None, 100).await.unwrap().items;
    told.retain(|it| it.kind == Kind::SettingQuarantined);
    assert_eq!(told.len(), 1);
    told[0].recovered_at.is_none()
}

#[tokio::test]
async fn tickets_of_a_quarantine_that_ended_are_taken_up_although_the_function_that_found_out_died() {
    let world = quarantined().await;
    let before = spent(&world).await.spent;
    edit_sec(&world, "fields/remove", &json!({ "id": "customfield_10050" }));
    let deadline = after(world.time.now(), 20);
    let look = |it: SyncSetting| {
        let access = &world.access;
        async move { quarantine::look_again(access, &it, Priority::UserAction, deadline).await.unwrap() }
    };
    assert!(!look(setting(&world).await).await);
    let left = setting(&world).await.quarantine.unwrap().obstacles;
    assert!(left.len() == 1 && left[0].contains("Transition"), "what was mended is told no more: {left:?}");
    edit_sec(&world, "permissions", &json!({ "account": "acc-admin", "grant": ["TRANSITION_ISSUES"] }));
    assert!(look(setting(&world).await).await);
    assert!(spent(&world).await.spent > before + 5, "what Jira was asked is booked");
    // Nobody sends a message.
    let mended = setting(&world).await;
    assert!(mended.quarantine.is_none() && mended.unfinished.is_some() && is_told(&world).await);
    world.pass(300).await;
    world.work().await;
    assert_eq!((live(&world).len(), is_told(&world).await), (3, false), "{}", world.traces().await);
    assert_eq!(setting(&world).await.unfinished, None);
    world.assert_honest();
}

#[tokio::test]
async fn people_need_not_hear_of_the_quarantine_of_a_setting_that_is_disabled() {
    let world = quarantined().await;
    assert!(is_told(&world).await);
    disable(&world, Retirement::Keep).await;
    assert!(!is_told(&world).await);
}

#[tokio::test]
async fn neither_a_quarantine_nor_comments_are_looked_at_while_jira_asked_for_a_pause() {
    let world = quarantined().await;
    let connection = setting(&world).await.connection;
    world.store().pause(&world.tenant, &connection, after(world.time.now(), 1800)).await.unwrap();
    let calls = |world: &World| world.jira.simulator.journal().len();
    let before = calls(&world);
    compare(&world).await;
    let it = setting(&world).await;
    assert!(it.quarantine.is_some());
    assert!(retiring::commented(&world.access, &it, None).await.is_err());
    assert_eq!(calls(&world), before, "Jira was not asked");
}

#[tokio::test]
async fn a_setting_that_is_quarantined_while_its_tickets_are_gone_through_is_not_said_to_be_mended() {
    let world = quarantined().await;
    let mut begun = setting(&world).await;
    begun.begin(world.time.now());
    world.store().save_setting(&mut begun).await.unwrap();
    finisher(&world, &Operations::default()).finish(&world.tenant, &begun.id, Timestamp::MAX).await.unwrap();
    assert_eq!((setting(&world).await.unfinished, is_told(&world).await), (None, true));
}

#[tokio::test]
async fn what_enabling_asks_of_tickets_whose_tasks_were_done_long_ago_does_not_hang_on_one_message() {
    let world = opened(1).await;
    disable(&world, Retirement::Keep).await;
    mend(&world);
    evaluate(&world).await;
    world.time.advance(3 * 24 * 3600);
    compare(&world).await;
    assert_eq!(live(&world).len(), 1, "it is kept as it is");
    let mut enabled = setting(&world).await;
    enabled.enable(world.time.now());
    world.store().save_setting(&mut enabled).await.unwrap();
    // The message is lost.
    world.pass(600).await;
    world.rest().await;
    assert_eq!(live(&world).len(), 0, "{}", world.traces().await);
    assert_eq!(setting(&world).await.unfinished, None);
    world.assert_honest();
}

#[tokio::test]
async fn who_looked_at_a_quarantine_that_a_person_ended_meanwhile_does_not_tell_it_anew() {
    let world = quarantined().await;
    let read = setting(&world).await;
    disable(&world, Retirement::Keep).await;
    let deadline = after(world.time.now(), 20);
    assert!(!quarantine::look_again(&world.access, &read, Priority::Sync, deadline).await.unwrap());
    assert!(!is_told(&world).await);
}
