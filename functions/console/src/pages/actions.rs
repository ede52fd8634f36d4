//! Actions: what people have Assay change in Jira, each with its dry run, its approval, its trace and its result as it was read
//! back. `asking` asks for one, `one` shows one and takes what people say of it.

mod asking;
mod one;

use askama::Template;
use assay::account::Grant;
use assay::action::{Change, Deactivation, DryRun, State, Step};
use assay::trace::Entry;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Console;
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, query};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/actions", get(list)).merge(asking::routes()).merge(one::routes())
}

/// What kind of action it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum What {
    ChangeAccess,
    RemoveUser,
    DeactivateUser,
    CreateIssue,
    DeleteIssue,
    Undo,
}

/// An action, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Action {
    id: String,
    state: State,
    problem: Option<String>,
    connection: String,
    what: What,
    account: Option<String>,
    change: Option<Change>,
    grant: Option<Grant>,
    how: Option<Deactivation>,
    new_issue: Option<NewIssue>,
    asked_issue: Option<String>,
    issue: Option<Issue>,
    undoes: Option<String>,
    why: String,
    asked_by: String,
    asked_at: Timestamp,
    campaign: Option<String>,
    together: u64,
    dry_run: Option<DryRun>,
    needs_second_person: bool,
    steps: Vec<Step>,
    approved_by: Option<String>,
    ended_at: Option<Timestamp>,
    undone_by: Option<String>,
    trace: Vec<Entry>,
    next_at: Option<Timestamp>,
}

/// An issue that is to be created.
#[derive(Debug, Deserialize)]
struct NewIssue {
    project: String,
    summary: String,
}

/// An issue that was.
#[derive(Debug, Deserialize)]
struct Issue {
    key: String,
}

impl Action {
    /// What it does, in a few words.
    fn title(&self) -> String {
        match self.what {
            What::ChangeAccess => self.access(),
            What::RemoveUser => "Remove an account from the organisation".to_owned(),
            What::DeactivateUser => match self.how {
                Some(Deactivation::Deactivate) => "Deactivate an Atlassian account".to_owned(),
                Some(Deactivation::Suspend) | None => "Suspend an account’s access".to_owned(),
            },
            What::CreateIssue => match &self.new_issue {
                Some(issue) => format!("Create “{}” in {}", issue.summary, issue.project),
                None => "Create an issue".to_owned(),
            },
            What::DeleteIssue => match self.dry_run.as_ref().and_then(|dry_run| dry_run.issue.as_ref()) {
                Some(issue) => format!("Delete {} “{}”", issue.key, issue.title),
                None => format!("Delete {}", self.asked_issue.as_deref().unwrap_or("an issue")),
            },
            What::Undo => "Undo an earlier action".to_owned(),
        }
    }

    fn access(&self) -> String {
        let verb = match self.change {
            Some(Change::Add) => "Give",
            Some(Change::Remove) | None => "Take away",
        };
        let what = match &self.grant {
            Some(Grant::Group { .. }) => "membership of a group",
            Some(Grant::Role { .. }) => "a project role",
            Some(Grant::Product { .. }) => "a product",
            None => "access",
        };
        format!("{verb} {what}")
    }

    /// The first step in Jira's names, where the dry run found them out.
    fn detail(&self) -> Option<&str> {
        self.steps.first().map(|step| step.words.as_str())
    }

    fn badge(&self) -> Badge {
        match self.state {
            State::Planned => Badge::new(Tone::Busy, "Being looked at"),
            State::AwaitingApproval => Badge::new(Tone::Unsure, "Waits for approval"),
            State::Approved => Badge::new(Tone::Busy, "Approved"),
            State::Running => Badge::new(Tone::Busy, "Being carried out"),
            State::Done => Badge::new(Tone::Good, "Done, read back"),
            State::Failed => Badge::new(Tone::Bad, "Failed"),
            State::Refused => Badge::new(Tone::Bad, "Not done"),
            State::Undone => Badge::new(Tone::Idle, "Undone"),
        }
    }
}

/// The filter that stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    state: String,
    #[serde(default)]
    campaign: String,
    cursor: Option<String>,
}

impl Filter {
    fn address(&self, of: &str, cursor: Option<&str>) -> String {
        let (state, campaign) = (Some(self.state.as_str()), Some(self.campaign.as_str()));
        query(of, &[("state", state), ("campaign", campaign), ("cursor", cursor)])
    }
}

#[derive(Template)]
#[template(path = "actions/list.html", blocks = ["list"])]
struct ListPage<'a> {
    frame: &'a Frame,
    filter: Filter,
    actions: Vec<Action>,
    next: Option<String>,
}

impl ListPage<'_> {
    const STATES: &'static [(&'static str, &'static str)] = &[
        ("", "Any"),
        ("awaiting_approval", "Waits for approval"),
        ("planned", "Being looked at"),
        ("approved", "Approved"),
        ("running", "Being carried out"),
        ("done", "Done"),
        ("failed", "Failed"),
        ("refused", "Not done"),
        ("undone", "Undone"),
    ];

    fn is_narrow(&self) -> bool {
        !self.filter.state.is_empty() || !self.filter.campaign.is_empty()
    }
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let address = filter.address("/v1/actions", filter.cursor.as_deref());
    let found: List<Action> = visit.client.get(&address).await?;
    let next = found.next_cursor.map(|cursor| filter.address("/actions", Some(&cursor)));
    let page = ListPage { frame: &visit.frame, filter, actions: found.items, next };
    if visit.frame.wants("actions") { answer::page(&page.as_list()) } else { answer::page(&page) }
}
