//! The checks: how each stands and how it stood, with a filter; and, in files of their own, one check and one run.

mod check;
mod evidence;
mod run;
mod trend;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use self::evidence::Evidence;
pub(super) use self::run::TaskState;
use self::trend::Trend;
use super::sites::Sites;
use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::List;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/checks", get(list))
        .route("/checks/{id}", get(check::show))
        .route("/checks/{id}/run", post(check::run_now))
        .route("/checks/{id}/runs/{run}", get(run::show))
}

/// A check, as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Check {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) instructions: String,
    pub(super) how_to_fix: String,
    pub(super) controls: Vec<String>,
    pub(super) due_in_days: i64,
    pub(super) last_outcome: Option<Outcome>,
    pub(super) evaluated_at: Option<Timestamp>,
    pub(super) results: Vec<Run>,
    pub(super) doubts: Vec<Doubt>,
}

/// One evaluation, for one connection or the tenant as a whole.
#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) connection: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) because: String,
    pub(super) failing: u64,
    pub(super) evidence: Evidence,
    pub(super) started_at: Timestamp,
    pub(super) finished_at: Timestamp,
}

impl Run {
    /// What it is about: the name of a connection's site, or the tenant as a whole.
    fn place<'a>(&'a self, sites: &'a Sites) -> &'a str {
        self.connection.as_deref().map_or("Tenant as a whole", |connection| sites.name(connection))
    }

    /// How long it took, in words.
    fn took(&self) -> String {
        assay::clock::in_words(assay::clock::seconds_between(self.started_at, self.finished_at))
    }
}

/// Why something cannot be told, and what to do about it.
#[derive(Debug, Deserialize)]
pub(super) struct Doubt {
    pub(super) connection: Option<String>,
    pub(super) because: String,
    pub(super) mend: String,
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

    /// Leaves what is about one connection alone; none if nothing is. What failed is not made better by a doubt.
    fn seen_by(mut self, connection: &str) -> Option<Self> {
        self.results.retain(|run| run.connection.as_deref() == Some(connection));
        self.doubts.retain(|doubt| doubt.connection.as_deref() == Some(connection));
        let told = self.results.first().map(|run| run.outcome);
        self.evaluated_at = self.results.first().map(|run| run.finished_at);
        self.last_outcome = match told {
            Some(outcome) if outcome != Outcome::Fail && !self.doubts.is_empty() => Some(Outcome::CannotTell),
            told => told,
        };
        (!self.results.is_empty() || !self.doubts.is_empty()).then_some(self)
    }
}

/// The filter that stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    connection: String,
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

/// A check with how it stood before.
struct Line {
    check: Check,
    trend: Trend,
}

#[derive(Template)]
#[template(path = "checks.html", blocks = ["list"])]
struct ChecksPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    sites: Sites,
    connections: Vec<(String, String)>,
    lines: Vec<Line>,
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

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let client = &visit.client;
    let (checks, sites) = tokio::join!(client.get::<List<Check>>("/v1/checks"), Sites::read(client));
    let (checks, sites) = (checks?.items, sites?);
    let seen = checks.into_iter().filter_map(|check| {
        if filter.connection.is_empty() { Some(check) } else { check.seen_by(&filter.connection) }
    });
    let checks: Vec<Check> = seen.filter(|check| filter.takes(check)).collect();
    let trends = futures::future::try_join_all(checks.iter().map(|check| Trend::read(client, check))).await?;
    let lines = checks.into_iter().zip(trends).map(|(check, trend)| Line { check, trend }).collect();
    let connections = sites.choices("Any");
    let page = ChecksPage { frame: &visit.frame, filter, sites, connections, lines };
    if visit.frame.wants("checks") { answer::page(&page.as_list()) } else { answer::page(&page) }
}
