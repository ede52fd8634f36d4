//! The checks: a list with a filter, and beside it a drawer that is a page of its own, too.
//!
//! The example for other pages: a list, a filter, a part, a drawer, a form.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, path};
use crate::form::Form;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/checks", get(list))
        .route("/checks/{id}", get(show))
        .route("/checks/{id}/run", post(run))
}

/// A check, as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Check {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) instructions: String,
    pub(super) how_to_fix: String,
    pub(super) last_outcome: Option<Outcome>,
    pub(super) evaluated_at: Option<Timestamp>,
    pub(super) results: Vec<Run>,
    pub(super) doubts: Vec<Doubt>,
}

/// One evaluation, for one connection or the tenant as a whole.
#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) connection: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) because: String,
    pub(super) failing: u64,
}

/// Why something cannot be told.
#[derive(Debug, Deserialize)]
pub(super) struct Doubt {
    pub(super) because: String,
}

/// The API's outcomes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Pass,
    Fail,
    CannotTell,
    NotApplicable,
}

/// What became of the wish to run a check.
#[derive(Debug, Deserialize)]
struct Asked {
    /// How many evaluations were asked for.
    evaluations: u64,
}

impl Outcome {
    /// In words.
    pub(super) fn badge(self) -> Badge {
        match self {
            Self::Pass => Badge::new(Tone::Good, "Passes"),
            Self::Fail => Badge::new(Tone::Bad, "Fails"),
            Self::CannotTell => Badge::new(Tone::Unsure, "Cannot tell"),
            Self::NotApplicable => Badge::new(Tone::Idle, "Not applicable"),
        }
    }
}

impl Check {
    pub(super) fn badge(&self) -> Badge {
        self.last_outcome.map_or_else(|| Badge::new(Tone::Idle, "Not evaluated yet"), Outcome::badge)
    }

    /// How many entities fail, over all connections.
    pub(super) fn failing(&self) -> u64 {
        self.results.iter().map(|run| run.failing).sum()
    }
}

/// The filter that stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    outcome: String,
}

impl Filter {
    fn takes(&self, check: &Check) -> bool {
        let word = match check.last_outcome {
            Some(Outcome::Pass) => "pass",
            Some(Outcome::Fail) => "fail",
            Some(Outcome::CannotTell) => "cannot_tell",
            Some(Outcome::NotApplicable) => "not_applicable",
            None => "none",
        };
        self.outcome.is_empty() || self.outcome == word
    }
}

#[derive(Template)]
#[template(path = "checks.html", blocks = ["list"])]
struct ChecksPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    checks: Vec<Check>,
}

impl ChecksPage<'_> {
    /// What can be filtered by, with its words.
    const OUTCOMES: &'static [(&'static str, &'static str)] = &[
        ("", "Any"),
        ("fail", "Fails"),
        ("cannot_tell", "Cannot tell"),
        ("pass", "Passes"),
        ("not_applicable", "Not applicable"),
        ("none", "Not evaluated yet"),
    ];
}

#[derive(Template)]
#[template(path = "check.html", blocks = ["drawer"])]
struct CheckPage<'a> {
    frame: &'a Frame,
    check: Check,
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let mut checks = visit.client.get::<List<Check>>("/v1/checks").await?.items;
    checks.retain(|check| filter.takes(check));
    let page = ChecksPage { frame: &visit.frame, filter, checks };
    if visit.frame.wants("checks") { answer::page(&page.as_list()) } else { answer::page(&page) }
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let check = visit.client.get(&path(&["v1", "checks", &id])).await?;
    let page = CheckPage { frame: &visit.frame, check };
    if visit.frame.wants("drawer") { answer::page(&page.as_drawer()) } else { answer::page(&page) }
}

async fn run(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let asked: Asked = visit.client.post(&path(&["v1", "checks", &id, "runs"]), &form, &()).await?;
    let notice = if asked.evaluations == 0 {
        "Nothing was run: there is no connection that works and that this check is about."
    } else {
        "The check is being run. Its outcome appears here within a minute."
    };
    Ok(visit.go(&path(&["checks", &id]), notice))
}
