//! What is connected, how it is, and what fails now.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use super::checks::{Check, Outcome};
use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::List;
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    frame: &'a Frame,
    connections: Vec<Connection>,
    /// The checks that fail.
    failing: Vec<Check>,
    /// How many checks pass, cannot be told, and do not apply.
    passing: usize,
    unsure: usize,
    idle: usize,
}

/// A connection, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Connection {
    id: String,
    site: String,
    state: State,
    problems: Vec<ConnectionProblem>,
    verified_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Pending,
    Active,
    Degraded,
    NeedsReauth,
    Disconnected,
}

/// What is wrong with a connection, and how to mend it.
#[derive(Debug, Deserialize)]
struct ConnectionProblem {
    what: String,
    mend: String,
}

impl Connection {
    fn badge(&self) -> Badge {
        match self.state {
            State::Pending => Badge::new(Tone::Busy, "Waits for approval"),
            State::Active => Badge::new(Tone::Good, "Works"),
            State::Degraded => Badge::new(Tone::Unsure, "Works in part"),
            State::NeedsReauth => Badge::new(Tone::Bad, "Must be connected again"),
            State::Disconnected => Badge::new(Tone::Idle, "Disconnected"),
        }
    }
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let client = &visit.client;
    let (connections, checks) = tokio::join!(
        client.get::<List<Connection>>("/v1/connections"),
        client.get::<List<Check>>("/v1/checks")
    );
    let checks = checks?.items;
    let count = |outcome: Outcome| checks.iter().filter(|check| check.last_outcome == Some(outcome)).count();
    let (passing, unsure, idle) =
        (count(Outcome::Pass), count(Outcome::CannotTell), count(Outcome::NotApplicable));
    let failing = checks.into_iter().filter(|check| check.last_outcome == Some(Outcome::Fail)).collect();
    let connections = connections?.items;
    answer::page(&OverviewPage { frame: &visit.frame, connections, failing, passing, unsure, idle })
}
