//! The server: one port, one answer in one segment, and connections that are cut on demand.
//!
//! It reads a request, knows the caller, counts the call, lets the routes answer, plays the fault that is due, and writes
//! the journal.

use std::{io, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, StatusCode, header::HeaderName},
    response::Response,
};
use jira_sim::{Cut, answer_all};
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    auth::Caller,
    control,
    faults::{Fault, FaultKind},
    routes::{self, Answer, Call, used},
    simulator::Simulator,
    state::World,
    webhooks,
};

const MOST_BODY_BYTES: usize = 1024 * 1024;
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];
const PAGE: &str = "<!DOCTYPE html><html><head><title>Unicorn! &middot; GitHub</title></head><body><p>This page is taking too long to load.</p></body></html>";

/// One call. Credentials and bodies are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// Counts from 1.
    pub n: u64,
    /// Virtual time of arrival, RFC 3339.
    pub at: String,
    /// HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// What was answered; 0 if the connection was cut without an answer.
    pub status: u16,
    /// A login, `app`, `installation` or `anonymous`.
    pub caller: String,
    /// The fault that was played.
    pub fault: Option<FaultKind>,
}

/// Answers calls on `listener`, and delivers webhooks, until the future is dropped.
pub async fn serve(listener: TcpListener, simulator: Simulator) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(simulator.clone());
    answer_all(listener, router, webhooks::run(simulator)).await
}

async fn answer(
    State(simulator): State<Simulator>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY_BYTES).await else {
        return response(&Answer::refused(413, "Request Entity Too Large"));
    };
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    if let Some(path) = path.strip_prefix("/__sim") {
        return response(&controlled(&simulator, method, path, &parts.headers, &body));
    }
    let query = parts.uri.query().unwrap_or_default();
    let (answer, fault) = answered(&simulator, method, path, query, &parts.headers, &body);
    let Some(fault) = fault else { return response(&answer) };
    match fault.kind {
        FaultKind::AnswerLost | FaultKind::CutBefore => {
            cut.close();
            response(&answer)
        }
        FaultKind::Delay => {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms.unwrap_or(5000))).await;
            response(&answer)
        }
        FaultKind::Status => html(&fault),
        FaultKind::PrimaryLimit | FaultKind::SecondaryLimit => response(&answer),
    }
}

/// A page of another site that a browser shows must not steer the simulator.
fn controlled(simulator: &Simulator, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
    if headers.contains_key("origin") {
        return Answer::refused(403, "The control API is not for web pages.");
    }
    let read = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    match read
        .map_err(|error| error.to_string())
        .and_then(|body| control::perform(simulator, method, path, &body))
    {
        Ok(value) => Answer::new(200, value),
        Err(message) => Answer::refused(400, &message),
    }
}

fn answered(
    simulator: &Simulator,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> (Answer, Option<Fault>) {
    let now = simulator.now();
    simulator.with_world(|world| {
        let caller = Caller::of(world, headers, now);
        let fault = Fault::due(&mut world.faults, method, path);
        let name = caller.as_ref().map_or_else(|_| "anonymous".to_owned(), Caller::name);
        let effect = fault.as_ref().is_none_or(Fault::has_effect);
        let mut answer = match (&caller, &fault) {
            (_, Some(fault)) if !effect => limited(world, fault, now),
            (Err(refusal), _) => refusal.clone(),
            (Ok(caller), _) => whole(world, method, path, query, headers, body, caller, now),
        };
        if let Ok(caller) = &caller {
            answer = counted(world, caller, now, answer);
        }
        let cut = fault
            .as_ref()
            .is_some_and(|fault| matches!(fault.kind, FaultKind::AnswerLost | FaultKind::CutBefore));
        let shown = fault.as_ref().filter(|fault| fault.kind == FaultKind::Status);
        world.journal.push(JournalEntry {
            n: world.journal.len() as u64 + 1,
            at: now.to_string(),
            method: method.to_owned(),
            path: path.to_owned(),
            status: if cut { 0 } else { shown.map_or(answer.status, |fault| fault.status.unwrap_or(502)) },
            caller: name,
            fault: fault.as_ref().map(|fault| fault.kind),
        });
        (answer, fault)
    })
}

/// The refusal of a limit; of other faults nothing of the answer is seen.
fn limited(world: &World, fault: &Fault, now: jiff::Timestamp) -> Answer {
    match fault.kind {
        FaultKind::PrimaryLimit => {
            let (limit, _, reset) = used(world, &Caller::App, now);
            Answer::refused(fault.status.unwrap_or(world.settings.limit_status), "API rate limit exceeded.")
                .with_header("x-ratelimit-limit", limit.to_string())
                .with_header("x-ratelimit-remaining", "0".to_owned())
                .with_header("x-ratelimit-used", limit.to_string())
                .with_header("x-ratelimit-reset", reset.to_string())
                .with_header("x-ratelimit-resource", "core".to_owned())
        }
        _ => Answer::refused(
            fault.status.unwrap_or(403),
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        )
        .with_header("retry-after", fault.retry_after.unwrap_or(60).to_string()),
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one request, as they came")]
fn whole(
    world: &mut World,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
    caller: &Caller,
    now: jiff::Timestamp,
) -> Answer {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("user-agent").is_none_or(str::is_empty) {
        return Answer::refused(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        );
    }
    if let Some(version) = text("x-github-api-version").filter(|version| !VERSIONS.contains(version)) {
        return Answer::refused(400, &format!("'{version}' is not a supported version"));
    }
    let (limit, calls, reset) = used(world, caller, now);
    if calls >= limit {
        let status = world.settings.limit_status;
        return Answer::refused(status, &format!("API rate limit exceeded for {}.", caller.name()))
            .with_header("x-ratelimit-reset", reset.to_string());
    }
    let body = match body {
        [] => Value::Null,
        bytes => match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(_) => return Answer::refused(400, "Problems parsing JSON"),
        },
    };
    routes::answer(world, &Call { method, path, query, body, caller, now })
}

/// Counts the call and says so in the headers, unless a limit already did.
fn counted(world: &mut World, caller: &Caller, now: jiff::Timestamp, mut answer: Answer) -> Answer {
    let hour = now.as_second().div_euclid(3600);
    let (limit, calls, reset) = used(world, caller, now);
    if calls < limit {
        *world.calls.entry((caller.name(), hour)).or_default() += 1;
    }
    let calls = (calls + 1).min(limit);
    for (name, value) in [
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", (limit - calls).to_string()),
        ("x-ratelimit-used", calls.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-github-api-version-selected", VERSIONS[0].to_owned()),
        ("x-github-request-id", format!("SIM:{}", world.journal.len() + 1)),
    ] {
        if !answer.headers.iter().any(|(known, _)| *known == name) {
            answer.headers.push((name, value));
        }
    }
    if let Some(expires) = caller.expires() {
        let text = expires.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        answer.headers.push(("github-authentication-token-expiration", text));
    }
    answer
}

fn response(answer: &Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.to_string()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = value.parse() {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("content-type", "application/json; charset=utf-8");
    put("server", "github.com");
    for (name, value) in &answer.headers {
        put(name, value);
    }
    response
}

fn html(fault: &Fault) -> Response {
    let mut response = Response::new(Body::from(PAGE));
    *response.status_mut() =
        StatusCode::from_u16(fault.status.unwrap_or(502)).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(seconds) = fault.retry_after {
        headers.insert("retry-after", seconds.into());
    }
    response
}
