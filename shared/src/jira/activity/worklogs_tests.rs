use serde_json::{Value, json};

use crate::jira::error::Kind;
use crate::jira::scripted::{Stage, anonymous, answer, text};

fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn page(values: &[(u64, i64)], last: bool) -> Value {
    let values: Vec<Value> =
        values.iter().map(|(id, time)| json!({ "worklogId": id, "updatedTime": time })).collect();
    json!({ "values": values, "lastPage": last, "since": 0, "until": 7 })
}

const NOON: i64 = 1_767_268_800_000;

#[tokio::test]
async fn work_logs_are_told_since_a_moment_and_up_to_the_last_that_was_told() {
    let values = [(103, NOON + 1), (104, NOON + 5)];
    let stage = Stage::new(vec![
        answer(200, page(&values, false)),
        answer(200, page(&values[..1], true)),
        answer(200, page(&[], true)),
    ]);
    let since = at("2026-01-01T12:00:00Z");
    let changes = stage.client.worklogs_changed(since).await.unwrap();
    assert_eq!((changes.ids, changes.last), (vec![103, 104], false));
    assert_eq!(changes.until, at("2026-01-01T12:00:00.005Z"));
    assert!(stage.url(0).ends_with("/worklog/updated?since=1767268800000"), "{}", stage.url(0));
    let deleted = stage.client.worklogs_deleted(since).await.unwrap();
    assert_eq!((deleted.ids, deleted.last), (vec![103], true));
    assert!(stage.url(1).ends_with("/worklog/deleted?since=1767268800000"), "{}", stage.url(1));
    assert_eq!(stage.client.worklogs_deleted(since).await.unwrap().until, since, "nothing is nothing new");
    assert_eq!(stage.client.meter().points, 3 + 3, "each call, and each work log that was told");
}

#[tokio::test]
async fn a_page_of_work_logs_that_leads_nowhere_is_an_error() {
    for body in [
        page(&[(103, NOON)], false),
        page(&[], false),
        json!({ "values": [] }),
        json!({ "lastPage": true }),
        json!({ "values": [{ "worklogId": 1 }], "lastPage": true }),
    ] {
        let stage = Stage::new(vec![answer(200, body.clone())]);
        let error = stage.client.worklogs_changed(at("2026-01-01T12:00:00Z")).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Malformed { .. }), "{body}");
    }
    let stage = Stage::new(vec![anonymous(answer(200, page(&[], true))), anonymous(text(401, ""))]);
    let error = stage.client.worklogs_changed(at("2026-01-01T12:00:00Z")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
}

#[tokio::test]
async fn a_work_log_is_a_deed_when_it_is_written_and_not_when_the_work_was_done() {
    let user = |id: &str| json!({ "accountId": id, "accountType": "atlassian" });
    let started = "2020-01-01T00:00:00.000+0000";
    let stage = Stage::new(vec![
        answer(
            200,
            json!([
                {
                    "author": user("a"), "created": "2026-03-01T10:00:00.000+0000", "started": started,
                    "updateAuthor": user("b"), "updated": "2026-03-02T10:00:00.000+0000",
                },
                { "author": user("c"), "updateAuthor": user("c"), "updated": "2026-03-03T10:00:00.000+0000" },
            ]),
        ),
        answer(200, json!([{ "author": user("a"), "started": started }])),
    ]);
    let deeds = stage.client.worklogs(&[1, 2, 3]).await.unwrap();
    let seen: Vec<String> =
        deeds.iter().map(|deed| format!("{} {}", deed.by.id, deed.at.strftime("%d"))).collect();
    assert_eq!(seen, ["a 01", "b 02", "c 03"]);
    assert_eq!(stage.body(0), json!({ "ids": [1, 2, 3] }));
    assert_eq!(stage.client.meter().points, 1 + 2);
    assert_eq!(stage.calls(), ["POST /worklog/list"]);
    let error = stage.client.worklogs(&[1]).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Malformed { .. }), "{error}");
    assert_eq!(stage.client.worklogs(&[]).await.unwrap(), []);
    stage.done();
}
