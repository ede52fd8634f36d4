//! Vulnerabilities: what scanners found, how it stands, and what people say of it.
//!
//! `finding` is one of them, with the acceptance of its risk; `uploading` takes in a scanner's file; `policy` says how
//! long findings may stand, and which silence of scanners is no doubt; `sources` is who reports, and what of it proves
//! nothing.

mod finding;
mod policy;
mod sources;
mod uploading;

use std::collections::BTreeMap;

use askama::Template;
use assay::finding::Severity;
use assay::finding::tally::Standing;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use self::finding::Finding;
use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::words::number;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/vulnerabilities", get(list))
        .merge(uploading::routes())
        .merge(policy::routes())
        .merge(sources::routes())
        .merge(finding::routes())
}

/// A severity in words.
pub(super) fn severity(severity: Severity) -> Badge {
    match severity {
        Severity::Critical => Badge::new(Tone::Bad, "Critical"),
        Severity::High => Badge::new(Tone::Bad, "High"),
        Severity::Medium => Badge::new(Tone::Unsure, "Medium"),
        Severity::Low => Badge::new(Tone::Idle, "Low"),
        Severity::Info => Badge::new(Tone::Idle, "Information"),
    }
}

/// What all findings together are like.
#[derive(Debug, Deserialize)]
struct Summary {
    total: u64,
    by_state: BTreeMap<Standing, u64>,
    open_by_severity: BTreeMap<Severity, u64>,
    open_with_ticket: u64,
    overdue: u64,
    counted: Counted,
    counted_at: Timestamp,
    doubts: Vec<String>,
}

/// How they were counted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Counted {
    Now,
    LastEvaluation,
}

impl Summary {
    /// Whether nothing was ever reported. A count that was made by an evaluation cannot say so: findings may have come since.
    fn is_empty(&self) -> bool {
        self.total == 0 && self.is_exact()
    }

    fn open_ones(&self) -> u64 {
        self.by_state.get(&Standing::Open).copied().unwrap_or_default()
    }

    fn accepted_ones(&self) -> u64 {
        self.by_state.get(&Standing::Accepted).copied().unwrap_or_default()
    }

    /// How many are open, by severity, the worst first: word of the filter, words for people, count.
    fn open(&self) -> Vec<(&'static str, Badge, String)> {
        let count = |of: Severity| number(self.open_by_severity.get(&of).copied().unwrap_or_default());
        Severity::ALL.into_iter().map(|of| (of.word(), severity(of), count(of))).collect()
    }

    fn is_exact(&self) -> bool {
        self.counted == Counted::Now
    }
}

/// The filter that stands in the address.
#[derive(Clone, Debug, Deserialize)]
struct Filter {
    #[serde(default = "open")]
    state: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    asset: String,
    #[serde(default)]
    overdue: String,
    cursor: Option<String>,
}

fn open() -> String {
    "open".to_owned()
}

impl Filter {
    /// The address of a list with this filter: the API's, or the console's.
    fn address(&self, of: &str, any: &str, cursor: Option<&str>) -> String {
        let state = if self.state == "any" { any } else { self.state.as_str() };
        let (source, asset) = (self.source.trim(), self.asset.trim());
        let given = [
            ("state", Some(state)),
            ("severity", Some(self.severity.as_str())),
            ("source", Some(source)),
            ("asset", Some(asset)),
            ("overdue", Some(self.overdue.as_str())),
            ("cursor", cursor),
        ];
        query(of, &given)
    }
}

#[derive(Template)]
#[template(path = "vulnerabilities/list.html", blocks = ["list"])]
struct ListPage<'a> {
    frame: &'a Frame,
    summary: Summary,
    filter: Filter,
    findings: Vec<Finding>,
    next: Option<String>,
}

impl ListPage<'_> {
    const STATES: &'static [(&'static str, &'static str)] = &[
        ("open", "Open"),
        ("accepted", "Risk accepted"),
        ("completed", "Done, not confirmed"),
        ("resolved", "Resolved"),
        ("any", "Any"),
    ];
    const SEVERITIES: &'static [(&'static str, &'static str)] = &[
        ("", "Any"),
        ("critical", "Critical"),
        ("high", "High"),
        ("medium", "Medium"),
        ("low", "Low"),
        ("info", "Information"),
    ];
    const OVERDUE: &'static [(&'static str, &'static str)] =
        &[("", "Any"), ("true", "Overdue"), ("false", "Not overdue")];
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let address = filter.address("/v1/findings", "", filter.cursor.as_deref());
    let (summary, findings) = tokio::join!(
        visit.client.get::<Summary>("/v1/findings/summary"),
        visit.client.get::<List<Finding>>(&address)
    );
    let findings = findings?;
    let next = findings.next_cursor.map(|cursor| filter.address("/vulnerabilities", "any", Some(&cursor)));
    let page = ListPage { frame: &visit.frame, summary: summary?, filter, findings: findings.items, next };
    if visit.frame.wants("findings") { answer::page(&page.as_list()) } else { answer::page(&page) }
}
