//! How a finding is shown.

use std::collections::BTreeMap;

use assay::finding::policy::FindingPolicy;
use assay::finding::tally::{Standing, is_overdue};
use assay::finding::{Acceptance, Finding, Location, Package, Severity};
use assay::ids::TicketId;
use assay::pull::Pull;
use assay::task::{Completion, Part, Task};
use assay::ticket::Ticket;
use axum::Json;
use jiff::Timestamp;
use serde::Serialize;

use super::missing;
use crate::Api;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::routes::tasks::TicketOfTask;
use crate::routes::tickets::sites;

/// One finding.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FindingView {
    /// Its identifier, which is that of its task, too.
    id: String,
    /// Who found it.
    source: String,
    /// What tells it from other findings of its source.
    fingerprint: String,
    /// `open`, `accepted`, `completed` or `resolved`.
    state: Standing,
    /// Title.
    title: String,
    /// What it is.
    description: String,
    /// How to fix it.
    fix: String,
    /// How bad it is.
    severity: Severity,
    /// The CVSS base score, 0.0 to 10.0.
    score: Option<f64>,
    /// The scanner's rule.
    rule: Option<String>,
    /// The advisory.
    advisory: Option<String>,
    /// The thing that it was found in.
    asset: String,
    /// Where in the asset.
    location: Option<Location>,
    /// The vulnerable package.
    package: Option<Package>,
    /// Where more is said.
    links: Vec<String>,
    /// When it was first reported.
    #[schema(value_type = String)]
    first_seen_at: Timestamp,
    /// When the newest report that named it began, to a day.
    #[schema(value_type = String)]
    last_seen_at: Timestamp,
    /// The report that it was last written from.
    report: Option<String>,
    /// How often it came back after it was resolved, or after a person said that it was done.
    regressions: u32,
    /// When it should be dealt with; null where its severity has no limit.
    #[schema(value_type = Option<String>)]
    due_at: Option<Timestamp>,
    /// Whether it is open past that.
    overdue: bool,
    /// That its risk is accepted: until when, why, and who said so.
    acceptance: Option<Acceptance>,
    /// Who is responsible, if known: an Atlassian account id.
    assignee: Option<String>,
    /// Who said that it is done, when and why, if it is completed or accepted.
    completion: Option<Completion>,
    /// How often its task has been opened.
    generation: u32,
    /// When its task was opened last.
    #[schema(value_type = String)]
    opened_at: Timestamp,
    /// The moment from which a report proved it to be gone.
    #[schema(value_type = Option<String>)]
    resolved_at: Option<Timestamp>,
    /// Whether a person opened it again, so that a person must end it.
    held: bool,
    /// What people changed about it, and no report changes back.
    edited: Vec<Part>,
    /// Its ticket, if one stands for it.
    ticket: Option<TicketOfTask>,
    /// Pull requests that are about it.
    pulls: Vec<Pull>,
}

/// One finding with its ticket.
pub(super) async fn one(api: &Api, caller: &Caller, task: Task) -> Result<Json<FindingView>, Problem> {
    let id = task.id.clone();
    let policy = api.core.store.finding_policy(&caller.tenant).await?;
    let mut views = with_tickets(api, caller, vec![task], &policy).await?;
    views.pop().map(Json).ok_or_else(|| missing(&id))
}

/// Findings with their tickets.
pub(super) async fn with_tickets(
    api: &Api,
    caller: &Caller,
    tasks: Vec<Task>,
    policy: &FindingPolicy,
) -> Result<Vec<FindingView>, Problem> {
    let ids: Vec<TicketId> = tasks.iter().filter_map(|task| task.ticket.clone()).collect();
    let tickets = api.core.store.tickets(&caller.tenant, &ids).await?;
    let tickets: BTreeMap<TicketId, Ticket> =
        tickets.into_iter().map(|ticket| (ticket.id.clone(), ticket)).collect();
    let (sites, now) = (sites(api, caller).await?, api.core.clock.now());
    let view = |task: Task| {
        let ticket = task.ticket.as_ref().and_then(|id| tickets.get(id));
        let shown = ticket.map(|ticket| TicketOfTask::of(ticket, &sites));
        let mut pulls: Vec<Pull> =
            ticket.into_iter().flat_map(|ticket| ticket.pulls.values().map(|it| it.pull.clone())).collect();
        pulls.extend(task.finding.iter().flat_map(|finding| finding.pulls.values().cloned()));
        pulls.sort_by(|one, other| one.url.cmp(&other.url).then(other.changed_at.cmp(&one.changed_at)));
        pulls.dedup_by(|one, other| one.url == other.url);
        let finding = task.finding.clone()?;
        Some(FindingView::of(&task, *finding, shown, pulls, (policy, now)))
    };
    Ok(tasks.into_iter().filter_map(view).collect())
}

impl FindingView {
    fn of(
        task: &Task,
        finding: Finding,
        ticket: Option<TicketOfTask>,
        pulls: Vec<Pull>,
        (policy, now): (&FindingPolicy, Timestamp),
    ) -> Self {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let is_limited = policy.is_limited(finding.severity) || task.edited.contains(&Part::DueAt);
        Self {
            id: task.id.to_string(),
            state: Standing::of(task),
            overdue: is_overdue(task, &finding, policy, now),
            acceptance: task.acceptance().cloned(),
            source: finding.source,
            fingerprint: finding.fingerprint,
            title: task.title.clone(),
            description: finding.description,
            fix: finding.fix,
            severity: finding.severity,
            score: finding.score.map(|tenths| f64::from(tenths) / 10.0),
            rule: given(finding.rule),
            advisory: given(finding.advisory),
            asset: finding.asset,
            location: finding.location,
            package: finding.package,
            links: finding.links,
            first_seen_at: finding.first_seen_at,
            last_seen_at: finding.last_seen_at,
            report: finding.report.map(|report| report.to_string()),
            regressions: finding.regressions,
            due_at: Some(task.due_at).filter(|_| is_limited),
            assignee: task.assignee.as_ref().map(ToString::to_string),
            completion: task.completion.clone(),
            generation: task.generation,
            opened_at: task.opened_at,
            resolved_at: task.resolved_at,
            held: task.held,
            edited: task.edited.iter().copied().collect(),
            ticket,
            pulls,
        }
    }
}
