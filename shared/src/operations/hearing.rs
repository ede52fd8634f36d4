//! Hearing from Jira: a webhook's delivery is verified, taken once, and makes what it is about due. No call to Jira.
//!
//! | path | signed by | about |
//! |---|---|---|
//! | `/webhooks/{tenant}` | a token beside the body, by the tenant's OAuth app ([`super::listening`] registered it) | the connections by OAuth on the site that the body names |
//! | `/webhooks/{tenant}/{connection}` | a signature of the body, by the secret that was entered by hand | the connection |
//!
//! What was heard is written into the tickets of the issue and asked for; `create-tickets` reads the issue itself. What
//! GitHub delivers is taken by [`github`].

pub mod github;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::Core;
use crate::clock::{after, seconds_between};
use crate::connection::{Connection, Method};
use crate::error::Kind;
use crate::ids::{ConnectionId, IssueId, TenantId};
use crate::jira::OauthApp;
use crate::jira::webhook::{self, Delivery};
use crate::secret::Secret;
use crate::secrets::{self, SecretStore};
use crate::sqs::{Queue, SyncRequest};
use crate::{Error, Result};

/// How often a secret is read anew for deliveries that are not signed by the one that is known, in seconds: whoever sends
/// rubbish must not make Secrets Manager turn everybody away.
const FRESH_EVERY: i64 = 10;

/// How many names of secrets are remembered for that.
const MOST_NAMES: usize = 1000;

/// Takes deliveries.
#[derive(Clone)]
pub struct Hearing {
    /// Table, time, randomness.
    pub core: Core,
    /// Where signing secrets are.
    pub secrets: Arc<dyn SecretStore>,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
    /// When each secret was last read anew.
    pub refreshed: Arc<Mutex<HashMap<String, Timestamp>>>,
}

/// A delivery as it came.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    /// The tenant in the path.
    pub tenant: TenantId,
    /// The connection in the path; none where an OAuth app registered the webhook.
    pub connection: Option<ConnectionId>,
    /// `Authorization`, by which dynamic webhooks are signed.
    pub authorization: Option<&'a str>,
    /// `X-Hub-Signature`, by which admin webhooks are signed.
    pub signature: Option<&'a str>,
    /// `X-Atlassian-Webhook-Identifier`, the same for all retries of a delivery.
    pub identifier: Option<&'a str>,
    /// The raw body.
    pub body: &'a [u8],
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heard {
    /// It was taken.
    Taken,
    /// It had been taken before.
    Again,
    /// It is about nothing that concerns us.
    Ignored,
    /// It only tried whether we are there.
    Greeted,
}

impl Hearing {
    /// Verifies and takes a delivery.
    ///
    /// # Errors
    /// `Unauthenticated` when the signature is missing or wrong, whatever else may be wrong, so that nothing can be
    /// learned without the secret; `Invalid` when a signed body cannot be read.
    pub async fn take(&self, received: &Received<'_>) -> Result<Heard> {
        let connections = self.verified(received).await?;
        let delivery = Delivery::parse(received.body)?;
        let concerned = concerned(&connections, &delivery);
        let Some(issue) = delivery.issue.as_ref().filter(|_| !concerned.is_empty()) else {
            return Ok(Heard::Ignored);
        };
        let identifier = match received.identifier {
            Some(identifier) if identifier.len() <= 128 => identifier.to_owned(),
            // Without one, the body itself tells one delivery from another.
            _ => crate::ids::digest(received.body),
        };
        // Identifiers are unique on a site only.
        let site = delivery.host.as_deref().unwrap_or_else(|| concerned[0].site.as_str());
        let (store, now) = (&self.core.store, self.core.clock.now());
        if store.knows_delivery(&received.tenant, site, &identifier).await? {
            return Ok(Heard::Again);
        }
        // Remembered last: if this function dies before, Jira's repetition does it all again, which does no harm.
        for connection in concerned {
            self.hear(connection, issue, now).await?;
        }
        if store.first_delivery(&received.tenant, site, &identifier, now).await? {
            Ok(Heard::Taken)
        } else {
            Ok(Heard::Again)
        }
    }

    /// The delivery only says where to look: the token of a dynamic webhook does not sign the body.
    async fn hear(&self, connection: &Connection, issue: &IssueId, now: Timestamp) -> Result<()> {
        let (store, tenant) = (&self.core.store, &connection.tenant);
        // A hundred deliveries within a minute make one evaluation: they move its time, and the next tick asks for it.
        store.hasten_connection(tenant, &connection.id, worth_looking_at(connection, now)).await?;
        let Some(cloud_id) = &connection.cloud_id else { return Ok(()) };
        let tickets = store.hear_issue(tenant, cloud_id, issue, now).await?;
        let requests: Vec<SyncRequest> =
            tickets.into_iter().map(|ticket| SyncRequest { tenant: tenant.clone(), ticket }).collect();
        if requests.is_empty() { Ok(()) } else { self.sync.send_all(&requests, None).await }
    }

    /// The connections that a delivery may be about, if it is signed as their deliveries are.
    async fn verified(&self, received: &Received<'_>) -> Result<Vec<Connection>> {
        let (store, tenant) = (&self.core.store, &received.tenant);
        let (connections, name, signed) =
            match (&received.connection, received.authorization, received.signature) {
                (None, Some(token), _) => {
                    let all = store.all_connections(tenant).await?;
                    let by_oauth: Vec<Connection> =
                        all.into_iter().filter(|connection| connection.method == Method::Oauth).collect();
                    (by_oauth, secrets::oauth_app_name(tenant), Signed::Token(token))
                }
                // A token here is of no webhook that was entered by hand.
                (Some(id), None, Some(signature)) => {
                    let one = store.connection(tenant, id).await?.into_iter().collect();
                    (one, secrets::webhook_name(tenant, id), Signed::Body(signature))
                }
                _ => return Err(refuse()),
            };
        if connections.is_empty() {
            return Err(refuse());
        }
        self.verify(&name, &signed, received).await?;
        Ok(connections)
    }

    /// Verifies with the secret as it is known here, and if that fails as it is now: it may just have been replaced, and
    /// Jira does not repeat what was refused.
    async fn verify(&self, name: &str, signed: &Signed<'_>, received: &Received<'_>) -> Result<()> {
        let known = self.secrets.get(name).await?;
        let verified = self.verify_by(known.as_ref(), signed, received);
        if !matches!(&verified, Err(error) if *error.kind() == Kind::Unauthenticated)
            || !self.may_read_anew(name)
        {
            return verified;
        }
        let fresh = self.secrets.get_fresh(name).await?;
        if fresh == known { verified } else { self.verify_by(fresh.as_ref(), signed, received) }
    }

    /// Whether it is time to read a secret anew; if so, it is not for a while after.
    fn may_read_anew(&self, name: &str) -> bool {
        let now = self.core.clock.now();
        let mut refreshed = self.refreshed.lock().unwrap_or_else(PoisonError::into_inner);
        if refreshed.get(name).is_some_and(|at| seconds_between(*at, now) < FRESH_EVERY) {
            return false;
        }
        if refreshed.len() >= MOST_NAMES {
            refreshed.clear();
        }
        refreshed.insert(name.to_owned(), now);
        true
    }

    fn verify_by(&self, secret: Option<&Secret>, signed: &Signed<'_>, received: &Received<'_>) -> Result<()> {
        let Some(secret) = secret else { return Err(refuse()) };
        let verified = match signed {
            Signed::Token(authorization) => {
                let app: OauthApp = serde_json::from_str(secret.expose())
                    .map_err(|_| Error::internal("the secret of the OAuth app is not as Assay writes it"))?;
                webhook::verify_jwt(Some(authorization), &app.client_secret, self.core.clock.now())
                    .map(|_| ())
            }
            Signed::Body(signature) => webhook::verify_hmac(secret, Some(signature), received.body),
        };
        verified.map_err(|error| refuse().because(error.chain()))
    }
}

/// Which of the connections a delivery is about: those on the site that its issue is on; all, where no connection is on
/// that site by the name that it has there.
fn concerned<'a>(connections: &'a [Connection], delivery: &Delivery) -> Vec<&'a Connection> {
    let usable = || connections.iter().filter(|connection| connection.state.usable());
    let is_there = |connection: &&Connection| {
        delivery.host.as_deref() == Some(connection.site.as_str())
            || (delivery.cloud_id.is_some() && delivery.cloud_id == connection.cloud_id)
    };
    let there: Vec<&Connection> = usable().filter(is_there).collect();
    if there.is_empty() { usable().collect() } else { there }
}

/// When a connection is looked at again because of news: now, or when the rest that its last evaluation earned is over,
/// so that a site on which much happens is not read in full every minute.
fn worth_looking_at(connection: &Connection, now: Timestamp) -> Timestamp {
    let Some(rests_until) = connection.evaluated.map(|evaluated| evaluated.rests_until()) else { return now };
    // An evaluation may be under way and not see the news: its end gives it a rest, and comes back for the news.
    let claimed = now..=after(now, super::checking::CLAIM);
    let is_under_way =
        connection.due_at.is_some_and(|due_at| claimed.contains(&due_at) && due_at != rests_until);
    if is_under_way { now } else { now.max(rests_until) }
}

/// How a delivery is signed.
enum Signed<'a> {
    /// By a token beside the body, which the OAuth app's secret signs.
    Token(&'a str),
    /// By a signature of the body, which the webhook's own secret made.
    Body(&'a str),
}

fn refuse() -> Error {
    Error::new(Kind::Unauthenticated, "the delivery is not signed by the secret that was made for it")
}

#[cfg(test)]
mod tests {
    use super::worth_looking_at;
    use crate::clock::after;
    use crate::connection::{Connection, Evaluated, Method};
    use crate::ids::{ConnectionId, TenantId};
    use crate::site::SiteDomain;

    #[test]
    fn news_is_looked_at_when_the_rest_of_the_last_evaluation_is_over() {
        let start = "2026-06-01T12:00:00Z".parse().unwrap();
        let at = |seconds| after(start, seconds);
        let mut it = Connection::begin(
            TenantId::parse("acme").unwrap(),
            ConnectionId::parse("con-1").unwrap(),
            Method::ApiToken,
            SiteDomain::parse("acme.atlassian.net").unwrap(),
            start,
        );
        it.due_at = Some(at(3600));
        assert_eq!(worth_looking_at(&it, at(60)), at(60), "never evaluated");
        for (points, rest) in [(300, 20), (3_000, 200), (150_000, 900), (u64::MAX, 900)] {
            it.evaluated = Some(Evaluated { started_at: start, points, every: 3600 });
            assert_eq!(worth_looking_at(&it, at(10)), at(rest), "{points} points");
            assert_eq!(worth_looking_at(&it, at(1000)), at(1000), "{points} points");
        }
        it.due_at = Some(at(300));
        assert_eq!(worth_looking_at(&it, at(10)), at(10), "an evaluation is under way");
        it.due_at = Some(at(900));
        assert_eq!(worth_looking_at(&it, at(800)), at(900), "it waits for the rest to be over already");
    }
}
