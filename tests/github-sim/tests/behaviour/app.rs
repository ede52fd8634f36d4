use github_sim::{APP_KEY, OTHER_KEY, app_jwt};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{APP_ID, GitHub, INSTALLATION};

#[tokio::test]
async fn the_app_says_who_it_is_by_a_signed_token_of_ten_minutes_at_most() {
    let github = GitHub::demo().await;
    let now = github.sim().now().as_second();
    for issuer in [json!(APP_ID), json!(APP_ID.to_string()), json!("Iv23liSIMULATED00001")] {
        let jwt = app_jwt(APP_KEY, &issuer, now - 60, now + 600).unwrap();
        let reply = github.get("/app", &jwt).await;
        assert_eq!((reply.status, &reply.json["slug"]), (200, &json!("assay-simulated")), "{issuer}");
    }
    let good = github.jwt();
    let (signed, _) = good.rsplit_once('.').unwrap();
    let app = json!(APP_ID);
    for (jwt, status, words) in [
        (app_jwt(OTHER_KEY, &app, now - 60, now + 540).unwrap(), 401, "could not be decoded"),
        (format!("{signed}.AAAA"), 401, "could not be decoded"),
        (app_jwt(APP_KEY, &app, now, now + 601).unwrap(), 401, "too far in the future"),
        (app_jwt(APP_KEY, &app, now - 700, now).unwrap(), 401, "must be a numeric value"),
        (app_jwt(APP_KEY, &app, now + 120, now + 540).unwrap(), 401, "'Issued at' claim"),
        (app_jwt(APP_KEY, &json!(1), now - 60, now + 540).unwrap(), 404, "Integration not found"),
    ] {
        let reply = github.get("/app", &jwt).await;
        assert_eq!(reply.status, status, "{}", reply.json);
        assert!(reply.message().contains(words), "{}", reply.json);
    }
    assert_eq!(github.get("/app", "").await.status, 401);
}

#[tokio::test]
async fn an_installation_token_works_for_an_hour() {
    let github = GitHub::demo().await;
    let found = github.get("/repos/acme/internal/installation", &github.jwt()).await;
    assert_eq!((found.status, &found.json["id"]), (200, &json!(INSTALLATION)));
    let made = github.installation_token(json!({})).await;
    assert_eq!(made.status, 201, "{}", made.json);
    assert_eq!(made.json["expires_at"], "2026-06-15T13:00:00Z");
    assert_eq!(made.json["permissions"], json!({ "metadata": "read", "pull_requests": "write" }));
    let token = made.json["token"].as_str().unwrap();
    assert_eq!(github.get("/repos/acme/internal/pulls/1", token).await.status, 200);
    let all = github.get("/installation/repositories", token).await;
    assert_eq!(all.json["total_count"], 2);
    assert_eq!(github.get("/user", token).await.status, 403);
    assert_eq!(github.get("/app", token).await.status, 401, "only the App's own token tells of the App");
    github.sim().advance(SignedDuration::from_secs(3599));
    assert_eq!(github.get("/repos/acme/internal", token).await.status, 200);
    github.sim().advance(SignedDuration::from_secs(1));
    let ended = github.get("/repos/acme/internal", token).await;
    assert_eq!((ended.status, ended.message()), (401, "Bad credentials"));
}

#[tokio::test]
async fn a_token_can_be_for_less_and_not_for_more() {
    let github = GitHub::demo().await;
    let asked = json!({ "repositories": ["shop"], "permissions": { "pull_requests": "read" } });
    let made = github.installation_token(asked).await;
    assert_eq!(made.json["repositories"][0]["full_name"], "acme/shop");
    let token = made.json["token"].as_str().unwrap();
    assert_eq!(github.get("/repos/acme/internal", token).await.status, 404, "what it is not for is hidden");
    let refused = github.with_body("PATCH", "/repos/acme/shop/pulls/1", token, json!({ "body": "x" })).await;
    assert_eq!((refused.status, refused.message()), (403, "Resource not accessible by integration"));
    assert_eq!(refused.header("x-accepted-github-permissions"), "pull_requests=write");
    let more = github.installation_token(json!({ "permissions": { "contents": "write" } })).await;
    assert_eq!(more.status, 422, "{}", more.json);
    assert_eq!(github.installation_token(json!({ "repositories": ["nothing"] })).await.status, 422);
}

#[tokio::test]
async fn an_installation_is_suspended_and_taken_away() {
    let github = GitHub::demo().await;
    let made = github.installation_token(json!({})).await;
    let token = made.json["token"].as_str().unwrap();
    github.sim().suspend(true);
    assert_eq!(github.get("/repos/acme/shop", token).await.status, 401);
    let refused = github.installation_token(json!({})).await;
    assert_eq!((refused.status, refused.message()), (403, "This installation has been suspended"));
    github.sim().suspend(false);
    assert_eq!(github.installation_token(json!({})).await.status, 201);
    github.sim().set_repository("acme/shop", false, false);
    assert_eq!(github.get("/repos/acme/shop/installation", &github.jwt()).await.status, 404);
    github.sim().uninstall();
    assert_eq!(github.installation_token(json!({})).await.status, 404);
}
