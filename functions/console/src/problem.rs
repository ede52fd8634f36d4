//! Problems: what the API said, or the console itself, as a page, a part of one, or an error at a form.
//!
//! A handler returns one by `?`; [`crate::frame`] makes a page of it, with the navigation where somebody is signed in.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;

use crate::answer;
use crate::frame::Frame;

/// What went wrong: the API's `application/problem+json`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub title: String,
    /// What was tried, with what, and what to do now.
    pub detail: String,
    /// The part of the input that is to blame, as the API calls it.
    #[serde(default)]
    pub field: Option<String>,
    /// Of a connection: what is wrong, as a fixed word.
    #[serde(default)]
    pub code: Option<String>,
}

impl Problem {
    /// A problem of the console's own.
    pub fn new(status: StatusCode, title: &str, detail: &str) -> Self {
        let (title, detail) = (title.to_owned(), detail.to_owned());
        Self { status: status.as_u16(), title, detail, field: None, code: None }
    }

    /// Nobody is signed in: becomes the way to the sign-in page.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Not signed in", "Sign in to see this page.")
    }

    /// There is no such page, or no such thing of this tenant.
    pub fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// A field of a form breaks a rule that the console itself knows.
    pub fn invalid(field: &str, detail: &str) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid input", detail);
        Self { field: Some(field.to_owned()), ..problem }
    }

    /// A fault of ours; the cause is for the log.
    pub fn ours(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        assay::Error::internal("make a page").because(cause).into()
    }

    /// Whether a form can be mended by whoever filled it in: it is shown again with the problem. All else is a page.
    pub fn is_about_input(&self) -> bool {
        matches!(self.status, 409 | 413 | 422) || self.code.is_some()
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<assay_api::problem::Problem> for Problem {
    fn from(problem: assay_api::problem::Problem) -> Self {
        let field = problem.field;
        let own = Self::new(StatusCode::OK, problem.title, &problem.detail);
        Self { status: problem.status, field, ..own }
    }
}

impl From<assay::Error> for Problem {
    fn from(error: assay::Error) -> Self {
        assay_api::problem::Problem::from(error).into()
    }
}

impl IntoResponse for Problem {
    /// Leaves itself in the answer for [`crate::frame`], which knows how to show it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The answer to a path that no page has.
pub async fn no_such_page() -> Problem {
    Problem::not_found("There is no page at this address. It may have been mistyped, or the page was moved.")
}

/// The answer to a form that no page has.
pub async fn no_such_form() -> Problem {
    let detail = "This address cannot be used in this way; open it as a page.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Not possible here", detail)
}

/// The problem that an answer is, also where axum refused a request before a handler saw it.
pub fn of(response: &Response) -> Option<Problem> {
    let status = response.status();
    let page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if (status.is_client_error() || status.is_server_error()) && !page {
        let unread = || {
            Problem::new(
                status,
                "Not readable",
                "The address or the form cannot be read; go back and try again.",
            )
        };
        return Some(response.extensions().get::<Problem>().cloned().unwrap_or_else(unread));
    }
    None
}

#[derive(Template)]
#[template(path = "problem.html", blocks = ["problem"])]
struct ProblemPage<'a> {
    frame: &'a Frame,
    problem: &'a Problem,
}

/// A problem as a page, or as the part of a page that htmx asked for.
pub fn show(frame: &Frame, problem: &Problem) -> Response {
    let page = ProblemPage { frame, problem };
    let answer = if frame.part.is_some() {
        answer::with(problem.status(), &page.as_problem())
    } else {
        answer::with(problem.status(), &page)
    };
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
