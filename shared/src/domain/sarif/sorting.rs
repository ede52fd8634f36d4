//! Findings of a document become batches of reports: one report for each scanner and asset.
//!
//! A batch is given away once another finding of its report follows; the largest one also where all reports together hold
//! many; and the last one of each at the end, so that it says how many there are. The same document with the same report
//! comes to the same batches.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Place, Survey};
use super::shapes::SarifResult;
use super::telling::Told;
use crate::finding::incoming::{Incoming, check_source};
use crate::finding::report::{FINDINGS_IN_BATCH, Part};
use crate::ids::{ReportId, fixed};
use crate::{Error, Result};

/// How many findings of all reports are kept together before some are given away.
const MOST_KEPT: usize = 2 * FINDINGS_IN_BATCH;

/// What the caller says of a document.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The source of all its findings; that of each run is its scanner if none.
    pub source: Option<String>,
    /// What it is all about; what each run says if none.
    pub asset: Option<String>,
    /// The report.
    pub report: ReportId,
    /// Whether it names everything that its scanners find.
    pub full: bool,
}

/// A part of a document that was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// The result in the document, from 0.
    pub index: u64,
    /// The part, as a path in the document.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// Findings that are taken in together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sorted {
    /// The source.
    pub source: String,
    /// The batch of the report.
    pub part: Part,
    /// The findings, each with its place among the results.
    pub findings: Vec<(u64, Incoming)>,
    /// What was refused.
    pub refused: Vec<Refused>,
}

/// The findings of one scanner in one asset.
#[derive(Debug, Default)]
struct Group {
    findings: Vec<(u64, Incoming)>,
    refused: Vec<Refused>,
    /// How many results had a fingerprint.
    alike: BTreeMap<String, u32>,
    given: u32,
}

/// Sorts findings into batches.
#[derive(Debug)]
pub struct Sorter {
    survey: Survey,
    upload: Upload,
    /// Source and asset of each run.
    runs: Vec<(String, String)>,
    groups: BTreeMap<(String, String), Group>,
    /// How many results are suppressed.
    pub suppressed: u64,
    /// How many results are no failures.
    pub not_failing: u64,
}

impl Sorter {
    /// A sorter of the results of a document.
    ///
    /// # Errors
    /// `Invalid`, naming the part, when it is not said who found what of which asset, by neither the caller nor the run.
    pub fn new(survey: Survey, upload: Upload) -> Result<Self> {
        let mut runs = Vec::new();
        let mut groups: BTreeMap<_, Group> = BTreeMap::new();
        if let Some(source) = &upload.source {
            check_source(source)?;
        }
        for (number, run) in survey.runs.iter().enumerate() {
            let source = upload.source.clone().or_else(|| survey.scanner(number)).ok_or_else(|| {
                let field = format!("runs[{number}].tool.driver.name");
                Error::invalid(field, "the run does not say which scanner it is of; give `source`")
            })?;
            let asset = upload.asset.clone().or_else(|| survey.asset(number)).ok_or_else(|| {
                let message = format!(
                    "runs[{number}] does not say what it is about (versionControlProvenance); give `asset`"
                );
                Error::invalid("asset", message)
            })?;
            let group = groups.entry((source.clone(), asset.clone())).or_default();
            let mut refuse = |part: &str, reason: &str| {
                let (field, reason) = (format!("runs[{number}].{part}"), reason.to_owned());
                group.refused.push(Refused { index: 0, field, reason });
            };
            if run.failed {
                refuse("invocations", "the scanner says that it failed: what it does not name may be there");
            } else if !run.has_results {
                refuse("results", "the run has no results, not even none: its scanner did not look");
            }
            runs.push((source, asset));
        }
        if let (true, Some(source), Some(asset)) = (runs.is_empty(), &upload.source, &upload.asset) {
            let (field, reason) =
                ("runs".to_owned(), "the document has no run: no scanner looked".to_owned());
            let group: &mut Group = groups.entry((source.clone(), asset.clone())).or_default();
            group.refused.push(Refused { index: 0, field, reason });
        }
        Ok(Self { survey, upload, runs, groups, suppressed: 0, not_failing: 0 })
    }

    /// Takes a result. Returns a batch that is whole by it, if any.
    pub fn add(&mut self, place: Place, result: &SarifResult) -> Option<Sorted> {
        let key = self.runs.get(place.run)?.clone();
        let told = self.survey.tell(place, result, &key.1);
        let incoming = match told {
            Told::Suppressed => {
                self.suppressed += 1;
                return None;
            }
            Told::NotFailing => {
                self.not_failing += 1;
                return None;
            }
            Told::Refused(field, reason) => Err((field, reason)),
            Told::Finding(incoming) => Ok(*incoming),
        };
        let group = self.groups.entry(key.clone()).or_default();
        let incoming = incoming.and_then(|mut incoming| {
            let alike = group.alike.entry(incoming.fingerprint.clone()).or_default();
            *alike += 1;
            if *alike > 1 {
                incoming.fingerprint = format!("{}#{alike}", incoming.fingerprint);
            }
            let invalid = |error: Error| match error.kind() {
                crate::error::Kind::Invalid { field } => (field.clone(), error.to_string()),
                _ => ("finding".to_owned(), error.to_string()),
            };
            incoming.checked().map_err(invalid)
        });
        let is_whole = group.kept() >= FINDINGS_IN_BATCH;
        let whole = if is_whole { Some(key.clone()) } else { self.largest() };
        let whole = whole.and_then(|key| {
            let group = self.groups.get_mut(&key)?;
            Some(group.give(&self.upload, &key, self.runs.len(), false))
        });
        let group = self.groups.entry(key).or_default();
        match incoming {
            Ok(incoming) => group.findings.push((place.of_all, incoming)),
            Err((field, reason)) => {
                let field = format!("runs[{}].results[{}].{field}", place.run, place.result);
                group.refused.push(Refused { index: place.of_all, field, reason });
            }
        }
        whole
    }

    /// The source and asset of which most is kept, if too much is kept together.
    fn largest(&self) -> Option<(String, String)> {
        let kept: usize = self.groups.values().map(Group::kept).sum();
        let largest = self.groups.iter().max_by_key(|(_, group)| group.kept());
        largest.filter(|_| kept >= MOST_KEPT).map(|(key, _)| key.clone())
    }

    /// The last batches, one of each report.
    pub fn end(&mut self) -> Vec<Sorted> {
        let runs = self.runs.len();
        let groups = std::mem::take(&mut self.groups);
        groups.into_iter().map(|(key, mut group)| group.give(&self.upload, &key, runs, true)).collect()
    }

    /// The sources and assets of the document.
    pub fn subjects(&self) -> BTreeSet<(String, String)> {
        self.groups.keys().cloned().collect()
    }
}

impl Group {
    fn kept(&self) -> usize {
        self.findings.len() + self.refused.len()
    }

    fn give(&mut self, upload: &Upload, key: &(String, String), runs: usize, last: bool) -> Sorted {
        self.given += 1;
        let part = Part {
            id: report(upload, &key.1, runs),
            full: upload.full,
            asset: Some(key.1.clone()),
            batch: self.given,
            batches: last.then_some(self.given),
        };
        Sorted {
            source: key.0.clone(),
            part,
            findings: std::mem::take(&mut self.findings),
            refused: std::mem::take(&mut self.refused),
        }
    }
}

/// The report of an asset: each has its own, where a document may be about several.
fn report(upload: &Upload, asset: &str, runs: usize) -> ReportId {
    if upload.asset.is_some() || runs < 2 {
        return upload.report.clone();
    }
    let own = format!("{}:{}", upload.report, &fixed(&[asset])[..8]);
    ReportId::parse(&own).unwrap_or_else(|_| upload.report.clone())
}
