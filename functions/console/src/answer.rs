//! Answers: a template as a page, the way to another page, and their packing.

use std::io::Write;

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;

use crate::problem::Problem;

/// The shortest body that is packed, in bytes: a shorter one fits one segment as it is.
const PACKED_FROM: usize = 1400;

/// The status by which htmx asks no more for a part that it asks for again and again. Source: htmx documentation, "Polling".
const ENDS_POLLING: u16 = 286;

/// A page, or a part of one.
pub fn page(template: &impl Template) -> Result<Response, Problem> {
    with(StatusCode::OK, template)
}

/// A page with another status: that of a form that was refused.
pub fn with(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(Problem::ours)?;
    Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

/// A part that followed some work to its end: the page around it is read anew, since more of it is different now.
pub fn ended(mut part: Response) -> Response {
    part.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    part
}

/// A part that followed some work to its end, on a page with a form that somebody may have filled in: it is not read anew, and
/// the part is asked for no more.
pub fn looked_after(mut part: Response) -> Response {
    *part.status_mut() = StatusCode::from_u16(ENDS_POLLING).unwrap_or(StatusCode::OK);
    part
}

/// The way to a page of ours after a form was carried out, so that a reload does not send it again. `to` is a path that
/// we made; see [`here`] for one that came from outside.
pub fn see(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// A path that came from outside, if it leads to a page of ours; else `/`.
pub fn here(to: &str) -> &str {
    let ours = to.starts_with('/')
        && !to.starts_with("//")
        && to.len() <= 2000
        && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { to } else { "/" }
}

/// Packs what is text, since API Gateway does not.
pub async fn pack(request: Request, next: Next) -> Result<Response, Problem> {
    let asked = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let taken =
        asked.is_some_and(|list| list.split(',').any(|one| one.trim().split(';').next() == Some("gzip")));
    let response = next.run(request).await;
    if !taken || !is_text(&response) || response.headers().contains_key(header::CONTENT_ENCODING) {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map_err(Problem::ours)?.to_bytes();
    if bytes.len() < PACKED_FROM {
        return Ok(Response::from_parts(parts, Body::from(bytes)));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(Response::from_parts(parts, Body::from(packed(&bytes).map_err(Problem::ours)?)))
}

fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn is_text(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| ["text/", "application/json", "image/svg"].iter().any(|it| kind.starts_with(it)))
}

#[cfg(test)]
mod tests {
    use super::here;

    #[test]
    fn the_way_back_never_leads_to_another_site() {
        for text in ["/", "/checks?outcome=fail", "/checks/B1#x"] {
            assert_eq!(here(text), text);
        }
        for text in
            ["", "checks", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/ä"]
        {
            assert_eq!(here(text), "/", "{text:?}");
        }
    }
}
