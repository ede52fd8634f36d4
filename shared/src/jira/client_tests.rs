use serde_json::json;

use super::{Caller, Meter};
use crate::clock::{Clock, after};
use crate::jira::ask::Ask;
use crate::jira::error::{Effect, Kind, LimitReason};
use crate::jira::http::{Method, Response, SendError};
use crate::jira::scripted::{Stage, anonymous, answer, in_doubt, limited, not_sent, text, with};

type Answer = Result<Response, SendError>;

fn read() -> Ask {
    Ask::read("read", "/rest/api/3/myself")
}

fn write() -> Ask {
    Ask::write("write", Method::Post, "/rest/api/3/issue/bulk", json!({}))
}

fn fine() -> Answer {
    answer(200, json!({}))
}

#[tokio::test]
async fn a_read_is_made_again_after_every_failure_that_passes() {
    for failure in [
        text(500, ""),
        text(503, "<html>"),
        text(200, "<html>"),
        text(200, r#"{"issues":["#),
        not_sent(),
        in_doubt(),
        limited("jira-burst-based", Some(1)),
        limited("jira-something-new", Some(1)),
        text(429, ""),
    ] {
        let stage = Stage::new(vec![failure, fine()]);
        assert!(stage.client.request(read()).await.is_ok());
        stage.done();
        assert_eq!(stage.client.meter(), Meter { calls: 2, points: 2 });
    }
}

#[tokio::test]
async fn a_read_is_not_made_again_after_a_failure_that_stays() {
    for failure in [
        text(400, ""),
        text(401, ""),
        text(403, ""),
        text(404, ""),
        text(410, ""),
        with(text(302, ""), "location", "https://elsewhere.example/"),
        limited("jira-quota-global-based", Some(1)),
        limited("jira-quota-tenant-based", Some(1)),
        Err(SendError::TooLarge { status: 200 }),
    ] {
        let stage = Stage::new(vec![failure]);
        assert!(stage.client.request(read()).await.is_err());
        assert!(stage.waits().is_empty());
    }
}

#[tokio::test]
async fn four_attempts_are_made_with_growing_waits_and_not_more() {
    let stage = Stage::new(vec![text(500, ""), text(502, ""), text(503, ""), text(504, "")]);
    let error = stage.client.request(read()).await.err().unwrap();
    assert_eq!(error.kind, Kind::Unavailable { status: 504, retry_after: None });
    stage.done();
    let waits = stage.waits();
    assert_eq!(waits.len(), 3);
    for (wait, middle) in waits.iter().zip([2.0, 4.0, 8.0]) {
        assert!((middle * 0.7..=middle * 1.3).contains(wait), "{waits:?}");
    }
}

#[tokio::test]
async fn jiras_own_wait_is_the_least_wait() {
    let stage = Stage::new(vec![limited("jira-burst-based", Some(9)), fine()]);
    assert!(stage.client.request(read()).await.is_ok());
    assert_eq!(stage.waits(), [9.0]);
}

#[tokio::test]
async fn a_write_is_never_made_again_except_after_a_burst_for_which_jira_named_a_short_wait() {
    for failure in [
        text(500, ""),
        text(503, "<html>"),
        with(text(503, ""), "retry-after", "1"),
        not_sent(),
        in_doubt(),
        limited("jira-burst-based", None),
        limited("jira-burst-based", Some(31)),
        limited("jira-per-issue-on-write", Some(1)),
        limited("jira-cost-based", Some(1)),
        limited("jira-something-new", Some(1)),
        limited("jira-quota-global-based", Some(1)),
        text(400, ""),
    ] {
        let stage = Stage::new(vec![failure]);
        assert!(stage.client.request(write()).await.is_err());
        assert!(stage.waits().is_empty());
    }
    let stage = Stage::new(vec![limited("jira-burst-based", Some(3)), answer(201, json!({}))]);
    assert!(stage.client.request(write()).await.is_ok());
    assert_eq!(stage.waits(), [3.0]);
}

#[tokio::test]
async fn a_wait_that_does_not_fit_before_the_deadline_is_handed_back_at_once() {
    let mut stage = Stage::new(vec![limited("jira-burst-based", Some(20))]);
    stage.client = stage.client.until(after(stage.clock.now(), 15));
    let error = stage.client.request(read()).await.err().unwrap();
    assert_eq!(error.kind, Kind::Limited { reason: LimitReason::Burst, retry_after: Some(20) });
    assert!(stage.waits().is_empty());
}

#[tokio::test]
async fn a_long_wait_is_handed_back_even_without_a_deadline() {
    let stage = Stage::new(vec![limited("jira-burst-based", Some(31))]);
    assert!(stage.client.request(read()).await.is_err());
    assert!(stage.waits().is_empty());
}

#[tokio::test]
async fn without_time_left_nothing_is_sent_and_nothing_can_have_happened() {
    let mut stage = Stage::new(vec![]);
    stage.client = stage.client.until(stage.clock.now());
    let error = stage.client.request(write()).await.err().unwrap();
    assert_eq!((error.effect(), &error.kind), (Effect::None, &Kind::NotSent));
    assert_eq!(stage.client.meter().calls, 0);
}

#[tokio::test]
async fn a_write_is_not_begun_when_it_would_be_cut_off() {
    let mut stage = Stage::new(vec![fine()]);
    stage.client = stage.client.until(after(stage.clock.now(), 4));
    let error = stage.client.request(write()).await.err().unwrap();
    assert_eq!(error.kind, Kind::NotSent);
    assert!(stage.client.request(read()).await.is_ok());
    stage.done();
}

#[tokio::test]
async fn a_call_may_take_no_longer_than_there_is_time() {
    let mut stage = Stage::new(vec![fine(), fine()]);
    stage.client = stage.client.until(after(stage.clock.now(), 60));
    stage.client.request(read()).await.ok().unwrap();
    stage.client.request(read().by(after(stage.clock.now(), 5))).await.ok().unwrap();
    let timeouts: Vec<u64> =
        stage.script.requests.lock().unwrap().iter().map(|request| request.timeout.as_secs()).collect();
    assert_eq!(timeouts, [20, 5]);
}

#[tokio::test]
async fn after_a_spent_quota_nothing_leaves_until_the_pause_is_over() {
    let stage = Stage::new(vec![limited("jira-quota-tenant-based", Some(600)), fine()]);
    assert!(stage.client.request(read()).await.is_err());
    assert_eq!(stage.client.paused_until(), Some(after(stage.clock.now(), 600)));
    stage.clock.advance(100);
    for ask in [read(), write()] {
        let error = stage.client.request(ask).await.err().unwrap();
        assert_eq!(error.kind, Kind::Limited { reason: LimitReason::TenantQuota, retry_after: Some(500) });
        assert_eq!(error.effect(), Effect::None);
    }
    assert_eq!(stage.client.meter().calls, 1);
    stage.clock.advance(500);
    assert!(stage.client.request(read()).await.is_ok());
    stage.done();
}

#[tokio::test]
async fn a_burst_or_an_hourly_limit_on_creation_does_not_pause_the_rest() {
    for reason in ["jira-burst-based", "jira-cost-based", "jira-per-issue-on-write"] {
        let stage = Stage::new(vec![limited(reason, Some(600)), fine()]);
        assert!(stage.client.request(write()).await.is_err());
        assert_eq!(stage.client.paused_until(), None);
        assert!(stage.client.request(read()).await.is_ok());
    }
}

#[tokio::test]
async fn the_account_that_answers_is_compared_with_the_connections() {
    let stage = Stage::new(vec![anonymous(fine()), fine(), with(fine(), "x-aaccountid", "acc-2"), fine()]);
    for caller in [Caller::Unconfirmed, Caller::Confirmed, Caller::Other, Caller::Other] {
        stage.client.request(read()).await.ok().unwrap();
        assert_eq!(stage.client.caller(), caller);
    }
    let error = stage.client.confirm_caller().await.err().unwrap();
    assert_eq!(error.kind, Kind::Unauthorized);
}

#[tokio::test]
async fn an_answer_that_is_a_failure_confirms_the_account_too() {
    let stage = Stage::new(vec![text(404, "")]);
    assert!(stage.client.request(read()).await.is_err());
    assert_eq!(stage.client.caller(), Caller::Confirmed);
}

#[tokio::test]
async fn one_call_confirms_the_account_where_no_answer_names_it() {
    let stage = Stage::new(vec![anonymous(answer(200, json!({ "accountId": "acc-admin", "active": true })))]);
    stage.client.confirm_caller().await.ok().unwrap();
    stage.client.confirm_caller().await.ok().unwrap();
    assert_eq!(stage.calls(), ["GET /myself"]);
}

#[tokio::test]
async fn an_answer_without_a_name_ends_the_trust_until_the_account_is_asked() {
    let myself = || anonymous(answer(200, json!({ "accountId": "acc-admin", "active": true })));
    let stage = Stage::new(vec![fine(), anonymous(fine()), myself(), anonymous(text(404, ""))]);
    stage.client.request(read()).await.ok().unwrap();
    stage.client.request(read()).await.ok().unwrap();
    assert_eq!(stage.client.caller(), Caller::Unconfirmed);
    stage.client.confirm_caller().await.ok().unwrap();
    assert_eq!(stage.client.caller(), Caller::Confirmed);
    assert!(stage.client.request(read()).await.is_err());
    assert_eq!(
        stage.client.caller(),
        Caller::Unconfirmed,
        "nothing is concluded from an anonymous 404 either"
    );
}

#[tokio::test]
async fn a_pause_of_a_month_is_taken_for_an_hour() {
    let stage = Stage::new(vec![limited("jira-quota-global-based", Some(30 * 24 * 3600))]);
    let error = stage.client.request(read()).await.err().unwrap();
    assert_eq!(stage.client.paused_until(), Some(after(stage.client.now(), 3600)));
    assert_eq!(error.wait(), 3600);
}

#[tokio::test]
async fn a_connection_without_an_account_is_never_confirmed() {
    let stage = Stage::of_account(None, vec![answer(200, json!({ "accountId": "acc-admin" }))]);
    assert!(stage.client.confirm_caller().await.is_err());
    assert_eq!(stage.client.caller(), Caller::Unconfirmed);
}

#[tokio::test]
async fn refused_credentials_are_remembered() {
    let stage = Stage::new(vec![text(401, "scope does not match"), text(401, "")]);
    assert!(stage.client.request(read()).await.is_err());
    assert!(stage.client.refused_authorization().is_none());
    assert!(stage.client.request(read()).await.is_err());
    assert!(stage.client.refused_authorization().is_some());
}

#[tokio::test]
async fn the_credentials_go_into_the_header_and_nowhere_else() {
    let stage = Stage::new(vec![text(400, r#"{"errorMessages":["no"]}"#)]);
    let error = stage.client.request(write()).await.err().unwrap();
    let requests = stage.script.requests.lock().unwrap();
    assert_eq!(requests[0].authorization.as_ref().unwrap().expose(), "Basic c2VjcmV0");
    assert!(!format!("{error:?} {}", requests[0].url).contains("c2VjcmV0"));
}

#[tokio::test]
async fn what_is_known_of_the_account_is_read_without_its_address_being_shown() {
    let body = json!({ "accountId": "acc-admin", "timeZone": "Europe/Berlin", "active": true, "emailAddress": "a@example.com" });
    let stage = Stage::new(vec![answer(200, body)]);
    let myself = stage.client.myself().await.unwrap();
    assert_eq!((myself.time_zone.as_deref(), myself.active), (Some("Europe/Berlin"), true));
    assert_eq!(myself.email.as_deref(), Some("a@example.com"));
    assert!(!format!("{myself:?}").contains("example"));
    assert_eq!(stage.client.meter(), Meter { calls: 1, points: 3 });
}

#[tokio::test]
async fn permissions_that_are_not_named_in_the_answer_are_not_granted() {
    let body = json!({ "permissions": { "BROWSE_PROJECTS": { "havePermission": true }, "X": { "havePermission": true } } });
    let stage = Stage::new(vec![answer(200, body)]);
    let granted = stage.client.granted_permissions(&["BROWSE_PROJECTS", "CREATE_ISSUES"]).await.unwrap();
    let expected = [("BROWSE_PROJECTS".to_owned(), true), ("CREATE_ISSUES".to_owned(), false)];
    assert_eq!(granted, expected.into());
    assert!(stage.url(0).ends_with("/rest/api/3/mypermissions?permissions=BROWSE_PROJECTS%2CCREATE_ISSUES"));
}

#[tokio::test]
async fn projects_are_read_to_the_last_page_and_a_short_page_is_not_the_last() {
    let project = |id: u32, key: &str| json!({ "id": id.to_string(), "key": key, "name": "A name" });
    let stage = Stage::new(vec![
        answer(200, json!({ "isLast": false, "total": 3, "values": [project(1, "A")] })),
        answer(200, json!({ "isLast": false, "total": 3, "values": [project(2, "B"), project(3, "C")] })),
        answer(200, json!({ "isLast": true, "total": 3, "values": [] })),
    ]);
    let keys = ["A", "B", "C"].map(str::to_owned);
    let found = stage.client.projects_by_keys(&keys).await.unwrap();
    let found: Vec<&str> = found.iter().map(|project| project.key.as_str()).collect();
    assert_eq!(found, ["A", "B", "C"]);
    assert!(stage.url(0).ends_with("startAt=0&maxResults=100&action=browse&keys=A&keys=B&keys=C"));
    assert!(stage.url(2).contains("startAt=3&"));
    stage.done();
}

#[tokio::test]
async fn keys_that_match_no_project_are_an_empty_list_only_for_the_connections_account() {
    let stage = Stage::new(vec![text(404, "")]);
    assert_eq!(stage.client.projects_by_keys(&["A".to_owned()]).await.unwrap(), []);
    let other = with(text(404, ""), "x-aaccountid", "acc-2");
    let stage = Stage::new(vec![other]);
    let error = stage.client.projects_by_keys(&["A".to_owned()]).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
}

#[tokio::test]
async fn create_metadata_is_read_to_the_end_under_either_of_its_names() {
    let project = crate::ids::ProjectId::parse("10001").unwrap();
    let kind = crate::ids::IssueTypeId::parse("10100").unwrap();
    let one = json!({ "id": "10100", "name": "Task", "subtask": false, "hierarchyLevel": 0 });
    let two = json!({ "id": "10102", "name": "Epic", "subtask": false, "hierarchyLevel": 1 });
    let field = |id: &str| json!({ "fieldId": id, "key": id, "name": id, "required": true });
    let stage = Stage::new(vec![
        answer(200, json!({ "issueTypes": [one], "total": 2 })),
        answer(200, json!({ "createMetaIssueType": [two], "total": 2 })),
        answer(200, json!({ "fields": [field("summary")] })),
        answer(200, json!({ "results": [field("duedate")] })),
        answer(200, json!({ "fields": [] })),
        answer(200, json!({ "values": [] })),
    ]);
    let types = stage.client.issue_types(&project).await.unwrap();
    assert_eq!(types.iter().map(|it| it.hierarchy_level).collect::<Vec<_>>(), [0, 1]);
    let fields = stage.client.create_fields(&project, &kind).await.unwrap();
    assert_eq!(fields.iter().map(|it| it.field_id.as_str()).collect::<Vec<_>>(), ["summary", "duedate"]);
    let error = stage.client.create_fields(&project, &kind).await.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed { path: "$".to_owned() });
    stage.done();
}
