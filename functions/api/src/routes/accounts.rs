//! Accounts: who has access to a Jira site, whose each one is, and whether it keeps its licence.

mod deciding;
mod export;
mod filter;
mod view;

pub(super) use view::Names;

use std::collections::BTreeSet;

use assay::account::{Account, AccountKind, Owner};
use assay::ids::{AccountId, ConnectionId, PersonId, ProductKey};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::filter::Filter;
use self::view::AccountView;
pub(super) use self::view::shown;
use super::Routes;
use crate::Api;
use crate::caller::{Caller, Reader};
use crate::input::{Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// What is known of whose an account is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    /// Nothing.
    Unidentified,
    /// A person of the list.
    Person,
    /// No person: somebody marked it.
    Marked,
}

impl OwnerKind {
    fn of(owner: &Owner) -> Self {
        match owner {
            Owner::Unidentified => Self::Unidentified,
            Owner::Person { .. } => Self::Person,
            Owner::Marked { .. } => Self::Marked,
        }
    }
}

/// Which accounts are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountQuery {
    /// The connection whose accounts they are.
    #[param(value_type = String)]
    connection: ConnectionId,
    /// Only accounts of this owner: `unidentified`, `person` or `marked`.
    owner: Option<OwnerKind>,
    /// Only accounts of this kind: `human`, `app`, `customer` or `unknown`.
    kind: Option<AccountKind>,
    /// Only accounts that can be used now (`true`), or cannot (`false`).
    active: Option<bool>,
    /// Only accounts with this product.
    #[param(value_type = Option<String>)]
    product: Option<ProductKey>,
    /// Only accounts in a group that administers the site (`true`), or in none (`false`).
    privileged: Option<bool>,
    /// Only accounts for which people are suggested (`true`), or none is (`false`).
    suggested: Option<bool>,
    /// Only accounts that keep their licence, used or not (`true`), or that have no such protection (`false`).
    protected: Option<bool>,
    /// Only accounts of this person, by id.
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Only accounts in whose name or e-mail address this text stands, or whose identifier it is; at most 100 characters.
    q: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export::export))
        .routes(routes!(show))
        .routes(routes!(deciding::set_owner))
        .routes(routes!(deciding::protect, deciding::unprotect))
}

/// Lists the accounts of a connection, by their identifiers.
#[utoipa::path(get, path = "/v1/accounts", tag = "accounts", security(("token" = ["auditor"])), params(AccountQuery), responses((status = 200, body = List<AccountView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<AccountQuery>,
) -> Result<Json<List<AccountView>>, Problem> {
    let filter = Filter::of(&query)?;
    let connection = query.connection;
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let asked = page.of(&caller.tenant, &["accounts", connection.as_str(), &filter.words()])?;
    require_connection(&api, &caller, &connection).await?;
    let found = if filter.is_empty() {
        let store = &api.core.store;
        store.accounts(&caller.tenant, &connection, asked.after.as_deref(), asked.limit).await?
    } else {
        filter::filtered(&api, &caller, &connection, &filter, &asked).await?
    };
    let items = view::with_people(&api, &caller, found.items).await?;
    Ok(Json(List { items, next_cursor: asked.cursor(found.next) }))
}

/// Shows one account.
#[utoipa::path(get, path = "/v1/accounts/{connection}/{account}", tag = "accounts", security(("token" = ["auditor"])), params(("connection" = String, Path), ("account" = String, Path)), responses((status = 200, body = AccountView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((connection, id)): Path<(ConnectionId, AccountId)>,
) -> Result<Json<AccountView>, Problem> {
    let account = require_account(&api, &caller, &connection, &id).await?;
    view::with_person(&api, &caller, account).await.map(Json)
}

fn missing(connection: &ConnectionId, id: &AccountId) -> Problem {
    let message =
        format!("there is no account {id} at connection {connection}; `GET /v1/accounts` lists them");
    assay::Error::not_found(message).into()
}

/// The account with this id; 404 where there is none.
pub(super) async fn require_account(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    id: &AccountId,
) -> Result<Account, Problem> {
    let account = api.core.store.account(&caller.tenant, connection, id).await?;
    account.ok_or_else(|| missing(connection, id))
}

/// Refuses a connection that is not there: a list must not look empty because of a wrong name.
pub(super) async fn require_connection(api: &Api, caller: &Caller, id: &ConnectionId) -> Result<(), Problem> {
    let stored = api.core.store.connection(&caller.tenant, id).await?;
    let message = || format!("there is no connection {id}; `GET /v1/connections` lists them");
    stored.map(|_| ()).ok_or_else(|| assay::Error::not_found(message()).into())
}

/// The accounts with these ids, as far as they are stored, in no order.
pub(super) async fn with_ids(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    ids: &BTreeSet<AccountId>,
) -> Result<Vec<Account>, Problem> {
    Ok(api.core.store.accounts_of(&caller.tenant, connection, ids).await?)
}
