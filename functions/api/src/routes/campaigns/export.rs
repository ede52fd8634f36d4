//! Exporting a campaign: as JSON for whoever verifies its record, as CSV for whoever reads it in a spreadsheet.

use assay::campaign::{Campaign, CarriedOut, Item, SignedRecord, grant_word};
use assay::ids::CampaignId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::require;
use super::view::{Names, names, person_of};
use crate::Api;
use crate::caller::Reader;
use crate::input::{Path, Query};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::sheets;

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
    let next = asked.cursor(stored.next).map(|cursor| {
        let limit = asked.limit.to_string();
        let parameters = [("format", format.word()), ("cursor", &cursor), ("limit", &limit)];
        sheets::link(&format!("/v1/campaigns/{id}/export"), &parameters)
    });
    match format {
        Format::Json => json(campaign, &stored.items, is_first, next.as_deref()),
        Format::Csv => {
            let names = names(&api, &campaign, &stored.items).await?;
            let mut sheet = sheets::sheet(&COLUMNS, is_first)?;
            for item in &stored.items {
                sheet.row(&cells(item, &names))?;
            }
            sheets::answer(&format!("access-review-{id}"), sheet, next.as_deref())
        }
    }
}

fn json(campaign: Campaign, items: &[Item], is_first: bool, next: Option<&str>) -> Result<Response, Problem> {
    let items = items.iter().map(Item::digested).collect::<assay::Result<Vec<Value>>>()?;
    let record = campaign.record.filter(|_| is_first);
    let mut response = Json(ExportView { record, items }).into_response();
    if let Some(next) = next {
        response.headers_mut().insert(header::LINK, sheets::next_link(next)?);
    }
    Ok(response)
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
