use std::sync::{Arc, Mutex};

use github_sim::{NewPull, WebhookDelivery, sign};
use serde_json::{Value, json};

use crate::support::{GitHub, TOKEN};

const URL: &str = "http://127.0.0.1:9/github";

/// A signature and the raw bytes under it.
type Heard = (String, Vec<u8>);

#[tokio::test]
async fn everything_that_happens_comes_up_as_a_signed_webhook() {
    let github = GitHub::demo().await;
    let sim = github.sim();
    sim.set_hook(URL, "first");
    let ping = sim.take_deliveries();
    assert_eq!(ping[0].header("x-github-event"), "ping");
    assert!(ping[0].json()["zen"].is_string() && ping[0].json()["hook_id"].is_u64());
    let new = NewPull::new("SEC-2", "fix/SEC-2");
    let number = sim.open_pull("acme/shop", &new).unwrap();
    sim.edit_pull("acme/shop", number, Some("SEC-2, better"), None).unwrap();
    sim.push("acme/shop", number).unwrap();
    sim.close("acme/shop", number).unwrap();
    sim.reopen("acme/shop", number).unwrap();
    sim.merge("acme/shop", number).unwrap();
    let taken = sim.take_deliveries();
    let actions: Vec<String> = taken.iter().map(github_sim::Delivery::action).collect();
    assert_eq!(actions, ["opened", "edited", "synchronize", "closed", "reopened", "closed"]);
    let merged = |at: usize| taken[at].json()["pull_request"]["merged"].clone();
    assert_eq!((merged(3), merged(5)), (json!(false), json!(true)));
    assert_eq!(taken[1].json()["changes"], json!({ "title": { "from": "SEC-2" } }));
    assert!(taken[2].json()["after"].is_string());
    for delivery in &taken {
        assert_eq!(delivery.header("X-Hub-Signature-256"), sign("first", &delivery.body));
        assert!(delivery.header("User-Agent").starts_with("GitHub-Hookshot/"));
        let json = delivery.json();
        assert_eq!(
            (&json["number"], &json["repository"]["full_name"]),
            (&json!(number), &json!("acme/shop"))
        );
        assert_eq!(
            (&json["installation"]["id"], &json["sender"]["login"]),
            (&json!(45_678_901), &json!("dev-1"))
        );
    }
    let guids: std::collections::BTreeSet<&str> = taken.iter().map(github_sim::Delivery::guid).collect();
    assert_eq!(guids.len(), taken.len(), "each has an id of its own");
    assert_eq!(sim.take_deliveries(), []);
    assert_eq!(sim.deliveries().len(), 1 + taken.len(), "all of them can be sent again");
}

#[tokio::test]
async fn a_test_forges_and_signs_with_an_old_secret() {
    let github = GitHub::demo().await;
    let sim = github.sim();
    sim.set_hook(URL, "old");
    sim.set_hook(URL, "new");
    sim.take_deliveries();
    sim.close("acme/shop", 1).unwrap();
    let delivery = sim.take_deliveries().remove(0);
    assert_eq!(delivery.header("x-hub-signature-256"), sign("new", &delivery.body));
    let old = delivery.clone().signed_with("old");
    assert_eq!(
        (old.header("x-hub-signature-256"), old.guid()),
        (sign("old", &old.body).as_str(), delivery.guid())
    );
    let forged = delivery.clone().with_body("{}");
    assert_ne!(forged.header("x-hub-signature-256"), sign("new", &forged.body));
    assert_eq!(delivery.without_header("X-Hub-Signature-256").header("x-hub-signature-256"), "");
}

#[tokio::test]
async fn what_the_app_writes_itself_is_told_with_it_as_the_sender_and_only_once() {
    let github = GitHub::demo().await;
    let sim = github.sim();
    sim.set_hook(URL, "secret");
    sim.take_deliveries();
    let made = github.installation_token(json!({})).await;
    let own = made.json["token"].as_str().unwrap();
    for _ in 0..2 {
        github.with_body("PATCH", "/repos/acme/shop/pulls/1", own, json!({ "body": "SEC-1" })).await;
    }
    let taken = sim.take_deliveries();
    assert_eq!(taken.len(), 1, "a change that changes nothing is not told");
    let sender = taken[0].json()["sender"].clone();
    assert_eq!((&sender["login"], &sender["type"]), (&json!("assay-simulated[bot]"), &json!("Bot")));
    assert_eq!(taken[0].json()["changes"]["body"]["from"], "As told.");
    sim.set_repository("acme/shop", false, false);
    sim.close("acme/shop", 1).unwrap();
    assert_eq!(sim.take_deliveries(), [], "the App hears of what it is installed on");
}

#[tokio::test]
async fn a_repository_has_a_hook_of_its_own() {
    let github = GitHub::demo().await;
    let sim = github.sim();
    sim.set_repository_hook("acme/shop", URL, "secret");
    sim.close("acme/internal", 1).unwrap();
    sim.close("acme/shop", 1).unwrap();
    let taken = sim.take_deliveries();
    assert_eq!(taken.len(), 2, "a ping, and one of the two");
    assert_eq!(taken[1].header("X-GitHub-Hook-Installation-Target-Type"), "repository");
    assert_eq!(taken[1].json().get("installation"), None);
}

#[tokio::test]
async fn deliveries_are_sent_with_their_headers_and_raw_bytes() {
    let github = GitHub::demo().await;
    let sim = github.sim();
    let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let into = heard.clone();
    let hear = move |headers: http::HeaderMap, body: axum::body::Bytes| {
        let signature = headers["x-hub-signature-256"].to_str().unwrap().to_owned();
        into.lock().unwrap().push((signature, body.to_vec()));
        async { http::StatusCode::ACCEPTED }
    };
    let router = axum::Router::new().fallback(hear);
    tokio::spawn(async move { axum::serve(listener, router).await });
    sim.set_hook(&url, "secret");
    let ping = sim.take_deliveries().remove(0);
    assert_eq!(sim.send(&ping).await, Some(202));
    assert_eq!(heard.lock().unwrap()[0], (sign("secret", &ping.body), ping.body.clone()));
    sim.set(|settings| settings.webhook_delivery = WebhookDelivery::Automatic);
    github.with_body("PATCH", "/repos/acme/shop/pulls/1", TOKEN, json!({ "title": "new" })).await;
    for _ in 0..100 {
        if heard.lock().unwrap().len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let second: Value = serde_json::from_slice(&heard.lock().unwrap()[1].1).unwrap();
    assert_eq!(second["action"], "edited");
    let elsewhere = ping.with_header("X-Other", "1");
    assert_eq!(
        sim.send(&github_sim::Delivery { url: "https://example.com/".to_owned(), ..elsewhere }).await,
        None
    );
}
