//! Tickets: what became of each task in Jira, and why.

mod summary;

use std::collections::{BTreeMap, BTreeSet};

use assay::dynamodb::{TicketFilter, Which};
use assay::ids::{ConnectionId, SettingId, TicketId};
use assay::jira::Addresses;
use assay::notification::{self, Subject};
use assay::pull::{Followed, PullId, PullState};
use assay::site::SiteDomain;
use assay::sqs::SyncRequest;
use assay::sync_setting::GonePolicy;
use assay::ticket::{HowGone, Problem as TicketProblem, State as TicketState, Ticket, Wanted};
use assay::trace;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::accounts::Names;
use crate::Api;
use crate::caller::{Caller, Operator, Reader};
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Which tickets are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TicketQuery {
    /// Only tickets in this state: `planned`, `creating`, `unknown`, `open`, `closing`, `closed`, `reopening`, `failed` or
    /// `gone`.
    state: Option<String>,
    /// Only tickets of this sync setting.
    setting: Option<SettingId>,
    /// `true`: only tickets that could not be brought to where they are wanted, and wait with their `problem`; `false`: only
    /// others.
    parked: Option<bool>,
    /// `true`: only tickets for which a person has to decide what becomes of their tasks; `false`: only others.
    undecided: Option<bool>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// The issue that a ticket stands for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IssueView {
    /// Jira's immutable identifier.
    id: String,
    /// Its key when it was last read.
    key: String,
    /// Where to look at it.
    url: Option<String>,
    /// Its status when it was last read.
    status: Option<String>,
    /// Whether that status is in the category done.
    done: Option<bool>,
}

/// A pull request that a ticket follows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FollowedView {
    /// The remediation's id.
    id: String,
    /// Its address.
    url: String,
    /// Where it stands.
    state: PullState,
    /// The state that the issue tells of; null while it tells of none.
    shown: Option<PullState>,
    /// Why something of it could not be shown.
    problem: Option<String>,
}

impl FollowedView {
    fn of((id, followed): (&PullId, &Followed)) -> Self {
        Self {
            id: id.to_string(),
            url: followed.pull.url.clone(),
            state: followed.pull.state,
            shown: followed.shown,
            problem: followed.problem.clone(),
        }
    }
}

/// One ticket.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TicketView {
    /// Its identifier, which the issue carries in its property `assay.ticket`.
    id: String,
    /// `planned`, `creating`, `unknown`, `open`, `closing`, `closed`, `reopening`, `failed` or `gone`.
    state: String,
    /// How the issue went, where the state is `gone`.
    how_gone: Option<HowGone>,
    /// Whether a person has to decide what becomes of its tasks (`POST /v1/tickets/{id}/decide`).
    undecided: bool,
    /// What its tasks, or its sync setting, want: `open`, `closed`, `deleted` or `kept`.
    wanted: Wanted,
    /// Why it is not where it is wanted, since when, and how often it was tried.
    problem: Option<TicketProblem>,
    /// The how manieth ticket it is of its task or batch.
    generation: u32,
    /// Whether it stands for all tasks of one assignee.
    batch: bool,
    /// The account that it is assigned to.
    assignee: Option<String>,
    /// That account's display name, if accounts of the connection were read and it is not erased.
    assignee_name: Option<String>,
    /// Fields that people changed in Jira and that are left to them: `title`, `body`, `labels`, `assignee`, `due_on`, `epic`,
    /// or Jira's id of a mapped one.
    left_to_people: Vec<String>,
    /// The tasks that it stands for.
    tasks: Vec<String>,
    /// The pull requests that fix them.
    pulls: Vec<FollowedView>,
    /// The title written into the issue.
    title: String,
    /// The sync setting that asked for it.
    setting: String,
    /// Through which connection it is written.
    connection: String,
    /// The project's id.
    project: String,
    /// The issue in Jira, once there is one.
    issue: Option<IssueView>,
    /// How many creates were sent.
    attempts: u32,
    /// Optional fields that Jira refused and that were left out.
    left_out: Vec<String>,
    /// When something is done about it next; null when it is settled.
    #[schema(value_type = Option<String>)]
    next_at: Option<Timestamp>,
    /// When it was planned.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

/// The sites of the tenant's connections, for links.
pub(super) struct Sites {
    addresses: Addresses,
    by_connection: BTreeMap<ConnectionId, SiteDomain>,
}

impl Sites {
    /// Where a person looks at an issue; the addresses know where sites are, which is not always where their names say.
    fn browse(&self, connection: &ConnectionId, key: &str) -> Option<String> {
        Some(self.addresses.browse(self.by_connection.get(connection)?, key))
    }
}

/// Reads the sites of the tenant's connections.
pub(super) async fn sites(api: &Api, caller: &Caller) -> Result<Sites, Problem> {
    let connections = api.core.store.all_connections(&caller.tenant).await?;
    let by_connection = connections.into_iter().map(|connection| (connection.id, connection.site)).collect();
    Ok(Sites { addresses: api.connector.jira.addresses.clone(), by_connection })
}

impl IssueView {
    pub(super) fn of(ticket: &Ticket, sites: &Sites) -> Option<Self> {
        let issue = ticket.state.issue()?;
        Some(Self {
            id: issue.id.to_string(),
            key: issue.key.clone(),
            url: sites.browse(&ticket.connection, &issue.key),
            status: ticket.issue_status.as_ref().map(|status| status.name.clone()),
            done: ticket.issue_status.as_ref().map(|status| status.done),
        })
    }
}

/// What stands beside tickets, read for some of them at once.
struct Surroundings {
    sites: Sites,
    names: Names,
    undecided: BTreeSet<TicketId>,
}

impl Surroundings {
    async fn of(api: &Api, caller: &Caller, tickets: &[Ticket]) -> Result<Self, Problem> {
        let assignees = tickets.iter().filter_map(|ticket| {
            ticket.content.assignee.as_ref().map(|assignee| (&ticket.connection, assignee))
        });
        Ok(Self {
            sites: sites(api, caller).await?,
            names: Names::read(api, caller, assignees).await?,
            undecided: undecided(api, caller, tickets).await?,
        })
    }
}

/// Those tickets of which people were asked what is to become of their tasks, and have not said.
async fn undecided(api: &Api, caller: &Caller, tickets: &[Ticket]) -> Result<BTreeSet<TicketId>, Problem> {
    let mut asked = BTreeSet::new();
    for ticket in tickets.iter().filter(|ticket| ticket.may_be_decided()) {
        let subject = Subject::Ticket(ticket.id.clone());
        asked.insert(notification::id(&caller.tenant, notification::Kind::DecisionNeeded, &subject)?);
    }
    let open = api.core.store.notifications_of(&caller.tenant, &asked).await?;
    let open = open.into_iter().filter(|it| it.recovered_at.is_none());
    Ok(open
        .filter_map(|it| if let Subject::Ticket(ticket) = it.subject { Some(ticket) } else { None })
        .collect())
}

impl TicketView {
    fn of(ticket: &Ticket, around: &Surroundings) -> Self {
        let how_gone = match &ticket.state {
            TicketState::Gone { how, .. } => Some(*how),
            TicketState::Planned
            | TicketState::Creating { .. }
            | TicketState::Unknown { .. }
            | TicketState::Open { .. }
            | TicketState::Closing { .. }
            | TicketState::Closed { .. }
            | TicketState::Reopening { .. }
            | TicketState::Failed { .. } => None,
        };
        Self {
            id: ticket.id.to_string(),
            state: ticket.state.word().to_owned(),
            how_gone,
            undecided: around.undecided.contains(&ticket.id),
            assignee_name: around.names.of(Some(&ticket.connection), ticket.content.assignee.as_ref()),
            wanted: ticket.wanted,
            problem: ticket.problem.clone(),
            generation: ticket.generation,
            batch: ticket.batch.is_some(),
            assignee: ticket.content.assignee.as_ref().map(ToString::to_string),
            left_to_people: ticket.kept.iter().map(|field| field.word().to_owned()).collect(),
            tasks: ticket.tasks.iter().map(ToString::to_string).collect(),
            pulls: ticket.pulls.iter().map(FollowedView::of).collect(),
            title: ticket.content.title.clone(),
            setting: ticket.setting.to_string(),
            connection: ticket.connection.to_string(),
            project: ticket.project.to_string(),
            issue: IssueView::of(ticket, &around.sites),
            attempts: ticket.attempts,
            left_out: ticket.left_out.clone(),
            next_at: ticket.due_at,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(summary::summary))
        .routes(routes!(show))
        .routes(routes!(trace))
        .routes(routes!(retry))
        .routes(routes!(decide))
}

/// Lists the tickets.
#[utoipa::path(get, path = "/v1/tickets", tag = "tickets", security(("token" = ["auditor"])), params(TicketQuery), responses((status = 200, body = List<TicketView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<TicketQuery>,
) -> Result<Json<List<TicketView>>, Problem> {
    const WORDS: [&str; 9] =
        ["planned", "creating", "unknown", "open", "closing", "closed", "reopening", "failed", "gone"];
    if let Some(word) = query.state.as_deref().filter(|word| !WORDS.contains(word)) {
        return Err(Problem::invalid(
            "state",
            format!("{word:?} is no state of a ticket; there are {}", WORDS.join(", ")),
        ));
    }
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let (state, setting) = (query.state.as_deref(), query.setting.as_ref());
    let said = |value: Option<bool>| value.map_or_else(String::new, |value| value.to_string());
    let (parked, undecided) = (said(query.parked), said(query.undecided));
    let marks =
        ["tickets", state.unwrap_or_default(), setting.map_or("", SettingId::as_str), &parked, &undecided];
    let asked = page.of(&caller.tenant, &marks)?;
    let filter = TicketFilter { state: query.state, setting: query.setting };
    let nearer = |ticket: &Ticket| {
        query.parked.is_none_or(|parked| ticket.problem.is_some() == parked)
            && (query.undecided != Some(true) || ticket.may_be_decided())
    };
    let is_nearer = query.parked.is_some() || query.undecided.is_some();
    let wanted: Option<Which<'_, Ticket>> = if is_nearer { Some(&nearer) } else { None };
    let (store, after) = (&api.core.store, asked.after.as_deref());
    let mut stored = store.list_wanted_tickets(&caller.tenant, &filter, wanted, after, asked.limit).await?;
    let around = Surroundings::of(&api, &caller, &stored.items).await?;
    stored
        .items
        .retain(|it| query.undecided.is_none_or(|wanted| around.undecided.contains(&it.id) == wanted));
    Ok(Json(List::of(&asked, stored, |ticket| TicketView::of(&ticket, &around))))
}

/// Shows one ticket.
#[utoipa::path(get, path = "/v1/tickets/{id}", tag = "tickets", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = TicketView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<TicketId>,
) -> Result<Json<TicketView>, Problem> {
    let ticket = require(&api, &caller, &id).await?;
    view(&api, &caller, &ticket).await.map(Json)
}

/// Lists what happened to a ticket, oldest first: who or what, when, why, and with which call to Jira.
#[utoipa::path(get, path = "/v1/tickets/{id}/trace", tag = "tickets", security(("token" = ["auditor"])), params(("id" = String, Path), PageQuery), responses((status = 200, body = List<trace::Entry>), (status = 404, body = Problem)))]
async fn trace(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<TicketId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<trace::Entry>>, Problem> {
    require(&api, &caller, &id).await?;
    let asked = page.of(&caller.tenant, &["trace", id.as_str()])?;
    let stored = api.core.store.trace(&caller.tenant, &id, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, |entry| entry)))
}

/// Tries a ticket again now that could not be written.
#[utoipa::path(post, path = "/v1/tickets/{id}/retry", tag = "tickets", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 202, body = TicketView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn retry(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<TicketId>,
) -> Result<Response, Problem> {
    let mut ticket = require(&api, &caller, &id).await?;
    let now = api.core.clock.now();
    if !ticket.hasten(caller.token.as_str(), now) {
        let message = format!("ticket {id} is {}; there is nothing to try again", ticket.state.word());
        return Err(assay::Error::conflict(message).into());
    }
    accept(&api, &caller, ticket).await
}

/// What becomes of the tasks of an issue that is gone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// `recreate` (a new ticket), `close_task`, or `ask` (nothing yet).
    tasks: GonePolicy,
}

/// Decides what becomes of the tasks of a ticket whose issue was deleted or archived in Jira.
#[utoipa::path(post, path = "/v1/tickets/{id}/decide", tag = "tickets", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = Decision, responses((status = 202, body = TicketView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn decide(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<TicketId>,
    Body(decision): Body<Decision>,
) -> Result<Response, Problem> {
    let mut ticket = require(&api, &caller, &id).await?;
    if !ticket.decide(decision.tasks, caller.token.as_str(), api.core.clock.now()) {
        let message = format!("ticket {id} is {}; there is nothing to decide", ticket.state.word());
        return Err(assay::Error::conflict(message).into());
    }
    accept(&api, &caller, ticket).await
}

/// Saves a ticket that a person wants something of, and has it worked on now.
async fn accept(api: &Api, caller: &Caller, mut ticket: Ticket) -> Result<Response, Problem> {
    api.core.store.save_ticket(&mut ticket).await?;
    let request = SyncRequest { tenant: caller.tenant.clone(), ticket: ticket.id.clone() };
    api.sync.send(&request, None).await?;
    let view = view(api, caller, &ticket).await?;
    Ok((StatusCode::ACCEPTED, Json(view)).into_response())
}

async fn view(api: &Api, caller: &Caller, ticket: &Ticket) -> Result<TicketView, Problem> {
    let around = Surroundings::of(api, caller, std::slice::from_ref(ticket)).await?;
    Ok(TicketView::of(ticket, &around))
}

async fn require(api: &Api, caller: &Caller, id: &TicketId) -> Result<Ticket, Problem> {
    let found = api.core.store.ticket(&caller.tenant, id).await?;
    found.ok_or_else(|| {
        assay::Error::not_found(format!("there is no ticket {id}; `GET /v1/tickets` lists them")).into()
    })
}
