//! Histories: of one issue, and of up to 1,000 issues at once.

use serde_json::{Value, json};

use super::{bulk::texts, issue_of, view::change_json};
use crate::{
    call::{Answer, Call, Reply, object},
    state::{World, issue::Change},
};

const MOST_ISSUES: usize = 1000;
const MOST_FIELDS: usize = 10;
const MOST_ENTRIES: usize = 10_000;

pub(crate) fn list(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 100)?.clamp(1, 100);
    let total = issue.history.len();
    let values: Vec<Value> =
        issue.history.iter().skip(start).take(most).map(|change| change_json(world, call, change)).collect();
    let count = values.len();
    let mut body = json!({
        "self": call.link(&format!("issue/{}/changelog?maxResults={most}&startAt={start}", issue.id)),
        "maxResults": most,
        "startAt": start,
        "total": total,
        "isLast": start + count >= total,
        "values": values,
    });
    if start + count < total {
        let next =
            call.link(&format!("issue/{}/changelog?maxResults={most}&startAt={}", issue.id, start + count));
        body["nextPage"] = json!(next);
    }
    Ok(Answer::ok(body).costing(1, 1))
}

/// Pages cut through issues: the entries of one issue may be on two pages. The token is how many were given.
pub(crate) fn bulk(world: &mut World, call: &Call) -> Reply {
    let names = texts(&call.body["issueIdsOrKeys"]);
    let fields = texts(&call.body["fieldIds"]);
    if names.is_empty() || names.len() > MOST_ISSUES {
        return Err(Answer::bad_request(&format!("issueIdsOrKeys must have 1 to {MOST_ISSUES} entries.")));
    }
    if fields.len() > MOST_FIELDS {
        return Err(Answer::bad_request(&format!("fieldIds must have at most {MOST_FIELDS} entries.")));
    }
    let most = match call.body["maxResults"].as_u64() {
        None => 1000,
        Some(asked) => usize::try_from(asked).unwrap_or(0),
    };
    if most == 0 || most > MOST_ENTRIES {
        return Err(Answer::bad_request(&format!("maxResults must be 1 to {MOST_ENTRIES}.")));
    }
    let skipped: usize = match call.body["nextPageToken"].as_str() {
        None => 0,
        Some(token) => {
            let number = token.strip_prefix("changes-").and_then(|text| text.parse().ok());
            number.ok_or_else(|| Answer::bad_request("The provided next page token is invalid."))?
        }
    };
    let site = &world.sites[call.site];
    let mut issues: Vec<_> =
        names.iter().filter_map(|name| site.visible_issue(name, call.caller.account())).collect();
    issues.sort_by_key(|issue| issue.id);
    issues.dedup_by_key(|issue| issue.id);
    let mut seen = 0;
    let mut logs = Vec::new();
    for issue in &issues {
        let wanted = |change: &&Change| {
            let is_wanted = |item: &crate::state::issue::ChangeItem| {
                fields
                    .iter()
                    .any(|field| item.field_id.as_ref().unwrap_or(&item.field).eq_ignore_ascii_case(field))
            };
            fields.is_empty() || change.items.iter().any(is_wanted)
        };
        let mut histories = Vec::new();
        for change in issue.history.iter().filter(wanted) {
            if (skipped..skipped + most).contains(&seen) {
                histories.push(change_json(world, call, change));
            }
            seen += 1;
        }
        if !histories.is_empty() {
            let id = issue.id.to_string().into();
            logs.push(object([("issueId", id), ("changeHistories", Value::Array(histories))]));
        }
    }
    let count = logs.len();
    let mut body = object([("issueChangeLogs", Value::Array(logs))]);
    if seen > skipped + most {
        body["nextPageToken"] = json!(format!("changes-{}", skipped + most));
    }
    Ok(Answer::ok(body).costing(count, 1))
}
