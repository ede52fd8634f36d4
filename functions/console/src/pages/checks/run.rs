//! One run of a check: what it found and what it rests on. It never changes any more.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::{Check, Run};
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, path, query};
use crate::frame::{Frame, Visit};
use crate::pages::sites::Sites;
use crate::problem::Problem;

/// A thing that failed.
#[derive(Debug, Deserialize)]
pub(super) struct Failing {
    pub(super) entity: Entity,
    pub(super) why: String,
    pub(super) task: Option<Task>,
}

/// The thing itself.
#[derive(Debug, Deserialize)]
pub(super) struct Entity {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) url: String,
    pub(super) assignee: Option<String>,
}

/// Its task.
#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) state: TaskState,
}

/// Where a task stands: the API's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum TaskState {
    Open,
    Completed,
    Resolved,
}

impl TaskState {
    /// In words.
    pub(in crate::pages) fn badge(self) -> Badge {
        match self {
            Self::Open => Badge::new(Tone::Bad, "To do"),
            Self::Completed => Badge::new(Tone::Busy, "Said to be done"),
            Self::Resolved => Badge::new(Tone::Good, "Done"),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "check_run.html")]
struct RunPage<'a> {
    frame: &'a Frame,
    check: Check,
    run: Run,
    sites: Sites,
    failing: Vec<Failing>,
    next: Option<String>,
}

pub(super) async fn show(
    visit: Visit,
    Path((id, run_id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let client = &visit.client;
    let stored = path(&["v1", "checks", &id, "runs", &run_id]);
    let failing = query(&format!("{stored}/failing"), &[("cursor", asked.cursor.as_deref())]);
    let shown = path(&["v1", "checks", &id]);
    let (check, run, failing, sites) = tokio::join!(
        client.get::<Check>(&shown),
        client.get::<Run>(&stored),
        client.get::<List<Failing>>(&failing),
        Sites::read(client)
    );
    let (check, run, failing, sites) = (check?, run?, failing?, sites?);
    let here = path(&["checks", &id, "runs", &run_id]);
    let next = failing.next_cursor.map(|it| query(&here, &[("cursor", Some(&it))]));
    answer::page(&RunPage { frame: &visit.frame, check, run, sites, failing: failing.items, next })
}
