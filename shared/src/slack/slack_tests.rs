use std::sync::Arc;

use super::{Addresses, Destination, Outside, Verdict, blocks, judge, one_line, payload};
use crate::announcement::{Line, Message, What};
use crate::channel::Target;
use crate::config::Config;
use crate::http::{Request, Response, SendError, Sender};
use crate::ids::TenantId;
use crate::notification::Kind;
use crate::secret::Secret;

fn local() -> Addresses {
    Addresses::from_config(&Config::from_pairs(&[("ASSAY_SLACK_URL", "http://127.0.0.1:8089/")])).unwrap()
}

fn message(lines: usize, text: &str) -> Message {
    let began_at = "2026-06-15T12:00:00Z".parse().unwrap();
    let line = |number: usize| Line {
        name: format!("SEC-{number}"),
        text: text.to_owned(),
        url: Some(format!("https://acme.atlassian.net/browse/SEC-{number}")),
        began_at,
        recovered_at: None,
    };
    Message {
        tenant: TenantId::parse("acme").unwrap(),
        what: What::Began,
        kind: Some(Kind::TicketStuck),
        about: None,
        title: "50 tickets are stuck".to_owned(),
        count: 50,
        lines: (0..lines).map(line).collect(),
        again: 2,
        began_at,
    }
}

#[test]
fn the_address_of_slack_must_be_set_and_kept_from_listeners() {
    let missing = Addresses::from_config(&Config::from_pairs(&[])).unwrap_err();
    assert!(missing.to_string().contains("ASSAY_SLACK_URL"), "{missing}");
    for bad in ["http://hooks.slack.com", "hooks.slack.com", "https://user@hooks.slack.com"] {
        assert!(Addresses::from_config(&Config::from_pairs(&[("ASSAY_SLACK_URL", bad)])).is_err(), "{bad}");
    }
    let real = Config::from_pairs(&[("ASSAY_SLACK_URL", "https://hooks.slack.com")]);
    assert_eq!(Addresses::from_config(&real).unwrap(), Addresses::default());
}

#[test]
fn for_slack_only_slacks_own_addresses_are_taken() {
    let real = Addresses::default();
    let host = real.check(Target::Slack, "https://hooks.slack.com/services/T0/B0/x").unwrap();
    assert_eq!(host, "hooks.slack.com");
    for bad in [
        "https://hooks.slack.com/",
        "http://hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com.example.com/services/T0/B0/x",
        "https://hooks.slack.com@example.com/services/T0/B0/x",
        "https://user:word@hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com:8443/services/T0/B0/x",
        "https://hooks.slack.com/services/T0/B0/x#y",
        "https://example.com/services/T0/B0/x",
        "http://127.0.0.1:8089/services/T0/B0/x",
        "services/T0/B0/x",
    ] {
        let refused = real.check(Target::Slack, bad).unwrap_err().to_string();
        assert!(!refused.contains("T0"), "an address is not said again: {refused}");
    }
    assert!(local().check(Target::Slack, "http://127.0.0.1:8089/services/T0/B0/x").is_ok());
    assert!(local().check(Target::Slack, "https://hooks.slack.com/services/T0/B0/x").is_err());
}

#[test]
fn a_webhook_leads_to_the_public_internet_by_https() {
    let real = Addresses::default();
    for good in ["https://example.com/hook?key=1", "https://1.1.1.1/x", "https://example.com:8443/"] {
        assert!(real.check(Target::Webhook, good).is_ok(), "{good}");
    }
    let bad = [
        "http://example.com/hook",
        "ftp://example.com/hook",
        "https://user@example.com/hook",
        "https://localhost/hook",
        "https://localhost./hook",
        "https://x.localhost/hook",
        "https://intranet/hook",
        "https://db.internal/hook",
        "https://127.0.0.1/hook",
        "https://127.1/hook",
        "https://2130706433/hook",
        "https://0x7f000001/hook",
        "https://10.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:169.254.169.254]/hook",
        "https://[fd00:ec2::254]/hook",
        "https:///hook",
    ];
    for bad in bad {
        assert!(real.check(Target::Webhook, bad).is_err(), "{bad}");
    }
    assert!(real.check(Target::Webhook, "http://127.0.0.1:9/hook").is_err());
    let own = local();
    assert!(own.check(Target::Webhook, "http://127.0.0.1:9/hook").is_ok());
    assert!(own.check(Target::Webhook, "http://10.0.0.1/hook").is_err());
    assert!(own.check(Target::Webhook, "https://169.254.169.254/hook").is_err());
    let long = format!("https://example.com/{}", "x".repeat(2000));
    assert!(real.check(Target::Webhook, &long).is_err());
}

/// Fails the test when anything is sent.
struct Nobody;

#[async_trait::async_trait]
impl Sender for Nobody {
    async fn send(&self, _: Request) -> Result<Response, SendError> {
        panic!("something was sent");
    }
}

#[tokio::test]
async fn an_address_that_would_not_be_taken_any_more_is_not_sent_to() {
    let outside = Outside::new(Arc::new(Nobody), Addresses::default());
    let destination = Destination { url: Secret::new("http://127.0.0.1:9/hook"), signing: None };
    let now = "2026-06-15T12:00:00Z".parse().unwrap();
    let answer = outside.send(Target::Webhook, &destination, "msg-1", &message(1, "x"), now).await;
    assert!(matches!(answer.verdict, Verdict::Broken(_)), "{answer:?}");
}

#[test]
fn each_answer_means_one_thing() {
    let answer = |target, status, wait: Option<&str>| {
        let headers = wait.map(|wait| ("retry-after", wait.to_owned())).into_iter().collect();
        judge(target, &Response { status, headers, body: b"no_service".to_vec() }).verdict
    };
    for target in [Target::Slack, Target::Webhook] {
        assert_eq!(answer(target, 200, None), Verdict::Taken);
        assert_eq!(answer(target, 204, None), Verdict::Taken);
        assert_eq!(answer(target, 429, Some("30")), Verdict::NotNow(Some(30)));
        assert_eq!(answer(target, 503, Some("Fri, 31 Dec 1999 23:59:59 GMT")), Verdict::NotNow(None));
        assert_eq!(answer(target, 302, None), Verdict::NotNow(None));
        assert_eq!(answer(target, 400, None), Verdict::Refused);
        assert!(matches!(answer(target, 404, None), Verdict::Broken(_)));
        assert!(matches!(answer(target, 410, None), Verdict::Broken(_)));
    }
    assert!(matches!(answer(Target::Slack, 403, None), Verdict::Broken(_)));
    assert_eq!(answer(Target::Webhook, 401, None), Verdict::NotNow(None));
    assert_eq!(one_line("<html>\r\n  no\u{7}  </html>"), "<html> no </html>");
    assert_eq!(one_line(&"x".repeat(5000)).len(), 200);
}

#[test]
fn a_message_keeps_slacks_limits_and_nothing_in_it_is_markup() {
    let long = format!("<!channel> & <https://evil.example|click> {}", "<".repeat(4000));
    let block_kit = blocks(&message(10, &long));
    let blocks = block_kit["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 13);
    for block in blocks {
        let text = block["text"]["text"].as_str().or(block["elements"][0]["text"].as_str()).unwrap();
        let most = if block["type"] == "header" { 150 } else { 3000 };
        assert!((1..=most).contains(&text.chars().count()), "{text}");
        if block["type"] == "section" {
            assert!(!text.contains('<') && !text.contains('>'), "{text}");
        }
    }
    assert!(
        blocks[1]["text"]["text"].as_str().unwrap().starts_with("*SEC-0*: &lt;!channel&gt; &amp; &lt;https")
    );
    assert_eq!(blocks[1]["accessory"]["url"], "https://acme.atlassian.net/browse/SEC-0");
    assert_eq!(blocks[11]["text"]["text"], "and 40 more");
    let context = blocks[12]["elements"][0]["text"].as_str().unwrap();
    assert!(context.contains("|2026-06-15 12:00 UTC>") && context.contains("tenant acme"), "{context}");
    assert!(context.contains("began again 2 times"), "{context}");
}

#[test]
fn the_payload_says_the_same_as_json() {
    let payload = payload(&message(2, "x"), "msg-1");
    assert_eq!(payload["type"], "ticket_stuck.began");
    assert_eq!(payload["timestamp"], "2026-06-15T12:00:00Z");
    assert_eq!((&payload["data"]["count"], &payload["data"]["further"]), (&50.into(), &48.into()));
    assert_eq!(payload["data"]["items"][1]["name"], "SEC-1");
}
