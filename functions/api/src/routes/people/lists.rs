//! Whole lists of people, in and out.

use assay::operations::people::{Intake, Taken};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::Api;
use crate::caller::{Operator, Reader};
use crate::input::{Csv, Query};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::sheets::{self, ExportQuery};

/// The columns of a list of people.
const COLUMNS: [&str; 5] = ["email", "name", "status", "manager", "end_date"];

/// How many people stand on one page of an export.
const PEOPLE_IN_PAGE: usize = 200;

/// How many such pages of the table one page of the export takes.
const PAGES_IN_PAGE: usize = 10;

/// How a list is taken in.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Whether only to say what would be done.
    dry_run: Option<bool>,
    /// The first line that is handled, counted from 1: the `read_to_line` of an answer before, and one more.
    #[param(minimum = 1)]
    from_line: Option<u64>,
}

/// Takes in a list of people as CSV, in UTF-8, of at most 100,000 rows: as it is, or packed with `Content-Encoding: gzip`.
///
/// The first row names the columns, in any order: `email` and `name`, and, if it has them, `status` (`active` or `left`),
/// `manager` (an e-mail address) and `end_date` (`2026-03-31`). Rows that break a rule are told by their line; all others
/// are taken. People who stand in no row stay as they are. Taking the same list in again changes nothing: where the answer
/// is not `complete`, send the list again, with `from_line` to go on where it ended. Which accounts are
/// whose is then found out anew, within minutes.
#[utoipa::path(post, path = "/v1/people/import", tag = "people", security(("token" = ["operator"])), params(ImportQuery), request_body(content = String, content_type = "text/csv"), responses((status = 200, body = Taken), (status = 422, body = Problem)))]
pub async fn import(
    Operator(caller): Operator,
    State(api): State<Api>,
    Query(query): Query<ImportQuery>,
    Csv(list): Csv,
) -> Result<Json<Taken>, Problem> {
    let intake = Intake {
        core: &api.core,
        tenant: &caller.tenant,
        deadline: api.connector.jira.deadline.at(),
        dry_run: query.dry_run.unwrap_or(false),
        from_line: query.from_line.unwrap_or(1),
    };
    let taken = intake.take(list).await?;
    let (created, changed, refused) = (taken.created, taken.changed, taken.refused);
    tracing::info!(
        tenant = %caller.tenant, token = %caller.token, dry_run = taken.dry_run, created, changed, refused,
        complete = taken.complete, "a list of people was taken in"
    );
    if !taken.dry_run && created + changed > 0 {
        super::match_again(&api, &caller).await;
    }
    Ok(Json(taken))
}

/// Gives all people as CSV, in pages: the header `Link` says where the next one is. What comes out goes in again by
/// `POST /v1/people/import` as it was; cells that a spreadsheet would take for a formula have an apostrophe in front.
#[utoipa::path(get, path = "/v1/people/export", tag = "people", security(("token" = ["auditor"])), params(ExportQuery), responses((status = 200, body = String, content_type = "text/csv"), (status = 422, body = Problem)))]
pub async fn export(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: Some(PEOPLE_IN_PAGE) };
    let asked = page.of(&caller.tenant, &["people", "export"])?;
    let mut sheet = sheets::sheet(&COLUMNS, asked.after.is_none())?;
    let mut after = asked.after.clone();
    for _ in 0..PAGES_IN_PAGE {
        let stored = api.core.store.persons(&caller.tenant, None, after.as_deref(), PEOPLE_IN_PAGE).await?;
        for person in stored.items {
            let end_date = person.ends_on.map(|date| date.to_string()).unwrap_or_default();
            let manager = person.manager.unwrap_or_default();
            sheet.row(&[&person.email, &person.name, person.status.word(), &manager, &end_date])?;
        }
        after = stored.next;
        if after.is_none() {
            break;
        }
    }
    let next = asked.cursor(after).map(|cursor| sheets::link("/v1/people/export", &[("cursor", &cursor)]));
    sheets::answer("people", sheet, next.as_deref())
}
