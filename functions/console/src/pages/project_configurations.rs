//! Project configurations: which findings become tickets of which project, and what their fields say.

mod mapping;
mod routing;
mod shown;
mod wizard;

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use self::routing::Route;
use super::syncing::named::{self, Sought, Target};
use super::syncing::rules::{self, CLOSURES, GONE, REOPENINGS, Rule};
use super::syncing::switching::{self, Kind, Progress};
use super::syncing::{Disabled, Quarantine, State, Unfinished, badge, has_webhook_by_hand, sites};
use crate::Console;
use crate::answer;
use crate::badge::Badge;
use crate::client::List;
use crate::form::Form;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

/// The kind of settings that these pages are about.
const KIND: Kind = Kind::Configuration;

/// How findings are put into tickets; the first is what is usual.
const GROUPINGS: &[Rule] = &[
    Rule {
        value: "none",
        name: "One ticket for each finding",
        means: "Each finding has an issue of its own.",
    },
    Rule {
        value: "asset",
        name: "One ticket for each asset",
        means: "An issue lists all findings of a repository, host or image.",
    },
    Rule {
        value: "package",
        name: "One ticket for each package",
        means: "Whatever its version; findings without a package go by their rule.",
    },
    Rule {
        value: "advisory",
        name: "One ticket for each advisory",
        means: "Findings without an advisory go by their rule.",
    },
];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/project-configurations", get(list).post(wizard::create))
        .route("/project-configurations/new", get(wizard::new))
        .route("/project-configurations/{id}", get(show))
        .route("/project-configurations/{id}/edit", get(wizard::edit).post(wizard::change))
        .route("/project-configurations/{id}/recheck", post(recheck))
        .route("/project-configurations/{id}/disable", get(ask).post(disable))
        .route("/project-configurations/{id}/enable", post(enable))
        .route("/project-configurations/{id}/delete", post(delete))
}

/// A project configuration, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Configuration {
    id: String,
    name: String,
    position: u32,
    state: State,
    connection: String,
    project: String,
    project_key: String,
    issue_type: String,
    issue_type_name: String,
    epic: Option<String>,
    labels: Vec<String>,
    routes: Vec<Route>,
    grouping: String,
    rules: Vec<FieldRule>,
    closure_rule: String,
    done_status: Option<String>,
    reopen_rule: String,
    gone_policy: String,
    pulls: Pulls,
    disabled: Option<Disabled>,
    quarantine: Option<Quarantine>,
    unfinished: Option<Unfinished>,
    watched_at: Option<Timestamp>,
    updated_at: Timestamp,
}

/// What follows from pull requests.
#[derive(Debug, Deserialize)]
struct Pulls {
    status_when_opened: Option<String>,
    resolved_when_merged: bool,
}

/// What is written into one field.
#[derive(Debug, Deserialize)]
struct FieldRule {
    field: String,
    name: String,
    required: bool,
    source: Value,
    names: BTreeMap<String, String>,
}

impl FieldRule {
    fn words(&self) -> Vec<String> {
        mapping::words(&self.source, &self.names)
    }
}

impl Configuration {
    /// What a part of the page names.
    fn sought(&self, part: &str) -> Option<Sought<'_>> {
        Some(match part {
            "named-epic" => Sought::Epic(self.epic.as_deref()?),
            "named-done" => Sought::Status(self.done_status.as_deref()?),
            "named-opened" => Sought::Status(self.pulls.status_when_opened.as_deref()?),
            _ => return None,
        })
    }

    /// Where its names are.
    fn target(&self) -> Target<'_> {
        Target { connection: &self.connection, project: &self.project, issue_type: &self.issue_type }
    }

    fn badge(&self) -> Badge {
        badge(self.state, self.unfinished.is_some())
    }

    fn is_being_disabled(&self) -> bool {
        self.state == State::Disabled && self.unfinished.is_some()
    }

    /// Which findings it is for, a text for each route.
    fn takes(&self) -> Vec<String> {
        if self.routes.is_empty() {
            return vec!["All findings".to_owned()];
        }
        self.routes.iter().map(Route::words).collect()
    }

    fn grouping(&self) -> Rule {
        rules::find(GROUPINGS, &self.grouping)
    }

    fn closure(&self) -> Rule {
        rules::find(CLOSURES, &self.closure_rule)
    }

    fn reopen(&self) -> Rule {
        rules::find(REOPENINGS, &self.reopen_rule)
    }

    fn gone(&self) -> Rule {
        rules::find(GONE, &self.gone_policy)
    }
}

#[derive(Template)]
#[template(path = "project_configurations/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    configurations: Vec<Configuration>,
    sites: BTreeMap<String, String>,
}

impl ListPage<'_> {
    fn goes_on(&self) -> bool {
        self.configurations.iter().any(Configuration::is_being_disabled)
    }

    fn site<'a>(&'a self, connection: &'a str) -> &'a str {
        self.sites.get(connection).map_or(connection, String::as_str)
    }
}

#[derive(Template)]
#[template(path = "project_configurations/show.html", blocks = ["progress"])]
struct ShowPage<'a> {
    frame: &'a Frame,
    setting: Configuration,
    sites: BTreeMap<String, String>,
    progress: Option<Progress>,
    /// Whether the connection has a webhook that was entered by hand.
    by_hand: bool,
    problem: Option<Problem>,
}

impl ShowPage<'_> {
    fn here(&self) -> String {
        KIND.page(&self.setting.id)
    }

    /// Whether its tickets are gone through, so that what is shown changes by itself.
    fn goes_on(&self) -> bool {
        self.setting.unfinished.is_some()
    }

    fn site<'a>(&'a self, connection: &'a str) -> &'a str {
        self.sites.get(connection).map_or(connection, String::as_str)
    }
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let (sites, found) =
        tokio::join!(sites(&visit), visit.client.get::<List<Configuration>>("/v1/project-configurations"));
    answer::page(&ListPage { frame: &visit.frame, configurations: found?.items, sites: sites? })
}

async fn page<'a>(visit: &'a Visit, id: &str, problem: Option<Problem>) -> Result<ShowPage<'a>, Problem> {
    let setting: Configuration = visit.client.get(&KIND.api(id)).await?;
    let progress = match setting.state {
        State::Disabled => Some(switching::progress(visit, KIND, id).await?),
        State::Enabled | State::Quarantined => None,
    };
    let (sites, by_hand) = tokio::join!(sites(visit), has_webhook_by_hand(visit, &setting.connection));
    let (sites, by_hand) = (sites?, by_hand?);
    Ok(ShowPage { frame: &visit.frame, setting, sites, progress, by_hand, problem })
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    if let Some(part) = visit.frame.part.as_deref().filter(|part| part.starts_with("named-")) {
        let setting: Configuration = visit.client.get(&KIND.api(&id)).await?;
        let sought =
            setting.sought(part).ok_or_else(|| Problem::not_found("The setting holds no such thing now."))?;
        return named::tell(&visit, &setting.target(), &sought).await;
    }
    let page = page(&visit, &id, None).await?;
    if visit.frame.wants("progress") { answer::page(&page.as_progress()) } else { answer::page(&page) }
}

async fn recheck(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    switching::recheck(&visit, KIND, &id, &form).await
}

#[derive(Deserialize)]
struct Place {
    cursor: Option<String>,
}

async fn ask(visit: Visit, Path(id): Path<String>, Query(place): Query<Place>) -> Result<Response, Problem> {
    switching::ask(&visit, KIND, &id, place.cursor.as_deref()).await
}

async fn disable(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    switching::disable(&visit, KIND, &id, form).await
}

async fn enable(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    match switching::enable(&visit, KIND, &id, &form).await {
        Err(problem) if problem.is_about_input() => {
            answer::with(problem.status(), &page(&visit, &id, Some(problem)).await?)
        }
        done => done,
    }
}

async fn delete(visit: Visit, Path(id): Path<String>, _: Form) -> Result<Response, Problem> {
    switching::delete(&visit, KIND, &id).await
}
