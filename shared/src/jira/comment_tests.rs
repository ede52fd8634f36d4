use serde_json::{Value, json};

use super::Written;
use crate::ids::{AccountId, IssueId};
use crate::jira::canonical::digest_of_blocks;
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{Stage, anonymous, answer, in_doubt, limited, not_sent, text};
use crate::ticket::{Block, Span};

type Answer = Result<Response, SendError>;

fn issue() -> IssueId {
    IssueId::parse("7").unwrap()
}

fn words(text: &str) -> Vec<Block> {
    vec![Block::Paragraph(vec![Span::Text(text.to_owned())])]
}

fn body(text: &str) -> Value {
    json!({ "type": "doc", "version": 1, "content": [
        { "type": "paragraph", "attrs": { "localId": "x" }, "content": [{ "type": "text", "text": text }] }] })
}

fn comment(id: u32, author: &str, kind: &str, text: &str) -> Value {
    json!({
        "id": id.to_string(), "author": { "accountId": author, "accountType": kind },
        "created": "2026-03-01T10:00:00.000+0100", "body": body(text),
    })
}

fn page(comments: &[Value]) -> Answer {
    answer(200, json!({ "comments": comments, "startAt": 0, "maxResults": 100, "total": comments.len() }))
}

fn word(written: &Written) -> &'static str {
    match written {
        Written::Done { .. } => "done",
        Written::Gone(_) => "gone",
        Written::Refused { .. } => "refused",
        Written::NotYet { .. } => "not yet",
        Written::InDoubt { .. } => "in doubt",
    }
}

#[tokio::test]
async fn comments_are_read_to_an_empty_page_and_each_once() {
    let one = |id: u32| comment(id, "acc-1", "atlassian", "Hello");
    let stage = Stage::new(vec![page(&[one(1), one(2)]), page(&[one(2), one(3)]), page(&[])]);
    let comments = stage.client.comments(&issue()).await.unwrap();
    let ids: Vec<&str> = comments.iter().map(|comment| comment.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(stage.url(2).ends_with("/issue/7/comment?startAt=4&maxResults=100&orderBy=created"));
    stage.done();
}

#[tokio::test]
async fn a_comment_tells_who_wrote_it_its_first_line_and_its_digest() {
    let mut lines = comment(2, "acc-bot", "app", "");
    lines["body"]["content"] = json!([
        { "type": "paragraph", "content": [
            { "type": "mention", "attrs": { "id": "acc-1", "text": "@Mia" } }, { "type": "text", "text": " see" },
            { "type": "hardBreak" }, { "type": "text", "text": "below" }] },
        { "type": "paragraph", "content": [{ "type": "text", "text": "more" }] },
    ]);
    let mut bare = comment(3, "acc-1", "atlassian", "");
    bare["author"] = Value::Null;
    bare.as_object_mut().unwrap().remove("body");
    let first = comment(1, "acc-1", "atlassian", "Evidence attached");
    let stage = Stage::new(vec![page(&[first, lines, bare]), page(&[])]);
    let comments = stage.client.comments(&issue()).await.unwrap();
    assert_eq!(comments[0].digest, digest_of_blocks(&words("Evidence attached")));
    assert_eq!(comments[0].created_at, "2026-03-01T09:00:00Z".parse().unwrap());
    let told: Vec<(Option<&str>, bool, &str)> = comments
        .iter()
        .map(|it| (it.author.as_ref().map(AccountId::as_str), it.author_is_app, it.first_line.as_str()))
        .collect();
    let expected =
        [(Some("acc-1"), false, "Evidence attached"), (Some("acc-bot"), true, "@Mia see"), (None, false, "")];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_comment_is_written_changed_and_deleted_with_one_call_each() {
    let created = answer(201, comment(5, "acc-1", "atlassian", "x"));
    let stage = Stage::new(vec![created, answer(200, json!({ "id": "5" })), text(204, "")]);
    let written = stage.client.add_comment(&issue(), &words("Hello")).await;
    assert!(matches!(written, Written::Done { id, call } if id == "5" && call.status == Some(201)));
    let written = stage.client.edit_comment(&issue(), "5", &words("Hello again")).await;
    assert!(matches!(written, Written::Done { id, .. } if id == "5"));
    let written = stage.client.delete_comment(&issue(), "5").await;
    assert!(matches!(written, Written::Done { call, .. } if call.status == Some(204)));
    assert_eq!(
        stage.calls(),
        ["POST /issue/7/comment", "PUT /issue/7/comment/5", "DELETE /issue/7/comment/5"]
    );
    assert_eq!(stage.body(1)["body"]["content"][0]["content"][0]["text"], "Hello again");
}

#[tokio::test]
async fn a_failed_write_is_sent_once_and_sorted_by_whether_it_may_have_had_an_effect() {
    let failures: [fn() -> Answer; 12] = [
        || text(404, ""),
        || text(400, ""),
        || text(403, ""),
        || text(413, ""),
        || text(409, ""),
        || text(401, ""),
        || limited("jira-per-issue-on-write", Some(3)),
        not_sent,
        || text(408, ""),
        || text(499, ""),
        || text(500, ""),
        in_doubt,
    ];
    let expected = [
        "gone", "refused", "refused", "refused", "not yet", "not yet", "not yet", "not yet", "in doubt",
        "in doubt", "in doubt", "in doubt",
    ];
    for (failure, expected) in failures.iter().zip(expected) {
        let stage = Stage::new(vec![failure()]);
        assert_eq!(word(&stage.client.add_comment(&issue(), &words("x")).await), expected);
        stage.done();
        let stage = Stage::new(vec![failure()]);
        assert_eq!(word(&stage.client.edit_comment(&issue(), "5", &words("x")).await), expected);
        stage.done();
        let stage = Stage::new(vec![failure()]);
        assert_eq!(word(&stage.client.delete_comment(&issue(), "5").await), expected);
        stage.done();
    }
    let stage = Stage::new(vec![answer(201, json!({}))]);
    assert_eq!(word(&stage.client.add_comment(&issue(), &words("x")).await), "in doubt");
    let stage = Stage::new(vec![anonymous(text(404, "")), anonymous(text(401, ""))]);
    assert_eq!(word(&stage.client.delete_comment(&issue(), "5").await), "not yet");
}

#[tokio::test]
async fn comments_of_people_are_counted_and_never_too_few() {
    let ours = AccountId::parse("acc-bot").unwrap();
    let field = |comments: Vec<Value>, total: Option<u64>| json!({ "comments": comments, "total": total });
    let of = |id: u32, comment: Value| json!({ "id": id.to_string(), "key": "SEC-1", "fields": { "comment": comment } });
    let person = || comment(1, "acc-1", "atlassian", "x");
    let app = || comment(2, "acc-app", "app", "x");
    let own = || comment(3, "acc-bot", "atlassian", "x");
    let issues = [
        of(1, field(vec![person(), app(), own(), json!({})], Some(4))),
        of(2, field(vec![app(), own()], Some(2))),
        of(3, field(vec![app(), own()], Some(5))),
        of(4, field(vec![person()], None)),
        of(5, field(vec![], Some(0))),
        of(6, Value::Null),
    ];
    let stage = Stage::new(vec![answer(200, json!({ "issues": issues }))]);
    let ids: Vec<IssueId> = (1..=7).map(|id| IssueId::parse(&id.to_string()).unwrap()).collect();
    let counted = stage.client.comments_of_people(&ids, &ours).await.unwrap();
    let counted: Vec<(&str, u64)> = counted.iter().map(|(id, count)| (id.as_str(), *count)).collect();
    assert_eq!(counted, [("1", 2), ("2", 0), ("3", 3), ("4", 1), ("5", 0)]);
    assert_eq!(stage.body(0)["fields"], json!(["comment"]));
}

#[tokio::test]
async fn comments_that_are_too_long_for_one_answer_are_asked_for_in_halves() {
    let one = |id: u32| {
        let field = json!({ "comments": [], "total": id });
        answer(
            200,
            json!({ "issues": [{ "id": id.to_string(), "key": "SEC-1", "fields": { "comment": field } }] }),
        )
    };
    let stage = Stage::new(vec![Err(SendError::TooLarge { status: 200 }), one(1), one(2)]);
    let ids = [1, 2].map(|id| IssueId::parse(&id.to_string()).unwrap());
    let counted = stage.client.comments_of_people(&ids, &AccountId::parse("acc-bot").unwrap()).await.unwrap();
    assert_eq!(counted.into_values().collect::<Vec<_>>(), [1, 2]);
    stage.done();
}
