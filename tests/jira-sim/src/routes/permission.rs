//! `GET /mypermissions` and `POST /permissions/check`.

use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Reply},
    routes::NO_ISSUE,
    state::{
        World,
        account::Account,
        project::{GLOBAL_PERMISSIONS, PROJECT_PERMISSIONS, Project, allows_globally},
    },
};

const MOST_CHECKED: usize = 1000;

pub(crate) fn mine(world: &mut World, call: &Call) -> Reply {
    let wanted = call.query.list("permissions");
    if wanted.is_empty() {
        return Err(Answer::bad_request("The 'permissions' query parameter is required."));
    }
    let account = call.caller.account();
    let projects = projects_meant(world, call)?;
    let mut permissions = Map::new();
    for key in &wanted {
        let global = GLOBAL_PERMISSIONS.iter().position(|(known, _)| known == key);
        let in_project = PROJECT_PERMISSIONS.iter().position(|(known, _)| known == key);
        let (id, name, kind, have) = match (global, in_project) {
            (Some(at), _) => (at, GLOBAL_PERMISSIONS[at].1, "GLOBAL", allows_globally(account, key)),
            (None, Some(at)) => {
                // Outside of a project or issue: in any project.
                let have = projects.iter().any(|project| project.allows(account, key));
                (at + 10, PROJECT_PERMISSIONS[at].1, "PROJECT", have)
            }
            (None, None) => return Err(Answer::bad_request(&format!("Unrecognized permission: {key}"))),
        };
        let permission = json!({
            "id": id.to_string(),
            "key": key,
            "name": name,
            "type": kind,
            "description": name,
            "havePermission": have,
        });
        permissions.insert(key.clone(), permission);
    }
    Ok(Answer::ok(json!({ "permissions": permissions })).costing(wanted.len(), 2))
}

fn projects_meant<'a>(world: &'a World, call: &Call) -> Result<Vec<&'a Project>, Answer> {
    let site = &world.sites[call.site];
    let account = call.caller.account();
    let project = call.query.get("projectKey").or_else(|| call.query.get("projectId"));
    if let Some(name) = project {
        let found = site.project_named(name).filter(|project| project.allows(account, "BROWSE_PROJECTS"));
        let message = format!("No project could be found with key '{name}'.");
        return found.map(|project| vec![project]).ok_or_else(|| Answer::not_found(&message));
    }
    let issue = call.query.get("issueKey").or_else(|| call.query.get("issueId"));
    if let Some(name) = issue {
        let found = site.visible_issue(name, account).and_then(|issue| site.project(issue.project));
        return found.map(|project| vec![project]).ok_or_else(|| Answer::not_found(NO_ISSUE));
    }
    Ok(site.projects.iter().collect())
}

pub(crate) fn check(world: &mut World, call: &Call) -> Reply {
    let site = &world.sites[call.site];
    let own = call.caller.account();
    // Without `accountId` the answer is about the caller.
    let other: Option<Account> = match call.body["accountId"].as_str() {
        Some(id) if Some(id) != call.caller.id() => {
            if !allows_globally(own, "ADMINISTER") {
                return Err(Answer::forbidden(
                    "Only Jira administrators can check other users' permissions.",
                ));
            }
            let account = world.accounts.get(id);
            Some(account.ok_or_else(|| Answer::bad_request(&format!("User '{id}' does not exist.")))?)
        }
        _ => None,
    };
    let account = other.as_ref().or(own);
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let global_wanted = texts(&call.body["globalPermissions"]);
    if let Some(unknown) =
        global_wanted.iter().find(|key| !GLOBAL_PERMISSIONS.iter().any(|(known, _)| known == key))
    {
        return Err(Answer::bad_request(&format!("Unrecognized permission: {unknown}")));
    }
    let global: Vec<&String> = global_wanted.iter().filter(|key| allows_globally(account, key)).collect();
    let mut grants = Vec::new();
    for wanted in call.body["projectPermissions"].as_array().into_iter().flatten() {
        let projects = numbers(&wanted["projects"])?;
        let issues = numbers(&wanted["issues"])?;
        for permission in texts(&wanted["permissions"]) {
            if !PROJECT_PERMISSIONS.iter().any(|(known, _)| *known == permission) {
                return Err(Answer::bad_request(&format!("Unrecognized permission: {permission}")));
            }
            // Unknown ids are dropped in silence.
            let allows = |project: Option<&Project>| {
                project.is_some_and(|project| project.allows(account, &permission))
            };
            let projects: Vec<u64> =
                projects.iter().copied().filter(|id| allows(site.project(*id))).collect();
            let in_issue =
                |id: &u64| allows(site.issues.get(*id).and_then(|issue| site.project(issue.project)));
            let issues: Vec<u64> = issues.iter().copied().filter(in_issue).collect();
            grants.push(json!({ "permission": permission, "projects": projects, "issues": issues }));
        }
    }
    let count = global_wanted.len() + grants.len();
    Ok(Answer::ok(json!({ "globalPermissions": global, "projectPermissions": grants })).costing(count, 2))
}

fn numbers(value: &Value) -> Result<Vec<u64>, Answer> {
    let Some(values) = value.as_array() else { return Ok(Vec::new()) };
    if values.len() > MOST_CHECKED {
        return Err(Answer::bad_request("The number of projects or issues exceeds the limit of 1000."));
    }
    let read = |value: &Value| value.as_u64().ok_or_else(|| Answer::bad_request("Ids are numbers."));
    values.iter().map(read).collect()
}
