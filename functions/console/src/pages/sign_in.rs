//! Signing in with an API token, and signing out.

use askama::Template;
use assay::console::Way;
use assay::error::Kind;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::form::{Form, SignIn};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer, session};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/sign-in", get(show).post(sign_in)).route("/sign-out", post(sign_out))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: &'a Frame,
    /// Where to go on.
    to: &'a str,
    problem: Option<&'a Problem>,
}

#[derive(Deserialize)]
struct Wish {
    to: Option<String>,
}

/// The page; after it `to` is shown.
pub(crate) fn shown(frame: &Frame, to: &str) -> Response {
    let page = SignInPage { frame, to, problem: None };
    answer::page(&page).unwrap_or_else(IntoResponse::into_response)
}

async fn show(frame: Frame, Query(wish): Query<Wish>) -> Response {
    let to = answer::here(wish.to.as_deref().unwrap_or("/"));
    if frame.who.is_some() { answer::see(to) } else { shown(&frame, to) }
}

async fn sign_in(
    State(console): State<Console>,
    frame: Frame,
    headers: HeaderMap,
    fields: SignIn,
) -> Result<Response, Problem> {
    let to = answer::here(fields.text("to"));
    let token = match assay_api::caller::recognise(&console.core, fields.text("token")).await {
        Ok(token) => token,
        Err(error) if *error.kind() == Kind::Unauthenticated => {
            session::refused(&console, fields.text("token")).await?;
            let detail = "This is not a valid API token. Check that all of it was copied; if it was revoked, ask an admin for a new one.";
            let problem = Problem::invalid("token", detail);
            let page = SignInPage { frame: &frame, to, problem: Some(&problem) };
            return answer::with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        Err(error) => return Err(error.into()),
    };
    session::end_earlier(&console, &frame, &headers).await?;
    let cookie = session::begin(&console, &frame, &token, Way::Token).await?;
    let mut response = answer::see(to);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn sign_out(State(console): State<Console>, visit: Visit, _form: Form) -> Result<Response, Problem> {
    let mut response = answer::see("/");
    if let Some(cookie) = session::end(&console, &visit.frame, &visit.session).await? {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
