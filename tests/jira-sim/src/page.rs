//! The pages on which a person sees the sites and changes issues by hand.
//!
//! A change goes through the same routes as a call of the REST API, as the site's administrator, so that history,
//! index lag and webhooks are the same.

pub(crate) mod html;
mod issue;
mod lists;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    adf,
    auth::{Caller, Credential},
    call::{Answer, Call, Incoming, Query, Reply},
    control::from_this_machine,
    operation::{Found, find},
    state::World,
};
use html::{Html, escape};

/// The answer if the path is a page.
pub(crate) fn answer(world: &mut World, incoming: &Incoming, now: Timestamp) -> Option<Answer> {
    let get = incoming.method == "GET";
    if incoming.path == "/" && get {
        return Some(lists::sites(world));
    }
    let (domain, rest) = incoming.path.strip_prefix("/sites/")?.split_once('/')?;
    let (kind, rest) = rest.split_once('/')?;
    if kind != "projects" && kind != "browse" {
        return None;
    }
    let site = world.site_by_domain(domain);
    let Some(site) = site else { return Some(not_found()) };
    let parts: Vec<&str> = rest.split('/').collect();
    Some(match (kind, parts.as_slice(), get) {
        ("projects", [key], true) => {
            lists::project(world, site, key, &Query::parse(incoming.query.as_deref()))
        }
        ("browse", [key], true) => issue::show(world, site, key, None),
        ("browse", [key, action], false) if from_this_machine(incoming) => {
            change(world, site, key, action, &incoming.form(), now)
        }
        _ => not_found(),
    })
}

fn not_found() -> Answer {
    Html::page("Not found", "<p>There is nothing here.</p>").answer(404)
}

/// Performs a form's action and goes back to the issue, or shows why not.
fn change(world: &mut World, site: usize, key: &str, action: &str, form: &Query, now: Timestamp) -> Answer {
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let result = match action {
        "transition" => {
            let body = json!({ "transition": { "id": text("transition") }, "fields": resolution(&text("resolution")) });
            by_hand(world, site, "POST", &format!("/issue/{key}/transitions"), body, now)
        }
        "assign" => {
            let account = Some(text("account")).filter(|account| !account.is_empty());
            by_hand(
                world,
                site,
                "PUT",
                &format!("/issue/{key}/assignee"),
                json!({ "accountId": account }),
                now,
            )
        }
        "comment" => {
            let body = json!({ "body": adf::paragraph(&text("text")) });
            by_hand(world, site, "POST", &format!("/issue/{key}/comment"), body, now)
        }
        "delete" => by_hand(world, site, "DELETE", &format!("/issue/{key}"), Value::Null, now),
        _ => return not_found(),
    };
    let domain = &world.sites[site].domain;
    match result {
        Ok(_) if action == "delete" => {
            let project = key.rsplit_once('-').map_or(key, |(project, _)| project);
            see_other(format!("/sites/{domain}/projects/{}", url_part(project)))
        }
        Ok(_) => see_other(format!("/sites/{domain}/browse/{}", url_part(key))),
        Err(refusal) => issue::show(world, site, key, Some(&refusal)),
    }
}

fn see_other(to: String) -> Answer {
    Answer::empty(303).with_header("location", to)
}

/// Keys are letters, digits, `_` and `-`; anything else does not belong into an address.
fn url_part(key: &str) -> String {
    key.chars().filter(|character| character.is_ascii_alphanumeric() || "-_".contains(*character)).collect()
}

fn resolution(name: &str) -> Value {
    if name.is_empty() { json!({}) } else { json!({ "resolution": { "name": name } }) }
}

/// A REST operation as the site's administrator, without limits and journal.
fn by_hand(world: &mut World, site: usize, method: &str, path: &str, body: Value, now: Timestamp) -> Reply {
    let Found::Operation(operation, params) = find(method, path) else { return Err(not_found()) };
    let caller = Caller { account: world.accounts.get("acc-admin"), credential: Credential::ApiToken };
    let base = format!("https://{}", world.sites[site].domain);
    let call = Call { operation, params, query: Query::default(), body, caller, site, now, base };
    (operation.handler)(world, &call)
}

/// A link to an issue's page.
fn issue_link(domain: &str, key: &str) -> String {
    let (domain, key) = (escape(domain), escape(key));
    format!("<a href=\"/sites/{domain}/browse/{key}\">{key}</a>")
}

/// A status as a coloured word.
fn status_word(world: &World, site: usize, status: u64) -> String {
    let site = &world.sites[site];
    let name = site.status(status).map_or("?", |status| status.name.as_str());
    format!("<span class=\"status {}\">{}</span>", site.category(status).key(), escape(name))
}
