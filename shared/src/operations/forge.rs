//! A tenant's GitHub: set up, verified, opened for calls, and removed.
//!
//! Reads and writes the record of how it is reached ([`crate::pull::Forge`]) and two secrets: the credentials, which only
//! those who call GitHub may read, and what signs deliveries, which only the receiver and the API may read. Next come
//! [`super::hearing`] (what GitHub delivers), [`super::pulls`] (what that means) and `tickets` (what is shown).

mod setting_up;

use std::sync::Arc;

use super::Core;
use crate::clock::after;
use crate::github::credentials::{Caller, Entered};
use crate::github::{Client, Credentials, GithubError, InstallationTokens, Kind};
use crate::http::Sender;
use crate::ids::TenantId;
use crate::pull::{Forge, Trouble};
use crate::secret::Secret;
use crate::secrets::{self, SecretStore};
use crate::{Error, Result};

pub use setting_up::{NewSecret, SetUp};

/// Opens GitHub.
#[derive(Clone)]
pub struct ForgeAccess {
    /// Table, time, randomness.
    pub core: Core,
    /// Where credentials are.
    pub secrets: Arc<dyn SecretStore>,
    /// Sends HTTP requests.
    pub sender: Arc<dyn Sender>,
    /// The address of GitHub's API where a tenant names no other.
    pub api_url: String,
    /// Tokens of apps' installations.
    pub tokens: InstallationTokens,
}

/// A tenant's GitHub, ready for calls.
#[derive(Clone)]
pub struct Opened {
    /// How it is reached.
    pub forge: Forge,
    caller: Caller,
    credentials: Credentials,
}

impl Opened {
    /// A client for a repository.
    pub async fn client(&self, repository: &str) -> std::result::Result<Client, GithubError> {
        self.caller.for_repository(&self.credentials, repository).await
    }
}

fn parsed(secret: Option<Secret>) -> Result<Entered> {
    let secret = secret.ok_or_else(|| {
        Error::conflict("the credentials of GitHub are gone; enter them again with `PUT /v1/github`")
    })?;
    Entered::parse(&secret)
}

impl ForgeAccess {
    fn caller(&self, api_url: Option<&str>) -> Caller {
        Caller {
            sender: Arc::clone(&self.sender),
            clock: Arc::clone(&self.core.clock),
            api: api_url.unwrap_or(&self.api_url).to_owned(),
            tokens: Arc::clone(&self.tokens),
        }
    }

    /// The tenant's GitHub; none if it is not set up. No call is made.
    ///
    /// # Errors
    /// `Conflict` when there are no credentials, or when they were entered for another address than the record says.
    pub async fn open(&self, tenant: &TenantId) -> Result<Option<Opened>> {
        let Some(forge) = self.core.store.forge(tenant).await? else { return Ok(None) };
        let name = secrets::github_name(tenant);
        let mut entered = parsed(self.secrets.get(&name).await?)?;
        if entered.api_url != forge.api_url {
            // It was read before others were entered.
            entered = parsed(self.secrets.get_fresh(&name).await?)?;
        }
        if entered.api_url != forge.api_url {
            let message = "GitHub is being set up at another address; if this stays, enter its credentials again with \
                           `PUT /v1/github`";
            return Err(Error::conflict(message));
        }
        let Entered { api_url, credentials } = entered;
        let caller = self.caller(api_url.as_deref());
        Ok(Some(Opened { forge, caller, credentials }))
    }

    /// Notes what the last call to a tenant's GitHub showed: what stands in the way of all calls, or that nothing does, and
    /// how many calls are allowed, or until when none is. Writes only what is news. Whatever fails is logged: the next call
    /// notes it again.
    pub async fn note(&self, opened: &Opened, failure: Option<&GithubError>, client: Option<&Client>) {
        let known = &opened.forge;
        let failure = failure.filter(|error| error.is_of_the_whole());
        if let Some(Kind::Unauthorised) = failure.map(|error| &error.kind) {
            // The credentials may have been entered anew, and a token of an installation taken back.
            opened.caller.forget_tokens();
        }
        let trouble = failure.map(|error| Trouble {
            what: format!("could not {}: {}", error.what, error.why),
            mend: error.mend.clone(),
            since: self.core.clock.now(),
        });
        let limit = client.and_then(Client::limit).or(known.limit);
        let limited_until = failure.and_then(|error| match error.kind {
            Kind::Limited { wait, .. } => Some(after(self.core.clock.now(), wait)),
            Kind::Unauthorised
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Refused { .. }
            | Kind::Unavailable
            | Kind::NotSent
            | Kind::InDoubt
            | Kind::Malformed
            | Kind::Redirected
            | Kind::Unusable => None,
        });
        let is_same = match (&known.trouble, &trouble) {
            (None, None) => limit.map(|it| it.resets_at) == known.limit.map(|it| it.resets_at),
            (Some(one), Some(other)) => one.mend == other.mend,
            _ => false,
        };
        if is_same && limited_until == known.limited_until {
            return;
        }
        if let Err(error) =
            self.core.store.note_forge(&known.tenant, trouble.as_ref(), limit, limited_until).await
        {
            tracing::warn!(tenant = %known.tenant, error = error.chain(), "could not note the state of GitHub");
        }
    }
}
