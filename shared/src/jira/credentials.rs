//! What a connection proves itself with, as it is stored, and the one place that makes the header from it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{after, seconds_between};
use crate::connection::Method;
use crate::secret::Secret;
use crate::{Error, Result, error};

/// How long before its end an access token is taken for ended, in seconds: longer than a function's longest call.
const MARGIN: i64 = 120;

/// How long a refresh token lives unused, in seconds: 90 days.
///
/// Source: Atlassian, "Refresh tokens" (inactivity).
const INACTIVITY: i64 = 90 * 24 * 3600;

/// How long a grant lives whatever happens, in seconds: 365 days.
///
/// Source: a copy of Atlassian's table of refresh tokens; whether it is enforced is not confirmed. Plan for it.
const GRANT_LIVES: i64 = 365 * 24 * 3600;

/// The credentials of one connection: the JSON of its secret. `Debug` shows no token and no e-mail address.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credentials {
    /// OAuth 2.0 (3LO) with the organisation's app.
    Oauth(Grant),
    /// A service account's client credentials.
    ServiceAccount {
        /// The credential's id.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// The access token that it was last exchanged for.
        access: Option<Access>,
    },
    /// An unscoped API token, used at the site.
    ApiToken {
        /// The account's e-mail address.
        email: Secret,
        /// The token.
        token: Secret,
    },
    /// A scoped API token, used at Atlassian's gateway.
    ScopedApiToken {
        /// The account's e-mail address.
        email: Secret,
        /// The token.
        token: Secret,
    },
}

/// What a consent gave, and what refreshing made of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Grant {
    /// Shown with each call.
    pub access_token: Secret,
    /// Exchanged for the next pair.
    pub refresh_token: Secret,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// When this pair was given.
    pub refreshed_at: Timestamp,
    /// When the consent was given.
    pub granted_at: Timestamp,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The OAuth app that it was given to; none in grants that were stored before this was kept.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The refresh token before this one: for ten minutes it still works, which repairs a save that was lost.
    #[serde(default)]
    pub previous_refresh_token: Option<Secret>,
}

/// An access token that nothing refreshes: when it ends, a new one is asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Access {
    /// Shown with each call.
    pub token: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What it was given for, where Atlassian says so.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// The OAuth app of a tenant: the JSON of its secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OauthApp {
    /// The app's id.
    pub client_id: String,
    /// The app's secret; it also signs the deliveries of dynamic webhooks.
    pub client_secret: Secret,
}

impl Credentials {
    /// Which way to connect they belong to; decides where calls go ([`super::Addresses::jira`]).
    pub fn method(&self) -> Method {
        match self {
            Self::Oauth(_) => Method::Oauth,
            Self::ServiceAccount { .. } => Method::ServiceAccount,
            Self::ApiToken { .. } => Method::ApiToken,
            Self::ScopedApiToken { .. } => Method::ScopedApiToken,
        }
    }

    /// Whether a new access token must be had before the next call.
    pub fn need_refresh(&self, now: Timestamp) -> bool {
        let ended = |expires_at: Timestamp| seconds_between(now, expires_at) < MARGIN;
        match self {
            Self::Oauth(grant) => ended(grant.expires_at),
            Self::ServiceAccount { access, .. } => {
                access.as_ref().is_none_or(|access| ended(access.expires_at))
            }
            Self::ApiToken { .. } | Self::ScopedApiToken { .. } => false,
        }
    }

    /// When only a person can keep the connection alive any more; none where that is not known.
    pub fn end_at(&self) -> Option<Timestamp> {
        match self {
            Self::Oauth(grant) => {
                Some(after(grant.granted_at, GRANT_LIVES).min(after(grant.refreshed_at, INACTIVITY)))
            }
            Self::ServiceAccount { .. } | Self::ApiToken { .. } | Self::ScopedApiToken { .. } => None,
        }
    }

    /// The value of the header `Authorization`. The only place that makes it.
    ///
    /// Source: introduction of the specification; support.atlassian.com, "Manage API tokens": Basic for both kinds of
    /// API token.
    ///
    /// # Errors
    /// When a service account's access token must be had first.
    pub fn authorization(&self) -> Result<Secret> {
        match self {
            Self::Oauth(grant) => Ok(bearer(&grant.access_token)),
            Self::ServiceAccount { access: Some(access), .. } => Ok(bearer(&access.token)),
            Self::ServiceAccount { access: None, .. } => Err(Error::new(
                error::Kind::Internal,
                "the service account has no access token yet; exchange its client credentials first",
            )),
            Self::ApiToken { email, token } | Self::ScopedApiToken { email, token } => {
                let pair = Secret::new(format!("{}:{}", email.expose(), token.expose()));
                let encoded = data_encoding::BASE64.encode(pair.expose().as_bytes());
                Ok(Secret::new(format!("Basic {encoded}")))
            }
        }
    }
}

/// The header for a bearer token.
pub(super) fn bearer(token: &Secret) -> Secret {
    Secret::new(format!("Bearer {}", token.expose()))
}

#[cfg(test)]
mod tests {
    use super::{Access, Credentials, Grant};
    use crate::clock::after;
    use crate::connection::Method;
    use crate::secret::Secret;

    fn grant() -> Grant {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        Grant {
            access_token: Secret::new("aaa"),
            refresh_token: Secret::new("rrr"),
            expires_at: after(now, 3600),
            refreshed_at: now,
            granted_at: now,
            scopes: vec!["read:jira-work".to_owned()],
            client_id: Some("app".to_owned()),
            previous_refresh_token: None,
        }
    }

    #[test]
    fn tokens_and_addresses_are_not_shown_and_survive_storing() {
        let token = Credentials::ApiToken { email: Secret::new("a@example.com"), token: Secret::new("ttt") };
        for credentials in [token, Credentials::Oauth(grant())] {
            let shown = format!("{credentials:?}");
            assert!(
                !shown.contains("ttt") && !shown.contains("aaa") && !shown.contains("example"),
                "{shown}"
            );
            let stored = serde_json::to_string(&credentials).unwrap();
            assert_eq!(serde_json::from_str::<Credentials>(&stored).unwrap(), credentials);
        }
    }

    #[test]
    fn each_kind_makes_its_header() {
        let (email, token) = (Secret::new("a@example.com"), Secret::new("t"));
        let basic = "Basic YUBleGFtcGxlLmNvbTp0";
        let unscoped = Credentials::ApiToken { email: email.clone(), token: token.clone() };
        assert_eq!(unscoped.authorization().unwrap().expose(), basic);
        let scoped = Credentials::ScopedApiToken { email, token };
        assert_eq!(
            (scoped.authorization().unwrap().expose(), scoped.method()),
            (basic, Method::ScopedApiToken)
        );
        assert_eq!(Credentials::Oauth(grant()).authorization().unwrap().expose(), "Bearer aaa");
        let mut service = Credentials::ServiceAccount {
            client_id: "c".to_owned(),
            client_secret: Secret::new("s"),
            access: None,
        };
        assert!(service.authorization().is_err());
        if let Credentials::ServiceAccount { access, .. } = &mut service {
            *access = Some(Access {
                token: Secret::new("x"),
                expires_at: jiff::Timestamp::MAX,
                scopes: Vec::new(),
            });
        }
        assert_eq!(service.authorization().unwrap().expose(), "Bearer x");
    }

    #[test]
    fn an_access_token_is_replaced_before_it_ends_and_a_grant_ends_by_a_year_or_by_idleness() {
        let credentials = Credentials::Oauth(grant());
        let start = grant().granted_at;
        assert!(!credentials.need_refresh(after(start, 3480)));
        assert!(credentials.need_refresh(after(start, 3481)));
        assert_eq!(credentials.end_at(), Some(after(start, 90 * 24 * 3600)));
        let used = Grant { refreshed_at: after(start, 300 * 24 * 3600), ..grant() };
        assert_eq!(Credentials::Oauth(used).end_at(), Some(after(start, 365 * 24 * 3600)));
    }
}
