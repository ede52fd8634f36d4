use github_sim::NewPull;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{GitHub, TOKEN, token};

const SHOP: &str = "/repos/acme/shop/pulls/1";
const INTERNAL: &str = "/repos/acme/internal/pulls/1";

#[tokio::test]
async fn a_pull_request_is_read_and_its_description_changed() {
    let github = GitHub::demo().await;
    let read = github.get(SHOP, TOKEN).await.json;
    assert_eq!(
        (&read["state"], &read["merged"], &read["merged_at"]),
        (&json!("open"), &json!(false), &Value::Null)
    );
    assert_eq!(read["html_url"], "https://github.com/acme/shop/pull/1");
    assert_eq!((&read["head"]["ref"], &read["base"]["ref"]), (&json!("fix/SEC-1"), &json!("main")));
    github.sim().advance(SignedDuration::from_secs(5));
    let changed = github.with_body("PATCH", SHOP, TOKEN, json!({ "body": "As told.\n\nSEC-1" })).await;
    assert_eq!((changed.status, &changed.json["body"]), (200, &json!("As told.\n\nSEC-1")));
    assert_eq!(changed.json["updated_at"], "2026-06-15T12:00:05Z");
    assert_eq!(changed.json["title"], read["title"], "what is not named stays");
    assert_eq!(github.sim().pull("acme/shop", 1)["body"], "As told.\n\nSEC-1");
    let emptied = github.with_body("PATCH", SHOP, TOKEN, json!({ "body": "" })).await;
    assert_eq!(emptied.json["body"], Value::Null);
    let long = github.with_body("PATCH", SHOP, TOKEN, json!({ "body": "x".repeat(65_537) })).await;
    assert_eq!((long.status, long.message()), (422, "Validation Failed"));
    assert_eq!(github.with_body("PATCH", SHOP, TOKEN, json!({ "title": " " })).await.status, 422);
    assert_eq!(github.get("/repos/acme/shop/pulls/2", TOKEN).await.status, 404);
    assert_eq!(github.get("/user", TOKEN).await.json["login"], "acme-bot");
}

#[tokio::test]
async fn what_a_token_may_not_see_is_hidden_and_what_it_may_not_do_is_refused() {
    let github = GitHub::demo().await;
    let sim = github.sim();
    sim.add_token(token("github_pat_reads", &[("pull_requests", "read")]));
    sim.add_token(token("github_pat_nothing", &[]));
    let mut elsewhere = token("github_pat_elsewhere", &[("pull_requests", "write")]);
    elsewhere.repositories = Some(["acme/other".to_owned()].into());
    sim.add_token(elsewhere);
    let body = || json!({ "body": "x" });
    for (text, method, path, status) in [
        ("github_pat_reads", "GET", INTERNAL, 200),
        ("github_pat_reads", "PATCH", INTERNAL, 403),
        ("github_pat_nothing", "GET", INTERNAL, 403),
        ("github_pat_nothing", "GET", SHOP, 200),
        ("github_pat_nothing", "PATCH", SHOP, 403),
        ("github_pat_elsewhere", "GET", INTERNAL, 404),
        ("github_pat_elsewhere", "PATCH", INTERNAL, 404),
        ("github_pat_elsewhere", "PATCH", SHOP, 403),
        ("", "GET", INTERNAL, 404),
        ("", "PATCH", SHOP, 401),
        ("github_pat_unknown", "GET", SHOP, 401),
    ] {
        let reply = if method == "GET" {
            github.get(path, text).await
        } else {
            github.with_body(method, path, text, body()).await
        };
        assert_eq!(reply.status, status, "{text} {method} {path}: {}", reply.json);
        if status == 403 {
            assert_eq!(reply.message(), "Resource not accessible by personal access token");
        }
    }
    sim.add_token(token("ghp_classic", &[]));
    assert_eq!(github.with_body("PATCH", INTERNAL, "ghp_classic", body()).await.status, 200);
    sim.set_repository("acme/shop", true, true);
    let archived = github.with_body("PATCH", SHOP, TOKEN, body()).await;
    assert_eq!((archived.status, archived.message()), (403, "Repository was archived so is read-only."));
}

#[tokio::test]
async fn a_token_that_ends_says_when() {
    let github = GitHub::demo().await;
    let mut ending = token("github_pat_ending", &[]);
    ending.expires = Some(github.sim().now().as_second() + 60);
    github.sim().add_token(ending);
    let reply = github.get("/user", "github_pat_ending").await;
    assert_eq!(reply.header("github-authentication-token-expiration"), "2026-06-15 12:01:00 UTC");
    github.sim().advance(SignedDuration::from_secs(60));
    assert_eq!(github.get("/user", "github_pat_ending").await.message(), "Bad credentials");
    github.sim().revoke_token(TOKEN);
    assert_eq!(github.get("/user", TOKEN).await.status, 401);
}

#[tokio::test]
async fn the_states_follow_each_other_as_they_do_at_github() {
    let github = GitHub::demo().await;
    let sim = github.sim();
    sim.close("acme/shop", 1).unwrap();
    assert_eq!(sim.pull("acme/shop", 1)["state"], "closed");
    sim.merge("acme/shop", 1).unwrap_err();
    sim.reopen("acme/shop", 1).unwrap();
    sim.push("acme/shop", 1).unwrap();
    sim.merge("acme/shop", 1).unwrap();
    let merged = sim.pull("acme/shop", 1);
    assert_eq!((&merged["merged"], &merged["merged_at"]), (&json!(true), &json!("2026-06-15T12:00:00Z")));
    sim.reopen("acme/shop", 1).unwrap_err();
    let number = sim.revert("acme/shop", 1).unwrap();
    let reverting = sim.pull("acme/shop", number);
    assert_eq!(reverting["body"], "Reverts acme/shop#1");
    assert_eq!(reverting["title"], "Revert \"Fix SEC-1: update openssl\"");
    assert_eq!(reverting["head"]["ref"], "revert-1-fix/SEC-1");
    sim.revert("acme/shop", number).unwrap_err();
    let open = github.get("/repos/acme/shop/pulls", TOKEN).await.json;
    assert_eq!((open.as_array().unwrap().len(), &open[0]["number"]), (1, &json!(number)));
    sim.open_pull("acme/none", &NewPull::new("a", "b")).unwrap_err();
}
