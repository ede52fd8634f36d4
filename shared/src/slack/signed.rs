//! Webhooks that are signed as Standard Webhooks says.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>: the headers
//! `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, which is `v1,` and the base64 of HMAC-SHA-256 over
//! `{id}.{timestamp}.{body}`; several signatures stand side by side while a secret is rotated; secrets are 24 to 64 bytes, shown
//! as `whsec_` and base64.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::announcement::Message;
use crate::channel::OLD_SECRET_SIGNS;
use crate::clock::after;
use crate::http::body_bytes;
use crate::random::Random;
use crate::secret::Secret;
use crate::{Error, Result};

/// How a secret begins.
const PREFIX: &str = "whsec_";

/// How long a secret is, in bytes.
const LENGTH: usize = 32;

/// What signs a channel's messages.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Signing {
    /// The secret.
    pub current: Secret,
    /// The one before it.
    #[serde(default)]
    pub previous: Option<Previous>,
}

/// A secret that was replaced.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Previous {
    /// The secret.
    pub secret: Secret,
    /// Until when it signs, too.
    pub until: Timestamp,
}

impl Signing {
    /// A new secret.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &dyn Random) -> Result<Self> {
        Ok(Self { current: fresh(random)?, previous: None })
    }

    /// A new secret in the place of this one, which signs for a day more.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn rotated(&self, random: &dyn Random, now: Timestamp) -> Result<Self> {
        let previous = Previous { secret: self.current.clone(), until: after(now, OLD_SECRET_SIGNS) };
        Ok(Self { current: fresh(random)?, previous: Some(previous) })
    }

    /// The headers of a message that is sent at `now`.
    pub(super) fn headers(&self, id: &str, body: &Value, now: Timestamp) -> Vec<(&'static str, String)> {
        let (timestamp, bytes) = (now.as_second().to_string(), body_bytes(body));
        let previous = self.previous.iter().filter(|previous| previous.until > now);
        let secrets = std::iter::once(&self.current).chain(previous.map(|previous| &previous.secret));
        let signatures: Vec<String> =
            secrets.filter_map(|secret| sign(secret, id, &timestamp, &bytes).ok()).collect();
        vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signatures.join(" ")),
        ]
    }
}

fn fresh(random: &dyn Random) -> Result<Secret> {
    let mut bytes = zeroize::Zeroizing::new([0; LENGTH]);
    random.fill(bytes.as_mut())?;
    Ok(Secret::new(format!("{PREFIX}{}", BASE64.encode(bytes.as_ref()))))
}

/// One signature.
fn sign(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> Result<String> {
    let bad = || Error::internal("the signing secret of a channel is not as Assay writes it");
    let encoded = secret.expose().strip_prefix(PREFIX).ok_or_else(bad)?;
    let key = zeroize::Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| bad())?);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| bad())?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
}

/// A message in JSON: `type`, `timestamp` and `data`, as Standard Webhooks advises.
pub fn payload(message: &Message, id: &str) -> Value {
    let kind = message.kind.map_or("notification", crate::notification::Kind::word);
    let items: Vec<Value> = message
        .lines
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "text": line.text,
                "url": line.url,
                "began_at": line.began_at,
                "recovered_at": line.recovered_at,
            })
        })
        .collect();
    json!({
        "type": format!("{kind}.{}", message.what.word()),
        "timestamp": message.began_at,
        "id": id,
        "data": {
            "tenant": message.tenant,
            "title": message.title,
            "about": message.about,
            "count": message.count,
            "began_again": message.again,
            "items": items,
            "further": message.further(),
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Signing, sign};
    use crate::clock::after;
    use crate::random::CountingRandom;
    use crate::secret::Secret;

    #[test]
    fn the_signature_is_that_of_the_specifications_own_example() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_old_secret_signs_beside_the_new_one_for_a_day() {
        let (random, now) = (CountingRandom::default(), "2026-06-15T12:00:00Z".parse().unwrap());
        let first = Signing::new(&random).unwrap();
        let second = first.rotated(&random, now).unwrap();
        assert_ne!(first.current, second.current);
        let signatures = |at| {
            let headers = second.headers("msg-1", &json!({ "a": 1 }), at);
            headers[2].1.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let old = sign(&first.current, "msg-1", &now.as_second().to_string(), b"{\"a\":1}").unwrap();
        assert_eq!(signatures(now).len(), 2);
        assert_eq!(signatures(now)[1], old);
        assert_eq!(signatures(after(now, 86_399)).len(), 2);
        assert_eq!(signatures(after(now, 86_400)).len(), 1);
    }
}
