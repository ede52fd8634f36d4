//! The days of activity of all accounts as CSV.

use assay::account::Account;
use assay::ids::{AccountId, ConnectionId};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::{checked_days, ingestion, period};
use crate::Api;
use crate::caller::Reader;
use crate::input::{Path, Query};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::sheets;

/// The columns.
const COLUMNS: [&str; 5] = ["account", "name", "active_days", "last_active_on", "days"];

/// How many accounts one page has.
const ACCOUNTS: usize = 200;

/// Which page of an export is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageExportQuery {
    /// How many days back, today among them: 1 to 366; 30 if not given.
    #[param(minimum = 1, maximum = 366, default = 30)]
    days: Option<u32>,
    /// As the `Link` of the page before has it; none for the first.
    cursor: Option<String>,
}

/// Gives the days of activity of all accounts as CSV, in pages: the header `Link` says where the next one is.
#[utoipa::path(get, path = "/v1/usage/{connection}/export", tag = "usage", security(("token" = ["auditor"])), params(("connection" = String, Path), UsageExportQuery), responses((status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn export(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(connection): Path<ConnectionId>,
    Query(query): Query<UsageExportQuery>,
) -> Result<Response, Problem> {
    let days = checked_days(query.days)?;
    let ingestion = ingestion(&api, &caller.tenant, &connection).await?;
    let counted = days.to_string();
    let page = PageQuery { cursor: query.cursor, limit: Some(ACCOUNTS) };
    let asked = page.of(&caller.tenant, &["usage export", connection.as_str(), &counted])?;
    let store = &api.core.store;
    let stored = store.accounts(&caller.tenant, &connection, asked.after.as_deref(), asked.limit).await?;
    let ids: Vec<AccountId> = stored.items.iter().map(|account| account.id.clone()).collect();
    let period = period(&ingestion, days, api.core.clock.now());
    let active = store.active_days_of(&caller.tenant, &connection, &ingestion.zone, &ids, period).await?;
    let mut sheet = sheets::sheet(&COLUMNS, asked.after.is_none())?;
    for Account { id, name, last_active_on, .. } in &stored.items {
        let days: Vec<String> = active.get(id).into_iter().flatten().map(ToString::to_string).collect();
        let last = last_active_on.map(|day| day.to_string()).unwrap_or_default();
        sheet.row(&[id.as_str(), name, &days.len().to_string(), &last, &days.join(" ")])?;
    }
    let next = asked.cursor(stored.next).map(|cursor| {
        let path = format!("/v1/usage/{connection}/export");
        sheets::link(&path, &[("days", &counted), ("cursor", &cursor)])
    });
    sheets::answer("usage", sheet, next.as_deref())
}
