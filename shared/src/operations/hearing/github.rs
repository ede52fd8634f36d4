//! Hearing from GitHub.
//!
//! | path | signed by | about |
//! |---|---|---|
//! | `/webhooks/{tenant}/github` | `X-Hub-Signature-256`, by the tenant's secret, or the one before for a day | pull requests |

use super::{Heard, Hearing, refuse};
use crate::Result;
use crate::github::webhook::{Delivery, Signing};
use crate::ids::TenantId;
use crate::operations::pulls::{News, Pulls};
use crate::secrets;

/// What deliveries of GitHub are remembered by, in the place of a site.
const SITE: &str = "github";

/// A delivery of GitHub as it came.
///
/// Source: docs.github.com, "Webhook events and payloads", "Delivery headers".
#[derive(Clone, Debug)]
pub struct FromGithub<'a> {
    /// The tenant in the path.
    pub tenant: TenantId,
    /// `X-Hub-Signature-256`.
    pub signature: Option<&'a str>,
    /// `X-GitHub-Event`.
    pub event: Option<&'a str>,
    /// `X-GitHub-Delivery`, the same when somebody has a delivery repeated.
    pub identifier: Option<&'a str>,
    /// The raw body.
    pub body: &'a [u8],
}

impl Hearing {
    /// Verifies and takes a delivery of GitHub. No call to GitHub or Jira is made.
    ///
    /// # Errors
    /// `Unauthenticated` when the signature is missing or wrong, whatever else may be wrong, so that nothing can be
    /// learned without the secret; `Invalid` when a signed body cannot be read.
    pub async fn take_from_github(&self, received: &FromGithub<'_>) -> Result<Heard> {
        self.verify_github(received).await?;
        let (store, tenant, now) = (&self.core.store, &received.tenant, self.core.clock.now());
        store.note_delivered(tenant, now).await?;
        let pull = match Delivery::parse(received.event, received.body)? {
            Delivery::Ping => return Ok(Heard::Greeted),
            Delivery::Other => return Ok(Heard::Ignored),
            Delivery::Pull(pull) => pull,
        };
        let identifier = match received.identifier {
            Some(identifier) if identifier.len() <= 128 => identifier.to_owned(),
            // Without one, the body itself tells one delivery from another.
            _ => crate::ids::digest(received.body),
        };
        if store.knows_delivery(tenant, SITE, &identifier).await? {
            return Ok(Heard::Again);
        }
        let pulls = Pulls { core: self.core.clone(), sync: std::sync::Arc::clone(&self.sync) };
        let noted = pulls.take(tenant, &News::of(&pull, None)).await?;
        // Remembered last: what was not taken to its end may be delivered again.
        let is_first = store.first_delivery(tenant, SITE, &identifier, now).await?;
        Ok(match noted {
            None => Heard::Ignored,
            Some(_) if is_first => Heard::Taken,
            Some(_) => Heard::Again,
        })
    }

    /// Verifies with the secrets as they are known here, and if that fails as they are now: they may just have been
    /// replaced, and GitHub does not repeat what was refused.
    async fn verify_github(&self, received: &FromGithub<'_>) -> Result<()> {
        if received.signature.is_none() || self.core.store.forge(&received.tenant).await?.is_none() {
            return Err(refuse());
        }
        let name = secrets::github_webhook_name(&received.tenant);
        let known = self.secrets.get(&name).await?;
        if self.is_by(known.as_ref(), received)? {
            return Ok(());
        }
        if !self.may_read_anew(&name) {
            return Err(refuse());
        }
        let fresh = self.secrets.get_fresh(&name).await?;
        if self.is_by(fresh.as_ref(), received)? { Ok(()) } else { Err(refuse()) }
    }

    fn is_by(&self, secret: Option<&crate::secret::Secret>, received: &FromGithub<'_>) -> Result<bool> {
        let Some(secret) = secret else { return Ok(false) };
        let now = self.core.clock.now();
        Ok(Signing::parse(secret)?.verify(received.signature, received.body, now).is_ok())
    }
}
