use jiff::Timestamp;
use serde_json::{Value, json};

use super::Report;
use crate::ids::AccountId;
use crate::jira::client::Caller;
use crate::jira::error::Kind;
use crate::jira::scripted::{Stage, anonymous, answer, limited, text, with};

fn id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn stored() -> [(AccountId, Timestamp); 3] {
    ["a", "b", "c"].map(|account| (id(account), "2026-02-01T10:00:00Z".parse().unwrap()))
}

#[tokio::test]
async fn closed_accounts_are_told_from_those_that_changed() {
    let said = json!({ "accounts": [
        { "accountId": "a", "status": "closed" },
        { "accountId": "b", "status": "updated" },
        { "accountId": "c", "status": "moved" },
        { "accountId": "d", "status": "closed" },
    ] });
    let stage = Stage::of_app(vec![with(answer(200, said), "cycle-period", "P7D")]);
    let report = stage.client.report_accounts(&stored()).await.unwrap();
    assert_eq!(
        report,
        Report { closed: vec![id("a")], updated: vec![id("b"), id("c")], cycle: Some(7 * 86_400) }
    );
    assert_eq!(stage.url(0), "https://api.atlassian.com/app/report-accounts/");
    let first = json!({ "accountId": "a", "updatedAt": "2026-02-01T10:00:00Z" });
    assert_eq!(stage.body(0)["accounts"][0], first);
    assert_eq!(stage.body(0)["accounts"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn nothing_to_be_done_is_an_answer_without_a_body() {
    let stage = Stage::of_app(vec![answer(204, Value::Null)]);
    assert_eq!(stage.client.report_accounts(&stored()).await.unwrap(), Report::default());
    assert_eq!(stage.client.report_accounts(&[]).await.unwrap(), Report::default());
    stage.done();
}

#[tokio::test]
async fn a_cycle_that_makes_no_sense_is_none() {
    for (period, seconds) in [
        ("P1D", Some(86_400)),
        ("PT12H", Some(43_200)),
        ("P1W", Some(7 * 86_400)),
        ("P0D", None),
        ("-P7D", None),
        ("P1M", None),
        ("weekly", None),
    ] {
        let stage = Stage::of_app(vec![with(answer(204, Value::Null), "cycle-period", period)]);
        let report = stage.client.report_accounts(&stored()).await.unwrap();
        assert_eq!(report.cycle, seconds, "{period}");
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_an_error_and_not_nothing_to_be_done() {
    for body in [json!({}), json!([]), json!({ "accounts": [{ "accountId": "a" }] })] {
        let stage = Stage::of_app(vec![answer(200, body)]);
        let error = stage.client.report_accounts(&stored()).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Malformed { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_atlassian_says_to_a_report_says_nothing_about_the_site() {
    let stage = Stage::of_app(vec![
        answer(200, json!({ "accountId": "acc-admin", "active": true })),
        anonymous(text(401, "")),
        anonymous(text(403, "")),
        anonymous(limited("unheard-of", Some(100))),
    ]);
    stage.client.myself().await.unwrap();
    let error = stage.client.report_accounts(&stored()).await.unwrap_err();
    assert_eq!(error.kind, Kind::ScopeMissing);
    assert_eq!(stage.client.report_accounts(&stored()).await.unwrap_err().kind, Kind::ScopeMissing);
    assert!(stage.client.refused_authorization().is_none());
    let error = stage.client.report_accounts(&stored()).await.unwrap_err();
    assert_eq!(error.wait(), 100);
    assert_eq!((stage.client.paused_until(), stage.client.caller()), (None, Caller::Confirmed));
}

#[tokio::test]
async fn a_persons_token_is_not_sent_to_where_apps_report() {
    let stage = Stage::new(Vec::new());
    let error = stage.client.report_accounts(&stored()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden);
    assert_eq!(stage.client.meter().calls, 0);
}
