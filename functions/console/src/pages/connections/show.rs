//! One connection: how it is, what it is for, what of it ends; and how far the first reading is.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Connection, Offer, State, UseCase, Way, offers, one};
use crate::answer;
use crate::badge::{Badge, Tone};
use crate::client::{List, path};
use crate::form::Form;
use crate::frame::{Frame, Visit};
use crate::pages::checks::{Check, Outcome};
use crate::problem::Problem;
use crate::words::number;

#[derive(Template)]
#[template(path = "connections/connection.html", blocks = ["progress"])]
struct ConnectionPage<'a> {
    frame: &'a Frame,
    connection: Connection,
    offers: Vec<Offer>,
    /// The outcome of each check for this connection, where there is one.
    outcomes: BTreeMap<String, Outcome>,
    steps: Vec<Step>,
}

/// One step of the first reading.
struct Step {
    name: &'static str,
    badge: Badge,
    said: String,
    /// Done and to do, where that can be told.
    of: Option<(u64, u64)>,
    goes_on: bool,
}

/// How far the accounts and their activity were read.
#[derive(Debug, Deserialize)]
struct Usage {
    stage: StageName,
    ended_at: Option<Timestamp>,
    paused_until: Option<Timestamp>,
    problem: Option<String>,
    issues_expected: Option<u64>,
    issues_read: u64,
}

#[derive(Debug, Deserialize)]
struct StageName {
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Idle,
    Users,
    Groups,
    Members,
    Products,
    Roles,
    Organisation,
    Settle,
    Match,
    Changes,
    Worklogs,
    DeletedWorklogs,
    Count,
    #[serde(other)]
    Reporting,
}

impl Stage {
    /// What is being done, in words.
    fn words(self) -> &'static str {
        match self {
            Self::Idle => "Waits for its turn",
            Self::Users => "Lists the accounts",
            Self::Groups => "Lists the groups",
            Self::Members => "Lists who is in each group",
            Self::Products => "Reads the products and their seats",
            Self::Roles => "Reads who holds which role",
            Self::Organisation => "Asks the organisation's administration",
            Self::Settle => "Puts together what each account has",
            Self::Match => "Matches accounts with people",
            Self::Changes => "Reads what was changed in issues",
            Self::Worklogs | Self::DeletedWorklogs => "Reads the work logs",
            Self::Count => "Counts the seats",
            Self::Reporting => "Tells Atlassian whose data are kept",
        }
    }
}

impl ConnectionPage<'_> {
    /// What the connection is for, with what that automates.
    fn uses(&self) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(|offer| self.connection.is_for(offer.use_case))
    }

    fn outcome(&self, check: &str) -> Badge {
        self.outcomes.get(check).map_or_else(|| Badge::new(Tone::Idle, "Not evaluated yet"), |it| it.badge())
    }

    /// Whether the first reading goes on.
    fn is_reading(&self) -> bool {
        self.steps.iter().any(|step| step.goes_on)
    }

    /// How many steps of it go on.
    fn going(&self) -> usize {
        self.steps.iter().filter(|step| step.goes_on).count()
    }

    fn writes(&self) -> bool {
        self.uses().any(|offer| offer.writes)
    }
}

/// What a page knows that follows the first reading.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Followed {
    /// How many steps went on when it was made.
    going: usize,
}

pub(super) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(followed): Query<Followed>,
) -> Result<Response, Problem> {
    let client = &visit.client;
    let usage = path(&["v1", "usage", &id]);
    let (connection, offers, checks, usage) = tokio::join!(
        one(&visit, &id),
        offers(&visit),
        client.get::<List<Check>>("/v1/checks"),
        client.get::<Usage>(&usage)
    );
    let connection = connection?;
    let usage = match usage {
        Ok(usage) => Some(usage),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => None,
        Err(problem) => return Err(problem),
    };
    let outcomes: BTreeMap<String, Outcome> = checks?
        .items
        .iter()
        .filter_map(|check| {
            let run = check.results.iter().find(|run| run.connection.as_ref() == Some(&id));
            // What is about the tenant as a whole says the same of each of its connections.
            let run = run.or_else(|| check.results.iter().find(|run| run.connection.is_none()));
            run.map(|run| (check.id.clone(), run.outcome))
        })
        .collect();
    let offers = offers?;
    let steps = steps(&connection, &offers, &outcomes, usage.as_ref());
    let page = ConnectionPage { frame: &visit.frame, connection, offers, outcomes, steps };
    if !visit.frame.wants("progress") {
        return answer::page(&page);
    }
    let part = answer::page(&page.as_progress())?;
    // What a step found out stands elsewhere on the page.
    Ok(if page.going() < followed.going { answer::ended(part) } else { part })
}

/// How far the first reading is. Once all of it was done, nothing is told of it any more.
fn steps(
    connection: &Connection,
    offers: &[Offer],
    outcomes: &BTreeMap<String, Outcome>,
    usage: Option<&Usage>,
) -> Vec<Step> {
    if !matches!(connection.state, State::Active | State::Degraded) {
        return Vec::new();
    }
    let mut steps = vec![Step {
        name: "Verification",
        badge: Badge::new(Tone::Good, "Done"),
        said: "Jira lets the connection in.".to_owned(),
        of: None,
        goes_on: false,
    }];
    let used = offers.iter().filter(|offer| connection.is_for(offer.use_case));
    let checks: Vec<&str> = used.flat_map(|offer| &offer.checks).map(|check| check.id.as_str()).collect();
    if !checks.is_empty() {
        let done = checks.iter().filter(|check| outcomes.contains_key(**check)).count();
        steps.push(Step {
            name: "Checks",
            badge: if done == checks.len() {
                Badge::new(Tone::Good, "Done")
            } else {
                Badge::new(Tone::Busy, "Goes on")
            },
            said: format!("{done} of {} checks were evaluated.", checks.len()),
            of: Some((done as u64, checks.len() as u64)),
            goes_on: done < checks.len(),
        });
    }
    if connection.reads_accounts() {
        steps.push(accounts(usage));
    }
    if steps.iter().any(|step| step.goes_on) { steps } else { Vec::new() }
}

/// How far the accounts were read the first time.
fn accounts(usage: Option<&Usage>) -> Step {
    let name = "Accounts and activity";
    let step = |badge, said: String, of, goes_on| Step { name, badge, said, of, goes_on };
    let Some(usage) = usage else {
        let said = "The first reading begins within minutes.".to_owned();
        return step(Badge::new(Tone::Busy, "Begins soon"), said, None, true);
    };
    if usage.ended_at.is_some() {
        return step(Badge::new(Tone::Good, "Done"), "All of it was read once.".to_owned(), None, false);
    }
    if let Some(problem) = &usage.problem {
        return step(Badge::new(Tone::Unsure, "Waits"), problem.clone(), None, true);
    }
    if usage.paused_until.is_some() {
        let said = "Waits for Jira's limit of calls, and goes on by itself.".to_owned();
        return step(Badge::new(Tone::Busy, "Waits"), said, None, true);
    }
    let stage = usage.stage.stage;
    let of = usage.issues_expected.filter(|_| stage == Stage::Changes).map(|all| (usage.issues_read, all));
    let said = match of {
        Some((read, all)) => {
            format!("{}: {} of about {} issues.", stage.words(), number(read), number(all))
        }
        None => format!("{}.", stage.words()),
    };
    step(Badge::new(Tone::Busy, "Goes on"), said, of, true)
}

pub(super) async fn verify(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let verified: Result<Value, Problem> =
        visit.client.post(&path(&["v1", "connections", &id, "verify"]), &form, &()).await;
    let page = path(&["connections", &id]);
    match verified {
        Ok(verified) => {
            let said = match verified["problems"].as_array().map(Vec::len) {
                Some(0) | None => "Verified: everything is there that it needs.",
                Some(_) => "Verified: something is missing. See below how to mend it.",
            };
            Ok(visit.go(&page, said))
        }
        Err(problem) => Err(problem),
    }
}
