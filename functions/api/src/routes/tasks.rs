//! Tasks: what is to be done because a check fails.

mod changing;

use std::collections::BTreeMap;

use assay::check::CheckId;
use assay::dynamodb::{TaskFilter, Which};
use assay::ids::{AccountId, ConnectionId, TaskId, TicketId};
use assay::task::{Completion, Part, State as TaskState, Subject, Task};
use assay::ticket::Ticket;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::accounts::Names;
use super::tickets::IssueView;
use crate::Api;
use crate::caller::{Caller, Reader};
use crate::input::{Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Which tasks are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// Only the tasks of this check.
    check: Option<CheckId>,
    /// Only tasks that are `open`, `completed` (a person says so) or `resolved` (the check passes).
    state: Option<TaskState>,
    /// Only tasks of what was read through this connection.
    connection: Option<ConnectionId>,
    /// Only tasks for which this Atlassian account is responsible.
    assignee: Option<AccountId>,
    /// `true`: only tasks for which nobody is responsible; `false`: only those for which somebody is.
    unassigned: Option<bool>,
    /// `true`: only open tasks past their due date; `false`: only others.
    overdue: Option<bool>,
    /// Only tasks whose id, title, subject's key or subject's title has this text in it, in capitals or not.
    #[param(min_length = 1, max_length = 200)]
    text: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// One task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskView {
    /// Its identifier.
    id: String,
    /// The check that fails.
    check: CheckId,
    /// The connection that its subject was read through.
    connection: Option<String>,
    /// `open`, `completed` (a person says that it is done) or `resolved` (the check passes).
    state: TaskState,
    /// Title.
    title: String,
    /// Why the subject fails.
    why: String,
    /// Why this is asked.
    instructions: String,
    /// How to fix it.
    how_to_fix: String,
    /// The thing that fails.
    subject: Subject,
    /// Who is responsible for it, if known: an Atlassian account id.
    assignee: Option<String>,
    /// That account's display name, if accounts of the connection were read and it is not erased.
    assignee_name: Option<String>,
    /// When it should be done.
    #[schema(value_type = String)]
    due_at: Timestamp,
    /// Whether it is open and past that.
    overdue: bool,
    /// The finding that it is about (`GET /v1/findings/{id}`), if a scanner found it.
    finding: Option<String>,
    /// How often it has been opened.
    generation: u32,
    /// Its ticket, if one stands for it.
    ticket: Option<TicketOfTask>,
    /// When it was opened last.
    #[schema(value_type = String)]
    opened_at: Timestamp,
    /// The run that opened it last.
    opened_by: String,
    /// When it was resolved.
    #[schema(value_type = Option<String>)]
    resolved_at: Option<Timestamp>,
    /// Who said that it is done, when and why, if it is completed.
    completion: Option<Completion>,
    /// Whether a person opened it again, so that a person must end it.
    held: bool,
    /// What people changed about it, and no check changes back.
    edited: Vec<Part>,
}

/// The ticket of a task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TicketOfTask {
    /// The ticket's identifier.
    id: String,
    /// The ticket's state.
    state: String,
    /// The issue in Jira, once there is one.
    issue: Option<IssueView>,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, changing::change))
        .routes(routes!(changing::complete))
        .routes(routes!(changing::reopen))
}

/// The longest text to look for, in characters.
const LONGEST_TEXT: usize = 200;

impl TaskQuery {
    /// What the list's cursors are marked with.
    fn marks(&self) -> Vec<String> {
        let said = |value: Option<bool>| value.map_or_else(String::new, |value| value.to_string());
        let named = |value: Option<&str>| value.unwrap_or_default().to_owned();
        vec![
            "tasks".to_owned(),
            named(self.check.map(CheckId::as_str)),
            named(self.state.map(TaskState::word)),
            named(self.connection.as_ref().map(ConnectionId::as_str)),
            named(self.assignee.as_ref().map(AccountId::as_str)),
            said(self.unassigned),
            said(self.overdue),
            named(self.text.as_deref()),
        ]
    }

    /// Whether more is asked for than a check and a state.
    fn is_nearer(&self) -> bool {
        self.connection.is_some()
            || self.assignee.is_some()
            || self.unassigned.is_some()
            || self.overdue.is_some()
            || self.text.is_some()
    }

    fn wants(&self, task: &Task, text: Option<&str>, now: Timestamp) -> bool {
        let holds = |given: &str| text.is_none_or(|text| given.to_lowercase().contains(text));
        self.connection.as_ref().is_none_or(|it| task.connection.as_ref() == Some(it))
            && self.assignee.as_ref().is_none_or(|it| task.assignee.as_ref() == Some(it))
            && self.unassigned.is_none_or(|it| task.assignee.is_none() == it)
            && self.overdue.is_none_or(|it| task.is_overdue(now) == it)
            && [task.id.as_str(), &task.title, &task.subject.key, &task.subject.title].into_iter().any(holds)
    }

    /// The text to look for, checked.
    fn sought(&self) -> Result<Option<String>, Problem> {
        let fits = |text: &str| {
            (1..=LONGEST_TEXT).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        match self.text.as_deref().map(str::trim) {
            Some(text) if !fits(text) => Err(Problem::invalid(
                "text",
                format!("text must be 1 to {LONGEST_TEXT} characters in one line"),
            )),
            text => Ok(text.map(str::to_lowercase)),
        }
    }
}

/// Lists the tasks.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", security(("token" = ["auditor"])), params(TaskQuery), responses((status = 200, body = List<TaskView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<TaskQuery>,
) -> Result<Json<List<TaskView>>, Problem> {
    let filter = TaskFilter { check: query.check, state: query.state };
    let page = PageQuery { cursor: query.cursor.clone(), limit: query.limit };
    let marks = query.marks();
    let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
    let asked = page.of(&caller.tenant, &marks)?;
    let (text, now) = (query.sought()?, api.core.clock.now());
    let nearer = |task: &Task| query.wants(task, text.as_deref(), now);
    let wanted: Option<Which<'_, Task>> = if query.is_nearer() { Some(&nearer) } else { None };
    let (store, after) = (&api.core.store, asked.after.as_deref());
    let stored = store.list_wanted_tasks(&caller.tenant, filter, wanted, after, asked.limit).await?;
    let items = with_tickets(&api, &caller, stored.items).await?;
    Ok(Json(List { items, next_cursor: asked.cursor(stored.next) }))
}

/// Shows one task.
#[utoipa::path(get, path = "/v1/tasks/{id}", tag = "tasks", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = TaskView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<TaskId>,
) -> Result<Json<TaskView>, Problem> {
    let task = require(&api, &caller, &id).await?;
    view(&api, &caller, task).await
}

async fn require(api: &Api, caller: &Caller, id: &TaskId) -> Result<Task, Problem> {
    api.core.store.task(&caller.tenant, id).await?.ok_or_else(|| missing(id))
}

fn missing(id: &TaskId) -> Problem {
    assay::Error::not_found(format!("there is no task {id}; `GET /v1/tasks` lists them")).into()
}

async fn view(api: &Api, caller: &Caller, task: Task) -> Result<Json<TaskView>, Problem> {
    let id = task.id.clone();
    let mut views = with_tickets(api, caller, vec![task]).await?;
    views.pop().map(Json).ok_or_else(|| missing(&id))
}

async fn with_tickets(api: &Api, caller: &Caller, tasks: Vec<Task>) -> Result<Vec<TaskView>, Problem> {
    let ids: Vec<TicketId> = tasks.iter().filter_map(|task| task.ticket.clone()).collect();
    let tickets: BTreeMap<TicketId, Ticket> = api
        .core
        .store
        .tickets(&caller.tenant, &ids)
        .await?
        .into_iter()
        .map(|ticket| (ticket.id.clone(), ticket))
        .collect();
    let sites = super::tickets::sites(api, caller).await?;
    let assignees = tasks.iter().filter_map(|task| task.connection.as_ref().zip(task.assignee.as_ref()));
    let (names, now) = (Names::read(api, caller, assignees).await?, api.core.clock.now());
    let view = |task: Task| {
        let ticket = task.ticket.as_ref().and_then(|id| tickets.get(id));
        let ticket = ticket.map(|ticket| TicketOfTask::of(ticket, &sites));
        TaskView::of(task, ticket, &names, now)
    };
    Ok(tasks.into_iter().map(view).collect())
}

impl TicketOfTask {
    pub(super) fn of(ticket: &Ticket, sites: &super::tickets::Sites) -> Self {
        Self {
            id: ticket.id.to_string(),
            state: ticket.state.word().to_owned(),
            issue: IssueView::of(ticket, sites),
        }
    }
}

impl TaskView {
    fn of(task: Task, ticket: Option<TicketOfTask>, names: &Names, now: Timestamp) -> Self {
        Self {
            assignee_name: names.of(task.connection.as_ref(), task.assignee.as_ref()),
            overdue: task.is_overdue(now),
            finding: task.finding.is_some().then(|| task.id.to_string()),
            id: task.id.to_string(),
            check: task.check,
            connection: task.connection.map(|connection| connection.to_string()),
            state: task.state,
            title: task.title,
            why: task.why,
            instructions: task.check.instructions().to_owned(),
            how_to_fix: task.check.how_to_fix().to_owned(),
            subject: task.subject,
            assignee: task.assignee.map(|assignee| assignee.to_string()),
            due_at: task.due_at,
            generation: task.generation,
            ticket,
            opened_at: task.opened_at,
            opened_by: task.opened_by.to_string(),
            resolved_at: task.resolved_at,
            completion: task.completion,
            held: task.held,
            edited: task.edited.into_iter().collect(),
        }
    }
}
