//! `GET /project/search`, `GET /project/{idOrKey}` and `…/statuses`.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Reply},
    state::{
        World,
        project::{Project, allows_globally},
    },
};

const MOST: usize = 100;
const NO_PROJECT: &str = "No project could be found with key";

pub(crate) fn search(world: &mut World, call: &Call) -> Reply {
    let site = &world.sites[call.site];
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.clamp(1, MOST);
    let action = call.query.get("action").unwrap_or("view");
    let permission = match action {
        "view" | "browse" => "BROWSE_PROJECTS",
        "edit" => "ADMINISTER_PROJECTS",
        "create" => "CREATE_ISSUES",
        other => return Err(Answer::bad_request(&format!("Unknown action: {other}"))),
    };
    let states = call.query.list("status");
    let wants_archived = states.iter().any(|state| state == "archived");
    let wants_live = states.is_empty() || states.iter().any(|state| state == "live");
    let keys = call.query.list("keys");
    let ids = call.query.list("id");
    let words = call.query.get("query").unwrap_or_default().to_lowercase();
    let account = call.caller.account();
    // Atlassian's document: projects that the caller may browse or administer, and all for Jira's administrators.
    let listed = |project: &&Project| {
        project.allows(account, permission)
            || (action == "view"
                && (project.grants_administration(account) || allows_globally(account, "ADMINISTER")))
    };
    let mut found: Vec<&Project> = site
        .projects
        .iter()
        .filter(listed)
        .filter(|project| if project.archived { wants_archived } else { wants_live })
        .filter(|project| keys.is_empty() || keys.contains(&project.key))
        .filter(|project| ids.is_empty() || ids.contains(&project.id.to_string()))
        .filter(|project| {
            project.key.to_lowercase().contains(&words) || project.name.to_lowercase().contains(&words)
        })
        .collect();
    match call.query.get("orderBy").unwrap_or("key") {
        "name" | "+name" => found.sort_by(|one, other| one.name.cmp(&other.name)),
        "-name" => found.sort_by(|one, other| other.name.cmp(&one.name)),
        "-key" => found.sort_by(|one, other| other.key.cmp(&one.key)),
        _ => found.sort_by(|one, other| one.key.cmp(&other.key)),
    }
    let total = found.len();
    let page: Vec<Value> =
        found.iter().skip(start).take(most).map(|project| expanded(world, call, project)).collect();
    let count = page.len();
    let mut body = json!({
        "self": call.link(&format!("project/search?maxResults={most}&startAt={start}")),
        "maxResults": most,
        "startAt": start,
        "total": total,
        "isLast": start + count >= total,
        "values": page,
    });
    if start + count < total {
        body["nextPage"] =
            json!(call.link(&format!("project/search?maxResults={most}&startAt={}", start + count)));
    }
    Ok(Answer::ok(body).costing(count, 1))
}

fn expanded(world: &World, call: &Call, project: &Project) -> Value {
    let site = &world.sites[call.site];
    let mut value = project.to_json(&call.base);
    let expand = call.query.list("expand");
    if expand.iter().any(|part| part == "issueTypes") {
        let types = site.issue_types.iter().filter(|kind| project.issue_types.contains(&kind.id));
        value["issueTypes"] =
            types.map(|kind| project.type_json(kind, &call.base, call.caller.locale())).collect();
    }
    if expand.iter().any(|part| part == "lead")
        && let Some(lead) = world.accounts.get("acc-admin")
    {
        value["lead"] = lead.to_json(&call.base, world.settings.hidden_emails, false);
    }
    value
}

/// The project that the path names, if the caller may see it.
pub(crate) fn project_of<'a>(world: &'a World, call: &Call) -> Result<&'a Project, Answer> {
    let name = call.param(0);
    let found = world.sites[call.site].project_named(name);
    found
        .filter(|project| project.allows(call.caller.account(), "BROWSE_PROJECTS"))
        .ok_or_else(|| Answer::not_found(&format!("{NO_PROJECT} '{name}'.")))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let project = project_of(world, call)?;
    let mut value = expanded(world, call, project);
    let types =
        world.sites[call.site].issue_types.iter().filter(|kind| project.issue_types.contains(&kind.id));
    value["issueTypes"] =
        types.map(|kind| project.type_json(kind, &call.base, call.caller.locale())).collect();
    value["description"] = json!("");
    Ok(Answer::ok(value).costing(1, 1))
}

pub(crate) fn statuses(world: &mut World, call: &Call) -> Reply {
    let project = project_of(world, call)?;
    let site = &world.sites[call.site];
    let locale = call.caller.locale();
    let statuses: Vec<Value> = project
        .workflow
        .statuses
        .iter()
        .filter_map(|id| site.status(*id))
        .map(|status| status.to_json(&call.base, locale))
        .collect();
    let types = site.issue_types.iter().filter(|kind| project.issue_types.contains(&kind.id));
    let grouped: Vec<Value> = types
        .map(|kind| {
            let kind = kind.to_json(&call.base, locale);
            json!({
                "self": kind["self"],
                "id": kind["id"],
                "name": kind["name"],
                "subtask": kind["subtask"],
                "statuses": statuses,
            })
        })
        .collect();
    Ok(Answer::ok(Value::Array(grouped)).costing(1, 1))
}
