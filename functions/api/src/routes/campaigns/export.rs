//! Exporting a campaign: as JSON for whoever verifies its record, as CSV for whoever reads it in a spreadsheet.

use assay::campaign::{Campaign, CarriedOut, Item, SignedRecord, grant_word};
use assay::ids::CampaignId;
use assay::sheet::Sheet;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::require;
use super::view::{Names, names, person_of};
use crate::Api;
use crate::caller::Reader;
use crate::input::{Path, Query};
use crate::page::PageQuery;
use crate::problem::Problem;

/// The columns of the CSV.
const COLUMNS: [&str; 20] = [
    "account",
    "name",
    "email",
    "kind",
    "grant",
    "access",
    "new",
    "dormant",
    "privileged",
    "shared",
    "left",
    "unidentified",
    "inactive",
    "last_active_on",
    "decision",
    "note",
    "decided_by",
    "decided_at",
    "action",
    "carried_out",
];

/// In which form.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// What the record's digest is made of.
    #[default]
    Json,
    /// For spreadsheets.
    Csv,
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

/// Which page of the export is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `json` or `csv`; `json` if not given.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// As the `Link` of the page before has it; none for the first.
    cursor: Option<String>,
    /// How many items, 1 to 200; 200 if not given.
    #[param(minimum = 1, maximum = 200, default = 200)]
    limit: Option<usize>,
}

/// A page of the export as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExportView {
    /// The signed record, on the first page of a closed campaign.
    record: Option<SignedRecord>,
    /// The items exactly as they are digested, in their order. They name accounts by their ids alone.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
}

/// Exports the items of a campaign, page by page: the header `Link` leads to the next one. Pages of CSV put one after the
/// other are one table, in which no cell is taken for a formula.
#[utoipa::path(get, path = "/v1/campaigns/{id}/export", tag = "campaigns", security(("token" = ["auditor"])), params(("id" = String, Path), ExportQuery), responses((status = 200, content((ExportView = "application/json"), (String = "text/csv"))), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn export(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<CampaignId>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let campaign = require(&api, &caller, &id).await?;
    let format = query.format;
    let page = PageQuery { cursor: query.cursor, limit: query.limit.or(Some(200)) };
    let asked = page.of(&caller.tenant, &["campaign export", id.as_str(), format.word()])?;
    let stored =
        api.core.store.review_items(&caller.tenant, &id, None, asked.after.as_deref(), asked.limit).await?;
    let is_first = asked.after.is_none();
    let mut response = match format {
        Format::Json => json(campaign, &stored.items, is_first)?,
        Format::Csv => {
            let names = names(&api, &campaign, &stored.items).await?;
            csv(&campaign, &stored.items, &names, is_first)?
        }
    };
    if let Some(cursor) = asked.cursor(stored.next) {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("format", format.word())
            .append_pair("cursor", &cursor)
            .append_pair("limit", &asked.limit.to_string())
            .finish();
        let link = format!("</v1/campaigns/{id}/export?{query}>; rel=\"next\"");
        response.headers_mut().insert(header::LINK, value(link)?);
    }
    Ok(response)
}

fn json(campaign: Campaign, items: &[Item], is_first: bool) -> Result<Response, Problem> {
    let items = items.iter().map(Item::digested).collect::<assay::Result<Vec<Value>>>()?;
    let record = campaign.record.filter(|_| is_first);
    Ok(Json(ExportView { record, items }).into_response())
}

fn csv(campaign: &Campaign, items: &[Item], names: &Names, is_first: bool) -> Result<Response, Problem> {
    let mut sheet = if is_first { Sheet::with_columns(&COLUMNS)? } else { Sheet::without_columns() };
    for item in items {
        sheet.row(&cells(item, names))?;
    }
    let mut response = sheet.finish()?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let file = format!("attachment; filename=\"access-review-{}.csv\"", campaign.id);
    headers.insert(header::CONTENT_DISPOSITION, value(file)?);
    Ok(response)
}

fn value(text: String) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(text).map_err(|cause| {
        assay::Error::internal("could not write the headers of an export").because(cause).into()
    })
}

/// The cells of an item, in the order of [`COLUMNS`]; what is not known is empty.
fn cells(item: &Item, names: &Names) -> [String; 20] {
    let (name, email) = person_of(item, names);
    let text = |value: Option<String>| value.unwrap_or_default();
    let flags = &item.flags;
    let maybe = |flag: Option<bool>| text(flag.map(|flag| flag.to_string()));
    let carried_out = match item.carried_out {
        None => "",
        Some(CarriedOut::Done) => "done",
        Some(CarriedOut::NotHeld) => "not_held",
        Some(CarriedOut::NotDone) => "not_done",
    };
    let kind = match item.kind {
        assay::account::AccountKind::Human => "human",
        assay::account::AccountKind::App => "app",
        assay::account::AccountKind::Customer => "customer",
        assay::account::AccountKind::Unknown => "unknown",
    };
    [
        item.account.to_string(),
        text(name),
        text(email),
        kind.to_owned(),
        grant_word(&item.grant),
        item.words.clone(),
        maybe(flags.new),
        maybe(flags.dormant),
        maybe(flags.privileged),
        flags.shared.to_string(),
        flags.left.to_string(),
        flags.unidentified.to_string(),
        flags.inactive.to_string(),
        text(item.last_active_on.map(|day| day.to_string())),
        item.choice.word().to_owned(),
        text(item.note.clone()),
        text(item.by.clone()),
        text(item.at.map(|at| at.to_string())),
        text(item.action.as_ref().map(ToString::to_string)),
        carried_out.to_owned(),
    ]
}
