//! What people do with tasks. Their tickets follow.

use assay::error::Kind;
use assay::ids::{AccountId, TaskId};
use assay::operations::planning::Planner;
use assay::seen::Seen;
use assay::task::{Edit, Task};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{TaskView, require, view};
use crate::Api;
use crate::caller::{Caller, Operator};
use crate::input::{Body, Path};
use crate::problem::Problem;

/// The longest title and the longest reason, in characters.
const LONGEST_TEXT: usize = 200;

/// How often a change is made again on what somebody else wrote meanwhile.
const ATTEMPTS: u32 = 5;

/// What is to change; what is not given stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskChange {
    /// Its new title.
    #[serde(default)]
    title: Option<String>,
    /// The Atlassian account id of who is responsible now; null for nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    #[expect(
        clippy::option_option,
        reason = "null takes the assignee away, a field that is not given leaves it"
    )]
    assignee: Option<Option<AccountId>>,
    /// When it should be done.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    due_at: Option<Timestamp>,
    /// What the caller saw of some of these, as `GET` shows them: where the change would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default)]
    #[schema(value_type = Object)]
    seen: Seen,
}

/// Why a person says that a task is done, or is not.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In a sentence, for the record.
    why: String,
}

/// Tells a field that is null from one that is not given.
#[expect(clippy::option_option, reason = "see the field")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<AccountId>>, D::Error> {
    Option::<AccountId>::deserialize(deserializer).map(Some)
}

/// Changes a task's title, who is responsible, or when it is due. No check changes that back, and its ticket follows, as far
/// as people have not changed the same in Jira.
#[utoipa::path(patch, path = "/v1/tasks/{id}", tag = "tasks", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = TaskChange, responses((status = 200, body = TaskView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn change(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<TaskId>,
    Body(input): Body<TaskChange>,
) -> Result<Json<TaskView>, Problem> {
    let title = input.title.map(|title| text("title", &title)).transpose()?;
    let edit = Edit { title, assignee: input.assignee, due_at: input.due_at };
    let change = |task: &mut Task, now| {
        let before = shown(task);
        let is_changed = task.edit(&edit, now);
        input.seen.check(&before, &shown(task)).map(|()| is_changed)
    };
    let task = apply(&api, &caller, &id, change).await?;
    view(&api, &caller, task).await
}

/// What can be changed of a task, as it is shown.
fn shown(task: &Task) -> Value {
    json!({ "title": task.title, "assignee": task.assignee, "due_at": task.due_at })
}

/// Says that a task is done. Its ticket is closed, as its sync setting's rule says; if the check still fails at its next
/// evaluation, the task is opened again.
#[utoipa::path(post, path = "/v1/tasks/{id}/complete", tag = "tasks", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = Reason, responses((status = 200, body = TaskView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn complete(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<TaskId>,
    Body(reason): Body<Reason>,
) -> Result<Json<TaskView>, Problem> {
    let why = text("why", &reason.why)?;
    let by = caller.token.to_string();
    let task = apply(&api, &caller, &id, |task, now| Ok(task.complete(&by, &why, now))).await?;
    view(&api, &caller, task).await
}

/// Says that a task is not done after all. It stays open until a person says that it is done, and its ticket follows, as its
/// sync setting's rule says.
#[utoipa::path(post, path = "/v1/tasks/{id}/reopen", tag = "tasks", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 200, body = TaskView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn reopen(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<TaskId>,
) -> Result<Json<TaskView>, Problem> {
    let task = apply(&api, &caller, &id, |task, now| Ok(task.reopen(now))).await?;
    view(&api, &caller, task).await
}

/// Changes a task and plans what follows. A request that changes nothing, such as one that is repeated, plans all the same.
async fn apply(
    api: &Api,
    caller: &Caller,
    id: &TaskId,
    change: impl Fn(&mut Task, Timestamp) -> assay::Result<bool>,
) -> Result<Task, Problem> {
    for _ in 0..ATTEMPTS {
        let mut task = require(api, caller, id).await?;
        if change(&mut task, api.core.clock.now())? {
            let saved = api.core.store.save_tasks(std::slice::from_ref(&task)).await.pop();
            match saved.unwrap_or(Ok(())) {
                Ok(()) => {}
                Err(error) if *error.kind() == Kind::Conflict => continue,
                Err(error) => return Err(error.into()),
            }
        }
        let planner = Planner { core: api.core.clone(), sync: api.sync.clone() };
        let task = require(api, caller, id).await?;
        planner.plan_stored(&caller.tenant, std::slice::from_ref(&task)).await?;
        return require(api, caller, id).await;
    }
    Err(assay::Error::conflict(format!("task {id} is being changed by others; try again")).into())
}

fn text(field: &'static str, given: &str) -> Result<String, Problem> {
    let given = given.trim();
    let fits = (1..=LONGEST_TEXT).contains(&given.chars().count()) && !given.chars().any(char::is_control);
    if fits {
        return Ok(given.to_owned());
    }
    Err(Problem::invalid(field, format!("{field} must be 1 to {LONGEST_TEXT} characters in one line")))
}
