//! One issue: create, read, edit, assign, delete.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    allowed, conflict,
    fields::{Problems, Screen, assign as assign_field, merged},
    issue_of, save,
    view::{Extras, Selection, issue_json},
    writable_issue_of,
};
use crate::{
    activity::{ActivityEvent, ActivityKind},
    call::{Answer, Call, Reply},
    state::{
        World,
        issue::{Change, ChangeItem, Comment, Issue},
        project::Project,
    },
    webhooks::{Event, Flow, publish},
};

pub(crate) fn create(world: &mut World, call: &Call) -> Reply {
    match create_one(world, call, &call.body) {
        Ok(issue) => Ok(Answer::json(201, created_json(world, call, &issue))),
        Err(problems) => Err(problems.answer()),
    }
}

/// What a create answers.
pub(crate) fn created_json(world: &World, call: &Call, issue: &Issue) -> Value {
    json!({
        "id": issue.id.to_string(),
        "key": world.sites[call.site].key_of(issue),
        "self": call.link(&format!("issue/{}", issue.id)),
    })
}

/// Creates the issue that a body describes: fields, labels and properties in one step.
pub(crate) fn create_one(world: &mut World, call: &Call, body: &Value) -> Result<Issue, Problems> {
    let mut problems = Problems::default();
    let mut fields = merged(body, None, &mut problems);
    let account = call.caller.account();
    let site = &world.sites[call.site];
    let named = &fields.get("project").cloned().unwrap_or(Value::Null);
    let name = named["id"].as_str().or_else(|| named["key"].as_str()).unwrap_or_default();
    let project = site.project_named(name).filter(|project| project.allows(account, "BROWSE_PROJECTS"));
    let Some(project) = project else {
        problems.add("project", "valid project is required");
        return Err(problems);
    };
    if !project.allows(account, "CREATE_ISSUES") {
        problems.add("project", "You do not have permission to create issues in this project.");
        return Err(problems);
    }
    let wanted = &fields.get("issuetype").cloned().unwrap_or(Value::Null);
    let (type_id, type_name) = (wanted["id"].as_str(), wanted["name"].as_str());
    let types = site.issue_types.iter().filter(|kind| project.issue_types.contains(&kind.id));
    let kind = types.into_iter().find(|kind| match (type_id, type_name) {
        (Some(id), _) => kind.id.to_string() == id,
        (None, Some(name)) => kind.name == name,
        (None, None) => false,
    });
    let Some(kind) = kind else {
        problems.add("issuetype", "Specify a valid issue type");
        return Err(problems);
    };
    let screen = Screen { world, call, project, issue_type: kind.id };
    screen.fill_in(&mut fields);
    screen.check_required(&fields, &mut problems);
    let assignments = screen.assignments(&fields, &mut problems);
    let properties = super::property::from_create(&body["properties"], &mut problems);
    if kind.level < 0 && fields.get("parent").is_none_or(Value::is_null) {
        problems.add("parent", "Issue type is a sub-task but parent issue key or id not specified.");
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let caller = call.caller.id().unwrap_or("anonymous").to_owned();
    let mut issue = Issue { properties, ..blank(project, kind.id, &caller, call.now) };
    for assignment in assignments {
        assign_field(&mut issue, assignment, &world.accounts);
    }
    let site = &mut world.sites[call.site];
    issue.id = site.issues.take_id();
    if let Some(project) = site.project_mut(issue.project) {
        project.last_number = issue.number;
    }
    let Ok(comments) = add_comments(world, call, body, &mut issue) else {
        problems.add("comment", crate::adf::NOT_A_DOCUMENT);
        return Err(problems);
    };
    save(world, call.site, issue.clone(), call.now);
    publish(world, call.site, &Event::issue("jira:issue_created", &issue, &caller, call.now));
    tell_of_comments(world, call, &issue, comments);
    Ok(issue)
}

/// A new issue of a project before its fields are set.
fn blank(project: &Project, issue_type: u64, caller: &str, now: Timestamp) -> Issue {
    Issue {
        id: 0,
        project: project.id,
        number: project.last_number + 1,
        issue_type,
        summary: String::new(),
        description: None,
        status: project.workflow.initial(),
        priority: project.fields.iter().any(|field| field.id == "priority").then_some(3),
        resolution: None,
        assignee: None,
        reporter: caller.to_owned(),
        creator: caller.to_owned(),
        labels: Vec::new(),
        parent: None,
        properties: BTreeMap::new(),
        fields: BTreeMap::new(),
        created: now,
        updated: now,
        status_changed: now,
        resolved: None,
        history: Vec::new(),
        comments: Vec::new(),
        worklogs: Vec::new(),
        remote_links: Vec::new(),
        archived: None,
    }
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let selection = Selection::parse(&call.query.list("fields"), "*all");
    let extras = Extras {
        properties: call.query.list("properties"),
        expand: call.query.list("expand"),
        changelog: 100,
    };
    let mut value = issue_json(world, call, &issue, &selection, &extras);
    if extras.expand.iter().any(|part| part == "names") {
        value["names"] = super::search::names(world, call, &selection);
    }
    Ok(Answer::ok(value).costing(1, 1))
}

pub(crate) fn edit(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    if !allowed(world, call, &before, "EDIT_ISSUES") {
        // Not 403: that is for the override parameters only.
        return Err(Answer::bad_request("You do not have permission to edit issues in this project."));
    }
    if ["overrideScreenSecurity", "overrideEditableFlag"].iter().any(|name| call.query.is_true(name)) {
        return Err(Answer::forbidden("Only apps can override the security of screens."));
    }
    if call.query.get("notifyUsers") == Some("false") && !allowed(world, call, &before, "ADMINISTER_PROJECTS")
    {
        return Err(Answer::bad_request(
            "To discard the user notification either admin or project admin permissions are required.",
        ));
    }
    let mut problems = Problems::default();
    let fields = merged(&call.body, Some(&before), &mut problems);
    let properties = super::property::from_create(&call.body["properties"], &mut problems);
    let Some(project) = world.sites[call.site].project(before.project) else {
        return Err(Answer::not_found(super::NO_ISSUE));
    };
    let screen = Screen { world, call, project, issue_type: before.issue_type };
    screen.check_not_emptied(&fields, &mut problems);
    let assignments = screen.assignments(&fields, &mut problems);
    for name in ["project", "issuetype"] {
        if fields.contains_key(name) {
            // Moving is another operation; Jira takes a type of the same workflow, this does not.
            problems.add(
                name,
                &format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."),
            );
        }
    }
    if !problems.is_empty() {
        return Err(problems.answer());
    }
    conflict(world, call, &before)?;
    let mut issue = (*before).clone();
    let items: Vec<ChangeItem> =
        assignments.into_iter().flat_map(|one| assign_field(&mut issue, one, &world.accounts)).collect();
    issue.properties.extend(properties.clone());
    let comments = add_comments(world, call, &call.body, &mut issue)?;
    record(world, call, issue.clone(), items);
    tell_of_comments(world, call, &issue, comments);
    for (key, value) in properties {
        let mut event =
            Event::issue("issue_property_set", &issue, call.caller.id().unwrap_or("anonymous"), call.now);
        event.property = Some((key, Some(value)));
        publish(world, call.site, &event);
    }
    if call.query.is_true("returnIssue") {
        let issue = issue_of(world, call)?;
        let selection = Selection::parse(&[], "*all");
        return Ok(Answer::ok(issue_json(world, call, &issue, &selection, &Extras::default())));
    }
    Ok(Answer::empty(204))
}

/// `update.comment[].add` of a create, edit or transition.
pub(crate) fn add_comments(
    world: &mut World,
    call: &Call,
    body: &Value,
    issue: &mut Issue,
) -> Result<Vec<Comment>, Answer> {
    let operations = body["update"]["comment"].as_array().into_iter().flatten();
    operations.map(|operation| super::comment::put_new(world, call, issue, &operation["add"])).collect()
}

/// Tells the webhooks of the comments that came with a create, edit or transition.
pub(crate) fn tell_of_comments(world: &mut World, call: &Call, issue: &Issue, comments: Vec<Comment>) {
    for comment in comments {
        super::comment::tell(world, call, issue, "comment_created", comment);
    }
}

/// Saves an edited issue with its changelog entry and tells the webhooks.
pub(crate) fn record(world: &mut World, call: &Call, mut issue: Issue, items: Vec<ChangeItem>) {
    let author = call.caller.id().unwrap_or("anonymous").to_owned();
    issue.updated = call.now;
    let mut event = Event::issue("jira:issue_updated", &issue, &author, call.now);
    if !items.is_empty() {
        let id = world.sites[call.site].issues.take_id();
        let change = Change { id, author, created: call.now, items };
        event.change = Some(change.clone());
        issue.history.push(change);
    }
    save(world, call.site, issue, call.now);
    publish(world, call.site, &event);
}

pub(crate) fn assign(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    if !allowed(world, call, &before, "ASSIGN_ISSUES") {
        return Err(Answer::forbidden("You do not have permission to assign issues in this project."));
    }
    let Some(project) = world.sites[call.site].project(before.project) else {
        return Err(Answer::not_found(super::NO_ISSUE));
    };
    let screen = Screen { world, call, project, issue_type: before.issue_type };
    let wanted = match &call.body["accountId"] {
        Value::Null => Value::Null,
        id => json!({ "accountId": id }),
    };
    let assignee = screen.assignee(&wanted).map_err(|message| Answer::field_error("assignee", &message))?;
    let mut issue = (*before).clone();
    let item = assign_field(&mut issue, super::fields::Assignment::Assignee(assignee), &world.accounts);
    record(world, call, issue, item);
    Ok(Answer::empty(204))
}

pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let issue = writable_issue_of(world, call)?;
    if !allowed(world, call, &issue, "DELETE_ISSUES") {
        return Err(Answer::forbidden("You do not have permission to delete issues in this project."));
    }
    let site = &world.sites[call.site];
    let is_subtask = |child: &&Issue| {
        child.parent == Some(issue.id) && site.issue_type(child.issue_type).is_some_and(|kind| kind.level < 0)
    };
    let children: Vec<u64> = site.issues.written().filter(is_subtask).map(|child| child.id).collect();
    if !children.is_empty() && !call.query.is_true("deleteSubtasks") {
        return Err(Answer::bad_request(
            "The issue has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and its subtasks.",
        ));
    }
    let author = call.caller.id().unwrap_or("anonymous").to_owned();
    let lag = world.settings.index_lag_ms();
    for id in children.into_iter().chain([issue.id]) {
        if let Some(gone) = world.sites[call.site].issues.get(id) {
            publish(world, call.site, &Event::issue("jira:issue_deleted", &gone, &author, call.now));
            for comment in &gone.comments {
                let mut event = Event::issue("comment_deleted", &gone, &author, call.now);
                event.comment = Some(comment.clone());
                event.flow = Flow::Secondary;
                publish(world, call.site, &event);
            }
        }
        let issues = &mut world.sites[call.site].issues;
        issues.delete(id, call.now, lag);
        issues.feed.note(ActivityEvent {
            account: author.clone(),
            at: call.now.as_millisecond(),
            what: ActivityKind::IssueDeleted,
            issue: id,
            item: id,
            restricted: false,
        });
    }
    Ok(Answer::empty(204))
}
