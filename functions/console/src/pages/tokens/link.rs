//! A link that lets somebody in who has no token: made here, shown once, used once.

use askama::Template;
use assay::access::Role as Needed;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{ROLES, Role};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/tokens/link", get(show).post(make))
}

/// A link that was made.
#[derive(Debug, Deserialize)]
struct Made {
    /// Its address; none where the answer that had it was lost.
    link: Option<String>,
    role: Role,
    name: String,
    expires_at: Timestamp,
}

#[derive(Template)]
#[template(path = "tokens/link.html")]
struct LinkPage<'a> {
    frame: &'a Frame,
    entered: Entered,
}

impl LinkPage<'_> {
    const ROLES: &'static [(&'static str, &'static str)] = ROLES;
}

#[derive(Template)]
#[template(path = "tokens/link_made.html")]
struct MadePage<'a> {
    frame: &'a Frame,
    made: Made,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    visit.require(Needed::Admin)?;
    answer::page(&LinkPage { frame: &visit.frame, entered: Entered::default() })
}

async fn make(visit: Visit, form: Form) -> Result<Response, Problem> {
    let body = json!({ "name": form.optional("name"), "role": form.text("role") });
    match visit.client.post::<Made>("/v1/sign-in-links", &form, &body).await {
        // Not a way to another page: the link is in this answer and nowhere else.
        Ok(made) => answer::page(&MadePage { frame: &visit.frame, made }),
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &LinkPage { frame: &visit.frame, entered: form.refused(problem) })
        }
        Err(problem) => Err(problem),
    }
}
