use data_encoding::BASE64URL_NOPAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::AppKey;
use crate::secret::Secret;

const PKCS1: &str = include_str!("test-key-pkcs1.pem");
const PKCS8: &str = include_str!("test-key-pkcs8.pem");

#[test]
fn a_token_is_signed_by_the_key_and_says_who_from_when_until_when() {
    let key = AppKey::parse(&Secret::new(PKCS1)).unwrap();
    let token = key.token("1234", "2026-06-15T12:00:00Z".parse().unwrap()).unwrap();
    let parts: Vec<&str> = token.expose().split('.').collect();
    let [head, claims, signature] = parts[..] else { panic!("three parts") };
    let json = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    };
    assert_eq!(json(head)["alg"], "RS256");
    assert_eq!(json(claims)["iss"], "1234");
    let (from, until) = (json(claims)["iat"].as_i64().unwrap(), json(claims)["exp"].as_i64().unwrap());
    assert!(until - from <= 600, "GitHub takes ten minutes at most");
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key());
    let message = |text: String| public.verify(text.as_bytes(), &signature).is_ok();
    assert!(message(format!("{head}.{claims}")));
    assert!(!message(format!("{head}.{claims}x")));
}

#[test]
fn both_forms_of_the_same_key_are_read_however_they_were_pasted() {
    let first = AppKey::parse(&Secret::new(PKCS1)).unwrap();
    for text in [
        PKCS8.to_owned(),
        PKCS1.replace('\n', "\r\n"),
        PKCS1.trim().replace('\n', "\\n"),
        format!("\n  {PKCS1}\n"),
    ] {
        let key = AppKey::parse(&Secret::new(text)).unwrap();
        assert_eq!(key.public_key(), first.public_key());
    }
    assert_eq!(format!("{first:?}"), "AppKey");
}

#[test]
fn what_is_no_key_is_refused_without_telling_of_it() {
    let cut = PKCS1.replace("-----END RSA PRIVATE KEY-----", "");
    let spoiled = PKCS1.replacen('A', "B", 3);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC\n-----END ENCRYPTED PRIVATE KEY-----";
    for text in [
        "",
        "MIIE",
        cut.as_str(),
        encrypted,
        &"x".repeat(20_000),
        "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----",
    ] {
        let error = AppKey::parse(&Secret::new(text)).unwrap_err();
        assert!(error.to_string().starts_with("private_key "), "{error}");
        assert!(!error.chain().contains("MIIE") && !error.chain().contains("QUJD"), "{error}");
    }
    // Whether or not it can be read, it is not the key.
    if let Ok(other) = AppKey::parse(&Secret::new(spoiled)) {
        assert_ne!(other.public_key(), AppKey::parse(&Secret::new(PKCS1)).unwrap().public_key());
    }
}
