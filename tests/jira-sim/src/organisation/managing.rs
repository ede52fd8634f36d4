//! Accounts that the organisation keeps out: suspended, restored, removed from its directory; and managed accounts, below
//! `https://api.atlassian.com/users`, deactivated and activated.
//!
//! Source: Atlassian's documents of the organisations API and of the user management API.

use serde_json::{Value, json};

use super::{Asked, DIRECTORY, Handler, Operation, error, has_key, wrong};
use crate::{
    call::{Answer, Incoming, Reply},
    operation::{Api, Described, matches},
    state::{
        World,
        account::{Account, AccountKind},
    },
};

pub(super) const SUSPEND: &str = "/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend";
pub(super) const RESTORE: &str = "/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore";
pub(super) const ENTRY: &str = "/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}";

const fn managed(id: &'static str, method: &'static str, path: &'static str, handler: Handler) -> Operation {
    Operation { described: Described { id, method, path, api: Api::UserManagement }, handler }
}

static MANAGED: [Operation; 3] = [
    managed("manageUser", "GET", "/users/{account_id}/manage", manage),
    managed("disableUser", "POST", "/users/{account_id}/manage/lifecycle/disable", disable),
    managed("enableUser", "POST", "/users/{account_id}/manage/lifecycle/enable", enable),
];

/// The operation for a method and a whole path, with the part in its braces.
pub(crate) fn find_managed(method: &str, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    MANAGED
        .iter()
        .filter(|operation| operation.described.method == method)
        .find_map(|operation| matches(operation.described.path, path).map(|params| (operation, params)))
}

/// Answers one call about a managed account.
pub(crate) fn answer_managed(world: &mut World, method: &str, path: &str, incoming: &Incoming) -> Answer {
    if !has_key(incoming) {
        return Answer::gateway_error(401, "Unauthorized");
    }
    let Some((operation, params)) = find_managed(method, path) else {
        return Answer::gateway_error(404, "Not Found");
    };
    let (Ok(answer) | Err(answer)) = (operation.handler)(world, &Asked { params, incoming });
    answer
}

/// A person whom the directory lists.
fn listed(world: &World, asked: &Asked<'_>) -> Result<Account, Answer> {
    let not_found = || error(404, "ADMIN-404-1", "Not found");
    let (directory, id) = (asked.params.get(1), asked.params.get(2));
    if directory.is_none_or(|directory| directory != DIRECTORY) {
        return Err(not_found());
    }
    let account = id.and_then(|id| world.accounts.get(id)).ok_or_else(not_found)?;
    let is_listed = account.kind == AccountKind::Person && !account.closed && !account.removed;
    if is_listed { Ok(account) } else { Err(not_found()) }
}

pub(super) fn suspend(world: &mut World, asked: &Asked<'_>) -> Reply {
    keep_out(world, asked, true)
}

pub(super) fn restore(world: &mut World, asked: &Asked<'_>) -> Reply {
    keep_out(world, asked, false)
}

fn keep_out(world: &mut World, asked: &Asked<'_>, suspended: bool) -> Reply {
    let mut account = listed(world, asked)?;
    account.suspended = suspended;
    account.settle();
    world.accounts.put(account);
    Ok(Answer::empty(204))
}

/// Its groups and roles are lost. That Jira does not delete who reported issues is taken over from its own deletion of users;
/// Atlassian's document does not tell the reasons of a 400.
pub(super) fn remove(world: &mut World, asked: &Asked<'_>) -> Reply {
    let mut account = listed(world, asked)?;
    let reported = |site: &crate::state::site::Site| {
        site.issues.all().any(|(issue, deleted)| !deleted && issue.reporter == account.id)
    };
    if world.sites.iter().any(reported) {
        return Err(wrong("The user is the reporter of issues and cannot be deleted"));
    }
    account.removed = true;
    account.suspended = false;
    account.admin = false;
    account.groups.clear();
    account.organisation_roles.clear();
    account.settle();
    world.accounts.put(account);
    Ok(Answer::empty(204))
}

/// A person whose domain the organisation verified.
fn owned(world: &World, asked: &Asked<'_>) -> Result<Account, Answer> {
    let account = asked.params.first().and_then(|id| world.accounts.get(id));
    let account = account.filter(|account| account.kind == AccountKind::Person && !account.closed);
    let account = account.ok_or_else(|| Answer::json(404, json!({ "key": "notFound" })))?;
    if account.managed {
        return Ok(account);
    }
    Err(Answer::json(403, json!({ "key": "forbidden.unclaimedDomain", "context": {} })))
}

fn manage(world: &mut World, asked: &Asked<'_>) -> Reply {
    owned(world, asked)?;
    Ok(Answer::ok(json!({ "lifecycle.enablement": { "allowed": true } })))
}

fn disable(world: &mut World, asked: &Asked<'_>) -> Reply {
    let body = asked.incoming.json().unwrap_or(Value::Null);
    if !body.is_object() {
        return Err(Answer::json(400, json!({ "key": "badRequest" })));
    }
    lock(world, asked, true)
}

fn enable(world: &mut World, asked: &Asked<'_>) -> Reply {
    lock(world, asked, false)
}

fn lock(world: &mut World, asked: &Asked<'_>, disabled: bool) -> Reply {
    let mut account = owned(world, asked)?;
    account.disabled = disabled;
    account.settle();
    world.accounts.put(account);
    Ok(Answer::empty(204))
}
