use std::time::Instant;

use github_sim::{Fault, FaultKind};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{GitHub, TOKEN};

const SHOP: &str = "/repos/acme/shop/pulls/1";

#[tokio::test]
async fn an_answer_is_lost_after_the_effect_and_cut_before_it() {
    let github = GitHub::demo().await;
    for (kind, happens) in [(FaultKind::CutBefore, false), (FaultKind::AnswerLost, true)] {
        github.sim().add_fault(Fault::once(kind, "PATCH", "/pulls/1"));
        let request = github.request("PATCH", SHOP, TOKEN).json(&json!({ "body": "SEC-1" }));
        request.send().await.unwrap_err();
        assert_eq!(github.sim().pull("acme/shop", 1)["body"] == "SEC-1", happens, "{kind:?}");
        let entry = github.sim().journal().pop().unwrap();
        assert_eq!((entry.status, entry.fault, entry.caller.as_str()), (0, Some(kind), "acme-bot"));
    }
    assert_eq!(github.get(SHOP, TOKEN).await.status, 200, "it happens once");
}

#[tokio::test]
async fn a_page_comes_instead_of_json_and_an_answer_late() {
    let github = GitHub::demo().await;
    github.sim().add_fault(Fault { status: Some(503), ..Fault::once(FaultKind::Status, "GET", "*") });
    let reply = github.get(SHOP, TOKEN).await;
    assert_eq!((reply.status, reply.header("content-type")), (503, "text/html; charset=utf-8"));
    github.sim().add_fault(Fault { delay_ms: Some(120), ..Fault::once(FaultKind::Delay, "*", "/pulls/1") });
    let began = Instant::now();
    assert_eq!(github.get(SHOP, TOKEN).await.status, 200);
    assert!(began.elapsed().as_millis() >= 120);
}

#[tokio::test]
async fn calls_are_counted_by_the_hour() {
    let github = GitHub::demo().await;
    github.sim().set(|settings| settings.limit = 2);
    let first = github.get(SHOP, TOKEN).await;
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("2", "1"));
    github.get(SHOP, TOKEN).await;
    let refused = github.get(SHOP, TOKEN).await;
    assert_eq!((refused.status, refused.header("x-ratelimit-remaining")), (403, "0"));
    assert_eq!(
        refused.header("x-ratelimit-reset").parse::<i64>().unwrap(),
        github.sim().now().as_second() + 3600
    );
    assert!(refused.message().starts_with("API rate limit exceeded"));
    assert_eq!(github.get(SHOP, "").await.status, 200, "others have their own count");
    github.sim().set(|settings| settings.limit_status = 429);
    assert_eq!(github.get(SHOP, TOKEN).await.status, 429);
    github.sim().advance(SignedDuration::from_hours(1));
    assert_eq!(github.get(SHOP, TOKEN).await.status, 200);
}

#[tokio::test]
async fn both_kinds_of_limit_are_told_apart_by_their_headers() {
    let github = GitHub::demo().await;
    github
        .sim()
        .add_fault(Fault { retry_after: Some(7), ..Fault::once(FaultKind::SecondaryLimit, "*", "*") });
    let secondary = github.get(SHOP, TOKEN).await;
    assert_eq!((secondary.status, secondary.header("retry-after")), (403, "7"));
    assert!(secondary.message().contains("secondary rate limit"));
    assert_ne!(secondary.header("x-ratelimit-remaining"), "0");
    github.sim().add_fault(Fault::once(FaultKind::PrimaryLimit, "*", "*"));
    let primary = github.get(SHOP, TOKEN).await;
    assert_eq!((primary.status, primary.header("retry-after")), (403, ""));
    assert_eq!(primary.header("x-ratelimit-remaining"), "0");
}

#[tokio::test]
async fn a_caller_without_a_name_or_with_a_wrong_version_is_refused() {
    let github = GitHub::demo().await;
    let nameless = reqwest::Client::builder().no_proxy().build().unwrap();
    let reply = github.send(nameless.get(format!("{}{SHOP}", github.running.url()))).await;
    assert!(reply.status == 403 && reply.message().contains("User-Agent"));
    let old = github.request("GET", SHOP, TOKEN).header("x-github-api-version", "2021-01-01");
    assert_eq!(github.send(old).await.status, 400);
    let known = github.request("GET", SHOP, TOKEN).header("x-github-api-version", "2022-11-28");
    assert_eq!(github.send(known).await.status, 200);
}
