//! Our own API, in process: the same router that serves it over HTTP, called as the token that the session stands for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use assay::jira::Sleeper;
use assay_api::caller::Caller;
use axum::Router;
use axum::body::{Body, Bytes};
use http::{Method, Request, header};
use http_body_util::BodyExt;
use lambda_http::{Context, RequestExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use crate::form::Form;
use crate::problem::Problem;

/// How what is packed with gzip begins (RFC 1952, 2.3.1).
const PACKED: [u8; 2] = [0x1f, 0x8b];

/// The API as one caller reaches it. Paths are API paths (`/v1/…`), made by [`path`] and [`query`] where they hold text
/// from outside.
#[derive(Clone)]
pub struct Client {
    api: Router,
    caller: Caller,
    /// The function's invocation, so that the audit log can name it.
    context: Option<Context>,
    sleeper: Arc<dyn Sleeper>,
    sent: Arc<Sent>,
}

/// How long it is waited for a form that was sent twice and is still being worked on, in milliseconds: ten seconds in all, well
/// within what a browser's request may take.
const WAITS: [u64; 6] = [250, 500, 1000, 2000, 3000, 3250];

/// How many pages of a list are read where all of it is wanted.
const PAGES: usize = 10;

/// What became of what was sent in one visit; all clones of its client share it.
#[derive(Debug, Default)]
struct Sent {
    /// Something was done.
    done: AtomicBool,
    /// Something had been done before, by the same form.
    replayed: AtomicBool,
    /// The form came too late: nothing is to be changed for it.
    late: AtomicBool,
}

impl Client {
    /// The API for `caller`, within the function's invocation `context`, if it is one.
    pub fn new(api: Router, caller: Caller, context: Option<Context>, sleeper: Arc<dyn Sleeper>) -> Self {
        Self { api, caller, context, sleeper, sent: Arc::default() }
    }

    /// From here on nothing is changed in this visit: each attempt fails with a problem that a form can be shown again with.
    pub fn refuse_changes(&self) {
        self.sent.late.store(true, Relaxed);
    }

    /// Whether all that a form asked for had been done when it was sent before, so that nothing was done now.
    pub fn only_repeated(&self) -> bool {
        self.sent.replayed.load(Relaxed) && !self.sent.done.load(Relaxed)
    }

    /// Reads.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.call(Request::builder().method(Method::GET).uri(path).body(Body::empty())).await
    }

    /// Reads a thing that is to be changed: as it is shown, and as the API tells it, so that the change can say what was seen.
    pub async fn shown<T: DeserializeOwned>(&self, path: &str) -> Result<(T, Value), Problem> {
        let told: Value = self.get(path).await?;
        let shown = T::deserialize(&told).map_err(Problem::ours)?;
        Ok((shown, told))
    }

    /// Reads a list of few items to its end: the connections of a tenant, by nature. Whatever there is beyond 2,000 is left out.
    pub async fn all<T: DeserializeOwned>(&self, list: &str) -> Result<Vec<T>, Problem> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let asked = query(list, &[("limit", Some("200")), ("cursor", cursor.as_deref())]);
            let page = self.get::<List<T>>(&asked).await?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(items)
    }

    /// Reads what is not JSON: an export. Gives the answer as the API gave it.
    pub async fn fetch(&self, path: &str) -> Result<http::Response<Body>, Problem> {
        self.answer(Request::builder().method(Method::GET).uri(path).body(Body::empty())).await
    }

    /// Sends a POST with what a form said. A form that is sent twice does its work once: the mark of the form is the
    /// request's idempotency key. If it is sent twice at once, as by a double click, both get the one answer.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        self.send(Method::POST, path, Some(form), body).await
    }

    /// Sends a document with a POST, as it is or packed with gzip.
    pub async fn post_document<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
        kind: &str,
        document: Bytes,
    ) -> Result<T, Problem> {
        let mut request = Request::builder().method(Method::POST).uri(path);
        request =
            request.header(assay_api::idempotency::NAME, form.once()).header(header::CONTENT_TYPE, kind);
        if document.starts_with(&PACKED) {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        match self.call(request.body(Body::from(document))).await {
            Err(problem) if problem.is_still_running() => Err(Problem::still_running()),
            Err(problem) if problem.is_about_key() => Err(Problem::sent_before()),
            told => told,
        }
    }

    /// Asks a question that is too long for an address: a POST that changes nothing, such as a preflight.
    pub async fn ask<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Problem> {
        self.send(Method::POST, path, None, body).await
    }

    /// Sends PUT, PATCH or DELETE, which do the same thing when they are repeated.
    pub async fn change<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        self.send(method, path, None, body).await
    }

    /// Sends a POST with a whole list as CSV, which does the same thing when it is repeated.
    pub async fn upload<T: DeserializeOwned>(&self, path: &str, list: Bytes) -> Result<T, Problem> {
        let request = Request::builder().method(Method::POST).uri(path);
        self.call(request.header(header::CONTENT_TYPE, "text/csv; charset=utf-8").body(Body::from(list)))
            .await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        form: Option<&Form>,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let body = serde_json::to_value(body).map_err(Problem::ours)?;
        let mut waits = WAITS.iter();
        let mut waited = false;
        loop {
            let mut request = Request::builder().method(method.clone()).uri(path);
            if let Some(form) = form {
                request = request.header(assay_api::idempotency::NAME, form.once());
            }
            // A route without a body takes none: `&()` says that nothing is sent.
            let request = if body.is_null() {
                request.body(Body::empty())
            } else {
                request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
            };
            match self.answer(request).await {
                Err(problem) if problem.is_still_running() => {
                    let Some(wait) = waits.next() else { return Err(Problem::still_running()) };
                    waited = true;
                    self.sleeper.sleep(Duration::from_millis(*wait)).await;
                }
                Err(problem) if problem.is_about_key() => return Err(Problem::sent_before()),
                Err(problem) => return Err(problem),
                Ok(answer) => {
                    // Whoever clicked twice asked once, and was waiting for this very answer.
                    let replayed = answer.headers().contains_key("idempotency-replayed") && !waited;
                    if replayed {
                        self.sent.replayed.store(true, Relaxed);
                    } else if form.is_some() || method != Method::POST {
                        self.sent.done.store(true, Relaxed);
                    }
                    return Self::read(answer).await;
                }
            }
        }
    }

    async fn call<T: DeserializeOwned>(&self, request: http::Result<Request<Body>>) -> Result<T, Problem> {
        Self::read(self.answer(request).await?).await
    }

    async fn read<T: DeserializeOwned>(answer: http::Response<Body>) -> Result<T, Problem> {
        let answer = answer.into_body();
        let bytes = answer.collect().await.map_err(Problem::ours)?.to_bytes();
        // An answer without a body is read as null, which `()` and `serde_json::Value` take.
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).map_err(Problem::ours)
    }

    async fn answer(&self, request: http::Result<Request<Body>>) -> Result<http::Response<Body>, Problem> {
        let mut request = request.map_err(Problem::ours)?;
        if self.sent.late.load(Relaxed) && !request.method().is_safe() {
            return Err(Problem::late());
        }
        request.extensions_mut().insert(self.caller.clone());
        if let Some(context) = &self.context {
            request = request.with_lambda_context(context.clone());
        }
        let Ok(answer) = self.api.clone().oneshot(request).await;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let bytes = answer.into_body().collect().await.map_err(Problem::ours)?.to_bytes();
        let problem: Problem = serde_json::from_slice(&bytes).map_err(Problem::ours)?;
        Err(problem.for_people())
    }
}

/// A path of the API, or of the console, whose parts may hold any text: `path(&["v1", "checks", id])`.
pub fn path(parts: &[&str]) -> String {
    let mut path = String::new();
    for part in parts {
        path.push('/');
        path.push_str(&encode(part));
    }
    path
}

/// The path with those parameters that have a value: `query("/v1/tasks", &[("state", state), ("cursor", cursor)])`.
pub fn query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let given =
        parameters.iter().filter_map(|(name, value)| Some((name, value.filter(|it| !it.is_empty())?)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Text as it may stand in a part of a path, or in a cookie.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// What [`encode`], or a browser's `encodeURIComponent`, made of a text; none where that is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let byte = match rest {
            [b'%', high, low, ..] => data_encoding::HEXUPPER_PERMISSIVE.decode(&[*high, *low]).ok(),
            _ => None,
        };
        if let Some(byte) = byte {
            bytes.extend(byte);
            rest = &others[2..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8(bytes).ok()
}

/// One page of a list, as the API gives it.
#[derive(Debug, serde::Deserialize)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on; none on the last page.
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, path, query};

    #[test]
    fn text_from_outside_stays_in_its_place_of_an_address() {
        assert_eq!(path(&["v1", "checks", "a/b?c#d ä%"]), "/v1/checks/a%2Fb%3Fc%23d%20%C3%A4%25");
        for text in ["a/b?c#d ä%", "Etc/GMT+5", "%2F", "100%", ""] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(decode("Etc%2fGMT%2B5%").as_deref(), Some("Etc/GMT+5%"));
        assert_eq!(decode("%ff"), None);
        assert_eq!(query("/tasks", &[("a", None), ("b", Some(""))]), "/tasks");
        assert_eq!(query("/tasks", &[("a", Some("x&y=z")), ("b", Some("1"))]), "/tasks?a=x%26y%3Dz&b=1");
    }
}
