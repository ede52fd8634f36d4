//! Webhooks that the test takes and hands over itself.

use jira_sim::{Delivery, Seed, WebhookDelivery};
use serde_json::{Value, json};

use crate::support::{Jira, consent, document, text};

const URL: &str = "https://assay.example.com/webhooks/jira?signed=yes";
const EVENTS: [&str; 5] =
    ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_deleted"];

/// Registers a webhook for SEC as the administrator; its deliveries wait to be taken.
async fn waiting(jira: &Jira) {
    jira.simulator().set(|settings| settings.webhook_delivery = WebhookDelivery::Manual);
    register(jira).await;
}

async fn register(jira: &Jira) {
    let tokens = consent(jira, "read:jira-work manage:jira-webhook").await;
    let access = text(&tokens["access_token"]);
    let body = json!({ "url": URL, "webhooks": [{ "events": EVENTS, "jqlFilter": "project = SEC" }] });
    let reply = jira.send(jira.client.post(jira.gateway("/webhook")).bearer_auth(access).json(&body)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

fn taken(jira: &Jira) -> Vec<Delivery> {
    jira.advance(1);
    jira.simulator().due_deliveries()
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_str(&delivery.body).unwrap()
}

fn events(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|delivery| text(&body(delivery)["webhookEvent"]).to_owned()).collect()
}

fn names(deliveries: &[Delivery]) -> Vec<String> {
    let name = |delivery: &Delivery| delivery.header("x-atlassian-webhook-identifier").unwrap().to_owned();
    deliveries.iter().map(name).collect()
}

#[tokio::test]
async fn a_test_takes_what_is_due_with_its_signature_and_says_how_it_was_answered() {
    let jira = Jira::demo().await;
    waiting(&jira).await;
    jira.create("SEC", "a task").await;
    assert!(jira.simulator().due_deliveries().is_empty(), "not due yet");
    let first = taken(&jira).remove(0);
    assert_eq!(first.url, URL);
    assert!(first.header("authorization").unwrap().starts_with("Bearer "));
    assert_eq!(first.header("x-atlassian-webhook-flow"), Some("Primary"));
    let state = |jira: &Jira| {
        let state = jira.simulator().control("GET", "/webhooks", &json!(null)).unwrap();
        (state["waiting"].as_u64().unwrap(), state["in_flight"].as_u64().unwrap())
    };
    assert_eq!(state(&jira), (0, 1));
    let identifier = names(std::slice::from_ref(&first));
    jira.simulator().settle_delivery(first, Some(503));
    assert_eq!(state(&jira), (1, 0));
    jira.advance(600);
    let again = taken(&jira);
    assert_eq!(names(&again), identifier);
    assert_eq!(again[0].header("x-atlassian-webhook-retry"), Some("1"));
    jira.simulator().settle_delivery(again[0].clone(), Some(400));
    assert_eq!(state(&jira), (0, 0), "a refused one is lost");
}

#[tokio::test]
async fn every_so_many_webhooks_are_lost_or_come_twice() {
    let jira = Jira::demo().await;
    waiting(&jira).await;
    jira.simulator().set(|settings| {
        settings.webhook_loss = 3;
        settings.webhook_duplicate_every = 2;
    });
    for _ in 0..4 {
        jira.create("SEC", "a task").await;
    }
    let numbers: Vec<String> = names(&taken(&jira)).iter().map(|name| name[35..].to_owned()).collect();
    assert_eq!(numbers, ["1", "2", "2", "4", "4"]);
    let log = jira.simulator().control("GET", "/webhooks", &json!(null)).unwrap()["deliveries"].clone();
    assert_eq!((log[0]["lost"].clone(), log.as_array().unwrap().len()), (json!(true), 1));
}

#[tokio::test]
async fn the_order_looks_like_chance_and_is_the_same_for_the_same_seed() {
    let mut orders = Vec::new();
    for seed in [7, 7, 8] {
        let jira = Jira::demo().await;
        waiting(&jira).await;
        jira.simulator().set(|settings| settings.webhook_shuffle = Some(seed));
        for _ in 0..8 {
            jira.create("SEC", "a task").await;
        }
        orders.push(names(&taken(&jira)));
    }
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], orders[2]);
    let mut sorted = orders[0].clone();
    sorted.sort();
    assert_ne!(orders[0], sorted);
}

#[tokio::test]
async fn a_revoked_consent_stops_webhooks_and_a_service_account_has_none() {
    let jira = Jira::demo().await;
    waiting(&jira).await;
    jira.simulator().control("POST", "/revoke", &json!({ "account": "acc-admin" })).unwrap();
    jira.create("SEC", "a task").await;
    assert!(taken(&jira).is_empty());
    let grant = json!({
        "grant_type": "client_credentials", "client_id": "sim-service", "client_secret": "sim-service-secret",
    });
    let token = jira.send(jira.client.post(format!("{}/oauth/token", jira.running.url())).json(&grant)).await;
    let access = text(&token.json()["access_token"]).to_owned();
    let refused = jira.send(jira.client.get(jira.gateway("/webhook")).bearer_auth(access)).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn identifiers_do_not_come_again_after_a_reset() {
    let jira = Jira::demo().await;
    waiting(&jira).await;
    jira.create("SEC", "a task").await;
    let before = taken(&jira).remove(0);
    jira.simulator().reset(&Seed::default());
    jira.simulator().settle_delivery(before.clone(), Some(503));
    waiting(&jira).await;
    jira.create("SEC", "a task").await;
    jira.advance(1000);
    let after = taken(&jira);
    assert_eq!(after.len(), 1, "what was on its way is forgotten");
    assert_ne!(names(&after), names(&[before]));
}

#[tokio::test]
async fn a_restricted_comment_is_told_only_to_the_hook_of_one_who_sees_it() {
    let jira = Jira::demo().await;
    waiting(&jira).await;
    let key = jira.create("SEC", "a task").await;
    jira.edit("SEC", "roles", json!({ "role": "Developers", "add": ["acc-2"] }));
    let visibility = json!({ "type": "role", "value": "Developers" });
    let hidden = json!({ "issue": key, "text": "for few", "visibility": visibility, "by": "acc-2" });
    jira.edit("SEC", "comment", hidden.clone());
    assert_eq!(events(&taken(&jira)), ["jira:issue_created"]);
    jira.edit("SEC", "roles", json!({ "role": "Developers", "add": ["acc-admin"] }));
    jira.edit("SEC", "comment", hidden);
    let told = taken(&jira);
    assert_eq!(events(&told), ["comment_created"]);
    assert_eq!(body(&told[0])["comment"]["visibility"]["value"], "Developers");
    assert_eq!(body(&told[0])["comment"]["author"]["accountId"], "acc-2");
}

#[tokio::test]
async fn comments_go_with_a_deleted_issue_and_are_told_of_later() {
    let jira = Jira::demo().await;
    waiting(&jira).await;
    let key = jira.create("SEC", "a task").await;
    let update = json!({ "comment": [{ "add": { "body": document("a word") } }] });
    jira.put(&format!("/issue/{key}"), json!({ "update": update })).await;
    assert_eq!(events(&taken(&jira)), ["jira:issue_created", "jira:issue_updated", "comment_created"]);
    jira.edit("SEC", "delete", json!({ "issue": key, "by": "acc-3" }));
    let deleted = taken(&jira);
    assert_eq!(events(&deleted), ["jira:issue_deleted"]);
    assert_eq!(body(&deleted[0])["user"]["accountId"], "acc-3");
    jira.advance(60);
    let later = taken(&jira);
    assert_eq!(events(&later), ["comment_deleted"]);
    assert_eq!(later[0].header("x-atlassian-webhook-flow"), Some("Secondary"));
}

#[tokio::test]
async fn an_admin_webhook_is_switched_off_and_changed() {
    let jira = Jira::demo().await;
    jira.simulator().set(|settings| settings.webhook_delivery = WebhookDelivery::Manual);
    let url = format!("{}/rest/webhooks/1.0/webhook", jira.running.site_url("demo.atlassian.net"));
    let admin = |request: reqwest::RequestBuilder, body: Value| {
        request.basic_auth("admin@example.com", Some("sim-admin-token")).json(&body)
    };
    let body = json!({ "name": "ours", "url": URL, "events": ["jira:issue_created"], "secret": "s" });
    let made = jira.send(admin(jira.client.post(&url), body)).await.json();
    let own = format!("{url}/{}", text(&made["self"]).rsplit('/').next().unwrap());
    let off = jira.send(admin(jira.client.put(&own), json!({ "enabled": false }))).await;
    assert_eq!((off.status, off.json()["enabled"].clone()), (200, json!(false)));
    jira.create("SEC", "unheard").await;
    assert!(taken(&jira).is_empty());
    let on = json!({ "enabled": true, "filters": { "issue-related-events-section": "project = CHG" } });
    assert_eq!(jira.send(admin(jira.client.put(&own), on)).await.json()["isSigned"], true);
    jira.create("SEC", "not asked for").await;
    jira.create("CHG", "heard").await;
    let heard = jira.simulator().control("POST", "/webhooks/due", &json!(null)).unwrap();
    assert_eq!(heard["deliveries"], json!([]));
    jira.advance(1);
    let heard =
        jira.simulator().control("POST", "/webhooks/due", &json!(null)).unwrap()["deliveries"].clone();
    assert_eq!(heard.as_array().unwrap().len(), 1);
    assert!(text(&heard[0]["headers"]["x-hub-signature"]).starts_with("sha256="));
}
