//! Pull requests that fix findings: those that are known, one with what it is about, and saying how one stands. `github` sets
//! GitHub up, from which they come by themselves.

mod github;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, path, query};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::outside::web;
use crate::problem::Problem;

/// The most findings, and the most tickets, of one pull request whose names are looked up for its page.
const NAMED: usize = 20;

/// Where a pull request stands.
pub(super) use assay::pull::PullState;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/pull-requests", get(list))
        .route("/pull-requests/new", get(new).post(say))
        .route("/pull-requests/{id}", get(show))
        .merge(github::routes())
}

/// A state in words.
pub(super) fn badge(state: PullState) -> Badge {
    match state {
        PullState::Open => Badge::new(Tone::Busy, "Open"),
        PullState::Closed => Badge::new(Tone::Idle, "Closed unmerged"),
        PullState::Merged => Badge::new(Tone::Good, "Merged"),
        PullState::Reverted => Badge::new(Tone::Bad, "Reverted"),
    }
}

/// A pull request, as far as it is shown.
#[derive(Debug, Deserialize)]
struct PullRequest {
    id: String,
    url: String,
    title: String,
    repository: Option<String>,
    number: Option<u64>,
    branch: Option<String>,
    state: PullState,
    changed_at: Timestamp,
    tickets: Vec<String>,
    findings: Vec<String>,
    reverts: Option<String>,
    created_at: Timestamp,
}

impl PullRequest {
    /// What it is called: its title, or else its address.
    fn name(&self) -> &str {
        if self.title.is_empty() { &self.url } else { &self.title }
    }

    fn badge(&self) -> Badge {
        badge(self.state)
    }

    fn link(&self) -> Option<&str> {
        web(&self.url)
    }

    /// Where it is: repository and number at GitHub, else the host.
    fn place(&self) -> String {
        match (&self.repository, self.number) {
            (Some(repository), Some(number)) => format!("{repository}#{number}"),
            _ => url::Url::parse(&self.url)
                .ok()
                .and_then(|url| url.host_str().map(ToOwned::to_owned))
                .unwrap_or_default(),
        }
    }

    /// The repository at its forge, if it is GitHub's.
    fn repository_link(&self) -> Option<&str> {
        self.repository.as_ref()?;
        let (repository, _) = self.url.split_once("/pull/")?;
        web(repository)
    }
}

/// A finding or a ticket that it is about: its name is none where it is not looked up.
struct About {
    id: String,
    name: Option<String>,
    badge: Option<Badge>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    title: String,
    severity: assay::finding::Severity,
}

#[derive(Debug, Deserialize)]
struct Ticket {
    title: String,
    issue: Option<Issue>,
}

#[derive(Debug, Deserialize)]
struct Issue {
    key: String,
}

#[derive(Deserialize)]
struct At {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "pull_requests/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    pulls: Vec<PullRequest>,
    next: Option<String>,
    is_set_up: bool,
}

#[derive(Template)]
#[template(path = "pull_requests/one.html", blocks = ["drawer"])]
struct OnePage<'a> {
    frame: &'a Frame,
    pull: PullRequest,
    findings: Vec<About>,
    tickets: Vec<About>,
}

#[derive(Template)]
#[template(path = "pull_requests/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    entered: Entered,
}

impl NewPage<'_> {
    const STATES: &'static [(&'static str, &'static str)] =
        &[("open", "Open"), ("merged", "Merged"), ("closed", "Closed unmerged"), ("reverted", "Reverted")];
}

async fn list(visit: Visit, Query(at): Query<At>) -> Result<Response, Problem> {
    let address = query("/v1/remediations", &[("cursor", at.cursor.as_deref())]);
    let (found, github) = tokio::join!(
        visit.client.get::<List<PullRequest>>(&address),
        visit.client.get::<github::Github>("/v1/github")
    );
    let found = found?;
    let next = found.next_cursor.map(|cursor| query("/pull-requests", &[("cursor", Some(&cursor))]));
    let mut pulls = found.items;
    pulls.sort_by_key(|pull| std::cmp::Reverse(pull.changed_at));
    answer::page(&ListPage { frame: &visit.frame, pulls, next, is_set_up: github?.set_up })
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let pull: PullRequest = visit.client.get(&path(&["v1", "remediations", &id])).await?;
    let (mut findings, mut tickets) = (Vec::new(), Vec::new());
    for (place, id) in pull.findings.iter().enumerate() {
        let known: Option<Finding> = known(&visit, place, "findings", id).await?;
        let badge = known.as_ref().map(|finding| super::vulnerabilities::severity(finding.severity));
        findings.push(About { id: id.clone(), name: known.map(|finding| finding.title), badge });
    }
    for (place, id) in pull.tickets.iter().enumerate() {
        let known: Option<Ticket> = known(&visit, place, "tickets", id).await?;
        let name = known.map(|Ticket { title, issue }| match issue {
            Some(issue) => format!("{} {title}", issue.key),
            None => title,
        });
        tickets.push(About { id: id.clone(), name, badge: None });
    }
    let page = OnePage { frame: &visit.frame, pull, findings, tickets };
    if visit.frame.wants("drawer") { answer::page(&page.as_drawer()) } else { answer::page(&page) }
}

/// What the API says of something that a pull request is about; none where it is gone, or too far behind in the list.
async fn known<T: DeserializeOwned>(
    visit: &Visit,
    place: usize,
    what: &str,
    id: &str,
) -> Result<Option<T>, Problem> {
    if place >= NAMED {
        return Ok(None);
    }
    match visit.client.get(&path(&["v1", what, id])).await {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    findings: String,
    #[serde(default)]
    tickets: String,
}

async fn new(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    if !visit.frame.operates() {
        return Err(Problem::needs("operator"));
    }
    let entered = Entered::of([("findings", wish.findings), ("tickets", wish.tickets)]);
    answer::page(&NewPage { frame: &visit.frame, entered })
}

async fn say(visit: Visit, form: Form) -> Result<Response, Problem> {
    let mut body = Map::new();
    body.insert("url".to_owned(), json!(form.text("url")));
    body.insert("state".to_owned(), json!(form.text("state")));
    if let Some(title) = form.optional("title") {
        body.insert("title".to_owned(), json!(title));
    }
    for name in ["findings", "tickets"] {
        let ids: Vec<&str> = form.all(name).into_iter().flat_map(str::split_whitespace).collect();
        body.insert(name.to_owned(), json!(ids));
    }
    match visit.client.post::<Value>("/v1/remediations", &form, &body).await {
        Ok(said) => {
            let id = said["id"].as_str().unwrap_or_default();
            let notice = "It is noted. Its tickets in Jira show it within minutes. Say it again when its state changes.";
            Ok(visit.go(&path(&["pull-requests", id]), notice))
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &NewPage { frame: &visit.frame, entered: form.refused(problem) })
        }
        Err(problem) => Err(problem),
    }
}
