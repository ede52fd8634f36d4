//! Single sign-on: the tenant's own sign-in service (OpenID Connect), and which of its people may do what.
//!
//! Somebody who proves there who they are gets an API token whose secret nobody holds: one for each subject of an issuer, so
//! that what they do carries the same name each time. Its role is told anew at each sign-in, by a claim.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::{ApiToken, Role, SIGN_ON};
use crate::clock::after;
use crate::ids::{TenantId, TokenId, digest, fixed};
use crate::random::{self, Random};
use crate::secret::{Secret, constant_time_equal};
use crate::{Error, Result};

/// How long signing in at the service may take, in seconds.
pub const VALID_FOR: i64 = 600;

/// The longest name of a token, in characters.
const LONGEST_NAME: usize = 100;

/// How single sign-on is set up.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SingleSignOn {
    /// Whose it is.
    pub tenant: TenantId,
    /// The sign-in service, as it calls itself: an address.
    pub issuer: String,
    /// Who Assay is to it.
    pub client_id: String,
    /// Whether a client secret is kept; a public client has none.
    pub has_secret: bool,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that says what somebody may do: text, or a list of texts.
    pub role_claim: String,
    /// What its values allow. Of several the highest counts.
    pub roles: BTreeMap<String, Role>,
    /// The token that set it up last.
    pub set_by: String,
    /// When that was.
    pub updated_at: Timestamp,
}

impl SingleSignOn {
    /// What the claims of somebody allow; nothing where the claim is missing or none of its values is listed.
    pub fn role_of(&self, claims: &Value) -> Option<Role> {
        let mut roles = self.values(claims).into_iter().filter_map(|value| self.roles.get(value).copied());
        let first = roles.next()?;
        Some(roles.fold(first, Role::max))
    }

    /// The values of the claim. A name with dots leads into objects, where there is no claim of that whole name.
    fn values<'a>(&self, claims: &'a Value) -> Vec<&'a str> {
        let inside = || self.role_claim.split('.').try_fold(claims, |at, name| at.get(name));
        match claims.get(&self.role_claim).or_else(inside) {
            Some(Value::String(value)) => vec![value],
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The token of a subject, with what its claims allow.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn token(
        &self,
        random: &dyn Random,
        subject: &str,
        claims: &Value,
        role: Role,
        now: Timestamp,
    ) -> Result<ApiToken> {
        let id = TokenId::parse(&fixed(&["sign-on", &self.issuer, subject]))?;
        let name = name_of(claims, subject);
        // Its secret is thrown away: only sessions stand for it.
        let (token, _) = ApiToken::issue_as(random, &self.tenant, id, &name, role, SIGN_ON, now)?;
        Ok(ApiToken { vouched_by: Some(self.set_by.clone()), ..token })
    }
}

/// What people call somebody, for whoever looks at the list of tokens.
fn name_of(claims: &Value, subject: &str) -> String {
    let claim =
        |name| claims.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let name = claim("email").or_else(|| claim("preferred_username")).or_else(|| claim("name"));
    name.unwrap_or(subject).chars().filter(|character| !character.is_control()).take(LONGEST_NAME).collect()
}

/// One attempt to sign in at the service, begun and ended in one browser; kept under the digest of its `state`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SignOnAttempt {
    /// To which tenant.
    pub tenant: TenantId,
    /// Digest of the `state`; the record's key.
    pub state: String,
    /// Digest of the secret in the browser's cookie.
    pub browser: String,
    /// The service then: what was begun at another one is over.
    pub issuer: String,
    /// Where the browser goes on.
    pub to: String,
    /// Until when it can be completed.
    pub expires_at: Timestamp,
}

/// The secret in the browser's cookie, from which all is made that the service must give back or be shown.
#[derive(Clone, Debug)]
pub struct BrowserSecret(Secret);

impl BrowserSecret {
    /// As it stands in the cookie.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }

    /// Its text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What stands in the ID token: only one that was made for this browser holds it.
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// What proves that whoever redeems the code began (RFC 7636): 64 characters.
    pub fn verifier(&self) -> Secret {
        Secret::new(self.derived("verifier"))
    }

    fn derived(&self, what: &str) -> String {
        digest(format!("{what} {}", self.0.expose()).as_bytes())
    }
}

impl SignOnAttempt {
    /// A new attempt, its `state`, and the secret for the browser's cookie.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn begin(
        random: &dyn Random,
        setting: &SingleSignOn,
        to: &str,
        now: Timestamp,
    ) -> Result<(Self, Secret, BrowserSecret)> {
        let state = format!("{}.{}", setting.tenant, random::text(random, 32)?);
        let browser = BrowserSecret::new(random::text(random, 32)?);
        let attempt = Self {
            tenant: setting.tenant.clone(),
            state: digest(state.as_bytes()),
            browser: digest(browser.expose().as_bytes()),
            issuer: setting.issuer.clone(),
            to: to.to_owned(),
            expires_at: after(now, VALID_FOR),
        };
        Ok((attempt, Secret::new(state), browser))
    }

    /// Whether the browser that shows `cookie` is the one that began, at this service, and it is not too late.
    ///
    /// # Errors
    /// `Invalid` with what to do.
    pub fn may_complete(&self, setting: &SingleSignOn, cookie: &BrowserSecret, now: Timestamp) -> Result<()> {
        let refuse = |why: &str| Err(Error::invalid("state", why));
        let shown = digest(cookie.expose().as_bytes());
        if now >= self.expires_at {
            return refuse("Signing in took longer than 10 minutes; sign in again.");
        }
        if !constant_time_equal(self.browser.as_bytes(), shown.as_bytes()) {
            return refuse("Signing in was begun in another browser; begin and finish it in the same one.");
        }
        if self.issuer != setting.issuer {
            return refuse("Single sign-on was set up anew meanwhile; sign in again.");
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "single_sign_on_tests.rs"]
mod tests;
