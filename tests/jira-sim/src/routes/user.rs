//! Accounts: all of them, some of them, those that an issue may be assigned to.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Reply},
    state::{World, account::Account, project::allows_globally},
};

/// Beyond this one a search for assignable accounts sees nobody.
const MOST_LOOKED_AT: usize = 1000;

fn to_json(world: &World, call: &Call, account: &Account) -> Value {
    account.to_json(&call.base, world.settings.hidden_emails, call.caller.id() == Some(account.id.as_str()))
}

/// Active, inactive and app accounts alike; a bare array without a total.
pub(crate) fn all(world: &mut World, call: &Call) -> Reply {
    if !allows_globally(call.caller.account(), "USER_PICKER") {
        return Err(Answer::forbidden("You do not have permission to browse users."));
    }
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.min(1000);
    let users: Vec<Value> =
        world.accounts.iter_from(start).take(most).map(|account| to_json(world, call, &account)).collect();
    let count = users.len();
    Ok(Answer::ok(Value::Array(users)).costing(count, 2))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let id = call.query.get("accountId").ok_or_else(|| Answer::bad_request("accountId is required."))?;
    if !allows_globally(call.caller.account(), "USER_PICKER") {
        return Err(Answer::forbidden("You do not have permission to browse users."));
    }
    let account = world.accounts.get(id);
    let account = account.ok_or_else(|| {
        Answer::not_found("Specified user does not exist or you do not have required permissions")
    })?;
    Ok(Answer::ok(to_json(world, call, &account)).costing(1, 2))
}

/// All groups of one account, in a bare array.
pub(crate) fn groups(world: &mut World, call: &Call) -> Reply {
    let id = call.query.get("accountId").ok_or_else(|| Answer::bad_request("accountId is required."))?;
    if !allows_globally(call.caller.account(), "USER_PICKER") {
        return Err(Answer::forbidden("You do not have permission to browse users."));
    }
    let account = world.accounts.get(id).filter(|account| !account.closed);
    let account = account.ok_or_else(|| {
        Answer::not_found("Specified user does not exist or you do not have required permissions")
    })?;
    let own = world.sites[call.site].groups.iter().filter(|group| account.in_group(&group.id));
    let link = |id: &str| call.link(&format!("group?groupId={id}"));
    let groups: Vec<Value> = own
        .map(|group| json!({ "name": group.name, "groupId": group.id, "self": link(&group.id) }))
        .collect();
    let count = groups.len();
    Ok(Answer::ok(Value::Array(groups)).costing(count, 2))
}

pub(crate) fn bulk(world: &mut World, call: &Call) -> Reply {
    let ids = call.query.list("accountId");
    if ids.is_empty() {
        return Err(Answer::bad_request("accountId is required."));
    }
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 10)?.clamp(1, 200);
    let found: Vec<Account> = ids.iter().filter_map(|id| world.accounts.get(id)).collect();
    let values: Vec<Value> =
        found.iter().skip(start).take(most).map(|account| to_json(world, call, account)).collect();
    let count = values.len();
    let body = json!({
        "maxResults": most,
        "startAt": start,
        "total": found.len(),
        "isLast": start + count >= found.len(),
        "values": values,
    });
    Ok(Answer::ok(body).costing(count, 2))
}

/// Jira takes a range of the first thousand accounts and leaves out who may not be assigned: a short page is not the
/// end (Atlassian's document, findAssignableUsers).
pub(crate) fn assignable(world: &mut World, call: &Call) -> Reply {
    let site = &world.sites[call.site];
    let caller = call.caller.account();
    let by_issue = call.query.get("issueKey").or_else(|| call.query.get("issueId"));
    let project = match (call.query.get("project"), by_issue) {
        (Some(name), _) => site.project_named(name),
        (None, Some(name)) => site.visible_issue(name, caller).and_then(|issue| site.project(issue.project)),
        (None, None) => {
            return Err(Answer::bad_request(
                "Either the 'project' or the 'issueKey' query parameter is required.",
            ));
        }
    };
    let project = project.filter(|project| project.allows(caller, "BROWSE_PROJECTS"));
    let project = project.ok_or_else(|| Answer::not_found("No project could be found."))?;
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.min(1000);
    let (words, wanted) = (call.query.get("query"), call.query.get("accountId"));
    if words.is_some() == wanted.is_some() {
        return Err(Answer::bad_request("Either 'query' or 'accountId' is required, and not both."));
    }
    let words = words.unwrap_or_default().to_lowercase();
    let fits = |account: &Account| {
        // Hidden addresses are not searched.
        let email =
            if account.email_hidden || world.settings.hidden_emails { "" } else { account.email.as_str() };
        wanted.is_none_or(|id| account.id == id)
            && (account.name.to_lowercase().starts_with(&words) || email.starts_with(&words))
    };
    let may_be_assigned =
        |account: &Account| account.assignable() && project.allows(Some(account), "ASSIGNABLE_USER");
    let found = world.accounts.iter().filter(fits).take(MOST_LOOKED_AT).skip(start).take(most);
    let users: Vec<Value> =
        found.filter(may_be_assigned).map(|account| to_json(world, call, &account)).collect();
    let count = users.len();
    Ok(Answer::ok(Value::Array(users)).costing(count, 2))
}
