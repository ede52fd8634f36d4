//! The pages on which a person sees the sites and changes issues by hand.
//!
//! A change goes through the same routes as a call of the REST API, as the account that is chosen on the page, so that
//! history, index lag and webhooks are the same.

pub(crate) mod html;
mod issue;
mod lists;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    adf,
    call::{Answer, Incoming, Query},
    control::{edit_project, from_this_machine},
    hand::{DEFAULT_PERSON, Deed, act},
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
        ("browse", [key], true) => {
            let query = Query::parse(incoming.query.as_deref());
            issue::show(world, site, key, query.get("as").unwrap_or(DEFAULT_PERSON), None)
        }
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
    let acting = form.get("as").unwrap_or(DEFAULT_PERSON).to_owned();
    let issue = format!("/issue/{key}");
    let (method, path, body) = match action {
        "transition" => {
            let fields = issue::screen_fields(world, site, key, form);
            let body = json!({ "transition": { "id": text("transition") }, "fields": fields });
            ("POST", format!("{issue}/transitions"), body)
        }
        "assign" => {
            let account = Some(text("account")).filter(|account| !account.is_empty());
            ("PUT", format!("{issue}/assignee"), json!({ "accountId": account }))
        }
        "comment" => ("POST", format!("{issue}/comment"), json!({ "body": adf::paragraph(&text("text")) })),
        "edit" => ("PUT", issue, json!({ "fields": { "summary": text("summary") } })),
        "delete" => ("DELETE", issue, Value::Null),
        "move" => return moved(world, key, &acting, &text("to"), now),
        _ => return not_found(),
    };
    match act(world, site, &acting, Deed { method, path: &path, body }, now) {
        Ok(_) if action == "delete" => {
            let project = key.rsplit_once('-').map_or(key, |(project, _)| project);
            see_other(format!("/sites/{}/projects/{}", world.sites[site].domain, url_part(project)))
        }
        Ok(_) => back(world, site, key, &acting),
        Err(refusal) => issue::show(world, site, key, &acting, Some(&refusal)),
    }
}

/// To the issue's page, as the same account.
fn back(world: &World, site: usize, key: &str, acting: &str) -> Answer {
    let (domain, key, acting) = (&world.sites[site].domain, url_part(key), url_part(acting));
    see_other(format!("/sites/{domain}/browse/{key}?as={acting}"))
}

/// Moving is an operation of the control API: the REST API has it only in bulk and later.
fn moved(world: &mut World, key: &str, acting: &str, to: &str, now: Timestamp) -> Answer {
    let project = key.rsplit_once('-').map_or(key, |(project, _)| project);
    let body = json!({ "issue": key, "to": to, "by": acting });
    let found = world.sites.iter().position(|site| site.project_named(project).is_some());
    match (edit_project(world, project, "move", &body, now), found) {
        (Ok(()), Some(site)) => back(world, site, key, acting),
        (Err(message), _) => Html::page("Refused", &format!("<p>{}</p>", escape(&message))).answer(400),
        (Ok(()), None) => not_found(),
    }
}

fn see_other(to: String) -> Answer {
    Answer::empty(303).with_header("location", to)
}

/// Keys are letters, digits, `_` and `-`; anything else does not belong into an address.
fn url_part(key: &str) -> String {
    key.chars().filter(|character| character.is_ascii_alphanumeric() || "-_".contains(*character)).collect()
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
