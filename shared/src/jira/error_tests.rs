use jiff::Timestamp;
use serde_json::json;

use super::{Effect, JiraError, Kind, LimitReason, tidy};
use crate::error;
use crate::evidence::Gap;
use crate::jira::answer::{decode, sort};
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{answer, limited, text, with};
use crate::trace::Call;

fn call(status: Option<u16>) -> Call {
    Call { method: "POST".to_owned(), path: "/rest/api/3/issue/bulk".to_owned(), status }
}

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn sorted(answer: Result<Response, SendError>) -> JiraError {
    let response = answer.unwrap();
    let call = call(Some(response.status));
    match sort(response, &call, "create the issues", now()) {
        Ok(_) => panic!("the answer means success"),
        Err(error) => error,
    }
}

fn unsent(error: &SendError) -> JiraError {
    JiraError::of_sending(error, call(None), "create the issues")
}

#[test]
fn whether_a_failed_call_may_have_had_its_effect_is_known_for_every_kind_of_failure() {
    let truncated = JiraError::malformed(call(Some(201)), "create the issues", "$", "it ends too early");
    for (error, effect) in [
        (sorted(text(401, "")), Effect::None),
        (sorted(text(401, "Unauthorized; scope does not match")), Effect::None),
        (sorted(text(403, "")), Effect::None),
        (sorted(text(404, "")), Effect::None),
        (sorted(text(400, "")), Effect::None),
        (sorted(text(409, "")), Effect::None),
        (sorted(text(413, "")), Effect::None),
        (sorted(text(422, "")), Effect::None),
        (sorted(limited("jira-burst-based", None)), Effect::None),
        (unsent(&SendError::NotSent { detail: String::new() }), Effect::None),
        (unsent(&SendError::InDoubt { status: None, detail: String::new() }), Effect::Unknown),
        (unsent(&SendError::InDoubt { status: Some(201), detail: String::new() }), Effect::Unknown),
        (unsent(&SendError::TooLarge { status: 201 }), Effect::Unknown),
        (sorted(text(408, "")), Effect::Unknown),
        (sorted(text(499, "")), Effect::Unknown),
        (sorted(text(500, "")), Effect::Unknown),
        (sorted(text(502, "<html>")), Effect::Unknown),
        (sorted(text(503, "")), Effect::Unknown),
        (sorted(text(302, "")), Effect::Unknown),
        (truncated, Effect::Unknown),
    ] {
        assert_eq!(error.effect(), effect, "{error}");
    }
}

#[test]
fn an_html_page_keeps_its_status() {
    let error = sorted(text(502, "<!doctype html><title>Bad gateway</title>"));
    assert_eq!(error.kind, Kind::Unavailable { status: 502, retry_after: None });
    assert_eq!(error.call.status, Some(502));
    assert!(!error.to_string().contains("Bad gateway"), "{error}");
    assert_eq!(sorted(text(403, "<html>")).kind, Kind::Forbidden);
}

#[test]
fn a_missing_scope_is_not_taken_for_bad_credentials() {
    let body = json!({ "code": 401, "message": "Unauthorized; scope does not match" });
    assert_eq!(sorted(answer(401, body)).kind, Kind::ScopeMissing);
    assert_eq!(sorted(answer(401, json!({ "message": "Unauthorized" }))).kind, Kind::Unauthorized);
}

#[test]
fn what_jira_does_not_like_is_told_by_field_without_anything_like_an_e_mail_address() {
    let body = json!({
        "errorMessages": ["Ask  admin@example.com\nfor access", 7],
        "errors": { "duedate": "Field 'duedate' cannot be set.", "odd": { "nested": true } },
    });
    let error = sorted(answer(400, body));
    let Kind::Refused { status, fields, messages } = &error.kind else { panic!("{error:?}") };
    assert_eq!(*status, 400);
    assert_eq!(fields["duedate"], "Field 'duedate' cannot be set.");
    assert_eq!(messages.as_slice(), ["Ask [e-mail] for access"]);
    assert!(error.to_string().contains("duedate: Field 'duedate' cannot be set."), "{error}");
    assert!(!error.to_string().contains("example.com"), "{error}");
    let array = sorted(answer(400, json!({ "errors": [{ "status": 400 }], "message": "no" })));
    assert!(array.to_string().ends_with("(status 400): no"), "{array}");
}

#[test]
fn every_reason_of_a_limit_is_known_and_an_unknown_one_is_taken_for_the_worst() {
    for (header, reason, pauses) in [
        ("jira-quota-global-based", LimitReason::GlobalQuota, true),
        ("jira-quota-tenant-based", LimitReason::TenantQuota, true),
        ("jira-burst-based", LimitReason::Burst, false),
        ("jira-per-issue-on-write", LimitReason::PerIssue, false),
        ("jira-cost-based", LimitReason::CostBased, false),
        ("jira-something-new", LimitReason::Unknown, true),
    ] {
        let error = sorted(limited(header, Some(7)));
        assert_eq!(error.kind, Kind::Limited { reason, retry_after: Some(7) });
        assert_eq!(reason.pauses_everything(), pauses, "{header}");
        assert_eq!(error.wait(), 7);
    }
    let bare = sorted(text(429, ""));
    assert_eq!(bare.kind, Kind::Limited { reason: LimitReason::Unknown, retry_after: None });
    assert_eq!(bare.wait(), 60);
}

#[test]
fn the_moment_at_which_a_limit_ends_counts_where_no_wait_is_named() {
    for (reset, seconds) in
        [("2026-03-01T10:00:30Z", 31), ("2026-03-01T11:00Z", 3601), ("2026-03-01T10:00:05.500Z", 6)]
    {
        let error = sorted(with(limited("jira-quota-tenant-based", None), "x-ratelimit-reset", reset));
        let reason = LimitReason::TenantQuota;
        assert_eq!(error.kind, Kind::Limited { reason, retry_after: Some(seconds) }, "{reset}");
    }
    let past = sorted(with(text(429, ""), "x-ratelimit-reset", "2026-03-01T09:00:00Z"));
    assert_eq!(past.kind, Kind::Limited { reason: LimitReason::Unknown, retry_after: None });
    assert_eq!(
        sorted(with(text(503, ""), "retry-after", "12")).kind,
        Kind::Unavailable { status: 503, retry_after: Some(12) }
    );
}

#[test]
fn a_redirect_names_the_other_host() {
    let error = sorted(with(text(302, ""), "location", "https://elsewhere.example/login?token=x"));
    assert_eq!(error.kind, Kind::Redirected { host: Some("elsewhere.example".to_owned()) });
    assert!(
        error.to_string().contains("elsewhere.example") && !error.to_string().contains("token"),
        "{error}"
    );
    assert_eq!(sorted(with(text(301, ""), "location", "/x")).kind, Kind::Redirected { host: None });
}

#[test]
fn a_wrong_shape_is_named_by_its_json_path_and_its_value_is_not_shown() {
    #[derive(Debug, serde::Deserialize)]
    struct Outer {
        #[serde(rename = "issues")]
        _issues: Vec<Inner>,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u64,
    }
    let path = |body: &str| {
        let error = decode::<Outer>(body.as_bytes(), &call(Some(200)), "try").unwrap_err();
        let Kind::Malformed { path } = &error.kind else { panic!("{error:?}") };
        (path.clone(), error.to_string())
    };
    let (place, message) = path(r#"{"issues":[{"count":1},{"count":"hunter2"}]}"#);
    assert_eq!(place, "issues[1].count");
    assert!(!message.contains("hunter2"), "{message}");
    let (place, message) = path(r#"{"issues":[{}]}"#);
    assert_eq!(place, "issues[0]");
    assert!(message.contains("missing field `count`"), "{message}");
    for body in ["<html>", "", r#"{"issues":[{"cou"#, "{} {}"] {
        let (place, message) = path(body);
        assert!(place == "$" || body == "{} {}", "{place}: {message}");
    }
}

#[test]
fn an_error_tells_the_caller_what_was_tried_and_what_to_do_and_the_log_the_cause() {
    let error = unsent(&SendError::InDoubt { status: None, detail: "reset by peer".to_owned() });
    assert_eq!(
        error.to_string(),
        "could not create the issues: POST /rest/api/3/issue/bulk was sent, but no whole answer came"
    );
    let public = crate::Error::from(error);
    assert_eq!(public.kind(), &error::Kind::Unavailable);
    assert!(public.to_string().ends_with("; try again later"), "{public}");
    assert!(!public.to_string().contains("reset by peer"), "{public}");
    assert!(public.chain().contains("reset by peer"), "{}", public.chain());
}

#[test]
fn each_kind_becomes_an_error_of_ours_that_tells_whether_to_connect_again_or_to_wait() {
    let refused = answer(400, json!({ "errors": { "duedate": "no" } }));
    for (error, kind) in [
        (sorted(text(401, "")), error::Kind::NeedsReauth),
        (sorted(text(401, "scope does not match")), error::Kind::Forbidden),
        (sorted(text(403, "")), error::Kind::Forbidden),
        (sorted(text(404, "")), error::Kind::NotFound),
        (sorted(refused), error::Kind::Invalid { field: "duedate".to_owned() }),
        (sorted(limited("jira-burst-based", Some(3))), error::Kind::Limited { retry_after: 3 }),
        (sorted(text(500, "")), error::Kind::Unavailable),
        (sorted(text(302, "")), error::Kind::Unavailable),
        (unsent(&SendError::NotSent { detail: String::new() }), error::Kind::Unavailable),
    ] {
        assert_eq!(crate::Error::from(error).kind(), &kind);
    }
}

#[test]
fn each_kind_becomes_a_gap_in_evidence() {
    let word = |error: &JiraError| match Gap::from(error) {
        Gap::Refused { .. } => "refused",
        Gap::Unavailable { .. } => "unavailable",
        Gap::Malformed { .. } => "malformed",
        Gap::Unreported { .. } => "unreported",
        other => panic!("{other:?}"),
    };
    assert_eq!(word(&sorted(text(401, ""))), "refused");
    assert_eq!(word(&sorted(text(400, ""))), "refused");
    assert_eq!(word(&sorted(limited("jira-burst-based", None))), "unavailable");
    assert_eq!(word(&sorted(text(500, ""))), "unavailable");
    assert_eq!(word(&unsent(&SendError::TooLarge { status: 200 })), "malformed");
    assert_eq!(word(&JiraError::malformed(call(Some(200)), "x", "$", "y")), "malformed");
}

#[test]
fn jiras_words_are_one_short_line() {
    assert_eq!(tidy(" a\n b\u{0}c <x@y.z> "), "a b c [e-mail]");
    assert_eq!(tidy(&"x".repeat(1000)).chars().count(), 300);
}
