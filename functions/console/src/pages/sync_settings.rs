//! Active Sync: which tasks become tickets in Jira, where, and what follows when either side changes.

mod form;

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use super::syncing::named::{self, Sought, Target};
use super::syncing::rules::{self, CLOSURES, GONE, MODES, REOPENINGS, Rule};
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
const KIND: Kind = Kind::ActiveSync;

/// Of how many settings that are being disabled the list shows how far that has come.
const FOLLOWED: usize = 5;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/sync-settings", get(list).post(form::create))
        .route("/sync-settings/new", get(form::new))
        .route("/sync-settings/{id}", get(show))
        .route("/sync-settings/{id}/edit", get(form::edit).post(form::change))
        .route("/sync-settings/{id}/recheck", post(recheck))
        .route("/sync-settings/{id}/disable", get(ask).post(disable))
        .route("/sync-settings/{id}/enable", post(enable))
        .route("/sync-settings/{id}/delete", post(delete))
}

/// A sync setting, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Setting {
    id: String,
    scope: String,
    state: State,
    connection: String,
    project: String,
    project_key: String,
    issue_type: String,
    issue_type_name: String,
    epic: Option<String>,
    labels: Vec<String>,
    mode: String,
    closure_rule: String,
    done_status: Option<String>,
    reopen_rule: String,
    gone_policy: String,
    disabled: Option<Disabled>,
    quarantine: Option<Quarantine>,
    unfinished: Option<Unfinished>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Setting {
    /// What a part of the page names.
    fn sought(&self, part: &str) -> Option<Sought<'_>> {
        Some(match part {
            "named-epic" => Sought::Epic(self.epic.as_deref()?),
            "named-done" => Sought::Status(self.done_status.as_deref()?),
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

    fn mode(&self) -> Rule {
        rules::find(MODES, &self.mode)
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

/// What checks and connections are called.
#[derive(Debug, Default)]
struct Names {
    checks: BTreeMap<String, String>,
    sites: BTreeMap<String, String>,
}

impl Names {
    async fn read(visit: &Visit) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Check {
            id: String,
            title: String,
        }
        let (checks, sites) = tokio::join!(visit.client.get::<List<Check>>("/v1/checks"), sites(visit));
        Ok(Self {
            checks: checks?.items.into_iter().map(|check| (check.id, check.title)).collect(),
            sites: sites?,
        })
    }

    /// Which tasks a setting is for.
    fn scope(&self, scope: &str) -> String {
        match self.checks.get(scope) {
            Some(title) => format!("{scope} {title}"),
            None if scope == "all" => "All checks".to_owned(),
            None => scope.to_owned(),
        }
    }

    /// The same within a sentence.
    fn of_scope(&self, scope: &str) -> String {
        if scope == "all" { "all checks".to_owned() } else { self.scope(scope) }
    }

    /// What a connection is called.
    fn site<'a>(&'a self, connection: &'a str) -> &'a str {
        self.sites.get(connection).map_or(connection, String::as_str)
    }
}

#[derive(Template)]
#[template(path = "sync_settings/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    settings: Vec<(Setting, Option<Progress>)>,
    names: Names,
}

impl ListPage<'_> {
    /// Whether tickets are gone through, so that what is shown changes by itself.
    fn goes_on(&self) -> bool {
        self.settings.iter().any(|(_, progress)| progress.is_some())
    }
}

#[derive(Template)]
#[template(path = "sync_settings/show.html", blocks = ["progress"])]
struct ShowPage<'a> {
    frame: &'a Frame,
    setting: Setting,
    names: Names,
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
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let (names, found) =
        tokio::join!(Names::read(&visit), visit.client.get::<List<Setting>>("/v1/sync-settings"));
    let mut settings = Vec::new();
    let mut followed = 0;
    for setting in found?.items {
        let progress = if setting.is_being_disabled() && followed < FOLLOWED {
            followed += 1;
            Some(switching::progress(&visit, KIND, &setting.id).await?)
        } else {
            None
        };
        settings.push((setting, progress));
    }
    answer::page(&ListPage { frame: &visit.frame, settings, names: names? })
}

async fn page<'a>(visit: &'a Visit, id: &str, problem: Option<Problem>) -> Result<ShowPage<'a>, Problem> {
    let setting: Setting = visit.client.get(&KIND.api(id)).await?;
    let progress = match setting.state {
        State::Disabled => Some(switching::progress(visit, KIND, id).await?),
        State::Enabled | State::Quarantined => None,
    };
    let (names, by_hand) = tokio::join!(Names::read(visit), has_webhook_by_hand(visit, &setting.connection));
    let (names, by_hand) = (names?, by_hand?);
    Ok(ShowPage { frame: &visit.frame, setting, names, progress, by_hand, problem })
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    if let Some(part) = visit.frame.part.as_deref().filter(|part| part.starts_with("named-")) {
        let setting: Setting = visit.client.get(&KIND.api(&id)).await?;
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
