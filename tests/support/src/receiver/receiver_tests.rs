//! The receivers answer as the real ones do.

use serde_json::{Value, json};

use super::{Mood, Receiver, sign};

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn post(url: &str, body: &Value) -> (u16, String) {
    let request = client().post(url).header("content-type", "application/json").body(body.to_string());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn section(characters: usize) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": "é".repeat(characters)}})
}

#[tokio::test]
async fn a_message_in_blocks_is_taken() {
    let receiver = Receiver::start().await;
    let header = json!({"type": "header", "text": {"type": "plain_text", "text": "h".repeat(150)}});
    let context = json!({"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}]});
    let message = json!({"text": "short", "blocks": [header, section(3000), {"type": "divider"}, context]});
    assert_eq!(post(&receiver.slack_url(), &message).await, (200, "ok".to_owned()));
    assert_eq!(receiver.taken()[0].json(), message);
}

#[tokio::test]
async fn what_breaks_block_kit_is_refused() {
    let receiver = Receiver::start().await;
    let long = json!({"type": "header", "text": {"type": "plain_text", "text": "h".repeat(151)}});
    let marked = json!({"type": "header", "text": {"type": "mrkdwn", "text": "h"}});
    for blocks in [
        json!(vec![section(1); 51]),
        json!([section(3001)]),
        json!([section(0)]),
        json!([long]),
        json!([marked]),
        json!([{"type": "section"}]),
        json!([{"type": "table"}]),
    ] {
        let refused = post(&receiver.slack_url(), &json!({"text": "short", "blocks": blocks})).await;
        assert_eq!(refused, (400, "invalid_blocks".to_owned()), "{blocks}");
    }
    assert_eq!(post(&receiver.slack_url(), &json!({})).await, (400, "no_text".to_owned()));
    assert_eq!(post(&receiver.slack_url(), &json!([])).await, (400, "invalid_payload".to_owned()));
    assert!(receiver.taken().is_empty());
}

#[tokio::test]
async fn each_mood_is_played() {
    let receiver = Receiver::start().await;
    let (message, url) = (json!({"text": "short"}), receiver.slack_url());
    for (mood, status, text) in [
        (Mood::Down(503), 503, "down"),
        (Mood::Gone, 404, "no_service"),
        (Mood::TooMany(30), 429, "rate_limited"),
        (Mood::Redirect, 302, ""),
    ] {
        receiver.set(mood);
        assert_eq!(post(&url, &message).await, (status, text.to_owned()));
    }
    assert!(receiver.taken().is_empty());
    for (mood, taken) in [(Mood::Unreachable, 0), (Mood::AnswerLost, 1)] {
        receiver.set(mood);
        client().post(&url).json(&message).send().await.unwrap_err();
        assert_eq!(receiver.taken().len(), taken);
        assert_eq!(receiver.received().last().unwrap().status, 0);
    }
    receiver.set(Mood::Well);
    receiver.forget();
    assert_eq!(post(&url, &message).await.0, 200);
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_signed_webhook_needs_the_right_secret() {
    // The example of the specification's own libraries.
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = br#"{"test": 2432232314}"#;
    let signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    let receiver = Receiver::start().await;
    receiver.expect_secrets(&[secret]);
    for (signature, status) in [(format!("v1,AAAA {signature}"), 204), ("v1,AAAA".to_owned(), 401)] {
        let request = client().post(receiver.hook_url()).body(body.as_slice());
        let request = request
            .header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
            .header("webhook-timestamp", "1614265330")
            .header("webhook-signature", signature);
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    assert_eq!(receiver.taken().len(), 1);
    assert_eq!(post(&receiver.hook_url(), &json!({})).await.0, 400);
}
