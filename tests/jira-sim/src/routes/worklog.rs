//! Worklogs of one issue. Refusals for lack of permission are 400, as Atlassian's document says.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    allowed,
    comment::{may_see, visibility_of},
    issue_of, save, stored, timestamp,
    view::account_json,
    writable_issue_of,
};
use crate::{
    activity::{ActivityEvent, ActivityKind},
    adf,
    call::{Answer, Call, Reply, object},
    state::{
        World,
        account::Account,
        issue::{Issue, Worklog},
        site::Site,
    },
};

const MOST: usize = 5000;
/// Jira counts a day as eight hours and a week as five days.
const UNITS: [(char, u64); 4] = [('w', 144_000), ('d', 28_800), ('h', 3600), ('m', 60)];

/// A worklog as JSON.
pub(crate) fn worklog_json(world: &World, call: &Call, issue: &Issue, worklog: &Worklog) -> Value {
    let mut value = object([
        ("self", call.link(&format!("issue/{}/worklog/{}", issue.id, worklog.id)).into()),
        ("id", worklog.id.to_string().into()),
        ("issueId", issue.id.to_string().into()),
        ("author", account_json(world, call, Some(&worklog.author))),
        ("updateAuthor", account_json(world, call, Some(&worklog.update_author))),
        ("created", timestamp(world, worklog.created).into()),
        ("updated", timestamp(world, worklog.updated).into()),
        ("started", timestamp(world, worklog.started).into()),
        ("timeSpent", words(worklog.seconds).into()),
        ("timeSpentSeconds", worklog.seconds.into()),
    ]);
    if let Some(comment) = &worklog.comment {
        value["comment"] = comment.clone();
    }
    if let Some(visibility) = &worklog.visibility {
        value["visibility"] = visibility.clone();
    }
    value
}

/// The worklogs of an issue that an account sees, oldest first.
pub(crate) fn seen<'a>(
    site: &'a Site,
    issue: &'a Issue,
    account: Option<&'a Account>,
) -> impl Iterator<Item = &'a Worklog> {
    issue.worklogs.iter().filter(move |worklog| may_see(site, issue, worklog.visibility.as_ref(), account))
}

pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", MOST)?.min(MOST);
    let bound = |name: &str, default: i64| match call.query.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| Answer::bad_request(&format!("{name} is not a number."))),
    };
    let (after, before) = (bound("startedAfter", i64::MIN)?, bound("startedBefore", i64::MAX)?);
    let worklogs: Vec<&Worklog> = seen(&world.sites[call.site], &issue, call.caller.account())
        .filter(|worklog| (after..before).contains(&worklog.started.as_millisecond()))
        .collect();
    let total = worklogs.len();
    let page: Vec<Value> = worklogs
        .into_iter()
        .skip(start)
        .take(most)
        .map(|worklog| worklog_json(world, call, &issue, worklog))
        .collect();
    let count = page.len();
    let body = json!({ "startAt": start, "maxResults": most, "total": total, "worklogs": page });
    Ok(Answer::ok(body).costing(count.max(1), 1))
}

fn position(world: &World, issue: &Issue, call: &Call) -> Result<usize, Answer> {
    let (id, site) = (call.param(1), &world.sites[call.site]);
    let found = issue.worklogs.iter().position(|worklog| {
        worklog.id.to_string() == id
            && may_see(site, issue, worklog.visibility.as_ref(), call.caller.account())
    });
    found.ok_or_else(|| Answer::not_found(&format!("Cannot find worklog with id: '{id}'.")))
}

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let at = position(world, &issue, call)?;
    Ok(Answer::ok(worklog_json(world, call, &issue, &issue.worklogs[at])).costing(1, 1))
}

pub(crate) fn add(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    if !allowed(world, call, &before, "WORK_ON_ISSUES") {
        return Err(Answer::bad_request("You do not have permission to log work on this issue."));
    }
    let author = call.caller.id().unwrap_or("anonymous").to_owned();
    let worklog = Worklog {
        id: world.sites[call.site].issues.take_id(),
        author: author.clone(),
        update_author: author,
        comment: comment_of(world, call)?,
        created: call.now,
        updated: call.now,
        started: started(call)?.unwrap_or(call.now),
        seconds: seconds(call)?
            .ok_or_else(|| Answer::field_error("timeLogged", "You must indicate the time spent working."))?,
        visibility: visibility_of(world, call, &before, &call.body)?,
    };
    let mut issue = (*before).clone();
    let answer = worklog_json(world, call, &issue, &worklog);
    issue.worklogs.push(worklog);
    finish(world, call, issue);
    Ok(Answer::json(201, answer))
}

pub(crate) fn update(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    let at = position(world, &before, call)?;
    may(world, call, &before, &before.worklogs[at], ["EDIT_ALL_WORKLOGS", "EDIT_OWN_WORKLOGS"])?;
    let (comment, started, seconds) = (comment_of(world, call)?, started(call)?, seconds(call)?);
    let visibility = visibility_of(world, call, &before, &call.body)?;
    let mut issue = (*before).clone();
    let worklog = &mut issue.worklogs[at];
    worklog.comment = comment.or_else(|| worklog.comment.take());
    worklog.started = started.unwrap_or(worklog.started);
    worklog.seconds = seconds.unwrap_or(worklog.seconds);
    worklog.visibility = visibility.or_else(|| worklog.visibility.take());
    worklog.updated = call.now;
    call.caller.id().unwrap_or("anonymous").clone_into(&mut worklog.update_author);
    let answer = worklog_json(world, call, &issue, &issue.worklogs[at]);
    finish(world, call, issue);
    Ok(Answer::ok(answer))
}

pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let before = writable_issue_of(world, call)?;
    let at = position(world, &before, call)?;
    may(world, call, &before, &before.worklogs[at], ["DELETE_ALL_WORKLOGS", "DELETE_OWN_WORKLOGS"])?;
    let mut issue = (*before).clone();
    let gone = issue.worklogs.remove(at);
    world.sites[call.site].issues.feed.note(ActivityEvent {
        account: call.caller.id().unwrap_or("anonymous").to_owned(),
        at: call.now.as_millisecond(),
        what: ActivityKind::WorklogDeleted,
        issue: issue.id,
        item: gone.id,
        restricted: gone.visibility.is_some(),
    });
    finish(world, call, issue);
    Ok(Answer::empty(204))
}

fn may(world: &World, call: &Call, issue: &Issue, worklog: &Worklog, names: [&str; 2]) -> Result<(), Answer> {
    let [all, own] = names;
    let is_own = call.caller.id() == Some(worklog.author.as_str());
    if (is_own && allowed(world, call, issue, own)) || allowed(world, call, issue, all) {
        Ok(())
    } else {
        Err(Answer::bad_request("You do not have the permission for this worklog."))
    }
}

/// A worklog moves the issue's `updated`.
fn finish(world: &mut World, call: &Call, mut issue: Issue) {
    issue.updated = call.now;
    save(world, call.site, issue, call.now);
}

fn comment_of(world: &World, call: &Call) -> Result<Option<Value>, Answer> {
    match &call.body["comment"] {
        Value::Null => Ok(None),
        comment => {
            adf::validate(comment).map_err(|message| Answer::field_error("comment", &message))?;
            Ok(Some(stored(world, comment)))
        }
    }
}

/// `2026-06-15T12:00:00.000+0000`: the offset without a colon.
fn started(call: &Call) -> Result<Option<Timestamp>, Answer> {
    let Some(text) = call.body["started"].as_str() else { return Ok(None) };
    let read = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text);
    read.map(Some).map_err(|_| Answer::field_error("started", &format!("'{text}' is not a date and time.")))
}

/// `timeSpentSeconds`, or `timeSpent` as in `1d 2h 30m`; at least a minute.
fn seconds(call: &Call) -> Result<Option<u64>, Answer> {
    let refused = || Answer::field_error("timeLogged", "Invalid time duration entered.");
    let seconds = match (&call.body["timeSpentSeconds"], call.body["timeSpent"].as_str()) {
        (Value::Null, None) => return Ok(None),
        (Value::Null, Some(text)) => {
            text.split_whitespace().map(part).sum::<Option<u64>>().ok_or_else(refused)?
        }
        (number, _) => number.as_u64().ok_or_else(refused)?,
    };
    if seconds < 60 { Err(refused()) } else { Ok(Some(seconds)) }
}

fn part(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let (_, each) = UNITS.into_iter().find(|(known, _)| *known == unit)?;
    text[..text.len() - unit.len_utf8()].parse::<u64>().ok()?.checked_mul(each)
}

fn words(seconds: u64) -> String {
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, each) in UNITS {
        if left >= each {
            parts.push(format!("{}{unit}", left / each));
            left %= each;
        }
    }
    parts.join(" ")
}
