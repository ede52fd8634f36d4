//! How many tickets stand how.

use assay::check::posture::day_of;
use assay::clock::after;
use assay::ticket::tally::Tally;
use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::Api;
use crate::caller::Reader;
use crate::problem::Problem;

/// How many tickets are counted at most, far beyond what a tenant has. See [`assay::dynamodb::Store::count_tickets`] for what
/// that costs.
const MOST: u64 = 100_000;

/// How long is counted, in seconds: as long as somebody waits for an overview; no call is begun after that. By what a partition
/// of the table gives, that is about 30,000 tickets of 3 KB.
const LONGEST: i64 = 4;

/// How many tickets stand how. A ticket may be counted as several of these.
#[derive(Debug, Serialize, utoipa::ToSchema)]
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
    /// Whether all tickets were counted; false where there are more than 100,000, or counting takes longer than four seconds. Then
    /// there are at least so many.
    complete: bool,
}

impl TicketSummary {
    fn of(tally: &Tally, complete: bool) -> Self {
        let Tally { all: _, open, late, parked, waiting, closed, gone } = *tally;
        Self { open, late, parked, waiting, closed, gone, complete }
    }
}

/// Counts the tickets, up to 100,000 of them and for up to four seconds. What is counted may be some seconds old.
#[utoipa::path(get, path = "/v1/tickets/summary", tag = "tickets", security(("token" = ["auditor"])), responses((status = 200, body = TicketSummary)))]
pub(super) async fn summary(
    Reader(caller): Reader,
    State(api): State<Api>,
) -> Result<Json<TicketSummary>, Problem> {
    let (store, clock) = (&api.core.store, &api.core.clock);
    let begun = clock.now();
    let (today, last) = (day_of(begun), after(begun, LONGEST));
    let (mut tally, mut behind) = (Tally::default(), None);
    loop {
        behind = store.count_tickets(&caller.tenant, today, behind, &mut tally).await?;
        if behind.is_none() || tally.all >= MOST || clock.now() >= last {
            return Ok(Json(TicketSummary::of(&tally, behind.is_none())));
        }
    }
}
