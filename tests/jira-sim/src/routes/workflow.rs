//! `POST /workflows`: the steps of workflows, so that a way through them can be found before it is walked.

use serde_json::{Value, json};

use super::bulk::texts;
use crate::{
    call::{Answer, Call, Reply},
    state::{
        World,
        project::{Project, allows_globally},
        site::Site,
        vocabulary::Category,
        workflow::Transition,
    },
};

/// Workflows by name, by id, and by project and issue type. What does not exist or may not be seen is left out, which is
/// a guess; who may see no workflow at all is refused with 401, as Atlassian documents it.
pub(crate) fn read(world: &mut World, call: &Call) -> Reply {
    let site = &world.sites[call.site];
    let account = call.caller.account();
    let everything = allows_globally(account, "ADMINISTER");
    let sees = |project: &Project| {
        everything || (project.team_managed && project.allows(account, "ADMINISTER_PROJECTS"))
    };
    if !site.projects.iter().any(sees) {
        return Err(Answer::error(401, "You do not have permission to read workflows."));
    }
    let (names, ids) = (texts(&call.body["workflowNames"]), texts(&call.body["workflowIds"]));
    let pairs = call.body["projectAndIssueTypes"].as_array().map_or(&[][..], Vec::as_slice);
    if names.is_empty() && ids.is_empty() && pairs.is_empty() {
        return Err(Answer::bad_request(
            "Name workflows by workflowNames, workflowIds or projectAndIssueTypes.",
        ));
    }
    let has_type = |project: &Project, wanted: &Value| {
        project.issue_types.iter().any(|kind| wanted["issueTypeId"] == json!(kind.to_string()))
    };
    let asked = |project: &Project| {
        names.contains(&name(project))
            || ids.contains(&id(project))
            || pairs.iter().any(|wanted| {
                wanted["projectId"] == json!(project.id.to_string()) && has_type(project, wanted)
            })
    };
    let found: Vec<&Project> =
        site.projects.iter().filter(|project| sees(project) && asked(project)).collect();
    let mut statuses: Vec<u64> =
        found.iter().flat_map(|project| project.workflow.statuses.iter().copied()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let statuses: Vec<Value> = statuses.into_iter().filter_map(|id| status_json(site, id)).collect();
    let workflows: Vec<Value> = found.iter().map(|project| workflow_json(project)).collect();
    let count = workflows.len();
    Ok(Answer::ok(json!({ "statuses": statuses, "workflows": workflows })).costing(count, 1))
}

/// Every project has a workflow of its own.
fn name(project: &Project) -> String {
    format!("Workflow of project {}", project.id)
}

fn id(project: &Project) -> String {
    format!("b9ff2384-d3b6-4d4e-9509-{:012}", project.id)
}

fn scope(project: Option<u64>) -> Value {
    match project {
        Some(id) => json!({ "type": "PROJECT", "project": { "id": id.to_string() } }),
        None => json!({ "type": "GLOBAL" }),
    }
}

fn status_json(site: &Site, id: u64) -> Option<Value> {
    let status = site.status(id)?;
    let category = match status.category {
        Category::New => "TODO",
        Category::Indeterminate => "IN_PROGRESS",
        Category::Done => "DONE",
    };
    Some(json!({
        "id": id.to_string(),
        "statusReference": id.to_string(),
        "name": status.name,
        "description": "",
        "statusCategory": category,
        "scope": scope(status.project),
    }))
}

fn workflow_json(project: &Project) -> Value {
    let workflow = &project.workflow;
    let initial = json!({
        "id": "1",
        "type": "INITIAL",
        "name": "Create",
        "description": "",
        "toStatusReference": workflow.initial().to_string(),
        "links": [],
        "actions": [],
        "validators": [],
        "triggers": [],
        "properties": {},
    });
    let transitions: Vec<Value> =
        std::iter::once(initial).chain(workflow.transitions.iter().map(transition_json)).collect();
    let statuses = workflow
        .statuses
        .iter()
        .map(|id| json!({ "statusReference": id.to_string(), "deprecated": false, "properties": {} }));
    json!({
        "id": id(project),
        "name": name(project),
        "description": "",
        "isEditable": true,
        "scope": scope(project.team_managed.then_some(project.id)),
        "statuses": statuses.collect::<Vec<_>>(),
        "transitions": transitions,
        "version": { "id": id(project), "versionNumber": 1 },
    })
}

fn transition_json(step: &Transition) -> Value {
    let links: Vec<Value> = step
        .from
        .iter()
        .map(|from| json!({ "fromStatusReference": from.to_string(), "fromPort": 0, "toPort": 1 }))
        .collect();
    // A required resolution is the screen's doing; other required fields have a validator.
    let validated: Vec<&str> =
        step.required.iter().map(String::as_str).filter(|field| *field != "resolution").collect();
    let validators = if validated.is_empty() {
        Vec::new()
    } else {
        let parameters = json!({ "ruleType": "fieldRequired", "fieldsRequired": validated.join(",") });
        vec![json!({ "ruleKey": "system:validate-field-value", "parameters": parameters })]
    };
    let mut value = json!({
        "id": step.id.to_string(),
        "type": if step.from.is_empty() { "GLOBAL" } else { "DIRECTED" },
        "name": step.name,
        "description": "",
        "toStatusReference": step.to.to_string(),
        "links": links,
        "actions": [],
        "validators": validators,
        "triggers": [],
        "properties": {},
    });
    if !step.screen.is_empty() {
        let parameters = json!({ "screenId": format!("{}", 10_000 + step.id) });
        value["transitionScreen"] =
            json!({ "ruleKey": "system:transition-screen", "parameters": parameters });
    }
    value
}
