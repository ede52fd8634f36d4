//! Worklogs of all issues: which changed and which were deleted since an instant, and those of some ids.
//!
//! The document says "after which", Jira's older sources compare with "not before", and a full page is followed by one
//! that begins with its last moment: an entry can be told twice. What happened in the last minute is withheld.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{comment::may_see, worklog::worklog_json};
use crate::{
    call::{Answer, Call, Reply},
    state::World,
};

const PAGE: usize = 1000;
const MOST_IDS: usize = 1000;
const WITHHELD_MS: i64 = 60_000;

fn since(call: &Call) -> Result<i64, Answer> {
    let text = call.query.get("since").unwrap_or("0");
    text.parse().map_err(|_| Answer::bad_request(&format!("The value of 'since' is not a number: {text}")))
}

pub(crate) fn updated(world: &mut World, call: &Call) -> Reply {
    let (site, since) = (&world.sites[call.site], since(call)?);
    let seen = |(_, worklog, issue): &(i64, u64, u64)| {
        // Worklogs of the seed are for everybody, so that their issues need not be made.
        if site.issues.is_untouched(*issue) {
            return true;
        }
        let issue = site.issues.get(*issue);
        issue.is_some_and(|issue| {
            let own = issue.worklogs.iter().find(|own| own.id == *worklog);
            own.is_some_and(|own| may_see(site, &issue, own.visibility.as_ref(), call.caller.account()))
        })
    };
    let entries = site.issues.worklogs_updated(since).filter(seen).map(|(at, worklog, _)| (at, worklog));
    Ok(page(call, "updated", since, entries))
}

pub(crate) fn deleted(world: &mut World, call: &Call) -> Reply {
    let since = since(call)?;
    Ok(page(call, "deleted", since, world.sites[call.site].issues.feed.deleted(since)))
}

fn page(call: &Call, what: &str, since: i64, entries: impl Iterator<Item = (i64, u64)>) -> Answer {
    let end = call.now.as_millisecond() - WITHHELD_MS;
    let mut found: Vec<(i64, u64)> = entries.take_while(|(at, _)| *at <= end).take(PAGE + 1).collect();
    let is_last = found.len() <= PAGE;
    found.truncate(PAGE);
    let until = found.last().map_or(since, |(at, _)| *at);
    let values: Vec<Value> = found
        .iter()
        .map(|(at, id)| json!({ "worklogId": id, "updatedTime": at, "properties": [] }))
        .collect();
    let count = values.len();
    let mut body = json!({
        "self": call.link(&format!("worklog/{what}?since={since}")),
        "since": since,
        "until": until,
        "lastPage": is_last,
        "values": values,
    });
    if !is_last {
        body["nextPage"] = json!(call.link(&format!("worklog/{what}?since={until}")));
    }
    Answer::ok(body).costing(count, 1)
}

/// The worklogs of those ids that exist and that the caller may see; nothing is said of the others.
pub(crate) fn by_ids(world: &mut World, call: &Call) -> Reply {
    let ids: Option<BTreeSet<u64>> =
        call.body["ids"].as_array().and_then(|ids| ids.iter().map(Value::as_u64).collect());
    let ids = ids.filter(|ids| !ids.is_empty() && ids.len() <= MOST_IDS);
    let ids = ids.ok_or_else(|| Answer::bad_request("The list of ids must have 1 to 1000 numbers."))?;
    let site = &world.sites[call.site];
    let mut found = Vec::new();
    for id in ids {
        let Some(issue) = site.issues.issue_of_worklog(id) else { continue };
        let account = call.caller.account();
        let browsed =
            site.project(issue.project).is_some_and(|project| project.allows(account, "BROWSE_PROJECTS"));
        let own = issue.worklogs.iter().find(|own| own.id == id);
        let own = own.filter(|own| browsed && may_see(site, &issue, own.visibility.as_ref(), account));
        found.extend(own.map(|own| worklog_json(world, call, &issue, own)));
    }
    let count = found.len();
    Ok(Answer::ok(Value::Array(found)).costing(count, 1))
}
