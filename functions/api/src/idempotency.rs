//! `Idempotency-Key` on every POST: a repeated request is answered as the first one was, and does nothing again.
//!
//! | first request | the same request again | another body with its key |
//! |---|---|---|
//! | runs | 409 | 422 |
//! | made something | its answer, without what is shown once | 422 |
//! | was refused or failed | runs again: the world may have changed, and nothing was made | runs |
//! | died on its way | 409 for a minute, then runs again and makes the same thing ([`Seed`]) | 422 |
//!
//! A key is remembered for a day, for one token and one path.

use assay::dynamodb::Begin;
use assay::idempotency::{Answer, REMEMBERED_FOR, Remembered, check_key};
use assay::ids::{digest, fixed};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;

use crate::Api;
use crate::caller::Caller;
use crate::input;
use crate::problem::Problem;

/// The header.
pub const NAME: &str = "Idempotency-Key";

/// The kind of problem that a request has whose key belongs to one that still runs.
pub const STILL_RUNNING: &str = "idempotency-still-running";

/// The kind of problem that a request has whose key was used for another one.
pub const KEY_REUSED: &str = "idempotency-key-reused";

/// The kind of problem that a key itself has.
const KEY_INVALID: &str = "idempotency-key-invalid";

/// Fields of answers that are shown once and never kept.
const SHOWN_ONCE: [&str; 4] = ["token", "secret", "link", "authorize_url"];

/// Text that new identifiers of this request are made from: fixed by key and body where there is a key, so that a
/// request that is repeated after a crash makes the same thing and not a second one.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The text.
    pub text: String,
    /// Whether a key fixes it: then what is found under it was made by this very request.
    pub fixed: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Seed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let seed = parts.extensions.get::<Self>().cloned();
        seed.ok_or_else(|| {
            assay::Error::internal("a route that makes things is not behind the idempotency layer").into()
        })
    }
}

/// Remembers POST requests by their key.
pub async fn remember(State(api): State<Api>, mut request: Request, next: Next) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let Some(key) = request.headers().get(NAME).cloned() else {
        let text = assay::random::text(api.core.random.as_ref(), 15)?;
        request.extensions_mut().insert(Seed { text, fixed: false });
        return Ok(next.run(request).await);
    };
    let key = key.to_str().unwrap_or_default();
    check_key(key).map_err(|error| Problem { kind: KEY_INVALID, ..error.into() })?;
    let caller = request.extensions().get::<Caller>().cloned();
    let caller = caller.ok_or_else(|| assay::Error::internal("the idempotency layer needs a caller"))?;
    // The token is part of the key: another caller's answer is never given, and a role that was lowered is checked anew.
    let path = request.uri().path().to_owned();
    let remembered_key = fixed(&[caller.token.as_str(), request.method().as_str(), &path, key]);
    let (parts, body) = request.into_parts();
    let longest = input::longest(&parts.extensions);
    let whole = Request::from_parts(parts.clone(), body);
    let bytes = Bytes::from_request(whole, &api).await;
    let bytes = bytes.map_err(|rejection| input::refuse_body(&rejection, longest))?;
    // What is asked for stands in the query, too.
    let asked = match parts.uri.query() {
        Some(query) => digest(&[query.as_bytes(), b"\n", &bytes].concat()),
        None => digest(&bytes),
    };
    let remembered = Remembered {
        tenant: caller.tenant.clone(),
        key: remembered_key.clone(),
        request: asked,
        began_at: api.core.clock.now(),
        answer: None,
    };
    match api.core.store.begin(&remembered, remembered.began_at).await? {
        Begin::New => {}
        Begin::Answered(answer) => return Ok(again(&answer)),
        Begin::Running => {
            let message = "a request with this Idempotency-Key is still running; try again in a minute";
            return Err(Problem { kind: STILL_RUNNING, ..assay::Error::conflict(message).into() });
        }
        Begin::OtherRequest => {
            let message = format!(
                "this Idempotency-Key was used for another body in the last {} hours; use a new one",
                REMEMBERED_FOR / 3600
            );
            return Err(Problem { kind: KEY_REUSED, ..Problem::invalid(NAME, message) });
        }
    }
    let mut request = Request::from_parts(parts, Body::from(bytes));
    let text = fixed(&[caller.tenant.as_str(), &remembered_key, &remembered.request]);
    request.extensions_mut().insert(Seed { text, fixed: true });
    let response = next.run(request).await;
    keep(&api, &caller, &remembered_key, response).await
}

/// Remembers the answer to a request that did something. Any other is forgotten: nothing was made, and trying again may
/// bring another answer.
async fn keep(api: &Api, caller: &Caller, key: &str, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await;
    let bytes = bytes.map_err(|_| assay::Error::internal("could not read our own answer"))?.to_bytes();
    let store = &api.core.store;
    let kept = if parts.status.is_success() {
        let answer = Answer { status: parts.status.as_u16(), body: without_what_is_shown_once(&bytes) };
        store.finish(&caller.tenant, key, answer).await
    } else {
        store.forget(&caller.tenant, key).await
    };
    // The work is done whatever becomes of its memory; a repetition makes the same thing once more.
    if let Err(error) = kept {
        tracing::warn!(error = error.chain(), "an answer could not be remembered");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn without_what_is_shown_once(bytes: &[u8]) -> String {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(serde_json::Value::Object(mut object)) => {
            for field in SHOWN_ONCE {
                if let Some(value) = object.get_mut(field) {
                    *value = serde_json::Value::Null;
                }
            }
            serde_json::Value::Object(object).to_string()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn again(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], answer.body.clone()).into_response();
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::without_what_is_shown_once;

    #[test]
    fn a_remembered_answer_holds_no_secret() {
        assert_eq!(
            without_what_is_shown_once(br#"{"id":"a","token":"assay_x"}"#),
            r#"{"id":"a","token":null}"#
        );
        let link = br#"{"link":"https://assay.example/sign-in/link?link=acme.x"}"#;
        assert_eq!(without_what_is_shown_once(link), r#"{"link":null}"#);
    }
}
