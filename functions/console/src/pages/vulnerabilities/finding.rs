//! One finding: what it is, how it stands, what is done about it; accepting its risk, and taking that back.

use askama::Template;
use assay::finding::tally::Standing;
use assay::finding::{Acceptance, Location, Package, Severity};
use assay::task::{Completion, Part};
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::path;
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::names::Names;
use crate::outside::web;
use crate::pages::pull_requests::{PullState, badge};
use crate::problem::Problem;
use crate::words::count;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/vulnerabilities/{id}", get(show))
        .route("/vulnerabilities/{id}/accept", post(accept))
        .route("/vulnerabilities/{id}/withdraw", post(withdraw))
}

/// A finding, as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Finding {
    pub(super) id: String,
    pub(super) source: String,
    state: Standing,
    pub(super) title: String,
    description: String,
    fix: String,
    severity: Severity,
    score: Option<f64>,
    rule: Option<String>,
    pub(super) advisory: Option<String>,
    pub(super) asset: String,
    location: Option<Location>,
    package: Option<Package>,
    links: Vec<String>,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
    regressions: u32,
    pub(super) due_at: Option<Timestamp>,
    overdue: bool,
    acceptance: Option<Acceptance>,
    assignee: Option<String>,
    completion: Option<Completion>,
    resolved_at: Option<Timestamp>,
    held: bool,
    edited: Vec<Part>,
    pub(super) ticket: Option<Ticket>,
    pulls: Vec<Pull>,
}

/// The ticket that stands for it.
#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    pub(super) id: String,
    issue: Option<Issue>,
}

#[derive(Debug, Deserialize)]
struct Issue {
    key: String,
    url: Option<String>,
    status: Option<String>,
}

/// A pull request that is about it.
#[derive(Debug, Deserialize)]
struct Pull {
    url: String,
    title: String,
    state: PullState,
    changed_at: Timestamp,
}

impl Ticket {
    /// What people call it.
    pub(super) fn name(&self) -> &str {
        self.issue.as_ref().map_or("on its way", |issue| &issue.key)
    }

    fn status(&self) -> Option<&str> {
        self.issue.as_ref()?.status.as_deref()
    }

    /// Where its issue is in Jira.
    fn link(&self) -> Option<&str> {
        web(self.issue.as_ref()?.url.as_deref()?)
    }
}

impl Pull {
    fn link(&self) -> Option<&str> {
        web(&self.url)
    }

    fn badge(&self) -> Badge {
        badge(self.state)
    }

    /// What it is called: its title, or else its address.
    fn name(&self) -> &str {
        if self.title.is_empty() { &self.url } else { &self.title }
    }
}

impl Finding {
    pub(super) fn severity(&self) -> Badge {
        super::severity(self.severity)
    }

    /// The CVSS score, with one decimal.
    pub(super) fn score(&self) -> Option<String> {
        self.score.map(|score| format!("{score:.1}"))
    }

    pub(super) fn badge(&self) -> Badge {
        match self.state {
            Standing::Open if self.overdue => Badge::new(Tone::Bad, "Overdue"),
            Standing::Open => Badge::new(Tone::Unsure, "Open"),
            Standing::Accepted => Badge::new(Tone::Idle, "Risk accepted"),
            Standing::Completed => Badge::new(Tone::Busy, "Done, not confirmed"),
            Standing::Resolved => Badge::new(Tone::Good, "Resolved"),
        }
    }

    /// Where in the asset: file and line, else the package.
    pub(super) fn place(&self) -> Option<String> {
        let package = || self.package.as_ref().map(|package| format!("{} {}", package.name, package.version));
        self.file().or_else(package).map(|place| place.trim().to_owned())
    }

    fn file(&self) -> Option<String> {
        let Location { path, line } = self.location.as_ref()?;
        Some(line.map_or_else(|| path.clone(), |line| format!("{path}:{line}")))
    }

    /// What the state means, in a sentence.
    fn meaning(&self) -> &'static str {
        match self.state {
            Standing::Open => "It is to be dealt with.",
            Standing::Accepted => {
                "Its risk is accepted for a time; then it is open again if reports still name it."
            }
            Standing::Completed => {
                "Somebody says that it is done; the next report will confirm that, or open it again."
            }
            Standing::Resolved => "A full report of its source does not name it any more.",
        }
    }

    /// Each address, with whether it may be a link.
    fn links(&self) -> Vec<(&str, bool)> {
        self.links.iter().map(|link| (link.as_str(), web(link).is_some())).collect()
    }

    fn came_back(&self) -> Option<String> {
        let times = count(u64::from(self.regressions), "time", "times");
        (self.regressions > 0).then(|| format!("{times} after it was gone or said to be done"))
    }

    fn is_acceptable(&self) -> bool {
        self.state != Standing::Resolved
    }

    /// What people changed and no report changes back, in words.
    fn by_hand(&self) -> Option<String> {
        let word = |part: &Part| match part {
            Part::Title => "title",
            Part::Assignee => "assignee",
            Part::DueAt => "due date",
        };
        let words: Vec<&str> = self.edited.iter().map(word).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

#[derive(Template)]
#[template(path = "vulnerabilities/finding.html", blocks = ["drawer"])]
struct FindingPage<'a> {
    frame: &'a Frame,
    finding: Finding,
    entered: Entered,
    /// What those are called who accepted its risk or said that it is done.
    names: Names,
}

impl<'a> FindingPage<'a> {
    async fn read(visit: &'a Visit, finding: Finding, entered: Entered) -> Result<Self, Problem> {
        let acceptance = finding.acceptance.iter().map(|accepted| accepted.by.as_str());
        let who = acceptance.chain(finding.completion.iter().map(|completion| completion.by.as_str()));
        let names = Names::read(&visit.client, who).await?;
        Ok(Self { frame: &visit.frame, finding, entered, names })
    }
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let finding: Finding = visit.client.get(&path(&["v1", "findings", &id])).await?;
    let entered = stored(&finding);
    let page = FindingPage::read(&visit, finding, entered).await?;
    if visit.frame.wants("drawer") { answer::page(&page.as_drawer()) } else { answer::page(&page) }
}

/// What the form that accepts its risk shows.
fn stored(finding: &Finding) -> Entered {
    match &finding.acceptance {
        Some(accepted) => Entered::of([("until", accepted.until.to_string()), ("why", accepted.why.clone())]),
        None => Entered::default(),
    }
}

async fn accept(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let of = path(&["v1", "findings", &id]);
    let finding: Finding = visit.client.get(&of).await?;
    let fields = match form.onto(stored(&finding).fields()) {
        Ok(fields) => fields,
        Err(entered) => {
            return answer::with(StatusCode::CONFLICT, &FindingPage::read(&visit, finding, *entered).await?);
        }
    };
    let body = json!({ "until": fields.text("until"), "why": fields.text("why") });
    let accepted = if visit.frame.operates() && fields.text("until").parse::<Date>().is_err() {
        Err(Problem::invalid("until", "Enter a day, such as 2026-12-31."))
    } else {
        visit.client.change::<Value>(Method::PUT, &format!("{of}/acceptance"), &body).await
    };
    match accepted {
        Ok(_) => Ok(visit.go(
            &path(&["vulnerabilities", &id]),
            "The risk is accepted. Its ticket is closed within minutes.",
        )),
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            let page = FindingPage::read(&visit, finding, form.refused(problem)).await?;
            answer::with(status, &page)
        }
        Err(problem) => Err(problem),
    }
}

async fn withdraw(visit: Visit, Path(id): Path<String>, _form: Form) -> Result<Response, Problem> {
    let acceptance = path(&["v1", "findings", &id, "acceptance"]);
    let _: Value = visit.client.change(Method::DELETE, &acceptance, &()).await?;
    let said =
        "The acceptance is withdrawn. The finding is open again, and due as if it had never been accepted.";
    Ok(visit.go(&path(&["vulnerabilities", &id]), said))
}
