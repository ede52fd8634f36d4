//! Getting tokens from Atlassian's sign-in, and finding the sites that they are good for.
//!
//! One try each: who refreshes holds a lease and decides what a failure means (`operations`). A refresh whose answer
//! was lost is repaired by refreshing again with the same token within ten minutes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::addresses::{Addresses, query};
use super::answer;
use super::credentials::{Access, Grant, OauthApp, bearer};
use super::error::{JiraError, Kind};
use super::http::{Method, Request, Response, SendError, Sender, TIMEOUT};
use crate::clock::{Clock, after, seconds_between};
use crate::connection::{Problem, ProblemCode};
use crate::ids::CloudId;
use crate::secret::Secret;
use crate::site::SiteDomain;
use crate::trace::Call;
use crate::{Error, Result};

/// Why there is no token. Says nothing that Atlassian wrote, and nothing that was sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// The refresh token (or the code) is unknown, used up, expired or revoked. Final: somebody must connect again.
    ///
    /// Source: Atlassian, "Refresh tokens": 403 `invalid_grant`; 403 `unauthorized_client` was seen for the same.
    #[error("Atlassian refused the grant; connect again")]
    GrantEnded,
    /// The app's (or the service account's) id or secret is wrong. Final until it is entered anew.
    #[error("Atlassian refused the client id or secret; enter them again")]
    ClientRefused,
    /// A scope or an address was refused: the app is not set up for it.
    #[error("Atlassian refused the request (status {status}); check the app's scopes and callback URL")]
    Refused {
        /// The status.
        status: u16,
    },
    /// The tokens may have been given and lost.
    #[error("Atlassian's answer was lost; it will be tried again")]
    InDoubt,
    /// Certainly nothing was given, and it may work later.
    #[error("Atlassian could not be reached or asked to wait; it will be tried again")]
    Unavailable {
        /// Seconds to wait at least, if Atlassian said so.
        retry_after: Option<u32>,
    },
}

impl TokenError {
    /// Whether only a person can mend it.
    pub fn is_final(&self) -> bool {
        match self {
            Self::GrantEnded | Self::ClientRefused | Self::Refused { .. } => true,
            Self::InDoubt | Self::Unavailable { .. } => false,
        }
    }

    /// The problem to show on the connection.
    pub fn problem(&self) -> Problem {
        let (code, mend) = match self {
            Self::GrantEnded => (ProblemCode::GrantEnded, "connect again"),
            Self::ClientRefused => (ProblemCode::OauthApp, "enter the client id and secret again"),
            Self::Refused { .. } => {
                (ProblemCode::OauthApp, "compare the app's scopes and callback URL with those shown here")
            }
            Self::InDoubt | Self::Unavailable { .. } => {
                (ProblemCode::Unreachable, "wait; it is tried again by itself")
            }
        };
        Problem::new(code, self.to_string(), mend)
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        use crate::error::Kind;
        let kind = match &error {
            TokenError::GrantEnded | TokenError::ClientRefused => Kind::NeedsReauth,
            TokenError::Refused { .. } => Kind::Invalid { field: "oauth_app".to_owned() },
            TokenError::Unavailable { retry_after: Some(seconds) } => Kind::Limited { retry_after: *seconds },
            TokenError::InDoubt | TokenError::Unavailable { .. } => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}

/// A site that a grant covers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GrantedSite {
    /// Its identifier.
    pub cloud_id: CloudId,
    /// Its address, for example `https://acme.atlassian.net`.
    pub url: String,
    /// Its name.
    pub name: String,
    /// The scopes granted there.
    pub scopes: Vec<String>,
}

impl GrantedSite {
    /// Whether it is the site at this domain.
    pub fn is_at(&self, site: &SiteDomain) -> bool {
        url::Url::parse(&self.url).is_ok_and(|url| url.host_str() == Some(site.as_str()))
    }
}

/// Atlassian's sign-in.
#[derive(Clone)]
pub struct SignIn {
    sender: Arc<dyn Sender>,
    addresses: Addresses,
    clock: Arc<dyn Clock>,
    deadline: Option<Timestamp>,
}

/// Less time than this is not worth beginning an exchange in, in seconds: one that is cut off would be in doubt.
const LEAST_TIME: i64 = 5;

/// Source: Atlassian, "OAuth 2.0 (3LO) apps".
#[derive(Deserialize)]
struct Tokens {
    access_token: Secret,
    refresh_token: Option<Secret>,
    expires_in: i64,
    scope: Option<String>,
}

impl SignIn {
    /// Uses `sender` to reach Atlassian at `addresses`.
    pub fn new(sender: Arc<dyn Sender>, addresses: Addresses, clock: Arc<dyn Clock>) -> Self {
        Self { sender, addresses, clock, deadline: None }
    }

    /// Makes no call past `deadline`.
    #[must_use]
    pub fn until(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long a call may take that takes `most` if there is time; none if it is not worth beginning.
    fn time_for(&self, most: Duration, least: i64) -> Option<Duration> {
        let Some(deadline) = self.deadline else { return Some(most) };
        let left = seconds_between(self.clock.now(), deadline);
        let whole = u64::try_from(left).ok().filter(|_| left >= least)?;
        Some(most.min(Duration::from_secs(whole)))
    }

    /// Where a person gives consent.
    ///
    /// Source: Atlassian, "OAuth 2.0 (3LO) apps": `audience` and `prompt=consent` are required.
    pub fn authorize_url(
        &self,
        app: &OauthApp,
        scopes: &[&str],
        redirect_uri: &str,
        state: &Secret,
    ) -> String {
        let scopes = scopes.join(" ");
        let parameters = query(&[
            ("audience", "api.atlassian.com"),
            ("client_id", &app.client_id),
            ("scope", &scopes),
            ("redirect_uri", redirect_uri),
            ("state", state.expose()),
            ("response_type", "code"),
            ("prompt", "consent"),
        ]);
        format!("{}{parameters}", self.addresses.authorize())
    }

    /// Exchanges the code that came back from the consent page.
    pub async fn exchange_code(
        &self,
        app: &OauthApp,
        code: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant, TokenError> {
        let tokens = self
            .tokens(serde_json::json!({
                "grant_type": "authorization_code",
                "client_id": app.client_id,
                "client_secret": app.client_secret,
                "code": code,
                "redirect_uri": redirect_uri,
            }))
            .await?;
        let now = self.clock.now();
        // Without `offline_access` there is no refresh token, and the connection would die within the hour.
        let refresh_token = tokens.refresh_token.ok_or(TokenError::Refused { status: 200 })?;
        Ok(Grant {
            access_token: tokens.access_token,
            refresh_token,
            expires_at: after(now, tokens.expires_in),
            refreshed_at: now,
            granted_at: now,
            scopes: split(tokens.scope.as_deref().unwrap_or_default()),
            client_id: Some(app.client_id.clone()),
            previous_refresh_token: None,
        })
    }

    /// Exchanges the refresh token for the next pair. The caller holds the lease, and saves the result before use.
    ///
    /// Source: Atlassian, "Refresh tokens": each refresh gives a new refresh token and ends the one used, with ten
    /// minutes of leeway.
    pub async fn refresh(&self, app: &OauthApp, grant: &Grant) -> Result<Grant, TokenError> {
        let tokens = self
            .tokens(serde_json::json!({
                "grant_type": "refresh_token",
                "client_id": app.client_id,
                "client_secret": app.client_secret,
                "refresh_token": grant.refresh_token,
            }))
            .await?;
        let now = self.clock.now();
        let rotated = tokens.refresh_token.filter(|token| *token != grant.refresh_token);
        let previous = if rotated.is_some() {
            Some(grant.refresh_token.clone())
        } else {
            grant.previous_refresh_token.clone()
        };
        Ok(Grant {
            access_token: tokens.access_token,
            refresh_token: rotated.unwrap_or_else(|| grant.refresh_token.clone()),
            expires_at: after(now, tokens.expires_in),
            refreshed_at: now,
            granted_at: grant.granted_at,
            scopes: tokens.scope.as_deref().map_or_else(|| grant.scopes.clone(), split),
            // A grant that was stored before this was kept is of the app that it has just been taken from.
            client_id: Some(app.client_id.clone()),
            previous_refresh_token: previous,
        })
    }

    /// Exchanges a service account's client credentials.
    ///
    /// Source: support.atlassian.com, "Create OAuth 2.0 credential for service accounts".
    pub async fn client_credentials(
        &self,
        client_id: &str,
        client_secret: &Secret,
    ) -> Result<Access, TokenError> {
        let tokens = self
            .tokens(serde_json::json!({
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
            }))
            .await?;
        Ok(Access {
            token: tokens.access_token,
            expires_at: after(self.clock.now(), tokens.expires_in),
            scopes: split(tokens.scope.as_deref().unwrap_or_default()),
        })
    }

    /// The Jira sites that the access token is good for. A site is listed once, with the scopes of all its products.
    ///
    /// Source: Atlassian, "OAuth 2.0 (3LO) apps", accessible resources: a bare array.
    pub async fn accessible_resources(&self, access_token: &Secret) -> Result<Vec<GrantedSite>, JiraError> {
        #[derive(Deserialize)]
        struct Resource {
            id: CloudId,
            url: String,
            #[serde(default)]
            name: String,
            #[serde(default)]
            scopes: Vec<String>,
        }
        let url = self.addresses.accessible_resources();
        let path = "/oauth/token/accessible-resources";
        let what = "list the sites that were granted";
        let resources: Vec<Resource> = self.get(&url, path, what, Some(bearer(access_token))).await?;
        let mut sites: BTreeMap<CloudId, GrantedSite> = BTreeMap::new();
        for resource in resources.into_iter().filter(|resource| resource.scopes.iter().any(|s| is_of_jira(s)))
        {
            let site = sites.entry(resource.id.clone()).or_insert_with(|| GrantedSite {
                cloud_id: resource.id,
                url: resource.url,
                name: resource.name,
                scopes: Vec::new(),
            });
            site.scopes.extend(resource.scopes);
            site.scopes.sort_unstable();
            site.scopes.dedup();
        }
        Ok(sites.into_values().collect())
    }

    /// The cloud id of the site at this domain; asks without credentials. `NotFound` when there is no such site.
    pub async fn tenant_info(&self, site: &SiteDomain) -> Result<CloudId, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            cloud_id: CloudId,
        }
        let url = self.addresses.tenant_info(site);
        let body: Body = self.get(&url, "/_edge/tenant_info", "find the site", None).await?;
        Ok(body.cloud_id)
    }

    /// Reads `url`, twice if the first try brought nothing: nothing is changed by it, and a person waits.
    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        url: &str,
        path: &str,
        what: &str,
        authorization: Option<Secret>,
    ) -> Result<T, JiraError> {
        let mut call = Call { method: "GET".to_owned(), path: path.to_owned(), status: None };
        let request = |timeout| Request {
            method: Method::Get,
            url: url.to_owned(),
            authorization: authorization.clone(),
            headers: Vec::new(),
            body: None,
            timeout,
        };
        let Some(timeout) = self.time_for(TIMEOUT / 2, 1) else {
            let happened = "was not sent: there is no time left";
            return Err(JiraError::new(Kind::NotSent, call, what, happened));
        };
        let mut sent = self.sender.send(request(timeout)).await;
        if matches!(sent, Err(SendError::NotSent { .. } | SendError::InDoubt { .. }))
            && let Some(timeout) = self.time_for(TIMEOUT / 2, 1)
        {
            sent = self.sender.send(request(timeout)).await;
        }
        let response = sent.map_err(|error| JiraError::of_sending(&error, call.clone(), what))?;
        call.status = Some(response.status);
        let response = answer::sort(response, &call, what, self.clock.now())?;
        answer::decode(&response.body, &call, what)
    }

    async fn tokens(&self, body: serde_json::Value) -> Result<Tokens, TokenError> {
        let Some(timeout) = self.time_for(TIMEOUT, LEAST_TIME) else {
            return Err(TokenError::Unavailable { retry_after: None });
        };
        let request = Request {
            method: Method::Post,
            url: self.addresses.token(),
            authorization: None,
            headers: Vec::new(),
            body: Some(body),
            timeout,
        };
        match self.sender.send(request).await {
            Ok(response) => read_tokens(&response, self.clock.now()),
            Err(SendError::NotSent { .. }) => Err(TokenError::Unavailable { retry_after: None }),
            Err(SendError::InDoubt { .. } | SendError::TooLarge { .. }) => Err(TokenError::InDoubt),
        }
    }
}

fn read_tokens(response: &Response, now: Timestamp) -> Result<Tokens, TokenError> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let status = response.status;
    match status {
        200..=299 => serde_json::from_slice(&response.body).map_err(|_| TokenError::InDoubt),
        429 => {
            let call =
                Call { method: "POST".to_owned(), path: "/oauth/token".to_owned(), status: Some(status) };
            let retry_after = match answer::sort(response.clone(), &call, "get a token", now) {
                Err(JiraError { kind: Kind::Limited { retry_after, .. }, .. }) => retry_after,
                _ => None,
            };
            Err(TokenError::Unavailable { retry_after })
        }
        // Given up on halfway: the grant may have been used.
        408 | 499 => Err(TokenError::InDoubt),
        400..=499 => {
            let refusal = serde_json::from_slice::<Refusal>(&response.body).ok();
            Err(match refusal.as_ref().map(|refusal| refusal.error.as_str()) {
                Some("invalid_grant" | "unauthorized_client") => TokenError::GrantEnded,
                Some("invalid_client" | "access_denied") => TokenError::ClientRefused,
                None if status == 401 && response.body.is_empty() => TokenError::ClientRefused,
                // A page of something between us and Atlassian is no verdict about the grant.
                None => TokenError::Unavailable { retry_after: None },
                Some(_) if status == 401 => TokenError::ClientRefused,
                Some(_) => TokenError::Refused { status },
            })
        }
        _ => Err(TokenError::InDoubt),
    }
}

fn is_of_jira(scope: &str) -> bool {
    scope.contains("jira")
}

fn split(scope: &str) -> Vec<String> {
    scope.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
