//! Who holds a seat of a product, as CSV.

use assay::ids::{ConnectionId, ProductKey};
use axum::extract::State;
use axum::response::Response;

use super::{HolderQuery, find_holders};
use crate::Api;
use crate::caller::Reader;
use crate::input::{Path, Query};
use crate::problem::Problem;
use crate::sheets;

/// The columns.
const COLUMNS: [&str; 5] = ["account", "name", "through", "last_used_on", "protected_until"];

/// Gives the holders of a product's seats as CSV, in pages: the header `Link` says where the next one is.
#[utoipa::path(get, path = "/v1/licences/{connection}/{product}/export", tag = "licences", security(("token" = ["auditor"])), params(("connection" = String, Path), ("product" = String, Path), HolderQuery), responses((status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn export(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((connection, product)): Path<(ConnectionId, ProductKey)>,
    Query(query): Query<HolderQuery>,
) -> Result<Response, Problem> {
    let (is_first, days, limit) = (query.cursor.is_none(), query.unused_days, query.limit);
    let found = find_holders(&api, &caller, &connection, &product, query).await?;
    let mut sheet = sheets::sheet(&COLUMNS, is_first)?;
    for holder in &found.items {
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        sheet.row(&[
            holder.account.as_str(),
            &holder.name,
            &holder.through.join(" "),
            &day(holder.last_used_on),
            &day(holder.protected_until),
        ])?;
    }
    let (days, limit) = (days.map(|days| days.to_string()), limit.map(|limit| limit.to_string()));
    let next = found.next_cursor.map(|cursor| {
        let path = format!("/v1/licences/{connection}/{product}/export");
        let mut parameters = vec![("cursor", cursor.as_str())];
        parameters.extend(days.as_deref().map(|days| ("unused_days", days)));
        parameters.extend(limit.as_deref().map(|limit| ("limit", limit)));
        sheets::link(&path, &parameters)
    });
    sheets::answer("licences", sheet, next.as_deref())
}
