//! What each resource of Jira's REST API answers. One file per noun, as in Atlassian's document.

pub(crate) mod archive;
pub(crate) mod bulk;
pub(crate) mod changelog;
pub(crate) mod comment;
pub(crate) mod createmeta;
pub(crate) mod editmeta;
pub(crate) mod fields;
pub(crate) mod group;
pub(crate) mod issue;
pub(crate) mod jql;
pub(crate) mod licence;
pub(crate) mod meta;
pub(crate) mod myself;
pub(crate) mod permission;
pub(crate) mod project;
pub(crate) mod property;
pub(crate) mod remote_link;
pub(crate) mod role;
pub(crate) mod search;
pub(crate) mod transition;
pub(crate) mod user;
pub(crate) mod view;
pub(crate) mod webhook;
pub(crate) mod workflow;
pub(crate) mod worklog;
pub(crate) mod worklog_feed;

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use serde_json::Value;

use crate::{
    adf,
    call::{Answer, Call},
    state::{World, issue::Issue},
};

/// How Jira says that an issue is absent or not visible.
pub(crate) const NO_ISSUE: &str = "Issue does not exist or you do not have permission to see it.";

/// The issue that the first brace of the path names, if the caller may see it.
pub(crate) fn issue_of(world: &World, call: &Call) -> Result<Arc<Issue>, Answer> {
    let issue = world.sites[call.site].visible_issue(call.param(0), call.caller.account());
    issue.ok_or_else(|| Answer::not_found(NO_ISSUE))
}

/// The same, if it may be written to.
pub(crate) fn writable_issue_of(world: &World, call: &Call) -> Result<Arc<Issue>, Answer> {
    let issue = issue_of(world, call)?;
    if issue.archived.is_some() {
        // Jira's words are not known.
        return Err(Answer::bad_request("The issue is archived. Restore it to change it."));
    }
    Ok(issue)
}

/// Turns a write away as often as a control edit asked for it; what was changed meanwhile is not said.
pub(crate) fn conflict(world: &mut World, call: &Call, issue: &Issue) -> Result<(), Answer> {
    match world.conflicts.get_mut(&(call.site, issue.id)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            Err(Answer::error(409, "The issue was changed by somebody else at the same time."))
        }
        _ => Ok(()),
    }
}

/// A document as Jira keeps it: with `localId` on its blocks if the setting says so.
pub(crate) fn stored(world: &World, document: &Value) -> Value {
    if world.settings.adf_local_ids { adf::with_local_ids(document) } else { document.clone() }
}

/// Whether the caller holds a permission in the project of an issue.
pub(crate) fn allowed(world: &World, call: &Call, issue: &Issue, permission: &str) -> bool {
    let project = world.sites[call.site].project(issue.project);
    project.is_some_and(|project| project.allows(call.caller.account(), permission))
}

/// `2026-09-27T10:03:11.123+0200`: in the site's zone, the offset without a colon.
pub(crate) fn timestamp(world: &World, instant: Timestamp) -> String {
    let zone = TimeZone::get(&world.settings.site_time_zone).unwrap_or(TimeZone::UTC);
    instant.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S.%3f%z").to_string()
}

/// Writes an issue back; search sees it after the index lag.
pub(crate) fn save(world: &mut World, site: usize, issue: Issue, now: Timestamp) {
    let lag = world.settings.index_lag_ms();
    world.sites[site].issues.put(issue, now, lag);
}
