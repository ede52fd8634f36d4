//! GitHub: how it is set up, when it delivered last, what stands in the way.

use askama::Template;
use assay::pull::{Limit, Method as Way, Trouble};
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::words::number;

/// Where the API has it.
const GITHUB: &str = "/v1/github";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/github", get(show).post(set_up))
        .route("/github/secret", post(replace_secret))
        .route("/github/remove", post(remove))
}

/// GitHub as it is set up.
#[derive(Debug, Deserialize)]
pub(super) struct Github {
    pub(super) set_up: bool,
    method: Option<Way>,
    name: Option<String>,
    app_id: Option<String>,
    api_url: Option<String>,
    reaches: Vec<String>,
    reaches_more: bool,
    webhook_url: String,
    secret: Option<String>,
    secret_made_at: Option<Timestamp>,
    old_secret_until: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    trouble: Option<Trouble>,
    limit: Option<Limit>,
    verified_at: Option<Timestamp>,
}

impl Github {
    fn badge(&self) -> Badge {
        match (&self.trouble, self.delivered_at) {
            (Some(_), _) => Badge::new(Tone::Bad, "Something stands in the way"),
            (None, None) => Badge::new(Tone::Unsure, "No delivery came yet"),
            (None, Some(_)) => Badge::new(Tone::Good, "Works"),
        }
    }

    /// As whom it is reached.
    fn way(&self) -> &'static str {
        match self.method {
            Some(Way::App) => "As the app",
            Some(Way::Token) | None => "With the token of",
        }
    }
}

#[derive(Template)]
#[template(path = "pull_requests/github.html")]
struct GithubPage<'a> {
    frame: &'a Frame,
    github: Github,
    entered: Entered,
}

impl GithubPage<'_> {
    fn left(limit: &Limit) -> String {
        number(u64::from(limit.remaining))
    }
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let github = visit.client.get(GITHUB).await?;
    answer::page(&GithubPage { frame: &visit.frame, github, entered: Entered::default() })
}

async fn set_up(visit: Visit, form: Form) -> Result<Response, Problem> {
    let mut body = Map::new();
    for name in ["token", "app_id", "private_key", "api_url"] {
        if let Some(text) = form.optional(name) {
            body.insert(name.to_owned(), json!(text));
        }
    }
    match visit.client.change::<Github>(Method::PUT, GITHUB, &body).await {
        // The secret of the webhook is shown in this very answer, the first time, since it is nowhere else.
        Ok(github) if github.secret.is_some() => once(&visit, github),
        Ok(_) => {
            Ok(visit.go("/github", "The credentials work and are kept. The webhook’s secret stays as it is."))
        }
        Err(problem) if problem.is_about_input() => {
            let (status, github) = (problem.status(), visit.client.get(GITHUB).await?);
            answer::with(status, &GithubPage { frame: &visit.frame, github, entered: form.refused(problem) })
        }
        Err(problem) => Err(problem),
    }
}

async fn replace_secret(visit: Visit, form: Form) -> Result<Response, Problem> {
    let github: Github = visit.client.post("/v1/github/webhook-secret", &form, &()).await?;
    once(&visit, github)
}

fn once(visit: &Visit, github: Github) -> Result<Response, Problem> {
    answer::page(&GithubPage { frame: &visit.frame, github, entered: Entered::default() })
}

async fn remove(visit: Visit, _form: Form) -> Result<Response, Problem> {
    let _: Value = visit.client.change(Method::DELETE, GITHUB, &()).await?;
    Ok(visit
        .go("/github", "GitHub is not used any more. Its credentials and the webhook’s secret are deleted."))
}
