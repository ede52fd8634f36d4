//! How many tickets stand how.

use assay::check::posture::day_of;
use assay::dynamodb::{LONGEST_PAGE, TicketFilter};
use assay::ticket::{State as TicketState, Ticket};
use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Serialize;

use crate::Api;
use crate::caller::Reader;
use crate::problem::Problem;

/// How many pages of tickets are counted: a thousand tickets, which is as much as a look at an overview is worth.
const PAGES: usize = 5;

/// How many tickets stand how. A ticket may be counted as several of these.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct TicketSummary {
    /// Tickets whose issue is open, or is to be.
    open: u64,
    /// Open ones past their due day.
    late: u64,
    /// Tickets that are not where they are wanted, with a problem that says why.
    parked: u64,
    /// Tickets about which something is still to be done in Jira, and nothing stands against it.
    waiting: u64,
    /// Tickets whose issue is done.
    closed: u64,
    /// Tickets whose issue was deleted or archived.
    gone: u64,
    /// Whether all tickets were counted; false where there are more than a thousand.
    complete: bool,
}

impl TicketSummary {
    fn take(&mut self, ticket: &Ticket, today: Date) {
        let (mut open, mut moving) = (false, false);
        match &ticket.state {
            TicketState::Planned
            | TicketState::Creating { .. }
            | TicketState::Unknown { .. }
            | TicketState::Reopening { .. } => (open, moving) = (true, true),
            TicketState::Open { .. } | TicketState::Failed { .. } => open = true,
            TicketState::Closing { .. } => moving = true,
            TicketState::Closed { .. } => self.closed += 1,
            TicketState::Gone { .. } => self.gone += 1,
        }
        let parked = ticket.problem.is_some() || matches!(ticket.state, TicketState::Failed { .. });
        self.open += u64::from(open);
        self.late += u64::from(open && ticket.content.due_on.is_some_and(|day| day < today));
        self.parked += u64::from(parked);
        self.waiting += u64::from(moving && !parked);
    }
}

/// Counts the tickets, up to a thousand of them.
#[utoipa::path(get, path = "/v1/tickets/summary", tag = "tickets", security(("token" = ["auditor"])), responses((status = 200, body = TicketSummary)))]
pub(super) async fn summary(
    Reader(caller): Reader,
    State(api): State<Api>,
) -> Result<Json<TicketSummary>, Problem> {
    let today = day_of(api.core.clock.now());
    let (mut summary, mut cursor) = (TicketSummary::default(), None::<String>);
    for _ in 0..PAGES {
        let (store, filter) = (&api.core.store, TicketFilter::default());
        let page = store.list_tickets(&caller.tenant, &filter, cursor.as_deref(), LONGEST_PAGE).await?;
        for ticket in &page.items {
            summary.take(ticket, today);
        }
        cursor = page.next;
        if cursor.is_none() {
            summary.complete = true;
            break;
        }
    }
    Ok(Json(summary))
}
