use assay::error::Kind;
use assay::finding::report::{Part, ReportState};
use assay::ids::ReportId;
use assay::task::State::{Completed, Open, Resolved};

use super::support::{
    DAY, findings, part, receive, received, rejected, report, start, states, task, task_id,
};

#[tokio::test]
async fn the_same_findings_sent_again_write_nothing() {
    let world = start().await;
    let first = receive(&world, None, 1..=20).await;
    assert_eq!((first.created, first.unchanged), (20, 0));
    let before = world.items().await;
    let again = receive(&world, None, 1..=20).await;
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 20));
    assert_eq!(world.items().await, before);
    report(&world, "r-1", 1..=20).await;
    let before = world.items().await;
    let again = report(&world, "r-1", 1..=20).await;
    assert_eq!((again.unchanged, again.resolved), (20, 0));
    assert_eq!(world.items().await, before, "a batch that comes twice is written once");
}

#[tokio::test]
async fn what_a_full_report_does_not_name_is_resolved_and_nothing_of_other_sources_or_assets_is() {
    let world = start().await;
    receive(&world, None, 1..=5).await;
    let mut other = received(None, 1..=2);
    other.source = "grype".to_owned();
    findings(&world).receive(&world.tenant, other).await.unwrap();
    let mut elsewhere = received(None, 7..=7);
    elsewhere.findings[0].1.asset = "shop/web".to_owned();
    findings(&world).receive(&world.tenant, elsewhere).await.unwrap();
    world.time.advance(60);
    let of_asset = Part { asset: Some("shop/api".to_owned()), ..part("r-1", 1, Some(1)) };
    let taken = receive(&world, Some(of_asset), 1..=3).await;
    assert_eq!((taken.resolved, taken.report.unwrap().state), (2, ReportState::Done));
    assert_eq!(states(&world, [1, 3, 4, 5, 7]).await, [Open, Open, Resolved, Resolved, Open]);
    world.time.advance(60);
    let taken = report(&world, "r-2", []).await;
    assert_eq!(taken.resolved, 4, "all that was left of this source");
    let tasks = world.tasks().await;
    assert_eq!(tasks.iter().filter(|task| task.is_open()).count(), 2, "those of the other source");
}

#[tokio::test]
async fn a_report_that_is_not_full_or_never_ends_resolves_nothing() {
    let world = start().await;
    receive(&world, None, 1..=3).await;
    world.time.advance(60);
    let partial = Part { full: false, ..part("r-1", 1, Some(1)) };
    assert_eq!(receive(&world, Some(partial), [1]).await.resolved, 0);
    receive(&world, Some(part("r-2", 1, None)), [1]).await;
    world.time.advance(8 * DAY);
    super::support::upkeep(&world).await;
    assert_eq!(states(&world, 1..=3).await, [Open, Open, Open]);
    assert!(world.store().sweeps(&world.tenant, None).await.unwrap().is_empty(), "it is forgotten");
    let late = findings(&world).receive(&world.tenant, received(Some(part("r-2", 2, Some(2))), [2])).await;
    assert_eq!(*late.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn a_thousand_findings_come_in_two_batches_out_of_order() {
    let world = start().await;
    let store = world.store();
    receive(&world, None, 5000..5010).await;
    world.time.advance(60);
    let first = receive(&world, Some(part("r-1", 2, None)), 501..=900).await;
    assert_eq!((first.created, first.resolved), (400, 0));
    receive(&world, Some(part("r-1", 1, None)), 1..=500).await;
    let last = receive(&world, Some(part("r-1", 3, Some(3))), 901..=1000).await;
    assert_eq!((last.created, last.resolved), (100, 10));
    let mut open = 0;
    let mut cursor = None;
    loop {
        let wanted = |task: &assay::task::Task| task.is_open();
        let page = store.list_findings(&world.tenant, None, wanted, cursor.as_deref(), 200).await.unwrap();
        open += page.items.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(open, 1000);
}

#[tokio::test]
async fn a_lost_batch_is_named_and_nothing_is_resolved_until_it_comes() {
    let world = start().await;
    receive(&world, None, 1..=4).await;
    world.time.advance(60);
    receive(&world, Some(part("r-1", 1, None)), [1]).await;
    let before = world.items().await;
    let last = || received(Some(part("r-1", 4, Some(4))), [2]);
    let refused = findings(&world).receive(&world.tenant, last()).await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);
    assert!(refused.to_string().contains("lacks its batches 2, 3;"), "{refused}");
    assert_eq!(world.items().await, before);
    receive(&world, Some(part("r-1", 3, None)), []).await;
    receive(&world, Some(part("r-1", 2, None)), [3]).await;
    let taken = findings(&world).receive(&world.tenant, last()).await.unwrap();
    assert_eq!(taken.resolved, 1);
    assert_eq!(states(&world, 1..=4).await, [Open, Open, Open, Resolved]);
    for other in [part("r-1", 5, None), part("r-1", 3, Some(3)), Part { full: false, ..part("r-1", 1, None) }]
    {
        let refused = findings(&world).receive(&world.tenant, received(Some(other), [9])).await;
        assert_eq!(*refused.unwrap_err().kind(), Kind::Conflict);
    }
}

#[tokio::test]
async fn a_report_that_has_ended_takes_no_other_contents_under_the_same_id() {
    let world = start().await;
    report(&world, "nightly", 1..=3).await;
    world.time.advance(60);
    let before = world.items().await;
    assert_eq!(report(&world, "nightly", 1..=3).await.unchanged, 3, "the answer may have been lost");
    for other in [1..=2, 2..=4, 1..=4] {
        let batch = received(Some(part("nightly", 1, Some(1))), other);
        let refused = findings(&world).receive(&world.tenant, batch).await.unwrap_err();
        assert_eq!(*refused.kind(), Kind::Conflict);
        assert!(refused.to_string().contains("a new id"), "{refused}");
    }
    assert_eq!(world.items().await, before);
    world.time.advance(7 * DAY);
    let late = received(Some(part("nightly", 1, Some(1))), 1..=3);
    assert_eq!(*findings(&world).receive(&world.tenant, late).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(report(&world, "nightly-2", 1..=2).await.resolved, 1);
}

#[tokio::test]
async fn of_two_reports_at_once_the_older_never_resolves_what_the_newer_saw() {
    for older_ends_first in [true, false] {
        let world = start().await;
        receive(&world, None, 1..=4).await;
        world.time.advance(60);
        receive(&world, Some(part("old", 1, None)), [1]).await;
        world.time.advance(60);
        receive(&world, Some(part("new", 1, None)), [2]).await;
        world.time.advance(60);
        let old = async || receive(&world, Some(part("old", 2, Some(2))), [3]).await;
        let new = async || receive(&world, Some(part("new", 2, Some(2))), [5]).await;
        if older_ends_first {
            assert_eq!(old().await.resolved, 1, "the fourth is in neither");
            assert_eq!(states(&world, 1..=4).await, [Open, Open, Open, Resolved]);
            new().await;
        } else {
            new().await;
            old().await;
        }
        assert_eq!(
            states(&world, 1..=5).await,
            [Resolved, Open, Resolved, Resolved, Open],
            "{older_ends_first}"
        );
        assert_eq!(task(&world, 2).await.finding.unwrap().regressions, 0);
    }
}

#[tokio::test]
async fn what_is_reported_alone_while_a_full_report_goes_on_is_not_resolved_by_it() {
    let world = start().await;
    receive(&world, None, 1..=2).await;
    world.time.advance(60);
    receive(&world, Some(part("r-1", 1, None)), []).await;
    world.time.advance(60);
    assert_eq!(receive(&world, None, [1]).await.unchanged, 1);
    assert_eq!(receive(&world, Some(part("r-1", 2, Some(2))), []).await.resolved, 1);
    assert_eq!(states(&world, 1..=2).await, [Open, Resolved]);
}

#[tokio::test]
async fn what_comes_back_is_a_regression_and_a_person_is_believed_until_a_newer_report() {
    let world = start().await;
    report(&world, "r-1", 1..=2).await;
    world.time.advance(60);
    receive(&world, Some(part("slow", 1, None)), []).await;
    world.time.advance(60);
    let mut done = task(&world, 1).await;
    done.complete("jira", "closed in Jira", world.time.now());
    world.store().save_tasks(&[done]).await.remove(0).unwrap();
    world.time.advance(60);
    receive(&world, Some(part("slow", 2, Some(2))), 1..=2).await;
    assert_eq!(states(&world, 1..=2).await, [Completed, Open], "it began before the issue was closed");
    world.time.advance(60);
    let taken = report(&world, "r-2", [1]).await;
    assert_eq!((taken.reopened, taken.resolved), (1, 1));
    assert_eq!(states(&world, 1..=2).await, [Open, Resolved]);
    world.time.advance(60);
    assert_eq!(report(&world, "r-3", 1..=2).await.reopened, 1);
    for number in 1..=2 {
        assert_eq!(task(&world, number).await.finding.unwrap().regressions, 1, "{number}");
    }
}

#[tokio::test]
async fn a_report_of_which_something_was_refused_resolves_nothing_and_says_so() {
    let world = start().await;
    receive(&world, None, 1..=2).await;
    world.time.advance(60);
    let mut batch = received(Some(part("r-1", 1, Some(1))), [1]);
    batch.rejected.push(rejected(None));
    let taken = findings(&world).receive(&world.tenant, batch).await.unwrap();
    assert_eq!((taken.unchanged, taken.rejected, taken.resolved), (1, 1, 0));
    assert!(taken.report.unwrap().spares.unwrap().contains("1 of its parts"), "it says why");
    assert_eq!(states(&world, 1..=2).await, [Open, Open]);
}

#[tokio::test]
async fn a_sweep_that_ran_out_of_time_goes_on_in_the_background() {
    let world = start().await;
    let connection = Box::pin(world.connect()).await;
    world.sync_all(&connection).await;
    for batch in 0..2 {
        receive(&world, None, batch * 500..(batch + 1) * 500).await;
    }
    world.time.advance(60);
    let mut hurried = findings(&world);
    hurried.deadline = Some(world.time.now());
    let taken = hurried.receive(&world.tenant, received(Some(part("r-1", 1, Some(1))), [1])).await.unwrap();
    assert_eq!((taken.resolved, taken.report.unwrap().state), (0, ReportState::Sweeping));
    super::support::pass(&world, 600).await;
    let report = ReportId::parse("r-1").unwrap();
    let report = world.store().report(&world.tenant, "trivy", &report).await.unwrap().unwrap();
    assert_eq!((report.state, report.resolved), (ReportState::Done, 999));
    assert_eq!(task(&world, 1).await.id, task_id(&world, 1));
    assert_eq!(states(&world, [0, 1, 999]).await, [Resolved, Open, Resolved]);
}
