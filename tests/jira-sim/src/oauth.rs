//! auth.atlassian.com and the parts of api.atlassian.com that are about a grant: codes, tokens, sites, account.
//!
//! Refresh tokens rotate: each refresh gives a new pair. The pair before it stays good for ten minutes more, for
//! clients that did not get the answer; then both its tokens are dead. Nothing of this is in an `OpenAPI` document.

mod consent;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) use consent::{ask, decide, is_local};
pub(crate) use token::exchange;

use crate::{
    call::{Answer, Incoming},
    clock::plus_seconds,
    state::World,
};

pub(crate) const CLIENT_ID: &str = "sim-client";
pub(crate) const CLIENT_SECRET: &str = "sim-client-secret";
pub(crate) const SERVICE_ID: &str = "sim-service";
pub(crate) const SERVICE_SECRET: &str = "sim-service-secret";

const LEEWAY_SECONDS: i64 = 600;
const IDLE_SECONDS: i64 = 90 * 86_400;
const FAMILY_SECONDS: i64 = 365 * 86_400;

/// What somebody allowed an app to do, and where.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) account: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) cloud_ids: Vec<String>,
    /// By client credentials.
    pub(crate) service: bool,
    began: Timestamp,
    ended: bool,
}

/// A code that was not exchanged yet.
#[derive(Debug, Clone)]
struct Code {
    grant: u64,
    redirect_uri: String,
    until: Timestamp,
    used: bool,
}

#[derive(Debug, Clone)]
struct AccessToken {
    grant: u64,
    until: Timestamp,
    companion: Option<String>,
}

#[derive(Debug, Clone)]
struct RefreshToken {
    grant: u64,
    issued: Timestamp,
    /// When it was exchanged for another.
    rotated: Option<Timestamp>,
}

/// All grants with their codes and tokens.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    by_number: BTreeMap<u64, Grant>,
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, AccessToken>,
    refresh: BTreeMap<String, RefreshToken>,
    issued: u64,
}

impl Grants {
    /// The grant behind an access token that is good at `now`.
    pub(crate) fn by_access_token(&self, token: &str, now: Timestamp) -> Option<&Grant> {
        let access = self.access.get(token).filter(|access| now < access.until)?;
        let alive = access.companion.as_ref().is_none_or(|refresh| {
            // Companions die together, even if the access token would live longer by itself.
            self.refresh.get(refresh).is_some_and(|refresh| within_leeway(refresh, now))
        });
        self.by_number.get(&access.grant).filter(|grant| alive && !grant.ended)
    }

    /// Whether a person's consent to an app still holds.
    pub(crate) fn has_consent(&self, client: &str, account: &str) -> bool {
        self.by_number
            .values()
            .any(|grant| grant.client == client && grant.account == account && !grant.ended)
    }

    fn add_grant(&mut self, grant: Grant) -> u64 {
        self.issued += 1;
        self.by_number.insert(self.issued, grant);
        self.issued
    }

    /// A text that nobody can guess from another one.
    fn take_text(&mut self, kind: &str) -> String {
        self.issued += 1;
        let digest = Sha256::digest(format!("jira-sim {kind} {}", self.issued));
        format!("{kind}-{}-{}", self.issued, BASE64URL_NOPAD.encode(&digest[..18]))
    }

    /// A new pair; without `offline_access` no refresh token.
    fn issue_pair(&mut self, grant: u64, seconds: i64, now: Timestamp) -> (String, Option<String>) {
        let wants_refresh = self
            .by_number
            .get(&grant)
            .is_some_and(|grant| !grant.service && grant.scopes.contains("offline_access"));
        let refresh = wants_refresh.then(|| self.take_text("refresh"));
        if let Some(refresh) = &refresh {
            self.refresh.insert(refresh.clone(), RefreshToken { grant, issued: now, rotated: None });
        }
        let access = self.take_text("access");
        let until = plus_seconds(now, seconds);
        self.access.insert(access.clone(), AccessToken { grant, until, companion: refresh.clone() });
        (access, refresh)
    }

    /// Ends every grant of an account, as the account's owner does under "Connected apps".
    pub(crate) fn revoke_account(&mut self, account: &str) -> usize {
        let own = self.by_number.values_mut().filter(|grant| grant.account == account && !grant.ended);
        own.map(|grant| grant.ended = true).count()
    }
}

fn within_leeway(refresh: &RefreshToken, now: Timestamp) -> bool {
    refresh.rotated.is_none_or(|rotated| now < plus_seconds(rotated, LEEWAY_SECONDS))
}

/// `GET /oauth/token/accessible-resources`.
pub(crate) fn accessible_resources(world: &World, incoming: &Incoming, now: Timestamp) -> Answer {
    let Some(grant) = bearer(world, incoming, now) else { return Answer::gateway_error(401, "Unauthorized") };
    // `offline_access` is about the token, not about the site.
    let scopes: Vec<&String> = grant.scopes.iter().filter(|scope| *scope != "offline_access").collect();
    let sites = world.sites.iter().filter(|site| grant.cloud_ids.contains(&site.cloud_id));
    let resource = |site: &crate::state::site::Site| {
        json!({
            "id": site.cloud_id,
            "url": format!("https://{}", site.domain),
            "name": site.name,
            "scopes": scopes,
            "avatarUrl": "https://site-admin-avatar-cdn.prod.public.atl-paas.net/avatars/240/site.png",
        })
    };
    Answer::ok(Value::Array(sites.map(resource).collect()))
}

/// `GET /me`.
pub(crate) fn me(world: &World, incoming: &Incoming, now: Timestamp) -> Answer {
    let Some(grant) = bearer(world, incoming, now) else { return Answer::gateway_error(401, "Unauthorized") };
    if !grant.scopes.contains("read:me") {
        return Answer::gateway_error(401, "Unauthorized; scope does not match");
    }
    let Some(account) = world.accounts.get(&grant.account) else {
        return Answer::gateway_error(401, "Unauthorized");
    };
    Answer::ok(json!({
        "account_type": account.kind.account_type(),
        "account_id": account.id,
        "email": account.email,
        "email_verified": true,
        "name": account.name,
        "picture": "",
        "account_status": if account.active { "active" } else { "inactive" },
        "zoneinfo": account.time_zone,
        "locale": account.locale,
    }))
}

/// The account of a bearer token, for the journal.
pub(crate) fn bearer<'a>(world: &'a World, incoming: &Incoming, now: Timestamp) -> Option<&'a Grant> {
    let token = incoming.header("authorization")?.strip_prefix("Bearer ")?;
    world.grants.by_access_token(token, now)
}
