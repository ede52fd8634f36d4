//! Secrets in AWS Secrets Manager, read through a small cache.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;

use super::SecretStore;
use crate::clock::{Clock, after};
use crate::error::Kind;
use crate::secret::Secret;
use crate::{Error, Result};

/// How long a secret may be used without reading it again, in seconds. A rotation elsewhere is noticed after this time,
/// or at once by whoever reads fresh.
pub const CACHED_FOR: i64 = 300;

/// Codes by which Secrets Manager says "not now".
const NOT_NOW: [&str; 5] = [
    "InternalServiceError",
    "LimitExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
];

/// Secrets in AWS Secrets Manager, all behind one prefix.
pub struct SecretsManager {
    client: Client,
    prefix: String,
    kms_key: Option<String>,
    clock: Arc<dyn Clock>,
    cache: Mutex<HashMap<String, Cached>>,
}

struct Cached {
    secret: Secret,
    until: Timestamp,
}

impl std::fmt::Debug for SecretsManager {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SecretsManager").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl SecretsManager {
    /// Secrets whose names begin with `{prefix}/`, encrypted by the KMS key with the id `kms_key`, or by the account's
    /// own key for secrets.
    pub fn new(
        client: Client,
        prefix: impl Into<String>,
        kms_key: Option<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { client, prefix: prefix.into(), kms_key, clock, cache: Mutex::default() }
    }

    fn full(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<String, Cached>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, name: &str, secret: &Secret) {
        let cached = Cached { secret: secret.clone(), until: after(self.clock.now(), CACHED_FOR) };
        self.cache().insert(name.to_owned(), cached);
    }

    /// Puts a new value of a secret; false if there is no secret with this name.
    async fn put_value(&self, name: &str, secret: &Secret) -> Result<bool> {
        let request =
            self.client.put_secret_value().secret_id(self.full(name)).secret_string(secret.expose());
        match request.send().await {
            Ok(_) => Ok(true),
            Err(cause) if is(&cause, "ResourceNotFoundException") => Ok(false),
            Err(cause) => Err(failed("put", name, cause)),
        }
    }

    /// Makes a secret; false if there is one with this name.
    async fn create(&self, name: &str, secret: &Secret) -> Result<bool> {
        let request = self
            .client
            .create_secret()
            .name(self.full(name))
            .secret_string(secret.expose())
            .set_kms_key_id(self.kms_key.clone());
        match request.send().await {
            Ok(_) => Ok(true),
            Err(cause) if is(&cause, "ResourceExistsException") => Ok(false),
            Err(cause) => Err(failed("make", name, cause)),
        }
    }
}

#[async_trait]
impl SecretStore for SecretsManager {
    async fn get(&self, name: &str) -> Result<Option<Secret>> {
        let now = self.clock.now();
        let cached =
            self.cache().get(name).filter(|cached| cached.until > now).map(|cached| cached.secret.clone());
        match cached {
            Some(secret) => Ok(Some(secret)),
            None => self.get_fresh(name).await,
        }
    }

    async fn get_fresh(&self, name: &str) -> Result<Option<Secret>> {
        let answer = match self.client.get_secret_value().secret_id(self.full(name)).send().await {
            Ok(answer) => answer,
            // Nothing is kept of what is not there: it may be put by another function at any moment.
            Err(cause) if is(&cause, "ResourceNotFoundException") => {
                self.cache().remove(name);
                return Ok(None);
            }
            Err(cause) => return Err(failed("read", name, cause)),
        };
        let text = answer.secret_string.ok_or_else(|| {
            Error::internal(format!("the secret {name} holds no text; it was not written by Assay"))
        })?;
        let secret = Secret::new(text);
        self.remember(name, &secret);
        Ok(Some(secret))
    }

    /// | stored | then |
    /// |---|---|
    /// | a secret with this name | gets a new value |
    /// | none | is made |
    /// | none at first, then one that somebody else made meanwhile | gets a new value |
    async fn put(&self, name: &str, secret: &Secret) -> Result<()> {
        // What is cached is wrong from the moment that the call may have taken effect.
        self.cache().remove(name);
        let kept = self.put_value(name, secret).await?
            || self.create(name, secret).await?
            || self.put_value(name, secret).await?;
        if !kept {
            return Err(Error::unavailable(format!(
                "could not put the secret {name}: it comes and goes; try again"
            )));
        }
        self.remember(name, secret);
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<()> {
        self.cache().remove(name);
        let request =
            self.client.delete_secret().secret_id(self.full(name)).force_delete_without_recovery(true);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(cause) if is(&cause, "ResourceNotFoundException") => Ok(()),
            Err(cause) => Err(failed("delete", name, cause)),
        }
    }
}

fn is<E: ProvideErrorMetadata>(cause: &SdkError<E>, code: &str) -> bool {
    cause.code() == Some(code)
}

fn failed<E>(what: &str, name: &str, cause: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let (kind, advice) = match &cause {
        SdkError::ServiceError(answer) => match answer.err().code() {
            Some(code) if NOT_NOW.contains(&code) => (Kind::Unavailable, "try again"),
            // A name that was deleted a moment ago cannot be used yet.
            Some("InvalidRequestException") => {
                (Kind::Unavailable, "it may have just been deleted; try again")
            }
            _ => (Kind::Internal, "Secrets Manager refused the call"),
        },
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            (Kind::Unavailable, "Secrets Manager did not answer; try again")
        }
        _ => (Kind::Internal, "the call could not be made"),
    };
    Error::new(kind, format!("could not {what} the secret {name}: {advice}")).because(cause)
}

#[cfg(test)]
#[path = "manager_tests.rs"]
mod tests;
