//! All accounts of a connection as CSV.

use assay::account::{Account, Owner};
use assay::ids::{AccountId, ConnectionId};
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{require_connection, view};
use crate::Api;
use crate::caller::Reader;
use crate::input::Query;
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::sheets;

/// The columns.
const COLUMNS: [&str; 19] = [
    "account",
    "kind",
    "name",
    "email",
    "active",
    "first_seen_at",
    "removed_at",
    "erased_at",
    "last_active_on",
    "owner",
    "person",
    "person_email",
    "person_status",
    "mark",
    "reason",
    "mark_ends_on",
    "groups",
    "products",
    "protected_until",
];

/// What stands between several things in one cell.
const BETWEEN: &str = " ";

/// Which page of an export is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountExportQuery {
    /// The connection whose accounts they are.
    #[param(value_type = String)]
    connection: ConnectionId,
    /// As the `Link` of the page before has it; none for the first.
    cursor: Option<String>,
}

/// Gives all accounts of a connection as CSV, in pages: the header `Link` says where the next one is. Cells that a
/// spreadsheet would take for a formula have an apostrophe in front. Erased accounts have neither name nor address.
#[utoipa::path(get, path = "/v1/accounts/export", tag = "accounts", security(("token" = ["auditor"])), params(AccountExportQuery), responses((status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn export(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<AccountExportQuery>,
) -> Result<Response, Problem> {
    let connection = query.connection;
    let page = PageQuery { cursor: query.cursor, limit: None };
    let asked = page.of(&caller.tenant, &["accounts", "export", connection.as_str()])?;
    let behind = asked.after.as_deref().map(AccountId::parse).transpose();
    let behind = behind.map_err(|_| {
        Problem::invalid("cursor", "the cursor is not one that this export gave; leave it out to begin anew")
    })?;
    require_connection(&api, &caller, &connection).await?;
    let (accounts, next) =
        api.core.store.accounts_behind(&caller.tenant, &connection, behind.as_ref()).await?;
    let people = view::people_of(&api, &caller, &accounts).await?;
    let mut sheet = sheets::sheet(&COLUMNS, behind.is_none())?;
    for account in &accounts {
        let owner = match &account.owner {
            Owner::Person { person, .. } => people.get(person),
            Owner::Unidentified | Owner::Marked { .. } => None,
        };
        let of_person = owner.map(|person| (person.email.as_str(), person.status.word()));
        sheet.row(&cells(account, of_person.unwrap_or_default()))?;
    }
    let next = asked.cursor(next.map(|id| id.to_string())).map(|cursor| {
        let parameters = [("connection", connection.as_str()), ("cursor", &cursor)];
        sheets::link("/v1/accounts/export", &parameters)
    });
    sheets::answer("accounts", sheet, next.as_deref())
}

/// The cells of one account, in the order of [`COLUMNS`].
fn cells(account: &Account, (person_email, person_status): (&str, &str)) -> [String; 19] {
    let (name, email) = view::shown(account);
    let text = |value: Option<String>| value.unwrap_or_default();
    let day = |value: Option<Date>| text(value.map(|day| day.to_string()));
    let (mut person, mut mark, mut reason, mut mark_ends_on) = Default::default();
    let owner = match &account.owner {
        Owner::Unidentified => "unidentified",
        Owner::Person { person: id, .. } => {
            person = id.to_string();
            "person"
        }
        Owner::Marked { mark: kind, reason: why, ends_on, .. } => {
            (mark, reason, mark_ends_on) = (word(kind), why.clone(), ends_on.to_string());
            "marked"
        }
    };
    let groups: Vec<&str> = account.groups.iter().map(assay::ids::GroupId::as_str).collect();
    let products: Vec<&str> = account.products.iter().map(assay::ids::ProductKey::as_str).collect();
    [
        account.id.to_string(),
        word(&account.kind),
        text(name),
        text(email),
        account.is_live().to_string(),
        account.first_seen_at.to_string(),
        text(account.removed_at.map(|at| at.to_string())),
        text(account.erased_at.map(|at| at.to_string())),
        day(account.last_active_on),
        owner.to_owned(),
        person,
        person_email.to_owned(),
        person_status.to_owned(),
        mark,
        reason,
        mark_ends_on,
        groups.join(BETWEEN),
        products.join(BETWEEN),
        day(account.protection.as_ref().map(|protection| protection.ends_on)),
    ]
}

/// The word that stands for a value in JSON, too.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
