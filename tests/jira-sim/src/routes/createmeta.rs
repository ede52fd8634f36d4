//! Create metadata: which types and fields an issue of a project can have.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Reply},
    routes::{fields::permission_to_set, project::project_of},
    state::{
        World,
        project::{Field, Project},
    },
};

const MOST: usize = 200;

/// Needs *Create issues*; without it the project looks absent.
fn creatable<'a>(world: &'a World, call: &Call) -> Result<&'a Project, Answer> {
    let project = project_of(world, call).map_err(|_| unavailable())?;
    project.allows(call.caller.account(), "CREATE_ISSUES").then_some(project).ok_or_else(unavailable)
}

fn unavailable() -> Answer {
    Answer::bad_request("The project does not exist or you do not have permission to create issues in it.")
}

/// These lists come under two names and without `isLast`.
fn page(call: &Call, names: [&str; 2], all: Vec<Value>) -> Reply {
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.clamp(1, MOST);
    let total = all.len();
    let values: Vec<Value> = all.into_iter().skip(start).take(most).collect();
    let mut body = json!({ "startAt": start, "maxResults": most, "total": total });
    body[names[0]] = json!(values);
    body[names[1]] = json!([]);
    Ok(Answer::ok(body).costing(1, 1))
}

pub(crate) fn issue_types(world: &mut World, call: &Call) -> Reply {
    let project = creatable(world, call)?;
    let types =
        world.sites[call.site].issue_types.iter().filter(|kind| project.issue_types.contains(&kind.id));
    let all = types.map(|kind| project.type_json(kind, &call.base, call.caller.locale())).collect();
    page(call, ["issueTypes", "createMetaIssueType"], all)
}

/// The fields that this caller may set on an issue of a type; a write of another one is refused.
pub(crate) fn offered<'a>(
    project: &'a Project,
    call: &'a Call,
    issue_type: u64,
) -> impl Iterator<Item = &'a Field> {
    let may_set = |field: &Field| {
        let permission = permission_to_set(&field.id);
        permission.is_none_or(|permission| project.allows(call.caller.account(), permission))
    };
    project.fields.iter().filter(move |field| field.applies_to(issue_type) && may_set(field))
}

pub(crate) fn fields(world: &mut World, call: &Call) -> Reply {
    let project = creatable(world, call)?;
    let site = &world.sites[call.site];
    let wanted = call.param(1).parse::<u64>().ok().filter(|id| project.issue_types.contains(id));
    let Some(issue_type) = wanted.and_then(|id| site.issue_type(id)) else {
        return Err(Answer::bad_request("The issue type does not exist in this project."));
    };
    let is_subtask = issue_type.level < 0;
    let all = offered(project, call, issue_type.id).map(|field| {
        let mut value = field.to_json(project, &site.issue_types, &call.base, call.caller.locale());
        if field.id == "parent" && is_subtask {
            value["required"] = json!(true);
        }
        value
    });
    let all = all.collect();
    page(call, ["fields", "results"], all)
}
