//! What Assay proves itself with, and the tokens that an app gets for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::app::AppKey;
use super::client::{Ask, Client};
use super::error::{GithubError, Kind};
use super::pull::path_of;
use crate::clock::{Clock, after};
use crate::http::{Method, Sender};
use crate::ids::digest;
use crate::secret::Secret;
use crate::{Error, Result};

/// How long before its end an installation's token is no longer used, in seconds: longer than any function runs.
const TOO_OLD: i64 = 330;

/// How many tokens one process keeps.
const MOST_TOKENS: usize = 500;

/// What Assay proves itself with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Credentials {
    /// A person's token: a fine-grained one, or a classic one.
    Token {
        /// The token.
        token: Secret,
    },
    /// An app that the organisation installed.
    App {
        /// Its id, or its client id.
        app_id: String,
        /// Its private key, in PEM.
        private_key: Secret,
    },
}

/// Credentials as they are kept in Secrets Manager: with the API that they were entered for, and are sent to alone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entered {
    /// The address of the API of a server of one's own; none for github.com.
    #[serde(default)]
    pub api_url: Option<String>,
    /// The credentials.
    #[serde(flatten)]
    pub credentials: Credentials,
}

impl Entered {
    /// As it stands in Secrets Manager.
    ///
    /// # Errors
    /// `Internal` when it was not written by Assay. The cause is left out, since it may show what was read.
    pub fn parse(secret: &Secret) -> Result<Self> {
        serde_json::from_str(secret.expose())
            .map_err(|_| Error::internal("the secret of GitHub's credentials is not as Assay writes it"))
    }

    /// The same as text.
    ///
    /// # Errors
    /// Never: text always serializes.
    pub fn to_secret(&self) -> Result<Secret> {
        serde_json::to_string(self)
            .map(Secret::new)
            .map_err(|_| Error::internal("could not write credentials"))
    }
}

/// Tokens of installations, for the life of a process. They are never stored: each process asks for its own.
pub type InstallationTokens = Arc<Mutex<BTreeMap<String, Kept>>>;

/// A token of an installation.
#[derive(Clone, Debug)]
pub struct Kept {
    token: Secret,
    expires_at: Timestamp,
}

/// Who calls, from where, to where.
#[derive(Clone)]
pub struct Caller {
    /// Sends.
    pub sender: Arc<dyn Sender>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The address of the API.
    pub api: String,
    /// Tokens that were got before.
    pub tokens: InstallationTokens,
}

impl Caller {
    /// A client with this bearer token.
    pub fn client(&self, token: &Secret) -> Client {
        Client::new(Arc::clone(&self.sender), Arc::clone(&self.clock), &self.api, token)
    }

    /// A client that speaks as the app itself.
    pub fn as_app(&self, app_id: &str, key: &Secret) -> Result<Client, GithubError> {
        let what = "prove to be the app";
        let unusable = |cause: Error| {
            let mend = "enter the app's private key again with `PUT /v1/github`";
            GithubError::new(Kind::Unusable, what, cause.to_string(), mend)
        };
        let key = AppKey::parse(key).map_err(unusable)?;
        let token = key.token(app_id, self.clock.now()).map_err(unusable)?;
        Ok(self.client(&token))
    }

    /// A client that may read and write the pull requests of `repository`: with the token, or with one that the app's
    /// installation there gives for this repository and this purpose alone.
    ///
    /// Source: docs.github.com, "Generating an installation access token for a GitHub App": `GET
    /// /repos/{owner}/{repo}/installation`, `POST /app/installations/{id}/access_tokens`, an hour long.
    pub async fn for_repository(
        &self,
        credentials: &Credentials,
        repository: &str,
    ) -> Result<Client, GithubError> {
        let (app_id, private_key) = match credentials {
            Credentials::Token { token } => return Ok(self.client(token)),
            Credentials::App { app_id, private_key } => (app_id, private_key),
        };
        let parts = [self.api.as_str(), app_id, private_key.expose(), &repository.to_lowercase()];
        let name = digest(parts.join("\n").as_bytes());
        let is_good = |kept: &Kept| after(self.clock.now(), TOO_OLD) < kept.expires_at;
        if let Some(kept) = self.kept(&name).filter(is_good) {
            return Ok(self.client(&kept.token));
        }
        let kept = self.installation_token(app_id, private_key, repository).await?;
        let client = self.client(&kept.token);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST_TOKENS {
            tokens.clear();
        }
        tokens.insert(name, kept);
        Ok(client)
    }

    fn kept(&self, name: &str) -> Option<Kept> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Forgets all tokens: one of them was refused.
    pub fn forget_tokens(&self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn installation_token(
        &self,
        app_id: &str,
        private_key: &Secret,
        repository: &str,
    ) -> Result<Kept, GithubError> {
        #[derive(Deserialize)]
        struct Installation {
            id: u64,
        }
        #[derive(Deserialize)]
        struct Token {
            token: Secret,
            expires_at: Timestamp,
        }
        let app = self.as_app(app_id, private_key)?;
        let what = "find the app's installation in the repository";
        let path = format!("{}/installation", path_of(what, repository)?);
        let installation: Installation = app.request(Ask::read(what, path)).await?;
        let name = repository.rsplit('/').next().unwrap_or_default();
        let body = serde_json::json!({ "repositories": [name], "permissions": { "pull_requests": "write" } });
        let ask = Ask {
            what: "get a token of the app's installation",
            method: Method::Post,
            path: format!("/app/installations/{}/access_tokens", installation.id),
            body: Some(body),
        };
        let made: Token = app.request(ask).await?;
        Ok(Kept { token: made.token, expires_at: made.expires_at })
    }
}
