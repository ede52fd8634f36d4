//! Signing in at a tenant's own sign-in service: OpenID Connect, authorization code flow with PKCE, by the crate
//! `openidconnect`, which verifies what the service signs.
//!
//! Everything that is asked goes through the library's own sender, with its bounds, and to public hosts only.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use assay::Error;
use assay::http::public::check_address;
use assay::http::{Method, Sender};
use assay::oidc::{LONGEST_ANSWER, TIMEOUT, redirect_uri};
use assay::secret::Secret;
use assay::single_sign_on::{BrowserSecret, SingleSignOn};
use assay::slack::Outside;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse,
};
use serde_json::Value;

/// How services may sign: by a key whose public half they publish. A client secret signs nothing, and nobody does without.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A service that said what it is.
pub struct Service<'a> {
    setting: &'a SingleSignOn,
    secret: Option<Secret>,
    redirect: String,
    metadata: CoreProviderMetadata,
    http: Http,
}

/// Who somebody is, as the service says.
pub struct Subject {
    /// The service's own name for them, which never changes.
    pub subject: String,
    /// All that it says.
    pub claims: Value,
}

impl<'a> Service<'a> {
    /// Asks the service what it is.
    ///
    /// # Errors
    /// `Unavailable` when it does not say so now.
    pub async fn discover(
        outside: &Outside,
        setting: &'a SingleSignOn,
        secret: Option<Secret>,
        public_url: &str,
    ) -> Result<Self, Error> {
        let http = Http { sender: outside.sender(), local: outside.addresses.is_local() };
        let issuer =
            IssuerUrl::new(setting.issuer.clone()).map_err(|cause| unavailable(setting).because(cause))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await;
        let metadata = metadata.map_err(|cause| unavailable(setting).because(cause))?;
        Ok(Self { setting, secret, redirect: redirect_uri(public_url), metadata, http })
    }

    /// The address at which somebody proves who they are.
    ///
    /// # Errors
    /// When the service's own addresses are none.
    pub fn address(&self, state: &Secret, browser: &BrowserSecret) -> Result<String, Error> {
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier(browser));
        let (state, nonce) = (state.expose().to_owned(), browser.nonce());
        let client = self.client()?;
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(challenge);
        for scope in &self.setting.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let address = request.url().0;
        check_address(address.as_str(), self.http.local).map_err(|_| unavailable(self.setting))?;
        Ok(address.into())
    }

    /// Redeems the code that the service gave, and verifies what it says: signature, issuer, audience, time, nonce.
    ///
    /// # Errors
    /// `Invalid` when the service does not take the code or what it says does not hold; `Unavailable` when it does not answer.
    pub async fn redeem(
        &self,
        code: &Secret,
        browser: &BrowserSecret,
        now: Timestamp,
    ) -> Result<Subject, Error> {
        let client = self.client()?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .map_err(|cause| unavailable(self.setting).because(cause))?
            .set_pkce_verifier(verifier(browser));
        let answer = request.request_async(&self.http).await.map_err(|cause| match cause {
            // The service's own words are for the log; they name no secret of ours.
            RequestTokenError::ServerResponse(said) => {
                let why = "the sign-in service did not take the code; sign in again, and if it goes on, ask an admin to check client id, client secret and redirect URI";
                refused(why).because(said.to_string())
            }
            RequestTokenError::Request(cause) => unavailable(self.setting).because(cause),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => unavailable(self.setting),
        })?;
        let token = answer.id_token().ok_or_else(|| {
            refused(
                "the sign-in service gave no ID token; ask an admin to check that it speaks OpenID Connect",
            )
        })?;
        let second = now.as_second();
        let allowed = self.metadata.id_token_signing_alg_values_supported().iter();
        let allowed: Vec<_> = allowed.filter(|way| SIGNED_BY.contains(way)).cloned().collect();
        let verifier =
            client.id_token_verifier().set_allowed_algs(allowed).set_time_fn(move || moment(second));
        let expected = browser.nonce();
        let same = |shown: Option<&Nonce>| match shown {
            Some(shown)
                if assay::secret::constant_time_equal(shown.secret().as_bytes(), expected.as_bytes()) =>
            {
                Ok(())
            }
            _ => Err("it was made for another attempt".to_owned()),
        };
        let known = token.claims(&verifier, same).map_err(|cause| unverified(&cause))?;
        let subject = known.subject().to_string();
        // What was verified, read once more for the claims that the library has no name for.
        let text = token.to_string();
        let claims = text.split('.').nth(1).and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
        let claims = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        let claims = claims.ok_or_else(|| refused("the sign-in service's ID token cannot be read"))?;
        Ok(Subject { subject, claims })
    }
}

type Client = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

impl Service<'_> {
    fn client(&self) -> Result<Client, Error> {
        let redirect = RedirectUrl::new(self.redirect.clone());
        let redirect = redirect
            .map_err(|cause| Error::internal("our own address is none to come back to").because(cause))?;
        let secret = self.secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let id = ClientId::new(self.setting.client_id.clone());
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), id, secret);
        // Basic, unless the service says that it takes the secret in the body alone.
        let ways = self.metadata.token_endpoint_auth_methods_supported();
        let in_body = ways.is_some_and(|ways| !ways.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let way = if in_body || self.secret.is_none() { AuthType::RequestBody } else { AuthType::BasicAuth };
        Ok(client.set_redirect_uri(redirect).set_auth_type(way))
    }
}

fn verifier(browser: &BrowserSecret) -> PkceCodeVerifier {
    PkceCodeVerifier::new(browser.verifier().expose().to_owned())
}

fn moment(second: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(second, 0).unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC)
}

fn unavailable(setting: &SingleSignOn) -> Error {
    Error::unavailable(format!(
        "the sign-in service at {} did not answer as it should; try again, and if it goes on, tell whoever runs it",
        setting.issuer
    ))
}

fn refused(why: &str) -> Error {
    Error::invalid("code", why)
}

/// What a person can do about an ID token that does not hold; what is wrong with it in full is for the log.
fn unverified(cause: &ClaimsVerificationError) -> Error {
    let why = match cause {
        ClaimsVerificationError::Expired(_) => {
            "is out of date; sign in again, and if it goes on, ask an admin to check the service's clock"
        }
        ClaimsVerificationError::InvalidAudience(_) => {
            "was made for another application; ask an admin to check the client id"
        }
        ClaimsVerificationError::InvalidIssuer(_) => {
            "was made by another service; ask an admin to check the issuer"
        }
        ClaimsVerificationError::InvalidNonce(_) => "was made for another attempt to sign in; sign in again",
        ClaimsVerificationError::SignatureVerification(_) => "is not signed by a key of the service",
        _ => "does not hold; sign in again, and if it goes on, tell an admin",
    };
    refused(&format!("the ID token that the sign-in service gave {why}")).because(cause.to_string())
}

/// The library's sender, as `openidconnect` asks for one.
struct Http {
    sender: Arc<dyn Sender>,
    /// Whether services may be on this machine: on a local stack alone.
    local: bool,
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let (parts, body) = request.into_parts();
        let address = parts.uri.to_string();
        // What a service says of itself may lead anywhere.
        check_address(&address, self.local)
            .map_err(|why| Error::unavailable(format!("an address of the sign-in service {why}")))?;
        let text =
            |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let form = (!body.is_empty()).then(|| String::from_utf8_lossy(&body).into_owned());
        let request = assay::http::Request {
            method: if parts.method == http::Method::POST { Method::Post } else { Method::Get },
            url: address,
            authorization: text("authorization").map(Secret::new),
            headers: text("content-type").map(|kind| ("content-type", kind)).into_iter().collect(),
            body: form.map(Value::String),
            timeout: TIMEOUT,
        };
        let answer = self.sender.send(request).await;
        let answer =
            answer.map_err(|cause| Error::unavailable("no answer of the sign-in service").because(cause))?;
        if answer.body.len() > LONGEST_ANSWER {
            return Err(Error::unavailable("the sign-in service's answer is too long"));
        }
        let mut response = http::Response::builder().status(answer.status);
        if let Some(kind) = answer.header("content-type") {
            response = response.header("content-type", kind);
        }
        response
            .body(answer.body)
            .map_err(|cause| Error::internal("read a sign-in service's answer").because(cause))
    }
}
