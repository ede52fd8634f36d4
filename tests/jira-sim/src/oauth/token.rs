//! `POST /oauth/token`: exchanges a code, a refresh token or a service account's secret for tokens.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    CLIENT_ID, CLIENT_SECRET, FAMILY_SECONDS, Grant, IDLE_SECONDS, SERVICE_ID, SERVICE_SECRET, within_leeway,
};
use crate::{
    call::{Answer, Incoming},
    clock::plus_seconds,
    operation::CLASSIC_SCOPES,
    state::World,
};

/// Answers the token endpoint. JSON is what Atlassian documents; a form is taken too.
pub(crate) fn exchange(world: &mut World, incoming: &Incoming, now: Timestamp) -> Answer {
    let fields = match read_fields(incoming) {
        Ok(fields) => fields,
        Err(answer) => return answer,
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let client = (text("client_id"), text("client_secret"));
    let known = match text("grant_type").as_str() {
        "client_credentials" => (SERVICE_ID, SERVICE_SECRET),
        _ => (CLIENT_ID, CLIENT_SECRET),
    };
    if (client.0.as_str(), client.1.as_str()) != known {
        return refusal(401, "access_denied", "Unauthorized");
    }
    match text("grant_type").as_str() {
        "authorization_code" => exchange_code(world, &text("code"), &text("redirect_uri"), now),
        "refresh_token" => rotate(world, &text("refresh_token"), now),
        "client_credentials" => service_account(world, now),
        other => refusal(400, "unsupported_grant_type", &format!("Unsupported grant type: {other}")),
    }
}

fn read_fields(incoming: &Incoming) -> Result<Value, Answer> {
    let form = incoming
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if form {
        let pairs = incoming.form().0.into_iter().map(|(name, value)| (name, Value::String(value)));
        return Ok(Value::Object(pairs.collect()));
    }
    incoming.json().map_err(|_| refusal(400, "invalid_request", "The body is not JSON."))
}

fn exchange_code(world: &mut World, code: &str, redirect_uri: &str, now: Timestamp) -> Answer {
    let invalid = || refusal(403, "invalid_grant", "Invalid authorization code");
    let Some(known) = world.grants.codes.get_mut(code) else { return invalid() };
    if known.used || now >= known.until || known.redirect_uri != redirect_uri {
        return invalid();
    }
    known.used = true;
    let grant = known.grant;
    pair(world, grant, now)
}

fn rotate(world: &mut World, token: &str, now: Timestamp) -> Answer {
    let invalid = || refusal(403, "invalid_grant", "Unknown or invalid refresh token.");
    let reuse_ends_grant = world.settings.reuse_ends_grant;
    let grants = &mut world.grants;
    let Some(refresh) = grants.refresh.get_mut(token) else { return invalid() };
    let Some(grant) = grants.by_number.get_mut(&refresh.grant) else { return invalid() };
    if !within_leeway(refresh, now) {
        grant.ended |= reuse_ends_grant;
        return invalid();
    }
    let idle = now >= plus_seconds(refresh.issued, IDLE_SECONDS);
    if grant.ended || idle || now >= plus_seconds(grant.began, FAMILY_SECONDS) {
        return invalid();
    }
    // Within the leeway the old token gives another pair; the time of its first use counts.
    refresh.rotated.get_or_insert(now);
    let grant = refresh.grant;
    pair(world, grant, now)
}

fn service_account(world: &mut World, now: Timestamp) -> Answer {
    let scopes = world
        .tokens
        .iter()
        .find(|token| token.account == "acc-service")
        .and_then(|token| token.scopes.clone())
        .unwrap_or_else(|| CLASSIC_SCOPES.iter().map(|scope| (*scope).to_owned()).collect());
    let grant = Grant {
        client: SERVICE_ID.to_owned(),
        account: "acc-service".to_owned(),
        scopes: scopes.into_iter().filter(|scope| scope != "offline_access").collect(),
        cloud_ids: world.sites.iter().map(|site| site.cloud_id.clone()).collect(),
        service: true,
        began: now,
        ended: false,
    };
    let grant = world.grants.add_grant(grant);
    pair(world, grant, now)
}

fn pair(world: &mut World, grant: u64, now: Timestamp) -> Answer {
    let seconds = world.settings.access_token_seconds;
    let (access, refresh) = world.grants.issue_pair(grant, seconds, now);
    let scopes: Vec<String> = world
        .grants
        .by_number
        .get(&grant)
        .map(|grant| grant.scopes.iter().cloned().collect())
        .unwrap_or_default();
    let mut body = json!({
        "access_token": access,
        "expires_in": seconds,
        "token_type": "Bearer",
        "scope": scopes.join(" "),
    });
    if let Some(refresh) = refresh {
        body["refresh_token"] = json!(refresh);
    }
    Answer::ok(body).with_header("cache-control", "no-store".to_owned())
}

fn refusal(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, json!({ "error": error, "error_description": description }))
}
