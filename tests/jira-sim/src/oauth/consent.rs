//! `/authorize`: the page on which a person allows an app to act for him, and what comes of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use url::Url;

use super::{CLIENT_ID, Code, Grant};
use crate::{
    call::{Answer, Query},
    clock::plus_seconds,
    page::html::{Html, escape},
    state::{World, account::AccountKind},
};

const CODE_SECONDS: i64 = 300;
/// What has to come back with the decision.
const CARRIED: [&str; 6] = ["client_id", "scope", "redirect_uri", "state", "response_type", "audience"];

struct Request {
    redirect_uri: Url,
    redirect_text: String,
    scopes: BTreeSet<String>,
    state: Option<String>,
}

/// Errors about the app or its address are shown, never redirected: the address cannot be trusted yet.
fn read(query: &Query) -> Result<Request, String> {
    let text = |name: &str| query.get(name).unwrap_or_default();
    if text("client_id") != CLIENT_ID {
        return Err("Unknown client_id.".to_owned());
    }
    let redirect_text = text("redirect_uri").to_owned();
    let redirect_uri = Url::parse(&redirect_text).map_err(|error| format!("redirect_uri: {error}"))?;
    if !is_local(&redirect_uri) {
        return Err("redirect_uri is not registered for this app.".to_owned());
    }
    if text("response_type") != "code" {
        return Err("response_type must be code.".to_owned());
    }
    if text("audience") != "api.atlassian.com" {
        return Err("audience must be api.atlassian.com.".to_owned());
    }
    let scopes: BTreeSet<String> = text("scope").split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() {
        return Err("scope must not be empty.".to_owned());
    }
    Ok(Request { redirect_uri, redirect_text, scopes, state: query.get("state").map(str::to_owned) })
}

/// This machine only: the simulator sends nobody elsewhere.
pub(crate) fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
    })
}

/// `GET /authorize`.
pub(crate) fn ask(world: &World, query: &Query) -> Answer {
    let request = match read(query) {
        Ok(request) => request,
        Err(problem) => return Html::page("Error", &format!("<p>{}</p>", escape(&problem))).answer(400),
    };
    if query.get("prompt") != Some("consent") {
        let problem = "<p>prompt must be consent.</p>";
        return Html::page("Error", problem).answer(400);
    }
    let mut body = String::from("<p>The app <b>sim-client</b> asks to:</p><ul>");
    for scope in &request.scopes {
        body.extend([format!("<li><code>{}</code></li>", escape(scope))]);
    }
    body += "</ul><form method=\"post\" action=\"/authorize\">";
    for name in CARRIED {
        let value = escape(query.get(name).unwrap_or_default());
        body.extend([format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")]);
    }
    body += "<p><label>As <select name=\"account\">";
    let people = world.accounts.iter().take(50);
    for account in people.filter(|account| account.active && account.kind == AccountKind::Person) {
        let chosen = if account.id == "acc-admin" { " selected" } else { "" };
        body.extend([format!(
            "<option value=\"{}\"{chosen}>{}</option>",
            escape(&account.id),
            escape(&account.name)
        )]);
    }
    body += "</select></label></p><fieldset><legend>Use app on</legend>";
    for site in &world.sites {
        let domain = escape(&site.domain);
        body.extend([format!(
            "<label><input type=\"checkbox\" name=\"site\" value=\"{domain}\" checked> {domain}</label><br>"
        )]);
    }
    body += "</fieldset><p><button name=\"decision\" value=\"approve\">Accept</button> \
             <button name=\"decision\" value=\"deny\">Cancel</button></p></form>";
    Html::page("Authorize app", &body).answer(200)
}

/// `POST /authorize`: the fields of the page. A script may leave out `account` (then the site's administrator
/// consents) and `site` (then all sites are covered).
pub(crate) fn decide(world: &mut World, form: &Query, now: Timestamp) -> Answer {
    let request = match read(form) {
        Ok(request) => request,
        Err(problem) => return Html::page("Error", &format!("<p>{}</p>", escape(&problem))).answer(400),
    };
    let account = form.get("account").unwrap_or("acc-admin").to_owned();
    let account_is_usable = world.accounts.get(&account).is_some_and(|account| account.active);
    if form.get("decision") != Some("approve") || !account_is_usable {
        let refusal =
            [("error", "access_denied"), ("error_description", "User did not authorize the request")];
        return send_back(request, &refusal);
    }
    let wanted = form.list("site");
    let sites = world.sites.iter().filter(|site| wanted.is_empty() || wanted.contains(&site.domain));
    let grant = Grant {
        client: CLIENT_ID.to_owned(),
        account,
        scopes: request.scopes.clone(),
        cloud_ids: sites.map(|site| site.cloud_id.clone()).collect(),
        service: false,
        began: now,
        ended: false,
    };
    let grant = world.grants.add_grant(grant);
    let code = world.grants.take_text("code");
    let until = plus_seconds(now, CODE_SECONDS);
    let redirect_uri = request.redirect_text.clone();
    world.grants.codes.insert(code.clone(), Code { grant, redirect_uri, until, used: false });
    send_back(request, &[("code", &code)])
}

fn send_back(mut request: Request, parameters: &[(&str, &str)]) -> Answer {
    {
        let mut pairs = request.redirect_uri.query_pairs_mut();
        for (name, value) in parameters {
            pairs.append_pair(name, value);
        }
        if let Some(state) = &request.state {
            pairs.append_pair("state", state);
        }
    }
    Answer::redirect(request.redirect_uri.into())
}
