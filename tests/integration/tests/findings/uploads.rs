//! SARIF documents: large ones, out of time, sent again.

use std::io::Cursor;
use std::sync::Arc;

use assay::check::Outcome;
use assay::finding::report::ReportState;
use assay::ids::ReportId;
use assay::operations::findings::{Document, Uploaded};
use assay::sarif::sorting::Upload;
use assay::task::Task;
use assay_test_support::world::World;

use super::support::{evaluated, findings, start};

fn document(numbers: impl IntoIterator<Item = u32>) -> Document {
    let result =
        |number| format!("{{\"ruleId\":\"r-{number}\",\"message\":{{\"text\":\"finding {number}\"}}}}");
    let results: Vec<String> = numbers.into_iter().map(result).collect();
    let text = format!(
        "{{\"version\":\"2.1.0\",\"runs\":[{{\"results\":[{}],\"tool\":{{\"driver\":{{\"name\":\"x\"}}}}}}]}}",
        results.join(",")
    );
    of(text)
}

fn of(text: String) -> Document {
    let text: Arc<[u8]> = text.into_bytes().into();
    Arc::new(move || Box::new(Cursor::new(Arc::clone(&text))))
}

fn upload(report: &str) -> Upload {
    let report = ReportId::parse(report).unwrap();
    Upload { source: None, asset: Some("shop/api".to_owned()), report, full: true }
}

async fn send(world: &World, report: &str, document: Document) -> Uploaded {
    findings(world).upload(&world.tenant, upload(report), document).await.unwrap()
}

#[tokio::test]
async fn a_document_of_many_batches_is_one_report_and_what_the_next_does_not_name_is_resolved() {
    let world = start().await;
    let first = send(&world, "r-1", document(0..1100)).await;
    let taken = &first.sources[0].taken;
    assert_eq!((first.complete, first.results, taken.created, taken.unchanged), (true, 1100, 1100, 0));
    assert_eq!(taken.report.as_ref().unwrap().state, ReportState::Done);
    world.time.advance(60);
    let second = send(&world, "r-2", document(10..1101)).await;
    let taken = &second.sources[0].taken;
    assert_eq!((taken.created, taken.unchanged, taken.resolved), (1, 1090, 10));
}

#[tokio::test]
async fn a_document_that_ran_out_of_time_resolves_nothing_until_it_is_sent_again_and_is_whole() {
    let world = start().await;
    send(&world, "r-1", document(0..20)).await;
    world.time.advance(60);
    let mut hurried = findings(&world);
    hurried.deadline = Some(world.time.now());
    let cut = hurried.upload(&world.tenant, upload("r-2"), document(5..600)).await.unwrap();
    assert_eq!((cut.complete, cut.sources[0].taken.created, cut.sources[0].taken.resolved), (false, 0, 0));
    let open = world.tasks().await.iter().filter(|task| task.is_open() && task.finding.is_some()).count();
    assert_eq!(open, 20);
    let whole = send(&world, "r-2", document(5..600)).await;
    let taken = &whole.sources[0].taken;
    assert_eq!((whole.complete, taken.created, taken.unchanged, taken.resolved), (true, 580, 15, 5));
}

#[tokio::test]
async fn a_document_without_a_run_resolves_nothing_and_leaves_b9_in_doubt() {
    let world = start().await;
    send(&world, "r-1", document(0..2)).await;
    world.time.advance(60);
    let empty = of("{\"version\":\"2.1.0\",\"runs\":[]}".to_owned());
    let named = Upload { source: Some("x".to_owned()), ..upload("r-2") };
    let told = findings(&world).upload(&world.tenant, named, empty).await.unwrap();
    let taken = &told.sources[0].taken;
    assert_eq!((taken.resolved, taken.rejections[0].field.as_str()), (0, "runs"), "{taken:?}");
    assert!(world.tasks().await.iter().all(Task::is_open));
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::CannotTell);
    world.time.advance(60);
    send(&world, "r-3", document(0..2)).await;
    assert_eq!(evaluated(&world).await.unwrap().outcome, Outcome::Pass);
}

#[tokio::test]
async fn a_document_that_breaks_off_changes_nothing_at_all() {
    let world = start().await;
    let before = world.items().await;
    let broken: Document = Arc::new(|| {
        let whole = "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"x\"}},\"results\":[";
        Box::new(Cursor::new(
            format!("{whole}{}", "{\"message\":{\"text\":\"x\"}},".repeat(1500)).into_bytes(),
        ))
    });
    let refused = findings(&world).upload(&world.tenant, upload("r-1"), broken).await.unwrap_err();
    assert!(refused.to_string().contains("EOF"), "{refused}");
    assert_eq!(world.items().await, before);
}
