//! Exports: tables as CSV, in pages that can be put one behind the other.
//!
//! The first page has the names of the columns, the others have not; the header `Link` of each but the last says where the
//! next one is (RFC 8288).

use assay::Result;
use assay::sheet::Sheet;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::problem::Problem;

/// Which page of an export is asked for.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// As the `Link` of the page before has it; none for the first.
    pub cursor: Option<String>,
}

/// A table for a page of an export: with the names of its columns if it is the first.
pub fn sheet(columns: &[&str], is_first: bool) -> Result<Sheet> {
    if is_first { Sheet::with_columns(columns) } else { Ok(Sheet::without_columns()) }
}

/// The answer with one page. `next` is the path and query of the one behind it.
pub fn answer(name: &str, sheet: Sheet, next: Option<&str>) -> Result<Response, Problem> {
    let mut response = (StatusCode::OK, sheet.finish()?).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, text(format!("attachment; filename=\"{name}.csv\""))?);
    if let Some(next) = next {
        headers.insert(header::LINK, next_link(next)?);
    }
    Ok(response)
}

/// The value of a `Link` to the page behind.
pub fn next_link(next: &str) -> Result<HeaderValue, Problem> {
    text(format!("<{next}>; rel=\"next\""))
}

fn text(value: String) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(value).map_err(|cause| {
        assay::Error::internal("could not write the headers of an export").because(cause).into()
    })
}

/// A path with these query parameters.
pub fn link(path: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{path}?{query}")
}
