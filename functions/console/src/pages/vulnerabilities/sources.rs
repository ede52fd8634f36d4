//! Where findings come from: each source and its assets, when they spoke last, and why they cannot be relied on.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, query};
use crate::form::Form;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/vulnerabilities/sources", get(list))
        .route("/vulnerabilities/sources/forget", post(forget))
}

/// A source as a whole, or one of its assets.
#[derive(Debug, Deserialize)]
struct Origin {
    source: String,
    asset: Option<String>,
    known_since: Timestamp,
    heard_at: Option<Timestamp>,
    whole_at: Option<Timestamp>,
    retired: bool,
    doubts: Vec<String>,
}

impl Origin {
    fn badge(&self) -> Badge {
        if self.retired {
            Badge::new(Tone::Idle, "Retired")
        } else if self.doubts.is_empty() {
            Badge::new(Tone::Good, "Heard")
        } else {
            Badge::new(Tone::Unsure, "Doubtful")
        }
    }

    fn name(&self) -> &str {
        self.asset.as_deref().unwrap_or(&self.source)
    }

    /// What of it leads further: a source to its assets, an asset to its findings.
    fn further(&self) -> String {
        let source = ("source", Some(self.source.as_str()));
        match &self.asset {
            None => query("/vulnerabilities/sources", &[source]),
            Some(asset) => query("/vulnerabilities", &[source, ("asset", Some(asset))]),
        }
    }
}

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
struct Place {
    /// The source whose assets are shown; the sources themselves, if it is empty.
    #[serde(default)]
    source: String,
    cursor: Option<String>,
}

impl Place {
    /// The address of a list: the API's, or the console's.
    fn address(&self, of: &str, cursor: Option<&str>) -> String {
        query(of, &[("source", Some(self.source.as_str())), ("cursor", cursor)])
    }
}

#[derive(Template)]
#[template(path = "vulnerabilities/sources.html")]
struct SourcesPage<'a> {
    frame: &'a Frame,
    place: Place,
    sources: Vec<Origin>,
    next: Option<String>,
}

impl SourcesPage<'_> {
    /// Whether the assets of one source are shown.
    fn of_one(&self) -> bool {
        !self.place.source.is_empty()
    }

    fn caption(&self) -> &'static str {
        if self.of_one() { "Assets" } else { "Sources" }
    }
}

async fn list(visit: Visit, Query(place): Query<Place>) -> Result<Response, Problem> {
    let asked = place.address("/v1/findings/sources", place.cursor.as_deref());
    let list = visit.client.get::<List<Origin>>(&asked).await?;
    let next = list.next_cursor.map(|cursor| place.address("/vulnerabilities/sources", Some(&cursor)));
    answer::page(&SourcesPage { frame: &visit.frame, place, sources: list.items, next })
}

async fn forget(visit: Visit, form: Form) -> Result<Response, Problem> {
    let (source, asset) = (form.text("source"), form.optional("asset"));
    let path = query("/v1/findings/sources", &[("source", Some(source)), ("asset", asset)]);
    visit.client.change::<()>(Method::DELETE, &path, &()).await?;
    let back = query("/vulnerabilities/sources", &[("source", asset.map(|_| source))]);
    Ok(visit.go(&back, "It is forgotten, with its doubts, until it speaks again. Its findings stay."))
}
