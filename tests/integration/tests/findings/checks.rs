use assay::check::Outcome;
use assay::dynamodb::Sweep;
use assay::finding::report::Part;
use assay::ids::ReportId;
use assay::operations::findings::Received;

use super::support::{
    DAY, evaluated, findings, part, receive, received, rejected, report, start, task, task_id,
};

#[tokio::test]
async fn the_check_fails_from_the_due_day_of_an_open_finding_on_until_it_is_dealt_with() {
    let world = start().await;
    assert_eq!(evaluated(&world).await, None, "nothing was ever reported");
    receive(&world, None, 1..=3).await;
    let run = evaluated(&world).await.unwrap();
    assert_eq!((run.outcome, run.failing, run.evidence.coverage.read), (Outcome::Pass, 0, 3));
    world.time.advance(29 * DAY);
    let silent = evaluated(&world).await.unwrap();
    assert_eq!(silent.outcome, Outcome::CannotTell);
    assert_eq!(silent.because, "cannot tell: trivy reported nothing since 2026-06-15, for more than 7 days");
    receive(&world, None, 1..=3).await;
    world.time.advance(DAY);
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass, "they are due now and not yet late");
    world.time.advance(1);
    let run = evaluated(&world).await.unwrap();
    assert_eq!((run.outcome, run.failing), (Outcome::Fail, 3));
    let failing = world.store().failing(&world.tenant, &run.id, None).await.unwrap().items;
    let first = failing.iter().find(|it| it.entity.id == task_id(&world, 1).to_string()).unwrap();
    assert_eq!(
        (first.why.as_str(), first.entity.key.as_str()),
        ("it is high and was due on 2026-07-15", "CVE-2026-1")
    );
    let until = "2026-08-01".parse().unwrap();
    findings(&world).accept(&world.tenant, &task_id(&world, 1), (until, "x"), "tok").await.unwrap();
    world.time.advance(60);
    report(&world, "r-1", [1, 2]).await;
    let run = evaluated(&world).await.unwrap();
    assert_eq!((run.outcome, run.failing), (Outcome::Fail, 1), "one is accepted, one is gone");
    let counts = world.store().finding_counts(&world.tenant).await.unwrap().unwrap();
    assert_eq!((counts.tally.total, counts.tally.open(), counts.tally.overdue()), (3, 1, 1));
    world.time.advance(60);
    report(&world, "r-2", []).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass);
}

#[tokio::test]
async fn the_check_cannot_tell_while_a_full_report_is_not_whole_and_passes_once_one_is() {
    let world = start().await;
    report(&world, "r-1", []).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass, "a scanner that finds nothing");
    world.time.advance(60);
    let mut batch = received(Some(part("r-2", 1, Some(1))), [1]);
    batch.rejected.push(rejected(None));
    findings(&world).receive(&world.tenant, batch).await.unwrap();
    let run = evaluated(&world).await.unwrap();
    assert_eq!(run.outcome, Outcome::CannotTell);
    assert!(run.because.contains("report r-2 by trivy was not whole: 1 of its parts"), "{}", run.because);
    world.time.advance(60);
    report(&world, "r-3", [1]).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass);
    world.time.advance(60);
    receive(&world, Some(part("r-4", 1, None)), [1]).await;
    world.time.advance(7 * DAY - 7200);
    receive(&world, None, [1]).await;
    let run = evaluated(&world).await.unwrap();
    let unfinished = "report r-4 by trivy began on 2026-06-15 and has not come to its end";
    assert_eq!(run.because, format!("cannot tell: {unfinished}"));
    world.time.advance(7300);
    super::support::upkeep(&world).await;
    let run = evaluated(&world).await.unwrap();
    assert!(
        run.because.ends_with("report r-4 by trivy was not whole: its last batch never came"),
        "{}",
        run.because
    );
}

#[tokio::test]
async fn a_report_that_was_abandoned_leaves_no_doubt_where_a_newer_one_is_whole() {
    let world = start().await;
    receive(&world, Some(part("r-1", 1, None)), [1]).await;
    world.time.advance(60);
    report(&world, "r-2", [1]).await;
    world.time.advance(6 * DAY);
    receive(&world, None, [1]).await;
    world.time.advance(2 * DAY);
    super::support::upkeep(&world).await;
    assert!(world.store().sweeps(&world.tenant, None).await.unwrap().is_empty());
    let run = evaluated(&world).await.unwrap();
    assert_eq!(run.outcome, Outcome::Pass, "{}", run.because);
}

#[tokio::test]
async fn a_source_whose_only_report_died_before_anything_was_taken_in_is_in_doubt() {
    let world = start().await;
    receive(&world, None, [1]).await;
    let (source, report) = ("grype".to_owned(), ReportId::parse("r-1").unwrap());
    let sweep = Sweep { source, report, asset: None, noted_at: world.time.now() };
    world.store().begin_sweep(&world.tenant, &sweep).await.unwrap();
    world.time.advance(8 * DAY);
    receive(&world, None, [1]).await;
    super::support::upkeep(&world).await;
    let run = evaluated(&world).await.unwrap();
    let gaps = format!("{:?}", run.evidence.coverage.gaps);
    assert!(gaps.contains("report r-1 by grype was not whole"), "{gaps}");
}

#[tokio::test]
async fn findings_that_were_refused_outside_of_a_full_report_leave_b9_in_doubt_until_they_are_taken() {
    let world = start().await;
    let send = async |refused: Option<&str>, numbers: std::ops::RangeInclusive<u32>| {
        let mut batch = received(None, numbers);
        batch.rejected.extend(refused.map(|asset| rejected(Some(asset))));
        findings(&world).receive(&world.tenant, batch).await.unwrap();
        world.time.advance(60);
        evaluated(&world).await.unwrap()
    };
    assert_eq!(send(None, 1..=1).await.outcome, Outcome::Pass);
    let run = send(Some("shop/web"), 1..=1).await;
    assert_eq!(run.because, "cannot tell: findings of shop/web by trivy are missing: 1 were refused");
    assert_eq!(send(None, 1..=1).await.outcome, Outcome::CannotTell, "another asset is another matter");
    assert_eq!(send(Some("shop/api"), 1..=1).await.outcome, Outcome::CannotTell);
    let web = |mut batch: Received| {
        batch.findings[0].1.asset = "shop/web".to_owned();
        batch
    };
    findings(&world).receive(&world.tenant, web(received(None, 2..=2))).await.unwrap();
    world.time.advance(60);
    let run = evaluated(&world).await.unwrap();
    assert_eq!(run.because, "cannot tell: findings of shop/api by trivy are missing: 1 were refused");
    assert_eq!(send(None, 1..=1).await.outcome, Outcome::Pass);
    let mut partial = received(Some(Part { full: false, ..part("r-1", 1, Some(1)) }), [1]);
    partial.rejected.push(rejected(None));
    findings(&world).receive(&world.tenant, partial).await.unwrap();
    world.time.advance(60);
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::CannotTell);
    world.time.advance(60);
    report(&world, "r-2", 1..=2).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass, "all is said by a whole report");
}

#[tokio::test]
async fn an_evaluation_of_the_checks_leaves_the_tasks_of_findings_alone() {
    let world = start().await;
    Box::pin(world.connect()).await;
    receive(&world, None, [1]).await;
    let before = task(&world, 1).await;
    Box::pin(world.evaluate()).await;
    evaluated(&world).await;
    assert_eq!(task(&world, 1).await, before);
}

#[tokio::test]
async fn the_check_cannot_tell_while_a_scanner_speaks_of_one_asset_and_no_longer_of_another() {
    let world = start().await;
    let mut web = received(None, [2]);
    web.findings[0].1.asset = "shop/web".to_owned();
    findings(&world).receive(&world.tenant, web).await.unwrap();
    receive(&world, None, [1]).await;
    world.time.advance(4 * DAY);
    receive(&world, None, [1]).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass);
    world.time.advance(4 * DAY);
    receive(&world, None, [1]).await;
    let run = evaluated(&world).await.unwrap();
    let silent = "trivy reported nothing of shop/web since 2026-06-15, for more than 7 days";
    assert_eq!(run.because, format!("cannot tell: {silent}"));
    let asset = Some("shop/web".to_owned());
    world.time.advance(60);
    receive(&world, Some(Part { asset, ..part("r-1", 1, Some(1)) }), []).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass, "nothing is left in it");
    world.time.advance(8 * DAY);
    report(&world, "r-2", [1]).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass, "it speaks of all assets");
}
