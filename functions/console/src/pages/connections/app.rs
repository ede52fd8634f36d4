//! The organisation's own OAuth app.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Need, Way, connect, for_admins, offers};
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

/// The app, as far as it is shown.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct App {
    pub(super) client_id: Option<String>,
    pub(super) callback_url: String,
}

impl App {
    /// Whether it is set up.
    pub(super) fn badge(&self) -> Badge {
        match self.client_id {
            Some(_) => Badge::new(Tone::Good, "The OAuth app is set up"),
            None => Badge::new(Tone::Idle, "The OAuth app is not set up yet"),
        }
    }
}

#[derive(Template)]
#[template(path = "connections/app.html")]
struct AppPage<'a> {
    frame: &'a Frame,
    app: App,
    /// All scopes that any use case needs.
    scopes: Vec<Need>,
    /// Where to go on after it was saved.
    to: String,
    entered: Entered,
}

#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    to: String,
}

pub(super) async fn read(visit: &Visit) -> Result<App, Problem> {
    visit.client.get("/v1/oauth-app").await
}

pub(super) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let page = page(&visit, &wish.to, Entered::default()).await?;
    answer::page(&page)
}

async fn page<'a>(visit: &'a Visit, to: &str, entered: Entered) -> Result<AppPage<'a>, Problem> {
    let scopes = connect::Needs::of(&offers(visit).await?, Way::Oauth, |_| true).scopes;
    Ok(AppPage { frame: &visit.frame, app: read(visit).await?, scopes, to: back(to).to_owned(), entered })
}

/// Where to go on: a step of connecting, or the connections.
fn back(to: &str) -> &str {
    match answer::here(to) {
        "/" => "/connections",
        to => to,
    }
}

pub(super) async fn save(visit: Visit, form: Form) -> Result<Response, Problem> {
    let body = json!({ "client_id": form.text("client_id"), "client_secret": form.text("client_secret") });
    match visit.client.change::<App>(Method::PUT, "/v1/oauth-app", &body).await {
        Ok(_) => Ok(visit.go(back(form.text("to")), "The OAuth app is set up.")),
        Err(problem) if problem.is_about_input() => {
            let (status, to) = (problem.status(), form.text("to").to_owned());
            answer::with(status, &page(&visit, &to, form.refused(problem)).await?)
        }
        Err(problem) => Err(problem),
    }
}
