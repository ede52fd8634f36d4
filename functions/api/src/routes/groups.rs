//! Groups: what gives access, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use assay::account::{Account, AccountKind};
use assay::directory::{ACCOUNTS_IN_PAGE, Group, List as Roster};
use assay::ids::{AccountId, ConnectionId, GroupId};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::accounts::{require_account, require_connection, shown, with_ids};
use crate::Api;
use crate::caller::{Caller, Reader};
use crate::input::{Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Which groups are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GroupQuery {
    /// The connection whose groups they are.
    #[param(value_type = String)]
    connection: ConnectionId,
    /// Only the groups that this account is a member of.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// A group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GroupView {
    /// Jira's identifier of it.
    id: String,
    /// Its name now.
    name: String,
    /// How many members were read, active or not.
    members: u64,
    /// Whether its members were read to the last one.
    complete: bool,
    /// The products that being a member gives.
    products: Vec<String>,
    /// Whether its members administer the site, as its name tells.
    privileged: bool,
    /// Since when Jira does not list it any more.
    #[schema(value_type = Option<String>)]
    removed_at: Option<Timestamp>,
}

/// A member of a group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MemberView {
    /// The account: Atlassian's identifier of it.
    account: String,
    /// Its display name; null when it is erased, or was not read yet.
    name: Option<String>,
    /// Its e-mail address, if it is known.
    email: Option<String>,
    /// What it is for; null when it was not read yet.
    kind: Option<AccountKind>,
    /// Whether it can be used now; null when it was not read yet.
    active: Option<bool>,
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(members))
}

/// Lists the groups of a connection, by their identifiers.
#[utoipa::path(get, path = "/v1/groups", tag = "groups", security(("token" = ["auditor"])), params(GroupQuery), responses((status = 200, body = List<GroupView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<GroupQuery>,
) -> Result<Json<List<GroupView>>, Problem> {
    let connection = query.connection;
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let member = query.account.as_ref().map_or("", AccountId::as_str);
    let asked = page.of(&caller.tenant, &["groups", connection.as_str(), member])?;
    require_connection(&api, &caller, &connection).await?;
    let store = &api.core.store;
    if let Some(account) = &query.account {
        let account = require_account(&api, &caller, &connection, account).await?;
        let groups = store.groups_of(&caller.tenant, &connection, &account.groups).await?;
        return Ok(Json(List::whole(groups.into_iter().map(GroupView::of).collect())));
    }
    let stored = store.groups(&caller.tenant, &connection, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, GroupView::of)))
}

/// Shows one group.
#[utoipa::path(get, path = "/v1/groups/{connection}/{group}", tag = "groups", security(("token" = ["auditor"])), params(("connection" = String, Path), ("group" = String, Path)), responses((status = 200, body = GroupView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((connection, group)): Path<(ConnectionId, GroupId)>,
) -> Result<Json<GroupView>, Problem> {
    require(&api, &caller, &connection, &group).await.map(|group| Json(GroupView::of(group)))
}

/// Lists the members of a group, as they were read last. If the group is not `complete`, there may be more.
#[utoipa::path(get, path = "/v1/groups/{connection}/{group}/members", tag = "groups", security(("token" = ["auditor"])), params(("connection" = String, Path), ("group" = String, Path), PageQuery), responses((status = 200, body = List<MemberView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn members(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path((connection, group)): Path<(ConnectionId, GroupId)>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<MemberView>>, Problem> {
    let asked = page.of(&caller.tenant, &["members", connection.as_str(), group.as_str()])?;
    let place: u64 = asked.after.as_deref().map_or(Ok(0), str::parse).map_err(|_| {
        Problem::invalid("cursor", "the cursor is not one that this list gave; leave it out to begin anew")
    })?;
    let store = &api.core.store;
    require(&api, &caller, &connection, &group).await?;
    let start = place / ACCOUNTS_IN_PAGE * ACCOUNTS_IN_PAGE;
    let roster = Roster::Members(group);
    let stored = store.roster_page(&caller.tenant, &connection, &roster, start).await?;
    let stored = stored.map(|page| page.accounts).unwrap_or_default();
    let skipped = usize::try_from(place - start).unwrap_or_default();
    let ids: Vec<AccountId> = stored.iter().skip(skipped).take(asked.limit).cloned().collect();
    // A page of the table that is full has another one behind it, or an empty one.
    let end = place + ids.len() as u64;
    let goes_on = skipped + ids.len() < stored.len() || stored.len() as u64 == ACCOUNTS_IN_PAGE;
    let wanted: BTreeSet<AccountId> = ids.iter().cloned().collect();
    let accounts = with_ids(&api, &caller, &connection, &wanted).await?;
    let accounts: BTreeMap<AccountId, Account> =
        accounts.into_iter().map(|account| (account.id.clone(), account)).collect();
    let items = ids.iter().map(|id| MemberView::of(id, accounts.get(id))).collect();
    Ok(Json(List { items, next_cursor: asked.cursor(goes_on.then(|| end.to_string())) }))
}

async fn require(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    id: &GroupId,
) -> Result<Group, Problem> {
    let stored = api.core.store.group(&caller.tenant, connection, id).await?;
    stored.ok_or_else(|| {
        let message =
            format!("there is no group {id} at connection {connection}; `GET /v1/groups` lists them");
        assay::Error::not_found(message).into()
    })
}

impl GroupView {
    fn of(group: Group) -> Self {
        Self {
            privileged: group.is_privileged(),
            id: group.id.to_string(),
            name: group.name,
            members: group.members,
            complete: group.complete,
            products: group.products.iter().map(ToString::to_string).collect(),
            removed_at: group.removed_at,
        }
    }
}

impl MemberView {
    fn of(id: &AccountId, account: Option<&Account>) -> Self {
        let (name, email) = account.map(shown).unwrap_or_default();
        Self {
            account: id.to_string(),
            name,
            email,
            kind: account.map(|account| account.kind),
            active: account.map(Account::is_live),
        }
    }
}
