//! Comments. Refusals for lack of permission on update and delete are 400, not 403.

use serde_json::{Value, json};

use super::{allowed, issue_of, save, timestamp, view::account_json};
use crate::{
    adf,
    call::{Answer, Call, Reply},
    state::{
        World,
        account::Account,
        issue::{Comment, Issue},
    },
    webhooks::{Event, publish},
};

const MOST: usize = 100;

/// A comment as JSON.
pub(crate) fn comment_json(world: &World, call: &Call, issue: &Issue, comment: &Comment) -> Value {
    let mut value = json!({
        "self": call.link(&format!("issue/{}/comment/{}", issue.id, comment.id)),
        "id": comment.id.to_string(),
        "author": account_json(world, call, Some(&comment.author)),
        "body": comment.body,
        "updateAuthor": account_json(world, call, Some(&comment.update_author)),
        "created": timestamp(world, comment.created),
        "updated": timestamp(world, comment.updated),
        "jsdPublic": comment.public,
    });
    if let Some(visibility) = &comment.visibility {
        value["visibility"] = visibility.clone();
    }
    value
}

/// Who is not in the group of a restricted comment does not see it.
fn visible(comment: &Comment, account: Option<&Account>) -> bool {
    let Some(visibility) = &comment.visibility else { return true };
    let name = visibility["value"].as_str().unwrap_or_default();
    account.is_some_and(|account| account.groups.iter().any(|group| group == name))
}

pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", MOST)?.min(5000);
    let mut comments: Vec<&Comment> =
        issue.comments.iter().filter(|comment| visible(comment, call.caller.account())).collect();
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

fn position(issue: &Issue, call: &Call) -> Result<usize, Answer> {
    let id = call.param(1);
    let found = issue
        .comments
        .iter()
        .position(|comment| comment.id.to_string() == id && visible(comment, call.caller.account()));
    found.ok_or_else(|| Answer::not_found(&format!("Can not find a comment for the id: {id}.")))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let at = position(&issue, call)?;
    Ok(Answer::ok(comment_json(world, call, &issue, &issue.comments[at])).costing(1, 1))
}

fn visibility_of(body: &Value) -> Option<Value> {
    body.get("visibility").filter(|visibility| visibility.is_object()).cloned()
}

pub(crate) fn add(world: &mut World, call: &Call) -> Reply {
    let before = issue_of(world, call)?;
    if !allowed(world, call, &before, "ADD_COMMENTS") {
        return Err(Answer::bad_request("You do not have permission to comment on this issue."));
    }
    adf::validate(&call.body["body"]).map_err(|message| Answer::field_error("comment", &message))?;
    let mut issue = (*before).clone();
    let author = call.caller.id().unwrap_or("anonymous").to_owned();
    let comment = Comment {
        id: world.sites[call.site].issues.take_id(),
        author: author.clone(),
        body: call.body["body"].clone(),
        created: call.now,
        updated: call.now,
        update_author: author,
        visibility: visibility_of(&call.body),
        public: true,
    };
    issue.comments.push(comment.clone());
    let answer = comment_json(world, call, &issue, &comment);
    finish(world, call, issue, "comment_created", comment);
    Ok(Answer::json(201, answer))
}

/// Whether a comment adds to the issue's `updated` is not documented; here it does.
fn finish(world: &mut World, call: &Call, mut issue: Issue, event: &'static str, comment: Comment) {
    issue.updated = call.now;
    let mut event = Event::issue(event, &issue, call.caller.id().unwrap_or("anonymous"), call.now);
    event.comment = Some(comment);
    save(world, call.site, issue, call.now);
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
    let before = issue_of(world, call)?;
    let at = position(&before, call)?;
    may(world, call, &before, &before.comments[at], "EDIT_ALL_COMMENTS", "EDIT_OWN_COMMENTS")?;
    adf::validate(&call.body["body"]).map_err(|message| Answer::field_error("comment", &message))?;
    let mut issue = (*before).clone();
    let comment = &mut issue.comments[at];
    comment.body = call.body["body"].clone();
    comment.updated = call.now;
    call.caller.id().unwrap_or("anonymous").clone_into(&mut comment.update_author);
    if let Some(visibility) = visibility_of(&call.body) {
        comment.visibility = Some(visibility);
    }
    let comment = comment.clone();
    let answer = comment_json(world, call, &issue, &comment);
    finish(world, call, issue, "comment_updated", comment);
    Ok(Answer::ok(answer))
}

pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let before = issue_of(world, call)?;
    let at = position(&before, call)?;
    may(world, call, &before, &before.comments[at], "DELETE_ALL_COMMENTS", "DELETE_OWN_COMMENTS")?;
    let mut issue = (*before).clone();
    let comment = issue.comments.remove(at);
    finish(world, call, issue, "comment_deleted", comment);
    Ok(Answer::empty(204))
}
