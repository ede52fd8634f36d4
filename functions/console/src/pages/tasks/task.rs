//! One task: what fails and what to do, its ticket; and what people may do with it.

use askama::Template;
use assay::access::Role;
use axum::extract::Path;
use axum::response::Response;
use http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Task;
use crate::answer;
use crate::client::{List, path, query};
use crate::form::{Entered, Fields, Form};
use crate::frame::{Frame, Visit};
use crate::meanwhile;
use crate::names::Names;
use crate::pages::checks::TaskState;
use crate::pages::sites::Sites;
use crate::problem::Problem;

/// How a moment stands in an input of the kind `datetime-local`.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

/// An account that a task can be given to.
#[derive(Deserialize)]
struct Account {
    id: String,
    name: Option<String>,
}

#[derive(Template)]
#[template(path = "task.html", blocks = ["drawer"])]
struct TaskPage<'a> {
    frame: &'a Frame,
    task: Task,
    sites: Sites,
    /// Whom it can be given to, where the accounts are known and not too many to choose from.
    accounts: Vec<(String, String)>,
    /// What stands in the form that changes it.
    edit: Entered,
    /// What stands in the form that completes it.
    completion: Entered,
    /// What whoever said that it is done is called.
    names: Names,
}

impl TaskPage<'_> {
    /// Whether it can be said to be done.
    fn is_open(&self) -> bool {
        self.task.state == TaskState::Open
    }

    /// In which zone a time is entered.
    fn zone_hint(&self) -> String {
        format!("Day and time in {}.", self.frame.zone_name())
    }
}

/// Which of the two forms was refused.
enum Refused {
    Edit(Entered),
    Completion(Entered),
}

async fn page<'a>(visit: &'a Visit, id: &str, refused: Option<Refused>) -> Result<TaskPage<'a>, Problem> {
    let shown = path(&["v1", "tasks", id]);
    let (task, sites) = tokio::join!(visit.client.get::<Task>(&shown), Sites::read(&visit.client));
    let (task, sites) = (task?, sites?);
    let accounts = if visit.frame.operates() { accounts(visit, &task).await? } else { Vec::new() };
    let (edit, completion) = match refused {
        None => (stored(&task, &visit.frame.zone), Entered::default()),
        Some(Refused::Edit(entered)) => (entered, Entered::default()),
        Some(Refused::Completion(entered)) => (stored(&task, &visit.frame.zone), entered),
    };
    let names = Names::read(&visit.client, task.completion.iter().map(|done| done.by.as_str())).await?;
    Ok(TaskPage { frame: &visit.frame, task, sites, accounts, edit, completion, names })
}

/// What the form that changes a task shows of it.
fn stored(task: &Task, zone: &TimeZone) -> Entered {
    Entered::of([
        ("title", task.title.clone()),
        ("assignee", task.assignee.clone().unwrap_or_default()),
        ("due_at", local(task.due_at, zone)),
    ])
}

/// Whom the task can be given to: the people's accounts of its connection, if they are all on one page of the list.
async fn accounts(visit: &Visit, task: &Task) -> Result<Vec<(String, String)>, Problem> {
    let Some(connection) = task.connection.as_deref() else { return Ok(Vec::new()) };
    let asked = [
        ("connection", Some(connection)),
        ("kind", Some("human")),
        ("active", Some("true")),
        ("limit", Some("200")),
    ];
    let found: List<Account> = match visit.client.get(&query("/v1/accounts", &asked)).await {
        Ok(found) => found,
        // The connection is not there any more, while its task still is.
        Err(problem) if problem.status == 404 => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    if found.items.is_empty() || found.next_cursor.is_some() {
        return Ok(Vec::new());
    }
    let mut choices: Vec<(String, String)> =
        found.items.into_iter().map(|it| (it.id.clone(), it.name.unwrap_or(it.id))).collect();
    choices.sort_by(|one, other| one.1.cmp(&other.1));
    let present = task.assignee.iter().filter(|id| !choices.iter().any(|(known, _)| known == *id));
    let present: Vec<_> = present.map(|id| (id.clone(), id.clone())).collect();
    Ok([(String::new(), "Nobody".to_owned())].into_iter().chain(present).chain(choices).collect())
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime(LOCAL).to_string()
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let page = page(&visit, &id, None).await?;
    if visit.frame.wants("drawer") { answer::page(&page.as_drawer()) } else { answer::page(&page) }
}

/// Says that it is done.
pub(super) async fn complete(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let to = path(&["v1", "tasks", &id, "complete"]);
    match visit.client.post::<Value>(&to, &form, &json!({ "why": form.text("why") })).await {
        Ok(_) => {
            let notice = "The task counts as done. If its check still fails at the next evaluation, it is opened again.";
            Ok(visit.go(&path(&["tasks", &id]), notice))
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            let refused = Refused::Completion(form.refused(problem));
            answer::with(status, &page(&visit, &id, Some(refused)).await?)
        }
        Err(problem) => Err(problem),
    }
}

/// Says that it is not done after all.
pub(super) async fn reopen(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let _: Value = visit.client.post(&path(&["v1", "tasks", &id, "reopen"]), &form, &()).await?;
    let notice = "The task is to be done again. It stays so until a person says that it is done.";
    Ok(visit.go(&path(&["tasks", &id]), notice))
}

/// Changes what the form changes: what it leaves as it was when the page was made, it does not touch.
pub(super) async fn change(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    visit.require(Role::Operator)?;
    let to = path(&["v1", "tasks", &id]);
    let (task, told): (Task, Value) = visit.client.shown(&to).await?;
    let stored = stored(&task, &visit.frame.zone);
    let sent = match form.onto(stored.fields()) {
        Ok(fields) => match changes(&fields, stored.fields(), &visit.frame.zone) {
            Ok(asked) => {
                let body = meanwhile::change(&asked, &Value::Null, &told);
                let is_any = meanwhile::is_any(&body);
                visit.client.change::<Value>(Method::PATCH, &to, &body).await.map(|_| is_any)
            }
            Err(problem) => Err(problem),
        },
        Err(entered) => {
            let page = page(&visit, &id, Some(Refused::Edit(*entered))).await?;
            return answer::with(StatusCode::CONFLICT, &page);
        }
    };
    match sent {
        Ok(is_anything) => {
            let notice = if is_anything {
                "The task was changed. Its ticket follows, as far as people have not changed the same in Jira."
            } else {
                "Nothing was changed."
            };
            Ok(visit.go(&path(&["tasks", &id]), notice))
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            let refused = Refused::Edit(form.refused(problem));
            answer::with(status, &page(&visit, &id, Some(refused)).await?)
        }
        Err(problem) => Err(problem),
    }
}

/// What differs from what is stored. A time that was not touched is left out: the form holds no seconds.
fn changes(fields: &Fields, stored: &Fields, zone: &TimeZone) -> Result<Value, Problem> {
    let mut changes = Map::new();
    let differs = |name: &str| fields.text(name) != stored.text(name);
    if differs("title") {
        changes.insert("title".to_owned(), json!(fields.text("title")));
    }
    if differs("assignee") {
        changes.insert("assignee".to_owned(), json!(fields.optional("assignee")));
    }
    if differs("due_at") {
        changes.insert("due_at".to_owned(), json!(moment(fields.text("due_at"), zone)?));
    }
    Ok(Value::Object(changes))
}

fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, Problem> {
    let moment = text.parse::<DateTime>().and_then(|moment| moment.to_zoned(zone.clone()));
    let refused = |_| Problem::invalid("due_at", "Enter a day and a time, such as 2026-12-24T17:00.");
    moment.map(|moment| moment.timestamp()).map_err(refused)
}
