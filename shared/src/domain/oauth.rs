//! One attempt to connect through Atlassian's consent page: made by the API, begun and ended in one browser.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::Who;
use crate::clock::after;
use crate::connection::Connection;
use crate::ids::{ConnectionId, TenantId, digest};
use crate::random::{self, Random};
use crate::secret::{Secret, constant_time_equal};
use crate::{Error, Result};

/// How long an attempt may take, in seconds.
pub const VALID_FOR: i64 = 600;

/// How many characters of a `state`'s digest tell attempts apart in one browser.
const LABEL: usize = 8;

/// An attempt as it is kept. The state and the browser's secret are kept as digests only.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Attempt {
    /// For which tenant.
    pub tenant: TenantId,
    /// For which connection.
    pub connection: ConnectionId,
    /// The connection's epoch then: what was begun before somebody disconnected it, or changed what it is for, is over.
    #[serde(default)]
    pub epoch: u64,
    /// Digest of the `state` (or, before the browser came, of the start link's secret); the record's key.
    pub state: String,
    /// Digest of the secret in the browser's cookie; none until the browser came.
    pub browser: Option<String>,
    /// Until when it can be completed.
    pub expires_at: Timestamp,
    /// Who asked for it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Who>,
}

/// Text of a `state`: `<tenant>.<secret>`, so that the tenant begins the key under which it is looked up.
#[derive(Clone, Debug)]
pub struct StateText {
    /// The tenant it claims.
    pub tenant: TenantId,
    /// The whole text's digest.
    pub digest: String,
}

impl StateText {
    /// Reads a `state` as it came back in a URL.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || Error::invalid("state", "this sign-in link is not valid; start connecting again");
        if text.len() > 200 {
            return Err(refuse());
        }
        let (tenant, _) = text.split_once('.').ok_or_else(refuse)?;
        Ok(Self { tenant: TenantId::parse(tenant).map_err(|_| refuse())?, digest: digest(text.as_bytes()) })
    }

    /// What tells the attempts of one browser apart in the names of its cookies.
    pub fn label(&self) -> &str {
        &self.digest[..LABEL]
    }
}

impl Attempt {
    /// A new attempt and the text that stands for it in a URL.
    pub fn begin(
        random: &dyn Random,
        connection: &Connection,
        by: Option<Who>,
        now: Timestamp,
    ) -> Result<(Self, Secret)> {
        let text = format!("{}.{}", connection.tenant, random::text(random, 32)?);
        let attempt = Self {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            epoch: connection.epoch,
            state: digest(text.as_bytes()),
            browser: None,
            expires_at: after(now, VALID_FOR),
            by,
        };
        Ok((attempt, Secret::new(text)))
    }

    /// Whether it is still about the connection as it is.
    ///
    /// # Errors
    /// `Conflict` when the connection was ended, connected or changed since.
    pub fn is_about(&self, connection: &Connection) -> Result<()> {
        if self.epoch == connection.epoch {
            return Ok(());
        }
        let message = "the connection was changed or ended since this link was made; start connecting again";
        Err(Error::conflict(message))
    }

    /// The attempt as it goes on once a browser has come: a new state, bound to the secret in that browser's cookie.
    pub fn bind(&self, random: &dyn Random) -> Result<(Self, Secret, Secret)> {
        let text = format!("{}.{}", self.tenant, random::text(random, 32)?);
        let browser = random::text(random, 32)?;
        let bound = Self {
            state: digest(text.as_bytes()),
            browser: Some(digest(browser.as_bytes())),
            ..self.clone()
        };
        Ok((bound, Secret::new(text), Secret::new(browser)))
    }

    /// Whether the browser that shows `cookie` is the one that began, and it is not too late.
    pub fn may_complete(&self, cookie: Option<&str>, now: Timestamp) -> Result<()> {
        if now >= self.expires_at {
            return Err(Error::invalid("state", "connecting took longer than 10 minutes; start again"));
        }
        let same = match (&self.browser, cookie) {
            (Some(expected), Some(shown)) => {
                constant_time_equal(expected.as_bytes(), digest(shown.as_bytes()).as_bytes())
            }
            _ => false,
        };
        if same {
            Ok(())
        } else {
            Err(Error::invalid(
                "state",
                "connecting was begun in another browser; start and finish it in the same one",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, StateText};
    use crate::clock::after;
    use crate::connection::{Connection, Method};
    use crate::ids::{ConnectionId, TenantId};
    use crate::random::CountingRandom;
    use crate::site::SiteDomain;

    #[test]
    fn only_the_browser_that_began_may_complete_and_only_in_time() {
        let random = CountingRandom::default();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut connection = Connection::begin(
            TenantId::parse("acme").unwrap(),
            ConnectionId::parse("con-1").unwrap(),
            Method::Oauth,
            SiteDomain::parse("acme.atlassian.net").unwrap(),
            now,
        );
        let (attempt, link) = Attempt::begin(&random, &connection, None, now).unwrap();
        assert_eq!(StateText::parse(link.expose()).unwrap().digest, attempt.state);
        assert!(attempt.may_complete(Some("x"), now).is_err(), "not bound to a browser yet");
        let (bound, state, cookie) = attempt.bind(&random).unwrap();
        assert_ne!(bound.state, attempt.state);
        assert_eq!(StateText::parse(state.expose()).unwrap().digest, bound.state);
        assert!(bound.may_complete(Some(cookie.expose()), now).is_ok());
        assert!(bound.may_complete(None, now).is_err());
        assert!(bound.may_complete(Some("another"), now).is_err());
        assert!(bound.may_complete(Some(cookie.expose()), after(now, 600)).is_err());
        assert!(bound.is_about(&connection).is_ok());
        connection.disconnect();
        assert!(bound.is_about(&connection).is_err());
    }
}
