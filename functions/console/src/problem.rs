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
    /// The API's word for problems of this kind; none of the console's own.
    #[serde(default, rename = "type")]
    pub kind: Option<Box<str>>,
}

impl Problem {
    /// A problem of the console's own.
    pub fn new(status: StatusCode, title: &str, detail: &str) -> Self {
        let (title, detail) = (title.to_owned(), detail.to_owned());
        Self { status: status.as_u16(), title, detail, field: None, code: None, kind: None }
    }

    /// Nobody is signed in: becomes the way to the sign-in page.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Not signed in", "Sign in to see this page.")
    }

    /// There is no such page, or no such thing of this tenant.
    pub fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// The page is for another role.
    pub fn needs(role: &str) -> Self {
        let detail =
            format!("This page needs the role {role} or above; ask an admin for a token with that role.");
        Self::new(StatusCode::FORBIDDEN, "Not allowed", &detail)
    }

    /// A field of a form breaks a rule that the console itself knows.
    pub fn invalid(field: &str, detail: &str) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid input", detail);
        Self { field: Some(field.to_owned()), ..problem }
    }

    /// A form came more than an hour after its page was made.
    pub fn late() -> Self {
        let detail = "This page was opened more than an hour ago, and things may have changed since then. Nothing was done: open the page again, look at what it says now, and send it.";
        Self::new(StatusCode::CONFLICT, "Open the page again", detail)
    }

    /// Somebody else decided on items of an access review on which the sender of a form decided.
    pub fn decided_meanwhile() -> Self {
        let detail = "Somebody else decided on some of these items since this page was opened. Nothing was saved: what you entered stands below, and at those rows what was decided meanwhile. Save again to decide anew on them, too.";
        Self::new(StatusCode::CONFLICT, "Decided meanwhile", detail)
    }

    /// The same where the form is shown again with what was entered.
    fn late_and_kept() -> Self {
        let detail = "This page was opened more than an hour ago, and things may have changed since then. Nothing was done yet. What you entered stands below: look at it, and send it again.";
        Self::new(StatusCode::CONFLICT, "Look at it once more", detail)
    }

    /// The same beside a form that is shown again with what was entered.
    #[must_use]
    pub fn beside_form(self) -> Self {
        if self == Self::late() { Self::late_and_kept() } else { self }
    }

    /// A form was sent twice, and what it asked for goes on.
    pub fn still_running() -> Self {
        let detail = "What this form asked for has begun and is not done yet. Do not send it again; look in a minute at what became of it.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Still being done", detail)
    }

    /// A form was sent before, and asks for something else now, since other things changed meanwhile.
    pub fn sent_before() -> Self {
        let detail = "This form was sent before, and things have changed since then. Nothing was done again; open the page again, and send it from there.";
        Self::new(StatusCode::GONE, "Sent before", detail)
    }

    /// A fault of ours; the cause is for the log.
    pub fn ours(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        assay::Error::internal("make a page").because(cause).into()
    }

    /// The same without what the API says to programs: where else to ask, and marks around words.
    #[must_use]
    pub fn for_people(mut self) -> Self {
        let parts = self.detail.split("; ").filter(|part| !part.contains("`GET /v1/"));
        let said = parts.collect::<Vec<_>>().join("; ");
        if !said.is_empty() {
            let mut opening = false;
            let mark = |it| match it {
                '`' => {
                    opening = !opening;
                    if opening { '“' } else { '”' }
                }
                other => other,
            };
            self.detail = said.chars().map(mark).collect();
        }
        self
    }

    /// Whether a form is shown again with the problem: whoever filled it in can mend it, or send it again in a moment. All else is
    /// a page.
    pub fn is_about_input(&self) -> bool {
        let can_be_mended = matches!(self.status, 409 | 413 | 422) || self.code.is_some();
        !self.is_about_key() && (can_be_mended || self.is_passing())
    }

    /// Whether the API says that the same may work in a moment: it, or Jira, has too much to do or does not answer.
    pub fn is_passing(&self) -> bool {
        self.kind.is_some() && matches!(self.status, 429 | 502 | 503 | 504)
    }

    /// Whether it is about the idempotency key that a form makes, of which a person knows nothing.
    pub fn is_about_key(&self) -> bool {
        self.kind().is_some_and(|kind| kind.starts_with("idempotency-"))
    }

    /// Whether the same form was sent before and is still being worked on.
    pub fn is_still_running(&self) -> bool {
        self.kind() == Some(assay_api::idempotency::STILL_RUNNING)
    }

    /// Whether what somebody changed or decided is something else by now than what they saw.
    pub fn is_overtaken(&self) -> bool {
        self.kind() == Some("overtaken")
    }

    fn kind(&self) -> Option<&str> {
        self.kind.as_deref()?.strip_prefix("urn:assay:problem:")
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

impl ProblemPage<'_> {
    /// The page that led here; none where that is this very page.
    fn back(&self) -> Option<&str> {
        self.frame.from.as_deref().filter(|from| *from != self.frame.path)
    }
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

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::Problem;

    fn of_the_api(status: u16, kind: &str) -> Problem {
        let kind = format!("urn:assay:problem:{kind}");
        let problem = serde_json::json!({ "type": kind, "title": "t", "detail": "d", "status": status });
        serde_json::from_value(problem).unwrap()
    }

    #[test]
    fn a_form_is_shown_again_for_what_its_sender_can_mend_or_what_passes_alone() {
        for (status, kind, expected) in [
            (422, "invalid", true),
            (409, "conflict", true),
            (409, "idempotency-still-running", false),
            (422, "idempotency-key-reused", false),
            (422, "idempotency-key-invalid", false),
            (403, "forbidden", false),
            (500, "internal", false),
            (503, "unavailable", true),
            (429, "limited", true),
        ] {
            assert_eq!(of_the_api(status, kind).is_about_input(), expected, "{kind}");
        }
        assert!(Problem::late().is_about_input(), "what was entered is not lost");
        assert!(of_the_api(409, assay_api::idempotency::STILL_RUNNING).is_still_running());
        for own in [Problem::still_running(), Problem::sent_before()] {
            assert!(!own.is_about_input() && !own.is_still_running(), "{own:?}");
        }
    }

    #[test]
    fn people_are_not_told_where_programs_may_ask() {
        for (said, shown) in [
            ("choose one; `GET /v1/use-cases` lists them", "choose one"),
            (
                "enter it like `a.atlassian.net`; see `GET /v1/openapi.json`",
                "enter it like “a.atlassian.net”",
            ),
            ("the first; the second", "the first; the second"),
            ("`GET /v1/checks` lists them", "`GET /v1/checks` lists them"),
        ] {
            assert_eq!(Problem::new(StatusCode::CONFLICT, "", said).for_people().detail, shown);
        }
    }
}
