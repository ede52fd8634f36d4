//! Disabling, enabling, rechecking and deleting a setting, for both kinds.

use askama::Template;
use axum::response::Response;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rules::{RETIREMENTS, Rule};
use super::{State, for_admins};
use crate::answer;
use crate::client::{List, path, query};
use crate::form::{Entered, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

/// Which of the two it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::pages) enum Kind {
    /// A sync setting of tasks.
    ActiveSync,
    /// A project configuration of findings.
    Configuration,
}

impl Kind {
    /// The word that the paths of the console and of the API share.
    pub(in crate::pages) fn noun(self) -> &'static str {
        match self {
            Self::ActiveSync => "sync-settings",
            Self::Configuration => "project-configurations",
        }
    }

    /// What one is called.
    pub(in crate::pages) fn singular(self) -> &'static str {
        match self {
            Self::ActiveSync => "sync setting",
            Self::Configuration => "project configuration",
        }
    }

    /// Where one is shown.
    pub(in crate::pages) fn page(self, id: &str) -> String {
        path(&[self.noun(), id])
    }

    /// Where the API has one.
    pub(in crate::pages) fn api(self, id: &str) -> String {
        path(&["v1", self.noun(), id])
    }
}

/// How far disabling has come.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Progress {
    pub(in crate::pages) tickets: u64,
    pub(in crate::pages) kept: u64,
    pub(in crate::pages) deleted: u64,
    pub(in crate::pages) to_delete: u64,
    pub(in crate::pages) done: bool,
    pub(in crate::pages) problem: Option<String>,
    pub(in crate::pages) refused: Vec<Refusal>,
}

/// A ticket whose issue could not be deleted.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Refusal {
    pub(in crate::pages) ticket: String,
    pub(in crate::pages) issue_key: Option<String>,
    pub(in crate::pages) why: String,
}

impl Progress {
    /// How many tickets are settled.
    pub(in crate::pages) fn settled(&self) -> u64 {
        self.tickets.saturating_sub(self.to_delete)
    }
}

/// Reads how far disabling has come.
pub(in crate::pages) async fn progress(visit: &Visit, kind: Kind, id: &str) -> Result<Progress, Problem> {
    visit.client.get(&format!("{}/disable", kind.api(id))).await
}

/// A ticket whose issue people commented on.
#[derive(Debug, Deserialize)]
struct Commented {
    ticket: String,
    issue_key: Option<String>,
    title: String,
    comments: u64,
}

#[derive(Template)]
#[template(path = "syncing/disable.html")]
struct DisablePage<'a> {
    frame: &'a Frame,
    kind: Kind,
    id: &'a str,
    entered: Entered,
    progress: Progress,
    commented: Result<List<Commented>, Problem>,
    next: Option<String>,
}

impl DisablePage<'_> {
    const RETIREMENTS: &'static [Rule] = RETIREMENTS;
}

async fn page<'a>(
    visit: &'a Visit,
    kind: Kind,
    id: &'a str,
    cursor: Option<&str>,
    entered: Entered,
) -> Result<DisablePage<'a>, Problem> {
    let _: Value = visit.client.get(&kind.api(id)).await?;
    let commented = query(&format!("{}/commented", kind.api(id)), &[("cursor", cursor)]);
    let (progress, commented) =
        tokio::join!(progress(visit, kind, id), visit.client.get::<List<Commented>>(&commented));
    let here = format!("{}/disable", kind.page(id));
    let next = commented.as_ref().ok().and_then(|list| list.next_cursor.as_deref());
    let next = next.map(|next| query(&here, &[("cursor", Some(next))]));
    Ok(DisablePage { frame: &visit.frame, kind, id, entered, progress: progress?, commented, next })
}

/// The page that asks what becomes of the tickets.
pub(in crate::pages) async fn ask(
    visit: &Visit,
    kind: Kind,
    id: &str,
    cursor: Option<&str>,
) -> Result<Response, Problem> {
    for_admins(visit)?;
    let entered = Entered::of([("tickets", "keep".to_owned())]);
    answer::page(&page(visit, kind, id, cursor, entered).await?)
}

/// Disables.
pub(in crate::pages) async fn disable(
    visit: &Visit,
    kind: Kind,
    id: &str,
    form: Form,
) -> Result<Response, Problem> {
    let done = async {
        let tickets = form.optional("tickets").unwrap_or("keep");
        let mut body = json!({ "tickets": tickets });
        if tickets != "keep"
            && let Some(number) = form.number("confirm_tickets")?
        {
            body["confirm_tickets"] = json!(number);
        }
        visit.client.post::<Value>(&format!("{}/disable", kind.api(id)), &form, &body).await
    };
    match done.await {
        Ok(_) => Ok(visit.go(
            &kind.page(id),
            &format!("The {} is disabled: no ticket is made by it any more.", kind.singular()),
        )),
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &page(visit, kind, id, None, form.refused(problem)).await?)
        }
        Err(problem) => Err(problem),
    }
}

/// Enables. What stands against it is given back, to be shown where it was asked for.
pub(in crate::pages) async fn enable(
    visit: &Visit,
    kind: Kind,
    id: &str,
    form: &Form,
) -> Result<Response, Problem> {
    let _: Value = visit.client.post(&format!("{}/enable", kind.api(id)), form, &()).await?;
    let notice = format!("The {} is in force again. Tickets that were kept are adopted.", kind.singular());
    Ok(visit.go(&kind.page(id), &notice))
}

/// Asks Jira again about a quarantined one.
pub(in crate::pages) async fn recheck(
    visit: &Visit,
    kind: Kind,
    id: &str,
    form: &Form,
) -> Result<Response, Problem> {
    #[derive(Deserialize)]
    struct Now {
        state: State,
    }
    let now: Now = visit.client.post(&format!("{}/recheck", kind.api(id)), form, &()).await?;
    let notice = match now.state {
        State::Enabled => "Jira was asked again: nothing stands against it any more. Its tickets go on.",
        State::Quarantined => "Jira was asked again: the causes below still stand against it.",
        State::Disabled => "It is disabled, so that Jira is not asked about it.",
    };
    Ok(visit.go(&kind.page(id), notice))
}

/// Deletes.
pub(in crate::pages) async fn delete(visit: &Visit, kind: Kind, id: &str) -> Result<Response, Problem> {
    let _: Value = visit.client.change(Method::DELETE, &kind.api(id), &()).await?;
    let notice = format!("The {} is deleted. Its issues stay in Jira as they are.", kind.singular());
    Ok(visit.go(&path(&[kind.noun()]), &notice))
}
