//! Files for whoever wants to keep what a page shows: the pages of the API's exports, put together.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::client::Client;
use crate::problem::Problem;

/// The longest file, in bytes: packed, as browsers ask for it, it fits an answer of Lambda's (6 MB).
const LONGEST: usize = 16 * 1024 * 1024;

/// The whole table that an export of the API gives in pages, as one CSV file.
pub async fn table(client: &Client, path: &str) -> Result<Response, Problem> {
    let (mut whole, mut named) = (Vec::new(), None);
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = client.fetch(&path).await?;
        next = next_of(page.headers());
        let name = page.headers().get(header::CONTENT_DISPOSITION).cloned();
        named = named.or(name);
        whole.extend_from_slice(&content(page).await?);
        check(whole.len(), &path)?;
    }
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8");
    let mut response = ([kind], whole).into_response();
    if let Some(name) = named {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// The whole record of a campaign: what is signed, with all of the items that it is about, as one JSON file.
pub async fn record(client: &Client, path: &str, name: &str) -> Result<Response, Problem> {
    let (mut record, mut items, mut length) = (Value::Null, Vec::new(), 0);
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = client.fetch(&path).await?;
        next = next_of(page.headers());
        let bytes = content(page).await?;
        length += bytes.len();
        check(length, &path)?;
        let mut page: Value = serde_json::from_slice(&bytes).map_err(Problem::ours)?;
        if let Some(more) = page["items"].as_array_mut() {
            items.append(more);
        }
        if record.is_null() {
            record = page["record"].take();
        }
    }
    let body = json!({ "record": record, "items": items }).to_string();
    let named = format!("attachment; filename=\"{name}.json\"");
    let kind = (header::CONTENT_TYPE, "application/json".to_owned());
    Ok(([kind, (header::CONTENT_DISPOSITION, named)], body).into_response())
}

async fn content(page: http::Response<Body>) -> Result<Bytes, Problem> {
    Ok(page.into_body().collect().await.map_err(Problem::ours)?.to_bytes())
}

/// Where the `Link` of a page leads (RFC 8288).
fn next_of(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(header::LINK)?.to_str().ok()?;
    Some(link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?.to_owned())
}

/// A file that would be cut off is none.
fn check(length: usize, path: &str) -> Result<(), Problem> {
    if length <= LONGEST {
        return Ok(());
    }
    let path = path.split('?').next().unwrap_or_default();
    let detail = format!("The file is longer than 16 MB. Read it page by page with the API: GET {path}.");
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too long for one file", &detail))
}
