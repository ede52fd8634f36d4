//! Deliveries from GitHub: whether they are GitHub's, and what they are about. Pure; no call is made.

use serde::{Deserialize, Serialize};

use super::pull::{Bean, PullNow};
use crate::jira::webhook::verify_hmac;
use crate::secret::Secret;
use crate::{Error, Result};
use jiff::Timestamp;

/// How many secrets that were replaced count at the same time.
const MOST_OLD: usize = 5;

/// The secrets that sign a tenant's deliveries, as kept in Secrets Manager.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Signing {
    /// The one that is to be entered in GitHub.
    pub current: Secret,
    /// Those before, each until its time is over.
    #[serde(default)]
    pub old: Vec<Old>,
}

/// A secret that was replaced.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Old {
    /// The secret.
    pub secret: Secret,
    /// Until when it counts.
    pub until: Timestamp,
}

impl Signing {
    /// As it stands in Secrets Manager.
    ///
    /// # Errors
    /// `Internal` when it was not written by Assay. The cause is left out, since it may show what was read.
    pub fn parse(secret: &Secret) -> Result<Self> {
        serde_json::from_str(secret.expose())
            .map_err(|_| Error::internal("the secret of GitHub's webhook is not as Assay writes it"))
    }

    /// The same as text.
    ///
    /// # Errors
    /// Never: text always serializes.
    pub fn to_secret(&self) -> Result<Secret> {
        serde_json::to_string(self).map(Secret::new).map_err(|_| Error::internal("could not write a secret"))
    }

    /// The same with a new secret; the present one goes on counting until `until`.
    #[must_use]
    pub fn replaced(&self, new: Secret, until: Timestamp, now: Timestamp) -> Self {
        let mut old = vec![Old { secret: self.current.clone(), until }];
        old.extend(self.old.iter().filter(|old| old.until > now).cloned());
        old.truncate(MOST_OLD);
        Self { current: new, old }
    }

    /// Whether `header`, the value of `X-Hub-Signature-256`, is `body` signed with one of them.
    ///
    /// Source: docs.github.com, "Validating webhook deliveries": HMAC-SHA256 over the raw body, in hexadecimal behind
    /// `sha256=`, compared in constant time.
    pub fn verify(&self, header: Option<&str>, body: &[u8], now: Timestamp) -> Result<()> {
        let mut verified = verify_hmac(&self.current, header, body);
        for old in self.old.iter().filter(|old| old.until > now) {
            verified =
                verified.or_else(|refused| verify_hmac(&old.secret, header, body).map_err(|_| refused));
        }
        verified
    }
}

/// What a delivery is about.
#[derive(Debug)]
pub enum Delivery {
    /// GitHub tries whether the webhook works.
    Ping,
    /// A pull request changed.
    Pull(Box<PullNow>),
    /// Something that does not concern us.
    Other,
}

/// The actions of the event `pull_request` that may change what we show.
///
/// Source: docs.github.com, "Webhook events and payloads", `pull_request`.
const ACTIONS: [&str; 7] =
    ["opened", "edited", "closed", "reopened", "synchronize", "ready_for_review", "converted_to_draft"];

impl Delivery {
    /// Reads a delivery whose signature is right. `event` is the value of `X-GitHub-Event`.
    ///
    /// # Errors
    /// `Invalid` when it cannot be read; the place is named, nothing of its content.
    pub fn parse(event: Option<&str>, body: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Action {
            #[serde(default)]
            action: String,
        }
        #[derive(Deserialize)]
        struct Body {
            pull_request: Bean,
        }
        match event {
            Some("ping") => return Ok(Self::Ping),
            Some("pull_request") => {}
            _ => return Ok(Self::Other),
        }
        if body.starts_with(b"payload=") {
            let message = "the webhook sends forms; choose the content type application/json in GitHub";
            return Err(Error::invalid("body", message));
        }
        let unreadable =
            |path: String| Error::invalid("body", format!("the delivery makes no sense at {path}"));
        let action: Action = serde_json::from_slice(body).map_err(|_| unreadable("action".to_owned()))?;
        if !ACTIONS.contains(&action.action.as_str()) {
            return Ok(Self::Other);
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let body: Body = serde_path_to_error::deserialize(&mut json)
            .map_err(|cause| unreadable(cause.path().to_string()))?;
        let pull = body.pull_request.read().map_err(|part| unreadable(part.to_owned()))?;
        Ok(Self::Pull(Box::new(pull)))
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
