//! The JSON web token by which a GitHub App says who it is: RS256, ten minutes at most.
//!
//! Rules: <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>.
//! The words of the refusals are GitHub's own, as people quote them.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use ring::{
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use serde_json::{Value, json};

/// The private key of the simulated App, in the form in which GitHub hands one out: PKCS#1, PEM. It opens nothing else.
pub const APP_KEY: &str = include_str!("app-key.pem");
/// A key that is not the App's.
pub const OTHER_KEY: &str = include_str!("other-key.pem");

/// How far `exp` may be in the future, in seconds.
const MOST_SECONDS: i64 = 600;
/// How far `iat` may be in the future, in seconds: GitHub forgives clocks a little (how much is not documented).
const DRIFT_SECONDS: i64 = 60;

const NOT_DECODED: &str = "A JSON web token could not be decoded";

fn key_pair(pem: &str) -> Option<KeyPair> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    let encoded: String = lines.map(str::trim).collect();
    KeyPair::from_der(&BASE64.decode(encoded.as_bytes()).ok()?).ok()
}

/// A token of an App, signed by `key` (PKCS#1, PEM): what a client makes, for tests that make one by themselves. `None`
/// if the key cannot be read.
pub fn app_jwt(key: &str, app: &Value, issued: i64, expires: i64) -> Option<String> {
    let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let header = part(json!({ "alg": "RS256", "typ": "JWT" }));
    let claims = part(json!({ "iat": issued, "exp": expires, "iss": app }));
    let signed = format!("{header}.{claims}");
    let pair = key_pair(key)?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
    Some(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
}

/// Whether a token has the form of one: three parts.
pub(crate) fn looks_like_one(token: &str) -> bool {
    token.starts_with("eyJ") && token.split('.').count() == 3
}

/// Checks a token of the App with this id and client id; the refusal in GitHub's words.
pub(crate) fn verify(token: &str, id: u64, client_id: &str, now: Timestamp) -> Result<(), &'static str> {
    let (signed, signature) = token.rsplit_once('.').ok_or(NOT_DECODED)?;
    let (header, claims) = signed.split_once('.').ok_or(NOT_DECODED)?;
    let decoded = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| NOT_DECODED);
    let read = |text: &str| serde_json::from_slice::<Value>(&decoded(text)?).map_err(|_| NOT_DECODED);
    let (header, claims) = (read(header)?, read(claims)?);
    if header["alg"] != "RS256" {
        return Err(NOT_DECODED);
    }
    let pair = key_pair(APP_KEY).ok_or(NOT_DECODED)?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(signed.as_bytes(), &decoded(signature)?).map_err(|_| NOT_DECODED)?;
    let issuer = &claims["iss"];
    let ours = issuer.as_u64() == Some(id) || issuer == &json!(id.to_string()) || issuer == client_id;
    if !ours {
        return Err("Integration not found");
    }
    let now = now.as_second();
    if claims["iat"].as_i64().is_none_or(|issued| issued > now + DRIFT_SECONDS) {
        return Err(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    }
    match claims["exp"].as_i64() {
        Some(expires) if expires <= now => Err(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        ),
        Some(expires) if expires > now + MOST_SECONDS => {
            Err("'Expiration time' claim ('exp') is too far in the future")
        }
        Some(_) => Ok(()),
        None => Err("Missing 'expiration time' claim ('exp')"),
    }
}
