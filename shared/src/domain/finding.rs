//! Findings: what scanners found in the organisation's assets.
//!
//! A finding stands in the task that is to be done about it, so that whoever writes one writes the other: a task of check
//! B9 whose [`crate::task::Task::finding`] is set. The planner makes tickets of such tasks as of all others, by the project
//! configuration ([`crate::configuration`]) that the finding is routed to.
//!
//! | finding | its task | then |
//! |---|---|---|
//! | not known | none | opened, due within the limit of its severity |
//! | known | open | its texts, place, severity and limit are brought up to date |
//! | known | done (absent, or a person closed its issue) | opened again: a regression |
//! | absent from a full report of its source | open | resolved |
//! | its risk is accepted | any | completed until the end date; then open again, if it is still there |
//!
//! [`incoming`] says what may come in, [`severity`] how bad it is, [`policy`] how long it may stand, [`taking`] what
//! becomes of its task, [`report`] what a whole report proves, [`source`] whether one is missing, [`tally`] how they all stand.

pub mod acceptance;
pub mod doubts;
pub mod incoming;
pub(crate) mod pattern;
pub mod policy;
pub mod report;
pub mod severity;
pub mod source;
pub mod taking;
pub mod tally;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::check::CheckId;
use crate::ids::{ReportId, TaskId, TenantId, fixed};
use crate::pull::{Pull, PullId};

/// How bad a finding is. The order is that of the words: information is least.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing that must be done.
    Info,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The severity's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Where in an asset it was found.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Location {
    /// The file, as the scanner named it.
    pub path: String,
    /// The line, counted from 1.
    #[serde(default)]
    pub line: Option<u32>,
}

/// The package that is vulnerable.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The version that was found; empty if it is not known.
    #[serde(default)]
    pub version: String,
    /// The first version without the vulnerability; empty if it is not known.
    #[serde(default)]
    pub fixed_in: String,
}

/// That the risk of a finding is accepted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Acceptance {
    /// The last day on which it holds.
    #[schema(value_type = String)]
    pub until: Date,
    /// Why.
    pub why: String,
    /// Who said so: a token's id.
    pub by: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What a scanner found. Texts are limited where they come in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// Who found it: the scanner's name, as the reports of one source are told from those of others.
    pub source: String,
    /// What tells it from other findings of its source, whatever its texts become.
    pub fingerprint: String,
    /// Title, in one line.
    pub title: String,
    /// What it is.
    pub description: String,
    /// How to fix it.
    pub fix: String,
    /// How bad it is.
    pub severity: Severity,
    /// The CVSS base score in tenths, 0 to 100, if it is known.
    #[serde(default)]
    pub score: Option<u8>,
    /// The rule of the scanner that found it; empty if it has none.
    #[serde(default)]
    pub rule: String,
    /// The advisory, for example `CVE-2021-44228`; empty if there is none.
    #[serde(default)]
    pub advisory: String,
    /// The thing that it was found in: a repository, an image, a host.
    pub asset: String,
    /// Where in the asset.
    #[serde(default)]
    pub location: Option<Location>,
    /// The vulnerable package, if it is about one.
    #[serde(default)]
    pub package: Option<Package>,
    /// Where more is said: addresses.
    #[serde(default)]
    pub links: Vec<String>,
    /// When it was first reported.
    pub first_seen_at: Timestamp,
    /// When the newest report that named it began, to a day: a report that says nothing new about it is not written down.
    pub last_seen_at: Timestamp,
    /// Since when the limit of its severity is counted, if not since it was first seen: since it came back.
    #[serde(default)]
    pub counted_from: Option<Timestamp>,
    /// The report that it was last in.
    #[serde(default)]
    pub report: Option<ReportId>,
    /// That its risk is accepted, if it is.
    #[serde(default)]
    pub acceptance: Option<Acceptance>,
    /// How often it came back after it was resolved.
    #[serde(default)]
    pub regressions: u32,
    /// Pull requests that were said to be about it before it had a ticket.
    #[serde(default)]
    pub pulls: BTreeMap<PullId, Pull>,
}

/// The beginning of the ids of all tasks of one source, so that they are neighbours in the table.
pub fn beginning(source: &str) -> String {
    format!("{}-{}-", CheckId::B9, &fixed(&["source", source])[..8])
}

/// The fixed id of a finding, which is that of its task.
///
/// # Errors
/// Never for identifiers made by this library; the type asks for it.
pub fn id(tenant: &TenantId, source: &str, fingerprint: &str) -> Result<TaskId> {
    let rest = fixed(&[tenant.as_str(), source, fingerprint]);
    TaskId::parse(&format!("{}{rest}", beginning(source)))
}
