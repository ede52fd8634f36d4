use serde_json::{Value, json};

use super::{MOST, Query};
use crate::clock::after;
use crate::connection::{Project, Scope};
use crate::evidence::{Gap, Reading};
use crate::ids::ProjectId;
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{ACCOUNT, Stage, anonymous, answer, in_doubt, limited, not_sent, text, with};

type Answer = Result<Response, SendError>;

fn scope() -> Scope {
    let project = |id: &str, key: &str| Project {
        id: ProjectId::parse(id).unwrap(),
        key: key.to_owned(),
        name: "A name".to_owned(),
    };
    let projects = vec![project("10001", "CHG"), project("10002", "INC")];
    Scope { keys: vec!["CHG".to_owned(), "inc".to_owned()], projects, jql: None }
}

fn query() -> Query {
    Query::of(&scope()).unwrap()
}

fn issue(id: u32) -> Value {
    json!({
        "id": id.to_string(), "key": format!("CHG-{id}"),
        "fields": {
            "summary": "A change", "created": "2026-02-01T10:00:00.000+0100", "assignee": { "accountId": "acc-1" },
            "status": { "id": "3", "name": "Erledigt", "statusCategory": { "key": "done" } }, "priority": { "id": "2" },
        },
    })
}

fn count(count: u64) -> Answer {
    answer(200, json!({ "count": count }))
}

fn browsable(projects: &[u32]) -> Answer {
    let grant = json!({ "permission": "BROWSE_PROJECTS", "projects": projects, "issues": [] });
    answer(200, json!({ "globalPermissions": [], "projectPermissions": [grant] }))
}

fn both() -> Answer {
    browsable(&[10001, 10002])
}

fn page(ids: std::ops::Range<u32>, token: Option<&str>) -> Answer {
    let issues: Vec<Value> = ids.map(issue).collect();
    answer(200, json!({ "issues": issues, "nextPageToken": token, "isLast": token.is_none() }))
}

async fn read(answers: Vec<Answer>) -> (Reading, Stage) {
    let stage = Stage::new(answers);
    let reading = stage.client.read(&query()).await;
    stage.done();
    (reading, stage)
}

fn words(reading: &Reading) -> Vec<&'static str> {
    let word = |gap: &Gap| match gap {
        Gap::Refused { .. } => "refused",
        Gap::Unavailable { .. } => "unavailable",
        Gap::Malformed { .. } => "malformed",
        Gap::Unreported { .. } => "unreported",
        Gap::Short { .. } => "short",
        Gap::Hidden { .. } => "hidden",
        Gap::CallerUnconfirmed => "caller unconfirmed",
        Gap::NotCounted => "not counted",
        Gap::Stale { .. } => "stale",
        Gap::ConnectionUnusable { .. } => "unusable",
        Gap::Unidentified { .. } => "unidentified",
    };
    match reading.complete(reading.read_at) {
        Ok(_) => Vec::new(),
        Err(gaps) => gaps.iter().map(word).collect(),
    }
}

#[tokio::test]
async fn a_whole_reading_takes_its_pages_and_two_calls_more() {
    let (reading, stage) =
        read(vec![count(5), both(), page(0..2, Some("t1")), page(2..4, Some("t2")), page(4..5, None)]).await;
    assert_eq!(words(&reading), [""; 0]);
    let (calls, coverage) = (stage.calls(), &reading.coverage);
    assert_eq!(
        (coverage.pages, coverage.read, coverage.counted, coverage.in_scope),
        (3, 5, Some(5), Some(5))
    );
    assert_eq!(calls[..2], ["POST /search/approximate-count", "POST /permissions/check"]);
    assert_eq!(calls.len(), 3 + 2);
    assert_eq!(reading.query, "project in (10001, 10002)");
    assert_eq!(stage.body(0), json!({ "jql": reading.query }));
    let first = json!({
        "jql": "project in (10001, 10002) ORDER BY created ASC", "maxResults": 5000,
        "fields": ["summary", "status", "assignee", "created", "priority"],
    });
    assert_eq!(stage.body(2), first);
    assert_eq!(stage.body(4)["nextPageToken"], "t2");
    // A call each, an issue each, and the permissions that were read.
    assert_eq!(stage.client.meter().points, 5 + 5 + 2);
    let entity = &reading.entities[0];
    assert_eq!(entity.url, "https://demo.atlassian.net/browse/CHG-0");
    assert_eq!(entity.created_at, "2026-02-01T09:00:00Z".parse().unwrap());
    assert_eq!((entity.done, entity.priority.as_deref()), (true, Some("2")));
    assert_eq!(entity.assignee.as_ref().unwrap().as_str(), "acc-1");
}

#[tokio::test]
async fn an_issue_without_assignee_and_priority_has_none() {
    let mut bare = issue(1);
    bare["fields"]["assignee"] = Value::Null;
    bare["fields"].as_object_mut().unwrap().remove("priority");
    let page = answer(200, json!({ "issues": [bare], "isLast": true }));
    let (reading, _) = read(vec![count(1), both(), page]).await;
    assert_eq!((&reading.entities[0].assignee, &reading.entities[0].priority), (&None, &None));
    assert_eq!(words(&reading), [""; 0]);
}

#[tokio::test]
async fn nothing_in_scope_is_a_whole_reading_too() {
    let (reading, _) = read(vec![count(0), both(), page(0..0, None)]).await;
    assert!(!reading.complete(reading.read_at).unwrap().anything_in_scope());
}

#[tokio::test]
async fn no_bad_answer_leaves_a_reading_that_looks_whole() {
    let four = |answer: fn() -> Answer| (0..4).map(|_| answer()).collect::<Vec<_>>();
    let after_page = |answers: Vec<Answer>| {
        let mut all = vec![count(2), both(), page(0..1, Some("t1"))];
        all.extend(answers);
        all
    };
    let cases: Vec<(&str, Vec<Answer>, &[&str])> = vec![
        ("credentials refused", vec![text(401, "")], &["refused", "caller confirmed", "not counted"]),
        ("count refused", vec![text(400, ""), both(), page(0..1, None)], &["refused", "not counted"]),
        ("count forbidden", vec![text(403, ""), both(), page(0..1, None)], &["refused", "not counted"]),
        ("count fails", four(|| text(503, "")), &["unavailable", "not counted"]),
        ("count answered by a page", four(|| text(200, "<html>")), &["malformed", "not counted"]),
        (
            "count of a wrong shape",
            vec![answer(200, json!({ "count": "many" })), both(), page(0..1, None)],
            &["malformed", "not counted"],
        ),
        ("no connection", four(not_sent), &["unavailable", "caller unconfirmed", "not counted"]),
        ("no whole answer", four(in_doubt), &["unavailable", "caller unconfirmed", "not counted"]),
        ("quota spent", vec![limited("jira-quota-global-based", Some(600))], &["unavailable", "not counted"]),
        (
            "redirected",
            vec![with(text(302, ""), "location", "https://elsewhere.example/")],
            &["unavailable", "not counted"],
        ),
        ("permissions refused", vec![count(1), text(403, ""), page(0..1, None)], &["refused"]),
        ("project hidden", vec![count(1), browsable(&[10001]), page(0..1, None)], &["hidden"]),
        ("page refused", after_page(vec![text(400, "")]), &["refused", "short"]),
        ("page gone", after_page(vec![text(410, "")]), &["refused", "short"]),
        ("page forbidden", after_page(vec![text(403, "")]), &["refused", "short"]),
        ("page fails", after_page(four(|| text(500, "<html>"))), &["unavailable", "short"]),
        ("page limited", after_page(vec![limited("jira-burst-based", Some(600))]), &["unavailable", "short"]),
        ("page is html", after_page(four(|| text(200, "<html>"))), &["malformed", "short"]),
        (
            "page is truncated",
            after_page(four(|| text(200, r#"{"issues":[{"id":"1"#))),
            &["malformed", "short"],
        ),
        (
            "page without issues key",
            after_page(vec![answer(200, json!({ "isLast": true }))]),
            &["malformed", "short"],
        ),
        ("empty page, not the last", after_page(vec![page(0..0, Some("t2"))]), &["malformed", "short"]),
        ("repeated token", after_page(vec![page(1..2, Some("t1"))]), &["malformed"]),
        (
            "not the last, no token",
            after_page(vec![answer(200, json!({ "issues": [], "isLast": false }))]),
            &["malformed", "short"],
        ),
        (
            "a page with a warning",
            vec![
                count(0),
                both(),
                answer(
                    200,
                    json!({
            "issues": [], "isLast": true, "warnings": [{ "type": "JQL_FUNCTION_LIMIT_EXCEEDED" }] }),
                ),
            ],
            &["refused"],
        ),
        ("fewer than counted, twice", vec![count(2), both(), page(0..1, None), count(2)], &["short"]),
        (
            "the same issue twice",
            vec![count(2), both(), page(0..1, Some("t1")), page(0..1, None), count(2)],
            &["short"],
        ),
    ];
    for (name, answers, expected) in cases {
        let (reading, stage) = read(answers).await;
        let expected: Vec<&str> =
            expected.iter().copied().filter(|word| *word != "caller confirmed").collect();
        assert_eq!(words(&reading), expected, "{name}: {:?}", stage.calls());
        assert!(reading.complete(reading.read_at).is_err(), "{name}");
    }
}

#[tokio::test]
async fn what_was_read_before_a_failure_stays() {
    let (reading, _) = read(vec![count(9), both(), page(0..3, Some("t1")), text(400, "")]).await;
    assert_eq!(reading.entities.len(), 3);
    assert_eq!((reading.coverage.read, reading.coverage.pages), (3, 1));
}

#[tokio::test]
async fn an_issue_that_makes_no_sense_is_a_gap_and_its_neighbours_are_read() {
    for (part, value, path) in [
        ("created", json!("yesterday"), "issues[1].fields.created"),
        ("status", json!({ "name": "Done" }), "issues[1].fields.status"),
        ("assignee", json!({ "accountId": "a b" }), "issues[1].fields.assignee.accountId"),
        ("summary", Value::Null, "issues[1].fields.summary"),
    ] {
        let mut broken = issue(1);
        broken["fields"][part] = value;
        let page = answer(200, json!({ "issues": [issue(0), broken, issue(2)], "isLast": true }));
        let (reading, _) = read(vec![count(3), both(), page]).await;
        assert_eq!(words(&reading), ["malformed", "short"], "{part}");
        assert_eq!(reading.entities.len(), 2);
        assert!(reading.coverage.gaps[0].to_string().contains(path), "{:?}", reading.coverage.gaps);
    }
}

#[tokio::test]
async fn an_issue_that_went_away_meanwhile_is_no_gap() {
    let (reading, _) = read(vec![count(2), both(), page(0..1, None), count(1), both()]).await;
    assert_eq!(words(&reading), [""; 0]);
    assert_eq!(reading.coverage.counted, Some(1));
}

#[tokio::test]
async fn a_lower_count_is_believed_only_from_our_account_and_while_all_projects_can_be_seen() {
    let (reading, _) = read(vec![count(2), both(), page(0..1, None), count(1), browsable(&[10001])]).await;
    assert_eq!(words(&reading), ["hidden"]);
    let expired = |answers: Vec<Answer>| {
        let anonymous_from = |n: usize, answer: Answer| if n < 2 { answer } else { anonymous(answer) };
        answers.into_iter().enumerate().map(|(n, answer)| anonymous_from(n, answer)).collect::<Vec<_>>()
    };
    let answers = vec![count(2), both(), page(0..0, None), count(0), both(), text(401, "")];
    let (reading, stage) = read(expired(answers)).await;
    assert_eq!(words(&reading), ["refused", "caller unconfirmed"], "{:?}", stage.calls());
}

#[tokio::test]
async fn one_operation_that_is_answered_with_and_without_a_name_is_not_trusted() {
    let myself = || answer(200, json!({ "accountId": ACCOUNT }));
    let pages = vec![page(0..1, Some("t1")), anonymous(page(1..2, None))];
    let answers = [count(2), both()].into_iter().chain(pages).chain([myself()]).collect();
    let (reading, _) = read(answers).await;
    assert_eq!(words(&reading), ["caller unconfirmed"]);
    // A site that never names the caller of one operation is asked once.
    let answers = vec![count(2), both(), anonymous(page(0..2, None)), myself()];
    let (reading, _) = read(answers).await;
    assert_eq!(words(&reading), [""; 0]);
}

#[tokio::test]
async fn a_second_reading_with_the_same_client_stands_by_its_own_answers() {
    let stage = Stage::new(vec![
        count(0),
        both(),
        page(0..0, None),
        anonymous(count(0)),
        anonymous(both()),
        anonymous(page(0..0, None)),
        anonymous(text(401, "")),
    ]);
    assert_eq!(words(&stage.client.read(&query()).await), [""; 0]);
    assert_eq!(words(&stage.client.read(&query()).await), ["refused", "caller unconfirmed"]);
    stage.done();
}

#[tokio::test]
async fn a_query_whose_projects_were_not_found_does_not_reach_over_the_whole_site() {
    let keys = vec!["SEC".to_owned()];
    let scope = Scope { keys, projects: Vec::new(), jql: Some("type = Change".to_owned()) };
    let stage = Stage::new(vec![]);
    let reading = stage.client.read(&Query::of(&scope).unwrap()).await;
    assert_eq!(words(&reading), ["unusable", "not counted"]);
}

#[tokio::test]
async fn a_query_without_projects_keeps_an_eye_on_those_that_it_saw() {
    let mut one = issue(1);
    one["fields"]["project"] = json!({ "id": "10001", "key": "CHG", "name": "A name" });
    let parsed = || answer(200, json!({ "queries": [{ "query": "", "errors": [] }] }));
    let found = || answer(200, json!({ "issues": [one], "isLast": true }));
    let mut scope = Scope { jql: Some("type = Change".to_owned()), ..Scope::default() };
    let stage = Stage::new(vec![parsed(), count(1), found()]);
    let reading = stage.client.read(&Query::of(&scope).unwrap()).await;
    assert_eq!(words(&reading), [""; 0]);
    assert_eq!(reading.seen_in.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), ["CHG"]);
    scope.projects = reading.seen_in;
    let stage = Stage::new(vec![parsed(), count(0), browsable(&[]), page(0..0, None)]);
    let reading = stage.client.read(&Query::of(&scope).unwrap()).await;
    assert_eq!(words(&reading), ["hidden"]);
    assert_eq!(reading.query, "(type = Change)", "what was seen does not narrow the query");
    stage.done();
}

#[tokio::test]
async fn an_anonymous_answer_is_not_taken_for_our_accounts() {
    let silent = || vec![anonymous(count(0)), anonymous(both()), anonymous(page(0..0, None))];
    let with_last = |last: Answer| silent().into_iter().chain([last]).collect::<Vec<_>>();
    let confirmed = anonymous(answer(200, json!({ "accountId": ACCOUNT })));
    let (reading, stage) = read(with_last(confirmed)).await;
    assert_eq!((words(&reading), stage.calls().len()), (vec![], 4));
    let (reading, _) = read(with_last(anonymous(text(401, "")))).await;
    assert_eq!(words(&reading), ["refused", "caller unconfirmed"]);
    let (reading, _) = read(with_last(anonymous(answer(200, json!({ "accountId": "acc-2" }))))).await;
    assert_eq!(words(&reading), ["refused"]);
    let (reading, _) = read(vec![count(0), with(both(), "x-aaccountid", "acc-2"), page(0..0, None)]).await;
    assert_eq!(words(&reading), ["refused"]);
    let stage = Stage::of_account(
        None,
        vec![count(0), both(), page(0..0, None), answer(200, json!({ "accountId": ACCOUNT }))],
    );
    assert_eq!(words(&stage.client.read(&query()).await), ["caller unconfirmed"]);
}

#[tokio::test]
async fn open_issues_are_read_and_all_are_counted() {
    let stage = Stage::new(vec![count(1), count(8), both(), page(0..1, None)]);
    let since = "2026-01-01T00:00:00Z".parse().unwrap();
    let query = query().created_from(since).created_before(after(since, 60)).open_only();
    let reading = stage.client.read(&query).await;
    let scope = "project in (10001, 10002) AND created >= 1767225600000 AND created < 1767225660000";
    assert_eq!(stage.body(0)["jql"], format!("{scope} AND statusCategory != Done"));
    assert_eq!(stage.body(1)["jql"], scope);
    assert_eq!((reading.coverage.counted, reading.coverage.in_scope), (Some(1), Some(8)));
    assert!(reading.complete(reading.read_at).unwrap().anything_in_scope());
}

#[tokio::test]
async fn a_persons_query_is_checked_each_time_since_jira_answers_nonsense_with_nothing() {
    let scope = Scope { jql: Some("type = Change".to_owned()), ..scope() };
    let query = Query::of(&scope).unwrap();
    let verdict = |errors: &[&str]| answer(200, json!({ "queries": [{ "query": "", "errors": errors }] }));
    let stage = Stage::new(vec![verdict(&[]), count(0), both(), page(0..0, None)]);
    let reading = stage.client.read(&query).await;
    assert_eq!(words(&reading), [""; 0]);
    assert_eq!(reading.query, "project in (10001, 10002) AND (type = Change)");
    assert_eq!(stage.body(0), json!({ "queries": ["type = Change"] }));
    let stage = Stage::new(vec![verdict(&["The value 'Change' does not exist."])]);
    assert_eq!(words(&stage.client.read(&query).await), ["refused", "not counted"]);
    stage.done();
}

#[tokio::test]
async fn a_project_that_verification_did_not_find_is_a_gap() {
    let mut scope = scope();
    scope.keys.push("SEC".to_owned());
    let stage = Stage::new(vec![count(0), both(), page(0..0, None)]);
    let reading = stage.client.read(&Query::of(&scope).unwrap()).await;
    assert_eq!(reading.coverage.gaps, [Gap::Hidden { project: "SEC".to_owned() }]);
    let nothing = Scope { keys: vec!["SEC".to_owned()], ..Scope::default() };
    let stage = Stage::new(vec![]);
    assert_eq!(words(&stage.client.read(&Query::of(&nothing).unwrap()).await), ["unusable", "not counted"]);
}

#[tokio::test]
async fn a_scope_that_is_too_large_is_told_before_it_is_read() {
    let (reading, _) = read(vec![count(MOST + 1)]).await;
    assert_eq!(words(&reading), ["unusable", "short"]);
}

#[test]
fn a_query_that_would_reach_outside_its_brackets_is_refused() {
    let scope = Scope { jql: Some("a = b) or (c = d".to_owned()), ..scope() };
    assert!(Query::of(&scope).is_err());
}

#[tokio::test]
async fn the_reading_is_true_for_the_moment_at_which_it_began() {
    let stage = Stage::new(vec![text(500, ""), count(0), both(), page(0..0, None)]);
    let began = stage.client.now();
    assert_eq!(stage.client.read(&query()).await.read_at, began);
    assert!(stage.client.now() > began, "a wait passed");
}
