//! The audit log of what comes over HTTP: no change without an entry.
//!
//! Reads the caller, the route and its parameters; writes an entry before the handler runs, and what became of it behind. If the
//! entry cannot be written, the handler does not run (503). It stands behind the idempotency layer: a request that is answered
//! from memory changes nothing and leaves no entry, and neither does one that is refused before it reaches its handler, for
//! its query, the size of its body or its key. What a handler refuses, for the caller's role first of all, leaves one.

use assay::audit::{Change, Outcome, Who};
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use http_body_util::BodyExt;
use lambda_http::RequestExt;

use crate::Api;
use crate::caller::Caller;
use crate::problem::{Problem, Title};

/// Routes that change nothing although they are no GET, and so leave no entry, each with the reason.
pub const CHANGES_NOTHING: [(&str, &str); 4] = [
    ("POST /v1/sync-settings/preflight", "only looks at what a setting would meet"),
    ("POST /v1/sync-settings/dry-run", "only shows what a setting would do"),
    ("POST /v1/project-configurations/preflight", "only looks at what a configuration would meet"),
    ("POST /v1/project-configurations/dry-run", "only shows what a configuration would do"),
];

/// Whether a route, as method and path, leaves an entry.
pub fn leaves_entry(method: &http::Method, path: &str) -> bool {
    let route = format!("{method} {path}");
    !method.is_safe() && CHANGES_NOTHING.iter().all(|(exempt, _)| *exempt != route)
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        let who = Self::token(&caller.token, &caller.name, caller.role);
        Self { session: caller.session.clone(), ..who }
    }
}

/// Writes an entry for every request that may change something.
pub async fn record(
    State(api): State<Api>,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    if !leaves_entry(request.method(), path) {
        return Ok(next.run(request).await);
    }
    let caller = request.extensions().get::<Caller>();
    let caller = caller.ok_or_else(|| assay::Error::internal("the audit log needs a caller"))?;
    let id = request.lambda_context_ref().map(|context| context.request_id.as_str());
    let mut change = Change::new(caller.into(), format!("{} {path}", request.method())).of_request(id);
    for (name, value) in parameters.iter().flatten() {
        change = change.with(name, value);
    }
    // Whether it was a dry run, for example, stands in the query; names that the route does not know were refused before.
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        change = change.with(&name, &value);
    }
    let entry = api.core.change_begins(&caller.tenant, change).await?;
    let response = next.run(request).await;
    let outcome = Outcome::answered(api.core.clock.now(), response.status().as_u16());
    let title = response.extensions().get::<Title>().map(|title| title.0);
    let (response, made) = made(response).await?;
    api.core.change_ended(&entry, outcome.because(title).making(made.as_deref())).await;
    Ok(response)
}

/// The answer, and the identifier of what it says was made.
async fn made(response: Response) -> Result<(Response, Option<String>), Problem> {
    if response.status() != StatusCode::CREATED {
        return Ok((response, None));
    }
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await;
    let bytes = bytes.map_err(|_| assay::Error::internal("could not read our own answer"))?.to_bytes();
    let body: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
    let made = body.and_then(|body| body.get("id")?.as_str().map(ToOwned::to_owned));
    Ok((Response::from_parts(parts, Body::from(bytes)), made))
}
