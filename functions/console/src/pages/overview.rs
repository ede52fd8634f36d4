//! Everything at a glance: how the checks stood and stand, what fails, and whether connections, tickets, usage and limits
//! are well.

mod data;
mod posture;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use self::data::{Licences, Queue, Tickets, Usage};
use super::checks::{Check, Outcome};
use super::connections::{Connection, State};
use crate::client::List;
use crate::frame::{Frame, Visit};
use crate::plot::Plot;
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    frame: &'a Frame,
    /// Those that were not disconnected.
    connections: Vec<Connection>,
    /// Whether there are more than are shown.
    further: bool,
    /// The checks that fail.
    failing: Vec<Check>,
    /// How many checks pass, cannot be told, and do not apply.
    passing: usize,
    unsure: usize,
    idle: usize,
    /// Of how many nothing is known yet.
    unevaluated: usize,
    /// None until something was evaluated.
    posture: Option<Plot>,
    tickets: Tickets,
    usage: Vec<Usage>,
    licences: Vec<Licences>,
    /// What waits in the queues of the whole deployment.
    queues: Vec<Queue>,
}

impl OverviewPage<'_> {
    /// The site of a connection.
    fn site<'s>(&'s self, id: &'s str) -> &'s str {
        self.connections.iter().find(|it| it.id == *id).map_or(id, |it| it.site.as_str())
    }

    /// What ends soon, and of which connection, the next first.
    fn ending(&self) -> Vec<(&Connection, &super::connections::Ending)> {
        let mut near: Vec<_> = self
            .connections
            .iter()
            .flat_map(|it| it.endings.iter().flatten().map(move |ending| (it, ending)))
            .filter(|(_, ending)| ending.is_near())
            .collect();
        near.sort_by_key(|(_, ending)| ending.ends_at);
        near
    }

    /// Whether anything was evaluated yet.
    fn is_evaluated(&self) -> bool {
        self.passing + self.unsure + self.idle + self.failing.len() > 0
    }

    /// Whether a connection is read, so that results are to come.
    fn is_begun(&self) -> bool {
        self.connections.iter().any(|it| matches!(it.state, State::Active | State::Degraded))
    }

    /// Whether there are sites whose usage is read and not shown.
    fn is_cut(&self) -> bool {
        self.further || self.usage.iter().filter(|it| it.ended_at.is_some()).count() > data::LICENCES
    }

    /// Whether some work was given up.
    fn is_stuck(&self) -> bool {
        self.queues.iter().any(Queue::is_stuck)
    }

    /// Whether some connection needs somebody.
    fn is_lost(&self) -> bool {
        self.connections.iter().any(|it| it.state == State::NeedsReauth)
    }
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let client = &visit.client;
    let (connections, checks, posture, tickets, usage, queues) = tokio::join!(
        data::connections(client),
        client.get::<List<Check>>("/v1/checks"),
        posture::read(client, visit.frame.now),
        client.get::<Tickets>("/v1/tickets/summary"),
        client.get::<List<Usage>>("/v1/usage"),
        data::queues(client),
    );
    let checks = checks?.items;
    let count = |outcome: Outcome| checks.iter().filter(|check| check.last_outcome == Some(outcome)).count();
    let (passing, unsure, idle) =
        (count(Outcome::Pass), count(Outcome::CannotTell), count(Outcome::NotApplicable));
    let unevaluated = checks.iter().filter(|check| check.last_outcome.is_none()).count();
    let failing = checks.into_iter().filter(|check| check.last_outcome == Some(Outcome::Fail)).collect();
    let (connections, further) = connections?;
    let is_shown = |it: &Usage| connections.iter().any(|connection| connection.id == it.connection);
    let usage: Vec<Usage> = usage?.items.into_iter().filter(is_shown).collect();
    let licences = data::licences(client, &usage).await?;
    answer::page(&OverviewPage {
        frame: &visit.frame,
        connections,
        further,
        failing,
        passing,
        unsure,
        idle,
        unevaluated,
        posture: posture?,
        tickets: tickets?,
        usage,
        licences,
        queues,
    })
}
