//! Who looks at the console: a session stands for an API token, so that its tenant and role are the token's, and the
//! end of the token is the end of its sessions.
//!
//! The browser keeps `<tenant>_<session>_<secret>` in a cookie; the table keeps the secret's digest.
//!
//! Whoever has no API token comes in by a [`SignInLink`], once: it makes a token whose secret nobody holds.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::access::{ApiToken, DIRECT, Role};
use crate::clock::{after, seconds_between};
use crate::ids::{SessionId, TenantId, TokenId, digest};
use crate::random::{self, Random};
use crate::secret::{Secret, constant_time_equal};
use crate::{Error, Result};

/// How long a session lasts, in seconds: a working day. Then the person signs in again.
pub const VALID_FOR: i64 = 12 * 3600;

/// How long a link can be used, in seconds.
pub const LINK_VALID_FOR: i64 = 15 * 60;

/// What the token is called that a link makes, where nobody said.
pub const UNNAMED: &str = "signed in by link";

/// How long a form can be sent after its page was made, in seconds. Shorter than an idempotency key is remembered, so that no
/// form does its work twice.
pub const MARK_VALID_FOR: i64 = 3600;

/// How long the salt of a mark is, in random bytes.
const SALT: usize = 15;

/// The longest text that is read as a session or as a mark, in bytes.
const LONGEST: usize = 300;

/// A session as it is kept: its secret only as its digest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Session {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its public half: the token's, a `.`, and random text, so that the sessions of a token are neighbours in the table.
    pub id: SessionId,
    /// The token that it stands for.
    pub token: TokenId,
    /// SHA-256 of the secret half, hexadecimal. The secret has 256 random bits, so a slow hash would add nothing.
    pub digest: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How they came in; none of a session that was begun before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
}

/// How somebody came in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// They entered the API token.
    Token,
    /// They used a sign-in link, which made the token.
    Link,
    /// They signed in at the tenant's own sign-in service.
    SignOn,
}

/// What a browser presents: `<tenant>_<session>_<secret>`.
#[derive(Clone, Debug)]
pub struct PresentedSession {
    /// The tenant it claims, which begins every key that is read with it.
    pub tenant: TenantId,
    /// Its public half.
    pub id: SessionId,
    secret: Secret,
}

impl Session {
    /// Begins a session for whoever proved to hold `token`; the text beside it is for the browser's cookie alone.
    pub fn begin(random: &dyn Random, token: &ApiToken, way: Way, now: Timestamp) -> Result<(Self, Secret)> {
        let id = SessionId::parse(&format!("{}.{}", token.id, random::text(random, 15)?))?;
        let secret = random::text(random, 32)?;
        let session = Self {
            tenant: token.tenant.clone(),
            id,
            token: token.id.clone(),
            digest: digest(secret.as_bytes()),
            created_at: now,
            expires_at: after(now, VALID_FOR),
            way: Some(way),
        };
        let shown = Secret::new(format!("{}_{}_{secret}", session.tenant, session.id));
        Ok((session, shown))
    }

    /// Whether `presented` is this session and it has not ended. Compares digests in constant time.
    pub fn accepts(&self, presented: &PresentedSession, now: Timestamp) -> bool {
        let shown = digest(presented.secret.expose().as_bytes());
        constant_time_equal(self.digest.as_bytes(), shown.as_bytes())
            && now < self.expires_at
            && self.tenant == presented.tenant
            && self.id == presented.id
    }
}

impl PresentedSession {
    /// Reads a cookie's value; none if it is not one that was ever given.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split('_');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(tenant), Some(id), Some(secret), None) if !secret.is_empty() => Some(Self {
                tenant: TenantId::parse(tenant).ok()?,
                id: SessionId::parse(id).ok()?,
                secret: Secret::new(secret),
            }),
            _ => None,
        }
    }

    /// What signs the session's forms.
    pub fn form_key(&self) -> FormKey {
        FormKey(self.secret.clone())
    }
}

/// What signs the forms of one session: a page of another site cannot know it, so it cannot make a form of ours.
#[derive(Clone, Debug)]
pub struct FormKey(Secret);

/// What a form's mark says of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// A page of this session made the form, in the last [`MARK_VALID_FOR`] seconds.
    Ours,
    /// A page of this session made it, but earlier.
    Late,
    /// Something else made it, or altered it.
    Foreign,
}

impl FormKey {
    /// A mark for a form: `<epoch seconds>-<random text>.<HMAC-SHA256 of both>`. It differs each time, so that a compressed page
    /// tells nothing of it to whoever can make the page say things and see how long it is.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn mark(&self, random: &dyn Random, now: Timestamp) -> Result<String> {
        let salt = format!("{}-{}", now.as_second(), random::text(random, SALT)?);
        Ok(format!("{salt}.{}", data_encoding::HEXLOWER.encode(&self.of(&salt)?.finalize().into_bytes())))
    }

    /// Whether [`Self::mark`] made `mark`, and when; in a time that tells nothing of it.
    pub fn check(&self, mark: &str, now: Timestamp) -> Mark {
        let Some((salt, shown)) = mark.split_once('.').filter(|_| mark.len() <= LONGEST) else {
            return Mark::Foreign;
        };
        let ours = match (data_encoding::HEXLOWER.decode(shown.as_bytes()), self.of(salt)) {
            (Ok(shown), Ok(made)) => made.verify_slice(&shown).is_ok(),
            _ => false,
        };
        let made =
            salt.split_once('-').and_then(|(seconds, _)| Timestamp::from_second(seconds.parse().ok()?).ok());
        match made.filter(|_| ours) {
            None => Mark::Foreign,
            Some(made) if seconds_between(made, now) > MARK_VALID_FOR => Mark::Late,
            Some(_) => Mark::Ours,
        }
    }

    fn of(&self, salt: &str) -> Result<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes());
        let mac = mac.map_err(|cause| Error::internal("sign a form").because(cause))?;
        Ok(mac.chain_update(b"form ").chain_update(salt.as_bytes()))
    }
}

/// A link that signs somebody in, once, as it is kept: its text only as its digest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SignInLink {
    /// To which tenant it leads.
    pub tenant: TenantId,
    /// SHA-256 of its text, hexadecimal; the record's key.
    pub digest: String,
    /// What whoever uses it may do.
    pub role: Role,
    /// What the token is called that it makes.
    pub name: String,
    /// Who made it: a token's id, or `iam`.
    pub created_by: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// The text of a link: `<tenant>.<secret>`, so that the tenant begins the key under which it is looked up.
#[derive(Clone, Debug)]
pub struct LinkText {
    /// The tenant it claims.
    pub tenant: TenantId,
    /// The whole text's digest.
    pub digest: String,
}

impl LinkText {
    /// Reads a link's text as it stands in an address; none if it is not one that was ever given.
    pub fn parse(text: &str) -> Option<Self> {
        let (tenant, secret) = text.split_once('.').filter(|_| text.len() <= LONGEST)?;
        let tenant = TenantId::parse(tenant).ok().filter(|_| !secret.is_empty())?;
        Some(Self { tenant, digest: digest(text.as_bytes()) })
    }
}

impl SignInLink {
    /// A new link and its text.
    pub fn make(
        random: &dyn Random,
        tenant: &TenantId,
        role: Role,
        name: &str,
        created_by: &str,
        now: Timestamp,
    ) -> Result<(Self, Secret)> {
        let text = format!("{tenant}.{}", random::text(random, 32)?);
        let link = Self {
            tenant: tenant.clone(),
            digest: digest(text.as_bytes()),
            role,
            name: name.to_owned(),
            created_by: created_by.to_owned(),
            expires_at: after(now, LINK_VALID_FOR),
        };
        Ok((link, Secret::new(text)))
    }

    /// The address to open. The text stands in its query, which no access log has.
    pub fn address(public_url: &str, text: &Secret) -> String {
        format!("{public_url}/sign-in/link?link={}", text.expose())
    }

    /// The token that made it; none for one that was made by direct invocation.
    pub fn maker(&self) -> Option<&str> {
        (self.created_by != DIRECT).then_some(self.created_by.as_str())
    }

    /// Whether it can still be used.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// The token that it stands for. Its secret is thrown away: only the session stands for it.
    pub fn token(&self, random: &dyn Random, now: Timestamp) -> Result<ApiToken> {
        let made = ApiToken::issue(random, &self.tenant, &self.name, self.role, &self.created_by, now)?;
        Ok(made.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        LINK_VALID_FOR, LinkText, MARK_VALID_FOR, Mark, PresentedSession, Session, SignInLink, VALID_FOR, Way,
    };
    use crate::access::{ApiToken, Role};
    use crate::clock::after;
    use crate::ids::TenantId;
    use crate::random::CountingRandom;
    use crate::secret::Secret;

    fn session(random: &CountingRandom) -> (Session, Secret) {
        let tenant = TenantId::parse("acme").unwrap();
        let (token, _) = ApiToken::issue(random, &tenant, "ci", Role::Auditor, "iam", now()).unwrap();
        Session::begin(random, &token, Way::Token, now()).unwrap()
    }

    fn now() -> jiff::Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_session_is_accepted_as_begun_in_no_other_form_and_not_after_its_end() {
        let (session, shown) = session(&CountingRandom::default());
        let presented = PresentedSession::parse(shown.expose()).unwrap();
        assert!(session.accepts(&presented, after(now(), VALID_FOR - 1)));
        assert!(!session.accepts(&presented, after(now(), VALID_FOR)));
        let other = PresentedSession::parse(&shown.expose().replace("acme", "other")).unwrap();
        assert!(!session.accepts(&other, now()));
        let altered = PresentedSession::parse(&format!("{}a", shown.expose())).unwrap();
        assert!(!session.accepts(&altered, now()));
        assert!(!session.digest.contains(shown.expose().rsplit('_').next().unwrap()));
        for text in ["", "acme", "acme_x", "acme_x_", "Acme_x_y", "acme_x_y_z", &"a_b_c".repeat(100)] {
            assert!(PresentedSession::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_forms_mark_holds_for_its_session_and_an_hour_and_never_looks_the_same() {
        let random = CountingRandom::default();
        let key = |shown: &Secret| PresentedSession::parse(shown.expose()).unwrap().form_key();
        let (one, other) = (key(&session(&random).1), key(&session(&random).1));
        let mark = one.mark(&random, now()).unwrap();
        assert_eq!((one.check(&mark, now()), other.check(&mark, now())), (Mark::Ours, Mark::Foreign));
        assert_ne!(one.mark(&random, now()).unwrap(), mark);
        let later = mark.replacen(&now().as_second().to_string(), "9999999999", 1);
        for text in [
            "",
            ".",
            "a.b",
            &mark[1..],
            &mark[..mark.len() - 2],
            &format!("{mark}00"),
            &mark.to_uppercase(),
            &later,
        ] {
            assert_eq!(one.check(text, now()), Mark::Foreign, "{text}");
        }
        assert_eq!(one.check(&mark, after(now(), MARK_VALID_FOR)), Mark::Ours);
        assert_eq!(one.check(&mark, after(now(), MARK_VALID_FOR + 1)), Mark::Late);
        assert_eq!(one.check(&mark, after(now(), -5)), Mark::Ours, "another machine's clock may be behind");
    }

    #[test]
    fn a_link_holds_for_a_quarter_of_an_hour_and_makes_a_token_of_its_role() {
        let random = CountingRandom::default();
        let tenant = TenantId::parse("acme").unwrap();
        let (link, text) = SignInLink::make(&random, &tenant, Role::Reviewer, "Ann", "iam", now()).unwrap();
        assert_eq!(LinkText::parse(text.expose()).unwrap().digest, link.digest);
        assert_ne!(LinkText::parse(&text.expose().replace("acme", "other")).unwrap().digest, link.digest);
        assert!(link.holds(after(now(), LINK_VALID_FOR - 1)) && !link.holds(after(now(), LINK_VALID_FOR)));
        let token = link.token(&random, now()).unwrap();
        assert_eq!(
            (token.role, token.name.as_str(), token.created_by.as_str()),
            (Role::Reviewer, "Ann", "iam")
        );
        for text in ["", "acme", "acme.", ".x", "Acme.x", &format!("acme.{}", "x".repeat(400))] {
            assert!(LinkText::parse(text).is_none(), "{text}");
        }
    }
}
