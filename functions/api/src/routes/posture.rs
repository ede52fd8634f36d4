//! Posture: how many checks stood how, day by day.

use assay::check::CheckId;
use assay::check::posture::{Posture, day_of};
use assay::check::standing::standing;
use axum::Json;
use axum::extract::State;
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::Reader;
use crate::input::Query;
use crate::page::List;
use crate::problem::Problem;

/// Days that are shown where nothing is said.
const USUAL_DAYS: u32 = 90;

/// The most days that can be asked for.
const MOST_DAYS: u32 = 366;

/// Which days are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PostureQuery {
    /// How many days back, today among them: 1 to 366; 90 if not given.
    #[param(minimum = 1, maximum = 366, default = 90)]
    days: Option<u32>,
}

/// How the checks stood at the end of a day; today, how they stand now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PostureView {
    /// The day, in UTC.
    #[schema(value_type = String)]
    day: Date,
    /// Checks that passed.
    pass: u64,
    /// Checks that failed.
    fail: u64,
    /// Checks that could not be told.
    cannot_tell: u64,
    /// Checks with nothing in scope.
    not_applicable: u64,
}

impl PostureView {
    fn of(day: Date, posture: Posture) -> Self {
        let Posture { pass, fail, cannot_tell, not_applicable } = posture;
        Self { day, pass, fail, cannot_tell, not_applicable }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
}

/// Lists how many checks stood how, day by day, the earliest first. Days on which nothing was evaluated are left out.
#[utoipa::path(get, path = "/v1/posture", tag = "posture", security(("token" = ["auditor"])), params(PostureQuery), responses((status = 200, body = List<PostureView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<PostureQuery>,
) -> Result<Json<List<PostureView>>, Problem> {
    let days = query.days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::invalid("days", format!("days must be 1 to {MOST_DAYS}, not {days}")));
    }
    let (store, tenant, now) = (&api.core.store, &caller.tenant, api.core.clock.now());
    let today = day_of(now);
    let first = today.checked_sub(Span::new().days(i64::from(days) - 1)).unwrap_or(today);
    let known = store.posture(tenant, first).await?;
    let earlier = known.iter().filter(|day| day.day < today);
    let mut items: Vec<_> = earlier.map(|day| PostureView::of(day.day, day.posture())).collect();
    // Today's record has what was evaluated since midnight alone.
    let latest = store.latest_results(tenant).await?;
    let connections = store.all_connections(tenant).await?;
    let standings = CheckId::ALL.into_iter().map(|check| standing(check, &latest, &connections, now));
    let outcomes: Vec<_> = standings.filter_map(|standing| standing.outcome).collect();
    if !outcomes.is_empty() {
        items.push(PostureView::of(today, Posture::of(outcomes)));
    }
    Ok(Json(List::whole(items)))
}
