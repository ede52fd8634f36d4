//! What a person does by hand: operations of the REST API without a credential, limits and journal.
//!
//! The page and the control API use it, so that history, index lag and webhooks are those of a REST call.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    auth::{Caller, Credential},
    call::{Answer, Call, Query, Reply},
    operation::{Found, find},
    state::World,
};

/// Who acts when nobody is named: an ordinary account, and not the one that integrations connect as in the demo.
pub(crate) const DEFAULT_PERSON: &str = "acc-1";

/// What is done: below `/rest/api/3`, with or without a query string.
pub(crate) struct Deed<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: Value,
}

/// Performs a REST operation as an account.
pub(crate) fn act(world: &mut World, site: usize, account: &str, deed: Deed<'_>, now: Timestamp) -> Reply {
    let (path, query) =
        deed.path.split_once('?').map_or((deed.path, None), |(path, query)| (path, Some(query)));
    let Found::Operation(operation, params) = find(deed.method, path) else {
        return Err(Answer::not_found(&format!("There is no operation {} {path}.", deed.method)));
    };
    let Some(account) = world.accounts.get(account) else {
        return Err(Answer::bad_request(&format!("There is no account {account}.")));
    };
    let caller = Caller { account: Some(account), credential: Credential::ApiToken };
    let base = format!("https://{}", world.sites[site].domain);
    let query = Query::parse(query);
    let call = Call { operation, params, query, body: deed.body, caller, site, now, base };
    (operation.handler)(world, &call)
}
