//! A scanner's file: a form to send it, and what became of each of its results.

use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::Console;
use crate::answer;
use crate::client::query;
use crate::form::Entered;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::upload::{LONGEST, Upload};

/// How many refused results of one scanner and asset are shown.
const SHOWN: usize = 50;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/vulnerabilities/upload", get(show).post(upload).layer(DefaultBodyLimit::max(LONGEST)))
}

/// What became of a document.
#[derive(Debug, Deserialize)]
struct Uploaded {
    report: String,
    complete: bool,
    results: u64,
    suppressed: u64,
    not_failing: u64,
    sources: Vec<Subject>,
}

/// What became of one scanner's findings in one asset.
#[derive(Debug, Deserialize)]
struct Subject {
    source: String,
    asset: String,
    taken: Taken,
}

#[derive(Debug, Deserialize)]
struct Taken {
    created: u64,
    updated: u64,
    unchanged: u64,
    reopened: u64,
    resolved: u64,
    rejected: u64,
    rejections: Vec<Rejection>,
    report: Option<Report>,
}

/// A result that breaks a rule.
#[derive(Debug, Deserialize)]
struct Rejection {
    index: u64,
    field: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Report {
    spares: Option<String>,
}

impl Subject {
    /// Why nothing of it was resolved though the file was said to be full.
    fn spares(&self) -> Option<&str> {
        self.taken.report.as_ref()?.spares.as_deref()
    }

    /// The first refused results.
    fn shown(&self) -> &[Rejection] {
        &self.taken.rejections[..self.taken.rejections.len().min(SHOWN)]
    }

    /// What the table of its refused results is called.
    fn caption(&self) -> String {
        format!("Results of {} in {} that were refused", self.source, self.asset)
    }

    /// How many refused results are not shown.
    fn further(&self) -> u64 {
        self.taken.rejected.saturating_sub(self.shown().len() as u64)
    }
}

#[derive(Template)]
#[template(path = "vulnerabilities/upload.html")]
struct UploadPage<'a> {
    frame: &'a Frame,
    entered: Entered,
    uploaded: Option<Uploaded>,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    if !visit.frame.operates() {
        return Err(Problem::needs("operator"));
    }
    answer::page(&UploadPage { frame: &visit.frame, entered: Entered::default(), uploaded: None })
}

async fn upload(visit: Visit, form: Upload) -> Result<Response, Problem> {
    match send(&visit, &form).await {
        Ok(uploaded) if uploaded.complete => {
            let page =
                UploadPage { frame: &visit.frame, entered: Entered::default(), uploaded: Some(uploaded) };
            answer::page(&page)
        }
        // The same file is sent once more, for the same report: what was entered stays.
        Ok(uploaded) => {
            let page = UploadPage { frame: &visit.frame, entered: form.kept(), uploaded: Some(uploaded) };
            answer::page(&page)
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            let entered = form.into_form().refused(at_a_field(problem));
            answer::with(status, &UploadPage { frame: &visit.frame, entered, uploaded: None })
        }
        Err(problem) => Err(problem),
    }
}

async fn send(visit: &Visit, form: &Upload) -> Result<Uploaded, Problem> {
    if form.file().is_empty() && visit.frame.operates() {
        return Err(Problem::invalid(
            "file",
            "Choose the file that the scanner wrote; none came, or it is empty.",
        ));
    }
    let parameters = [
        ("source", form.optional("source")),
        ("asset", form.optional("asset")),
        ("report", form.optional("report")),
        ("full", form.has("full").then_some("true")),
    ];
    let to = query("/v1/findings/sarif", &parameters);
    visit.client.post_document(&to, form, "application/sarif+json", form.file()).await
}

/// The problem at the field that it is about: a place in the document is one of the file.
fn at_a_field(problem: Problem) -> Problem {
    let place = problem.field.clone().unwrap_or_default();
    if ["source", "asset", "report", "file"].contains(&place.as_str()) {
        return problem;
    }
    let is_named = place.is_empty() || place == "body" || problem.detail.contains(&place);
    let detail = if is_named { problem.detail } else { format!("{place}: {}", problem.detail) };
    Problem { field: Some("file".to_owned()), detail, ..problem }
}
