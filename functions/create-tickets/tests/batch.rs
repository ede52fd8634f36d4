//! A batch of SQS: which messages go, and which must come again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime};

use assay::operations::tickets::Worker;
use assay::sqs::SyncRequest;
use assay_create_tickets::CreateTickets;
use assay_test_support::table;
use assay_test_support::world::World;
use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};

/// A world with planned tickets, and the requests for them.
async fn planned() -> (World, Vec<SyncRequest>) {
    let world = World::start().await;
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.evaluate().await;
    let requests = world.sync.receive(100);
    assert!(requests.len() > 1, "more than one ticket is planned");
    (world, requests)
}

/// A batch of messages with these ids and bodies.
fn batch(messages: &[(&str, String)]) -> SqsEvent {
    let records: Vec<Value> = messages
        .iter()
        .map(|(id, body)| json!({ "messageId": id, "body": body, "attributes": {}, "messageAttributes": {} }))
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

fn body(request: &SyncRequest) -> String {
    serde_json::to_string(request).unwrap()
}

/// Handles a batch with this much time left: the ids of the messages that must come again.
async fn handle(worker: Worker, world: &World, left: Duration, messages: &[(&str, String)]) -> Vec<String> {
    let deadline = SystemTime::from(world.time.now()) + left;
    let response = CreateTickets { worker }.handle(batch(messages), deadline).await.unwrap();
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

const A_MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_message_that_is_none_of_ours_comes_again_alone_and_its_neighbours_are_done() {
    let (world, requests) = planned().await;
    let messages = [
        ("first", body(&requests[0])),
        ("poison", r#"{"tenant":"acme","do":"everything"}"#.to_owned()),
        ("empty", String::new()),
        ("second", body(&requests[1])),
        ("first again", body(&requests[0])),
    ];
    let again = handle(world.worker(), &world, A_MINUTE, &messages).await;
    assert_eq!(again, ["poison", "empty"]);
    assert_eq!(world.issues_in("SEC").len(), 2, "one issue for each ticket that was named");
}

#[tokio::test]
async fn what_there_was_no_time_for_comes_again_and_nothing_else() {
    let (world, requests) = planned().await;
    let unknown = r#"{"tenant":"acme","ticket":"tkt-of-nobody"}"#.to_owned();
    let messages = [("unknown", unknown), ("late", body(&requests[0])), ("later", body(&requests[1]))];
    // Less than what is kept back for writing things down.
    let again = handle(world.worker(), &world, Duration::from_secs(1), &messages).await;
    // Asked for anew, since a message that comes again too often ends in the dead letters.
    assert_eq!(again, Vec::<String>::new());
    assert_eq!(world.sync.len(), 2);
    assert_eq!(world.issues_in("SEC").len(), 0, "nothing was begun that could not be ended");

    let again = handle(world.worker(), &world, A_MINUTE, &messages).await;
    assert_eq!(again, Vec::<String>::new());
    assert_eq!(world.issues_in("SEC").len(), 2);
}

#[tokio::test]
async fn where_the_table_does_not_answer_every_message_comes_again() {
    let (world, requests) = planned().await;
    let mut worker = world.worker();
    worker.jira.core.store = table::reach("http://127.0.0.1:9");
    let messages = [("first", body(&requests[0])), ("second", body(&requests[1]))];
    let again = handle(worker, &world, A_MINUTE, &messages).await;
    assert_eq!(again, ["first", "second"]);
    assert_eq!(world.issues_in("SEC").len(), 0);
}
