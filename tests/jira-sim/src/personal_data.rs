//! `POST https://api.atlassian.com/app/report-accounts/`: which of the accounts an app keeps data of were closed or
//! changed. Atlassian has no OpenAPI document of it; the guide is the user privacy developer guide.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    call::{Answer, Incoming, Reply},
    oauth,
    state::World,
};

const MOST: usize = 90;
const SCOPE: &str = "report:personal-data";

/// Only an app with a person's consent may ask.
pub(crate) fn report(world: &World, incoming: &Incoming, now: Timestamp) -> Answer {
    let (Ok(answer) | Err(answer)) = answered(world, incoming, now);
    answer.with_header("cycle-period", world.settings.personal_data_cycle.clone())
}

fn answered(world: &World, incoming: &Incoming, now: Timestamp) -> Reply {
    let grant = oauth::bearer(world, incoming, now).filter(|grant| !grant.service);
    let grant = grant.ok_or_else(|| Answer::gateway_error(401, "Unauthorized"))?;
    if !grant.scopes.contains(SCOPE) {
        return Err(Answer::gateway_error(403, "Forbidden; scope does not match"));
    }
    let refused = |message: &str| Answer::gateway_error(400, message);
    let body = incoming.json()?;
    let asked = body["accounts"].as_array().ok_or_else(|| refused("accounts is required"))?;
    if asked.is_empty() || asked.len() > MOST {
        return Err(refused("accounts must have 1 to 90 entries"));
    }
    let mut found = Vec::new();
    for entry in asked {
        let id = entry["accountId"].as_str().ok_or_else(|| refused("accountId is required"))?;
        let since: Option<Timestamp> = entry["updatedAt"].as_str().and_then(|text| text.parse().ok());
        let since = since.ok_or_else(|| refused("updatedAt must be a date and time"))?;
        let Some(account) = world.accounts.get(id) else { continue };
        let changed = account.profile_changed.is_some_and(|changed| changed > since);
        let status = if account.closed { "closed" } else { "updated" };
        if account.closed || changed {
            found.push(json!({ "accountId": id, "status": status }));
        }
    }
    if found.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::ok(json!({ "accounts": Value::Array(found) })))
}
