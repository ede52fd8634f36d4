//! How much work waits, in the queues of the whole deployment.

use std::time::Duration;

use assay::sqs::{Depth, Level, Work, levels};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::Reader;
use crate::page::List;
use crate::problem::Problem;

/// How long is waited for what a queue says.
const WITHIN: Duration = Duration::from_secs(2);

/// How much work of one kind waits. All figures are approximate, may be a minute old, and are null where the queue did not say.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WorkView {
    /// The queue: `sync`, `checks` or `usage`.
    queue: &'static str,
    /// What the work is, in words.
    what: &'static str,
    /// Pieces that could be done now.
    waiting: Option<u64>,
    /// Pieces that are to be done later, within a quarter of an hour.
    put_off: Option<u64>,
    /// Pieces that are being done.
    taken: Option<u64>,
    /// Pieces that were tried in vain five times, and are kept for whoever runs Assay.
    parked: Option<u64>,
}

impl WorkView {
    fn of(level: Level) -> Self {
        let Level { work, queue, parked } = level;
        let (name, what) = match work {
            Work::Sync => ("sync", "Bringing tickets to where they are wanted in Jira"),
            Work::Checks => ("checks", "Evaluating checks, and planning tickets"),
            Work::Usage => ("usage", "Reading accounts and their activity; access reviews and actions"),
        };
        Self {
            queue: name,
            what,
            waiting: queue.map(|depth| depth.waiting),
            put_off: queue.map(|depth| depth.put_off),
            taken: queue.map(|depth| depth.taken),
            parked: parked.map(Depth::all),
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
}

/// Tells how much work waits in each queue. The queues are the whole deployment's, not a tenant's own. What a queue does not say
/// within two seconds is null.
#[utoipa::path(get, path = "/v1/work", tag = "work", security(("token" = ["auditor"])), responses((status = 200, body = List<WorkView>)))]
async fn list(Reader(_caller): Reader, State(api): State<Api>) -> Result<Json<List<WorkView>>, Problem> {
    let levels = levels(&api.backlogs, WITHIN).await;
    Ok(Json(List::whole(levels.into_iter().map(WorkView::of).collect())))
}
