use serde_json::json;

use super::RemoteLink;
use crate::ids::IssueId;
use crate::jira::comment::Written;
use crate::jira::scripted::{Stage, answer, in_doubt, text};

fn link() -> RemoteLink {
    RemoteLink {
        global_id: "assay:pul-1".to_owned(),
        url: "https://github.com/acme/shop/pull/12".to_owned(),
        title: "acme/shop#12: Fix\nit".to_owned(),
        summary: "merged".to_owned(),
        icon: Some("https://github.com/favicon.ico".to_owned()),
        relationship: "fixed by".to_owned(),
        resolved: true,
    }
}

async fn put(answers: Vec<Result<crate::http::Response, crate::http::SendError>>) -> (Stage, Written) {
    let stage = Stage::new(answers);
    let written = stage.client.link_remotely(&IssueId::parse("7").unwrap(), &link()).await;
    (stage, written)
}

#[tokio::test]
async fn a_link_is_known_again_by_its_global_id() {
    let (stage, written) = put(vec![answer(201, json!({ "id": 1, "self": "x" }))]).await;
    assert!(matches!(written, Written::Done { id, .. } if id == "assay:pul-1"));
    assert_eq!(stage.calls(), ["POST /issue/7/remotelink"]);
    let body = stage.body(0);
    assert_eq!(body["globalId"], "assay:pul-1");
    assert_eq!(body["object"]["title"], "acme/shop#12: Fix it");
    assert_eq!(body["object"]["status"], json!({ "resolved": true }));
}

#[tokio::test]
async fn a_refusal_is_told_in_jiras_words_and_a_lost_answer_is_in_doubt() {
    let refused = answer(403, json!({ "errorMessages": ["You are not allowed to link issues"] }));
    let (_, written) = put(vec![refused]).await;
    assert!(matches!(written, Written::Refused { .. }), "{written:?}");
    let (_, written) = put(vec![in_doubt()]).await;
    assert!(matches!(written, Written::InDoubt { .. }), "{written:?}");
    let (_, written) = put(vec![text(404, "{}"), answer(200, json!({ "accountId": "acc-admin" }))]).await;
    assert!(matches!(written, Written::Gone(_) | Written::NotYet { .. }), "{written:?}");
}
