//! Groups and their members.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Reply},
    state::{World, account::Account, group::Group, project::allows_globally},
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
    let (id, name) = (call.query.get("groupId"), call.query.get("groupname"));
    let mut groups = world.sites[call.site].groups.iter();
    let group = groups
        .find(|group| Some(group.id.as_str()) == id || (id.is_none() && Some(group.name.as_str()) == name));
    let group = group.ok_or_else(|| Answer::not_found("The group does not exist."))?;
    let inactive = call.query.is_true("includeInactiveUsers");
    let is_member = |account: &Account| account.groups.contains(&group.name) && (inactive || account.active);
    let total = world.accounts.iter().filter(is_member).count();
    let values: Vec<Value> = world
        .accounts
        .iter()
        .filter(is_member)
        .skip(start)
        .take(most)
        .map(|account| account.to_json(&call.base, world.settings.hidden_emails, false))
        .collect();
    let count = values.len();
    let mut body = json!({
        "self": call.link(&format!("group/member?groupId={}&maxResults={most}&startAt={start}", group.id)),
        "maxResults": most,
        "startAt": start,
        "total": total,
        "isLast": start + count >= total,
        "values": values,
    });
    if start + count < total {
        let next = format!("group/member?groupId={}&maxResults={most}&startAt={}", group.id, start + count);
        body["nextPage"] = json!(call.link(&next));
    }
    Ok(Answer::ok(body).costing(count, 2))
}
