//! `GET /myself` and `GET /serverInfo`.

use serde_json::json;

use crate::{
    call::{Answer, Call, Reply},
    routes::timestamp,
    state::World,
};

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let Some(account) = call.caller.account() else {
        return Err(Answer::error(401, "Client must be authenticated to access this resource."));
    };
    let mut user = account.to_json(&call.base, world.settings.hidden_emails, true);
    user["locale"] = json!(account.locale);
    if call.query.list("expand").iter().any(|part| part == "groups") {
        let groups = world.sites[call.site].groups.iter().filter(|group| account.in_group(&group.id));
        let items: Vec<_> = groups.map(|group| json!({ "name": group.name, "groupId": group.id })).collect();
        user["groups"] = json!({ "size": items.len(), "items": items });
    }
    Ok(Answer::ok(user).costing(1, 2))
}

#[expect(clippy::unnecessary_wraps, reason = "every handler has the same type")]
pub(crate) fn server_info(world: &mut World, call: &Call) -> Reply {
    let site = &world.sites[call.site];
    Ok(Answer::ok(json!({
        "baseUrl": format!("https://{}", site.domain),
        "displayUrl": format!("https://{}", site.domain),
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_294,
        "buildDate": "2026-09-01T00:00:00.000+0000",
        "serverTime": timestamp(world, call.now),
        "scmInfo": "simulated",
        "serverTitle": "Jira",
        "serverTimeZone": world.settings.site_time_zone,
    })))
}
