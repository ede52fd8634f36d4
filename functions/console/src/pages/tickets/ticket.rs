//! One ticket: where it stands and why, its trace, and what people may have it do.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Ticket;
use crate::answer;
use crate::client::{Client, List, path, query};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::names::Names;
use crate::pages::checks::TaskState;
use crate::pages::sites::Sites;
use crate::problem::Problem;

/// How many of its tasks are shown by their titles.
const TASKS_SHOWN: usize = 10;

/// For how long before its time a ticket is watched, in seconds.
const WATCHED: i64 = 60;

/// A line of the trace.
#[derive(Debug, Deserialize)]
struct Entry {
    at: Timestamp,
    actor: String,
    what: String,
    why: String,
    call: Option<Call>,
}

/// A call to Jira.
#[derive(Debug, Deserialize)]
struct Call {
    method: String,
    path: String,
    status: Option<u16>,
}

impl Entry {
    /// Who or what it was; none for a person, who is named by a token.
    fn actor(&self) -> Option<&'static str> {
        match self.actor.as_str() {
            "planner" => Some("Assay, when it planned"),
            "worker" => Some("Assay, when it worked on the ticket"),
            "comparison" => Some("Assay, when it compared with Jira"),
            "webhook" => Some("Jira told it by webhook"),
            "github" => Some("GitHub told it"),
            "remediation" => Some("told over the API"),
            _ => None,
        }
    }
}

/// A task that it stands for.
#[derive(Debug, Deserialize)]
struct Task {
    id: String,
    title: String,
    state: TaskState,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "ticket.html", blocks = ["drawer", "state"])]
struct TicketPage<'a> {
    frame: &'a Frame,
    ticket: Ticket,
    /// Those of its tasks that are shown by title.
    tasks: Vec<Task>,
    site: String,
    trace: Vec<Entry>,
    next: Option<String>,
    /// Whether the trace goes on from an earlier page.
    is_later: bool,
    decision: Entered,
    /// What the people in the trace are called.
    names: Names,
}

impl TicketPage<'_> {
    /// What can be decided, with its words.
    const DECISIONS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("recreate", "Create a new issue", "Its tasks are still to be done, and get a new ticket."),
        ("close_task", "Close its tasks", "They count as done; if a check still fails, it opens them again."),
        (
            "ask",
            "Nothing yet",
            "The ticket stays as it is. If the issue is restored in Jira, it is taken up again.",
        ),
    ];

    /// How many tasks are not shown by title.
    fn further(&self) -> u64 {
        self.ticket.tasks.len().saturating_sub(self.tasks.len()) as u64
    }

    /// Whether it is being worked on, or soon will be: then its state is looked at again and again.
    fn is_watched(&self) -> bool {
        let soon = |at: Timestamp| assay::clock::seconds_between(self.frame.now, at) <= WATCHED;
        self.ticket.next_at.is_some_and(soon)
            || (self.ticket.state.is_moving() && self.ticket.problem.is_none())
    }
}

async fn page<'a>(
    visit: &'a Visit,
    id: &str,
    cursor: Option<&str>,
    decision: Entered,
) -> Result<TicketPage<'a>, Problem> {
    let client = &visit.client;
    let shown = path(&["v1", "tickets", id]);
    let trace = query(&format!("{shown}/trace"), &[("cursor", cursor)]);
    let (ticket, trace, sites) =
        tokio::join!(client.get::<Ticket>(&shown), client.get::<List<Entry>>(&trace), Sites::read(client));
    let (ticket, trace, sites) = (ticket?, trace?, sites?);
    let tasks = ticket.tasks.iter().take(TASKS_SHOWN).map(|id| task(client, id));
    let tasks = futures::future::try_join_all(tasks).await?.into_iter().flatten().collect();
    let next = trace.next_cursor.map(|it| query(&path(&["tickets", id]), &[("cursor", Some(&it))]));
    let site = sites.name(&ticket.connection).to_owned();
    let (frame, is_later) = (&visit.frame, cursor.is_some());
    let names = Names::read(client, trace.items.iter().map(|entry| entry.actor.as_str())).await?;
    Ok(TicketPage { frame, ticket, tasks, site, trace: trace.items, next, is_later, decision, names })
}

async fn task(client: &Client, id: &str) -> Result<Option<Task>, Problem> {
    match client.get(&path(&["v1", "tasks", id])).await {
        Ok(task) => Ok(Some(task)),
        Err(problem) if problem.status == 404 => Ok(None),
        Err(problem) => Err(problem),
    }
}

pub(super) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    if visit.frame.wants("ticket-state") {
        return answer::page(&state(&visit, &id).await?.as_state());
    }
    let page = page(&visit, &id, asked.cursor.as_deref(), Entered::default()).await?;
    match visit.frame.part.as_deref() {
        Some("drawer" | "ticket") => answer::page(&page.as_drawer()),
        _ => answer::page(&page),
    }
}

/// As much of a ticket as is looked at again and again while it is worked on.
async fn state<'a>(visit: &'a Visit, id: &str) -> Result<TicketPage<'a>, Problem> {
    let ticket = visit.client.get(&path(&["v1", "tickets", id])).await?;
    let (tasks, site, trace) = (Vec::new(), String::new(), Vec::new());
    let (next, is_later, decision, names) = (None, false, Entered::default(), Names::default());
    Ok(TicketPage { frame: &visit.frame, ticket, tasks, site, trace, next, is_later, decision, names })
}

/// Has it tried again now.
pub(super) async fn retry(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let _: Value = visit.client.post(&path(&["v1", "tickets", &id, "retry"]), &form, &()).await?;
    Ok(visit.go(&path(&["tickets", &id]), "It is being tried again. What comes of it appears here."))
}

/// Decides what becomes of the tasks of an issue that is gone.
pub(super) async fn decide(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let to = path(&["v1", "tickets", &id, "decide"]);
    match visit.client.post::<Value>(&to, &form, &json!({ "tasks": form.text("tasks") })).await {
        Ok(_) => Ok(visit.go(&path(&["tickets", &id]), "It is decided, and being carried out.")),
        Err(problem) if problem.status == 422 => {
            let status = problem.status();
            answer::with(status, &page(&visit, &id, None, form.refused(problem)).await?)
        }
        Err(problem) => Err(problem),
    }
}
