use serde_json::{Value, json};

use super::SqsQueue;
use crate::aws::scripted::{Call, Scripted};
use crate::error::Kind;
use crate::ids::{TenantId, TicketId};
use crate::sqs::{Queue, SyncRequest};

async fn queue(answers: Vec<(u16, Value)>) -> (SqsQueue<SyncRequest>, Scripted) {
    let service = Scripted::new(answers).await;
    let client = aws_sdk_sqs::Client::new(&service.config);
    (SqsQueue::new(client, "http://127.0.0.1/queue"), service)
}

fn requests(count: usize) -> Vec<SyncRequest> {
    let tenant = TenantId::parse("acme").unwrap();
    (0..count)
        .map(|number| SyncRequest {
            tenant: tenant.clone(),
            ticket: TicketId::parse(&format!("tkt-{number}")).unwrap(),
        })
        .collect()
}

/// An answer by which the entries with these ids failed for now, or for good.
fn answer(failed: &[&str], sender_fault: bool) -> (u16, Value) {
    let failed: Vec<Value> = failed
        .iter()
        .map(|id| json!({ "Id": id, "SenderFault": sender_fault, "Code": "InternalError", "Message": "no" }))
        .collect();
    (200, json!({ "Successful": [], "Failed": failed }))
}

fn ids(call: &Call) -> Vec<&str> {
    call.1["Entries"].as_array().unwrap().iter().map(|entry| entry["Id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn messages_go_in_tens_each_in_the_group_of_its_tenant() {
    let (queue, service) = queue(vec![answer(&[], false), answer(&[], false), answer(&[], false)]).await;
    queue.send_all(&requests(23), None).await.unwrap();
    let calls = service.calls();
    assert_eq!(calls.iter().map(|call| ids(call).len()).collect::<Vec<_>>(), [10, 10, 3]);
    let entry = &calls[2].1["Entries"][2];
    assert_eq!(entry["MessageGroupId"], "acme");
    assert_eq!(entry["MessageBody"], r#"{"tenant":"acme","ticket":"tkt-22"}"#);
    assert_eq!(entry["DelaySeconds"], Value::Null);
}

#[tokio::test]
async fn a_delay_is_cut_to_what_the_queue_takes() {
    let (queue, service) = queue(vec![answer(&[], false), answer(&[], false)]).await;
    queue.send(&requests(1)[0], Some(30)).await.unwrap();
    queue.send(&requests(1)[0], Some(5000)).await.unwrap();
    let delays: Vec<Value> =
        service.calls().iter().map(|call| call.1["Entries"][0]["DelaySeconds"].clone()).collect();
    assert_eq!(delays, [30, 900]);
}

#[tokio::test]
async fn only_what_was_not_taken_is_sent_again() {
    let (queue, service) =
        queue(vec![answer(&["1", "3"], false), answer(&["3"], false), answer(&[], false)]).await;
    queue.send_all(&requests(4), None).await.unwrap();
    let calls = service.calls();
    assert_eq!(
        calls.iter().map(ids).collect::<Vec<_>>(),
        [vec!["0", "1", "2", "3"], vec!["1", "3"], vec!["3"]]
    );
}

#[tokio::test]
async fn what_is_never_taken_is_reported_and_does_not_keep_back_the_rest() {
    let mut answers = vec![answer(&["0"], false); 4];
    answers.push(answer(&[], false));
    let (queue, service) = queue(answers).await;
    let error = queue.send_all(&requests(12), None).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Unavailable);
    assert!(error.to_string().contains("10 of 12"), "{error}");
    assert_eq!(service.operations().len(), 5);
}

#[tokio::test]
async fn what_the_queue_refuses_for_good_is_not_sent_again() {
    let (queue, service) = queue(vec![answer(&["0"], true)]).await;
    assert_eq!(queue.send_all(&requests(2), None).await.unwrap_err().kind(), &Kind::Internal);
    assert_eq!(service.operations().len(), 1);
}

#[tokio::test]
async fn sending_nothing_asks_nothing() {
    let (queue, service) = queue(vec![]).await;
    queue.send_all(&[], None).await.unwrap();
    assert!(service.calls().is_empty());
}

#[tokio::test]
async fn a_queue_that_throttles_or_is_not_there_is_told_apart() {
    let refusal = |code: &str| (400, json!({ "__type": code, "message": "no" }));
    let (queue, _) =
        queue(vec![refusal("ThrottlingException"), refusal("com.amazonaws.sqs#QueueDoesNotExist")]).await;
    assert_eq!(queue.send(&requests(1)[0], None).await.unwrap_err().kind(), &Kind::Unavailable);
    assert_eq!(queue.send(&requests(1)[0], None).await.unwrap_err().kind(), &Kind::Internal);
}
