//! Whole lists of people, in and out.

use askama::Template;
use assay::access::Role;
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;

use crate::client::query;
use crate::form::Entered;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::upload::{self, Upload};
use crate::words;
use crate::{Console, answer, download};

/// The longest list that is shown again in its field after a dry run, in bytes; a longer file is chosen once more.
const SHOWN_AGAIN: usize = 256 * 1024;

/// How many refused rows are shown; all are counted.
const REFUSED_SHOWN: usize = 200;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/people/import", get(ask).post(import).layer(DefaultBodyLimit::max(upload::LONGEST)))
        .route("/people/export", get(export))
}

/// What became of a list.
#[derive(Debug, Deserialize)]
struct Taken {
    dry_run: bool,
    complete: bool,
    stopped: Option<Stop>,
    read_to_line: u64,
    rows: u64,
    created: u64,
    changed: u64,
    unchanged: u64,
    refused: u64,
    bad_rows: Vec<BadRow>,
    unknown_columns: Vec<String>,
}

/// A row that was refused.
#[derive(Debug, Deserialize)]
struct BadRow {
    line: u64,
    reason: String,
}

/// Why a list was not read to its end.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stop {
    Time,
    Unavailable,
    TooManyRows,
    TooLong,
    RowTooLong,
    Damaged,
}

impl Stop {
    /// What happened, and what to do; nothing is taken in by a dry run, so that it begins anew each time.
    fn words(self, dry_run: bool) -> &'static str {
        match self {
            Self::Time | Self::Unavailable if dry_run => {
                "It could not be looked at whole, only up to that line. Look at it in parts, or take it in: what is refused is told by line."
            }
            Self::Time => {
                "There was no time for all of it. Send the same list again; it goes on where it ended."
            }
            Self::Unavailable => {
                "The table did not answer. Send the same list again; it goes on where it ended."
            }
            Self::TooManyRows => "It has more than 100 000 rows. Send the others as a list of their own.",
            Self::TooLong => "It is longer than 64 MB. Send it in parts.",
            Self::RowTooLong => {
                "A row is longer than 64 KB, as after a quotation mark that is not closed. Mend that row and send the list again."
            }
            Self::Damaged => "The list is damaged or cut off. Save it as CSV in UTF-8 again, and send that.",
        }
    }

    /// Whether sending the same list again helps.
    fn goes_on(self) -> bool {
        matches!(self, Self::Time | Self::Unavailable)
    }
}

impl Taken {
    /// What was done, or would be, in a sentence.
    fn summary(&self) -> String {
        let (new, changed) = (words::number(self.created), words::number(self.changed));
        let (same, refused) = (words::number(self.unchanged), words::number(self.refused));
        let would = if self.dry_run { "would be " } else { "" };
        format!(
            "Of {}, {new} {would}added, {changed} {would}changed, {same} as they were, {refused} refused.",
            words::count(self.rows, "row", "rows")
        )
    }

    /// Why it was not read to its end, and what to do.
    fn why_stopped(&self) -> Option<&'static str> {
        self.stopped.map(|stop| stop.words(self.dry_run))
    }

    fn shown_rows(&self) -> &[BadRow] {
        &self.bad_rows[..self.bad_rows.len().min(REFUSED_SHOWN)]
    }

    fn left_out(&self) -> u64 {
        self.refused.saturating_sub(self.shown_rows().len() as u64)
    }
}

#[derive(Template)]
#[template(path = "people/import.html")]
struct ImportPage<'a> {
    frame: &'a Frame,
    entered: Entered,
    taken: Option<Taken>,
    /// Whether the list must be chosen once more, since it is too long to be shown.
    choose_again: bool,
}

impl ImportPage<'_> {
    /// Whether the list was looked at, or is to go on, so that taking it in comes next.
    fn was_tried(&self) -> bool {
        self.taken.as_ref().is_some_and(|taken| taken.dry_run || !taken.complete)
    }
}

async fn ask(visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Operator)?;
    let entered = Entered::default();
    answer::page(&ImportPage { frame: &visit.frame, entered, taken: None, choose_again: false })
}

async fn import(visit: Visit, form: Upload) -> Result<Response, Problem> {
    let pasted = || Bytes::from(form.text("list").to_owned());
    let list = Some(form.file()).filter(|file| !file.is_empty()).unwrap_or_else(pasted);
    let dry_run = form.has("dry_run");
    let from_line = form.optional("from_line").filter(|_| !dry_run);
    let address =
        query("/v1/people/import", &[("dry_run", dry_run.then_some("true")), ("from_line", from_line)]);
    let taken: Taken = match visit.client.upload(&address, list.clone()).await {
        Ok(taken) => taken,
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            // The API calls the list the body of the request.
            let field =
                problem.field.clone().map(|field| if field == "body" { "list".to_owned() } else { field });
            let entered = form.into_form().refused(Problem { field, ..problem });
            let page = ImportPage { frame: &visit.frame, entered, taken: None, choose_again: false };
            return answer::with(status, &page);
        }
        Err(problem) => return Err(problem),
    };
    if !taken.dry_run && taken.complete && taken.refused == 0 && taken.unknown_columns.is_empty() {
        return Ok(visit.go("/people", &format!("The list is taken in. {}", taken.summary())));
    }
    // Nothing is left to do with a list that was taken in to its end.
    let is_left = taken.dry_run || !taken.complete;
    let text = std::str::from_utf8(&list).ok().filter(|text| is_left && text.len() <= SHOWN_AGAIN);
    let goes_on = taken.stopped.is_some_and(Stop::goes_on) && !taken.dry_run;
    let next_line = if goes_on { (taken.read_to_line + 1).to_string() } else { String::new() };
    let entered = Entered::of([("list", text.unwrap_or_default().to_owned()), ("from_line", next_line)]);
    let choose_again = is_left && text.is_none();
    let page = ImportPage { frame: &visit.frame, entered, taken: Some(taken), choose_again };
    answer::with(StatusCode::OK, &page)
}

async fn export(visit: Visit) -> Result<Response, Problem> {
    download::table(&visit.client, "/v1/people/export").await
}
