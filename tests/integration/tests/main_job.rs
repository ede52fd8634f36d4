//! The main job in one process: connect → evaluate → tasks → tickets → closed again.

use assay::check::Outcome;
use assay::task;
use assay_test_support::world::World;
use serde_json::json;

#[tokio::test]
async fn a_connected_site_is_evaluated_and_every_failing_entity_gets_one_ticket_that_closes_when_its_cause_is_mended()
 {
    let world = World::start().await;
    let connection = world.connect().await;
    assert_eq!(connection.problems, []);
    world.sync_all(&connection).await;
    world.settle(2).await;

    let results = world.store().latest_results(&world.tenant).await.unwrap();
    let mut outcomes: Vec<(&str, Outcome)> =
        results.iter().map(|run| (run.check.as_str(), run.outcome)).collect();
    outcomes.sort_by_key(|(check, _)| *check);
    let expected = [
        ("B1", Outcome::Pass),
        ("B2", Outcome::Fail),
        ("B3", Outcome::Fail),
        ("B4", Outcome::Pass),
        ("B5", Outcome::Pass),
    ];
    assert_eq!(outcomes, expected, "{results:#?}");

    let tickets = world.tickets().await;
    assert_eq!(tickets.len(), 5, "three change tickets without assignee and two late incidents");
    let issues = world.issues_in("SEC");
    assert_eq!(issues.len(), 5);
    for ticket in &tickets {
        assert_eq!(ticket.state.word(), "open");
        let issue =
            issues.iter().find(|issue| issue["id"] == ticket.state.issue().unwrap().id.as_str()).unwrap();
        assert_eq!(issue["properties"]["assay.ticket"]["id"], ticket.id.as_str());
        assert!(issue["labels"].as_array().unwrap().contains(&json!("assay")));
        assert!(issue["description"].to_string().contains("How to fix"));
    }

    // A person assigns one of the change tickets.
    let tasks = world.tasks().await;
    let task = tasks.iter().find(|task| task.check.as_str() == "B2").unwrap();
    let path = format!("/rest/api/3/issue/{}/assignee", task.subject.id);
    world.as_person("PUT", &path, Some(json!({ "accountId": "acc-1" }))).await;
    world.time.advance(3700);
    world.tick().await;
    world.settle(2).await;
    let task = world.store().task(&world.tenant, &task.id).await.unwrap().unwrap();
    assert_eq!(task.state, task::State::Resolved);
    let ticket = world.store().ticket(&world.tenant, task.ticket.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!(ticket.state.word(), "closed", "{ticket:#?}");
    let id = ticket.state.issue().unwrap().id.clone();
    let issue = world.issues_in("SEC").into_iter().find(|issue| issue["id"] == id.as_str()).unwrap();
    assert_eq!(issue["status_category"], "done", "the workflow has no direct edge, so it was walked");
    world.assert_honest();
}
