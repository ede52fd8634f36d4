use serde_json::json;

use super::Deleted;
use crate::ids::IssueId;
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{Stage, anonymous, answer, in_doubt, limited, not_sent, text};

async fn delete(answers: Vec<Result<Response, SendError>>) -> (Deleted, Stage) {
    let stage = Stage::new(answers);
    let deleted = stage.client.delete_issue(&IssueId::parse("7").unwrap()).await;
    stage.done();
    (deleted, stage)
}

#[tokio::test]
async fn an_issue_is_deleted_with_one_call_and_its_subtasks_are_never_named() {
    let (deleted, stage) = delete(vec![text(204, "")]).await;
    assert!(matches!(deleted, Deleted::Done(call) if call.status == Some(204)));
    assert_eq!(stage.calls(), ["DELETE /issue/7"]);
    assert!(!stage.url(0).contains("deleteSubtasks"));
    assert!(stage.script.requests.lock().unwrap()[0].body.is_none());
}

#[tokio::test]
async fn a_missing_permission_and_subtasks_are_explained() {
    let (deleted, _) = delete(vec![answer(403, json!({ "errorMessages": ["You may not."] }))]).await;
    let Deleted::Refused { reason, call } = deleted else { panic!("{deleted:?}") };
    assert!(reason.contains("You may not.") && reason.contains("permission Delete issues"), "{reason}");
    assert_eq!(call.status, Some(403));
    let body = json!({ "errorMessages": ["The issue 'SEC-7' has subtasks."] });
    let (deleted, _) = delete(vec![answer(400, body)]).await;
    let Deleted::Refused { reason, .. } = deleted else { panic!("{deleted:?}") };
    assert!(reason.contains("has subtasks") && reason.contains("delete the subtasks"), "{reason}");
}

#[tokio::test]
async fn a_failed_deletion_is_sent_once_and_sorted_by_whether_it_may_have_had_an_effect() {
    for (failure, expected) in [
        (text(404, ""), "gone"),
        (text(405, ""), "refused"),
        (text(409, ""), "not yet"),
        (text(401, ""), "not yet"),
        (limited("jira-burst-based", None), "not yet"),
        (not_sent(), "not yet"),
        (text(408, ""), "in doubt"),
        (text(500, ""), "in doubt"),
        (in_doubt(), "in doubt"),
    ] {
        let (deleted, stage) = delete(vec![failure]).await;
        let word = match &deleted {
            Deleted::Done(_) => "done",
            Deleted::Gone(_) => "gone",
            Deleted::Refused { .. } => "refused",
            Deleted::NotYet { .. } => "not yet",
            Deleted::InDoubt { .. } => "in doubt",
        };
        assert_eq!(word, expected, "{deleted:?}");
        assert_eq!(stage.calls().len(), 1);
    }
    let (deleted, _) = delete(vec![anonymous(text(404, "")), anonymous(text(401, ""))]).await;
    assert!(matches!(deleted, Deleted::NotYet { .. }), "an anonymous caller's 404 is not believed");
}
