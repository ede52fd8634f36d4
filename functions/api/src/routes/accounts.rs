//! Accounts: who has access to a Jira site, whose each one is, and whether it keeps its licence.

mod deciding;
mod export;
mod view;

pub(super) use view::Names;

use std::collections::BTreeSet;

use assay::account::{Account, AccountKind, Owner};
use assay::dynamodb::Page;
use assay::ids::{AccountId, ConnectionId};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::view::AccountView;
pub(super) use self::view::shown;
use super::Routes;
use crate::Api;
use crate::caller::{Caller, Reader};
use crate::input::{Path, Query};
use crate::page::{Asked, List, PageQuery};
use crate::problem::Problem;

/// How many calls to the table a list with a filter makes before it gives a shorter page and a cursor to go on with.
const CALLS: usize = 20;

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
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Which accounts are wanted.
struct Filter {
    owner: Option<OwnerKind>,
    kind: Option<AccountKind>,
    active: Option<bool>,
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.owner.is_none() && self.kind.is_none() && self.active.is_none()
    }

    fn wants(&self, account: &Account) -> bool {
        self.owner.is_none_or(|owner| owner == OwnerKind::of(&account.owner))
            && self.kind.is_none_or(|kind| kind == account.kind)
            && self.active.is_none_or(|active| active == account.is_live())
    }

    /// The filter in words, for the mark of cursors.
    fn words(&self) -> String {
        format!("{:?} {:?} {:?}", self.owner, self.kind, self.active)
    }
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
    let connection = query.connection;
    let filter = Filter { owner: query.owner, kind: query.kind, active: query.active };
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let asked = page.of(&caller.tenant, &["accounts", connection.as_str(), &filter.words()])?;
    require_connection(&api, &caller, &connection).await?;
    let found = if filter.is_empty() {
        let store = &api.core.store;
        store.accounts(&caller.tenant, &connection, asked.after.as_deref(), asked.limit).await?
    } else {
        filtered(&api, &caller, &connection, &filter, &asked).await?
    };
    let items = view::with_people(&api, &caller, found.items).await?;
    Ok(Json(List { items, next_cursor: asked.cursor(found.next) }))
}

/// A page of the accounts that a filter wants. Its cursor is the last account that was looked at.
async fn filtered(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    filter: &Filter,
    asked: &Asked,
) -> Result<Page<Account>, Problem> {
    let mut behind = asked.after.as_deref().map(AccountId::parse).transpose().map_err(|_| {
        Problem::invalid("cursor", "the cursor is not one that this list gave; leave it out to begin anew")
    })?;
    let mut items = Vec::new();
    for _ in 0..CALLS {
        let (accounts, next) =
            api.core.store.accounts_behind(&caller.tenant, connection, behind.as_ref()).await?;
        let count = accounts.len();
        for (number, account) in accounts.into_iter().enumerate() {
            let is_last = number + 1 == count && next.is_none();
            let id = account.id.clone();
            if filter.wants(&account) {
                items.push(account);
            }
            if items.len() == asked.limit && !is_last {
                return Ok(Page { items, next: Some(id.to_string()) });
            }
        }
        behind = next;
        if behind.is_none() {
            break;
        }
    }
    Ok(Page { items, next: behind.map(|id| id.to_string()) })
}

/// Shows one account.
#[utoipa::path(get, path = "/v1/accounts/{connection}/{account}", tag = "accounts", security(("token" = ["auditor"])), params(("connection" = String, Path), ("account" = String, Path)), responses((status = 200, body = AccountView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((connection, id)): Path<(ConnectionId, AccountId)>,
) -> Result<Json<AccountView>, Problem> {
    let account = api.core.store.account(&caller.tenant, &connection, &id).await?;
    let account = account.ok_or_else(|| missing(&connection, &id))?;
    view::with_person(&api, &caller, account).await.map(Json)
}

fn missing(connection: &ConnectionId, id: &AccountId) -> Problem {
    let message =
        format!("there is no account {id} at connection {connection}; `GET /v1/accounts` lists them");
    assay::Error::not_found(message).into()
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
