//! Findings as they come in as JSON.

use assay::error::Kind;
use assay::finding::incoming::{Incoming, check_source};
use assay::finding::report::{FINDINGS_IN_BATCH, Part};
use assay::finding::severity::{of_score, of_vector, of_word, tenths};
use assay::finding::{Location, Package, Severity};
use assay::ids::ReportId;
use assay::operations::findings::{Received, Rejected};
use serde::Deserialize;
use serde_json::Value;

use crate::problem::Problem;

/// Findings of one source, or one batch of a report.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedBody {
    /// Who found it: the scanner's name, one line of 1 to 100 characters. Reports of one source are told from those of
    /// others by it.
    source: String,
    /// The report that this is a batch of; null for findings outside of any report, which resolve nothing.
    #[serde(default, deserialize_with = "crate::input::optional_object")]
    report: Option<ReportBody>,
    /// The findings, at most 500.
    #[schema(value_type = Vec<FindingBody>)]
    findings: Vec<Value>,
}

/// The report that a batch is of.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// Its identifier: 1 to 128 letters, digits, `-`, `_`, `.` or `:`. Each run of the scanner has its own.
    #[schema(value_type = String)]
    id: ReportId,
    /// Whether it names all that the scanner finds, so that what it does not name is resolved.
    #[serde(default)]
    full: bool,
    /// The asset that it is all about; all of its source if null.
    #[serde(default)]
    asset: Option<String>,
    /// The number of this batch, from 1; 1 if not given.
    #[serde(default)]
    batch: Option<u32>,
    /// Whether it is the last batch. Then `batches` must be given.
    #[serde(default)]
    last: bool,
    /// How many batches there are: the number of the last one. Only with `last`.
    #[serde(default)]
    batches: Option<u32>,
}

/// One finding. Its severity comes from the CVSS vector, else from the score, else from the word; one of them must be there.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingBody {
    /// What tells it from other findings of its source, 1 to 500 characters. Where it is not given, one is made of rule,
    /// advisory, asset, path, line and package name.
    #[serde(default)]
    fingerprint: Option<String>,
    /// Title, one line of 1 to 200 characters.
    title: String,
    /// What it is, at most 8,000 characters.
    #[serde(default)]
    description: String,
    /// How to fix it, at most 4,000 characters.
    #[serde(default)]
    fix: String,
    /// `critical`, `high`, `medium`, `low` or `info`; also `moderate`, `error`, `warning`, `note`, `none` and the like.
    #[serde(default)]
    severity: Option<String>,
    /// The CVSS base score, 0.0 to 10.0.
    #[serde(default)]
    score: Option<f64>,
    /// The CVSS vector, version 2.0, 3.0, 3.1 or 4.0.
    #[serde(default)]
    cvss: Option<String>,
    /// The scanner's rule, at most 200 characters.
    #[serde(default)]
    rule: String,
    /// The advisory, for example `CVE-2021-44228`, at most 200 characters.
    #[serde(default)]
    advisory: String,
    /// The thing that it was found in: a repository, an image, a host; 1 to 200 characters. The report's if not given.
    #[serde(default)]
    asset: Option<String>,
    /// Where in the asset.
    #[serde(default, deserialize_with = "crate::input::optional_object")]
    location: Option<Location>,
    /// The vulnerable package.
    #[serde(default, deserialize_with = "crate::input::optional_object")]
    package: Option<Package>,
    /// Where more is said: at most 10 addresses.
    #[serde(default)]
    links: Vec<String>,
}

impl ReceivedBody {
    /// The batch: what keeps the rules, and what does not.
    pub(super) fn received(self) -> Result<Received, Problem> {
        check_source(&self.source)?;
        if self.findings.len() > FINDINGS_IN_BATCH {
            let message =
                format!("at most {FINDINGS_IN_BATCH} findings are taken at once; send more in batches");
            return Err(Problem::invalid("findings", message));
        }
        let asset = self.report.as_ref().and_then(|report| report.asset.clone());
        let part = self.report.map(ReportBody::part).transpose()?;
        let (mut findings, mut rejected) = (Vec::new(), Vec::new());
        for (index, value) in (0..).zip(self.findings) {
            let named = value.get("asset").and_then(Value::as_str).filter(|asset| is_asset(asset));
            let named = named.or(asset.as_deref()).map(ToOwned::to_owned);
            match incoming(value, asset.as_deref()) {
                Ok(incoming) => findings.push((index, incoming)),
                Err((field, reason)) => rejected.push(Rejected { index, field, reason, asset: named }),
            }
        }
        Ok(Received { source: self.source, part, findings, rejected })
    }
}

impl ReportBody {
    fn part(self) -> Result<Part, Problem> {
        if self.last != self.batches.is_some() {
            let message =
                "the last batch, and no other, says how many there are: give `last` and `batches` together";
            return Err(Problem::invalid("report.batches", message));
        }
        if let Some(asset) = &self.asset
            && !is_asset(asset)
        {
            return Err(Problem::invalid("report.asset", "asset must be one line of 1 to 200 characters"));
        }
        let (batch, batches) = (self.batch.or(self.batches).unwrap_or(1), self.batches);
        Ok(Part { id: self.id, full: self.full, asset: self.asset, batch, batches }.checked()?)
    }
}

fn is_asset(asset: &str) -> bool {
    !asset.is_empty() && asset.chars().count() <= 200 && !asset.chars().any(char::is_control)
}

/// One finding, or the field that breaks a rule and which.
fn incoming(value: Value, asset: Option<&str>) -> Result<Incoming, (String, String)> {
    let mut track = serde_path_to_error::Track::new();
    let body: FindingBody = crate::input::object(serde_path_to_error::Deserializer::new(value, &mut track))
        .map_err(|error| {
        let why = error.to_string();
        (crate::input::field_of(&track.path().to_string(), &why), why)
    })?;
    let invalid = |error: assay::Error| match error.kind() {
        Kind::Invalid { field } => (field.clone(), error.to_string()),
        _ => ("finding".to_owned(), error.to_string()),
    };
    let (severity, score) = rated(&body)?;
    if body.asset.is_some() && asset.is_some() && body.asset.as_deref() != asset {
        let message = "the report is all about another asset; leave it out, or say the same";
        return Err(("asset".to_owned(), message.to_owned()));
    }
    let incoming = Incoming {
        fingerprint: body.fingerprint.unwrap_or_default(),
        title: body.title,
        description: body.description,
        fix: body.fix,
        severity,
        score,
        rule: body.rule,
        advisory: body.advisory,
        asset: body.asset.or_else(|| asset.map(ToOwned::to_owned)).unwrap_or_default(),
        location: body.location,
        package: body.package,
        links: body.links,
    };
    incoming.checked().map_err(invalid)
}

/// How bad it is, from what is most exact.
fn rated(body: &FindingBody) -> Result<(Severity, Option<u8>), (String, String)> {
    let refused = |field: &str, reason: &str| Err((field.to_owned(), reason.to_owned()));
    let word = body.severity.as_deref().map(of_word);
    if word == Some(None) {
        return refused("severity", "severity must be critical, high, medium, low or info");
    }
    let score = body.score.map(tenths);
    if score == Some(None) {
        return refused("score", "score must be 0.0 to 10.0");
    }
    let vector = body.cvss.as_deref().map(of_vector);
    if vector == Some(None) {
        return refused("cvss", "cvss must be a vector of CVSS 2.0, 3.0, 3.1 or 4.0");
    }
    let score = vector.flatten().or(score.flatten());
    match (score, word.flatten()) {
        (Some(score), _) => Ok((of_score(score), Some(score))),
        (None, Some(severity)) => Ok((severity, None)),
        (None, None) => refused("severity", "give a severity, a score or a cvss vector"),
    }
}
