use std::sync::Arc;

use serde_json::{Value, json};

use super::{CACHED_FOR, SecretsManager};
use crate::aws::scripted::Scripted;
use crate::clock::ManualClock;
use crate::error::Kind;
use crate::secret::Secret;
use crate::secrets::SecretStore;

const NAME: &str = "acme/connection/con-1";

async fn manager(answers: Vec<(u16, Value)>) -> (SecretsManager, Scripted, Arc<ManualClock>) {
    let service = Scripted::new(answers).await;
    let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let client = aws_sdk_secretsmanager::Client::new(&service.config);
    let manager = SecretsManager::new(client, "assay/test", Some("key-1".to_owned()), clock.clone());
    (manager, service, clock)
}

fn value(text: &str) -> (u16, Value) {
    (200, json!({ "Name": "assay/test/x", "SecretString": text }))
}

fn refusal(code: &str) -> (u16, Value) {
    (400, json!({ "__type": code, "message": "no" }))
}

fn done() -> (u16, Value) {
    (200, json!({ "Name": "assay/test/x" }))
}

async fn read(manager: &SecretsManager) -> Option<String> {
    manager.get(NAME).await.unwrap().map(|secret| secret.expose().to_owned())
}

#[tokio::test]
async fn a_secret_is_read_once_until_its_time_in_the_cache_ends() {
    let (manager, service, clock) = manager(vec![value("one"), value("two"), value("three")]).await;
    assert_eq!(read(&manager).await.as_deref(), Some("one"));
    clock.advance(CACHED_FOR - 1);
    assert_eq!(read(&manager).await.as_deref(), Some("one"));
    assert_eq!(
        service.calls(),
        [("GetSecretValue".to_owned(), json!({ "SecretId": format!("assay/test/{NAME}") }))]
    );
    clock.advance(1);
    assert_eq!(read(&manager).await.as_deref(), Some("two"));
    let fresh = manager.get_fresh(NAME).await.unwrap().unwrap();
    assert_eq!(fresh.expose(), "three", "a fresh read passes the cache by");
    assert_eq!(read(&manager).await.as_deref(), Some("three"), "and fills it");
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_none_and_is_looked_for_again() {
    let (manager, _, _) = manager(vec![refusal("ResourceNotFoundException"), value("one")]).await;
    assert_eq!(read(&manager).await, None);
    assert_eq!(read(&manager).await.as_deref(), Some("one"));
}

#[tokio::test]
async fn putting_a_secret_gives_a_new_value_or_makes_it_and_fills_the_cache() {
    let (manager, service, _) = manager(vec![done(), refusal("ResourceNotFoundException"), done()]).await;
    manager.put(NAME, &Secret::new("one")).await.unwrap();
    assert_eq!(service.operations(), ["PutSecretValue"]);
    assert_eq!(read(&manager).await.as_deref(), Some("one"));
    manager.put(NAME, &Secret::new("two")).await.unwrap();
    let calls = service.calls();
    assert_eq!(calls[1].0, "CreateSecret");
    assert_eq!(calls[1].1["KmsKeyId"], "key-1");
    assert_eq!(calls[1].1["Name"], format!("assay/test/{NAME}"));
    assert_eq!(read(&manager).await.as_deref(), Some("two"));
}

#[tokio::test]
async fn a_secret_that_somebody_else_makes_meanwhile_gets_the_new_value() {
    let answers = vec![refusal("ResourceNotFoundException"), refusal("ResourceExistsException"), done()];
    let (manager, service, _) = manager(answers).await;
    manager.put(NAME, &Secret::new("one")).await.unwrap();
    assert_eq!(service.operations(), ["PutSecretValue", "CreateSecret", "PutSecretValue"]);
}

#[tokio::test]
async fn a_put_that_fails_leaves_nothing_wrong_in_the_cache() {
    let (manager, _, _) = manager(vec![value("old"), refusal("InternalServiceError"), value("new")]).await;
    assert_eq!(read(&manager).await.as_deref(), Some("old"));
    let error = manager.put(NAME, &Secret::new("new")).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Unavailable);
    assert!(error.to_string().contains(NAME) && !error.chain().contains("new"), "{}", error.chain());
    assert_eq!(read(&manager).await.as_deref(), Some("new"), "it had taken effect after all");
}

#[tokio::test]
async fn a_secret_is_deleted_at_once_and_deleting_it_again_is_no_error() {
    let (manager, service, _) = manager(vec![
        done(),
        done(),
        refusal("ResourceNotFoundException"),
        refusal("ResourceNotFoundException"),
    ])
    .await;
    manager.put(NAME, &Secret::new("one")).await.unwrap();
    manager.delete(NAME).await.unwrap();
    assert_eq!(read(&manager).await, None, "it is not in the cache either");
    manager.delete(NAME).await.unwrap();
    assert_eq!(service.calls()[1].1["ForceDeleteWithoutRecovery"], true);
}

#[tokio::test]
async fn a_refused_call_is_our_fault_and_a_throttled_one_is_not() {
    let (manager, _, _) =
        manager(vec![refusal("AccessDeniedException"), refusal("ThrottlingException")]).await;
    assert_eq!(manager.get(NAME).await.unwrap_err().kind(), &Kind::Internal);
    assert_eq!(manager.get(NAME).await.unwrap_err().kind(), &Kind::Unavailable);
    assert!(!format!("{manager:?}").contains("con-1"));
}
