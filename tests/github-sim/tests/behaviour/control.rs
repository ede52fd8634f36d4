use serde_json::{Value, json};

use crate::support::GitHub;

async fn control(github: &GitHub, method: &str, path: &str, body: Value) -> Value {
    let reply = github.with_body(method, &format!("/__sim{path}"), "", body).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.json);
    reply.json
}

#[tokio::test]
async fn a_script_does_all_of_it() {
    let github = GitHub::demo().await;
    control(&github, "POST", "/repositories", json!({ "full_name": "acme/new", "private": true })).await;
    control(&github, "POST", "/hooks", json!({ "url": "http://127.0.0.1:9/", "secret": "s" })).await;
    let new = json!({ "title": "SEC-3", "head": "fix", "body": "because" });
    assert_eq!(control(&github, "POST", "/repositories/acme/new/pulls", new).await["number"], 1);
    for deed in ["push", "close", "reopen", "merge"] {
        control(&github, "POST", &format!("/repositories/acme/new/pulls/1/{deed}"), json!({})).await;
    }
    let reverted = control(&github, "POST", "/repositories/acme/new/pulls/1/revert", json!({})).await;
    assert_eq!(reverted["number"], 2);
    control(&github, "POST", "/repositories/acme/new/pulls/2/edit", json!({ "title": "no" })).await;
    let taken = control(&github, "POST", "/deliveries/take", json!({})).await;
    assert_eq!(taken["deliveries"].as_array().unwrap().len(), 8);
    assert!(taken["deliveries"][1]["headers"]["X-Hub-Signature-256"].is_string());
    control(&github, "POST", "/tokens", json!({ "token": "github_pat_two", "login": "two" })).await;
    assert_eq!(github.get("/user", "github_pat_two").await.json["login"], "two");
    control(&github, "PUT", "/settings", json!({ "limit": 7 })).await;
    assert_eq!(github.get("/rate_limit", "github_pat_two").await.json["rate"]["limit"], 7);
    control(&github, "POST", "/faults", json!({ "path": "/user", "kind": "status", "status": 500 })).await;
    assert_eq!(github.get("/user", "github_pat_two").await.status, 500);
    let before = github.sim().now();
    control(&github, "POST", "/advance", json!({ "seconds": 60 })).await;
    assert_eq!(github.sim().now().as_second() - before.as_second(), 60);
    let calls = control(&github, "GET", "/journal", Value::Null).await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 3, "the control API is not in the journal");
    let web = github.request("GET", "/__sim/journal", "").header("origin", "https://example.com");
    assert_eq!(github.send(web).await.status, 403);
    assert_eq!(github.with_body("POST", "/__sim/nothing", "", json!({})).await.status, 400);
}
