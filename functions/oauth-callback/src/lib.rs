//! `oauth-callback`: `GET /oauth/start` begins a 3LO connection in this browser, `GET /oauth/callback` completes it.
//!
//! Reads the link or the `state`, and the browser's cookie; `assay::operations::connecting` does the work; answers with a
//! redirect to Atlassian, or with a page that says what became of it.

pub mod page;

use assay::error::Kind;
use assay::oauth::StateText;
use assay::operations::connecting::{Connector, Failure};
use assay::secret::Secret;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

/// How the name of the cookie begins that binds an attempt to a browser, where the page was opened over HTTPS.
const COOKIE: &str = "__Host-assay-connect";

/// The same on the plain address of a local stack, where a browser takes no `__Host-` cookie.
const LOCAL_COOKIE: &str = "assay-connect";

/// The function's routes.
pub fn router(connector: Connector) -> Router {
    Router::new()
        .route("/oauth/start", get(start))
        .route("/oauth/callback", get(callback))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .with_state(connector)
}

async fn nothing() -> Response {
    page::failure(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

async fn not_allowed() -> Response {
    page::failure(StatusCode::METHOD_NOT_ALLOWED, "This address is there to be opened in a browser.")
}

#[derive(Deserialize)]
struct Start {
    link: String,
}

/// What Atlassian sends back.
#[derive(Deserialize)]
struct Callback {
    state: Option<String>,
    code: Option<Secret>,
    error: Option<String>,
}

async fn start(State(connector): State<Connector>, query: Result<Query<Start>, QueryRejection>) -> Response {
    let Ok(Query(query)) = query else {
        return page::failure(StatusCode::BAD_REQUEST, "The address has no link; start connecting again.");
    };
    match connector.depart(&query.link).await {
        Ok(departure) => {
            let name = cookie_name(&connector, &departure.label);
            let cookie = set_cookie(&name, departure.cookie.expose());
            let (Ok(cookie), Ok(location)) =
                (HeaderValue::from_str(&cookie), HeaderValue::from_str(&departure.location))
            else {
                return page::failure(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "The consent page's address could not be made.",
                );
            };
            let mut response = StatusCode::SEE_OTHER.into_response();
            let headers = response.headers_mut();
            headers.insert(header::LOCATION, location);
            headers.insert(header::SET_COOKIE, cookie);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            response
        }
        Err(error) => refusal(&error),
    }
}

async fn callback(
    State(connector): State<Connector>,
    headers: HeaderMap,
    query: Result<Query<Callback>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else {
        return page::failure(StatusCode::BAD_REQUEST, "The address cannot be read; start connecting again.");
    };
    let Some(state) = query.state else {
        return page::failure(StatusCode::BAD_REQUEST, "The address has no state; start connecting again.");
    };
    let code = match (&query.code, &query.error) {
        (Some(code), None) => Ok(code),
        (_, Some(error)) => Err(error.as_str()),
        (None, None) => Err("no code"),
    };
    // A `state` that is none has no cookie, and is refused.
    let name = StateText::parse(&state).ok().map(|state| cookie_name(&connector, state.label()));
    let cookie = name.as_deref().and_then(|name| cookie(&headers, name));
    let mut response = match connector.arrive(&state, cookie, code).await {
        Ok(connection) => page::success(&connection),
        Err(Failure::Problem(problem)) => page::problem(&problem),
        Err(Failure::Error(error)) => refusal(&error),
    };
    if let Some(name) = name
        && let Ok(expired) = HeaderValue::from_str(&format!("{}; Max-Age=0", attributes(&name, "")))
    {
        response.headers_mut().insert(header::SET_COOKIE, expired);
    }
    response
}

fn refusal(error: &assay::Error) -> Response {
    tracing::warn!(error = error.chain(), "connecting failed");
    let status = match error.kind() {
        Kind::Invalid { .. } | Kind::NotFound | Kind::Forbidden | Kind::Unauthenticated | Kind::TooLarge => {
            StatusCode::BAD_REQUEST
        }
        Kind::Conflict | Kind::Overtaken { .. } | Kind::NeedsReauth => StatusCode::CONFLICT,
        Kind::Limited { .. } | Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => {
            return page::failure(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something failed on our side and was logged; start connecting again.",
            );
        }
    };
    page::failure(status, &error.to_string())
}

/// The name of an attempt's cookie: two attempts in one browser have two.
fn cookie_name(connector: &Connector, label: &str) -> String {
    let is_local = assay::http::is_plain_on_this_machine(&connector.public_url);
    let name = if is_local { LOCAL_COOKIE } else { COOKIE };
    format!("{name}-{label}")
}

fn attributes(name: &str, value: &str) -> String {
    // Atlassian sends the browser back by a link, which `Lax` lets through and `Strict` would not.
    let secure = if name.starts_with(COOKIE) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")
}

fn set_cookie(name: &str, value: &str) -> String {
    format!("{}; Max-Age={}", attributes(name, value), assay::oauth::VALID_FOR)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    assay::cookie::find(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes), name)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    #[test]
    fn the_cookie_is_found_among_others_also_where_one_is_no_text() {
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_bytes(b"name=J\xf6rg; assay-connect=xyz; b=2").unwrap();
        headers.insert(header::COOKIE, line);
        assert_eq!(super::cookie(&headers, "assay-connect"), Some("xyz"));
        assert_eq!(super::cookie(&headers, "connect"), None);
    }
}
