//! What a request may carry: query parameters and a body only where the route describes them.
//!
//! A parameter that is misspelled must not be ignored: a list would be answered as if no filter had been given.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::description::{Routes, Takes};
use crate::input;
use crate::problem::Problem;

/// Refuses what the route does not take, before any handler runs.
pub async fn check(
    State(routes): State<Arc<Routes>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let takes = takes(&routes, &request);
    check_query(&takes, request.uri().query().unwrap_or_default())?;
    let longest = if takes.large { input::LONGEST_LIST } else { input::LONGEST_BODY };
    if request.body().size_hint().lower() > longest as u64 {
        return Err(input::too_large(longest));
    }
    DefaultBodyLimit::max(longest).apply(&mut request);
    request.extensions_mut().insert(input::Longest(longest));
    if takes.body || request.body().is_end_stream() {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let bytes = bytes.map_err(|rejection| input::refuse_body(&rejection, longest))?;
    // Clients that cannot leave a body out send an empty one.
    if !matches!(bytes.trim_ascii(), b"" | b"{}") {
        return Err(Problem::invalid("body", "this request takes no body; leave it out"));
    }
    Ok(next.run(Request::from_parts(parts, Body::empty())).await)
}

fn takes(routes: &Routes, request: &Request) -> Takes {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    // A HEAD is answered as a GET without its body.
    let method = if request.method() == http::Method::HEAD { "GET" } else { request.method().as_str() };
    routes.get(&(method.to_owned(), path.to_owned())).cloned().unwrap_or_default()
}

fn check_query(takes: &Takes, query: &str) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if !takes.query.contains(&*name) {
            let known: Vec<&str> = takes.query.iter().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Problem::invalid(
                name,
                format!("there is no such query parameter; this path takes {known}"),
            ));
        }
        if !seen.insert(name.clone()) {
            return Err(Problem::invalid(name, "this query parameter was given twice; give it once"));
        }
    }
    Ok(())
}
