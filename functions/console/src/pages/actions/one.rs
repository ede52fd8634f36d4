//! One action: what will happen, what did, and what people say of it.

use askama::Template;
use assay::action::{Change, Instead, Object, State, Step};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Action, What};
use crate::Console;
use crate::answer;
use crate::client::{path, query};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::names::Names;
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/actions/{id}", get(show))
        .route("/actions/{id}/approve", post(approve))
        .route("/actions/{id}/decline", post(decline))
        .route("/actions/{id}/undo", post(undo))
}

/// What an account is called.
#[derive(Debug, Deserialize)]
struct Account {
    name: Option<String>,
}

#[derive(Template)]
#[template(path = "actions/one.html", blocks = ["progress"])]
struct ActionPage<'a> {
    frame: &'a Frame,
    action: Action,
    /// What the account is called, if it is about one and that is known.
    name: Option<String>,
    /// Whether the very token that looks asked for it.
    is_mine: bool,
    /// Whether the page, or the one around the part, has a form that somebody may have filled in while it is at work.
    has_form: bool,
    entered: Entered,
    /// What those are called who asked, approved and did.
    names: Names,
}

/// What is said in the place of the progress where it came to a rest on a page that is not read anew by itself.
#[derive(Template)]
#[template(path = "actions/rested.html")]
struct RestedPart<'a> {
    action: &'a Action,
}

/// What stands in the address of a part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Around {
    form: String,
}

impl Action {
    /// What the state means, and who has the next word.
    fn meaning(&self) -> &'static str {
        match self.state {
            State::Planned => "Its dry run is being made: Jira is only read. Nothing is changed yet.",
            State::AwaitingApproval if self.needs_second_person => {
                "It is dangerous, so that another person than the one who asked must approve it. Nothing is changed yet."
            }
            State::AwaitingApproval => {
                "It waits for somebody who has looked at what will happen. Nothing is changed yet."
            }
            State::Approved => "It is begun with within a minute.",
            State::Running => {
                "Step by step: what holds now is read and written down, then changed, then read back."
            }
            State::Done => "All of it holds, as was read back from Jira.",
            State::Failed => {
                "It could not be carried out. What was done before that stays, as the steps say."
            }
            State::Refused => "It may not be done, or was declined. Nothing was changed after that.",
            State::Undone => "It was carried out, and undone by another action.",
        }
    }

    fn is_at_work(&self) -> bool {
        self.state.is_at_work()
    }

    fn awaits(&self) -> bool {
        self.state == State::AwaitingApproval
    }

    fn can_be_declined(&self) -> bool {
        matches!(self.state, State::Planned | State::AwaitingApproval | State::Approved)
    }

    fn is_ahead(&self) -> bool {
        matches!(self.state, State::Planned | State::AwaitingApproval | State::Approved | State::Refused)
    }

    /// Whether its steps can be turned round.
    fn can_be_undone(&self) -> bool {
        let turns = matches!(self.what, What::ChangeAccess | What::DeactivateUser | What::Undo);
        turns && matches!(self.state, State::Done | State::Failed) && self.undone_by.is_none()
    }

    /// Why there is no undoing it, where it is done.
    fn cannot_be_undone(&self) -> Option<&'static str> {
        match (self.state, self.what) {
            (State::Done, What::RemoveUser) => Some(
                "An account that was removed does not come back by itself: invite the person again in Atlassian Administration, then give the groups back.",
            ),
            (State::Done, What::DeleteIssue) => Some("Jira does not bring back an issue that was deleted."),
            (State::Done, What::CreateIssue) => Some("An issue that was created goes by deleting it."),
            _ => None,
        }
    }

    /// The form that deletes the issue that it created.
    fn deleting(&self) -> Option<String> {
        let key = self.issue.as_ref().map(|issue| issue.key.as_str())?;
        let given = [
            ("what", Some("delete_issue")),
            ("connection", Some(self.connection.as_str())),
            ("issue", Some(key)),
        ];
        (self.state == State::Done).then(|| query("/actions/new", &given))
    }
}

impl ActionPage<'_> {
    /// What a step does, in a word.
    fn verb(step: &Step) -> &'static str {
        match (step.change, &step.object) {
            (Change::Add, Object::Issue(_)) => "creates",
            (Change::Remove, Object::Issue(_)) => "deletes",
            (Change::Add, Object::Access(_) | Object::Standing(_)) => "gives",
            (Change::Remove, Object::Access(_) | Object::Standing(_)) => "takes away",
        }
    }

    /// What held before, in words.
    fn before(step: &Step) -> &'static str {
        match step.held_before {
            None => "not looked at yet",
            Some(true) => "it was there",
            Some(false) => "it was not there",
        }
    }

    /// Whether a step gives power over others' access or settings.
    fn power(step: &Step) -> &'static str {
        match step.privileged {
            None => "not known",
            Some(true) => "yes",
            Some(false) => "no",
        }
    }

    fn instead(other: &Instead) -> String {
        filled_in(other)
    }
}

/// The form that asks for something else instead, filled in.
fn filled_in(instead: &Instead) -> String {
    let text = |name: &str| instead.body.get(name).and_then(Value::as_str);
    let grant = |name: &str| instead.body.get("grant")?.get(name)?.as_str();
    let given = [
        ("what", text("what").or(Some("change_access"))),
        ("connection", text("connection")),
        ("account", text("account")),
        ("how", text("how")),
        ("change", text("change")),
        ("grant.kind", grant("kind")),
        ("grant.group", grant("group")),
        ("why", text("why")),
    ];
    query("/actions/new", &given)
}

async fn page(
    visit: &Visit,
    id: &str,
    is_beside_form: bool,
    entered: Entered,
    status: StatusCode,
) -> Result<Response, Problem> {
    let action: Action = visit.client.get(&path(&["v1", "actions", id])).await?;
    let name = match &action.account {
        Some(account) => {
            let at = path(&["v1", "accounts", &action.connection, account]);
            // An account that is not known any more has no name; the action is shown all the same.
            visit.client.get::<Account>(&at).await.ok().and_then(|account| account.name)
        }
        None => None,
    };
    let is_mine = action.asked_by == visit.session.token.as_str();
    let has_form = is_beside_form || (action.can_be_declined() && visit.frame.operates());
    let who = [&action.asked_by].into_iter().chain(&action.approved_by);
    let who = who.chain(action.trace.iter().map(|entry| &entry.actor)).map(String::as_str);
    let names = Names::read(&visit.client, who).await?;
    let page = ActionPage { frame: &visit.frame, action, name, is_mine, has_form, entered, names };
    if !visit.frame.wants("progress") {
        return answer::with(status, &page);
    }
    if page.action.is_at_work() {
        return answer::page(&page.as_progress());
    }
    if page.has_form {
        return answer::page(&RestedPart { action: &page.action });
    }
    // It came to a rest: the whole page is read again, with what can be done now.
    let to = HeaderValue::from_str(&path(&["actions", id])).map_err(Problem::ours)?;
    Ok(([(HeaderName::from_static("hx-redirect"), to)], "").into_response())
}

async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(around): Query<Around>,
) -> Result<Response, Problem> {
    page(&visit, &id, !around.form.is_empty(), Entered::default(), StatusCode::OK).await
}

async fn approve(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    said(&visit, &id, "approve", form, &(), "It is approved, and begun with within a minute.").await
}

async fn decline(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let body = json!({ "why": form.text("why") });
    said(&visit, &id, "decline", form, &body, "It is declined. Nothing was changed.").await
}

async fn undo(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let body = json!({ "why": form.text("why") });
    let undoing = visit.client.post::<Action>(&path(&["v1", "actions", &id, "undo"]), &form, &body).await;
    match undoing {
        Ok(undoing) => {
            let said = "Undoing is an action of its own, which this is. Its dry run is being made.";
            Ok(visit.go(&path(&["actions", &undoing.id]), said))
        }
        Err(problem) => again(&visit, &id, form, problem).await,
    }
}

async fn said(
    visit: &Visit,
    id: &str,
    what: &str,
    form: Form,
    body: &impl serde::Serialize,
    done: &str,
) -> Result<Response, Problem> {
    match visit.client.post::<Value>(&path(&["v1", "actions", id, what]), &form, body).await {
        Ok(_) => Ok(visit.go(&path(&["actions", id]), done)),
        Err(problem) => again(visit, id, form, problem).await,
    }
}

/// The action with why it was not taken: also that the one who asked may not approve.
async fn again(visit: &Visit, id: &str, form: Form, problem: Problem) -> Result<Response, Problem> {
    let is_same_person = problem.status == StatusCode::FORBIDDEN.as_u16() && visit.frame.operates();
    if !problem.is_about_input() && !is_same_person {
        return Err(problem);
    }
    let status = problem.status();
    page(visit, id, false, form.refused(problem), status).await
}
