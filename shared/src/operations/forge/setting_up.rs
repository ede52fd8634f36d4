//! Setting GitHub up: what a person entered is tried before it is kept.

use super::ForgeAccess;
use crate::clock::after;
use crate::error::Kind as ErrorKind;
use crate::github::credentials::Entered;
use crate::github::reach::Reach;
use crate::github::webhook::Signing;
use crate::github::{Credentials, GithubError, Kind};
use crate::ids::TenantId;
use crate::pull::{Forge, Method};
use crate::secret::Secret;
use crate::{Error, Result, random, secrets};

/// How long a secret that was replaced goes on counting, in seconds: a day to enter the new one.
const OLD_COUNTS_FOR: i64 = 24 * 3600;

/// How long a new secret is, in characters.
const SECRET: usize = 40;

/// The longest address of an API, in bytes.
const LONGEST_API_URL: usize = 300;

/// How often a save is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

/// GitHub as it is set up now.
#[derive(Debug)]
pub struct SetUp {
    /// How it is reached.
    pub forge: Forge,
    /// The secret that signs deliveries, if it was made now. Shown once.
    pub secret: Option<Secret>,
}

/// A secret that was made now.
#[derive(Debug)]
pub struct NewSecret {
    /// How GitHub is reached.
    pub forge: Forge,
    /// The secret. Shown once.
    pub secret: Secret,
}

impl ForgeAccess {
    /// Checks the address of the API of a server of one's own: https, a name and not a number, nothing behind the path. Where
    /// our own GitHub is on this machine, others may be, too.
    ///
    /// # Errors
    /// `Invalid` when it is none.
    pub fn check_api_url(&self, text: &str) -> Result<String> {
        let text = text.trim().trim_end_matches('/');
        let is_local = self.api_url.starts_with("http://") && crate::http::is_trustworthy(text);
        let url = url::Url::parse(text).ok().filter(|url| {
            let host = url.domain().unwrap_or_default();
            let is_public = url.scheme() == "https" && host.contains('.') && !host.ends_with(".localhost");
            let is_plain = url.query().is_none() && url.fragment().is_none();
            text.len() <= LONGEST_API_URL
                && is_plain
                && crate::http::is_trustworthy(text)
                && (is_public || is_local)
        });
        url.map(|_| text.to_owned()).ok_or_else(|| {
            let message = "api_url must be the https address of your GitHub Enterprise Server's API, for example \
                           https://github.example.com/api/v3; leave it out for github.com";
            Error::invalid("api_url", message)
        })
    }

    /// Tries the credentials, and keeps them in the place of those before. The secret that signs deliveries is made if there
    /// is none. `api_url` is the address of a server of one's own.
    ///
    /// # Errors
    /// `Invalid` when GitHub does not accept them, naming the field; `Limited` and `Unavailable` when GitHub cannot say.
    pub async fn set_up(
        &self,
        tenant: &TenantId,
        credentials: &Credentials,
        api_url: Option<&str>,
    ) -> Result<SetUp> {
        let caller = self.caller(api_url);
        let (method, name, reach, app_id) = match credentials {
            Credentials::Token { token } => {
                let client = caller.client(token);
                let name = client.login().await.map_err(|error| refusal(error, "token", api_url))?;
                (Method::Token, name, client.repositories().await, None)
            }
            Credentials::App { app_id, private_key } => {
                // What is wrong with the key itself is said by its own field.
                crate::github::app::AppKey::parse(private_key)?;
                let client = caller.as_app(app_id, private_key)?;
                let name = client.app_name().await.map_err(|error| refusal(error, "private_key", api_url))?;
                (Method::App, name, client.installations().await, Some(app_id.clone()))
            }
        };
        // Worth showing, but nothing hangs on it.
        let reach = reach.unwrap_or_else(|error| {
            tracing::info!(%tenant, error = %error, "what GitHub's credentials reach is not known");
            Reach::default()
        });
        let entered = Entered { api_url: api_url.map(ToOwned::to_owned), credentials: credentials.clone() };
        self.secrets.put(&secrets::github_name(tenant), &entered.to_secret()?).await?;
        self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
        let now = self.core.clock.now();
        let secret = self.make_signing_if_none(tenant).await?;
        let known = self.core.store.forge(tenant).await?;
        let mut forge = Forge {
            tenant: tenant.clone(),
            method,
            name,
            app_id,
            api_url: api_url.map(ToOwned::to_owned),
            reaches: reach.names,
            reaches_more: reach.more,
            secret_made_at: known.as_ref().filter(|_| secret.is_none()).map_or(now, |it| it.secret_made_at),
            old_secret_until: known.as_ref().and_then(|it| it.old_secret_until),
            delivered_at: known.as_ref().and_then(|it| it.delivered_at),
            trouble: None,
            limit: None,
            limited_until: None,
            verified_at: now,
            version: known.map_or(0, |it| it.version),
        };
        self.core.store.save_forge(&mut forge).await?;
        Ok(SetUp { forge, secret })
    }

    async fn make_signing_if_none(&self, tenant: &TenantId) -> Result<Option<Secret>> {
        let name = secrets::github_webhook_name(tenant);
        if self.secrets.get_fresh(&name).await?.is_some() {
            return Ok(None);
        }
        let secret = Secret::new(random::text(self.core.random.as_ref(), SECRET)?);
        let signing = Signing { current: secret.clone(), old: Vec::new() };
        self.secrets.put(&name, &signing.to_secret()?).await?;
        Ok(Some(secret))
    }

    /// Makes a new secret that signs deliveries. The present one goes on counting for a day.
    ///
    /// # Errors
    /// `NotFound` when GitHub is not set up.
    pub async fn replace_signing(&self, tenant: &TenantId) -> Result<NewSecret> {
        self.require_forge(tenant).await?;
        let now = self.core.clock.now();
        let until = after(now, OLD_COUNTS_FOR);
        let name = secrets::github_webhook_name(tenant);
        let secret = Secret::new(random::text(self.core.random.as_ref(), SECRET)?);
        let (signing, old_until) = match self.secrets.get_fresh(&name).await? {
            Some(known) => (Signing::parse(&known)?.replaced(secret.clone(), until, now), Some(until)),
            None => (Signing { current: secret.clone(), old: Vec::new() }, None),
        };
        self.secrets.put(&name, &signing.to_secret()?).await?;
        for _ in 0..REPEATS {
            let mut forge = match self.require_forge(tenant).await {
                Ok(forge) => forge,
                Err(removed) => {
                    // Removed meanwhile: no secret may stay behind.
                    self.secrets.delete(&name).await?;
                    return Err(removed);
                }
            };
            (forge.secret_made_at, forge.old_secret_until) = (now, old_until);
            match self.core.store.save_forge(&mut forge).await {
                Ok(()) => return Ok(NewSecret { forge, secret }),
                Err(error) if *error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict("GitHub is set up by too many at once; try again"))
    }

    /// Ends the use of GitHub, and deletes its secrets for ever. Pull requests that are known stay known. Safe to repeat.
    pub async fn remove(&self, tenant: &TenantId) -> Result<()> {
        self.secrets.delete(&secrets::github_name(tenant)).await?;
        self.secrets.delete(&secrets::github_webhook_name(tenant)).await?;
        self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
        self.core.store.delete_forge(tenant).await
    }

    async fn require_forge(&self, tenant: &TenantId) -> Result<Forge> {
        let forge = self.core.store.forge(tenant).await?;
        forge.ok_or_else(|| {
            Error::not_found("GitHub is not set up; enter its credentials with `PUT /v1/github`")
        })
    }
}

/// A refusal of what was entered, by the field that is to blame.
fn refusal(error: GithubError, credentials: &str, api_url: Option<&str>) -> Error {
    let message = format!("GitHub was asked with what was entered: {error}");
    match error.kind {
        Kind::Unauthorised | Kind::Forbidden => Error::invalid(credentials, message),
        Kind::NotFound | Kind::Malformed | Kind::Redirected | Kind::Refused { .. } => {
            let field = if api_url.is_some() { "api_url" } else { credentials };
            Error::invalid(field, message)
        }
        Kind::NotSent if api_url.is_some() => {
            let message = format!("{message}; check that the address can be reached from the internet");
            Error::invalid("api_url", message)
        }
        Kind::NotSent | Kind::InDoubt | Kind::Unavailable | Kind::Unusable | Kind::Limited { .. } => {
            error.into()
        }
    }
}
