//! The tasks: what is to be done because a check fails, with a filter; and, in a file of its own, one task.

mod task;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::checks::TaskState;
use super::sites::Sites;
use super::tickets::TicketState;
use crate::badge::{Badge, Tone};
use crate::client::{List, path, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/tasks", get(list))
        .route("/tasks/{id}", get(task::show).post(task::change))
        .route("/tasks/{id}/complete", post(task::complete))
        .route("/tasks/{id}/reopen", post(task::reopen))
}

/// A task, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Task {
    id: String,
    check: String,
    connection: Option<String>,
    state: TaskState,
    title: String,
    why: String,
    instructions: String,
    how_to_fix: String,
    subject: Subject,
    assignee: Option<String>,
    assignee_name: Option<String>,
    due_at: Timestamp,
    overdue: bool,
    finding: Option<String>,
    generation: u32,
    ticket: Option<TicketOfTask>,
    opened_at: Timestamp,
    resolved_at: Option<Timestamp>,
    completion: Option<Completion>,
    held: bool,
    edited: Vec<Part>,
}

/// The thing that fails.
#[derive(Debug, Deserialize)]
struct Subject {
    key: String,
    title: String,
    url: String,
}

/// The ticket of a task.
#[derive(Debug, Deserialize)]
struct TicketOfTask {
    id: String,
    state: TicketState,
    issue: Option<Issue>,
}

/// The issue of a ticket.
#[derive(Debug, Deserialize)]
pub(super) struct Issue {
    pub(super) key: String,
    pub(super) url: Option<String>,
    pub(super) status: Option<String>,
}

/// That a person said that it is done.
#[derive(Debug, Deserialize)]
struct Completion {
    by: String,
    at: Timestamp,
    why: String,
}

/// What people changed about a task: the API's words.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Title,
    Assignee,
    DueAt,
}

impl Part {
    fn words(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Assignee => "who is responsible",
            Self::DueAt => "due date",
        }
    }
}

impl Task {
    /// Whether it is late, in words.
    fn late(&self) -> Option<Badge> {
        self.overdue.then(|| Badge::new(Tone::Unsure, "Overdue"))
    }

    /// The title of what fails, unless the task's own says it.
    fn subject_title(&self) -> Option<&str> {
        Some(self.subject.title.as_str()).filter(|title| !self.title.contains(title))
    }

    /// Where the account of who is responsible is shown, if it is known.
    fn account(&self) -> Option<String> {
        self.assignee_name.as_ref()?;
        Some(path(&["accounts", self.connection.as_deref()?, self.assignee.as_deref()?]))
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
    /// A state; open ones if it is not given, all of them with `any`.
    state: Option<String>,
    check: String,
    connection: String,
    /// An account's id, or `nobody`.
    assignee: String,
    overdue: String,
    text: String,
    cursor: Option<String>,
}

/// What stands for tasks that nobody is responsible for.
const NOBODY: &str = "nobody";

impl Filter {
    fn state(&self) -> &str {
        self.state.as_deref().unwrap_or("open")
    }

    /// What the API is asked for.
    fn asked(&self) -> String {
        let (nobody, state) = (self.assignee == NOBODY, self.state());
        query(
            "/v1/tasks",
            &[
                ("state", Some(state).filter(|state| *state != "any")),
                ("check", Some(&self.check)),
                ("connection", Some(&self.connection)),
                ("assignee", Some(self.assignee.as_str()).filter(|_| !nobody)),
                ("unassigned", nobody.then_some("true")),
                ("overdue", Some("true").filter(|_| self.overdue == "true")),
                ("text", Some(self.text.trim())),
                ("cursor", self.cursor.as_deref()),
            ],
        )
    }

    /// The address of the same list, further on.
    fn next(&self, cursor: &str) -> String {
        query(
            "/tasks",
            &[
                ("state", self.state.as_deref()),
                ("check", Some(&self.check)),
                ("connection", Some(&self.connection)),
                ("assignee", Some(&self.assignee)),
                ("overdue", Some(&self.overdue)),
                ("text", Some(&self.text)),
                ("cursor", Some(cursor)),
            ],
        )
    }

    /// Whether it is about more than all open tasks.
    fn is_narrow(&self) -> bool {
        let others = [&self.check, &self.connection, &self.assignee, &self.overdue, &self.text];
        self.state() != "open" || others.iter().any(|it| !it.is_empty())
    }
}

/// A check that can be filtered by.
#[derive(Deserialize)]
struct CheckChoice {
    id: String,
    title: String,
}

#[derive(Template)]
#[template(path = "tasks.html", blocks = ["list"])]
struct TasksPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    checks: Vec<CheckChoice>,
    connections: Vec<(String, String)>,
    tasks: Vec<Task>,
    next: Option<String>,
    /// Why the filter was refused.
    problem: Option<Problem>,
}

impl TasksPage<'_> {
    /// The states, with their words.
    const STATES: &'static [(&'static str, &'static str)] =
        &[("open", "To do"), ("completed", "Said to be done"), ("resolved", "Done"), ("any", "Any")];

    /// What the account is called whose tasks are listed, if any of them says it.
    fn responsible(&self) -> Option<&str> {
        self.tasks.iter().find_map(|task| task.assignee_name.as_deref())
    }
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let client = &visit.client;
    let asked = filter.asked();
    let (tasks, checks, sites) = tokio::join!(
        client.get::<List<Task>>(&asked),
        client.get::<List<CheckChoice>>("/v1/checks"),
        Sites::read(client)
    );
    let (tasks, problem) = match tasks {
        Ok(tasks) => (tasks, None),
        Err(problem) if problem.is_about_input() => {
            (List { items: Vec::new(), next_cursor: None }, Some(problem))
        }
        Err(problem) => return Err(problem),
    };
    let next = tasks.next_cursor.map(|cursor| filter.next(&cursor));
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let (checks, connections) = (checks?.items, sites?.choices("Any"));
    let frame = &visit.frame;
    let page = TasksPage { frame, filter, checks, connections, tasks: tasks.items, next, problem };
    if frame.wants("tasks") { answer::with(status, &page.as_list()) } else { answer::with(status, &page) }
}
