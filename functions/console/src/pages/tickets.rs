//! The tickets: what became of each task in Jira, with a filter; and, in a file of its own, one ticket.

mod ticket;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::tasks::Issue;
use crate::badge::{Badge, Tone};
use crate::client::{List, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/tickets", get(list))
        .route("/tickets/{id}", get(ticket::show))
        .route("/tickets/{id}/retry", post(ticket::retry))
        .route("/tickets/{id}/decide", post(ticket::decide))
}

/// Where a ticket stands: the API's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum TicketState {
    Planned,
    Creating,
    Unknown,
    Open,
    Closing,
    Closed,
    Reopening,
    Failed,
    Gone,
}

impl TicketState {
    /// In words.
    pub(super) fn badge(self) -> Badge {
        match self {
            Self::Planned => Badge::new(Tone::Busy, "To be created"),
            Self::Creating => Badge::new(Tone::Busy, "Being created"),
            Self::Unknown => Badge::new(Tone::Unsure, "Perhaps created"),
            Self::Open => Badge::new(Tone::Idle, "Open"),
            Self::Closing => Badge::new(Tone::Busy, "Being closed"),
            Self::Closed => Badge::new(Tone::Good, "Closed"),
            Self::Reopening => Badge::new(Tone::Busy, "Being reopened"),
            Self::Failed => Badge::new(Tone::Bad, "Refused by Jira"),
            Self::Gone => Badge::new(Tone::Unsure, "Gone from Jira"),
        }
    }

    /// In a sentence. `has_issue` says whether there is or was an issue.
    fn sentence(self, has_issue: bool) -> &'static str {
        match self {
            Self::Planned => "There is no issue yet; it will be created.",
            Self::Creating => "The issue is being created now.",
            Self::Unknown => {
                "A create was sent and its answer was lost. Assay looks for the issue before it creates another one."
            }
            Self::Open => "The issue is there and is to be done.",
            Self::Closing => "Its tasks are done; the issue is being brought to a done status.",
            Self::Closed if has_issue => "The issue is done.",
            Self::Closed => "Its tasks were done before an issue existed, so that none was created.",
            Self::Reopening => {
                "A task is to be done again; the issue is being brought out of its done status."
            }
            Self::Failed => "Jira refused to create the issue. It is tried again, ever more rarely.",
            Self::Gone => "The issue is not there any more.",
        }
    }

    /// Whether it is on its way to somewhere else.
    fn is_moving(self) -> bool {
        match self {
            Self::Planned | Self::Creating | Self::Closing | Self::Reopening => true,
            Self::Unknown | Self::Open | Self::Closed | Self::Failed | Self::Gone => false,
        }
    }
}

/// How an issue went: the API's words.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HowGone {
    Deleted,
    Archived,
    ByUs,
}

/// What the tasks, or the sync setting, want: the API's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Open,
    Closed,
    Deleted,
    Kept,
}

impl Wanted {
    fn words(self) -> &'static str {
        match self {
            Self::Open => "an issue that is to be done, since a task is open",
            Self::Closed => "that the issue is closed, since its tasks are done",
            Self::Deleted => "that the issue is deleted, since its sync setting was disabled so",
            Self::Kept => "nothing: its sync setting is disabled, and the issue stays as it is",
        }
    }
}

/// Why it is not where it is wanted.
#[derive(Debug, Deserialize)]
struct Obstacle {
    what: String,
    since: Timestamp,
    tries: u32,
}

/// A ticket, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Ticket {
    id: String,
    state: TicketState,
    how_gone: Option<HowGone>,
    undecided: bool,
    wanted: Wanted,
    problem: Option<Obstacle>,
    generation: u32,
    batch: bool,
    assignee: Option<String>,
    assignee_name: Option<String>,
    left_to_people: Vec<String>,
    tasks: Vec<String>,
    pulls: Vec<Pull>,
    title: String,
    setting: String,
    connection: String,
    project: String,
    issue: Option<Issue>,
    attempts: u32,
    left_out: Vec<String>,
    next_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A pull request that it follows.
#[derive(Debug, Deserialize)]
struct Pull {
    url: String,
    state: PullState,
    problem: Option<String>,
}

/// Where a pull request stands: the API's words.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PullState {
    Open,
    Closed,
    Merged,
    Reverted,
}

impl PullState {
    fn badge(self) -> Badge {
        match self {
            Self::Open => Badge::new(Tone::Busy, "Open"),
            Self::Closed => Badge::new(Tone::Idle, "Closed unmerged"),
            Self::Merged => Badge::new(Tone::Good, "Merged"),
            Self::Reverted => Badge::new(Tone::Bad, "Reverted"),
        }
    }
}

impl Ticket {
    /// Its state; what is asked of people goes before.
    fn badge(&self) -> Badge {
        match self.state {
            TicketState::Closed if self.issue.is_none() => Badge::new(Tone::Idle, "Not needed"),
            state => state.badge(),
        }
    }

    /// That it waits for something, in words.
    fn flag(&self) -> Option<Badge> {
        if self.undecided {
            Some(Badge::new(Tone::Bad, "Needs a decision"))
        } else {
            self.problem.as_ref().map(|_| Badge::new(Tone::Unsure, "Parked"))
        }
    }

    /// Its state in a sentence.
    fn sentence(&self) -> &'static str {
        match self.how_gone {
            Some(HowGone::Deleted) => {
                "The issue was deleted in Jira, or moved to where the connection's account cannot see it."
            }
            Some(HowGone::Archived) => "The issue was archived in Jira.",
            Some(HowGone::ByUs) => "Assay deleted the issue, because its sync setting was disabled so.",
            None => self.state.sentence(self.issue.is_some()),
        }
    }

    /// Whether a person can have it tried again now.
    fn can_be_tried(&self) -> bool {
        let waits = self.problem.is_some() && self.next_at.is_some() && self.state != TicketState::Gone;
        waits || matches!(self.state, TicketState::Unknown)
    }

    /// Whether a project configuration asked for it, whose ids begin so, and no sync setting.
    fn is_configured(&self) -> bool {
        self.setting.starts_with("cfg-")
    }

    /// Who is responsible, by name where that is known.
    fn responsible(&self) -> Option<&str> {
        self.assignee_name.as_deref().or(self.assignee.as_deref())
    }
}

/// The filter that stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    state: String,
    /// `parked` or `undecided`.
    waits: String,
    setting: String,
    cursor: Option<String>,
}

impl Filter {
    fn asked(&self) -> String {
        query(
            "/v1/tickets",
            &[
                ("state", Some(&self.state)),
                ("parked", (self.waits == "parked").then_some("true")),
                ("undecided", (self.waits == "undecided").then_some("true")),
                ("setting", Some(&self.setting)),
                ("cursor", self.cursor.as_deref()),
            ],
        )
    }

    fn next(&self, cursor: &str) -> String {
        query(
            "/tickets",
            &[
                ("state", Some(&self.state)),
                ("waits", Some(&self.waits)),
                ("setting", Some(&self.setting)),
                ("cursor", Some(cursor)),
            ],
        )
    }

    fn is_narrow(&self) -> bool {
        [&self.state, &self.waits, &self.setting].into_iter().any(|it| !it.is_empty())
    }
}

#[derive(Template)]
#[template(path = "tickets.html", blocks = ["list"])]
struct TicketsPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    tickets: Vec<Ticket>,
    next: Option<String>,
    /// Why the filter was refused.
    problem: Option<Problem>,
}

impl TicketsPage<'_> {
    /// The states, with their words.
    const STATES: &'static [(&'static str, &'static str)] = &[
        ("", "Any"),
        ("planned", "To be created"),
        ("creating", "Being created"),
        ("unknown", "Perhaps created"),
        ("open", "Open"),
        ("closing", "Being closed"),
        ("closed", "Closed"),
        ("reopening", "Being reopened"),
        ("failed", "Refused by Jira"),
        ("gone", "Gone from Jira"),
    ];

    /// What a ticket may wait for, with its words.
    const WAITS: &'static [(&'static str, &'static str)] =
        &[("", "All"), ("parked", "Parked: something stands against them"), ("undecided", "Need a decision")];
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let (tickets, problem) = match visit.client.get::<List<Ticket>>(&filter.asked()).await {
        Ok(tickets) => (tickets, None),
        Err(problem) if problem.is_about_input() => {
            (List { items: Vec::new(), next_cursor: None }, Some(problem))
        }
        Err(problem) => return Err(problem),
    };
    let next = tickets.next_cursor.map(|cursor| filter.next(&cursor));
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let page = TicketsPage { frame: &visit.frame, filter, tickets: tickets.items, next, problem };
    if visit.frame.wants("tickets") {
        answer::with(status, &page.as_list())
    } else {
        answer::with(status, &page)
    }
}
