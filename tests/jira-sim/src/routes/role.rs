//! Project roles: which there are, and who is in them in one project.

use serde_json::{Map, Value, json};

use super::bulk::texts;
use crate::{
    call::{Answer, Call, Reply},
    state::{
        World,
        group::Group,
        project::{Project, allows_globally},
        vocabulary::ROLES,
    },
};

/// The project that the path names, if the caller administers it.
fn project<'a>(world: &'a World, call: &Call, refusal: u16) -> Result<&'a Project, Answer> {
    let name = call.param(0);
    let found = world.sites[call.site].project_named(name);
    let found =
        found.ok_or_else(|| Answer::not_found(&format!("No project could be found with key '{name}'.")))?;
    let account = call.caller.account();
    if allows_globally(account, "ADMINISTER")
        || found.grants_administration(account)
        || found.allows(account, "ADMINISTER_PROJECTS")
    {
        Ok(found)
    } else {
        Err(Answer::error(
            refusal,
            "You must have Administer Projects permission in the project or be a Jira administrator.",
        ))
    }
}

fn role(call: &Call) -> Result<(u64, &'static str), Answer> {
    let id = call.param(1);
    let found = ROLES.into_iter().find(|(known, _)| known.to_string() == id);
    found.ok_or_else(|| Answer::not_found(&format!("Can not retrieve a role actor for the role id '{id}'.")))
}

/// Names and addresses of the roles, without their actors.
pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let project = project(world, call, 404)?;
    let link = |id: u64| json!(call.link(&format!("project/{}/role/{id}", project.id)));
    let roles: Map<String, Value> = ROLES.into_iter().map(|(id, name)| (name.to_owned(), link(id))).collect();
    let count = roles.len();
    Ok(Answer::ok(Value::Object(roles)).costing(count, 2))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    project(world, call, 404)?;
    shown(world, call)
}

/// The role with its actors, sorted by the names that are shown.
fn shown(world: &World, call: &Call) -> Reply {
    let project = project(world, call, 404)?;
    let (id, name) = role(call)?;
    let active_only = call.query.is_true("excludeInactiveUsers");
    let mut actors: Vec<(String, Value)> = Vec::new();
    for (_, member) in project.role_members.iter().filter(|(role, _)| role == name) {
        let Some(account) = world.accounts.get(member) else { continue };
        if active_only && !account.active {
            continue;
        }
        actors.push((
            account.name.clone(),
            json!({
                "displayName": account.name,
                "type": "atlassian-user-role-actor",
                "actorUser": { "accountId": account.id },
            }),
        ));
    }
    for (_, member) in project.role_groups.iter().filter(|(role, _)| role == name) {
        let mut groups = world.sites[call.site].groups.iter();
        let Some(group) = groups.find(|group| group.id == *member) else { continue };
        actors.push((
            group.name.clone(),
            json!({
                "displayName": group.name,
                "name": group.name,
                "type": "atlassian-group-role-actor",
                "actorGroup": { "name": group.name, "displayName": group.name, "groupId": group.id },
            }),
        ));
    }
    actors.sort_by(|(one, _), (other, _)| one.cmp(other));
    let number = |(position, (_, mut actor)): (usize, (String, Value))| {
        actor["id"] = json!(project.id * 10_000 + position as u64);
        actor
    };
    let actors: Vec<Value> = actors.into_iter().enumerate().map(number).collect();
    let count = actors.len();
    let body = json!({
        "self": call.link(&format!("project/{}/role/{id}", project.id)),
        "name": name,
        "id": id,
        "description": "",
        "actors": actors,
    });
    Ok(Answer::ok(body).costing(count.max(1), 2))
}

/// Ids of groups that a request names by id or by name.
fn groups<'a>(
    world: &'a World,
    call: &Call,
    ids: &[String],
    names: &[String],
) -> Result<Vec<&'a Group>, Answer> {
    let known = &world.sites[call.site].groups;
    let absent = |name: &String| Answer::not_found(&format!("The group '{name}' does not exist."));
    let by_id = ids.iter().map(|id| known.iter().find(|group| group.id == *id).ok_or_else(|| absent(id)));
    let by_name =
        names.iter().map(|name| known.iter().find(|group| group.name == *name).ok_or_else(|| absent(name)));
    by_id.chain(by_name).collect()
}

/// Adds people and groups; who is in it already stays in it.
pub(crate) fn add(world: &mut World, call: &Call) -> Reply {
    let id = project(world, call, 401)?.id;
    let (_, name) = role(call)?;
    let users = texts(&call.body["user"]);
    let groups = groups(world, call, &texts(&call.body["groupId"]), &texts(&call.body["group"]))?;
    let groups: Vec<String> = groups.into_iter().map(|group| group.id.clone()).collect();
    if users.is_empty() && groups.is_empty() {
        return Err(Answer::bad_request("Either 'user', 'group' or 'groupId' is required."));
    }
    for user in &users {
        if !world.accounts.get(user).is_some_and(|account| account.active) {
            return Err(Answer::not_found(&format!("The user '{user}' does not exist or is not active.")));
        }
    }
    if let Some(project) = world.sites[call.site].project_mut(id) {
        project.role_members.extend(users.into_iter().map(|user| (name.to_owned(), user)));
        project.role_groups.extend(groups.into_iter().map(|group| (name.to_owned(), group)));
    }
    shown(world, call)
}

/// Takes one actor out. Whether Jira tells of one who is not in it is not documented; here that is 404.
pub(crate) fn remove(world: &mut World, call: &Call) -> Reply {
    let id = project(world, call, 404)?.id;
    let (_, name) = role(call)?;
    let user = call.query.get("user").map(str::to_owned);
    let list = |name: &str| call.query.get(name).map(str::to_owned).into_iter().collect::<Vec<_>>();
    let (ids, names) = (list("groupId"), list("group"));
    if usize::from(user.is_some()) + ids.len() + names.len() != 1 {
        return Err(Answer::bad_request("One of 'user', 'group' and 'groupId' is required."));
    }
    let group = groups(world, call, &ids, &names)?.first().map(|group| group.id.clone());
    let project = world.sites[call.site].project_mut(id);
    let taken = project.is_some_and(|project| match (user, group) {
        (Some(user), _) => project.role_members.remove(&(name.to_owned(), user)),
        (None, Some(group)) => project.role_groups.remove(&(name.to_owned(), group)),
        (None, None) => false,
    });
    if taken { Ok(Answer::empty(204)) } else { Err(Answer::not_found("There is no such actor in the role.")) }
}
