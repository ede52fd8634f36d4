//! Evaluations that overlap, come twice, or come too often.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use assay::operations::checking::Evaluator;
use assay::sqs::{ChecksRequest, Queue};
use assay::task;
use assay_test_support::time::Time;
use assay_test_support::world::{World, wish};
use serde_json::json;

use super::support::{COUNT, Matrix, NEXT, failing_for};

/// Sends as another sender does. When the first page of a search has been read, and before it is handed on, everything
/// is mended and another evaluation runs from beginning to end.
struct Overtaken {
    inner: Arc<dyn Sender>,
    other: Evaluator,
    request: ChecksRequest,
    mends: Vec<String>,
    site: String,
    time: Time,
    happened: AtomicBool,
}

#[async_trait::async_trait]
impl Sender for Overtaken {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let is_search = request.url.ends_with("/search/jql");
        let answer = self.inner.send(request).await?;
        if is_search && !self.happened.swap(true, Ordering::SeqCst) {
            let client = reqwest::Client::builder().build().unwrap();
            for id in &self.mends {
                let assign = client
                    .put(format!("{}/rest/api/3/issue/{id}/assignee", self.site))
                    .basic_auth("admin@example.com", Some("sim-admin-token"))
                    .header("content-type", "application/json")
                    .body(json!({ "accountId": "acc-1" }).to_string());
                assert!(assign.send().await.unwrap().status().is_success());
            }
            self.time.advance(30);
            Box::pin(self.other.evaluate(&self.request)).await.unwrap();
        }
        Ok(answer)
    }
}

fn request(matrix: &Matrix) -> ChecksRequest {
    let connection = assay::ids::ConnectionId::parse("con-1").unwrap();
    ChecksRequest::Connection { tenant: matrix.world.tenant.clone(), connection }
}

#[tokio::test]
async fn a_reading_that_was_overtaken_opens_no_task_again() {
    let mut matrix = failing_for(wish()).await;
    matrix.world.time.advance(NEXT);
    let subjects: Vec<String> = matrix
        .world
        .tasks()
        .await
        .iter()
        .filter(|it| it.check.as_str() == "B2")
        .map(|it| it.subject.id.clone())
        .collect();
    assert_eq!(subjects.len(), 3);
    let sender = Overtaken {
        inner: Arc::clone(&matrix.world.access.sender),
        other: matrix.world.evaluator(),
        request: request(&matrix),
        mends: subjects,
        site: matrix.world.jira.site_url(assay_test_support::world::SITE),
        time: matrix.world.time.clone(),
        happened: AtomicBool::default(),
    };
    matrix.world.access.sender = Arc::new(sender);
    let late = matrix.world.evaluator();
    Box::pin(late.evaluate(&request(&matrix))).await.unwrap();
    let tasks = matrix.world.tasks().await;
    for it in tasks.iter().filter(|it| it.check.as_str() == "B2") {
        assert_eq!((it.state, it.generation), (task::State::Resolved, 1), "{it:#?}");
    }
}

#[tokio::test]
async fn an_index_that_lags_behind_opens_no_task_again() {
    let matrix = failing_for(wish()).await;
    let world = &matrix.world;
    for task in world.tasks().await {
        matrix.mend(&task).await;
    }
    world.time.advance(NEXT);
    world.reevaluate().await;
    assert_eq!(matrix.open_tasks("B2").await, 0);
    // Somebody takes an assignee away and gives it back: the index knows of the first alone.
    let task = world.tasks().await.into_iter().find(|task| task.check.as_str() == "B2").unwrap();
    let path = format!("/rest/api/3/issue/{}/assignee", task.subject.id);
    world.as_person("PUT", &path, Some(json!({ "accountId": null }))).await;
    world.time.advance(NEXT);
    world.jira.simulator.set(|settings| settings.index_lag_seconds = 600.0);
    world.as_person("PUT", &path, Some(json!({ "accountId": "acc-1" }))).await;
    world.time.advance(30);
    world.reevaluate().await;
    assert_eq!(matrix.open_tasks("B2").await, 0, "by id it is seen not to fail");
    // And one that really fails again is opened again, once.
    world.as_person("PUT", &path, Some(json!({ "accountId": null }))).await;
    world.time.advance(NEXT);
    world.reevaluate().await;
    let again = world.store().task(&world.tenant, &task.id).await.unwrap().unwrap();
    assert_eq!((again.state, again.generation), (task::State::Open, 2));
}

#[tokio::test]
async fn messages_about_work_that_was_done_are_dropped() {
    let world = World::start().await;
    world.connect().await;
    world.evaluate().await;
    world.time.advance(NEXT);
    let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0).id;
    let request = ChecksRequest::Connection { tenant: world.tenant.clone(), connection };
    let before = world.calls(COUNT);
    world.evaluator().fan_out().await.unwrap();
    for _ in 0..5 {
        world.checks.send(&request, None).await.unwrap();
    }
    world.evaluate().await;
    let once = world.calls(COUNT) - before;
    assert_eq!(once, 3, "one count of changes, two of incidents, as in one evaluation");
    // A person who asks for it has it evaluated all the same.
    world.time.advance(10);
    world.reevaluate().await;
    assert_eq!(world.calls(COUNT) - before, 2 * once);
}
