//! Proving that we are a GitHub app: a token that its private key signs, RS256 (RFC 7518, section 3.3).

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::{Error, Result};

/// How long a token is good for, in seconds, and how far it lies back, in case GitHub's clock is behind.
///
/// Source: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App": at most 10 minutes; 60 seconds in the
/// past are recommended.
const LIVES: i64 = 540;
const LIES_BACK: i64 = 60;

/// The longest private key that is read, in bytes.
const LONGEST_KEY: usize = 16 * 1024;

/// The private key of an app. It is never shown.
pub struct AppKey(RsaKeyPair);

impl std::fmt::Debug for AppKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AppKey")
    }
}

impl AppKey {
    /// Reads a key in PEM: PKCS#1 (`BEGIN RSA PRIVATE KEY`), as GitHub gives it, or PKCS#8 (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    /// `Invalid` when it is none, or shorter than 2048 bits. The cause is left out, since it would tell of the key.
    pub fn parse(pem: &Secret) -> Result<Self> {
        let bad = |why: &str| Err(Error::invalid("private_key", format!("private_key {why}")));
        let text = pem.expose();
        if text.len() > LONGEST_KEY {
            return bad("is too long to be an RSA key in PEM");
        }
        let pkcs1 = der_in(text, "RSA PRIVATE KEY");
        let pkcs8 = der_in(text, "PRIVATE KEY");
        let key = match (&pkcs1, &pkcs8) {
            (Some(der), _) => RsaKeyPair::from_der(der),
            (None, Some(der)) => RsaKeyPair::from_pkcs8(der),
            (None, None) if text.contains("ENCRYPTED") => {
                return bad("is protected by a password; enter the file as GitHub gave it");
            }
            (None, None) => {
                return bad(
                    "must be the PEM file that GitHub gave when the key was made, from its line BEGIN to its line END",
                );
            }
        };
        key.map(Self).or_else(|_| bad("is not an RSA key of 2048 to 4096 bits; make a new one in GitHub"))
    }

    /// A token by which the app `id` proves who it is.
    ///
    /// # Errors
    /// `Internal` when it cannot be signed.
    pub fn token(&self, id: &str, now: Timestamp) -> Result<Secret> {
        let now = now.as_second();
        let claims = serde_json::json!({ "iat": now - LIES_BACK, "exp": now + LIVES, "iss": id });
        let head = BASE64URL_NOPAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        self.0
            .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
            .map_err(|_| Error::internal("the app's private key could not sign"))?;
        Ok(Secret::new(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))))
    }

    /// The public half in DER (PKCS#1), for whoever verifies.
    pub fn public_key(&self) -> &[u8] {
        self.0.public().as_ref()
    }
}

/// The bytes between the lines BEGIN and END of this label.
fn der_in(pem: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    // A JSON text that was pasted into another one has its line breaks as `\n`.
    let body: Zeroizing<String> =
        Zeroizing::new(body.replace("\\n", "").split_whitespace().collect::<String>());
    BASE64.decode(body.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
