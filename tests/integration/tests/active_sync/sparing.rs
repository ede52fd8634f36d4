//! What people may still say for an issue that is wanted deleted is heard until the very delete.

use assay::ids::ConnectionId;
use assay::operations::retiring;
use assay::sqs::{Queue, SyncRequest};
use assay::sync_setting::{Disabled, GonePolicy, Retirement};
use assay::ticket::Wanted;
use assay_test_support::world::World;
use jira_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use super::support::{compare, disable, edit_sec, live, opened, opened_as, set, setting};

/// Whether the connection's account may delete issues.
fn may_delete(world: &World, may: bool) {
    let edit = if may { "grant" } else { "remove" };
    edit_sec(world, "permissions", &json!({ "account": "acc-admin", (edit): ["DELETE_ISSUES"] }));
}

fn comment(world: &World, key: &Value) {
    edit_sec(world, "comment", &json!({ "issue": key, "text": "I am on it" }));
}

/// The keys of the issues that are there after all that is due was done.
async fn left(world: &World) -> Vec<Value> {
    world.time.advance(12 * 3600);
    world.rest().await;
    world.issues_in("SEC").into_iter().map(|issue| issue["key"].clone()).collect()
}

#[tokio::test]
async fn a_comment_that_is_written_while_the_delete_waits_keeps_the_issue() {
    let world = opened(2).await;
    may_delete(&world, false);
    disable(&world, Retirement::DeleteUncommented).await;
    let key = live(&world).remove(0)["key"].clone();
    comment(&world, &key);
    may_delete(&world, true);
    assert_eq!(left(&world).await, [key], "{}", world.traces().await);
    world.assert_honest();
}

#[tokio::test]
async fn who_changes_their_mind_to_keep_what_people_commented_on_is_heard() {
    let world = opened(2).await;
    let key = live(&world).remove(0)["key"].clone();
    comment(&world, &key);
    may_delete(&world, false);
    disable(&world, Retirement::Delete).await;
    disable(&world, Retirement::DeleteUncommented).await;
    may_delete(&world, true);
    assert_eq!(left(&world).await, [key], "{}", world.traces().await);
    let progress = retiring::progress(&world.access, &setting(&world).await).await.unwrap();
    assert_eq!((progress.kept, progress.deleted, progress.to_delete), (1, 1, 0));
    world.assert_honest();
}

#[tokio::test]
async fn an_issue_that_people_commented_on_and_archived_is_kept_when_it_is_restored() {
    let world = opened_as(1, |setting| setting.gone_policy = GonePolicy::Ask).await;
    let key = live(&world).remove(0)["key"].clone();
    comment(&world, &key);
    edit_sec(&world, "archive", &json!({ "issue": key }));
    compare(&world).await;
    disable(&world, Retirement::DeleteUncommented).await;
    edit_sec(&world, "restore", &json!({ "issue": key }));
    compare(&world).await;
    assert_eq!((left(&world).await, world.calls("deleteIssue")), (vec![key], 0), "{}", world.traces().await);
    world.assert_honest();
}

#[tokio::test]
async fn no_issue_is_deleted_for_a_setting_that_is_removed_meanwhile() {
    let world = opened(2).await;
    may_delete(&world, false);
    disable(&world, Retirement::Delete).await;
    world.store().delete_setting(&world.tenant, &setting(&world).await.id).await.unwrap();
    may_delete(&world, true);
    assert_eq!(left(&world).await.len(), 2, "{}", world.traces().await);
    assert!(world.tickets().await.iter().all(|ticket| ticket.wanted == Wanted::Kept));
    world.assert_honest();
}

#[tokio::test]
async fn comments_are_asked_through_the_tickets_own_connection_and_what_cannot_be_asked_is_kept() {
    let world = opened(2).await;
    let mut strange = world.tickets().await.remove(0);
    strange.connection = ConnectionId::parse("con-9").unwrap();
    world.store().save_ticket(&mut strange).await.unwrap();
    let listed = retiring::commented(&world.access, &setting(&world).await, None).await.unwrap().items;
    assert_eq!(listed.iter().map(|it| &it.ticket.id).collect::<Vec<_>>(), [&strange.id]);
    disable(&world, Retirement::DeleteUncommented).await;
    assert_eq!(left(&world).await.len(), 1, "{}", world.traces().await);
    world.assert_honest();
}

#[tokio::test]
async fn a_delete_of_ours_whose_answer_was_lost_is_not_taken_for_a_persons() {
    for tickets in [Retirement::Delete, Retirement::DeleteUncommented] {
        let world = opened_as(1, |setting| setting.gone_policy = GonePolicy::CloseTask).await;
        world.jira.simulator.add_fault(Fault::once(FaultKind::AnswerLost, "deleteIssue"));
        disable(&world, tickets).await;
        assert_eq!(left(&world).await.len(), 0, "{tickets:?}");
        let progress = retiring::progress(&world.access, &setting(&world).await).await.unwrap();
        assert_eq!((progress.deleted, progress.kept), (1, 0), "{tickets:?}: {}", world.traces().await);
        let now = world.time.now();
        set(&world, |setting| setting.enable(now)).await;
        world.rest().await;
        assert!(world.tasks().await[0].is_open(), "{tickets:?}");
        assert_eq!(live(&world).len(), 1, "{tickets:?}: {}", world.traces().await);
        world.assert_honest();
    }
}

#[tokio::test]
async fn an_issue_that_is_hidden_before_its_delete_is_kept_and_not_made_again() {
    let world = opened(1).await;
    may_delete(&world, false);
    let mut ticket = world.tickets().await.remove(0);
    let browse = |edit: &str| json!({ "account": "acc-admin", (edit): ["BROWSE_PROJECTS"] });
    let at = world.time.now();
    let mut disabled = setting(&world).await;
    disabled.disable(Disabled { tickets: Retirement::DeleteUncommented, by: "tok-1".to_owned(), at });
    world.store().save_setting(&mut disabled).await.unwrap();
    ticket.want(Wanted::Deleted, "its sync setting was disabled, its tickets deleted", at);
    world.store().save_ticket(&mut ticket).await.unwrap();
    edit_sec(&world, "permissions", &browse("remove"));
    let request = SyncRequest { tenant: world.tenant.clone(), ticket: ticket.id.clone() };
    world.sync.send(&request, None).await.unwrap();
    world.work().await;
    assert_eq!(world.tickets().await[0].wanted, Wanted::Kept, "{}", world.traces().await);
    edit_sec(&world, "permissions", &browse("grant"));
    let now = world.time.now();
    set(&world, |setting| setting.enable(now)).await;
    world.rest().await;
    assert_eq!((live(&world).len(), world.issues_in("SEC").len()), (1, 1), "{}", world.traces().await);
    world.assert_honest();
}
