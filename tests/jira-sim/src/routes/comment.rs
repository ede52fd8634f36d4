//! Comments. Refusals for lack of permission on update and delete are 400, not 403.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    allowed, fields::Problems, issue_of, save, stored, timestamp, view::account_json, writable_issue_of,
};
use crate::{
    activity::{ActivityEvent, ActivityKind},
    adf,
    call::{Answer, Call, Reply, object},
    state::{
        World,
        account::Account,
        issue::{Comment, Issue},
        site::Site,
        vocabulary::ROLES,
    },
    webhooks::{Event, publish},
};

const MOST: usize = 100;

/// A comment as JSON.
pub(crate) fn comment_json(world: &World, call: &Call, issue: &Issue, comment: &Comment) -> Value {
    let mut value = object([
        ("self", call.link(&format!("issue/{}/comment/{}", issue.id, comment.id)).into()),
        ("id", comment.id.to_string().into()),
        ("author", account_json(world, call, Some(&comment.author))),
        ("body", comment.body.clone()),
        ("updateAuthor", account_json(world, call, Some(&comment.update_author))),
        ("created", timestamp(world, comment.created).into()),
        ("updated", timestamp(world, comment.updated).into()),
        ("jsdPublic", comment.public.into()),
    ]);
    if let Some(visibility) = &comment.visibility {
        value["visibility"] = visibility.clone();
    }
    if call.query.list("expand").iter().any(|part| part == "properties") {
        let properties = comment.properties.iter();
        value["properties"] = properties.map(|(key, value)| json!({ "key": key, "value": value })).collect();
    }
    value
}

/// The entity properties of a body, checked like those of an issue.
fn properties_of(body: &Value) -> Result<BTreeMap<String, Value>, Answer> {
    let mut problems = Problems::default();
    let properties = super::property::from_create(&body["properties"], &mut problems);
    if problems.is_empty() { Ok(properties) } else { Err(problems.answer()) }
}

/// Who is not in the group or project role of a restricted comment does not see it.
pub(crate) fn visible(site: &Site, issue: &Issue, comment: &Comment, account: Option<&Account>) -> bool {
    may_see(site, issue, comment.visibility.as_ref(), account)
}

/// Whether an account is in the group or role to which something is restricted, if it is.
pub(crate) fn may_see(
    site: &Site,
    issue: &Issue,
    visibility: Option<&Value>,
    account: Option<&Account>,
) -> bool {
    let Some(visibility) = visibility else { return true };
    account.is_some_and(|account| belongs(site, issue, visibility, account))
}

fn belongs(site: &Site, issue: &Issue, visibility: &Value, account: &Account) -> bool {
    if visibility["type"] == "role" {
        let name = visibility["value"].as_str().unwrap_or_default();
        site.project(issue.project).is_some_and(|project| project.has_role(account, name))
    } else {
        account.in_group(visibility["identifier"].as_str().unwrap_or_default())
    }
}

/// The comments of an issue that an account sees, oldest first.
pub(crate) fn seen<'a>(
    site: &'a Site,
    issue: &'a Issue,
    account: Option<&'a Account>,
) -> impl Iterator<Item = &'a Comment> {
    issue.comments.iter().filter(move |comment| visible(site, issue, comment, account))
}

pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", MOST)?.min(5000);
    let mut comments: Vec<&Comment> = seen(&world.sites[call.site], &issue, call.caller.account()).collect();
    match call.query.get("orderBy") {
        None | Some("created" | "+created") => {}
        Some("-created") => comments.reverse(),
        Some(other) => return Err(Answer::bad_request(&format!("Cannot order comments by '{other}'."))),
    }
    let total = comments.len();
    let page: Vec<Value> = comments
        .into_iter()
        .skip(start)
        .take(most)
        .map(|comment| comment_json(world, call, &issue, comment))
        .collect();
    let count = page.len();
    let body = json!({ "startAt": start, "maxResults": most, "total": total, "comments": page });
    Ok(Answer::ok(body).costing(count.max(1), 1))
}

fn position(world: &World, issue: &Issue, call: &Call) -> Result<usize, Answer> {
    let id = call.param(1);
    let site = &world.sites[call.site];
    let found = issue.comments.iter().position(|comment| {
        comment.id.to_string() == id && visible(site, issue, comment, call.caller.account())
    });
    found.ok_or_else(|| Answer::not_found(&format!("Can not find a comment for the id: {id}.")))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let at = position(world, &issue, call)?;
    Ok(Answer::ok(comment_json(world, call, &issue, &issue.comments[at])).costing(1, 1))
}

/// The group or role that a body names, by name or id; a person cannot restrict a comment so that it is hidden from
/// that person. The words of the refusals are a guess.
pub(crate) fn visibility_of(
    world: &World,
    call: &Call,
    issue: &Issue,
    body: &Value,
) -> Result<Option<Value>, Answer> {
    let Some(wanted) = body.get("visibility").filter(|visibility| visibility.is_object()) else {
        return Ok(None);
    };
    let refused = |message: String| Err(Answer::field_error("commentLevel", &message));
    let site = &world.sites[call.site];
    let kind = wanted["type"].as_str().unwrap_or_default();
    let known: Vec<(String, &str)> = match kind {
        "group" => site.groups.iter().map(|group| (group.id.clone(), group.name.as_str())).collect(),
        "role" => ROLES.iter().map(|(id, name)| (id.to_string(), *name)).collect(),
        _ => return refused("The type of a visibility is 'group' or 'role'.".to_owned()),
    };
    let (id, name) = (wanted["identifier"].as_str(), wanted["value"].as_str());
    let found = known.into_iter().find(|(known, words)| match (id, name) {
        (Some(id), _) => known == id,
        (None, Some(name)) => *words == name,
        (None, None) => false,
    });
    let Some((id, name)) = found else {
        return refused(format!("The {kind} '{}' does not exist.", name.or(id).unwrap_or_default()));
    };
    let visibility = json!({ "type": kind, "value": name, "identifier": id });
    if call.caller.account().is_some_and(|account| belongs(site, issue, &visibility, account)) {
        Ok(Some(visibility))
    } else {
        refused(format!("You are currently not a member of the {kind}: {name}."))
    }
}

/// A new comment on an issue, in the issue and not saved yet.
pub(crate) fn put_new(
    world: &mut World,
    call: &Call,
    issue: &mut Issue,
    body: &Value,
) -> Result<Comment, Answer> {
    adf::validate(&body["body"]).map_err(|message| Answer::field_error("comment", &message))?;
    let visibility = visibility_of(world, call, issue, body)?;
    let properties = properties_of(body)?;
    if world.settings.comments_per_issue.is_some_and(|most| issue.comments.len() >= most) {
        return Err(Answer::error(413, "The limit of comments on this issue is reached."));
    }
    let author = call.caller.id().unwrap_or("anonymous").to_owned();
    let comment = Comment {
        id: world.sites[call.site].issues.take_id(),
        author: author.clone(),
        body: stored(world, &body["body"]),
        created: call.now,
        updated: call.now,
        update_author: author,
        visibility,
        public: true,
        properties,
    };
    issue.comments.push(comment.clone());
    Ok(comment)
}

pub(crate) fn add(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    if !allowed(world, call, &before, "ADD_COMMENTS") {
        return Err(Answer::bad_request("You do not have permission to comment on this issue."));
    }
    let mut issue = (*before).clone();
    let comment = put_new(world, call, &mut issue, &call.body)?;
    let answer = comment_json(world, call, &issue, &comment);
    finish(world, call, issue, "comment_created", comment);
    Ok(Answer::json(201, answer))
}

/// Whether a comment moves the issue's `updated` is not documented; here it does, unless a setting says otherwise.
fn finish(world: &mut World, call: &Call, mut issue: Issue, event: &'static str, comment: Comment) {
    if !world.settings.comments_keep_updated {
        issue.updated = call.now;
    }
    tell(world, call, &issue, event, comment);
    save(world, call.site, issue, call.now);
}

/// Tells the webhooks of a comment.
pub(crate) fn tell(world: &mut World, call: &Call, issue: &Issue, event: &'static str, comment: Comment) {
    let author = call.caller.id().unwrap_or("anonymous");
    let mut event = Event::issue(event, issue, author, call.now);
    event.comment = Some(comment);
    publish(world, call.site, &event);
}

fn may(
    world: &World,
    call: &Call,
    issue: &Issue,
    comment: &Comment,
    all: &str,
    own: &str,
) -> Result<(), Answer> {
    let is_own = call.caller.id() == Some(comment.author.as_str());
    if (is_own && allowed(world, call, issue, own)) || allowed(world, call, issue, all) {
        Ok(())
    } else {
        Err(Answer::bad_request("You do not have the permission for this comment."))
    }
}

pub(crate) fn update(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    let at = position(world, &before, call)?;
    may(world, call, &before, &before.comments[at], "EDIT_ALL_COMMENTS", "EDIT_OWN_COMMENTS")?;
    adf::validate(&call.body["body"]).map_err(|message| Answer::field_error("comment", &message))?;
    let visibility = visibility_of(world, call, &before, &call.body)?;
    let properties = properties_of(&call.body)?;
    let mut issue = (*before).clone();
    let comment = &mut issue.comments[at];
    comment.properties.extend(properties);
    comment.body = stored(world, &call.body["body"]);
    comment.updated = call.now;
    call.caller.id().unwrap_or("anonymous").clone_into(&mut comment.update_author);
    if let Some(visibility) = visibility {
        comment.visibility = Some(visibility);
    }
    let comment = comment.clone();
    let answer = comment_json(world, call, &issue, &comment);
    finish(world, call, issue, "comment_updated", comment);
    Ok(Answer::ok(answer))
}

pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    let at = position(world, &before, call)?;
    may(world, call, &before, &before.comments[at], "DELETE_ALL_COMMENTS", "DELETE_OWN_COMMENTS")?;
    let mut issue = (*before).clone();
    let comment = issue.comments.remove(at);
    world.sites[call.site].issues.feed.note(ActivityEvent {
        account: call.caller.id().unwrap_or("anonymous").to_owned(),
        at: call.now.as_millisecond(),
        what: ActivityKind::CommentDeleted,
        issue: issue.id,
        item: comment.id,
        restricted: comment.visibility.is_some(),
    });
    finish(world, call, issue, "comment_deleted", comment);
    Ok(Answer::empty(204))
}
