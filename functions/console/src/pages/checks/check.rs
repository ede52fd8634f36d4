//! One check: how it stands and why, what fails, what it rests on, and how it stood before; and its button.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::run::Failing;
use super::{Check, Run};
use crate::answer;
use crate::client::{Client, List, path, query};
use crate::form::Form;
use crate::frame::{Frame, Visit};
use crate::pages::sites::Sites;
use crate::problem::Problem;

/// How many failing entities of a connection stand on the check's own page; all of them are on the run's.
const FAILING_SHOWN: &str = "10";

/// How many runs stand on one page of the history.
const RUNS_SHOWN: &str = "20";

/// For how long after it was asked for an evaluation is waited for, in seconds.
const WAITED_FOR: i64 = 300;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Address {
    /// Where the history goes on.
    cursor: Option<String>,
    /// When the check was last asked to be run from here, in seconds.
    asked: Option<i64>,
    /// How many evaluations that were.
    of: Option<usize>,
}

/// Evaluations that were asked for.
struct Progress {
    done: usize,
    of: usize,
    /// Where it is looked after.
    address: String,
    state: Waiting,
}

/// Whether evaluations are waited for.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Waiting {
    /// They are.
    GoesOn,
    /// All are done.
    IsOver,
    /// Some did not come for so long that they are waited for no more.
    WasInVain,
}

impl Progress {
    /// What became of what `asked` says; none where nothing was asked for.
    fn of(asked: &Address, check: &Check, now: Timestamp) -> Option<Self> {
        let of = asked.of?;
        let since = Timestamp::from_second(asked.asked?).ok()?;
        let done = check.results.iter().filter(|run| run.finished_at >= since).count();
        let address = query(
            &path(&["checks", &check.id]),
            &[("asked", Some(&since.as_second().to_string())), ("of", Some(&of.to_string()))],
        );
        let age = assay::clock::seconds_between(since, now);
        let state = match (done >= of, (0..WAITED_FOR).contains(&age)) {
            (true, _) => Waiting::IsOver,
            (false, true) => Waiting::GoesOn,
            (false, false) => Waiting::WasInVain,
        };
        Some(Self { done, of, address, state })
    }

    fn goes_on(&self) -> bool {
        self.state == Waiting::GoesOn
    }

    fn was_in_vain(&self) -> bool {
        self.state == Waiting::WasInVain
    }
}

/// What fails of one connection, or of the tenant as a whole: the first of them.
struct Group<'a> {
    run: &'a Run,
    failing: Vec<Failing>,
}

impl Group<'_> {
    /// Whether more fail than are shown.
    fn has_more(&self) -> bool {
        self.run.failing > self.failing.len() as u64
    }
}

#[derive(Template)]
#[template(path = "check.html", blocks = ["drawer", "progress"])]
struct CheckPage<'a> {
    frame: &'a Frame,
    check: &'a Check,
    sites: Sites,
    groups: Vec<Group<'a>>,
    runs: List<Run>,
    next: Option<String>,
    /// What became of what was asked for from here.
    progress: Option<Progress>,
}

impl CheckPage<'_> {
    fn goes_on(&self) -> bool {
        self.progress.as_ref().is_some_and(Progress::goes_on)
    }
}

pub(super) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Address>,
) -> Result<Response, Problem> {
    let client = &visit.client;
    let history = path(&["v1", "checks", &id, "runs"]);
    let history = query(&history, &[("limit", Some(RUNS_SHOWN)), ("cursor", asked.cursor.as_deref())]);
    let shown = path(&["v1", "checks", &id]);
    let (check, runs, sites) =
        tokio::join!(client.get::<Check>(&shown), client.get::<List<Run>>(&history), Sites::read(client));
    let (check, mut runs, sites) = (check?, runs?, sites?);
    let groups = check.results.iter().filter(|run| run.failing > 0).map(|run| group(client, &check, run));
    let groups = futures::future::try_join_all(groups).await?;
    let next = runs.next_cursor.take().map(|it| query(&path(&["checks", &id]), &[("cursor", Some(&it))]));
    let progress = Progress::of(&asked, &check, visit.frame.now);
    let page = CheckPage { frame: &visit.frame, check: &check, sites, groups, runs, next, progress };
    match visit.frame.part.as_deref() {
        Some("drawer" | "check") => answer::page(&page.as_drawer()),
        Some("evaluating") => answer::page(&page.as_progress()),
        _ => answer::page(&page),
    }
}

async fn group<'a>(client: &Client, check: &Check, run: &'a Run) -> Result<Group<'a>, Problem> {
    let failing = path(&["v1", "checks", &check.id, "runs", &run.id, "failing"]);
    let failing: List<Failing> = client.get(&query(&failing, &[("limit", Some(FAILING_SHOWN))])).await?;
    Ok(Group { run, failing: failing.items })
}

/// What the API says about evaluations that were asked for.
#[derive(Deserialize)]
struct Evaluations {
    evaluations: usize,
}

pub(super) async fn run_now(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    let asked: Evaluations = visit.client.post(&path(&["v1", "checks", &id, "runs"]), &form, &()).await?;
    let page = path(&["checks", &id]);
    if asked.evaluations == 0 {
        return Ok(visit.go(
            &page,
            "There is nothing to evaluate: nothing that the check is about is connected or was reported.",
        ));
    }
    let (since, of) = (visit.frame.now.as_second().to_string(), asked.evaluations.to_string());
    let to = query(&page, &[("asked", Some(&since)), ("of", Some(&of))]);
    Ok(visit.go(&to, "The check is being run. What it finds appears here, usually within a minute."))
}
