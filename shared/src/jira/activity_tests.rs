use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Author, Deed};
use crate::account::AccountKind;
use crate::ids::{AccountId, IssueId};
use crate::jira::error::Kind;
use crate::jira::http::SendError;
use crate::jira::scripted::{Stage, anonymous, answer, text};

const T1: &str = "2026-03-01T10:00:00.000+0100";
const T2: &str = "2026-03-01T11:00:00.000+0100";
const T3: &str = "2026-03-01T12:00:00.000+0100";

fn user(id: &str, kind: &str) -> Value {
    json!({ "accountId": id, "accountType": kind, "displayName": "Mia" })
}

fn human(id: &str) -> Value {
    user(id, "atlassian")
}

/// One deed in words: who, of which kind, at which hour.
fn words(deed: &Deed) -> String {
    let kind = match deed.by.kind {
        AccountKind::Human => "human",
        AccountKind::App => "app",
        AccountKind::Customer => "customer",
        AccountKind::Unknown => "unknown",
    };
    format!("{} {kind} {}", deed.by.id, deed.at.strftime("%H"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn window() -> (Timestamp, Timestamp) {
    (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"))
}

/// Older than anything that is told.
const EVER: Timestamp = Timestamp::UNIX_EPOCH;

fn issue(id: &str, comment: &Value) -> Value {
    let fields = json!({ "created": T1, "updated": T3, "creator": human("a"), "comment": comment });
    json!({ "id": id, "fields": fields })
}

fn issue_id(text: &str) -> IssueId {
    IssueId::parse(text).unwrap()
}

fn malformed_at(error: &crate::jira::JiraError) -> &str {
    let Kind::Malformed { path } = &error.kind else { panic!("{error}") };
    path
}

#[tokio::test]
async fn a_changed_issue_tells_who_created_it_and_who_wrote_and_changed_its_comments() {
    let comments = json!({ "total": 4, "comments": [
        { "author": user("b", "app"), "created": T1, "updateAuthor": user("b", "app"), "updated": T1, "body": {} },
        { "author": user("c", "customer"), "created": T1, "updateAuthor": human("d"), "updated": T2 },
        { "created": T2, "updateAuthor": { "accountId": "unknown" }, "updated": T3 },
    ] });
    let mut nobodys = issue("2", &Value::Null);
    nobodys["fields"]["creator"] = Value::Null;
    let stage = Stage::new(vec![answer(
        200,
        json!({ "issues": [issue("1", &comments), nobodys], "nextPageToken": "t1", "isLast": false }),
    )]);
    let (from, until) = window();
    let page = stage.client.changed_issues(from, until, EVER, 100, None).await.unwrap();
    let deeds: Vec<String> = page.issues[0].deeds.iter().map(words).collect();
    assert_eq!(deeds, ["a human 09", "b app 09", "c customer 09", "d human 10"]);
    assert_eq!((page.issues[0].id.as_str(), page.issues[0].updated), ("1", at("2026-03-01T11:00:00Z")));
    assert_eq!((page.issues[0].comments_total, page.issues[0].comments_embedded), (4, 3));
    assert_eq!(page.issues[1].deeds, []);
    assert_eq!(
        (page.issues[1].comments_total, page.issues[1].comments_embedded),
        (1, 0),
        "they must be read"
    );
    assert_eq!((page.next.as_deref(), page.size), (Some("t1"), 100));
    let jql = "updated >= 1767225600000 AND updated < 1767312000000 ORDER BY updated ASC, id ASC";
    let fields = ["created", "creator", "updated", "comment"];
    assert_eq!(
        stage.body(0),
        json!({ "jql": jql, "fields": fields, "expand": "changelog", "maxResults": 100 })
    );
    assert_eq!(stage.client.meter().points, 3);
}

#[tokio::test]
async fn a_search_for_changes_goes_on_where_it_stopped_and_ends_for_the_connections_account_alone() {
    let empty = || json!({ "issues": [], "isLast": true });
    let (from, until) = window();
    let stage = Stage::new(vec![answer(200, empty())]);
    let page = stage.client.changed_issues(from, until, EVER, 9000, Some("t1")).await.unwrap();
    assert_eq!((page.issues, page.next), (Vec::new(), None));
    assert_eq!((&stage.body(0)["nextPageToken"], &stage.body(0)["maxResults"]), (&json!("t1"), &json!(5000)));
    let stage = Stage::new(vec![anonymous(answer(200, empty())), anonymous(text(401, ""))]);
    let error = stage.client.changed_issues(from, until, EVER, 100, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
}

#[tokio::test]
async fn a_page_of_changes_that_does_not_lead_on_or_makes_no_sense_is_an_error() {
    let one = || issue("1", &Value::Null);
    let broken = |field: &str, value: Value| {
        let mut issue = one();
        issue["fields"][field] = value;
        json!({ "issues": [one(), issue, { "id": "x y" }], "isLast": true })
    };
    let comment = json!({ "comments": [{ "author": human("a") }], "total": 1 });
    for (body, path) in [
        (json!({ "issues": [one()], "nextPageToken": "t1" }), "nextPageToken"),
        (json!({ "issues": [one()], "isLast": false }), "nextPageToken"),
        (json!({ "issues": [], "nextPageToken": "t2" }), "issues"),
        (broken("created", Value::Null), "issues[1].fields.created"),
        (broken("updated", json!("soon")), "issues[1].fields.updated"),
        (broken("creator", json!({ "accountId": "a b" })), "issues[1].fields.creator.accountId"),
        (broken("comment", json!({ "total": 3 })), "issues[1].fields.comment"),
        (broken("comment", comment), "issues[1].fields.comment.comments[0]"),
    ] {
        let stage = Stage::new(vec![answer(200, body.clone())]);
        let (from, until) = window();
        let error = stage.client.changed_issues(from, until, EVER, 100, Some("t1")).await.unwrap_err();
        assert_eq!(malformed_at(&error), path, "{body}");
    }
}

#[tokio::test]
async fn a_page_of_changes_that_is_too_long_is_asked_for_smaller_and_says_so() {
    let page = json!({ "issues": [], "isLast": true, "warnings": [{ "type": "LIMIT" }] });
    let stage = Stage::new(vec![Err(SendError::TooLarge { status: 200 }), answer(200, page)]);
    let (from, until) = window();
    let page = stage.client.changed_issues(from, until, EVER, 1000, None).await.unwrap();
    assert_eq!((page.size, page.warnings), (250, vec!["LIMIT".to_owned()]));
    assert_eq!(stage.body(1)["maxResults"], 250);
    stage.done();
}

#[tokio::test]
async fn a_changed_issue_tells_its_history_as_far_as_it_came_with_it() {
    let entry = |by: &str, created: &str| json!({ "author": human(by), "created": created, "items": [] });
    let histories = [entry("d", T3), entry("c", T2), json!({ "created": T2 }), entry("b", T1)];
    let with = |id: &str, changelog: Value| {
        let mut issue = issue(id, &Value::Null);
        issue["changelog"] = changelog;
        issue
    };
    let issues = [
        with("1", json!({ "histories": histories, "total": 4, "maxResults": 4, "startAt": 0 })),
        with("2", json!({ "histories": histories[..2], "total": 4, "maxResults": 2, "startAt": 0 })),
        with("3", json!([])),
        issue("4", &Value::Null),
    ];
    let stage = Stage::new(vec![answer(200, json!({ "issues": issues, "nextPageToken": "t1" }))]);
    let (from, until) = window();
    let page = stage.client.changed_issues(from, until, EVER, 100, None).await.unwrap();
    let told = page.issues.iter().map(|issue| {
        let deeds: Vec<String> = issue.deeds.iter().map(words).collect();
        (deeds.join(", "), issue.whole_history)
    });
    let told: Vec<(String, bool)> = told.collect();
    let created = "a human 09";
    let expected = [
        (format!("{created}, d human 11, c human 10, b human 09"), true),
        (format!("{created}, d human 11, c human 10"), false),
        (created.to_owned(), false),
        (created.to_owned(), false),
    ];
    assert_eq!(told, expected);
    assert_eq!(stage.client.meter().points, 1 + 4, "histories cost nothing beyond their issues");
    let stage = Stage::new(vec![answer(200, json!({ "issues": [issues[1]], "nextPageToken": "t1" }))]);
    let page = stage.client.changed_issues(from, until, at("2026-03-01T10:30:00Z"), 100, None).await.unwrap();
    assert!(page.issues[0].whole_history, "what it lacks is too old");
}

#[tokio::test]
async fn a_page_of_changes_that_is_too_long_even_as_the_smallest_goes_without_histories() {
    let too_large = || Err(SendError::TooLarge { status: 200 });
    let page = || answer(200, json!({ "issues": [issue("1", &Value::Null)], "nextPageToken": "t1" }));
    let stage = Stage::new(vec![too_large(), too_large(), page()]);
    let (from, until) = window();
    let read = stage.client.changed_issues(from, until, EVER, 500, None).await.unwrap();
    assert_eq!((read.size, read.issues[0].whole_history), (125, false));
    let asked =
        |number: usize| (stage.body(number)["maxResults"].clone(), stage.body(number)["expand"].clone());
    let expanded = json!("changelog");
    assert_eq!(asked(0), (json!(500), expanded.clone()));
    assert_eq!((asked(1), asked(2)), ((json!(125), expanded), (json!(125), Value::Null)));
    stage.done();
    let stage = Stage::new((0..3).map(|_| too_large()).collect());
    let error = stage.client.changed_issues(from, until, EVER, 500, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge);
    stage.done();
}

#[tokio::test]
async fn changes_are_counted_without_an_order() {
    let stage = Stage::new(vec![answer(200, json!({ "count": 153 }))]);
    let (from, until) = window();
    assert_eq!(stage.client.approximate_changed(from, until).await.unwrap(), 153);
    assert_eq!(stage.body(0), json!({ "jql": "updated >= 1767225600000 AND updated < 1767312000000" }));
    assert_eq!(stage.calls(), ["POST /search/approximate-count"]);
}

fn histories(next: Option<&str>, logs: &Value) -> Value {
    json!({ "issueChangeLogs": logs, "nextPageToken": next })
}

#[tokio::test]
async fn histories_tell_who_changed_which_issue_however_the_moment_is_written() {
    let entry = |created: Value| json!({ "id": "1", "author": human("a"), "created": created, "items": [] });
    let logs = json!([
        { "issueId": "1", "changeHistories": [
            entry(json!(T1)), entry(json!(1_492_070_429)), entry(json!(1_492_070_429_000_i64)),
            { "id": "2", "author": null, "created": T1 }, { "id": "3", "created": T1 },
        ] },
        { "issueId": "2", "changeHistories": [entry(json!(T2))] },
    ]);
    let stage =
        Stage::new(vec![answer(200, histories(Some("t1"), &logs)), answer(200, histories(None, &json!([])))]);
    let ids = [issue_id("1"), issue_id("2"), issue_id("3")];
    let page = stage.client.histories(&ids, None).await.unwrap();
    let by = Author { id: AccountId::parse("a").unwrap(), kind: AccountKind::Human };
    let deed = |issue: &str, time: &str| (issue_id(issue), Deed { by: by.clone(), at: at(time) });
    let old = "2017-04-13T08:00:29Z";
    assert_eq!(
        page.entries,
        [
            deed("1", "2026-03-01T09:00:00Z"),
            deed("1", old),
            deed("1", old),
            deed("2", "2026-03-01T10:00:00Z"),
        ]
    );
    assert_eq!(page.next.as_deref(), Some("t1"));
    assert_eq!(stage.body(0), json!({ "issueIdsOrKeys": ["1", "2", "3"], "maxResults": 1000 }));
    assert_eq!(stage.client.meter().points, 3);
    let end = stage.client.histories(&ids, Some("t1")).await.unwrap();
    assert_eq!((end.entries, end.next), (Vec::new(), None));
    assert_eq!(stage.body(1)["nextPageToken"], "t1");
    assert_eq!(stage.calls()[1], "POST /changelog/bulkfetch");
    assert_eq!(Stage::new(Vec::new()).client.histories(&[], None).await.unwrap().entries, []);
}

#[tokio::test]
async fn histories_that_do_not_lead_on_or_make_no_sense_are_errors() {
    let log = |issue: &str, created: Value| {
        let entry = json!({ "author": human("a"), "created": created });
        json!([{ "issueId": issue, "changeHistories": [entry] }])
    };
    for (body, path) in [
        (histories(Some("t1"), &json!([])), "nextPageToken"),
        (histories(None, &log("2", json!(T1))), "issueChangeLogs[0].issueId"),
        (histories(None, &log("1", json!("soon"))), "issueChangeLogs[0].changeHistories[0].created"),
        (histories(None, &json!([{ "issueId": "1" }])), "issueChangeLogs[0]"),
    ] {
        let stage = Stage::new(vec![answer(200, body)]);
        let error = stage.client.histories(&[issue_id("1")], Some("t1")).await.unwrap_err();
        assert_eq!(malformed_at(&error), path);
    }
    let stage =
        Stage::new(vec![anonymous(answer(200, histories(None, &json!([])))), anonymous(text(401, ""))]);
    let error = stage.client.histories(&[issue_id("1")], None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized, "an anonymous caller sees no histories");
}

#[tokio::test]
async fn histories_that_are_too_long_are_asked_for_in_smaller_pieces() {
    let too_large = || Err(SendError::TooLarge { status: 200 });
    let stage = Stage::new(vec![too_large(), too_large(), answer(200, histories(None, &json!([])))]);
    stage.client.histories(&[issue_id("1")], Some("t1")).await.unwrap();
    let sizes: Vec<u64> = (0..3).map(|number| stage.body(number)["maxResults"].as_u64().unwrap()).collect();
    assert_eq!(sizes, [1000, 250, 50]);
    assert_eq!(stage.body(2)["nextPageToken"], "t1");
    let stage = Stage::new((0..4).map(|_| too_large()).collect());
    assert_eq!(stage.client.histories(&[issue_id("1")], None).await.unwrap_err().kind, Kind::TooLarge);
    stage.done();
}

#[tokio::test]
async fn comments_are_told_one_by_one_until_an_empty_page() {
    let comments = json!([
        { "author": human("a"), "created": T1, "updateAuthor": human("a"), "updated": T2 },
        { "created": T1 },
    ]);
    let stage = Stage::new(vec![
        answer(200, json!({ "comments": comments, "total": 2, "startAt": 100 })),
        answer(200, json!({ "comments": [], "total": 2 })),
        answer(200, json!({ "total": 2 })),
        answer(404, json!({})),
    ]);
    let page = stage.client.comments_of(&issue_id("7"), 100).await.unwrap();
    let deeds: Vec<Vec<String>> = page.items.iter().map(|deeds| deeds.iter().map(words).collect()).collect();
    assert_eq!(deeds, [vec!["a human 09", "a human 10"], vec![]]);
    assert!(!page.last, "the total may be the page's");
    let url = "/issue/7/comment?startAt=100&maxResults=100&orderBy=created";
    assert!(stage.url(0).ends_with(url), "{}", stage.url(0));
    assert!(stage.client.comments_of(&issue_id("7"), 102).await.unwrap().last);
    assert!(stage.client.comments_of(&issue_id("7"), 0).await.is_err());
    assert_eq!(stage.client.comments_of(&issue_id("7"), 0).await.unwrap_err().kind, Kind::NotFound);
}
