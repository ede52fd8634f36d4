//! From an answer to bytes, whole or spoiled.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::call::{self, Answer};

/// An answer of plain text.
pub(crate) fn plain(status: u16, text: &str) -> Response {
    finish(status, Vec::new(), Some("text/plain; charset=utf-8"), Body::from(text.to_owned()))
}

/// The answer as it is.
pub(crate) fn whole(answer: Answer) -> Response {
    let (content_type, bytes) = bytes(&answer);
    finish(answer.status, answer.headers, content_type, Body::from(bytes))
}

/// Half of the body under the length of the whole; then the connection breaks.
pub(crate) fn truncated(answer: Answer) -> Response {
    let (content_type, bytes) = bytes(&answer);
    let length = bytes.len().max(2);
    let half = bytes.slice(..bytes.len() / 2);
    let parts = futures::stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Bytes::new()))),
            Some(_) => {
                // The half has to be on its way before the connection breaks.
                tokio::time::sleep(Duration::from_millis(30)).await;
                Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
            }
            None => None,
        }
    });
    let mut response = finish(answer.status, answer.headers, content_type, Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// The body in twenty pieces over `time`.
pub(crate) fn dripping(answer: Answer, time: Duration) -> Response {
    const PIECES: usize = 20;
    let (content_type, bytes) = bytes(&answer);
    let length = bytes.len();
    let size = length.div_ceil(PIECES).max(1);
    let pause = time / u32::try_from(PIECES).unwrap_or(1);
    let parts = futures::stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<Bytes, Infallible>(piece), rest))
    });
    let mut response = finish(answer.status, answer.headers, content_type, Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn bytes(answer: &Answer) -> (Option<&'static str>, Bytes) {
    match &answer.body {
        call::Body::Empty => (None, Bytes::new()),
        call::Body::Json(value) => (Some("application/json;charset=UTF-8"), Bytes::from(value.to_string())),
        call::Body::Text { content_type, text } => (Some(*content_type), Bytes::from(text.clone())),
    }
}

fn finish(
    status: u16,
    headers: Vec<(&'static str, String)>,
    content_type: Option<&'static str>,
    body: Body,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let map = response.headers_mut();
    if let Some(content_type) = content_type {
        map.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            map.append(HeaderName::from_static(name), value);
        }
    }
    response
}
