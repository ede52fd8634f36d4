//! Who calls: from the `Authorization` header to an account and the scopes it came with.
//!
//! The site takes unscoped API tokens only; the gateway takes scoped ones and bearer tokens. A wrong credential
//! on an operation that allows anonymous callers is, at the site, an anonymous call: lists come back empty and
//! issues do not exist, which looks like an answer.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use jiff::Timestamp;

use crate::{
    call::{Answer, Door},
    operation::Operation,
    state::{World, account::Account},
};

/// The caller of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// `None` = anonymous.
    pub(crate) account: Option<Account>,
    pub(crate) credential: Credential,
}

/// With what the caller showed who he is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    None,
    ApiToken,
    /// An OAuth app's bearer token; the client id is what quotas are counted by.
    OAuth {
        client: String,
        /// By client credentials instead of a person's consent.
        service: bool,
    },
}

impl Caller {
    pub(crate) const ANONYMOUS: Self = Self { account: None, credential: Credential::None };

    pub(crate) fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.account.as_ref().map(|account| account.id.as_str())
    }

    pub(crate) fn locale(&self) -> &str {
        self.account.as_ref().map_or("en_US", |account| account.locale.as_str())
    }
}

enum Header {
    Missing,
    Basic { email: String, token: String },
    Bearer(String),
    Unreadable,
}

fn read_header(header: Option<&str>) -> Header {
    let Some(header) = header else { return Header::Missing };
    let Some((scheme, rest)) = header.split_once(' ') else { return Header::Unreadable };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Header::Bearer(rest.trim().to_owned());
    }
    let decoded = BASE64.decode(rest.trim().as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.as_deref().and_then(|text| text.split_once(':')) {
        Some((email, token)) if scheme.eq_ignore_ascii_case("basic") => {
            Header::Basic { email: email.to_owned(), token: token.to_owned() }
        }
        _ => Header::Unreadable,
    }
}

/// The caller of an operation of a site, or the refusal that this door gives.
pub(crate) fn authenticate(
    world: &World,
    door: Door,
    site: usize,
    operation: &Operation,
    header: Option<&str>,
    now: Timestamp,
) -> Result<Caller, Answer> {
    let header = read_header(header);
    match door {
        Door::Site => at_site(world, operation, header, now),
        Door::Gateway => at_gateway(world, site, operation, header, now),
    }
}

fn at_site(world: &World, operation: &Operation, header: Header, now: Timestamp) -> Result<Caller, Answer> {
    let wrong = match header {
        Header::Missing => false,
        Header::Basic { email, token } => match basic(world, &email, &token, now) {
            Some((account, None)) => {
                return Ok(Caller { account: Some(account), credential: Credential::ApiToken });
            }
            // A scoped token is good, but not here.
            Some((_, Some(_))) => return Err(not_authenticated()),
            None => true,
        },
        Header::Bearer(_) => return Err(not_authenticated()),
        Header::Unreadable => true,
    };
    if operation.anonymous {
        return Ok(Caller::ANONYMOUS);
    }
    let refusal = not_authenticated();
    Err(if wrong {
        refusal.with_header("x-seraph-loginreason", "AUTHENTICATED_FAILED".to_owned())
    } else {
        refusal
    })
}

fn at_gateway(
    world: &World,
    site: usize,
    operation: &Operation,
    header: Header,
    now: Timestamp,
) -> Result<Caller, Answer> {
    let unauthorized = || Answer::gateway_error(401, "Unauthorized");
    let (caller, scopes) = match header {
        Header::Basic { email, token } => match basic(world, &email, &token, now) {
            Some((account, Some(scopes))) => {
                (Caller { account: Some(account), credential: Credential::ApiToken }, scopes)
            }
            _ => return Err(unauthorized()),
        },
        Header::Bearer(token) => {
            let grant = world.grants.by_access_token(&token, now).ok_or_else(unauthorized)?;
            let cloud_id = world.sites.get(site).map_or("", |site| site.cloud_id.as_str());
            if !grant.cloud_ids.iter().any(|granted| granted == cloud_id) {
                // To a token that was not granted a site, that site is unknown.
                return Err(Answer::gateway_error(404, "Not Found"));
            }
            let account = world
                .accounts
                .get(&grant.account)
                .filter(|account| account.active)
                .ok_or_else(unauthorized)?;
            let credential = Credential::OAuth { client: grant.client.clone(), service: grant.service };
            (Caller { account: Some(account), credential }, grant.scopes.clone())
        }
        Header::Missing | Header::Unreadable => return Err(unauthorized()),
    };
    if scopes_suffice(operation, &scopes) {
        Ok(caller)
    } else {
        Err(Answer::gateway_error(401, "Unauthorized; scope does not match"))
    }
}

/// All classic scopes of the operation, or all granular ones.
fn scopes_suffice(operation: &Operation, granted: &BTreeSet<String>) -> bool {
    let has_all = |needed: &[&str]| needed.iter().all(|scope| granted.contains(*scope));
    has_all(operation.classic) || (!operation.granular.is_empty() && has_all(operation.granular))
}

/// The account of an e-mail address and token, with the token's scopes if it has any.
fn basic(
    world: &World,
    email: &str,
    token: &str,
    now: Timestamp,
) -> Option<(Account, Option<BTreeSet<String>>)> {
    let account = world.accounts.by_email(email).filter(|account| account.active)?;
    let token = world.tokens.iter().find(|known| known.account == account.id && known.text == token)?;
    let alive = token.expires.is_none_or(|expires| now.as_second() < expires);
    alive.then(|| (account, token.scopes.clone()))
}

fn not_authenticated() -> Answer {
    Answer::error(401, "Client must be authenticated to access this resource.")
        .with_header("www-authenticate", "OAuth realm=\"https%3A%2F%2Fatlassian.net\"".to_owned())
}
