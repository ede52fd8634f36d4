//! The administration of organisations, below `https://api.atlassian.com/admin`: as much of it as says what a key is for.

use serde_json::json;

use crate::call::{Answer, Incoming};

/// The API key of the one organisation.
pub(crate) const KEY: &str = "sim-organisation-key";

/// The organisation.
pub(crate) const ID: &str = "33333333-2222-4333-8444-555555555555";

/// `GET /admin/v1/orgs`, as `getOrgs` in Atlassian's document of the organisations API.
pub(crate) fn list(incoming: &Incoming) -> Answer {
    if incoming.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) != Some(KEY) {
        let error = json!({ "id": "sim", "status": "401", "code": "ADMIN-401-1", "title": "Unauthorized" });
        return Answer::json(401, json!({ "errors": [error] }));
    }
    let own = format!("https://api.atlassian.com/admin/v1/orgs/{ID}");
    let related = |what: &str| json!({ "links": { "related": format!("{own}/{what}") } });
    Answer::ok(json!({
        "data": [{
            "id": ID,
            "type": "orgs",
            "attributes": { "name": "Demo organisation" },
            "relationships": { "domains": related("domains"), "users": related("users") },
            "links": { "self": own },
        }],
        "links": { "self": "https://api.atlassian.com/admin/v1/orgs" },
    }))
}
