use serde_json::{Value, json};

use crate::github::credentials::Credentials;
use crate::github::error::{GithubError, Kind};
use crate::github::scripted::{KEY, Stage, answer, noon, pull};
use crate::http::{Response, SendError};
use crate::pull::PullState;
use crate::secret::Secret;

const REPOSITORY: &str = "acme/shop";

fn token() -> Secret {
    Secret::new("ghp_secret")
}

#[tokio::test]
async fn a_pull_request_is_read_with_what_is_kept_of_it() {
    let stage = Stage::new(vec![answer(200, pull("open", Value::Null, json!("SEC-12")), &[])]);
    let read = stage.caller.client(&token()).pull(REPOSITORY, 12).await.unwrap();
    assert_eq!((read.pull.title.as_str(), read.pull.state), ("Fix the login", PullState::Open));
    assert_eq!((read.branch.as_str(), read.body.as_str()), ("fix/SEC-12", "SEC-12"));
    assert_eq!((read.pull.repository.as_str(), read.pull.number), (REPOSITORY, 12));
    assert_eq!(read.pull.changed_at, "2026-06-15T11:00:00Z".parse().unwrap());
    assert_eq!(stage.calls(), ["GET /repos/acme/shop/pulls/12"]);
    let request = stage.request(0);
    assert_eq!(request.authorization.unwrap().expose(), "Bearer ghp_secret");
    assert!(request.headers.contains(&("accept", "application/vnd.github+json".to_owned())));
    assert!(request.headers.contains(&("x-github-api-version", "2022-11-28".to_owned())));
}

#[tokio::test]
async fn closed_means_merged_only_where_github_says_when() {
    for (merged_at, state) in
        [(Value::Null, PullState::Closed), (json!("2026-06-15T11:00:00Z"), PullState::Merged)]
    {
        let stage = Stage::new(vec![answer(200, pull("closed", merged_at, Value::Null), &[])]);
        let read = stage.caller.client(&token()).pull(REPOSITORY, 12).await.unwrap();
        assert_eq!((read.pull.state, read.body.as_str()), (state, ""));
    }
}

#[tokio::test]
async fn a_description_is_written_whole_and_nothing_else() {
    let stage = Stage::new(vec![answer(200, pull("open", Value::Null, Value::Null), &[])]);
    stage.caller.client(&token()).edit_body(REPOSITORY, 12, "new").await.unwrap();
    assert_eq!(stage.calls(), ["PATCH /repos/acme/shop/pulls/12"]);
    assert_eq!(stage.request(0).body, Some(json!({ "body": "new" })));
}

async fn failure(answered: Result<Response, SendError>) -> GithubError {
    Stage::new(vec![answered]).caller.client(&token()).pull(REPOSITORY, 12).await.unwrap_err()
}

#[tokio::test]
async fn each_refusal_is_told_from_the_others_with_its_wait() {
    let said = |message: &str| json!({ "message": message, "documentation_url": "https://docs.github.com" });
    let limited = |is_secondary, wait| Kind::Limited { is_secondary, wait };
    let in_ten_minutes = (noon().as_second() + 600).to_string();
    let used_up: [(&str, &str); 2] = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &in_ten_minutes)];
    for (answered, kind, wait) in [
        (answer(401, said("Bad credentials"), &[]), Kind::Unauthorised, 3600),
        (answer(403, said("Resource not accessible by integration"), &[]), Kind::Forbidden, 3600),
        (
            answer(403, said("Resource not accessible by integration"), &[("x-ratelimit-remaining", "40")]),
            Kind::Forbidden,
            3600,
        ),
        (answer(404, said("Not Found"), &[]), Kind::NotFound, 3600),
        (answer(410, said("Gone"), &[]), Kind::NotFound, 3600),
        (answer(403, said("API rate limit exceeded for user"), &used_up), limited(false, 601), 601),
        (answer(429, said("API rate limit exceeded"), &used_up), limited(false, 601), 601),
        (
            answer(403, said("You have exceeded a secondary rate limit"), &[("retry-after", "120")]),
            limited(true, 120),
            120,
        ),
        (answer(403, said("You have exceeded a secondary rate limit"), &[]), limited(true, 60), 60),
        (answer(429, said(""), &[]), limited(true, 60), 60),
        (answer(429, said(""), &[("retry-after", "99999")]), limited(true, 3900), 3900),
        (answer(422, said("Validation Failed"), &[]), Kind::Refused { status: 422 }, 3600),
        (answer(301, said("Moved Permanently"), &[]), Kind::Redirected, 3600),
        (answer(502, json!("<html>"), &[]), Kind::Unavailable, 60),
        (answer(200, json!({ "number": "twelve" }), &[]), Kind::Malformed, 60),
        (answer(200, pull("odd", Value::Null, Value::Null), &[]), Kind::Malformed, 60),
        (Err(SendError::NotSent { detail: "refused".to_owned() }), Kind::NotSent, 60),
        (Err(SendError::InDoubt { status: None, detail: "cut".to_owned() }), Kind::InDoubt, 60),
        (Err(SendError::TooLarge { status: 200 }), Kind::Malformed, 60),
    ] {
        let error = failure(answered).await;
        assert_eq!((&error.kind, error.wait()), (&kind, wait), "{error}");
        assert!(!error.to_string().contains("ghp_secret") && !error.mend.is_empty(), "{error}");
    }
}

#[tokio::test]
async fn what_github_says_of_its_limit_is_kept() {
    let headers = [("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1781527200")];
    let stage = Stage::new(vec![answer(200, pull("open", Value::Null, Value::Null), &headers)]);
    let client = stage.caller.client(&token());
    assert_eq!(client.limit(), None);
    client.pull(REPOSITORY, 12).await.unwrap();
    assert_eq!(client.limit().unwrap().remaining, 4999);
}

#[tokio::test]
async fn no_repository_leads_to_another_path() {
    for name in ["acme", "acme/shop/x", "../x", "acme/..", "acme/sh op", "/", "acme/", "a?b/c"] {
        let stage = Stage::new(Vec::new());
        let error = stage.caller.client(&token()).pull(name, 1).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unusable, "{name}");
    }
}

fn app() -> Credentials {
    Credentials::App { app_id: "1234".to_owned(), private_key: Secret::new(KEY) }
}

#[tokio::test]
async fn an_app_gets_a_token_for_the_one_repository_and_keeps_it_until_it_is_too_old() {
    let installation = || answer(200, json!({ "id": 77, "app_slug": "assay" }), &[]);
    let made = |token: &str, at: &str| answer(201, json!({ "token": token, "expires_at": at }), &[]);
    let read = || answer(200, pull("open", Value::Null, Value::Null), &[]);
    let stage = Stage::new(vec![
        installation(),
        made("ghs_1", "2026-06-15T13:00:00Z"),
        read(),
        read(),
        installation(),
        made("ghs_2", "2026-06-15T14:00:00Z"),
        read(),
    ]);
    for seconds in [0, 3000, 600] {
        stage.clock.advance(seconds);
        let client = stage.caller.for_repository(&app(), REPOSITORY).await.unwrap();
        client.pull(REPOSITORY, 12).await.unwrap();
    }
    assert_eq!(
        stage.calls()[..3],
        [
            "GET /repos/acme/shop/installation",
            "POST /app/installations/77/access_tokens",
            "GET /repos/acme/shop/pulls/12",
        ]
    );
    assert_eq!(
        stage.request(1).body,
        Some(json!({ "repositories": ["shop"], "permissions": { "pull_requests": "write" } }))
    );
    let bearer = |number: usize| stage.request(number).authorization.unwrap().expose().to_owned();
    assert_eq!(
        (bearer(2).as_str(), bearer(3).as_str(), bearer(6).as_str()),
        ("Bearer ghs_1", "Bearer ghs_1", "Bearer ghs_2")
    );
    assert!(bearer(0).starts_with("Bearer eyJ"));
}

#[tokio::test]
async fn an_app_whose_key_is_none_calls_nobody() {
    let stage = Stage::new(Vec::new());
    let bad = Credentials::App { app_id: "1".to_owned(), private_key: Secret::new("nothing") };
    let error = stage.caller.for_repository(&bad, REPOSITORY).await.err().unwrap();
    assert_eq!(error.kind, Kind::Unusable);
}

#[tokio::test]
async fn who_we_are_and_what_we_reach_is_told() {
    let stage = Stage::new(vec![
        answer(200, json!({ "login": "octo" }), &[]),
        answer(200, json!([{ "full_name": "acme/shop" }]), &[]),
        answer(200, json!({ "slug": "assay", "name": "Assay" }), &[]),
        answer(200, json!([{ "account": { "login": "acme" } }, { "account": null }]), &[]),
    ]);
    let client = stage.caller.client(&token());
    assert_eq!(client.login().await.unwrap(), "octo");
    assert_eq!(client.repositories().await.unwrap().names, ["acme/shop"]);
    let app = stage.caller.as_app("1234", &Secret::new(KEY)).unwrap();
    assert_eq!(app.app_name().await.unwrap(), "assay");
    assert_eq!(app.installations().await.unwrap().names, ["acme"]);
}
