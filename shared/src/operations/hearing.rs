//! Hearing from Jira: a webhook's delivery is verified, taken once, and makes what it is about due. No call to Jira.

use std::sync::Arc;

use super::Core;
use crate::connection::{Connection, Method};
use crate::error::Kind;
use crate::ids::{ConnectionId, TenantId};
use crate::jira::OauthApp;
use crate::jira::webhook::{self, Delivery};
use crate::secret::Secret;
use crate::secrets::{self, SecretStore};
use crate::{Error, Result};

/// Takes deliveries.
#[derive(Clone)]
pub struct Hearing {
    /// Table, time, randomness.
    pub core: Core,
    /// Where signing secrets are.
    pub secrets: Arc<dyn SecretStore>,
}

/// A delivery as it came.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    /// The tenant in the path.
    pub tenant: TenantId,
    /// The connection in the path.
    pub connection: ConnectionId,
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
}

impl Hearing {
    /// Verifies and takes a delivery.
    ///
    /// # Errors
    /// `Unauthenticated` when the signature is missing or wrong, whatever else may be wrong, so that nothing can be
    /// learned without the secret; `Invalid` when a signed body cannot be read.
    pub async fn take(&self, received: &Received<'_>) -> Result<Heard> {
        let connection = self.core.store.connection(&received.tenant, &received.connection).await?;
        let Some(connection) = connection else { return Err(refuse()) };
        self.verify(&connection, received).await?;
        let delivery = Delivery::parse(received.body)?;
        let identifier = match received.identifier {
            Some(identifier) if identifier.len() <= 128 => identifier.to_owned(),
            // Without one, the body itself tells one delivery from another.
            _ => crate::ids::digest(received.body),
        };
        let now = self.core.clock.now();
        let site = connection.site.as_str();
        if delivery.issue.is_some() && connection.state.usable() {
            // The signature does not cover the body of a dynamic webhook, so the delivery only says where to look. A
            // hundred deliveries within a minute make one evaluation: they move its time, and the next tick asks for it.
            // Moving it is safe to repeat, so it comes first: if this function dies, Jira's repetition does it again.
            self.core.store.hasten_connection(&connection.tenant, &connection.id, now).await?;
        } else {
            return Ok(Heard::Ignored);
        }
        if self.core.store.first_delivery(&connection.tenant, site, &identifier, now).await? {
            Ok(Heard::Taken)
        } else {
            Ok(Heard::Again)
        }
    }

    /// Verifies with the secret as it is known here, and if that fails as it is now: it may just have been replaced, and
    /// Jira does not repeat what was refused.
    async fn verify(&self, connection: &Connection, received: &Received<'_>) -> Result<()> {
        let (name, signed) = match (connection.method, received.authorization, received.signature) {
            (Method::Oauth, Some(authorization), _) => {
                (secrets::oauth_app_name(&connection.tenant), Signed::Token(authorization))
            }
            (_, _, Some(signature)) => {
                (secrets::webhook_name(&connection.tenant, &connection.id), Signed::Body(signature))
            }
            _ => return Err(refuse()),
        };
        let known = self.secrets.get(&name).await?;
        let verified = self.verify_by(known.as_ref(), &signed, received);
        if !matches!(&verified, Err(error) if *error.kind() == Kind::Unauthenticated) {
            return verified;
        }
        let fresh = self.secrets.get_fresh(&name).await?;
        if fresh == known { verified } else { self.verify_by(fresh.as_ref(), &signed, received) }
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

/// How a delivery is signed.
enum Signed<'a> {
    /// By a token beside the body, which the OAuth app's secret signs.
    Token(&'a str),
    /// By a signature of the body, which the webhook's own secret made.
    Body(&'a str),
}

fn refuse() -> Error {
    Error::new(Kind::Unauthenticated, "the delivery is not signed by the connection's secret")
}
