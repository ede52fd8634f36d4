//! What pages load beside themselves: the stylesheet, two scripts and a picture. Their names change with their content, so that a
//! browser keeps them for good.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use crate::Console;

/// One file.
struct Asset {
    path: String,
    kind: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, content: &'static str) -> Self {
        let digest = assay::ids::digest(content.as_bytes());
        Self { path: format!("/assets/{name}.{}.{ending}", &digest[..12]), kind, content }
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("assay", "css", "text/css; charset=utf-8", include_str!("../assets/assay.css"))
});
static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("assay", "js", JAVASCRIPT, include_str!("../assets/assay.js")));
/// <https://htmx.org>, the npm package's own file; its licence (0BSD) lies beside it.
static HTMX: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("htmx-2.0.11", "js", JAVASCRIPT, include_str!("../assets/htmx-2.0.11.min.js"))
});

static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("assay", "svg", "image/svg+xml", include_str!("../assets/assay.svg")));

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Where the stylesheet is.
pub fn style() -> &'static str {
    &STYLE.path
}

/// Where our own script is.
pub fn script() -> &'static str {
    &SCRIPT.path
}

/// Where htmx is.
pub fn htmx() -> &'static str {
    &HTMX.path
}

/// Where our picture is.
pub fn icon() -> &'static str {
    &ICON.path
}

/// Serves them.
pub fn routes() -> Router<Console> {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>) -> Response {
    let path = format!("/assets/{name}");
    let Some(asset) = [&*STYLE, &*SCRIPT, &*HTMX, &*ICON].into_iter().find(|asset| asset.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.content).into_response()
}
