//! From a request to its answer: which host is meant, who calls, what is allowed, what goes wrong.

use jiff::Timestamp;
use serde_json::json;

use crate::{
    auth::{Caller, authenticate},
    call::{Answer, Call, Door, Incoming, Query},
    clock::plus_millis,
    control,
    faults::{Fault, FaultKind},
    journal::JournalEntry,
    limits::{points, too_many},
    oauth,
    operation::{Found, Kind, Operation, find},
    organisation, page, personal_data,
    simulator::Simulator,
    state::World,
};

/// An answer, and how it is to be spoiled on its way out.
pub(crate) struct Dispatched {
    pub(crate) answer: Answer,
    pub(crate) fault: Option<Fault>,
}

/// What the journal and the faults know of a call.
struct Line {
    operation: String,
    caller: String,
    points: u32,
}

/// Answers one request.
pub(crate) fn dispatch(simulator: &Simulator, incoming: &Incoming) -> Dispatched {
    if let Some(rest) = incoming.path.strip_prefix("/__sim") {
        return Dispatched { answer: control::answer(simulator, incoming, rest), fault: None };
    }
    let now = simulator.now();
    if let Some(answer) = simulator.with_world(|world| page::answer(world, incoming, now)) {
        return Dispatched { answer, fault: None };
    }
    catch_up(simulator);
    let (dispatched, checked) = simulator.with_world(|world| {
        let target = target(world, &incoming.path);
        let (known, operation) = operation_of(&target, incoming);
        let fault = world.faults.due(&incoming.method, &incoming.path, &known);
        let mut line = Line { operation: known, caller: "anonymous".to_owned(), points: 0 };
        let answer = answered(world, &target, incoming, now, fault.as_ref(), &mut line);
        // The documents are about Jira's REST API and the administration of organisations.
        let checked = match &target {
            Target::Api { .. } => Some(operation.map(Operation::described)),
            Target::Organisation(path) => {
                Some(organisation::find(&incoming.method, path).map(|(operation, _)| operation.described))
            }
            Target::ManagedAccount(path) => Some(
                organisation::find_managed(&incoming.method, path).map(|(operation, _)| operation.described),
            ),
            _ => None,
        };
        world.journal.write(JournalEntry {
            n: 0,
            at: now.to_string(),
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            query: redacted(incoming.query.as_deref()),
            status: if fault.as_ref().is_some_and(Fault::cuts) { 0 } else { answer.status },
            operation: line.operation,
            points: line.points,
            caller: line.caller,
            fault: fault.as_ref().map(|fault| fault_name(fault.kind)),
        });
        (Dispatched { answer, fault }, checked)
    });
    if let Some(operation) = checked {
        // An answer that a fault spoiled is meant to be wrong; the call is not.
        let answer = dispatched.fault.is_none().then_some(&dispatched.answer);
        simulator.checker().check(incoming, operation, answer);
    }
    dispatched
}

/// The answer of a call, with the effect that its fault leaves it.
fn answered(
    world: &mut World,
    target: &Target,
    incoming: &Incoming,
    now: Timestamp,
    fault: Option<&Fault>,
    line: &mut Line,
) -> Answer {
    let Some(fault) = fault else { return perform(world, target, incoming, now, line) };
    let instead = instead(fault, now);
    if instead.is_none() || fault.has_effect() {
        world.most_elements = fault.elements;
        let answer = perform(world, target, incoming, now, line);
        world.most_elements = None;
        return instead.unwrap_or(answer);
    }
    if fault.kind == FaultKind::EffectLate {
        let delay = fault.delay_ms.and_then(|millis| i64::try_from(millis).ok()).unwrap_or(60_000);
        world.late.push((plus_millis(now, delay), incoming.clone()));
    }
    // Who called is known all the same.
    if let Target::Api { door, site, path } = target
        && let Found::Operation(operation, _) = find(&incoming.method, path)
        && let Ok(caller) =
            authenticate(world, *door, *site, operation, incoming.header("authorization"), now)
    {
        caller.id().unwrap_or("anonymous").clone_into(&mut line.caller);
    }
    instead.unwrap_or_else(|| Answer::empty(500))
}

/// Lets those effects happen whose time has come.
pub(crate) fn catch_up(simulator: &Simulator) {
    let now = simulator.now();
    simulator.with_world(|world| {
        let (mut due, later): (Vec<_>, Vec<_>) = world.late.drain(..).partition(|(at, _)| *at <= now);
        world.late = later;
        due.sort_by_key(|(at, _)| *at);
        for (at, incoming) in due {
            let target = target(world, &incoming.path);
            let mut line = Line { operation: String::new(), caller: String::new(), points: 0 };
            perform(world, &target, &incoming, at, &mut line);
        }
    });
}

fn fault_name(kind: FaultKind) -> String {
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Codes and states are secrets too.
fn redacted(query: Option<&str>) -> String {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).map(|(name, value)| {
        let secret =
            matches!(name.as_ref(), "code" | "state" | "access_token" | "client_secret" | "refresh_token");
        (name.into_owned(), if secret { "redacted".to_owned() } else { value.into_owned() })
    });
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    text.finish()
}

/// What a path means.
enum Target {
    /// A site's REST API; the path is what follows `/rest/api/3`, or begins with `/rest/`.
    Api {
        door: Door,
        site: usize,
        path: String,
    },
    TenantInfo(usize),
    AccessibleResources,
    Me,
    /// The administration of organisations; the path is what follows `/admin`.
    Organisation(String),
    /// The management of accounts; the whole path.
    ManagedAccount(String),
    ReportAccounts,
    Authorize,
    Token,
    /// A host that answers 404 like the gateway.
    UnknownAtGateway,
    Nothing,
}

fn target(world: &World, path: &str) -> Target {
    match path {
        "/oauth/token" => return Target::Token,
        "/oauth/token/accessible-resources" => return Target::AccessibleResources,
        "/me" => return Target::Me,
        "/app/report-accounts" | "/app/report-accounts/" => return Target::ReportAccounts,
        "/authorize" => return Target::Authorize,
        _ => {}
    }
    if let Some(rest) = path.strip_prefix("/admin/") {
        return Target::Organisation(format!("/{rest}"));
    }
    if path.starts_with("/users/") {
        return Target::ManagedAccount(path.to_owned());
    }
    if let Some(rest) = path.strip_prefix("/ex/jira/") {
        let Some((cloud_id, rest)) = rest.split_once('/') else { return Target::UnknownAtGateway };
        let Some(site) = world.site_by_cloud_id(cloud_id) else { return Target::UnknownAtGateway };
        return match api_path(&format!("/{rest}")) {
            Some(path) => Target::Api { door: Door::Gateway, site, path },
            None => Target::UnknownAtGateway,
        };
    }
    if let Some((domain, rest)) = path.strip_prefix("/sites/").and_then(|rest| rest.split_once('/')) {
        let Some(site) = world.site_by_domain(domain) else { return Target::Nothing };
        let rest = format!("/{rest}");
        if rest == "/_edge/tenant_info" {
            return Target::TenantInfo(site);
        }
        if let Some(path) = api_path(&rest) {
            return Target::Api { door: Door::Site, site, path };
        }
    }
    Target::Nothing
}

/// `latest` is an alias of the newest version; version 2 takes and gives wiki markup, which is not simulated.
fn api_path(path: &str) -> Option<String> {
    let version = path.strip_prefix("/rest/api/3").or_else(|| path.strip_prefix("/rest/api/latest"));
    match version {
        Some(rest) if rest.starts_with('/') => Some(rest.to_owned()),
        _ => path.starts_with("/rest/webhooks/1.0/").then(|| path.to_owned()),
    }
}

/// The name of what is called, and the operation if it is one of Jira's REST API.
fn operation_of(target: &Target, incoming: &Incoming) -> (String, Option<&'static Operation>) {
    let name = match target {
        Target::Api { path, .. } => match find(&incoming.method, path) {
            Found::Operation(operation, _) => return (operation.id.to_owned(), Some(operation)),
            Found::OtherMethod | Found::Nothing => "unknown",
        },
        Target::TenantInfo(_) => "tenantInfo",
        Target::AccessibleResources => "accessibleResources",
        Target::Me => "me",
        Target::Organisation(path) => organisation::find(&incoming.method, path)
            .map_or("unknown", |(operation, _)| operation.described.id),
        Target::ManagedAccount(path) => organisation::find_managed(&incoming.method, path)
            .map_or("unknown", |(operation, _)| operation.described.id),
        Target::ReportAccounts => "reportAccounts",
        Target::Authorize => "authorize",
        Target::Token => "token",
        Target::UnknownAtGateway | Target::Nothing => "unknown",
    };
    (name.to_owned(), None)
}

/// What the caller gets in the place of the answer.
fn instead(fault: &Fault, now: Timestamp) -> Option<Answer> {
    let with_wait = |answer: Answer| match fault.retry_after {
        Some(seconds) => answer.with_header("retry-after", seconds.to_string()),
        None => answer,
    };
    match fault.kind {
        FaultKind::CutBefore | FaultKind::Reset | FaultKind::EffectLate => Some(Answer::empty(500)),
        FaultKind::Status => {
            let status = fault.status.unwrap_or(503);
            Some(match (status, &fault.reason) {
                (429, Some(reason)) => {
                    let wait = i64::try_from(fault.retry_after.unwrap_or(1)).unwrap_or(1);
                    let mut answer = too_many(reason, wait, now);
                    if fault.retry_after.is_none() {
                        answer.headers.retain(|(name, _)| *name != "retry-after");
                    }
                    answer
                }
                _ => with_wait(Answer::error(status, "The request could not be processed.")),
            })
        }
        FaultKind::Html => {
            let page = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>";
            Some(with_wait(Answer::html(fault.status.unwrap_or(502), page.to_owned())))
        }
        FaultKind::Redirect => {
            let elsewhere = "http://127.0.0.2:9/elsewhere".to_owned();
            Some(Answer::redirect(fault.location.clone().unwrap_or(elsewhere)))
        }
        FaultKind::AnswerLost | FaultKind::Delay | FaultKind::Truncated | FaultKind::SlowDrip => None,
    }
}

fn perform(
    world: &mut World,
    target: &Target,
    incoming: &Incoming,
    now: Timestamp,
    line: &mut Line,
) -> Answer {
    if let Some(grant) = oauth::bearer(world, incoming, now) {
        line.caller.clone_from(&grant.account);
    }
    match (target, incoming.method.as_str()) {
        (Target::Api { door, site, path }, _) => api(world, *door, *site, path, incoming, now, line),
        (Target::TenantInfo(site), "GET") => Answer::ok(json!({ "cloudId": world.sites[*site].cloud_id })),
        (Target::AccessibleResources, "GET") => oauth::accessible_resources(world, incoming, now),
        (Target::Me, "GET") => oauth::me(world, incoming, now),
        (Target::Organisation(path), method) => organisation::answer(world, method, path, incoming),
        (Target::ManagedAccount(path), method) => organisation::answer_managed(world, method, path, incoming),
        (Target::ReportAccounts, "POST") => personal_data::report(world, incoming, now),
        (Target::Authorize, "GET") => oauth::ask(world, &Query::parse(incoming.query.as_deref())),
        (Target::Authorize, "POST") => oauth::decide(world, &incoming.form(), now),
        (Target::Token, "POST") => oauth::exchange(world, incoming, now),
        (Target::UnknownAtGateway, _) => Answer::gateway_error(404, "Not Found"),
        (Target::Nothing, _) => {
            Answer::html(404, "<!DOCTYPE html><html><body><h1>Page not found</h1></body></html>".to_owned())
        }
        _ => Answer::gateway_error(405, "Method Not Allowed"),
    }
}

fn api(
    world: &mut World,
    door: Door,
    site: usize,
    path: &str,
    incoming: &Incoming,
    now: Timestamp,
    line: &mut Line,
) -> Answer {
    let (operation, params) = match find(&incoming.method, path) {
        Found::Operation(operation, params) => (operation, params),
        Found::OtherMethod => return Answer::error(405, "Method Not Allowed"),
        Found::Nothing if door == Door::Gateway => return Answer::gateway_error(404, "Not Found"),
        Found::Nothing => return no_such_path(path),
    };
    let caller = match authenticate(world, door, site, operation, incoming.header("authorization"), now) {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    caller.id().unwrap_or("anonymous").clone_into(&mut line.caller);
    let base = match door {
        Door::Site => format!("https://{}", world.sites[site].domain),
        Door::Gateway => format!("https://api.atlassian.com/ex/jira/{}", world.sites[site].cloud_id),
    };
    let query = Query::parse(incoming.query.as_deref());
    let answer = limited(world, operation, site, &params, &caller, now).and_then(|()| {
        let body = read_body(incoming)?;
        let call = Call { operation, params, query, body, caller: caller.clone(), site, now, base };
        (call.operation.handler)(world, &call)
    });
    let (Ok(mut answer) | Err(mut answer)) = answer;
    let settings = world.settings.clone();
    if answer.status != 429 {
        line.points = points(operation, &answer);
        answer.headers.extend(world.limits.book(&settings, &caller.credential, line.points, now));
    }
    if let Some(id) = caller.id() {
        answer.headers.push(("x-aaccountid", id.to_owned()));
    }
    answer
}

fn no_such_path(path: &str) -> Answer {
    let body = json!({ "type": "about:blank", "title": "Not Found", "status": 404, "detail": format!("No static resource {path}.") });
    let mut answer = Answer::json(404, body.clone());
    answer.body =
        crate::call::Body::Text { content_type: "application/problem+json", text: body.to_string() };
    answer
}

fn read_body(incoming: &Incoming) -> Result<serde_json::Value, Answer> {
    let content_type = incoming.header("content-type").unwrap_or_default();
    if !incoming.body.is_empty() && !content_type.starts_with("application/json") {
        return Err(Answer::error(415, "Unsupported Media Type"));
    }
    incoming.json()
}

fn limited(
    world: &mut World,
    operation: &'static Operation,
    site: usize,
    params: &[String],
    caller: &Caller,
    now: Timestamp,
) -> Result<(), Answer> {
    let settings = world.settings.clone();
    world.limits.admit(&settings, site, operation, &caller.credential, now)?;
    if operation.kind == Kind::IssueWrite
        && let Some(issue) = params.first().and_then(|name| world.sites[site].issue(name))
    {
        world.limits.admit_write(&settings, site, issue.id, now)?;
    }
    Ok(())
}
