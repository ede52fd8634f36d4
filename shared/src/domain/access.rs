//! Who may call the API: roles and API tokens.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{TenantId, TokenId, digest};
use crate::random::{self, Random};
use crate::secret::{Secret, constant_time_equal};
use crate::{Error, Result};

/// What a caller may do. Each role may do all that the ones before it may, but for `auditor`, who only reads.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything, changes nothing.
    Auditor,
    /// Decides in access reviews, too.
    Reviewer,
    /// Runs checks, works on tasks and tickets, too.
    Operator,
    /// Makes connections, settings and tokens, too.
    Admin,
}

impl Role {
    /// Whether a caller of this role may do what asks for `needed`.
    pub fn covers(self, needed: Self) -> bool {
        self >= needed
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auditor" => Ok(Self::Auditor),
            "reviewer" => Ok(Self::Reviewer),
            "operator" => Ok(Self::Operator),
            "admin" => Ok(Self::Admin),
            _ => Err(Error::invalid("role", "role must be `admin`, `operator`, `reviewer` or `auditor`")),
        }
    }
}

/// An API token as it is kept: the secret half only as its digest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ApiToken {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its public half.
    pub id: TokenId,
    /// What its maker called it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the secret half, hexadecimal. The secret has 160 random bits, so a slow hash would add nothing.
    pub digest: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it: a token's id, `iam` for one that was made by direct invocation, `sign-on` for one by single sign-on.
    pub created_by: String,
    /// Of one by single sign-on: the token that had set that up, and so said whom to believe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched_by: Option<String>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// Who made a token that no other token made: direct invocation, which AWS lets only operators of the account do.
pub const DIRECT: &str = "iam";

/// Who made a token by which somebody comes in who signed in at the tenant's own sign-in service.
pub const SIGN_ON: &str = "sign-on";

/// What a caller presents: `assay_<tenant>_<token id>_<secret>`.
#[derive(Clone, Debug)]
pub struct PresentedToken {
    /// The tenant it claims, which begins every key that is read with it.
    pub tenant: TenantId,
    /// Its public half.
    pub id: TokenId,
    secret: Secret,
}

impl PresentedToken {
    /// Splits a presented token. The message of the error says nothing about which part was wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || {
            Error::new(
                crate::error::Kind::Unauthenticated,
                "the API token is not valid; make a new one or ask an admin",
            )
        };
        if text.len() > 256 {
            return Err(refuse());
        }
        let mut parts = text.split('_');
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("assay"), Some(tenant), Some(id), Some(secret), None) if !secret.is_empty() => Ok(Self {
                tenant: TenantId::parse(tenant).map_err(|_| refuse())?,
                id: TokenId::parse(id).map_err(|_| refuse())?,
                secret: Secret::new(secret),
            }),
            _ => Err(refuse()),
        }
    }
}

/// How far the makers of a token are followed: its maker, that one's maker, and so on.
pub const MOST_MAKERS: usize = 20;

/// A token's line: itself, who made it, who made that one, up to the one that was made by direct invocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The tokens' ids, the token itself first.
    pub tokens: Vec<String>,
    /// The line of whoever had set single sign-on up, where it goes back to somebody who came in by that; else empty.
    pub vouched_by: Vec<String>,
    /// Whether it goes back to its beginning; a longer one than [`MOST_MAKERS`] does not.
    pub whole: bool,
}

/// Whether one person may hold both tokens, by their lines: one of them made the other, or a third one made both, directly
/// or through others. What is not known whole may be anybody's. Whoever set single sign-on up could have made up anybody who came
/// in by it; but two who came in by it are two, whoever set it up.
pub fn may_be_one_person(one: &Line, other: &Line) -> bool {
    let meet = |one: &[String], other: &[String]| one.iter().any(|token| other.contains(token));
    !one.whole
        || !other.whole
        || meet(&one.tokens, &other.tokens)
        || meet(&one.vouched_by, &other.tokens)
        || meet(&one.tokens, &other.vouched_by)
}

impl ApiToken {
    /// The token that made it; none for one that was made by direct invocation or by single sign-on.
    pub fn maker(&self) -> Option<&str> {
        (![DIRECT, SIGN_ON].contains(&self.created_by.as_str())).then_some(self.created_by.as_str())
    }

    /// Makes a token; the text returned beside it is shown once and kept nowhere.
    pub fn issue(
        random: &dyn Random,
        tenant: &TenantId,
        name: &str,
        role: Role,
        created_by: &str,
        now: Timestamp,
    ) -> Result<(Self, Secret)> {
        let id = TokenId::parse(&random::text(random, 10)?)?;
        Self::issue_as(random, tenant, id, name, role, created_by, now)
    }

    /// The same with an id that the caller has chosen, which must hold no `_`.
    pub fn issue_as(
        random: &dyn Random,
        tenant: &TenantId,
        id: TokenId,
        name: &str,
        role: Role,
        created_by: &str,
        now: Timestamp,
    ) -> Result<(Self, Secret)> {
        let secret = random::text(random, 20)?;
        let shown = Secret::new(format!("assay_{tenant}_{id}_{secret}"));
        let token = Self {
            tenant: tenant.clone(),
            id,
            name: name.to_owned(),
            role,
            digest: digest(secret.as_bytes()),
            created_at: now,
            created_by: created_by.to_owned(),
            vouched_by: None,
            revoked_at: None,
        };
        Ok((token, shown))
    }

    /// Whether `presented` is this token, unrevoked. Compares digests in constant time.
    pub fn accepts(&self, presented: &PresentedToken) -> bool {
        let same = constant_time_equal(
            self.digest.as_bytes(),
            digest(presented.secret.expose().as_bytes()).as_bytes(),
        );
        same && self.revoked_at.is_none() && self.tenant == presented.tenant && self.id == presented.id
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiToken, Line, PresentedToken, Role, may_be_one_person};
    use crate::ids::TenantId;
    use crate::random::CountingRandom;

    #[test]
    fn a_token_is_accepted_as_issued_and_in_no_other_form() {
        let tenant = TenantId::parse("acme").unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let random = CountingRandom::default();
        let (mut token, shown) = ApiToken::issue(&random, &tenant, "ci", Role::Auditor, "iam", now).unwrap();
        assert!(!token.digest.contains(shown.expose().rsplit('_').next().unwrap()));
        assert!(token.accepts(&PresentedToken::parse(shown.expose()).unwrap()));
        let other = shown.expose().replace("assay_acme", "assay_other");
        assert!(!token.accepts(&PresentedToken::parse(&other).unwrap()));
        let altered = format!("{}a", shown.expose());
        assert!(!token.accepts(&PresentedToken::parse(&altered).unwrap()));
        token.revoked_at = Some(now);
        assert!(!token.accepts(&PresentedToken::parse(shown.expose()).unwrap()));
    }

    #[test]
    fn one_person_may_hold_tokens_that_made_each_other_or_were_made_by_the_same_one() {
        let line = |text: &str, whole| Line {
            tokens: text.split(' ').map(ToOwned::to_owned).collect(),
            vouched_by: Vec::new(),
            whole,
        };
        for (one, other, expected) in [
            ("a", "a", true),
            ("c b a", "a", true),
            ("a", "c b a", true),
            ("b a", "c a", true),
            ("d b a", "c a", true),
            ("b a", "d c", false),
            ("a", "b", false),
        ] {
            assert_eq!(may_be_one_person(&line(one, true), &line(other, true)), expected, "{one}; {other}");
        }
        assert!(may_be_one_person(&line("a", false), &line("b", true)), "its beginning is not known");

        let vouched =
            |text: &str| Line { vouched_by: vec!["b".to_owned(), "a".to_owned()], ..line(text, true) };
        assert!(may_be_one_person(&vouched("s"), &line("b a", true)), "it said whom to believe");
        assert!(may_be_one_person(&line("c a", true), &vouched("s")), "its maker could have");
        assert!(!may_be_one_person(&vouched("s"), &vouched("t")), "two people of the sign-in service");
        assert!(!may_be_one_person(&vouched("s"), &line("z", true)));
    }

    #[test]
    fn a_malformed_token_is_refused_without_saying_why() {
        for text in [
            "",
            "assay",
            "assay_acme_x_",
            "assay_Acme_x_y",
            "other_acme_x_y",
            "assay_acme_x_y_z",
            &"a".repeat(300),
        ] {
            assert!(PresentedToken::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_auditor_covers_nothing_but_reading() {
        assert!(Role::Admin.covers(Role::Operator));
        assert!(!Role::Auditor.covers(Role::Operator));
        assert!(Role::Auditor.covers(Role::Auditor));
    }
}
