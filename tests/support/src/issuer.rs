//! A sign-in service for tests: OpenID Connect with discovery, PKCE and tokens signed by ES256. Whoever would be asked to
//! sign in is the test itself, by [`Issuer::approve`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

/// Who Assay is to the service.
pub const CLIENT_ID: &str = "assay";

/// What proves it.
pub const CLIENT_SECRET: &str = "issuer-secret";

/// How long an ID token holds, in seconds.
const HOLDS: i64 = 300;

/// What is wrong with an ID token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// It was made for another attempt.
    Nonce,
    /// It has no nonce.
    NoNonce,
    /// It is out of date.
    Expired,
    /// It was made for another application.
    Audience,
    /// It was made by another service.
    Issuer,
    /// Another key than the service's signed it, under its name.
    Key,
    /// Nobody signed it.
    Unsigned,
}

/// A running service.
pub struct Issuer {
    /// Its address, by which it calls itself.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    url: String,
    key: EcdsaKeyPair,
    other: EcdsaKeyPair,
    codes: Mutex<BTreeMap<String, Approved>>,
    given: AtomicUsize,
}

/// What a code stands for.
struct Approved {
    challenge: String,
    redirect_uri: String,
    token: String,
}

impl Issuer {
    /// Starts one on a loopback port; it ends with the test's runtime.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let shared = Shared {
            url: url.clone(),
            key: key(),
            other: key(),
            codes: Mutex::default(),
            given: AtomicUsize::default(),
        };
        let shared = Arc::new(shared);
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Does what somebody does who is sent to `address` and proves there to be `subject`: gives the path and query to
    /// which the browser is sent back. `claims` stand in the ID token beside the usual ones.
    pub fn approve(
        &self,
        address: &str,
        subject: &str,
        claims: &Value,
        flaw: Flaw,
        now: Timestamp,
    ) -> String {
        let asked = Url::parse(address).expect("an address");
        assert!(address.starts_with(&format!("{}/authorize?", self.url)), "{address}");
        let query: BTreeMap<String, String> = asked.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT_ID);
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"));
        let code = format!("code-{}", self.shared.given.fetch_add(1, Ordering::SeqCst));
        let approved = Approved {
            challenge: query["code_challenge"].clone(),
            redirect_uri: query["redirect_uri"].clone(),
            token: self.id_token(subject, claims, &query["nonce"], flaw, now),
        };
        self.shared.codes.lock().expect("codes").insert(code.clone(), approved);
        let mut back = Url::parse(&query["redirect_uri"]).expect("the redirect URI");
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        format!("{}?{}", back.path(), back.query().unwrap_or_default())
    }

    fn id_token(&self, subject: &str, claims: &Value, nonce: &str, flaw: Flaw, now: Timestamp) -> String {
        let second = now.as_second();
        let begun = if flaw == Flaw::Expired { second - 2 * HOLDS } else { second };
        let mut payload = json!({
            "iss": if flaw == Flaw::Issuer { "https://other.example.com" } else { &self.url },
            "aud": if flaw == Flaw::Audience { "another" } else { CLIENT_ID },
            "sub": subject,
            "iat": begun,
            "exp": begun + HOLDS,
            "nonce": if flaw == Flaw::Nonce { "another" } else { nonce },
        });
        if flaw == Flaw::NoNonce {
            payload.as_object_mut().expect("an object").remove("nonce");
        }
        for (name, value) in claims.as_object().expect("claims are an object") {
            payload[name] = value.clone();
        }
        let algorithm = if flaw == Flaw::Unsigned { "none" } else { "ES256" };
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": "k1" });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let text = format!("{}.{}", part(&header), part(&payload));
        if flaw == Flaw::Unsigned {
            return format!("{text}.");
        }
        let key = if flaw == Flaw::Key { &self.shared.other } else { &self.shared.key };
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).expect("a signature");
        format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.as_ref(), &random).expect("a key")
}

async fn configuration(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let url = &shared.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "none"],
    }))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    // An uncompressed point: 4, then both halves.
    let point = shared.key.public_key().as_ref();
    let (x, y) = point[1..].split_at(32);
    let key = json!({
        "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256",
        "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
    });
    Json(json!({ "keys": [key] }))
}

async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let refuse = |word: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": word }))).into_response();
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let given = |name: &str| form.get(name).cloned().unwrap_or_default();
    let proof = format!("Basic {}", BASE64.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}").as_bytes()));
    if headers.get("authorization").is_none_or(|shown| shown.as_bytes() != proof.as_bytes()) {
        return refuse("invalid_client");
    }
    if headers.get("content-type").is_none_or(|kind| kind != "application/x-www-form-urlencoded") {
        return refuse("invalid_request");
    }
    // A code is redeemed once.
    let Some(approved) = shared.codes.lock().expect("codes").remove(&given("code")) else {
        return refuse("invalid_grant");
    };
    let shown = BASE64URL_NOPAD.encode(&Sha256::digest(given("code_verifier").as_bytes()));
    if shown != approved.challenge || given("redirect_uri") != approved.redirect_uri {
        return refuse("invalid_grant");
    }
    let answer = json!({ "access_token": "unused", "token_type": "Bearer", "id_token": approved.token });
    Json(answer).into_response()
}
