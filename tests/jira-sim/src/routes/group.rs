//! Groups and their members.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Reply, object},
    state::{
        World,
        account::Account,
        group::{Group, SITE_ADMINS},
        project::allows_globally,
    },
};

const MOST_MEMBERS: usize = 50;

pub(crate) fn bulk(world: &mut World, call: &Call) -> Reply {
    if !allows_globally(call.caller.account(), "USER_PICKER") {
        return Err(Answer::forbidden("You do not have permission to browse groups."));
    }
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.clamp(1, 50);
    let (ids, names) = (call.query.list("groupId"), call.query.list("groupName"));
    let application = call.query.get("applicationKey");
    let access = call.query.get("accessType");
    let fits = |group: &&Group| {
        (ids.is_empty() || ids.contains(&group.id))
            && (names.is_empty() || names.contains(&group.name))
            && application.is_none_or(|key| group.application.as_deref() == Some(key))
            && access.is_none_or(|kind| group.access_type == kind)
    };
    let found: Vec<&Group> = world.sites[call.site].groups.iter().filter(fits).collect();
    let values: Vec<Value> = found
        .iter()
        .skip(start)
        .take(most)
        .map(|group| json!({ "groupId": group.id, "name": group.name }))
        .collect();
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

/// At most 50 a page, and no inactive ones unless asked for.
pub(crate) fn members(world: &mut World, call: &Call) -> Reply {
    if !allows_globally(call.caller.account(), "USER_PICKER") {
        return Err(Answer::forbidden("You do not have permission to browse groups."));
    }
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", MOST_MEMBERS)?.clamp(1, MOST_MEMBERS);
    let group = named(world, call)?;
    let members = world.accounts.members(&group.id, call.query.is_true("includeInactiveUsers"));
    let total = members.len();
    let page = world.accounts.page(&members, start, most);
    let values: Vec<Value> =
        page.iter().map(|account| account.to_json(&call.base, world.settings.hidden_emails, false)).collect();
    let count = values.len();
    let own = format!("group/member?groupId={}&maxResults={most}&startAt={start}", group.id);
    let mut body = object([
        ("self", call.link(&own).into()),
        ("maxResults", most.into()),
        ("startAt", start.into()),
        ("total", total.into()),
        ("isLast", (start + count >= total).into()),
        ("values", Value::Array(values)),
    ]);
    if start + count < total {
        let next = format!("group/member?groupId={}&maxResults={most}&startAt={}", group.id, start + count);
        body["nextPage"] = json!(call.link(&next));
    }
    Ok(Answer::ok(body).costing(count, 2))
}

/// The group that the query names by id or name.
fn named(world: &World, call: &Call) -> Result<Group, Answer> {
    let (id, name) = (call.query.get("groupId"), call.query.get("groupname"));
    if id.is_some() == name.is_some() {
        return Err(Answer::bad_request("Either 'groupId' or 'groupname' is required, and not both."));
    }
    let mut groups = world.sites[call.site].groups.iter();
    let found = groups.find(|group| Some(group.id.as_str()) == id || Some(group.name.as_str()) == name);
    found.cloned().ok_or_else(|| Answer::not_found("The group does not exist."))
}

/// Who changes groups is in the group of site administrators (Atlassian's document, addUserToGroup); *Administer Jira*
/// by itself is not enough. A person cannot add or remove by an id that does not exist.
fn membership(world: &World, call: &Call, account: Option<&str>) -> Result<(Group, Account), Answer> {
    if !call.caller.account().is_some_and(|caller| caller.active && caller.in_group(SITE_ADMINS)) {
        return Err(Answer::forbidden("You do not have permission to change the members of groups."));
    }
    let group = named(world, call)?;
    let id = account.ok_or_else(|| Answer::bad_request("accountId is required."))?;
    let account = world.accounts.get(id).filter(|account| !account.closed);
    let account = account.ok_or_else(|| Answer::not_found(&format!("The user '{id}' does not exist.")))?;
    Ok((group, account))
}

/// Who leaves the last group of administrators is none any more.
fn put(world: &mut World, call: &Call, mut account: Account, group: &Group) {
    if group.administers() {
        let groups = &world.sites[call.site].groups;
        account.admin = groups.iter().any(|known| known.administers() && account.in_group(&known.id));
    }
    world.accounts.put(account);
}

/// The words and the 400 of who is in it already are those of Jira Data Center.
pub(crate) fn add(world: &mut World, call: &Call) -> Reply {
    let (group, mut account) = membership(world, call, call.body["accountId"].as_str())?;
    if account.in_group(&group.id) {
        return Err(Answer::bad_request(&format!(
            "Cannot add user. '{}' is already a member of '{}'",
            account.id, group.name
        )));
    }
    account.groups.push(group.id.clone());
    put(world, call, account, &group);
    Ok(Answer::json(
        201,
        json!({
            "name": group.name,
            "groupId": group.id,
            "self": call.link(&format!("group?groupId={}", group.id)),
            "users": { "size": 0, "items": [], "max-results": 50, "start-index": 0, "end-index": 0 },
            "expand": "users",
        }),
    ))
}

pub(crate) fn remove(world: &mut World, call: &Call) -> Reply {
    let (group, mut account) = membership(world, call, call.query.get("accountId"))?;
    if !account.in_group(&group.id) {
        return Err(Answer::bad_request(&format!(
            "Cannot remove user '{}' from group '{}' since user is not a member of '{}'",
            account.id, group.name, group.name
        )));
    }
    account.groups.retain(|own| *own != group.id);
    put(world, call, account, &group);
    Ok(Answer::empty(200))
}
