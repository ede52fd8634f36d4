//! How far a site was read: which accounts there are, and what they do.

use std::collections::BTreeMap;

use assay::evidence::Gap;
use assay::ingestion::Source;
use jiff::Timestamp;
use serde::Deserialize;

use crate::badge::{Badge, Tone};
use crate::client::{Client, path};
use crate::problem::Problem;

/// The reading of one connection, as the API tells it.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Reading {
    pub(in crate::pages) connection: String,
    pub(in crate::pages) zone: String,
    stage: Stage,
    pub(in crate::pages) began_at: Option<Timestamp>,
    pub(in crate::pages) ended_at: Option<Timestamp>,
    pub(in crate::pages) settled_at: Option<Timestamp>,
    pub(in crate::pages) paused_until: Option<Timestamp>,
    pub(in crate::pages) problem: Option<String>,
    pub(in crate::pages) expected_end: Option<Timestamp>,
    pub(in crate::pages) due_at: Option<Timestamp>,
    sources: BTreeMap<Source, Coverage>,
    pub(in crate::pages) known_since: Option<Timestamp>,
    pub(in crate::pages) known_until: Option<Timestamp>,
    pub(in crate::pages) issues_expected: Option<u64>,
    pub(in crate::pages) issues_read: u64,
    pub(in crate::pages) not_known: Vec<String>,
    pub(in crate::pages) cost: Cost,
}

/// What a run does now.
#[derive(Debug, Deserialize)]
struct Stage {
    stage: Step,
}

/// The API's stages.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Step {
    Idle,
    Users,
    Groups,
    Members,
    Products,
    Roles,
    Organisation,
    Settle,
    Match,
    Changes,
    Worklogs,
    DeletedWorklogs,
    Count,
    Report,
}

/// How whole a source is.
#[derive(Debug, Deserialize)]
struct Coverage {
    read_at: Option<Timestamp>,
    read: u64,
    gaps: Vec<Gap>,
}

/// What a run cost.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Cost {
    pub(in crate::pages) calls: u64,
    pub(in crate::pages) points: u64,
}

/// A source as a row of a table.
pub(in crate::pages) struct SourceRow {
    pub(in crate::pages) words: String,
    pub(in crate::pages) badge: Badge,
    pub(in crate::pages) read: u64,
    pub(in crate::pages) read_at: Option<Timestamp>,
    pub(in crate::pages) gaps: Vec<String>,
}

impl Reading {
    /// The reading of a connection; none where it is not read at all.
    pub(in crate::pages) async fn of(client: &Client, connection: &str) -> Result<Option<Self>, Problem> {
        match client.get(&path(&["v1", "usage", connection])).await {
            Ok(reading) => Ok(Some(reading)),
            Err(problem) if problem.status == 404 => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Whether a run is under way.
    pub(in crate::pages) fn runs(&self) -> bool {
        self.stage.stage != Step::Idle
    }

    /// Whether a run is to begin at once.
    pub(in crate::pages) fn is_due(&self, now: &Timestamp) -> bool {
        !self.runs() && self.due_at.is_some_and(|due_at| due_at <= *now)
    }

    /// How it is, in words.
    pub(in crate::pages) fn badge(&self, now: &Timestamp) -> Badge {
        let waits = self.paused_until.is_some_and(|until| until > *now);
        match (self.runs(), waits) {
            (true, true) => Badge::new(Tone::Unsure, "Waits"),
            (true, false) => Badge::new(Tone::Busy, "Is being read"),
            (false, _) if self.is_due(now) => Badge::new(Tone::Busy, "Begins in a moment"),
            (false, _) if self.ended_at.is_none() => Badge::new(Tone::Idle, "Not read yet"),
            (false, _) if self.is_whole() => Badge::new(Tone::Good, "Read whole"),
            (false, _) => Badge::new(Tone::Unsure, "Read in part"),
        }
    }

    /// Whether nothing that was read lacks anything.
    fn is_whole(&self) -> bool {
        self.sources.values().all(|source| source.gaps.is_empty())
    }

    /// What is being done, in words.
    pub(in crate::pages) fn step(&self) -> &'static str {
        match self.stage.stage {
            Step::Idle => "waits for the next run",
            Step::Users => "lists the accounts",
            Step::Groups => "lists the groups",
            Step::Members => "lists the members of the groups",
            Step::Products => "reads the products",
            Step::Roles => "reads the project roles",
            Step::Organisation => "asks the organisation's administration",
            Step::Settle => "puts together what was read",
            Step::Match => "matches accounts with people",
            Step::Changes => "reads issues and their history",
            Step::Worklogs | Step::DeletedWorklogs => "reads the worklogs",
            Step::Count => "counts seats",
            Step::Report => "asks Atlassian whose data must be erased",
        }
    }

    /// The place of the present step, of all.
    pub(in crate::pages) fn place(&self) -> u8 {
        match self.stage.stage {
            Step::Idle => 0,
            Step::Users => 1,
            Step::Groups => 2,
            Step::Members => 3,
            Step::Products => 4,
            Step::Roles => 5,
            Step::Organisation => 6,
            Step::Settle | Step::Match => 7,
            Step::Report => 8,
            Step::Changes => 9,
            Step::Worklogs | Step::DeletedWorklogs => 10,
            Step::Count => 11,
        }
    }

    /// The sources, in their order.
    pub(in crate::pages) fn sources(&self) -> Vec<SourceRow> {
        self.sources.iter().map(|(source, coverage)| SourceRow::of(*source, coverage)).collect()
    }
}

impl SourceRow {
    fn of(source: Source, coverage: &Coverage) -> Self {
        let mut words = source.words().to_owned();
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let badge = match (coverage.read_at, coverage.gaps.is_empty()) {
            (None, true) => Badge::new(Tone::Idle, "Not read yet"),
            (Some(_), true) => Badge::new(Tone::Good, "Whole"),
            (_, false) => Badge::new(Tone::Unsure, "Not whole"),
        };
        let gaps = coverage.gaps.iter().map(ToString::to_string).collect();
        Self { words, badge, read: coverage.read, read_at: coverage.read_at, gaps }
    }
}
