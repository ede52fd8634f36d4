//! The administration of organisations, below `https://api.atlassian.com/admin`: what a key is for, who is there, and
//! (`managing`) who is kept out.

mod managing;

pub(crate) use managing::{answer_managed, find_managed};

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{
    call::{Answer, Incoming, Reply, object},
    operation::{Api, Described, matches},
    routes::bulk::texts,
    state::{
        World,
        account::{Account, AccountKind},
    },
};

/// The API key of the one organisation.
pub(crate) const KEY: &str = "sim-organisation-key";

/// The organisation.
pub(crate) const ID: &str = "33333333-2222-4333-8444-555555555555";

/// Its one directory.
pub(crate) const DIRECTORY: &str = "44444444-2222-4333-8444-555555555555";

const USUAL_PAGE: usize = 50;
const MOST_PAGE: usize = 100;
const MOST_ADDRESSES: usize = 100;

/// One operation of the administration.
pub(crate) struct Operation {
    pub(crate) described: Described,
    handler: Handler,
}

type Handler = fn(&mut World, &Asked<'_>) -> Reply;

/// A call whose key is right.
struct Asked<'a> {
    /// What stood in the braces of the path.
    params: Vec<String>,
    incoming: &'a Incoming,
}

const fn operation(
    id: &'static str,
    method: &'static str,
    path: &'static str,
    handler: Handler,
) -> Operation {
    Operation { described: Described { id, method, path, api: Api::Organisation }, handler }
}

static OPERATIONS: [Operation; 6] = [
    operation("getOrgs", "GET", "/v1/orgs", list),
    operation("getDirectoriesForOrg", "GET", "/v2/orgs/{orgId}/directories", directories),
    operation(
        "searchDirectoryUsers",
        "POST",
        "/v2/orgs/{orgId}/directories/{directoryId}/users/search",
        users,
    ),
    operation("suspendDirectoryUser", "POST", managing::SUSPEND, managing::suspend),
    operation("restoreDirectoryUser", "POST", managing::RESTORE, managing::restore),
    operation("removeDirectoryUser", "DELETE", managing::ENTRY, managing::remove),
];

/// The operation for a method and a path below `/admin`, with the parts in its braces.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    OPERATIONS
        .iter()
        .filter(|operation| operation.described.method == method)
        .find_map(|operation| matches(operation.described.path, path).map(|params| (operation, params)))
}

/// Answers one call.
pub(crate) fn answer(world: &mut World, method: &str, path: &str, incoming: &Incoming) -> Answer {
    if !has_key(incoming) {
        return error(401, "ADMIN-401-1", "Unauthorized");
    }
    let Some((operation, params)) = find(method, path) else {
        return error(404, "ADMIN-404-1", "Not found");
    };
    // The list of organisations has no id of one.
    if params.first().is_some_and(|id| id != ID) {
        return error(404, "ADMIN-404-1", "Not found");
    }
    let (Ok(answer) | Err(answer)) = (operation.handler)(world, &Asked { params, incoming });
    answer
}

fn has_key(incoming: &Incoming) -> bool {
    incoming.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) == Some(KEY)
}

fn error(status: u16, code: &str, title: &str) -> Answer {
    let error = json!({ "id": "sim", "status": status.to_string(), "code": code, "title": title });
    Answer::json(status, json!({ "errors": [error] }))
}

fn wrong(title: &str) -> Answer {
    error(400, "ADMIN-400-1", title)
}

#[expect(clippy::unnecessary_wraps, reason = "every handler has the same type")]
fn list(_: &mut World, _: &Asked<'_>) -> Reply {
    let own = format!("https://api.atlassian.com/admin/v1/orgs/{ID}");
    let related = |what: &str| json!({ "links": { "related": format!("{own}/{what}") } });
    Ok(Answer::ok(json!({
        "data": [{
            "id": ID,
            "type": "orgs",
            "attributes": { "name": "Demo organisation" },
            "relationships": { "domains": related("domains"), "users": related("users") },
            "links": { "self": own },
        }],
        "links": { "self": "https://api.atlassian.com/admin/v1/orgs" },
    })))
}

#[expect(clippy::unnecessary_wraps, reason = "every handler has the same type")]
fn directories(_: &mut World, _: &Asked<'_>) -> Reply {
    let directory = json!({ "directoryId": DIRECTORY, "name": "Demo directory", "icon": "" });
    Ok(Answer::ok(json!({ "data": [directory], "links": {} })))
}

/// What a search asked for; a cursor carries it, since everything beside a cursor is discarded.
struct Search {
    /// How many accounts were looked at.
    skip: usize,
    request: Value,
}

impl Search {
    fn read(body: Value) -> Result<Self, Answer> {
        let Some(cursor) = body.get("cursor") else { return Ok(Self { skip: 0, request: body }) };
        let bytes = cursor.as_str().and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
        let carried: Option<(usize, Value)> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let (skip, request) = carried.ok_or_else(|| wrong("The cursor is invalid"))?;
        Ok(Self { skip, request })
    }

    fn cursor(skip: usize, request: &Value) -> String {
        BASE64URL_NOPAD.encode(json!([skip, request]).to_string().as_bytes())
    }

    fn fits(&self, account: &Account) -> bool {
        let among = |name: &str, own: &[&str]| {
            let wanted = texts(&self.request[name]);
            wanted.is_empty() || own.iter().any(|own| wanted.iter().any(|wanted| wanted == own))
        };
        let words = self.request["searchTerm"].as_str().unwrap_or_default().to_lowercase();
        let named =
            account.name.to_lowercase().contains(&words) || account.email.to_lowercase().contains(&words);
        let groups: Vec<&str> = account.groups.iter().map(String::as_str).collect();
        let roles: Vec<&str> = account.organisation_roles.iter().map(String::as_str).collect();
        let domain = account.email.split_once('@').map_or("", |(_, domain)| domain);
        let claim = self.request["claimStatus"].as_str();
        // Service and app accounts and customers of portals are not in a directory.
        account.kind == AccountKind::Person
            && named
            && among("emails", &[&account.email])
            && among("emailDomains", &[domain])
            && among("accountIds", &[&account.id])
            && among("accountStatus", &[account_status(account)])
            && among("membershipStatus", &[membership_status(account)])
            && among("status", &[status(account)])
            && among("groupIds", &groups)
            && among("roleIds", &roles)
            && claim.is_none_or(|claim| claim == claim_status(account))
    }
}

/// One page; the next is looked for from where this one ended, so that each costs the same.
fn users(world: &mut World, asked: &Asked<'_>) -> Reply {
    if asked.params.get(1).is_none_or(|id| id != "-" && id != DIRECTORY) {
        return Err(error(404, "ADMIN-404-1", "Not found"));
    }
    let body = match asked.incoming.json().map_err(|_| wrong("The body is not JSON"))? {
        Value::Null => json!({}),
        body => body,
    };
    let search = Search::read(body)?;
    let request = &search.request;
    if !request["emails"].is_null() && !request["searchTerm"].is_null() {
        return Err(wrong("searchTerm and emails are mutually exclusive"));
    }
    if texts(&request["emails"]).len() > MOST_ADDRESSES {
        return Err(wrong("emails must have at most 100 entries"));
    }
    let limit = match &request["limit"] {
        Value::Null => USUAL_PAGE,
        limit => limit.as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0),
    };
    if limit == 0 || limit > MOST_PAGE {
        return Err(wrong("limit must be 1 to 100"));
    }
    let expand = texts(&request["expand"]);
    let (mut looked_at, mut data, mut more) = (search.skip, Vec::new(), false);
    for account in world.accounts.iter_from(search.skip) {
        if search.fits(&account) {
            if data.len() == limit {
                more = true;
                break;
            }
            data.push(user(world, &account, &expand));
        }
        looked_at += 1;
    }
    let mut links = json!({});
    if more {
        links["next"] = json!(Search::cursor(looked_at, request));
    }
    Ok(Answer::ok(object([("data", Value::Array(data)), ("links", links)])))
}

fn account_status(account: &Account) -> &'static str {
    // Who is only suspended or removed keeps an account.
    let is_kept_out = (account.suspended || account.removed) && !account.disabled;
    match (account.closed, account.active || is_kept_out) {
        (true, _) => "closed",
        (false, true) => "active",
        (false, false) => "inactive",
    }
}

fn membership_status(account: &Account) -> &'static str {
    match (account.closed || account.removed, account.suspended) {
        (true, _) => "no_membership",
        (false, true) => "suspended",
        (false, false) => "active",
    }
}

/// Atlassian's composite of the two.
fn status(account: &Account) -> &'static str {
    match (account_status(account), membership_status(account)) {
        ("active", "active") => "active",
        ("active", "suspended") => "suspended",
        ("active", _) => "not_invited",
        _ => "deactivated",
    }
}

fn claim_status(account: &Account) -> &'static str {
    if account.managed { "managed" } else { "unmanaged" }
}

fn user(world: &World, account: &Account, expand: &[String]) -> Value {
    let wants = |name: &str| expand.iter().any(|part| part == name);
    let mut user = json!({
        "accountId": account.id,
        "accountType": "atlassian",
        "accountStatus": account_status(account),
        "membershipStatus": membership_status(account),
        "status": status(account),
        "claimStatus": claim_status(account),
        "name": account.name,
        "nickname": account.name,
        "emailVerified": !account.closed,
        "managementSource": "invited",
        "mfaEnabled": account.managed,
        "timeZone": account.time_zone,
        "addedToOrg": "2024-01-01T00:00:00.000Z",
        "links": {},
    });
    if !account.email.is_empty() {
        user["email"] = json!(account.email);
    }
    let groups: Vec<_> = world.sites.first().map_or(&[][..], |site| &site.groups).iter().collect();
    let own = groups.iter().filter(|group| account.in_group(&group.id));
    if wants("platformRoles") {
        user["platformRoles"] = json!(account.organisation_roles);
    }
    if wants("groups") {
        let shown = own.clone().map(|group| json!({ "id": group.id, "name": group.name }));
        user["groups"] = shown.collect();
    }
    let mut products: Vec<&str> = own.filter_map(|group| group.application.as_deref()).collect();
    products.sort_unstable();
    products.dedup();
    if wants("counts.resources") {
        user["counts"] = json!({ "resources": products.len() });
    }
    if wants("productAccess") {
        let access = |product: &&str| {
            let site = world.sites.first().map_or("", |site| site.cloud_id.as_str());
            let mut access = json!({ "id": format!("ari:cloud:{product}::site/{site}"), "key": product });
            // Nobody is told of who never came.
            if let Some(last) = account.last_active {
                access["lastActiveTimestamp"] = json!(last.to_string());
            }
            access
        };
        user["productAccess"] = products.iter().map(access).collect();
    }
    user
}
